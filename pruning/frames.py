"""From stored records to the tables that figures draw and sentences tell; the curve's means over seeds are taken here.

Only runs of the same weights, texts, recipe and start stand in one table. A strategy's point is found by the layers it
keeps, so strategies that keep the same layers share their runs. A run that was not made is no row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan
from statistics import mean, median
from typing import Any

import pandas as pd

from . import published
from .recipes import get_recipe
from .runs import AS_IS, PRE_TRAINED, Run, Similarity
from .strategies import STRATEGIES, kept_layers

MEASURED = "measured"  # the source of what this program ran; published rows have a key of published.SOURCES
CURVE = (
    "strategy",
    "n_dropped",
    "dropped",  # tuple of layers; None where a source does not say which
    "score",  # mean over seeds, in percent
    "low",  # lowest and highest end of the seeds' 95% intervals over the test texts
    "high",
    "seeds",
    "scores",  # one per seed, in the order of seeds
    "loss",  # points below the full model, mean against mean
    "paired",  # True: the full model was run with the same seeds, so chance by the seed falls out of the loss
    "n_full",  # seeds of the full model
    "n_at_chance",  # seeds whose model is no better than chance
    "n_eval",
    "source",
    "where",  # published: the table or figure
    "evidence",  # published: a key of published.EVIDENCE
    "live",  # has a run made on this machine
)


@dataclass(frozen=True)
class Cost:
    """What a number of dropped layers saves: (full model, pruned). None where it was not measured or published."""

    parameters: tuple[int, int] | None = None
    latency_ms: dict[str, tuple[float, float]] | None = None  # batch size -> medians
    train_seconds: tuple[float, float] | None = None
    tuning_speedup: float | None = None  # published only
    inference_saved: float | None = None  # published only: percent less time


def comparable(runs: Sequence[Run], recipe: str, revision: str = "", start: str = PRE_TRAINED) -> list[Run]:
    """The runs that may stand in one line: of that recipe as it is now, that start, one revision and data.

    Where they drop from a fine-tuned model, the full model's own run stands with them: losses are counted from it.
    With `revision`, runs of those weights alone. Of several groups the one with the most runs, of equals the newest.
    """
    values = get_recipe(recipe).values()
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        is_full = run.start == PRE_TRAINED and not run.n_dropped
        belongs = is_full if not run.n_dropped else run.start == start
        if run.recipe == values and belongs and revision in ("", run.revision):
            groups.setdefault((run.revision, run.data), []).append(run)
    return max(groups.values(), key=lambda group: (len(group), max(run.created_at for run in group)), default=[])


def matching(similarities: Sequence[Similarity], runs: Sequence[Run], pooling: str) -> Similarity | None:
    """The similarities of the weights and texts of these runs (of any, where there are no runs), newest first."""
    wanted = {(run.revision, run.data) for run in runs}
    found = [s for s in similarities if s.pooling == pooling and (not wanted or (s.revision, s.data) in wanted)]
    return found[-1] if found else None


def by_stack(runs: Sequence[Run]) -> dict[tuple[int, ...], list[Run]]:
    """kept -> its runs."""
    found: dict[tuple[int, ...], list[Run]] = {}
    for run in runs:
        found.setdefault(run.kept, []).append(run)
    return found


def strategy_points(n_layers: int, similarity: Sequence[float] | None) -> list[tuple[str, int, tuple[int, ...]]]:
    """(strategy, n_dropped, kept) for every point there can be; contribution only where similarities are known."""
    known = [s for s in STRATEGIES.values() if not s.needs or (s.needs == "similarity" and similarity)]
    return [
        (s.name, k, kept_layers(s.name, n_layers, k, similarity if s.needs else None))
        for s in known
        for k in range(s.most(n_layers) + 1)
    ]


def measured_curve(
    runs: Sequence[Run], similarity: Sequence[float] | None, is_live: Callable[[Run], bool] = lambda run: False
) -> pd.DataFrame:
    """One row per strategy and number of dropped layers that was run; kept sets of no strategy are 'custom' rows.

    `runs` are comparable ones. `similarity` is a cosine per layer, which contribution goes by.
    """
    if not runs:
        return pd.DataFrame(columns=list(CURVE))
    n_layers = runs[0].n_layers
    by_kept = by_stack(runs)
    points = strategy_points(n_layers, similarity)
    drawn = {kept for _, _, kept in points}
    points += [("custom", n_layers - len(kept), kept) for kept in by_kept if kept not in drawn]
    baseline = by_kept.get(tuple(range(n_layers)), [])
    rows = [measured_point(name, by_kept[kept], baseline, is_live) for name, _, kept in points if kept in by_kept]
    return pd.DataFrame(rows, columns=list(CURVE))


def measured_point(strategy: str, runs: list[Run], baseline: list[Run], is_live: Callable[[Run], bool]) -> dict:
    """One row of the curve: runs of one kept set, one per seed."""
    runs = sorted(runs, key=lambda run: run.seed)
    score, seeds = mean(run.score for run in runs), tuple(run.seed for run in runs)
    return {
        "strategy": strategy,
        "n_dropped": runs[0].n_dropped,
        "dropped": runs[0].dropped,
        "score": score,
        "low": min(run.interval[0] for run in runs),
        "high": max(run.interval[1] for run in runs),
        "seeds": seeds,
        "scores": tuple(run.score for run in runs),
        "loss": mean(run.score for run in baseline) - score if baseline else None,
        "paired": sorted(run.seed for run in baseline) == list(seeds),
        "n_full": len(baseline),
        "n_at_chance": sum(map(is_at_chance, runs)),
        "n_eval": runs[0].n_eval,
        "source": MEASURED,
        "where": "",
        "evidence": "",
        "live": any(is_live(run) for run in runs),
    }


def is_at_chance(run: Run) -> bool:
    """Whether its classes have nothing to do with the right ones, as where every text gets the same one."""
    return run.metrics.get("matthews") == 0


def published_curve(model: str, task: str, source: str) -> pd.DataFrame:
    """The same table from one source's published numbers: no seeds and no intervals. `model` as the source names it."""
    rows = published.scores(model, task, source)
    full = rows[rows.strategy == "none"]
    if full.empty:
        return pd.DataFrame(columns=list(CURVE))
    baseline = next(full.itertuples())
    reported = [name for name in STRATEGIES if name in set(rows.strategy)]
    found = [published_point(name, baseline, baseline.score) for name in reported]
    pruned = rows[rows.strategy.isin(reported)]
    found += [published_point(row.strategy, row, baseline.score) for row in pruned.itertuples()]
    return pd.DataFrame(found, columns=list(CURVE)).sort_values(["strategy", "n_dropped"], ignore_index=True)


