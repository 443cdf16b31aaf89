"""How alike states are: a layer's input and output, every two states of a model, one state before and after training.

Cosine tells whether a state still points where it did; linear CKA whether it tells texts apart as another one does, in
whatever direction. States are counted as in `representations`: 0 from the embeddings, i + 1 from layer i.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.functional import cosine_similarity
from transformers import PreTrainedModel

from .batches import Encoded
from .families import get_family
from .progress import COMPARING, Progress
from .representations import Representations, layer_states, padded, pool
from .runs import POOLINGS, Drift, LayerMatrix, Similarity

CONSTANT = 1e-5  # a state whose texts differ by less, of its own length, is the same for all of them


def layer_records(found: Representations, origin: dict) -> Iterator[Similarity | LayerMatrix]:
    """The records of one pass: contribution, and both measures between states, for each pooling.

    `origin`: the fields that say of which model, on which texts, when and with what.
    """
    for pooling in POOLINGS:
        cosines, n_texts = found.contribution[pooling], len(found.contribution[pooling])
        yield Similarity(
            **origin,
            pooling=pooling,
            mean=as_floats(cosines.mean(axis=0)),
            std=as_floats(cosines.std(axis=0)),
            n_texts=n_texts,
            quartiles=quartiles(cosines),
            variation=as_floats(variation(found.pooled[pooling])),
        )
        for measure, matrix in (("cosine", found.cosines[pooling]), ("cka", cka_matrix(found.pooled[pooling]))):
            rows = tuple(as_floats(row) for row in matrix)
            yield LayerMatrix(**origin, measure=measure, pooling=pooling, matrix=rows, n_texts=n_texts)


def variation(pooled: np.ndarray) -> np.ndarray:
    """How much each state differs between texts: (texts, states, hidden) -> (states,).

    Root mean square distance from the mean state, in lengths of that. NaN where a state is the same for every text, or
    the mean has no length.
    """
    middle = pooled.mean(axis=0)
    length = np.linalg.norm(middle, axis=1)
    found = np.sqrt(((pooled - middle) ** 2).sum(axis=2).mean(axis=0)) / np.where(length > 0, length, np.nan)
    return np.where(found > CONSTANT, found, np.nan)


def cka_matrix(pooled: np.ndarray) -> np.ndarray:
    """Linear CKA of every two states, in 0..1: (texts, states, hidden) -> (states, states).

    Kornblith et al. 2019, arXiv 1905.00414, equation 3 on centred states. NaN where a state is the same for every text,
    as a sentence token is before the first layer. The fewer texts there are per hidden unit, the closer all of it is
    to 1.
    """
    centred = pooled - pooled.mean(axis=0)
    lengths, spread = (np.linalg.norm(states, axis=(0, 2)) for states in (pooled, centred))
    found = np.full((pooled.shape[1],) * 2, np.nan, dtype="float32")
    varies = np.flatnonzero(spread > CONSTANT * lengths)
    states = {i: centred[:, i] / spread[i] for i in varies}
    for i in varies:
        for j in varies[varies <= i]:
            found[i, j] = found[j, i] = np.linalg.norm(states[i].T @ states[j]) ** 2
    own = np.sqrt(np.diag(found))
    return found / np.outer(own, own)


def drift_cosines(
    before: PreTrainedModel, after: PreTrainedModel, kept: tuple[int, ...], encoded: Encoded, batch_size: int = 32
) -> Iterator[Progress | dict[str, np.ndarray]]:
    """Yields progress, and at last how alike the states of two models are, by pooling: (texts, kept + 1).

    `after` is made of the `kept` layers of `before`: its layer j is compared with layer kept[j].
    """
    family, n_texts = get_family(before.config.model_type), len(encoded.lengths)
    found = {pooling: np.zeros((n_texts, len(kept) + 1), dtype="float32") for pooling in POOLINGS}
    for model in (before, after):
        model.eval()
    for step, (indices, batch) in enumerate(padded(encoded, before.device, batch_size), 1):
        old, new = (layer_states(model, batch) for model in (before, after))
        pairs = [(old[0][0], new[0][0]), *((old[i][1], state) for i, (_, state) in zip(kept, new, strict=True))]
        cosines = torch.stack([cosine_similarity(*pair, dim=-1) for pair in pairs], dim=2)
        for pooling, values in pool(cosines, batch["attention_mask"], family).items():
            found[pooling][indices] = values.cpu().numpy()
        yield Progress(COMPARING, step, -(-n_texts // batch_size))
    yield found


def drift_records(found: dict[str, np.ndarray], origin: dict) -> Iterator[Drift]:
    """A record per pooling; `origin`: the fields on model, texts, run and versions."""
    for pooling, cosines in found.items():
        mean, n_texts = as_floats(cosines.mean(axis=0)), len(cosines)
        yield Drift(**origin, pooling=pooling, mean=mean, quartiles=quartiles(cosines), n_texts=n_texts)


def quartiles(values: np.ndarray) -> tuple[tuple[float, float, float], ...]:
    """First quartile, median and third quartile over texts: (texts, n) -> n triples."""
    return tuple(map(as_floats, np.percentile(values, (25, 50, 75), axis=0).T))


def as_floats(values: np.ndarray) -> tuple[float | None, ...]:
    """Plain numbers, as records hold them; None for what is not defined."""
    return tuple(None if np.isnan(value) else float(value) for value in values)
