"""One request, end to end: fetch, compare, drop, fine-tune, score, time, store."""

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
import transformers

from . import __version__
from .batches import encode
from .cost import count_flops, measure_latency
from .device import describe_device
from .finetune import as_predictions, finetune, predict
from .install import install
from .layers import count_parameters, drop_layers, planned_parameters
from .metrics import bootstrap_interval, score
from .models import NotInstalledError, Weights, load_model, load_tokenizer, resolve
from .plan import NeedsSimilarityError, Request, check, load_data, plan
from .progress import LOADING, TIMING, Progress
from .recipes import Recipe
from .runs import Run, RunSpec, Similarity, now
from .similarity import layer_similarities
from .store import Store
from .tasks import Task, TaskData, load_task

CALIBRATION_TEXTS, CALIBRATION_TOKENS = 2000, 128  # at most so many validation texts are compared, cut at so many
BATCH_SIZES = (1, 32)  # for latency


def execute(request: Request, store: Store) -> Iterator[Progress | Run]:
    """Yields progress, and at last the run, which is stored by then; a run stored before is yielded at once.

    Closing the generator stops the work within one training step, and nothing is stored then.
    """
    check(request)
    store.prepare()
    yield from fetch(request.model)
    try:
        spec, weights = plan(request, store)
    except NeedsSimilarityError:
        yield from compare(request, store)
        spec, weights = plan(request, store)
    stored = store.run(spec.key)
    if stored is None:
        for event in measure(spec, weights, load_data(request)):
            if isinstance(event, Run):
                store.add(event)
            yield event
    else:
        yield stored


def describe(request: Request, store: Store) -> dict:
    """The `plan` document: what would be kept and dropped, and the parameters before and after."""
    spec, weights = plan(request, store)
    n_labels = load_data(request).task.n_labels
    before, after = planned_parameters(weights, n_labels, spec.kept)
    dropped = [i for i in range(weights.n_layers) if i not in spec.kept]
    return {
        "model": weights.name,
        "strategy": request.strategy,
        "n_layers": weights.n_layers,
        "n_dropped": len(dropped),
        "kept": list(spec.kept),
        "dropped": dropped,
        "parameters": {"before": before, "after": after},
    }


def fetch(model: str) -> Iterator[Progress]:
    """Fetches a known model that is not on this machine yet."""
    try:
        resolve(model)
    except NotInstalledError:
        yield from install(model)


def compare(request: Request, store: Store) -> Iterator[Progress | Similarity]:
    """Measures and stores how similar each layer's output is to its input, on validation texts; yields both records."""
    yield Progress(LOADING)
    weights, data = resolve(request.model), load_data(request)
    encoded = encode(load_tokenizer(weights), data.validation.first(CALIBRATION_TEXTS).texts, CALIBRATION_TOKENS)
    full = load_model(weights, data.task.n_labels, seed=0).to(default_device())
    for event in layer_similarities(full, encoded):
        if isinstance(event, Progress):
            yield event
            continue
        for pooling, cosines in event.items():
            mean, std = (tuple(float(v) for v in values) for values in (cosines.mean(axis=0), cosines.std(axis=0)))
            record = Similarity(
                *(weights.name, weights.revision, data.task.name, data.fingerprint),
                *(pooling, mean, std, len(cosines)),
                versions=versions(),
                created_at=now(),
            )
            store.add(record)
            yield record


