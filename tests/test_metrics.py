"""Scores in percent, offline, equal to hand-computed values."""

import tracemalloc

import evaluate
import numpy as np
import pytest

from pruning.metrics import METRICS, bootstrap_interval, score
from pruning.tasks import TASKS

TRUE = np.array([1, 1, 1, 0, 0, 0, 0, 0])
GUESS = np.array([1, 1, 0, 0, 0, 0, 0, 1])  # 2 hits, 1 miss, 1 false alarm, 4 correct rejections


@pytest.mark.parametrize(
    "name, references, predictions, value",
    [
        ("accuracy", TRUE, GUESS, 75.0),
        ("f1", TRUE, GUESS, 100 * 4 / 6),
        ("f1", np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1]), 100 * (1 + 2 / 3 + 2 / 3) / 3),
        ("matthews", TRUE, GUESS, 100 * (2 * 4 - 1 * 1) / np.sqrt(3 * 3 * 5 * 5)),
        ("matthews", TRUE, np.zeros(8, int), 0.0),
        ("pearson", np.array([1.0, 2, 3]), np.array([2.0, 4, 6]), 100.0),
        ("spearman", np.array([1.0, 2, 3, 4]), np.array([1.0, 9, 8, 100]), 80.0),
        ("spearman", np.array([1.0, 2, 3]), np.array([5.0, 5, 5]), 0.0),  # a constant guess predicts nothing
        ("pearson", np.array([1.0, 2, 3]), np.array([5.0, 5, 5]), 0.0),
    ],
)
def test_value_by_hand(name, references, predictions, value):
    assert score((name,), references, predictions) == {name: pytest.approx(value)}


def test_every_metric_is_an_evaluate_metric_and_can_be_combined():
    assert all(issubclass(metric, evaluate.Metric) for metric in METRICS.values())
    both = evaluate.combine([METRICS["accuracy"](), METRICS["f1"]()])
    assert both.compute(predictions=GUESS, references=TRUE) == score(("accuracy", "f1"), TRUE, GUESS)


def test_every_task_names_metrics_that_exist():
    assert all(name in METRICS for task in TASKS.values() for name in task.metrics)


@pytest.mark.parametrize("name", ["accuracy", "matthews"])
def test_interval_holds_the_score_and_narrows_with_more_texts(name):
    few, many = ((np.tile(TRUE, n), np.tile(GUESS, n)) for n in (5, 50))
    widths = []
    for references, predictions in (few, many):
        low, high = bootstrap_interval(name, references, predictions)
        assert low <= score((name,), references, predictions)[name] <= high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_interval_of_accuracy_is_about_two_standard_errors():
    references, predictions = np.tile(TRUE, 100), np.tile(GUESS, 100)
    low, high = bootstrap_interval("accuracy", references, predictions)
    assert high - low == pytest.approx(100 * 2 * 1.96 * np.sqrt(0.75 * 0.25 / 800), rel=0.1)


def test_interval_is_the_same_each_time():
    assert bootstrap_interval("spearman", TRUE, GUESS) == bootstrap_interval("spearman", TRUE, GUESS)


def test_interval_needs_no_more_memory_for_more_texts_than_a_few_copies_of_them():
    """All resamples at once would take 8,000 bytes per text."""
    labels = np.zeros(40_000, dtype="int64")
    tracemalloc.start()
    bootstrap_interval("accuracy", labels, labels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * labels.size
