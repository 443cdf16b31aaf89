"""One forward pass over texts, and all that is ever looked at in a model's layers.

A model of L layers has L + 1 states: state 0 is what the embeddings give to layer 0, state i + 1 is the raw output of
layer i. Our own hooks read them, so that a model with a final norm is compared before it. States of tokens live as
long as their batch; what stays is a few numbers and, for the probes, one vector per text and state.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize
from transformers import PreTrainedModel

from .batches import Encoded, sorted_batches
from .families import LAST, Family, get_family
from .layers import count_layers, find_layers
from .progress import COMPARING, Progress
from .runs import POOLINGS


@dataclass(frozen=True)
class Representations:
    """What one model makes of texts, in the texts' order; each field is by pooling (a key of POOLINGS), float32."""

    contribution: dict[str, np.ndarray]  # cosine of each layer's input and output: (texts, layers)
    cosines: dict[str, np.ndarray]  # of every two states, mean over texts: (layers + 1, layers + 1)
    pooled: dict[str, np.ndarray]  # the states themselves: (texts, layers + 1, hidden)


def represent(model: PreTrainedModel, encoded: Encoded, batch_size: int = 32) -> Iterator[Progress | Representations]:
    """Yields progress, and at last what one pass over the texts tells; padding never counts.

    Pooling "mean" is the mean over tokens of the cosines, and of the states: no cosine is taken of a mean state.
    """
    family, n_texts, n_layers = get_family(model.config.model_type), len(encoded.lengths), count_layers(model)
    contribution, cosines, pooled = (
        {pooling: np.zeros(shape, dtype="float32") for pooling in POOLINGS}
        for shape in (
            (n_texts, n_layers),
            (n_layers + 1, n_layers + 1),
            (n_texts, n_layers + 1, model.config.hidden_size),
        )
    )
    model.eval()
    for step, (indices, batch) in enumerate(padded(encoded, model.device, batch_size), 1):
        mask, pairs = batch["attention_mask"], layer_states(model, batch)
        states = torch.stack([pairs[0][0], *(after for _, after in pairs)], dim=2)  # (texts, tokens, L + 1, hidden)
        changes = torch.stack([cosine_similarity(before, after, dim=-1) for before, after in pairs], dim=2)
        directions = normalize(states, dim=-1)
        between = directions @ directions.transpose(2, 3)  # (texts, tokens, L + 1, L + 1)
        for pooling, values in pool(states, mask, family).items():
            pooled[pooling][indices] = values.cpu().numpy()
        for pooling, values in pool(changes, mask, family).items():
            contribution[pooling][indices] = values.cpu().numpy()
        for pooling, values in pool(between, mask, family).items():
            cosines[pooling] += values.sum(dim=0).cpu().numpy() / n_texts
        yield Progress(COMPARING, step, -(-n_texts // batch_size))
    yield Representations(contribution, cosines, pooled)


def padded(encoded: Encoded, device: torch.device, batch_size: int) -> Iterator[tuple[np.ndarray, dict[str, Tensor]]]:
    """All texts in batches of similar length, longest first: (their indices, tensors on the device)."""
    for indices in sorted_batches(encoded.lengths, batch_size):
        yield indices, {name: tensor.to(device) for name, tensor in encoded.pad(indices).items()}


def layer_states(model: PreTrainedModel, batch: dict[str, Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Input and output of every layer, lowest first, each (texts, tokens, hidden).

    An output is the next layer's input but where a model puts something between two layers, as DeBERTa-v2 may.
    """
    family, states = get_family(model.config.model_type), []

    def remember(module, args, kwargs, output):
        before = args[0] if args else kwargs["hidden_states"]
        after = output if isinstance(output, Tensor) else output[0]
        both = (before.float(), after.float())
        states.append(tuple(t.transpose(0, 1) for t in both) if family.sequence_first else both)

    hooks = [layer.register_forward_hook(remember, with_kwargs=True) for layer in find_layers(model)]
    try:
        with torch.inference_mode():
            model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return states


def pool(values: Tensor, mask: Tensor, family: Family) -> dict[str, Tensor]:
    """One value per text from one per token: (texts, tokens, ...) -> (texts, ...), by pooling."""
    mask = mask.to(values.dtype)
    positions = torch.arange(mask.shape[1], device=mask.device) * mask
    sentence = positions.argmax(dim=1) if family.sentence_token == LAST else mask.argmax(dim=1)
    shares = mask / mask.sum(dim=1, keepdim=True)
    return {
        "sentence": values[torch.arange(len(values), device=mask.device), sentence],
        "mean": torch.einsum("bt,bt...->b...", shares, values),
    }
