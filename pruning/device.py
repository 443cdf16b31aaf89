"""What to compute on and how: one small function for each choice that depends on the hardware."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from .families import Family

BFLOAT16, FLOAT32 = "bfloat16", "float32"


def default_device() -> torch.device:
    """The accelerator where there is one, else the CPU."""
    return torch.accelerator.current_accelerator() or torch.device("cpu")


def training_precision(family: Family) -> str:
    """Of matrix products while training: bfloat16 where the hardware multiplies it faster; weights stay float32."""
    if torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        known = torch.cpu.get_capabilities()
        fast = default_device().type == "cpu" and any(known.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return BFLOAT16 if fast and family.bfloat16 else FLOAT32


@contextmanager
def for_training(device: torch.device, precision: str) -> Iterator[None]:
    """The forward pass within it is as fast as the device can.

    On a CPU attention is computed plainly: the backward pass of the fused one takes a third of a step on short texts
    in bfloat16. Elsewhere torch chooses.
    """
    attention = sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
    with attention, torch.autocast(device.type, torch.bfloat16, enabled=precision == BFLOAT16):
        yield


def send(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The batch on the device; to a GPU from pinned memory, so that the copy runs beside the computation."""
    if device.type == "cuda":
        batch = {name: tensor.pin_memory() for name, tensor in batch.items()}
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def describe_device(device: torch.device) -> str:
    """The device in words, such as 'cuda: NVIDIA L4' or 'cpu: 2 threads, Intel Xeon'."""
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    return f"{device.type}: {torch.get_num_threads()} threads, {cpu_name()}"


def cpu_name() -> str:
    """The processor's name; the architecture where the system does not tell."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]


def synchronize(device: torch.device) -> None:
    """Waits until the device has done what was asked of it, so that a clock shows the real time."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
