"""What stored runs show: which stack wins and how surely, and where the paper is borne out. Pure functions over runs.

Two stacks are compared seed by seed, so that chance by the seed falls out of the difference. How sure a difference is:

sure        three seeds or more that all agree, and the 95% t interval of their differences leaves out 0;
every seed  two seeds or more that all agree in which is better, which a few may do by chance;
open        the seeds disagree, or there is one alone.

That covers the seeds alone: all of them are scored on the same test texts, whose choice adds chance of its own.
"""

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import mean, stdev

from .curve import is_at_chance
from .frames import by_stack, strategy_points
from .runs import Run
from .strategies import STRATEGIES

SURE, EVERY, OPEN = "sure", "every seed", "open"
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
    from scipy.special import stdtrit  # of Student's t; slow to import, and most views do without it

    half = float(stdtrit(len(gaps) - 1, LEVEL)) * stdev(gaps) / sqrt(len(gaps)) if len(gaps) > 1 else None
    low, high = (None, None) if half is None else (mean(gaps) - half, mean(gaps) + half)
    return {"gap": mean(gaps), "gaps": gaps, "low": low, "high": high, "certainty": certainty(gaps, low, high)}


def certainty(gaps: Sequence[float], low: float | None, high: float | None) -> str:
    """A word for differences with that interval, see above."""
    if low is None or not (all(gap > 0 for gap in gaps) or all(gap < 0 for gap in gaps)):
        return OPEN
    return SURE if len(gaps) > 2 and (low > 0 or high < 0) else EVERY


def stacks_of(n_layers: int, n_dropped: int, similarity: Sequence[float] | None) -> dict[tuple[int, ...], list[str]]:
    """kept -> labels of the strategies that keep it, of those that drop so many."""
    found: dict[tuple[int, ...], list[str]] = {}
    for strategy, k, kept in strategy_points(n_layers, similarity):
        if k == n_dropped:
            found.setdefault(kept, []).append(STRATEGIES[strategy].label)
    return found


def contest(runs: Sequence[Run], n_dropped: int, similarity: Sequence[float] | None) -> dict | None:
    """The best stack of that size and the next, by their means over the seeds that all stacks of that size share; None
    where there are fewer than two stacks, no such seed, or no full model with it.

    best, rival (labels of the strategies that keep them), kept and rival_kept, score and loss of the best (mean against
    mean, as the curve has it: the full model may have more seeds), rival_at_chance, and what `compare` says of the two.
    """
    groups, full = by_stack(runs), [run for run in runs if not run.n_dropped]
    labels = stacks_of(runs[0].n_layers, n_dropped, similarity) if runs else {}
    shared = seeds_of(groups[kept] for kept in labels if kept in groups)
    stacks = {kept: [run for run in groups[kept] if run.seed in shared] for kept in labels if kept in groups}
    if len(stacks) < 2 or not shared & {run.seed for run in full}:
        return None
    best, rival, *_ = sorted(stacks, key=lambda kept: -mean(run.score for run in stacks[kept]))
    score = mean(run.score for run in stacks[best])
    row = {"n_dropped": n_dropped, "best": labels[best], "rival": labels[rival], "kept": best, "rival_kept": rival}
    row |= {"score": score, "loss": mean(run.score for run in full) - score}
    return row | {"rival_at_chance": all(map(is_at_chance, stacks[rival]))} | compare(stacks[best], stacks[rival])


def seeds_of(groups: Iterable[Sequence[Run]]) -> set[int]:
    """The seeds that every group has."""
    seeds = [{run.seed for run in group} for group in groups]
    return set.intersection(*seeds) if seeds else set()


def kept_by(strategy: str, n_layers: int, n_dropped: int, similarity: Sequence[float] | None) -> tuple[int, ...] | None:
    """The layers that strategy keeps; None where it cannot drop so many."""
    points = strategy_points(n_layers, similarity)
    return next((kept for name, k, kept in points if (name, k) == (strategy, n_dropped)), None)


def compare_strategies(
    runs: Sequence[Run], better: str, worse: str, n_dropped: int, similarity: Sequence[float] | None
) -> dict | None:
    """What `compare` says of two strategies that drop as many layers; None without runs of both."""
    if not runs:
        return None
    groups, n_layers = by_stack(runs), runs[0].n_layers
    stacks = [kept_by(name, n_layers, n_dropped, similarity) for name in (better, worse)]
    return compare(*(groups.get(kept, []) for kept in stacks))
