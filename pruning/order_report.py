"""The findings on the order: layers dropped before fine-tuning against after it, with more training and without."""

from collections.abc import Iterator

from .findings import compare, stacks_of
from .frames import by_stack, comparable, matching
from .markdown import difference, mean_score, table
from .models import MODELS
from .runs import AS_IS, FINE_TUNED, PRE_TRAINED, STARTS, Run
from .store import Store
from .tasks import TASKS

RECIPES = ("standard", "subset", "quick")  # the first that was run in several orders is told
HEADS = ("dropped", "strategy", *STARTS.values(), "what tuning before the drop too gains")


def order_findings(store: Store) -> str:
    """A table per model and task that was run in several orders, as Markdown; empty where there is none."""
    parts = []
    for model in MODELS:
        for task in TASKS:
            tables = ((recipe, list(order_rows(store, model, task, recipe))) for recipe in RECIPES)
            recipe, rows = next(((recipe, rows) for recipe, rows in tables if rows), ("", []))
            title = f"\n**{MODELS[model].label}, {TASKS[task].label.lower()}, recipe {recipe}.**\n"
            parts += [title + table(HEADS, rows)] if rows else []
    if not parts:
        return ""
    explained = (
        "Mean scores over the seeds by what is done first. The gain is that of the model that was fine-tuned, pruned "
        "and fine-tuned again over the one that was pruned and fine-tuned once, seed by seed. It was trained twice as "
        "long: what that alone gains stands in the row of the full model, where it was run.\n"
    )
    return f"\n### Before or after fine-tuning\n\n{explained}" + "".join(parts)


def order_rows(store: Store, model: str, task: str, recipe: str) -> Iterator[tuple]:
    """The cells of each stack that was dropped from a fine-tuned model, by how many layers it drops."""
    runs, n_layers = store.runs(model, task), MODELS[model].n_layers
    first = next(iter(comparable(runs, recipe)), None)
    alike = [run for run in runs if first and origin(run) == origin(first)]
    stacks = {start: by_stack([run for run in alike if run.start == start]) for start in STARTS}
    similarity = matching(store.similarities(model, task), alike, "sentence")
    for n_dropped in range(n_layers):
        for kept, labels in stacks_of(n_layers, n_dropped, similarity and similarity.mean).items():
            if kept in stacks[FINE_TUNED] or kept in stacks[AS_IS]:
                scores = [mean_score(stacks[start].get(kept, [])) for start in STARTS]
                gain = compare(stacks[FINE_TUNED].get(kept, []), stacks[PRE_TRAINED].get(kept, []))
                told = f"{difference(gain)}, {gain.certainty}" if gain else ""
                yield str(n_dropped), " = ".join(labels) if n_dropped else "full model", *scores, told


def origin(run: Run) -> tuple:
    """What runs that differ by the order alone have in common."""
    return run.revision, run.data, run.recipe
