"""One request, end to end: fetch, compare, drop, fine-tune, score, time, store."""

import os
import platform
import subprocess
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import PreTrainedModel

from . import __version__
from .batches import Encoded, encode
from .checkpoints import keep, limit_bytes
from .checkpoints import load as load_kept
from .cost import count_flops, count_parts, measure_latency
from .device import default_device, describe_device, training_precision
from .finetune import as_predictions, finetune, predict
from .install import install
from .layers import count_parameters, drop_layers, planned_models
from .metrics import bootstrap_interval, score
from .models import NotInstalledError, Weights, load_model, load_tokenizer, resolve
from .plan import NeedsSimilarityError, Request, check, full_request, load_data, plan
from .progress import FULL_MODEL, LOADING, TIMING, Progress
from .recipes import Recipe
from .representations import represent
from .runs import AS_IS, PRE_TRAINED, LayerMatrix, Run, RunSpec, Similarity, now
from .similarity import layer_records
from .store import Store
from .tasks import Task, TaskData, load_task

CALIBRATION_TEXTS, CALIBRATION_TOKENS = 2000, 128  # at most so many validation texts are compared, cut at so many
BATCH_SIZES = (1, 32)  # for latency

Making = Generator[Progress, None, tuple[Run, PreTrainedModel]]  # yields progress, returns the run and its model


def execute(request: Request, store: Store) -> Iterator[Progress | Similarity | LayerMatrix | Run]:
    """Yields progress, and at last the run, which is stored by then; a run stored before is yielded at once.

    Closing the generator stops the work within one training step, and nothing of that run is stored then.
    """
    spec, weights = yield from planned(request, store)
    run = store.run(spec.key)
    if run is None:
        run, _ = yield from make(request, spec, weights, store)
    yield run


def trained(request: Request, store: Store) -> Iterator[Progress | tuple[Run, PreTrainedModel]]:
    """Yields progress, and at last the run and its fine-tuned model, in eval mode.

    The weights are those that were kept. Where there are none, the model is trained again, which on the same machine
    gives the same weights; a stored run stays as it is.
    """
    spec, weights = yield from planned(request, store)
    yield from with_result(obtain(request, spec, weights, store))


def describe(request: Request, store: Store) -> dict:
    """The `plan` document: what would be kept and dropped, and the parameters before and after, also by part."""
    spec, weights = plan(request, store)
    n_labels = load_data(request).task.n_labels
    before, after = planned_models(weights, n_labels, spec.kept)
    dropped = [i for i in range(weights.n_layers) if i not in spec.kept]
    return {
        "model": weights.name,
        "strategy": request.strategy,
        "n_layers": weights.n_layers,
        "n_dropped": len(dropped),
        "kept": list(spec.kept),
        "dropped": dropped,
        "parameters": {"before": count_parameters(before), "after": count_parameters(after)},
        "parts": {"before": parts_of(before), "after": parts_of(after)},
    }


def parts_of(model: PreTrainedModel) -> dict[str, dict[str, int]]:
    """parameters and bytes of embeddings, layers and head."""
    return {part: {"parameters": n, "bytes": size} for part, (n, size) in count_parts(model).items()}


def fetch(model: str) -> Iterator[Progress]:
    """Fetches a known model that is not on this machine yet."""
    try:
        resolve(model)
    except NotInstalledError:
        yield from install(model)


def compare(request: Request, store: Store) -> Iterator[Progress | Similarity | LayerMatrix]:
    """Measures how alike the pre-trained model's states are, on validation texts; yields and stores every record."""
    yield Progress(LOADING)
    weights, data = resolve(request.model), load_data(request)
    encoded = calibration(weights, data)
    full = load_model(weights, data.task.n_labels, seed=0).to(default_device())
    for event in represent(full, encoded):
        if isinstance(event, Progress):
            yield event
    for record in layer_records(event, origin(weights, data)):
        store.add(record)
        yield record


def calibration(weights: Weights, data: TaskData) -> Encoded:
    """The validation texts that states are compared on."""
    return encode(load_tokenizer(weights), data.validation.first(CALIBRATION_TEXTS).texts, CALIBRATION_TOKENS)


def origin(weights: Weights, data: TaskData) -> dict:
    """The fields of an analysis record that say of which model, on which task, when and with what it was made."""
    known = {"model": weights.name, "revision": weights.revision, "task": data.task.name, "data": data.fingerprint}
    return known | {"versions": versions(), "created_at": now()}


def planned(
    request: Request, store: Store
) -> Generator[Progress | Similarity | LayerMatrix, None, tuple[RunSpec, Weights]]:
    """What has to be done, after all that it rests on was fetched and compared; `check` and the store come first."""
    check(request)
    limit_bytes()
    store.prepare()
    yield from fetch(request.model)
    try:
        return plan(request, store)
    except NeedsSimilarityError:
        yield from compare(request, store)
        return plan(request, store)


