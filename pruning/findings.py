"""What stored runs show: which stack wins and how surely, and where the paper is borne out. Pure functions over runs.

Two stacks are compared seed by seed, so that chance by the seed falls out of the difference. How sure a difference is:

sure        three seeds or more that all agree, and the 95% t interval of their differences leaves out 0;
every seed  two seeds or more that all agree in which is better, which so few may do by chance;
open        the seeds disagree, or there is one alone.

The best of several stacks is as sure as it is of being ahead of the one it is least sure of.

That covers the seeds alone: all of them are scored on the same test texts, whose choice adds chance of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from .curve import loss_of, share_at_chance
from .frames import by_stack, strategy_points
from .runs import Run
from .strategies import STRATEGIES

OPEN, EVERY, SURE = CERTAINTIES = ("open", "every seed", "sure")  # from the least to the most
LEVEL = 0.975  # of the upper end of a 95% interval
SAME = 1e-9  # points


@dataclass(frozen=True)
class Difference:
    """Between two stacks, in points."""

    gap: float  # mean of the gaps
    gaps: tuple[float, ...]  # one per seed
    low: float | None  # ends of the mean's 95% t interval; None: one seed, or gaps that are all alike
    high: float | None
    certainty: str  # one of CERTAINTIES


@dataclass(frozen=True)
class Contest:
    """The best stack of its size; strategies as the labels of all that keep a stack."""

    n_dropped: int
    best: list[str]
    rival: list[str]  # the next best
    kept: tuple[int, ...]  # by the best
    score: float  # mean over the best one's seeds
    loss: float  # see curve.loss_of
    rival_chance: str  # see curve.share_at_chance
    gap: float  # ahead of the next best, over the seeds that all of them share
    certainty: str  # of being ahead of every other one: that of the least certain
    n_seeds: int  # that all of them share

    @property
    def label(self) -> str:
        return " = ".join(self.best)

    @property
    def rival_label(self) -> str:
        return " = ".join(self.rival)


def compare(better: Sequence[Run], worse: Sequence[Run]) -> Difference | None:
    """Over the seeds that both were run with; None where there is none. Both are runs of one stack each."""
    scores = [{run.seed: run.score for run in runs} for runs in (better, worse)]
    seeds = sorted(scores[0].keys() & scores[1].keys())
    return describe_gaps([scores[0][seed] - scores[1][seed] for seed in seeds]) if seeds else None


def describe_gaps(gaps: Sequence[float]) -> Difference:
    """Of differences in points, one per seed."""
    from scipy.special import stdtrit  # of Student's t; slow to import, and views of one or two seeds do without it

    low = high = None
    if max(gaps) - min(gaps) > SAME:  # gaps that are all alike are so because scores are counts of texts
        half = float(stdtrit(len(gaps) - 1, LEVEL)) * stdev(gaps) / sqrt(len(gaps))
        low, high = mean(gaps) - half, mean(gaps) + half
    return Difference(mean(gaps), tuple(gaps), low, high, certainty(gaps, low, high))


def certainty(gaps: Sequence[float], low: float | None, high: float | None) -> str:
    """A word for differences with that interval, see above."""
    if len(gaps) < 2 or not (all(gap > 0 for gap in gaps) or all(gap < 0 for gap in gaps)):
        return OPEN
    return SURE if low is not None and len(gaps) > 2 and (low > 0 or high < 0) else EVERY


def stacks_of(n_layers: int, n_dropped: int, similarity: Sequence[float] | None) -> dict[tuple[int, ...], list[str]]:
    """kept -> labels of the strategies that keep it, of those that drop so many."""
    found: dict[tuple[int, ...], list[str]] = {}
    for strategy, k, kept in strategy_points(n_layers, similarity):
        if k == n_dropped:
            found.setdefault(kept, []).append(STRATEGIES[strategy].label)
    return found


def contest(runs: Sequence[Run], n_dropped: int, similarity: Sequence[float] | None) -> Contest | None:
    """The best stack of that size by the mean over the seeds that all stacks of that size share; None where there are
    fewer than two stacks, no such seed, or no full model with it.
    """
    groups, full = by_stack(runs), [run for run in runs if not run.n_dropped]
    labels = stacks_of(runs[0].n_layers, n_dropped, similarity) if runs else {}
    shared = seeds_of(groups[kept] for kept in labels if kept in groups)
    stacks = {kept: [run for run in groups[kept] if run.seed in shared] for kept in labels if kept in groups}
    if len(stacks) < 2 or not shared & {run.seed for run in full}:
        return None
    best, *others = sorted(stacks, key=lambda kept: -mean(run.score for run in stacks[kept]))
    leads = [compare(stacks[best], stacks[kept]) for kept in others]
    return Contest(
        n_dropped,
        labels[best],
        labels[others[0]],
        best,
        mean(run.score for run in groups[best]),
        loss=loss_of(groups[best], full),
        rival_chance=share_at_chance(stacks[others[0]]),
        gap=leads[0].gap,
        certainty=min((lead.certainty for lead in leads), key=CERTAINTIES.index),
        n_seeds=len(shared),
    )


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
) -> Difference | None:
    """What `compare` says of two strategies that drop as many layers; None without runs of both."""
    if not runs:
        return None
    groups, n_layers = by_stack(runs), runs[0].n_layers
    stacks = [kept_by(name, n_layers, n_dropped, similarity) for name in (better, worse)]
    return compare(*(groups.get(kept, []) for kept in stacks))
