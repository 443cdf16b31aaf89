"""What a budget buys: "I accept a loss of p points". Tables from stored runs; nothing is trained or loaded.

Every loss is counted seed by seed, full model minus pruned one, so that chance by the seed falls out of it. How sure it
is that so many layers can go:

certain   two seeds or more, and even the upper end of each one's loss is within the budget;
observed  two seeds or more, and each one's loss, as observed on these test texts, is within the budget;
unclear   the mean loss is within the budget, and no more than that: there is one seed alone, or one loses more.

The upper end of a loss rests on both scores' 95% intervals over the test texts (`curve.lowest_gap`). Both models read
the same texts, so this errs on the safe side.
With 1,000 texts the upper end is about 3.5 points above the loss: such a test can be certain of large budgets alone.
"""

from collections.abc import Sequence
from itertools import groupby
from statistics import mean, median

from .curve import lowest_gap
from .frames import measured_cost, strategy_points
from .runs import Run

CERTAIN, OBSERVED, UNCLEAR = "certain", "observed", "unclear"


def most_droppable(runs: Sequence[Run], similarity: Sequence[float] | None, points: float) -> list[dict]:
    """One row per strategy that was run: the most layers it drops within that loss, and `n_certain`, the most that it
    certainly does. To drop none is certain.

    `runs` are comparable ones (see `frames.comparable`), `similarity` a cosine per layer. Only numbers of layers that
    share a seed with the full model count; `measured` lists them. ValueError where `points` is negative or no number.
    """
    if not points >= 0:
        raise ValueError(f"a loss of {points} points cannot be accepted; give 0 or more, such as 1 or 2.5")
    full = {run.seed: run for run in runs if not run.n_dropped}
    if not full:
        return []
    rows = []
    for strategy, group in groupby(strategy_points(runs[0].n_layers, similarity), key=lambda point: point[0]):
        found = [{"strategy": strategy, "n_dropped": n} | loss_of(kept, full, runs) for _, n, kept in group]
        found = [point for point in found if point["seeds"]]
        if len(found) > 1:  # more than the full model
            within = [point | {"certainty": certainty(point, points)} for point in found if point["loss"] <= points]
            chosen = max(within, key=lambda point: point["n_dropped"])
            sure = max(point["n_dropped"] for point in within if point["certainty"] == CERTAIN)
            sizes = {"n_certain": sure, "measured": [point["n_dropped"] for point in found]}
            rows.append(chosen | sizes | savings(runs, chosen["n_dropped"]))
    return rows


def best_row(rows: Sequence[dict]) -> dict | None:
    """Of the strategies that drop most layers the one that loses least; None without rows."""
    return max(rows, key=lambda row: (row["n_dropped"], -row["loss"]), default=None)


def loss_of(kept: tuple[int, ...], full: dict[int, Run], runs: Sequence[Run]) -> dict:
    """What keeping those layers costs, in points, over the seeds that the full model was run with too.

    `loss` is the mean of `losses`, one per seed, and `upper` has the upper ends of their 95% intervals.
    """
    pruned = {run.seed: run for run in runs if run.kept == kept and run.seed in full}
    seeds = sorted(pruned)
    losses = [round(full[seed].score - pruned[seed].score, 6) for seed in seeds]
    return {
        "loss": mean(losses) if losses else None,
        "losses": losses,
        "upper": [upper_loss(full[seed], pruned[seed]) for seed in seeds],
        "seeds": seeds,
        "kept": list(kept),
        "runs": [pruned[seed].key for seed in seeds],
    }


def upper_loss(full: Run, pruned: Run) -> float:
    """Upper end of the 95% interval of the loss over test texts, in points."""
    if pruned.key == full.key:
        return 0.0
    return -lowest_gap(pruned.score, pruned.interval[0], full.score, full.interval[1])


def certainty(point: dict, points: float) -> str:
    """How sure it is that a point of `loss_of` whose mean loss is within the budget stays there."""
    if not point["n_dropped"]:
        return CERTAIN
    if len(point["seeds"]) < 2 or max(point["losses"]) > points:
        return UNCLEAR
    return CERTAIN if max(point["upper"]) <= points else OBSERVED


def savings(runs: Sequence[Run], n_dropped: int) -> dict:
    """What so many dropped layers save: parameters, megabytes and speed; both sizes have to be among the runs."""
    before, after = measured_cost(runs, n_dropped).parameters
    return {
        "parameters": {"before": before, "after": after},
        "megabytes": {"before": 4 * before / 1e6, "after": 4 * after / 1e6},  # every model is saved in float32
        "speedup": speedup(runs, n_dropped),
    }


def speedup(runs: Sequence[Run], n_dropped: int) -> dict:
    """How many times faster than the full model: predicted from the operations, and measured, by batch size.

    None, and no batch sizes, where one of the two was not run, or not timed on the same device.
    """
    full, pruned = ([run.flops for run in runs if run.n_dropped == n] for n in (0, n_dropped))
    latency = measured_cost(runs, n_dropped).latency_ms or {}
    return {
        "predicted": median(full) / median(pruned) if full and pruned else None,
        "measured": {batch: before / after for batch, (before, after) in latency.items()},
    }


def dominated(points: Sequence[tuple[float, ...]]) -> list[bool]:
    """Of each (score, cost, ...): whether another scores no less, costs no more, and is better in one of them."""
    gains = [(score, *(-cost for cost in costs)) for score, *costs in points]
    return [
        any(other != gain and all(o >= g for o, g in zip(other, gain, strict=True)) for other in gains)
        for gain in gains
    ]
