"""Probes: how well a linear classifier on one state alone does the task. Where a model knows what it is asked.

Ridge regression on the standardised state (of a classification on its one-hot classes), 5-fold cross-validated; how
strongly it shrinks is chosen inside each training part by the leave-one-out error. Every text is predicted once, by a
probe that has not seen it, and those predictions are scored like a model's.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import RidgeClassifierCV, RidgeCV
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from .metrics import bootstrap_interval, score
from .progress import PROBING, Progress
from .runs import POOLINGS, Probe
from .tasks import Task

FOLDS = 5
SHRINKAGE = tuple(10.0**power for power in range(6))


def probe(pooled: np.ndarray, labels: np.ndarray, task: Task) -> Iterator[tuple[float, tuple[float, float]]]:
    """Score and 95% interval of each state of (texts, states, hidden), lowest first; labels: (texts,).

    ValueError where a class has too few texts to be in every fold.
    """
    if task.classes and (rarest := np.unique(labels, return_counts=True)[1].min()) < FOLDS:
        raise ValueError(
            f"a class of {task.name} has {rarest} validation texts, a probe needs {FOLDS} of each; add rows to the file"
        )
    splitter = (StratifiedKFold if task.classes else KFold)(FOLDS, shuffle=True, random_state=0)
    name = task.metrics[0]
    for state in range(pooled.shape[1]):
        found = cross_val_predict(make_probe(task), pooled[:, state], labels, cv=splitter)
        predictions = found.astype(labels.dtype)
        yield score((name,), labels, predictions)[name], bootstrap_interval(name, labels, predictions)


def make_probe(task: Task) -> Pipeline:
    return make_pipeline(StandardScaler(), (RidgeClassifierCV if task.classes else RidgeCV)(SHRINKAGE))


def probe_records(
    pooled: dict[str, np.ndarray], labels: np.ndarray, task: Task, origin: dict
) -> Iterator[Progress | Probe]:
    """A record per pooling, with progress in between; `origin`: the fields on model, texts, run and versions."""
    for number, pooling in enumerate(POOLINGS):
        found, n_states = [], pooled[pooling].shape[1]
        for one in probe(pooled[pooling], labels, task):
            found.append(one)
            yield Progress(PROBING, number * n_states + len(found), n_states * len(POOLINGS))
        scores, intervals = zip(*found, strict=True)
        yield Probe(
            **origin, pooling=pooling, metric=task.metrics[0], scores=scores, intervals=intervals, n_texts=len(labels)
        )
