"""Tables, means and differences as Markdown, for what is written from rows."""

from collections.abc import Sequence
from statistics import mean

from .curve import share_at_chance
from .findings import SAME, Contest, Difference
from .runs import Run
from .story import MINUS


def table(heads: Sequence, rows: Sequence[Sequence]) -> str:
    """A table of those heads and rows."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def mean_score(runs: Sequence[Run]) -> str:
    """Over the seeds, and how many of them are no better than chance; '' where there is no run."""
    if not runs:
        return ""
    chance = share_at_chance(runs)
    return f"{mean(run.score for run in runs):.1f}" + (f" ({chance})" if chance else "")


def signed(points: float) -> str:
    """A difference in points with its sign: '−0.3'; one that rounds to nothing is '+0.0'."""
    return f"{round(points, 1) + 0:+.1f}".replace("-", MINUS)


def difference(found: Difference) -> str:
    """In points, with its interval."""
    interval = "" if found.low is None else f" ({signed(found.low)} to {signed(found.high)})"
    return f"{signed(found.gap)}{interval}"


def lead(found: Contest) -> str:
    """Of the best stack on the next best, and how sure it is of being ahead of every other one."""
    ahead = f"{signed(found.gap)} on" if found.gap > SAME else "level with"
    chance = f" ({found.rival_chance})" if found.rival_chance else ""
    return f"{ahead} {found.rival_label}{chance}; {found.certainty}{': one seed' * (found.n_seeds == 1)}"
