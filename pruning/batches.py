"""Texts as padded tensors, in batches of similar length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from .tasks import Text


@dataclass(frozen=True)
class Encoded:
    """Tokenised texts that are not padded yet."""

    tokenizer: PreTrainedTokenizerBase
    features: list[dict[str, list[int]]]  # one dict per text, as the tokenizer gives it
    lengths: np.ndarray  # tokens per text

    def pad(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Those texts as tensors (texts, tokens of the longest)."""
        return dict(self.tokenizer.pad([self.features[i] for i in indices], return_tensors="pt"))


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[Text], max_tokens: int) -> Encoded:
    """Tokenises texts, or pairs of texts, once; longer ones are cut to `max_tokens`."""
    tokenizer.deprecation_warnings["Asking-to-pad-a-fast-tokenizer"] = True  # padding is done per batch on purpose
    sides = [list(texts)] if isinstance(texts[0], str) else [list(side) for side in zip(*texts, strict=True)]
    encoding = tokenizer(*sides, truncation=True, max_length=max_tokens)
    names = list(encoding.keys())
    features = [dict(zip(names, values, strict=True)) for values in zip(*encoding.values(), strict=True)]
    return Encoded(tokenizer, features, np.array([len(f["input_ids"]) for f in features]))


def grouped_batches(lengths: np.ndarray, batch_size: int, generator: np.random.Generator) -> list[np.ndarray]:
    """A random order of all texts in batches of similar length: sorted within windows of 50 batches, then shuffled."""
    order = generator.permutation(len(lengths))
    window = 50 * batch_size
    windows = [order[start : start + window] for start in range(0, len(order), window)]
    ordered = np.concatenate([w[np.argsort(lengths[w], kind="stable")] for w in windows])
    batches = [ordered[start : start + batch_size] for start in range(0, len(ordered), batch_size)]
    return [batches[i] for i in generator.permutation(len(batches))]


def sorted_batches(lengths: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    """All texts, longest first, so that a batch that does not fit in memory fails at once."""
    order = np.argsort(-lengths, kind="stable")
    return (order[start : start + batch_size] for start in range(0, len(order), batch_size))
