"""What to compute on: one small function for each choice that depends on the hardware."""

import platform
from pathlib import Path

import torch
from accelerate import Accelerator


def make_accelerator() -> Accelerator:
    """accelerate's own choice of device, with bf16 autocast where a GPU has it, else plain float32."""
    has_bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return Accelerator(mixed_precision="bf16" if has_bf16 else "no")


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
