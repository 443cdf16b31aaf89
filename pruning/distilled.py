"""A pruned model beside a small one that was distilled, from another model: fine-tuned alike, measured here."""

from dataclasses import dataclass

from .curve import CurvePoint, is_above, measured_curve
from .frames import comparable
from .models import MODELS
from .runs import Run
from .store import Store
from .story import by_one_seed
from .tiles import millions


@dataclass(frozen=True)
class Distilled:
    """The distilled model and its own score."""

    label: str
    n_layers: int
    parameters: int
    full: CurvePoint  # with nothing dropped


def find_distilled(model: str, task: str, data: str, recipe: str, store: Store) -> Distilled | None:
    """The model that MODELS names beside this one, by its full runs; None where there are none."""
    runs = distilled_runs(model, task, data, recipe, store)
    if not runs:
        return None
    label, n_layers = MODELS[runs[0].model].label, runs[0].n_layers
    return Distilled(label, n_layers, runs[0].parameters, measured_curve(runs, None)[0])


def distilled_runs(model: str, task: str, data: str, recipe: str, store: Store) -> list[Run]:
    """The full runs of that model, one per seed; `data` is the fingerprint of the texts, '': any."""
    row = MODELS.get(model)
    beside = MODELS.get(row.distilled) if row else None
    if not beside:
        return []
    stored = [run for run in store.runs(beside.name, task) if data in ("", run.data)]
    return [run for run in comparable(stored, recipe, beside.sha256) if not run.n_dropped]


def tell_distilled(own: CurvePoint | None, parameters: int | None, beside: Distilled | None) -> str:
    """A sentence on a measured point of the curve with the `parameters` it has; '' where there is nothing to compare.

    A difference is called one only where `is_above` tells them apart.
    """
    if not own or not beside or not own.intervals:
        return ""
    if is_above(own, beside.full):
        verdict = f"clearly less{by_one_seed(own, [beside.full])}"
    elif is_above(beside.full, own):
        verdict = f"clearly more{by_one_seed(own, [beside.full])}"
    else:
        verdict = "too close to tell apart by these test texts"
    size = f"{beside.n_layers} layers and {millions(beside.parameters)} parameters"
    here = f" (here: {millions(parameters)})" if parameters else ""
    return f"{beside.label}, distilled from another model to {size}{here}, scores {beside.full.score:.1f}: {verdict}."
