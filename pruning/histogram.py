"""How often numbers fall into bars of one width, a round number; what is far larger than the rest shares the last."""

import math
from collections.abc import Sequence

import numpy as np

MOST_BARS = 30
NEARLY = 1e-6  # of a bar's width: 0.7 in four bytes is a little less than 0.7
ROUND = (1, 2, 5, 10)


def histogram(groups: Sequence[Sequence[float]]) -> tuple[list[float], list[list[int]]]:
    """Edges, one more than bars, and each group's counts. A bar holds its lower edge and not its upper one.

    Bars of whole numbers have whole edges. Where the largest hundredth of the numbers would need more than 30 bars,
    the last bar is wider and holds them.
    """
    groups = [np.asarray(group, dtype=float) for group in groups]
    values = np.concatenate(groups)
    whole = bool((values == np.floor(values)).all())
    low, usual, high = values.min(), np.quantile(values, 0.99, method="lower"), values.max()
    width = bar_width((usual - low) / (MOST_BARS - 2), whole)
    first, last = (math.floor(value / width + NEARLY) for value in (low, high))
    n_bars = min(last - first + 1, MOST_BARS)
    edges = [tidy(number * width) for number in (*range(first, first + n_bars), last + 1)]
    bars = [np.clip(np.floor(group / width + NEARLY) - first, 0, n_bars - 1).astype(int) for group in groups]
    return edges, [np.bincount(bar, minlength=n_bars).tolist() for bar in bars]


def bar_width(least: float, whole: bool) -> float:
    """The next of 1, 2, 5, 10, 20, ..., and for numbers that are not whole also 0.5, 0.2, ..."""
    if whole and least <= 1 or least == 0:
        return 1
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in ROUND if step * power >= least * (1 - 1e-9))


def tidy(number: float) -> float:
    """0.3 rather than 0.30000000000000004, and 3 rather than 3.0."""
    rounded = float(f"{number:.12g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded
