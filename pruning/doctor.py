"""Proves on a user's own model that dropping its layers is right, as the tests do on tiny ones of every family."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from .batches import encode
from .execute import fetch
from .families import get_family
from .layers import count_layers, drop_layers, find_layers
from .models import load_model, load_tokenizer, resolve
from .progress import Progress
from .representations import layer_states
from .tasks import load_task

TOLERANCE = 1e-4  # for logits that may differ by rounding alone


def examine(name: str) -> Iterator[Progress | dict]:
    """Yields progress, and at last the `doctor` document: the checks, whether each holds, and on what."""
    yield from fetch(name)
    weights = resolve(name)
    model, tokenizer = load_model(weights, n_labels=2, seed=0), load_tokenizer(weights)
    texts = load_task("movie-reviews").validation.first(4).texts
    batch = encode(tokenizer, texts, 64).pad(range(len(texts)))
    kept_sets = examined(count_layers(model), weights.family.shared)
    before = logits(model, batch)
    checks = []
    for number, (title, check) in enumerate(CHECKS, 1):
        yield Progress("examining", number, len(CHECKS))
        failed = {kept: problem for kept in kept_sets if (problem := check(model, batch, kept))}
        detail = "; ".join(f"kept {kept}: {problem}" for kept, problem in failed.items())
        checks.append({"name": title, "holds": not failed, "detail": detail or f"{len(kept_sets)} kept sets"})
    same = torch.equal(logits(model, batch), before)
    checks.append({"name": "the input model is untouched", "holds": same, "detail": f"{len(texts)} texts"})
    yield {"model": weights.name, "family": weights.family.label, "checks": checks, "note": weights.family.note}


def examined(n_layers: int, shared: bool) -> list[tuple[int, ...]]:
    """Kept sets that leave out the first layer, the last, both, the upper half, and all but one."""
    every = tuple(range(n_layers))
    if shared:
        sets = {every[:1], every[: (n_layers + 1) // 2], every[: n_layers - 1]}
    else:
        sets = {every[1:], every[: n_layers - 1], every[1 : n_layers - 1], every[: (n_layers + 1) // 2], every[-1:]}
    return sorted(kept for kept in sets if kept)


def check_first_layers(model: PreTrainedModel, batch: dict[str, Tensor], kept: tuple[int, ...]) -> str:
    """'' where the model of the first k layers gives what layer k - 1 of the full one gives, else the difference."""
    k = len(kept)
    found, expected = (layer_states(m, batch)[k - 1][1] for m in (drop_layers(model, tuple(range(k))), model))
    return differ(found, expected)


def check_reference(model: PreTrainedModel, batch: dict[str, Tensor], kept: tuple[int, ...]) -> str:
    with only(model, kept):
        expected = logits(model, batch)
    return differ(logits(drop_layers(model, kept), batch), expected)


def check_reload(model: PreTrainedModel, batch: dict[str, Tensor], kept: tuple[int, ...]) -> str:
    pruned = drop_layers(model, kept)
    with tempfile.TemporaryDirectory() as folder:
        pruned.save_pretrained(folder)
        reloaded, report = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    if any(report.values()):
        return f"weights are missing or left over: {report}"
    same = torch.equal(logits(reloaded, batch), logits(pruned, batch))
    return "" if same else "the logits are not the same to the last bit"


CHECKS: tuple[tuple[str, Callable], ...] = (
    ("keeping the first k layers gives the full model's hidden state k", check_first_layers),
    ("the logits are those of the full model that skips the dropped layers", check_reference),
    ("saved and reloaded, the logits are the same to the last bit", check_reload),
)


def differ(found: Tensor, expected: Tensor) -> str:
    """'' where two tensors are equal but for rounding, else by how much they are not."""
    gap = (found - expected).abs().max().item()
    return "" if gap <= TOLERANCE * max(1.0, expected.abs().max().item()) else f"differs by up to {gap:.2g}"


def logits(model: PreTrainedModel, batch: dict[str, Tensor]) -> Tensor:
    with torch.inference_mode():
        return model(**batch).logits


@contextmanager
def only(model: PreTrainedModel, kept: tuple[int, ...]) -> Iterator[None]:
    """An independent reference: the full model itself, for the moment running no other layers."""
    family, layers = get_family(model.config.model_type), find_layers(model)
    path, _, name = family.layers.rpartition(".")
    parent, first = model.get_submodule(path), layers[0 if family.shared else kept[0]]
    settings = {key: getattr(model.config, key, None) for key in (family.count, "use_cache", *family.per_layer)}
    model.config.use_cache = False  # a decoder's cache belongs to its full number of layers
    norm = getattr(first, "attn_norm", None)
    if family.shared:
        setattr(model.config, family.count, len(kept))
    else:
        setattr(parent, name, nn.ModuleList(layers[i] for i in kept))
    for key in family.per_layer:
        setattr(model.config, key, [settings[key][i] for i in kept])
    if norm is not None:  # ModernBERT: whichever layer comes first has none
        first.attn_norm = nn.Identity()
    try:
        yield
    finally:
        setattr(parent, name, layers)
        for key, value in settings.items():
            setattr(model.config, key, value)
        if norm is not None:
            first.attn_norm = norm