def measure(spec: RunSpec, weights: Weights, data: TaskData) -> Iterator[Progress | Run]:
    """Drops, fine-tunes, scores and times; yields progress and at last the run, which is not stored here."""
    yield Progress(LOADING)
    if data.fingerprint != spec.data:
        raise ValueError(f"the texts of {spec.task} have just changed; start the run again")
    recipe = Recipe(label="", **spec.recipe)
    train, test = data.train.first(recipe.max_train), data.test.first(recipe.max_test)
    tokenizer = load_tokenizer(weights)
    encoded, encoded_test = (encode(tokenizer, split.texts, recipe.max_tokens) for split in (train, test))
    yield Progress(LOADING)
    model = drop_layers(load_model(weights, data.task.n_labels, spec.seed), spec.kept).to(default_device())
    losses, started = [], time.perf_counter()
    for progress in finetune(model, encoded, train.labels, recipe, spec.seed):
        losses += [] if progress.loss is None else [progress.loss]
        yield progress
    train_seconds = time.perf_counter() - started
    for event in predict(model, encoded_test):
        if isinstance(event, Progress):
            yield event
    latency = {}
    for n_texts in BATCH_SIZES:
        yield Progress(TIMING)
        latency[str(n_texts)] = measure_latency(model, encoded_test, n_texts)
    yield Run(
        **{"key": spec.key} | asdict(spec) | judge(data.task, test.labels, as_predictions(event)),
        n_layers=weights.n_layers,
        n_dropped=weights.n_layers - len(spec.kept),
        n_train=len(train.texts),
        parameters=count_parameters(model),
        flops=count_flops(model, encoded_test),
        train_seconds=train_seconds,
        **as_fields(latency),
        history=stretches(losses),
        device=describe_device(model.device),
        versions=versions(),
        created_at=now(),
    )


def time_again(run: Run, weights: Weights) -> Run:
    """The run with its latency measured anew: it depends on the layers and not on what they have learnt.

    ValueError: the model, the texts or the device are not the run's.
    """
    data, recipe = load_task(run.task), Recipe(label="", **run.recipe)
    model = drop_layers(load_model(weights, data.task.n_labels, run.seed), run.kept).to(default_device())
    if (weights.revision, data.fingerprint, describe_device(model.device)) != (run.revision, run.data, run.device):
        raise ValueError(f"run {run.key[:12]} was made with other weights or texts, or on {run.device}; run it anew")
    encoded = encode(load_tokenizer(weights), data.test.first(recipe.max_test).texts, recipe.max_tokens)
    latency = {str(n_texts): measure_latency(model, encoded, n_texts) for n_texts in BATCH_SIZES}
    return replace(run, **as_fields(latency), timed_at=now())


def as_fields(latency: dict[str, tuple[float, float, float]]) -> dict:
    """The fields of a run from (first quartile, median, third quartile) in ms by batch size."""
    return {
        "latency_ms": {n: median for n, (_, median, _) in latency.items()},
        "latency_quartiles_ms": {n: (low, high) for n, (low, _, high) in latency.items()},
    }


def judge(task: Task, labels: np.ndarray, predictions: np.ndarray) -> dict:
    """The fields of a run that say how good its predictions are; both arrays (texts,)."""
    metrics, name = score(task.metrics, labels, predictions), task.metrics[0]
    interval = bootstrap_interval(name, labels, predictions)
    return {"metric": name, "score": metrics[name], "metrics": metrics, "interval": interval, "n_eval": len(labels)}


def stretches(losses: list[float], n: int = 50) -> tuple[float, ...]:
    """Means over at most `n` equal stretches of the training."""
    return tuple(float(part.mean()) for part in np.array_split(losses, min(n, len(losses)))) if losses else ()


def default_device() -> torch.device:
    """The accelerator where there is one, else the CPU."""
    return torch.accelerator.current_accelerator() or torch.device("cpu")


def versions() -> dict[str, str]:
    """What made a row: this program with its commit where it is known, and the libraries that compute."""
    return {
        "pruning": __version__ + commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def commit() -> str:
    """'+abc1234', with '.dirty' after uncommitted changes to the program; '' outside a git checkout."""
    folder = Path(__file__).parent
    git = ["git", "-C", str(folder), "describe", "--always", "--dirty=.dirty", "--exclude=*"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, timeout=10, env=os.environ | {"LC_ALL": "C"})
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return f"+{done.stdout.strip()}" if done.returncode == 0 else ""
