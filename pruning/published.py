"""Numbers from papers: shown beside the measured ones, always with their source, never joined with them.

Where a source gives one point twice, the printed number counts before one read off a figure.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent.parent / "assets" / "published"
AVERAGE = "GLUE average"  # as scores.csv names the mean of the seven tasks
AVERAGED = ("SST-2", "MNLI", "QNLI", "QQP", "STS-B", "RTE", "MRPC")
EVIDENCE = {  # from the most to the least trusted
    "table": "printed in a table",
    "derived": "our mean of printed numbers",
    "text": "printed in a sentence",
    "figure-digitised": "read off a figure, about 0.05 points",
}
DISTILLED = {"BERT-base": "DistilBERT", "RoBERTa-base": "DistilRoBERTa"}  # model -> its distilled relative


@dataclass(frozen=True)
class Source:
    name: str  # key in the tables and in links; never changes
    label: str
    citation: str
    link: str


SOURCES = {
    s.name: s
    for s in (
        Source(
            "sajjad2020",
            "Sajjad et al. 2020",
            'H. Sajjad, F. Dalvi, N. Durrani, P. Nakov, "Poor Man\'s BERT: Smaller and Faster Transformer Models", '
            "arXiv:2004.03844v1",
            "https://arxiv.org/abs/2004.03844v1",
        ),
        Source(
            "wong2022",
            "Wong 2022, replication",
            "hannawong/Bert_compression: an independent replication, one run per number, other metrics for some tasks",
            "https://github.com/hannawong/Bert_compression",
        ),
    )
}


@lru_cache(maxsize=1)
def load_scores() -> pd.DataFrame:
    """Every published score once: model, task, strategy, n_dropped, score, source, where, evidence, metric."""
    rows = pd.read_csv(FOLDER / "scores.csv").rename(columns={"layers_dropped": "n_dropped"})
    rows = pd.concat([rows, missing_averages(rows)], ignore_index=True)
    trust = rows.evidence.map({name: rank for rank, name in enumerate(EVIDENCE)})
    return (
        rows.iloc[trust.argsort(kind="stable")]
        .drop_duplicates(["model", "task", "strategy", "n_dropped", "source"])
        .sort_index()
        .reset_index(drop=True)
    )


def missing_averages(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over the seven tasks, where a source prints all seven and gives no mean."""
    keys = ["model", "strategy", "n_dropped", "source"]
    means = rows[rows.task.isin(AVERAGED)].groupby(keys).agg(n=("score", "size"), score=("score", "mean"))
    means = means[means.n == len(AVERAGED)].drop(columns="n").round(2)
    given = rows[rows.task == AVERAGE].set_index(keys).index
    added = means[~means.index.isin(given)].reset_index()
    return added.assign(
        task=AVERAGE, where="derived from the seven tasks", evidence="derived", metric="mean of the 7 tasks"
    )


@lru_cache(maxsize=1)
def load_cost() -> pd.DataFrame:
    """What dropping saved, by model and n_dropped: parameters (millions), fine-tuning speed-up, inference time."""
    return pd.read_csv(FOLDER / "cost.csv").rename(columns={"layers_dropped": "n_dropped"})


def scores(model: str, task: str, source: str) -> pd.DataFrame:
    """The published points of one model on one task, from one source; the full model has strategy 'none'."""
    rows = load_scores()
    return rows[(rows.model == model) & (rows.task == task) & (rows.source == source)].reset_index(drop=True)


@cache
def tasks(model: str) -> tuple[str, ...]:
    """Published task names of that model, the average first; empty for a model no source reports."""
    rows = load_scores()
    found = rows[(rows.model == model) & (rows.strategy == "none")].task.unique().tolist()
    return tuple(sorted(found, key=lambda name: name != AVERAGE))


def sources(model: str, task: str) -> list[str]:
    """The sources that report that model on that task, in the order of SOURCES."""
    rows = load_scores()
    found = set(rows[(rows.model == model) & (rows.task == task)].source)
    return [name for name in SOURCES if name in found]


def distilled(model: str, task: str, source: str) -> tuple[str, float] | None:
    """Name and score of the model's distilled relative on that task by that source, or None."""
    name = DISTILLED.get(model, "")
    rows = scores(name, task, source)
    rows = rows[rows.strategy.isin(["none", "distilled"])]
    return (name, float(rows.score.iloc[0])) if len(rows) else None


def cost(model: str, n_dropped: int, source: str) -> dict | None:
    """That source's row of the cost table for so many dropped layers, whichever they are; None where there is none."""
    rows = load_cost()
    rows = rows[(rows.model == model) & (rows.n_dropped == n_dropped) & (rows.source == source)]
    return rows.iloc[0].to_dict() if len(rows) else None


@lru_cache(maxsize=1)
def load_droppable() -> pd.DataFrame:
    """The most top layers a model can lose within 1, 2 or 3 points: model, task, points, n_dropped, source, where."""
    names = {"budget_points": "points", "layers_droppable": "n_dropped"}
    return pd.read_csv(FOLDER / "droppable.csv").rename(columns=names)


@lru_cache(maxsize=1)
def load_from_finetuned() -> pd.DataFrame:
    """Scores after dropping top layers of a pre-trained or a fine-tuned model: model, task, n_dropped, start, score."""
    return pd.read_csv(FOLDER / "from_finetuned.csv").rename(columns={"layers_dropped": "n_dropped"})


@lru_cache(maxsize=1)
def load_drift() -> pd.DataFrame:
    """Pre-trained against fine-tuned: model, layer (0: embeddings), cosine_to_pretrained, source, where."""
    return pd.read_csv(FOLDER / "drift.csv")


@lru_cache(maxsize=1)
def load_layer_probes() -> pd.DataFrame:
    """Mean score (0 to 1) of a classifier on each layer of fine-tuned models: model, layer (from 1), score, source."""
    return pd.read_csv(FOLDER / "layer_probes.csv")
