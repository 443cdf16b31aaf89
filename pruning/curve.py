"""The curve of scores against dropped layers as plain points, of stored runs or of published numbers.

A strategy's point is found by the layers it keeps, so strategies that keep the same layers share their runs. The means
over seeds are taken here. A run that was not made is no point.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from statistics import mean
from typing import Any

from . import published
from .frames import by_stack, strategy_points
from .runs import Run
from .strategies import STRATEGIES

CORRELATIONS = ("matthews", "spearman")  # of classes and of numbers, among the metrics of tasks
MEASURED = "measured"  # the source of what this program ran; published points have a key of published.SOURCES


@dataclass(frozen=True)
class CurvePoint:
    """One strategy at one number of dropped layers; scores in percent. Published ones have no seeds, no intervals."""

    strategy: str
    n_dropped: int
    dropped: tuple[int, ...] | None  # None where a source does not say which
    score: float  # mean over seeds
    loss: float | None  # points below the full model, mean over the seeds of both, see `loss_of`; None: no such run
    source: str
    low: float | None = None  # lowest and highest end of the seeds' 95% intervals over the test texts
    high: float | None = None
    seeds: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()  # one per seed
    intervals: tuple[tuple[float, float], ...] = ()  # of those scores: 95%, over the test texts
    full_seeds: tuple[int, ...] = ()  # of the full model
    n_at_chance: int = 0  # seeds whose model is no better than chance
    n_eval: int | None = None
    where: str = ""  # published: the table or figure
    evidence: str = ""  # published: a key of published.EVIDENCE
    live: bool = False  # has a run made on this machine

    @property
    def paired(self) -> bool:
        """The full model was run with each of its seeds, so chance by the seed falls out of the loss."""
        return set(self.seeds) <= set(self.full_seeds)

    @property
    def chance(self) -> str:
        """Which seeds are no better than chance: '1 of 3 seeds'; '' where none is."""
        n = len(self.scores)
        return f"{self.n_at_chance} of {n} seed{'s' * (n > 1)}" if self.n_at_chance else ""


def measured_curve(
    runs: Sequence[Run], similarity: Sequence[float] | None, is_live: Callable[[Run], bool] = lambda run: False
) -> list[CurvePoint]:
    """A point per strategy and number of dropped layers that was run; kept sets of no strategy are 'custom' points.

    `runs` are comparable ones. `similarity` is a cosine per layer, which contribution goes by.
    """
    if not runs:
        return []
    n_layers = runs[0].n_layers
    by_kept = by_stack(runs)
    points = strategy_points(n_layers, similarity)
    drawn = {kept for _, _, kept in points}
    points += [("custom", n_layers - len(kept), kept) for kept in by_kept if kept not in drawn]
    baseline = by_kept.get(tuple(range(n_layers)), [])
    return [measured_point(name, by_kept[kept], baseline, is_live) for name, _, kept in points if kept in by_kept]


def measured_point(strategy: str, runs: list[Run], baseline: list[Run], is_live: Callable[[Run], bool]) -> CurvePoint:
    """The point of one kept set's runs, one per seed."""
    runs = sorted(runs, key=lambda run: run.seed)
    return CurvePoint(
        strategy,
        runs[0].n_dropped,
        runs[0].dropped,
        mean(run.score for run in runs),
        loss=loss_of(runs, baseline),
        source=MEASURED,
        low=min(run.interval[0] for run in runs),
        high=max(run.interval[1] for run in runs),
        seeds=tuple(run.seed for run in runs),
        scores=tuple(run.score for run in runs),
        intervals=tuple(run.interval for run in runs),
        full_seeds=tuple(sorted(run.seed for run in baseline)),
        n_at_chance=sum(map(is_at_chance, runs)),
        n_eval=runs[0].n_eval,
        live=any(is_live(run) for run in runs),
    )


def loss_of(runs: Sequence[Run], baseline: Sequence[Run]) -> float | None:
    """Points that a stack's runs lose, mean over the seeds that the full model was run with too, so that chance by the
    seed falls out of it; mean against mean where they share none. None without a full model."""
    if not baseline:
        return None
    full = {run.seed: run.score for run in baseline}
    gaps = [full[run.seed] - run.score for run in runs if run.seed in full]
    return mean(gaps) if gaps else mean(full.values()) - mean(run.score for run in runs)


