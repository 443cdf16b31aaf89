"""From stored records to what figures draw and sentences tell: which runs may stand together, and what a drop saves.

Only runs of the same weights, texts, recipe and start stand in one table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

from . import published
from .recipes import get_recipe
from .runs import AS_IS, FINE_TUNED, PRE_TRAINED, Run, Similarity
from .strategies import STRATEGIES, kept_layers


@dataclass(frozen=True)
class Cost:
    """What a number of dropped layers saves: (full model, pruned). None where it was not measured or published."""

    parameters: tuple[int, int] | None = None
    latency_ms: dict[str, tuple[float, float]] | None = None  # batch size -> medians
    train_seconds: tuple[float, float] | None = None  # both trainings, where there are two
    flops: tuple[float, float] | None = None  # of one text
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
    seconds, flops = (
        tuple(median(getattr(run, name) for run in side) for side in (full, pruned))
        for name in ("train_seconds", "flops")
    )
    if pruned[0].start == FINE_TUNED:
        seconds = (seconds[0], sum(seconds))
    return Cost(parameters, latency, seconds, flops)


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
