"""Scores as `evaluate.Metric` classes that need no network; values in percent (x 100)."""

from collections.abc import Callable

import datasets
import evaluate
import numpy as np
from scipy import stats
from sklearn.metrics import f1_score, matthews_corrcoef

SKLEARN = "https://scikit-learn.org/stable/modules/model_evaluation.html"
SCIPY = "https://docs.scipy.org/doc/scipy/reference/stats.html"


def correlation(measure: Callable) -> Callable[[np.ndarray, np.ndarray], float]:
    """The correlation of two arrays; 0 where one of them is constant, since it then predicts nothing."""

    def score(references, predictions) -> float:
        if np.ptp(references) == 0 or np.ptp(predictions) == 0:
            return 0.0
        return float(measure(references, predictions).statistic)

    return score


def f1(references, predictions) -> float:
    """F1 of class 1 for two classes, the unweighted mean over classes for more."""
    average = "binary" if max(np.max(references), np.max(predictions)) <= 1 else "macro"
    return f1_score(references, predictions, average=average, zero_division=0)


class Score(evaluate.Metric):
    """One number from references and predictions; the rows of METRICS say which."""

    name = ""
    value_type = "int64"
    function: Callable
    source = SKLEARN

    def _info(self):
        features = {name: datasets.Value(self.value_type) for name in ("predictions", "references")}
        return evaluate.MetricInfo(
            description=f"{self.name}, in percent",
            citation=self.source,
            inputs_description="predictions and references: one number per text",
            features=datasets.Features(features),
        )

    def _compute(self, predictions, references):
        return {self.name: 100 * float(self.function(np.asarray(references), np.asarray(predictions)))}


class Accuracy(Score):
    name, source = "accuracy", ""
    function = staticmethod(lambda references, predictions: (references == predictions).mean())


class F1(Score):
    name = "f1"
    function = staticmethod(f1)


class Matthews(Score):
    name = "matthews"
    function = staticmethod(matthews_corrcoef)


class Pearson(Score):
    name, value_type, source = "pearson", "float32", SCIPY
    function = staticmethod(correlation(stats.pearsonr))


class Spearman(Score):
    name, value_type, source = "spearman", "float32", SCIPY
    function = staticmethod(correlation(stats.spearmanr))


METRICS: dict[str, type[Score]] = {m.name: m for m in (Accuracy, F1, Matthews, Pearson, Spearman)}


def score(names: tuple[str, ...], references: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """Each named metric in percent; predictions and references: (texts,)."""
    metrics = (METRICS[name](keep_in_memory=True) for name in names)
    found = [metric.compute(predictions=predictions, references=references) for metric in metrics]
    return {name: float(value) for one in found for name, value in one.items()}


def value(name: str, references: np.ndarray, predictions: np.ndarray) -> float:
    """One metric in percent, without the care `evaluate` takes: for thousands of them."""
    return 100 * float(METRICS[name].function(references, predictions))


def bootstrap_interval(
    name: str, references: np.ndarray, predictions: np.ndarray, seed: int = 0
) -> tuple[float, float]:
    """95% percentile bootstrap interval of a metric over texts, in percent: 1,000 resamples."""
    generator = np.random.default_rng(seed)
    draws = (generator.integers(len(references), size=len(references)) for _ in range(1000))
    low, high = np.percentile([value(name, references[draw], predictions[draw]) for draw in draws], (2.5, 97.5))
    return float(low), float(high)
