"""What ships: how many runs of what, and how long their training took."""

from collections.abc import Sequence

from .markdown import table
from .models import MODELS
from .runs import STARTS, Run
from .store import Store
from .tasks import TASKS

HEADS = ("model", "task", "recipe", "texts", "order", "runs", "stacks", "seeds", "hours")


def inventory(store: Store) -> str:
    """A row per model, task, recipe, number of training texts and order, as Markdown; empty without runs."""
    groups: dict[tuple, list[Run]] = {}
    every = store.runs()
    for run in every:
        groups.setdefault((run.model, run.task, run.recipe["name"], run.n_train, run.start), []).append(run)
    rows = [describe(*key, runs) for key, runs in sorted(groups.items(), key=lambda item: place(*item[0]))]
    if not rows:
        return ""
    total = ("all", "", "", "", "", f"{len(every):,}", "", "", hours(every))
    explained = (
        "Stacks are distinct kept sets of layers; seeds: of any of them, not of each. Hours: of training, each run on "
        "one core, mostly beside another one; where a run drops from a fine-tuned model, that one's training is "
        "another row's.\n\n"
    )
    return "\n### What ships\n\n" + explained + table(HEADS, [*rows, total])


def place(model: str, task: str, recipe: str, n_train: int, start: str) -> tuple:
    """Models and tasks in the order of their tables."""
    return list(MODELS).index(model), recipe, list(STARTS).index(start), list(TASKS).index(task), n_train


def describe(model: str, task: str, recipe: str, n_train: int, start: str, runs: Sequence[Run]) -> tuple:
    """One row of the table."""
    seeds = ", ".join(map(str, sorted({run.seed for run in runs})))
    counts = (len(runs), len({run.kept for run in runs}), seeds, hours(runs))
    return (MODELS[model].label, TASKS[task].label, recipe, f"{n_train:,}", STARTS[start], *counts)


def hours(runs: Sequence[Run]) -> str:
    """Of training; '' where nothing was trained."""
    total = sum(run.train_seconds for run in runs) / 3600
    return (f"{total:.1f}" if total >= 0.05 else "under 0.1") if total else ""
