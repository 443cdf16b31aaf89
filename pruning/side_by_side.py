"""The full and the pruned model side by side: on texts of one's own, on test texts, and where they disagree most."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from .batches import encode
from .cost import measure_latency
from .execute import trained
from .finetune import as_predictions, predict
from .models import load_tokenizer, resolve
from .plan import Request, full_request, load_data
from .progress import FULL_MODEL, Progress
from .recipes import Recipe
from .runs import Run
from .store import Store
from .tasks import TaskData, Text

SHOWN = 10  # test texts
MODELS = ("full", "pruned")


@dataclass(frozen=True)
class Pair:
    """Both fine-tuned models of one request, ready to predict."""

    runs: dict[str, Run]  # by MODELS, as the next
    models: dict[str, PreTrainedModel]
    tokenizer: PreTrainedTokenizerBase
    data: TaskData
    recipe: Recipe


def load_pair(request: Request, store: Store) -> Generator[Progress, None, Pair]:
    """Kept weights, or trained again."""
    found = {}
    for name, one in zip(MODELS, (full_request(request), request), strict=True):
        for event in trained(one, store):
            if isinstance(event, Progress):
                yield replace(event, stage=f"{FULL_MODEL}: {event.stage}") if name == "full" else event
        found[name] = event
    runs, models = ({name: found[name][part] for name in MODELS} for part in (0, 1))
    recipe = Recipe(label="", **runs["pruned"].recipe)
    return Pair(runs, models, load_tokenizer(resolve(request.model)), load_data(request), recipe)


def try_texts(pair: Pair, texts: Sequence[Text]) -> Generator[Progress, None, dict]:
    """The document of those texts; none: the first ten test texts, with their labels."""
    test = pair.data.test.first(pair.recipe.max_test)
    labels = None if texts else test.labels[:SHOWN]
    texts = list(texts) or test.texts[:SHOWN]
    found = yield from both(pair, texts)
    return describe(pair, texts, labels, found) | {"latency_ms": latencies(pair, texts)}


def disagreements(pair: Pair) -> Generator[Progress, None, dict]:
    """The document of the ten test texts on which the two differ most, and on how many of all they disagree."""
    test = pair.data.test.first(pair.recipe.max_test)
    found = yield from both(pair, test.texts)
    far = np.abs(found["full"] - found["pruned"]).max(axis=1)
    chosen = np.argsort(-far, kind="stable")[:SHOWN]
    document = describe(
        pair, [test.texts[i] for i in chosen], test.labels[chosen], {n: v[chosen] for n, v in found.items()}
    )
    if not pair.data.task.classes:
        return document | {"n_texts": len(far), "mean_difference": float(far.mean())}
    full, pruned = (found[name].argmax(axis=1) for name in MODELS)
    right = {"full": (full == test.labels), "pruned": (pruned == test.labels)}
    return document | {
        "n_texts": len(far),
        "n_differ": int((full != pruned).sum()),
        "full_right_alone": int((right["full"] & ~right["pruned"]).sum()),
        "pruned_right_alone": int((right["pruned"] & ~right["full"]).sum()),
    }


def both(pair: Pair, texts: Sequence[Text]) -> Generator[Progress, None, dict[str, np.ndarray]]:
    """Probabilities (texts, classes) of each model, or numbers (texts, 1)."""
    encoded, found = encode(pair.tokenizer, texts, pair.recipe.max_tokens), {}
    for name, model in pair.models.items():
        for event in predict(model, encoded):
            if isinstance(event, Progress):
                yield event
        found[name] = probabilities(event) if pair.data.task.classes else as_predictions(event)[:, None]
    return found


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def latencies(pair: Pair, texts: Sequence[Text]) -> dict[str, float]:
    """Median of one forward pass over one of these texts of typical length, ms."""
    encoded = encode(pair.tokenizer, texts, pair.recipe.max_tokens)
    return {name: measure_latency(model, encoded, 1)[1] for name, model in pair.models.items()}


def describe(pair: Pair, texts: Sequence[Text], labels: np.ndarray | None, found: dict[str, np.ndarray]) -> dict:
    """classes ([] for numbers), runs (keys), kept, and a row per text: text, label (None: not known), full, pruned."""
    rows = [
        {"text": text if isinstance(text, str) else list(text), "label": None if labels is None else labels[i].item()}
        | {name: [round(float(value), 4) for value in found[name][i]] for name in MODELS}
        for i, text in enumerate(texts)
    ]
    runs = {name: run.key for name, run in pair.runs.items()}
    return {"classes": list(pair.data.task.classes), "runs": runs, "kept": list(pair.runs["pruned"].kept), "rows": rows}
