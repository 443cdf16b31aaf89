"""What a model costs: parameters, operations and measured latency of a forward pass."""

import re
import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel

from .batches import Encoded
from .device import synchronize
from .families import get_family

PARTS = ("embeddings", "layers", "head")  # the head is all the rest: last norm, pooler, classifier
EMBEDDINGS = re.compile("emb|wte|wpe|relative_attention_bias|project_in")  # in a parameter's name: words and positions


def count_parts(model: PreTrainedModel) -> dict[str, tuple[int, int]]:
    """(parameters, bytes) of each of PARTS; weights that several layers share count once."""
    layers, found = get_family(model.config.model_type).layers + ".", dict.fromkeys(PARTS, (0, 0))
    for name, weight in model.named_parameters():
        _, _, rest = name.partition(".")  # the first part is the architecture's name, which may be RemBERT
        part = "layers" if name.startswith(layers) else "embeddings" if EMBEDDINGS.search(rest) else "head"
        parameters, n_bytes = found[part]
        found[part] = (parameters + weight.numel(), n_bytes + weight.nbytes)
    return found


def typical_batch(encoded: Encoded, n_texts: int) -> dict[str, Tensor]:
    """The `n_texts` texts nearest the median length, padded."""
    order = np.argsort(encoded.lengths, kind="stable")
    start = max(0, (len(order) - n_texts) // 2)
    return encoded.pad(order[start : start + n_texts])


def count_flops(model: PreTrainedModel, encoded: Encoded) -> int:
    """Floating-point operations of one text of median length, one multiply-add counted as two.

    Attention runs as plain matrix products here: the counter does not know every fused kernel.
    """
    batch = {name: tensor.to(model.device) for name, tensor in typical_batch(encoded, 1).items()}
    with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(**batch)
    return counter.get_total_flops()


def measure_latency(model: PreTrainedModel, encoded: Encoded, n_texts: int) -> tuple[float, float, float]:
    """First quartile, median and third quartile of one forward pass of a typical batch, in ms, after a warm-up.

    Repeats for at least half a second and at least 12 times.
    """
    model.eval()
    batch = {name: tensor.to(model.device) for name, tensor in typical_batch(encoded, n_texts).items()}
    times = []
    with torch.inference_mode():
        for _ in range(3):
            model(**batch)
        while len(times) < 12 or sum(times) < 500:
            synchronize(model.device)
            started = time.perf_counter()
            model(**batch)
            synchronize(model.device)
            times.append(1000 * (time.perf_counter() - started))
    low, median, high = np.percentile(times, (25, 50, 75))
    return float(low), float(median), float(high)