def published_point(strategy: str, row: Any, full_score: float) -> dict:
    """One row of the curve: `row` is one of `published.scores`, as itertuples gives it."""
    empty = {
        "low": None,
        "high": None,
        "seeds": (),
        "scores": (),
        "paired": False,
        "n_full": 0,
        "n_at_chance": 0,
        "n_eval": None,
        "live": False,
    }
    dropped = () if row.n_dropped == 0 else None
    return empty | {
        "strategy": strategy,
        "n_dropped": int(row.n_dropped),
        "dropped": dropped,
        "score": float(row.score),
        "loss": float(full_score - row.score),
        "source": row.source,
        "where": row.where,
        "evidence": row.evidence,
    }


def find_rows(curve: pd.DataFrame, strategy: str, n_dropped: int, dropped: Sequence[int] | None = None) -> pd.DataFrame:
    """That one row of the curve, or none; `dropped` tells apart the points of strategy custom.

    Layers named by hand are found where a strategy drops them too, as a point of custom.
    """
    rows = curve[curve.n_dropped == n_dropped]
    if strategy != "custom":
        return rows[rows.strategy == strategy]
    named = [dropped is not None and layers == dropped for layers in rows.dropped]
    return rows.loc[named].head(1).assign(strategy="custom")


def find_point(curve: pd.DataFrame, strategy: str, n_dropped: int, dropped: Sequence[int] | None = None) -> dict | None:
    """The same row as values, or None."""
    rows = find_rows(curve, strategy, n_dropped, dropped)
    if rows.empty:
        return None
    return {name: None if isinstance(v, float) and isnan(v) else v for name, v in rows.iloc[0].to_dict().items()}


