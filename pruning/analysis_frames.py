"""From stored analyses to the tables that figures draw: similarity between states, drift, probes, worth and cost.

States are named as people count them: 'emb' is what the embeddings give, '0' what layer 0 gives.
"""

from collections.abc import Sequence
from statistics import mean, median

import pandas as pd

from . import published
from .budget import dominated
from .frames import strategy_points
from .runs import Drift, LayerMatrix, Probe, Run, Similarity

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
        label = f"{row.model}, {published.SOURCES[row.source].label}, {row.where}"
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

    Score: mean over seeds; latency of 32 texts: median over all runs of as many layers, as in the tiles. `faded` says
    whether another kept set scores no less with no more layers, and is better in one of them. A set that several
    strategies keep is the first one's.
    """
    by_size: dict[int, list[float]] = {}
    for run in runs:
        by_size.setdefault(run.n_dropped, []).append(run.latency_ms["32"])
    by_kept: dict[tuple[int, ...], list[Run]] = {}
    for run in runs:
        by_kept.setdefault(run.kept, []).append(run)
    names = {}
    for strategy, _, kept in strategy_points(runs[0].n_layers, similarity) if runs else ():
        names.setdefault(kept, strategy)
    rows = [
        (names.get(kept, "custom"), group[0].n_dropped, group[0].dropped, mean(run.score for run in group))
        + (median(by_size[group[0].n_dropped]), group[0].parameters / 1e6)
        for kept, group in by_kept.items()
    ]
    columns = ["strategy", "n_dropped", "dropped", "score", "latency_ms", "parameters"]
    worth = [(row[3], len(kept)) for row, kept in zip(rows, by_kept, strict=True)]
    return pd.DataFrame(rows, columns=columns).assign(faded=dominated(worth))
