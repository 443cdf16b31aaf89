"""From stored analyses to the tables that figures draw: similarity between states, drift, probes, worth and cost.

States are named as people count them: 'emb' is what the embeddings give, '0' what layer 0 gives.
"""

from collections.abc import Sequence
from statistics import mean

import pandas as pd

from . import published
from .budget import dominated
from .frames import by_stack, measured_cost, strategy_points
from .recipes import get_recipe
from .runs import PRE_TRAINED, STARTS, Drift, LayerMatrix, Probe, Run, Similarity

PRE_TRAINED_LABEL, FINE_TUNED_LABEL = "pre-trained", "fine-tuned"


def state_names(layers: Sequence[int]) -> list[str]:
    """emb, then a name per layer."""
    return ["emb", *map(str, layers)]


def layer_spread(similarity: Similarity | None) -> pd.DataFrame:
    """layer, low, middle, high: quartiles over texts of the cosine of each layer's input and output."""
    rows = enumerate(similarity.quartiles) if similarity else ()
    return pd.DataFrame([(layer, *values) for layer, values in rows], columns=["layer", "low", "middle", "high"])


def variation_table(similarities: Sequence[Similarity]) -> pd.DataFrame:
    """pooling, state, share: how much each state differs between texts, in percent of the mean's length, or None."""
    rows = [
        (s.pooling, state, None if share is None else 100 * share)
        for s in similarities
        for state, share in zip(state_names(range(len(s.mean))), s.variation)  # () in older rows
    ]
    return pd.DataFrame(rows, columns=["pooling", "state", "share"])


def name_share(share: float | None) -> str:
    """A variation in percent, with the digits that mean something."""
    percent = 100 * (share or 0)
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"


def matrix_table(matrix: LayerMatrix | None) -> pd.DataFrame:
    """States by states, both named; None where a similarity is not defined."""
    if not matrix:
        return pd.DataFrame()
    names = state_names(range(len(matrix.matrix) - 1))
    return pd.DataFrame(matrix.matrix, index=names, columns=names)


def drift_table(drifts: Sequence[Drift], labels: Sequence[str], beside: Sequence[str] = ()) -> pd.DataFrame:
    """row, state, cosine, n_texts, source: one row per record and state; then the published rows of those models."""
    rows = [
        (label, state, cosine, drift.n_texts, "measured")
        for drift, label in zip(drifts, labels, strict=True)
        for state, cosine in zip(state_names(drift.kept), drift.mean, strict=True)
    ]
    known = published.load_drift()
    for row in known[known.model.isin(beside)].itertuples():
        state = "emb" if row.layer == 0 else str(row.layer - 1)  # layer 0 there are the embeddings
        label = f"{row.model}, {row.where}<br>{published.SOURCES[row.source].label}"
        rows.append((label, state, row.cosine_to_pretrained, None, row.source))
    return pd.DataFrame(rows, columns=["row", "state", "cosine", "n_texts", "source"])


def probe_table(probes: Sequence[Probe], beside: Sequence[str] = ()) -> pd.DataFrame:
    """line, state, score, low, high, n_texts, source: a row per record and state, in percent; then published curves."""
    rows = [
        (FINE_TUNED_LABEL if probe.run else PRE_TRAINED_LABEL, state, score, low, high, probe.n_texts, "measured")
        for probe in probes
        for state, score, (low, high) in zip(state_names(probe.kept), probe.scores, probe.intervals, strict=True)
    ]
    known = published.load_layer_probes()
    for row in known[known.model.isin(beside)].itertuples():
        label = f"{row.model}, {published.SOURCES[row.source].label}"
        rows.append((label, str(row.layer - 1), 100 * row.score, None, None, None, row.source))
    return pd.DataFrame(rows, columns=["line", "state", "score", "low", "high", "n_texts", "source"])


