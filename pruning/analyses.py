"""Why layers can go: similarity, probes and drift of a model on a task. What is stored is not measured again.

All read the same texts, the first `execute.CALIBRATION_TEXTS` of the validation split, never the test split. Each
yields progress, and at last its records, which are stored by then.
"""

from collections.abc import Callable, Generator, Iterator, Sequence

from transformers import PreTrainedModel

from .device import default_device
from .execute import CALIBRATION_TEXTS, calibration, compare, obtain, origin, planned
from .landscape import landscape
from .models import Weights, load_model
from .plan import Request, load_data
from .probes import probe_records
from .progress import LOADING, Progress
from .representations import represent
from .runs import MEASURES, POOLINGS, Drift, LayerMatrix, Probe, Record, Run, RunSpec, Similarity
from .similarity import drift_cosines, drift_records
from .store import Store
from .tasks import TaskData


def similarity(request: Request, store: Store) -> Iterator[Progress | list[Similarity | LayerMatrix]]:
    """Of the pre-trained model, for each pooling: every layer's input and output, and every two states."""
    spec, _ = yield from planned(request, store)
    found = stored(store, spec, "similarity") + stored(store, spec, "matrix")
    if len(found) < len(POOLINGS) * (1 + len(MEASURES)):  # none, or what a killed process had stored
        found = []
        for event in compare(request, store):
            if isinstance(event, Progress):
                yield event
            else:
                found.append(event)
    yield sorted(found, key=lambda record: (isinstance(record, LayerMatrix), record.key))


def probe(request: Request, store: Store) -> Iterator[Progress | list[Probe]]:
    """Of the pre-trained model, and of the fine-tuned one of that point; for each pooling."""
    spec, weights = yield from planned(request, store)
    data = load_data(request)
    found = [record for record in stored(store, spec, "probe") if not record.run]
    if len(found) < len(POOLINGS):
        yield Progress(LOADING)
        about = {"kept": tuple(range(weights.n_layers))}
        found = yield from probe_model(pre_trained(weights, data), weights, data, about, store)
    tuned = [record for record in stored(store, spec, "probe") if record.run == spec.key]
    if len(tuned) < len(POOLINGS):
        run, model = yield from obtain(request, spec, weights, store)
        tuned = yield from probe_model(model, weights, data, of_run(run), store)
    yield found + tuned


def drift(request: Request, store: Store) -> Iterator[Progress | list[Drift]]:
    """How far fine-tuning moved that point's states from the pre-trained model's; for each pooling."""
    spec, weights = yield from planned(request, store)
    found = [record for record in stored(store, spec, "drift") if record.run == spec.key]
    if len(found) < len(POOLINGS):
        data = load_data(request)
        run, model = yield from obtain(request, spec, weights, store)
        for event in drift_cosines(pre_trained(weights, data), model, run.kept, calibration(weights, data)):
            if isinstance(event, Progress):
                yield event
        found = add_all(store, drift_records(event, origin(weights, data) | of_run(run)))
    yield found


ANALYSES: dict[str, Callable[[Request, Store], Iterator]] = {
    f.__name__: f for f in (similarity, probe, drift, landscape)
}


def stored(store: Store, spec: RunSpec, kind: str) -> list[Record]:
    """The records of that kind of the spec's very weights and texts."""
    found = store.records(kind, spec.model, spec.task)
    return [record for record in found if (record.revision, record.data) == (spec.revision, spec.data)]


def probe_model(
    model: PreTrainedModel, weights: Weights, data: TaskData, about: dict, store: Store
) -> Generator[Progress, None, list[Probe]]:
    """Stores and returns the probes of that model; `about`: which layers it has and of which run it is."""
    for event in represent(model, calibration(weights, data)):
        if isinstance(event, Progress):
            yield event
    labels, found = data.validation.first(CALIBRATION_TEXTS).labels, []
    for record in probe_records(
        event.pooled, labels, data.task, origin(weights, data) | about | {"split": "validation"}
    ):
        if isinstance(record, Progress):
            yield record
        else:
            found.append(record)
    return add_all(store, found)


def add_all(store: Store, records: Iterator[Record] | Sequence[Record]) -> list[Record]:
    records = list(records)
    for record in records:
        store.add(record)
    return records


def pre_trained(weights: Weights, data: TaskData) -> PreTrainedModel:
    return load_model(weights, data.task.n_labels, seed=0).to(default_device())


def of_run(run: Run) -> dict:
    """The fields of a record that say of which fine-tuned model it is."""
    return {
        "run": run.key,
        "kept": run.kept,
        "seed": run.seed,
        "recipe": run.recipe,
        "start": run.start,
    }