def is_above(point: CurvePoint, other: CurvePoint) -> bool:
    """Whether the test texts, the same ones for both, tell it apart from the other as the better."""
    lead = lowest_lead(point, other)
    return lead is not None and lead > 0


def lowest_lead(point: CurvePoint, other: CurvePoint) -> float | None:
    """Lower end of the 95% interval over the test texts of how far it is ahead of the other, in points: the lowest of
    all `shared_pairs` of runs. None for published points, which have no intervals.
    """
    leads = [
        lowest_gap(point.scores[i], point.intervals[i][0], other.scores[j], other.intervals[j][1])
        for i, j in shared_pairs(point, other)
    ]
    return min(leads, default=None)


def shared_pairs(point: CurvePoint, other: CurvePoint) -> list[tuple[int, int]]:
    """Places of the runs of two points that are compared: those of one seed, or every pair where they share no seed."""
    pairs = [(i, j) for i in range(len(point.seeds)) for j in range(len(other.seeds))]
    return [(i, j) for i, j in pairs if point.seeds[i] == other.seeds[j]] or pairs


def lowest_gap(score: float, low: float, other: float, other_high: float) -> float:
    """Lower end of the 95% interval of score - other, from the near ends of both scores' own intervals, whose distances
    are added like the sides of a right angle (square-and-add, Newcombe 1998)."""
    return score - other - hypot(score - low, other_high - other)


def is_at_chance(run: Run) -> bool:
    """Whether its predictions go no better with the right ones than unrelated ones might, by their correlation.

    Of n unrelated pairs the correlation is normal with deviation 1/sqrt(n), and above 1.96 of it in 2.5% of cases. A
    task without a correlation among its metrics (MNLI) is never called so.
    """
    found = next((run.metrics[name] for name in CORRELATIONS if name in run.metrics), None)
    return found is not None and found / 100 <= 1.96 / sqrt(run.n_eval)


def share_at_chance(runs: Sequence[Run]) -> str:
    """How many of a stack's runs, one per seed, are no better than chance: '', 'at chance' or '2 of 3 at chance'."""
    failed = sum(map(is_at_chance, runs))
    if not failed:
        return ""
    return "at chance" if failed == len(runs) else f"{failed} of {len(runs)} at chance"


def published_curve(model: str, task: str, source: str) -> list[CurvePoint]:
    """The same of one source's published numbers, by strategy. `model` as the source names it."""
    rows = published.scores(model, task, source)
    full = rows[rows.strategy == "none"]
    if full.empty:
        return []
    baseline = next(full.itertuples())
    reported = [name for name in STRATEGIES if name in set(rows.strategy)]
    found = [published_point(name, baseline, baseline.score) for name in reported]
    pruned = rows[rows.strategy.isin(reported)]
    found += [published_point(row.strategy, row, baseline.score) for row in pruned.itertuples()]
    return sorted(found, key=lambda point: (point.strategy, point.n_dropped))


def published_point(strategy: str, row: Any, full_score: float) -> CurvePoint:
    """`row` is one of `published.scores`, as itertuples gives it."""
    return CurvePoint(
        strategy,
        int(row.n_dropped),
        () if row.n_dropped == 0 else None,
        float(row.score),
        loss=float(full_score - row.score),
        source=row.source,
        where=row.where,
        evidence=row.evidence,
    )


def find_point(
    curve: Sequence[CurvePoint], strategy: str, n_dropped: int, dropped: tuple[int, ...] | None = None
) -> CurvePoint | None:
    """That point of the curve, or None; `dropped` tells apart those of strategy custom.

    Layers named by hand are found where a strategy drops them too, as a point of custom.
    """
    points = [point for point in curve if point.n_dropped == n_dropped]
    if strategy != "custom":
        return next((point for point in points if point.strategy == strategy), None)
    named = (point for point in points if dropped is not None and point.dropped == dropped)
    return next((replace(point, strategy="custom") for point in named), None)


def full_score(curve: Sequence[CurvePoint]) -> float | None:
    """The full model's score, which every loss is counted from; None where it was not run."""
    return next((point.score for point in curve if not point.n_dropped), None)
