"""A pruned model beside a smaller one that was distilled: as many layers, fine-tuned alike, measured here."""

from dataclasses import dataclass

from .frames import comparable, measured_curve
from .models import MODELS
from .store import Store


@dataclass(frozen=True)
class Distilled:
    """The distilled model's own score in full."""

    label: str
    n_layers: int
    score: float  # mean over seeds, in percent
    low: float  # ends of the seeds' 95% intervals over the test texts
    high: float


def find_distilled(model: str, task: str, recipe: str, store: Store) -> Distilled | None:
    """The full runs of the model that MODELS names beside this one, or None where there are none."""
    row = MODELS.get(model)
    beside = MODELS.get(row.distilled) if row else None
    if not beside:
        return None
    runs = comparable(store.runs(beside.name, task), recipe, beside.sha256)
    curve = measured_curve([run for run in runs if not run.n_dropped], None)
    if curve.empty:
        return None
    full = curve.iloc[0]
    return Distilled(beside.label, beside.n_layers, float(full.score), float(full.low), float(full.high))


def tell_distilled(own: dict | None, beside: Distilled | None) -> str:
    """A sentence on a measured point of the curve; '' where there is nothing to compare.

    A difference is called one only where the 95% intervals do not overlap.
    """
    if not own or not beside or own["low"] is None:
        return ""
    if own["low"] > beside.high:
        verdict = "clearly less"
    elif own["high"] < beside.low:
        verdict = "clearly more"
    else:
        verdict = "and the intervals overlap"
    return f"{beside.label}, a distilled model of {beside.n_layers} layers, scores {beside.score:.1f}: {verdict}."