def value_table(runs: Sequence[Run], similarity: Sequence[float] | None) -> pd.DataFrame:
    """strategy, n_dropped, dropped, score, latency_ms, parameters (millions), faded: a row per kept set that was run.

    Score: mean over seeds; latency of 32 texts: as in the tiles (see `frames.measured_cost`). `faded` says
    whether another kept set scores no less with no more layers, and is better in one of them. A set that several
    strategies keep is the first one's.
    """
    by_kept = by_stack(runs)
    names = {}
    for strategy, _, kept in strategy_points(runs[0].n_layers, similarity) if runs else ():
        names.setdefault(kept, strategy)
    rows = [
        (names.get(kept, "custom"), group[0].n_dropped, group[0].dropped, mean(run.score for run in group))
        + (latency_of(runs, group[0].n_dropped), group[0].parameters / 1e6)
        for kept, group in by_kept.items()
    ]
    columns = ["strategy", "n_dropped", "dropped", "score", "latency_ms", "parameters"]
    worth = [(row[3], len(kept)) for row, kept in zip(rows, by_kept, strict=True)]
    return pd.DataFrame(rows, columns=columns).assign(faded=dominated(worth))


def latency_of(runs: Sequence[Run], n_dropped: int) -> float | None:
    """ms for 32 texts with so many layers dropped, on the device that timed the full model too; None: on none."""
    latency = measured_cost(runs, n_dropped).latency_ms or {}
    return latency["32"][1] if "32" in latency else None


def order_table(runs: Sequence[Run], strategy: str, similarity: Sequence[float] | None) -> pd.DataFrame:
    """n_dropped, kept, start, score, low, high, seeds: that strategy's points that were run with more than one start.

    `runs` are of one model, task and recipe, and of any start. Only seeds that every start of a point has count; score
    is their mean, low and high the widest ends of their intervals.
    """
    rows = []
    points = [point for point in strategy_points(runs[0].n_layers, similarity) if point[0] == strategy] if runs else []
    for _, n_dropped, kept in points:
        by_start: dict[str, dict[int, Run]] = {}
        for run in runs:
            if n_dropped and run.kept == kept:
                by_start.setdefault(run.start, {})[run.seed] = run
        shared = set.intersection(*map(set, by_start.values())) if len(by_start) > 1 else set()
        for start in [start for start in STARTS if start in by_start] if shared else ():
            found = [by_start[start][seed] for seed in sorted(shared)]
            ends = min(run.interval[0] for run in found), max(run.interval[1] for run in found)
            rows.append((n_dropped, kept, start, mean(run.score for run in found), *ends, tuple(sorted(shared))))
    return pd.DataFrame(rows, columns=["n_dropped", "kept", "start", "score", "low", "high", "seeds"])


def of_recipe(runs: Sequence[Run], recipe: str, revision: str = "") -> list[Run]:
    """The runs that differ from the recipe in the number of training texts alone; one start, revision and data.

    Recipes of another name may be the same training: of several such runs of one seed the first one stands.
    """
    wanted = free_of_texts(get_recipe(recipe).values())
    groups: dict[tuple, dict[tuple, Run]] = {}
    for run in runs:
        if free_of_texts(run.recipe) == wanted and run.start == PRE_TRAINED and revision in ("", run.revision):
            groups.setdefault((run.revision, run.data), {}).setdefault((run.n_train, run.kept, run.seed), run)
    return list(max(groups.values(), key=len, default={}).values())


def free_of_texts(recipe: dict) -> dict:
    """What two recipes that differ in their name and number of texts have in common."""
    return {name: value for name, value in recipe.items() if name not in ("name", "max_train")}


def training_table(runs: Sequence[Run], similarity: Sequence[float] | None, n_dropped: int) -> pd.DataFrame:
    """strategy, n_train, score, low, high, seeds, scores: a row per strategy that drops so many layers and number of
    training texts; strategy '' is the full model. `runs` are those of `of_recipe`.

    Score: mean over seeds; low and high: widest ends of the seeds' 95% intervals over the test texts.
    """
    rows = []
    for n_train in sorted({run.n_train for run in runs}):
        alike = [run for run in runs if run.n_train == n_train]
        points = strategy_points(alike[0].n_layers, similarity) if n_dropped else ()
        stacks = {name: kept for name, k, kept in points if k == n_dropped}
        for strategy, kept in {"": tuple(range(alike[0].n_layers)), **stacks}.items():
            found = sorted((run for run in alike if run.kept == kept), key=lambda run: run.seed)
            if found:
                scores, ends = tuple(run.score for run in found), [run.interval for run in found]
                row = (strategy, n_train, mean(scores), min(low for low, _ in ends), max(high for _, high in ends))
                rows.append((*row, tuple(run.seed for run in found), scores))
    return pd.DataFrame(rows, columns=["strategy", "n_train", "score", "low", "high", "seeds", "scores"])