def obtain(request: Request, spec: RunSpec, weights: Weights, store: Store) -> Making:
    """The stored run with its weights, kept or trained again; a run that is not stored yet is made."""
    run = store.run(spec.key)
    if run is None:
        return (yield from make(request, spec, weights, store))
    yield Progress(LOADING)
    data = load_data(request)
    model = load_kept(store, spec.key, data.task.n_labels)
    if model is None:
        model, _, _ = yield from train(request, spec, weights, data, store)
        keep(store, spec.key, model, load_tokenizer(weights))
    return run, model.to(default_device()).eval()


def make(request: Request, spec: RunSpec, weights: Weights, store: Store) -> Making:
    """Trains, scores and times; stores the run, and keeps the weights where there is room for them."""
    yield Progress(LOADING)
    data = load_data(request)
    model, losses, train_seconds = yield from train(request, spec, weights, data, store)
    run = yield from measure(spec, weights, data, model, losses, train_seconds)
    store.add(run)
    keep(store, spec.key, model, load_tokenizer(weights))
    return run, model


def train(
    request: Request, spec: RunSpec, weights: Weights, data: TaskData, store: Store
) -> Generator[Progress, None, tuple[PreTrainedModel, list[float], float]]:
    """The model of that spec with its training losses and the seconds they took, after the drop."""
    if data.fingerprint != spec.data:
        raise ValueError(f"the texts of {spec.task} have just changed; start the run again")
    model = drop_layers((yield from full_model(request, spec, weights, data, store)), spec.kept).to(default_device())
    yield Progress(LOADING)
    losses, started = [], time.perf_counter()
    if spec.start == AS_IS:
        return model, losses, 0.0
    recipe = Recipe(label="", **spec.recipe)
    split = data.train.first(recipe.max_train)
    encoded = encode(load_tokenizer(weights), split.texts, recipe.max_tokens)
    for progress in finetune(model, encoded, split.labels, recipe, spec.seed):
        losses += [] if progress.loss is None else [progress.loss]
        yield progress
    return model, losses, time.perf_counter() - started


def full_model(
    request: Request, spec: RunSpec, weights: Weights, data: TaskData, store: Store
) -> Generator[Progress, None, PreTrainedModel]:
    """What layers are dropped from: the pre-trained model, or the one that the full model's own run fine-tuned.

    Strategy contribution goes by the pre-trained model's similarities for every start, so that its points keep the same
    layers and can be compared; the paper drops top layers alone in this experiment (Table 5).
    """
    if spec.start == PRE_TRAINED:
        return load_model(weights, data.task.n_labels, spec.seed)
    full = replace(spec, kept=tuple(range(weights.n_layers)), start=PRE_TRAINED)
    for event in with_result(obtain(full_request(request), full, weights, store)):
        if isinstance(event, Progress):
            yield replace(event, stage=f"{FULL_MODEL}: {event.stage}")
    _, model = event
    return model


def with_result(making: Making) -> Iterator[Progress | tuple[Run, PreTrainedModel]]:
    """The same, yielding at last what it returns."""
    yield (yield from making)


def measure(
    spec: RunSpec, weights: Weights, data: TaskData, model: PreTrainedModel, losses: list[float], train_seconds: float
) -> Generator[Progress, None, Run]:
    """Scores and times a trained model; the run, which is not stored here."""
    recipe = Recipe(label="", **spec.recipe)
    test = data.test.first(recipe.max_test)
    encoded = encode(load_tokenizer(weights), test.texts, recipe.max_tokens)
    predictions = yield from predicted(model, encoded)
    latency = {}
    for n_texts in BATCH_SIZES:
        yield Progress(TIMING)
        latency[str(n_texts)] = measure_latency(model, encoded, n_texts)
    return Run(
        **{"key": spec.key} | asdict(spec) | judge(data.task, test.labels, predictions),
        n_layers=weights.n_layers,
        n_dropped=weights.n_layers - len(spec.kept),
        n_train=len(data.train.first(recipe.max_train).texts),
        parameters=count_parameters(model),
        parts=count_parts(model),
        flops=count_flops(model, encoded),
        train_seconds=train_seconds,
        **as_fields(latency),
        history=stretches(losses),
        device=describe_device(model.device),
        precision=training_precision(weights.family),
        versions=versions(),
        created_at=now(),
    )


def predicted(model: PreTrainedModel, encoded: Encoded) -> Generator[Progress, None, np.ndarray]:
    """Class or rating per text, (texts,)."""
    for event in predict(model, encoded):
        if isinstance(event, Progress):
            yield event
    return as_predictions(event)


def time_again(run: Run, weights: Weights) -> Run:
    """The run with its latency measured anew: it depends on the layers and not on what they have learnt.

    ValueError: the model or the texts are not the run's.
    """
    data, recipe = load_task(run.task), Recipe(label="", **run.recipe)
    model = drop_layers(load_model(weights, data.task.n_labels, run.seed), run.kept).to(default_device())
    if (weights.revision, data.fingerprint) != (run.revision, run.data):
        raise ValueError(f"run {run.key[:12]} was made with other weights or texts; run it anew")
    encoded = encode(load_tokenizer(weights), data.test.first(recipe.max_test).texts, recipe.max_tokens)
    latency = {str(n_texts): measure_latency(model, encoded, n_texts) for n_texts in BATCH_SIZES}
    return replace(run, **as_fields(latency), timed_at=now(), timed_on=describe_device(model.device))


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
