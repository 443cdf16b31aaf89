"""The findings on the training budget: whether the order of strategies turns with it, and what experiments say of why.

The experiments are those of benchmarks/training_budget.py, whose rows are read here; `report` puts both into README.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from .analysis_frames import name_share, of_recipe, state_names, training_table
from .findings import Contest, contest, describe_gaps, kept_by
from .frames import by_stack, comparable, matching
from .markdown import difference, lead, mean_score, table
from .models import MODELS
from .recipes import RECIPES
from .runs import POOLINGS, Run
from .store import Store
from .strategies import STRATEGIES
from .tasks import TASKS, tell_constant

RECIPE, SHORT, EXAMPLE = "standard", "subset", "movie-reviews"
EXPERIMENTS = Path(__file__).parent.parent / "benchmarks" / "training_budget.csv"
HEADS = {  # what the classifier reads -> in words, in the order of the table
    "pooler": "the sentence token, through the pooler (as in the runs)",
    "fresh": "the same, through a pooler of random weights",
    "sentence": "the sentence token itself",
    "normed": "the sentence token, normalised over the batch",
    "mean": "the mean over all tokens",
}


def orders(store: Store) -> str:
    """A table per model, task and number of dropped layers that was run with several numbers of training texts."""
    parts = [found for runs, similarity in by_texts(store) for found in order_tables(runs, similarity)]
    if not parts:
        return ""
    explained = (
        "Mean scores by the number of training texts, all else as recipe standard has it; who leads, as above.\n"
    )
    return f"\n### By the number of training texts\n\n{explained}" + "".join(parts)


def by_texts(store: Store) -> Iterator[tuple[list[Run], Sequence[float] | None]]:
    """The runs of each model and task, with whatever number of training texts, and the layers' similarities."""
    for model in MODELS:
        for task in TASKS:
            if runs := of_recipe(store.runs(model, task), RECIPE):
                found = matching(store.similarities(model, task), runs, "sentence")
                yield runs, found and found.mean


def order_tables(runs: Sequence[Run], similarity: Sequence[float] | None) -> Iterator[str]:
    """Of one model and task: strategies that were run with two numbers of texts or more; what was not run is blank."""
    for n_dropped in sorted({run.n_dropped for run in runs} - {0}):
        scores = training_table(runs, similarity, n_dropped)
        sizes = scores[scores.strategy != ""].groupby("strategy").n_train.nunique()
        names = [name for name in STRATEGIES if sizes.get(name, 0) > 1]
        if len(names) < 2:
            continue
        stacks = {name: kept_by(name, runs[0].n_layers, n_dropped, similarity) for name in names}
        rows = []
        for n_train in sorted({run.n_train for run in runs}):
            alike = [run for run in runs if run.n_train == n_train]
            cells = [mean_score(by_stack(alike).get(kept, [])) for kept in stacks.values()]
            if any(cells):
                rows.append((f"{n_train:,}", *cells, leader(contest(alike, n_dropped, similarity))))
        first = runs[0]
        of = f"{n_dropped} of {first.n_layers} layers dropped"
        title = f"\n**{MODELS[first.model].label}, {TASKS[first.task].label.lower()}, {of}.**\n"
        yield title + table(("texts", *(STRATEGIES[name].label for name in names), "leader"), rows)


def leader(best: Contest | None) -> str:
    return f"{best.label} {lead(best)}" if best else "–"


def states(store: Store) -> str:
    """How much each state differs between texts before training, a column per model and pooling; and beside that of the
    sentence token what Top scores where it ends there."""
    found = [s for s in store.similarities(task=EXAMPLE) if s.variation and s.model in MODELS]
    if not found:
        return ""
    columns = {"after layer": state_names(range(max(len(s.variation) for s in found) - 1))}
    for s in sorted(found, key=lambda s: (list(MODELS).index(s.model), s.pooling != "sentence")):
        label = MODELS[s.model].label
        columns[f"{label}, {POOLINGS[s.pooling]}"] = list(map(name_share, s.variation))
        scores = top_scores(store, s.model) if s.pooling == "sentence" else {}
        if scores:
            columns[f"{label}, score of Top that ends here"] = [scores.get(i - 1, "") for i in range(len(s.variation))]
    rows = list(zip_longest(*columns.values(), fillvalue=""))
    explained = (
        "The classifier reads the sentence token. How much that differs from text to text in the full model before "
        "fine-tuning, in percent of the mean state's length, after each layer, which is the last one that Top keeps "
        f"({TASKS[EXAMPLE].label.lower()}, validation texts; Method, Variation). It is where training starts, and does "
        f"not by itself foretell the score beside it, by recipe {SHORT}: training can make more of little. The "
        "embeddings (emb) of the sentence token are the same for every text.\n\n"
    )
    return f"\n### What the classifier gets to read before training\n\n{explained}" + table(list(columns), rows)


