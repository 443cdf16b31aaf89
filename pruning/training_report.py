"""The findings on the training budget: whether the order of strategies turns with it, and what experiments say of why.

The experiments are those of benchmarks/training_budget.py, whose rows are read here; `report` puts both into README.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from .analysis_frames import name_share, of_recipe, state_names, training_table
from .findings import contest, describe_gaps
from .frames import matching
from .markdown import difference, signed, table
from .models import MODELS
from .runs import POOLINGS, Run
from .store import Store
from .strategies import STRATEGIES
from .tasks import TASKS

RECIPE, EXAMPLE = "standard", "movie-reviews"
EXPERIMENTS = Path(__file__).parent.parent / "benchmarks" / "training_budget.csv"
HEADS = {  # what the classifier reads -> in words, in the order of the table
    "pooler": "the sentence token, through the pooler (as in all runs)",
    "fresh": "the same, through a pooler of random weights",
    "sentence": "the sentence token itself",
    "normed": "the sentence token, normalised over the batch",
    "mean": "the mean over all tokens",
}


def training_findings(store: Store) -> str:
    """Who leads and why, as Markdown; empty without shipped rows that tell."""
    found = orders(store) + states(store)
    return found and found + experiments(EXPERIMENTS)


def orders(store: Store) -> str:
    """A table per model, task and number of dropped layers that was run with several numbers of training texts."""
    parts = []
    for model in MODELS:
        for task in TASKS:
            runs = of_recipe([run for run in store.runs(model, task) if store.is_shipped(run)], RECIPE)
            found = matching(store.similarities(model, task), runs, "sentence")
            parts += order_tables(runs, found and found.mean)
    if not parts:
        return ""
    explained = (
        "Mean scores by the number of training texts, all else as recipe standard has it; who leads, as above.\n"
    )
    return f"\n### How long one trains decides which layers to drop\n\n{explained}" + "".join(parts)


def order_tables(runs: Sequence[Run], similarity: Sequence[float] | None) -> Iterator[str]:
    for n_dropped in sorted({run.n_dropped for run in runs} - {0}):
        scores = training_table(runs, similarity, n_dropped)
        wide = scores[scores.strategy != ""].pivot(index="n_train", columns="strategy", values="score").dropna()
        if len(wide) < 2 or wide.shape[1] < 2:
            continue
        names = [name for name in STRATEGIES if name in wide.columns]
        rows = []
        for n_train, means in wide.iterrows():
            best = contest([run for run in runs if run.n_train == n_train], n_dropped, similarity)
            rows.append((f"{n_train:,}", *(f"{means[name]:.1f}" for name in names), leader(best)))
        first = runs[0]
        of = f"{n_dropped} of {first.n_layers} layers dropped"
        title = f"\n**{MODELS[first.model].label}, {TASKS[first.task].label.lower()}, {of}.**\n"
        yield title + table(("texts", *(STRATEGIES[name].label for name in names), "leader"), rows)


def leader(best: dict | None) -> str:
    return f"{' = '.join(best['best'])} {signed(best['gap'])}, {best['certainty']}" if best else "–"


def states(store: Store) -> str:
    """How much each state differs between texts before training, a column per model and pooling."""
    found = [s for s in store.similarities(task=EXAMPLE) if s.variation and s.model in MODELS]
    if not found:
        return ""
    found.sort(key=lambda s: (list(MODELS).index(s.model), s.pooling != "sentence"))
    columns = [list(map(name_share, s.variation)) for s in found]
    names = state_names(range(max(map(len, columns)) - 1))
    rows = zip(names, *(column + [""] * (len(names) - len(column)) for column in columns), strict=True)
    explained = (
        "The classifier reads the sentence token. How much that differs from text to text before fine-tuning, in "
        f"percent of its length, after each layer ({TASKS[EXAMPLE].label.lower()}, validation texts; Method, "
        "Variation):\n\n"
    )
    heads = ("after layer", *(f"{MODELS[s.model].label}, {POOLINGS[s.pooling]}" for s in found))
    return f"\n### Why: what the classifier gets to read\n\n{explained}" + table(heads, list(rows))


def experiments(path: Path) -> str:
    """Low half kept against high half kept, for each thing that was varied; nothing where no rows are there."""
    if not path.exists():
        return ""
    done, rows = pd.read_csv(path), []
    names = ["head", "precision", "learning_rate", "n_train"]
    for (head, precision, rate, n_train), group in done.groupby(names):
        wide = group.pivot(index="seed", columns="kept", values="score").dropna()
        if wide.empty:
            continue
        low, high = sorted(wide.columns)
        gaps = describe_gaps((wide[low] - wide[high]).tolist())
        cells = (
            HEADS[head],
            f"{rate:g}",
            precision,
            f"{n_train:,}",
            f"{wide[low].mean():.1f}",
            f"{wide[high].mean():.1f}",
        )
        rows.append((head, n_train, (*cells, difference(gaps), gaps["certainty"], len(wide))))
    if not rows:
        return ""
    rows.sort(key=lambda row: (list(HEADS).index(row[0]), row[2][1:3], row[1]))
    first = done.iloc[0]
    explained = (
        f"\nExperiments on {MODELS[first.model].label}, {TASKS[first.task].label.lower()}, validation split "
        "(`benchmarks/training_budget.py`): the low half of the layers kept, as strategy Top does, against the high "
        "half, as Bottom does. The sign is that of low minus high, in points, with its interval over the seeds.\n\n"
    )
    heads = ("what the classifier reads", "rate", "precision", "texts", "low", "high", "low − high", "sure", "seeds")
    return explained + table(heads, [cells for _, _, cells in rows])
