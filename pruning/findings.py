"""What stored runs show: which stack wins and how surely, and where the paper is borne out. Pure functions over runs.

Two stacks are compared seed by seed, so that chance by the seed falls out of the difference. How sure a difference is:

sure      three seeds or more, and the 95% t interval of their differences leaves out 0;
likely    two seeds or more, and every one's difference points the same way;
open      the seeds disagree, or there is one alone.

That covers the seeds alone: all of them are scored on the same test texts.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import mean, stdev

from .frames import strategy_points
from .runs import Run
from .strategies import STRATEGIES

SURE, LIKELY, OPEN = "sure", "likely", "open"
LEVEL = 0.975  # of the upper end of a 95% interval


def compare(better: Sequence[Run], worse: Sequence[Run]) -> dict | None:
    """gap (points, mean over the shared seeds), gaps (one per seed), low and high (None: one seed), certainty.

    Both are runs of one stack each. None where no seed was run of both.
    """
    scores = [{run.seed: run.score for run in runs} for runs in (better, worse)]
    seeds = sorted(scores[0].keys() & scores[1].keys())
    if not seeds:
        return None
    return describe_gaps([scores[0][seed] - scores[1][seed] for seed in seeds])


def describe_gaps(gaps: Sequence[float]) -> dict:
    """What `compare` says of differences in points, one per seed."""
    from scipy.stats import t  # takes longer to import than all the rest, and the app may never need it

    half = t.ppf(LEVEL, len(gaps) - 1) * stdev(gaps) / sqrt(len(gaps)) if len(gaps) > 1 else None
    low, high = (None, None) if half is None else (mean(gaps) - half, mean(gaps) + half)
    return {"gap": mean(gaps), "gaps": gaps, "low": low, "high": high, "certainty": certainty(gaps, low, high)}


def certainty(gaps: Sequence[float], low: float | None, high: float | None) -> str:
    if low is None or not (all(gap > 0 for gap in gaps) or all(gap < 0 for gap in gaps)):
        return OPEN
    return SURE if len(gaps) > 2 and (low > 0 or high < 0) else LIKELY


def by_stack(runs: Sequence[Run]) -> dict[tuple[int, ...], list[Run]]:
    found: dict[tuple[int, ...], list[Run]] = {}
    for run in runs:
        found.setdefault(run.kept, []).append(run)
    return found


def stacks_of(n_layers: int, n_dropped: int, similarity: Sequence[float] | None) -> dict[tuple[int, ...], list[str]]:
    """kept -> labels of the strategies that keep it, of those that drop so many."""
    found: dict[tuple[int, ...], list[str]] = {}
    for strategy, k, kept in strategy_points(n_layers, similarity):
        if k == n_dropped:
            found.setdefault(kept, []).append(STRATEGIES[strategy].label)
    return found


def contest(runs: Sequence[Run], n_dropped: int, similarity: Sequence[float] | None) -> dict | None:
    """The best stack of that size and the next, by their mean scores; None where fewer than two, or no full model, were
    run with the same seeds.

    best, rival (labels of the strategies that keep it), score and loss of the best (mean against mean, as the curve has
    it: the full model may have more seeds), and what `compare` says of the two.
    """
    groups, full = by_stack(runs), [run for run in runs if not run.n_dropped]
    run_stacks = {k: names for k, names in stacks_of(runs[0].n_layers, n_dropped, similarity).items() if k in groups}
    ranked = sorted(run_stacks, key=lambda kept: -mean(run.score for run in groups[kept]))
    if len(ranked) < 2:
        return None
    best, rival, *_ = ranked
    lead = compare(groups[best], groups[rival])
    if not lead or not compare(full, groups[best]):
        return None
    score = mean(run.score for run in groups[best])
    row = {"n_dropped": n_dropped, "best": run_stacks[best], "rival": run_stacks[rival], "kept": best, "score": score}
    return row | {"loss": mean(run.score for run in full) - score} | lead


def kept_by(strategy: str, n_layers: int, n_dropped: int, similarity: Sequence[float] | None) -> tuple[int, ...] | None:
    """The layers that strategy keeps; None where it cannot drop so many."""
    points = strategy_points(n_layers, similarity)
    return next((kept for name, k, kept in points if (name, k) == (strategy, n_dropped)), None)


def compare_strategies(
    runs: Sequence[Run], better: str, worse: str, n_dropped: int, similarity: Sequence[float] | None
) -> dict | None:
    """What `compare` says of two strategies that drop as many layers."""
    groups, n_layers = by_stack(runs), runs[0].n_layers
    stacks = [kept_by(name, n_layers, n_dropped, similarity) for name in (better, worse)]
    return compare(*(groups.get(kept, []) for kept in stacks))