def top_scores(store: Store, model: str) -> dict[int, str]:
    """Last layer -> mean score of the lowest layers up to it, which strategy top keeps."""
    stacks = by_stack(comparable(store.runs(model, EXAMPLE), SHORT))
    lowest = {kept[-1]: runs for kept, runs in stacks.items() if kept == tuple(range(len(kept)))}
    return {layer: mean_score(runs) for layer, runs in lowest.items()}


def experiments(path: Path) -> str:
    """Low half kept against high half kept, for each thing that was varied; nothing where no rows are there."""
    done = pd.read_csv(path, dtype={"kept": str}) if path.exists() else pd.DataFrame(columns=["model", "task"])
    return "".join(experiment_table(*names, group) for names, group in done.groupby(["model", "task"]))


def experiment_table(model: str, task: str, done: pd.DataFrame) -> str:
    rows = []
    for (head, precision, rate, n_train), group in done.groupby(["head", "precision", "learning_rate", "n_train"]):
        wide = group.pivot(index="seed", columns="kept", values="score").dropna()
        if wide.shape[1] < 2 or wide.empty:
            continue
        low, high = sorted(wide.columns, key=lambda kept: list(map(int, kept.split())))
        gaps = describe_gaps((wide[low] - wide[high]).tolist())
        cells = (HEADS[head], f"{rate:g}", precision, f"{n_train:,}", f"{wide[low].mean():.1f}")
        cells += (f"{wide[high].mean():.1f}", difference(gaps), gaps.certainty, len(wide))
        rows.append(((list(HEADS).index(head), precision, rate, n_train), cells))
    if not rows:
        return ""
    explained = (
        "\n### What the classifier reads: experiments\n\n"
        f"On {MODELS[model].label}, {TASKS[task].label.lower()}, validation split (`benchmarks/training_budget.py`): "
        "the low half of the layers kept, as strategy Top does, against the high half, as Bottom does; what differs is "
        f"low minus high, in points, with its interval over the seeds. Recipe {RECIPE} but for the rate and the texts. "
        f"{tell_constant(task)}\n\n"
    )
    heads = (
        "what the classifier reads",
        "rate",
        "precision",
        "texts",
        "low",
        "high",
        "low − high",
        "how sure",
        "seeds",
    )
    return explained + table(heads, [cells for _, cells in sorted(rows)]) + conclude(done)


def conclude(done: pd.DataFrame) -> str:
    """What the low half scores by its sentence token and by the mean over all tokens, trained as all runs are, with the
    fewest texts and with the most; '' where both readings were not tried with both."""
    alike = done[(done.precision == "bfloat16") & (done.learning_rate == RECIPES[RECIPE].learning_rate)]
    kept = min(alike.kept, key=lambda kept: list(map(int, kept.split())), default="")
    means = alike[alike.kept == kept].groupby(["n_train", "head"]).score.mean().unstack()
    if not {"pooler", "mean"} <= set(means.columns) or len(means := means.dropna(subset=["pooler", "mean"])) < 2:
        return ""
    few, many = means.iloc[0], means.iloc[-1]
    ends = [f"{row.pooler:.1f} and {row['mean']:.1f} with {row.name:,} texts" for row in (few, many)]
    told = f"\nBy its sentence token and by the mean over its tokens the low half scores {', '.join(ends)}."
    if many["mean"] - many.pooler < few["mean"] - few.pooler:
        told += " The mean serves with few texts; the sentence token comes close to it only with more."
    return f"{told}\n"
