"""Probes: a planted signal is found in its state, and nowhere else."""

import numpy as np
import pytest

from pruning.probes import FOLDS, probe, probe_records
from pruning.progress import PROBING, Progress
from pruning.runs import Probe
from pruning.tasks import TASKS

ORIGIN = {"model": "m", "revision": "r", "task": "t", "data": "d", "kept": (0, 1), "split": "validation"}
CLASSES, NUMBERS = TASKS["movie-reviews"], TASKS["movie-intensity"]


def planted(labels: np.ndarray, at: int, n_states: int = 3) -> np.ndarray:
    """(texts, states, 8) of noise, and the labels in the first unit of state `at`."""
    pooled = np.random.default_rng(0).normal(size=(len(labels), n_states, 8)).astype("float32")
    pooled[:, at, 0] += 4 * labels
    return pooled


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("task", [CLASSES, NUMBERS], ids=["classes", "numbers"])
def test_a_planted_signal_is_found_in_its_state_alone(task, at):
    labels = np.arange(300) % 2 if task.classes else np.linspace(-3, 3, 300, dtype="float32")
    scores = [score for score, _ in probe(planted(labels, at), labels, task)]
    chance = 60 if task.classes else 25
    assert scores[at] > 90 and all(score < chance for i, score in enumerate(scores) if i != at)


def test_the_interval_holds_the_score():
    labels = np.arange(200) % 2
    for score, (low, high) in probe(planted(labels, 1), labels, CLASSES):
        assert 0 <= low <= score <= high <= 100


def test_a_state_that_is_the_same_for_every_text_knows_nothing():
    labels = (np.arange(200) % 4 == 0).astype(int)
    ((score, _),) = probe(np.ones((200, 1, 8), dtype="float32"), labels, CLASSES)
    assert score == 75.0  # always the more frequent class


def test_a_class_with_too_few_texts_is_told():
    labels = np.array([0] * 100 + [1] * (FOLDS - 1))
    with pytest.raises(ValueError, match="a class of movie-reviews has 4 validation texts, a probe needs 5 of each"):
        next(probe(planted(labels, 0), labels, CLASSES))


def test_the_same_texts_give_the_same_scores_and_a_record_per_pooling():
    labels = np.arange(100) % 2
    pooled = {"sentence": planted(labels, 1), "mean": planted(labels, 2)}
    first, again = (list(probe_records(pooled, labels, CLASSES, ORIGIN)) for _ in range(2))
    assert first == again
    records = [event for event in first if isinstance(event, Probe)]
    assert [(record.pooling, record.n_texts, len(record.scores)) for record in records] == [
        ("sentence", 100, 3),
        ("mean", 100, 3),
    ]
    assert [record.knows_from for record in records] == [1, 2]
    progress = [event for event in first if isinstance(event, Progress)]
    assert [(p.stage, p.step, p.steps) for p in progress][-1] == (PROBING, 6, 6)