def full_score(curve: pd.DataFrame) -> float | None:
    """The full model's score, which every loss is counted from; None where it was not run."""
    full = curve[curve.n_dropped == 0].score
    return float(full.iloc[0]) if len(full) else None


def measured_cost(runs: Sequence[Run], n_dropped: int) -> Cost:
    """Medians over all runs of that many dropped layers against the full model's, on the device last used for both.

    All layers of a model are alike, so parameters and times depend on how many are dropped and not on which; the
    median over every run of one size is steadier than that over the seeds of one point.
    """
    full, pruned = ([run for run in runs if run.n_dropped == n] for n in (0, n_dropped))
    parameters = (full[0].parameters, pruned[0].parameters) if full and pruned else None
    both = {devices(run) for run in full} & {devices(run) for run in pruned}
    if not both:
        return Cost(parameters)
    used = devices(max((run for run in pruned if devices(run) in both), key=lambda run: run.created_at))
    full, pruned = ([run for run in side if devices(run) == used] for side in (full, pruned))
    latency = {
        batch: tuple(median(run.latency_ms[batch] for run in side) for side in (full, pruned))
        for batch in pruned[0].latency_ms
        if all(batch in run.latency_ms for run in full + pruned)
    }
    return Cost(parameters, latency, tuple(median(run.train_seconds for run in side) for side in (full, pruned)))


def devices(run: Run) -> tuple[str, str]:
    """What it was trained and what it was timed on."""
    return run.device, run.latency_device


def published_cost(model: str, n_dropped: int, source: str) -> Cost:
    """What that source reports for so many dropped layers, whichever they are."""
    full, pruned = (published.cost(model, n, source) for n in (0, n_dropped))
    if not full or not pruned:
        return Cost()
    millions = (full["parameters_millions"], pruned["parameters_millions"])
    return Cost(
        parameters=tuple(int(n * 1e6) for n in millions),
        tuning_speedup=pruned["finetuning_speedup"],
        inference_saved=pruned["inference_time_reduction_percent"],
    )


def similarity_table(similarities: Sequence[Similarity], pooling: str, revision: str) -> pd.DataFrame:
    """task, layer, cosine, std, n_texts: one row per task and layer, for one revision of the weights."""
    newest = {s.task: s for s in similarities if s.pooling == pooling and s.revision == revision}
    rows = [
        (s.task, layer, cosine, std, s.n_texts)
        for s in newest.values()
        for layer, (cosine, std) in enumerate(zip(s.mean, s.std, strict=True))
    ]
    return pd.DataFrame(rows, columns=["task", "layer", "cosine", "std", "n_texts"])


LATEST = 300  # of a user's own runs, that expected times rest on


def train_time(
    runs: Sequence[Run], task: str, recipe: str, n_kept: int, is_live: Callable[[Run], bool], n_train: int = 0
) -> tuple[float, str] | None:
    """(seconds, in words on what they rest) for a run of that size, or None.

    Of runs of the same recipe and number of kept layers, the user's own count first, and of those the same task's.
    Where the task has `n_train` training texts (0: not known), fewer than a run read, its time shrinks by as much.
    """
    values = get_recipe(recipe).values()
    found = [run for run in runs if len(run.kept) == n_kept and run.recipe == values and run.start != AS_IS]
    for own in (True, False):
        for same in (True, False):
            chosen = [run for run in found if is_live(run) == own and (run.task == task or not same)]
            if chosen:
                count = f"{len(chosen)} run{'s' if len(chosen) > 1 else ''} of this size"
                basis = f"{count} on this machine" if own else f"{count} shipped with this program"
                shares = (min(1, n_train / run.n_train) if n_train else 1 for run in chosen)
                return median(run.train_seconds * s for run, s in zip(chosen, shares, strict=True)), basis
    return None
