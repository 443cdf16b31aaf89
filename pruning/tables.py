"""Tables as people read them: column names are headings, numbers are rounded, layers are in words."""

from collections.abc import Callable, Sequence

import pandas as pd

from .curve import MEASURED, CurvePoint
from .published import EVIDENCE, SOURCES
from .runs import Run
from .strategies import STRATEGIES, describe_layers


def curve_numbers(curve: Sequence[CurvePoint]) -> pd.DataFrame:
    """The numbers a curve draws, the full model once."""
    rows = [
        {
            "Strategy": STRATEGIES[point.strategy].label if point.n_dropped else "Full model",
            "Layers dropped": point.n_dropped,
            "Which": describe_layers(point.dropped) if point.dropped is not None else "not published",
            "Score": round(point.score, 2),
            "Loss, points": round(point.loss, 2) if point.loss is not None else None,
            "95% low": round(point.low, 2) if point.low is not None else None,
            "95% high": round(point.high, 2) if point.high is not None else None,
            "Seeds": len(point.seeds) or None,
            "At chance": point.chance or None,
            "Test texts": point.n_eval,
            "Source": "measured" if point.source == MEASURED else f"{SOURCES[point.source].label}, {point.where}",
            "Evidence": EVIDENCE.get(point.evidence, "run on this machine" if point.live else "shipped run"),
        }
        for point in curve
    ]
    return pd.DataFrame(rows).drop_duplicates(ignore_index=True)


def similarity_numbers(table: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Task": [labels.get(task, task) for task in table.task],
            "Layer": table.layer,
            "Mean cosine": table.cosine.round(4),
            "Std over texts": table["std"].round(4),
            "Texts": table.n_texts,
        }
    )


def run_rows(runs: Sequence[Run], curve: Sequence[CurvePoint], is_live: Callable[[Run], bool]) -> pd.DataFrame:
    """Every run behind the curve as a row for reading: the columns are headings, the first column is the number."""
    named: dict[tuple[int, ...], list[str]] = {}
    for point in curve:
        label = STRATEGIES[point.strategy].label if point.n_dropped else "Full model"
        named.setdefault(point.dropped, [])
        named[point.dropped] += [] if label in named[point.dropped] else [label]
    full = {run.seed: run.score for run in runs if not run.n_dropped}
    rows = [
        {
            "Dropped": run.n_dropped,
            "Strategies": ", ".join(named.get(run.dropped, [])),
            "Layers dropped": describe_layers(run.dropped),
            "Layers kept": describe_layers(run.kept),
            "Seed": run.seed,
            f"{run.metric.capitalize()}": round(run.score, 2),
            "95% low": round(run.interval[0], 2),
            "95% high": round(run.interval[1], 2),
            "Loss": round(full[run.seed] - run.score, 2) if run.seed in full else None,
            "Test texts": run.n_eval,
            "Parameters": run.parameters,
            "1 text, ms": round(run.latency_ms["1"], 2) if "1" in run.latency_ms else None,
            "32 texts, ms": round(run.latency_ms["32"], 1) if "32" in run.latency_ms else None,
            "Training, s": round(run.train_seconds, 1),
            "Recipe": run.recipe["name"],
            "From": "this machine" if is_live(run) else "shipped",
            "Device": run.device,
            "Precision": run.precision,
            "Timed on": run.latency_device,
            "Date": run.created_at[:16].replace("T", " "),
            "Run": run.key[:12],
        }
        for run in sorted(runs, key=lambda run: (run.n_dropped, run.kept, run.seed))
    ]
    return pd.DataFrame(rows)
