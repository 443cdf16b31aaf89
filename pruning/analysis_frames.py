"""From stored analyses to the tables that figures draw: similarity between states, drift, probes, worth and cost.

States are named as people count them: 'emb' is what the embeddings give, '0' what layer 0 gives.
"""

from collections.abc import Sequence
from statistics import mean

import pandas as pd

from . import published
from .budget import dominated
from .frames import measured_cost, strategy_points
from .runs import STARTS, Drift, LayerMatrix, Probe, Run, Similarity

PRE_TRAINED_LABEL, FINE_TUNED_LABEL = "pre-trained", "fine-tuned"


def state_names(layers: Sequence[int]) -> list[str]:
    """emb, then a name per layer."""
    return ["emb", *map(str, layers)]


def layer_spread(similarity: Similarity | None) -> pd.DataFrame:
    """layer, low, middle, high: quartiles over texts of the cosine of each layer's input and output."""
    rows = enumerate(similarity.quartiles) if similarity else ()
    return pd.DataFrame([(layer, *values) for layer, values in rows], columns=["layer", "low", "middle", "high"])


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
    by_kept: dict[tuple[int, ...], list[Run]] = {}
    for run in runs:
        by_kept.setdefault(run.kept, []).append(run)
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
