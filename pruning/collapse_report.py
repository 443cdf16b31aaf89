"""The findings on stacks that learn nothing: what their sentence token does while they train.

The trainings are those of benchmarks/collapse.py, whose rows are read here; `report` puts them into README.
"""

from pathlib import Path

import pandas as pd

from .analysis_frames import name_share
from .markdown import table
from .models import MODELS
from .strategies import describe_layers
from .tasks import TASKS, tell_constant

TRAININGS = Path(__file__).parent.parent / "benchmarks" / "collapse.csv"
VARIED = ["kept", "learning_rate", "warm_up"]
LOST = 1  # percent: with less at the end a training is counted among those that lost the differences
HEADS = ("kept", "rate", "warm-up", "seeds", "before", "lowest, looked at every tenth step", "at the end", "score")


def collapse_findings(path: Path) -> str:
    """A table per model and task, as Markdown; empty where no rows are there."""
    if not path.exists():
        return ""
    explained = (
        "How much the sentence token after the last layer differs from text to text while a stack is trained (64 "
        "validation texts), in percent of the mean state's length, and the score on the validation split, seed by "
        "seed (`benchmarks/collapse.py`).\n"
    )
    groups = pd.read_csv(path, dtype={"kept": str}).groupby(["model", "task", "recipe"])
    tables = "".join(collapse_table(*names, rows) for names, rows in groups)
    return f"\n### Stacks that learn nothing\n\n{explained}{tables}"


def collapse_table(model: str, task: str, recipe: str, rows: pd.DataFrame) -> str:
    """A row per stack, rate and warm-up; then whether scores go with what is left of the token's differences."""
    trainings = rows.sort_values("step").groupby([*VARIED, "seed"])
    found = trainings.agg(
        before=("variation", "first"), lowest=("variation", "min"), end=("variation", "last"), score=("score", "last")
    )
    cells = []
    for (kept, rate, warm_up), group in found.groupby(VARIED):
        values = [[str(seed) for *_, seed in group.index]]
        values += [[name_share(percent / 100) for percent in group[name]] for name in ("before", "lowest", "end")]
        values += [[f"{score:.1f}" for score in group.score]]
        layers = describe_layers(tuple(map(int, kept.split())))
        cells.append((layers, f"{rate:g}", f"{warm_up:.0%}", *map(", ".join, values)))
    title = f"\n**{MODELS[model].label}, {TASKS[task].label.lower()}, recipe {recipe} but for rate and warm-up.**\n"
    return f"{title}{table(HEADS, cells)}\n{sum_up(found)} {tell_constant(task)}\n"


def sum_up(found: pd.DataFrame) -> str:
    """One sentence on the trainings that lost the differences, and the others."""
    lost = found.end < LOST
    told = []
    for scores, how in ((found[lost].score, "less than"), (found[~lost].score, "more than")):
        if len(scores):
            low, high = f"{scores.min():.1f}", f"{scores.max():.1f}"
            reach = low if low == high else f"{low} to {high}"
            told.append(f"{len(scores)} of {len(found)} trainings end with {how} {LOST}% and score {reach}")
    return f"{'; '.join(told)}."
