"""The findings in short: a sentence per question, from the same rows as the tables below it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from .budget import most_droppable
from .curve import is_at_chance
from .findings import SURE, Contest, compare, contest
from .frames import by_stack, comparable
from .lines import Line
from .markdown import mean_score, signed
from .models import MODELS
from .paper_report import halved
from .runs import AS_IS, FINE_TUNED, Run
from .store import Store
from .story import join
from .tasks import TASKS
from .training_report import budgeted

POINTS = 2  # the loss whose worth is told


def in_short(lines: Sequence[Line], store: Store) -> str:
    """Bullets as Markdown. Of each model those lines count that were made with the first recipe it was run with."""
    recipes: dict[str, str] = {}
    for line in lines:
        recipes.setdefault(line.model, line.recipe)
    models = {
        model: [line for line in lines if (line.model, line.recipe) == (model, recipes[model])] for model in recipes
    }
    told = [which(models), how_many(models), beside_distilled(lines, store), *order(models, store), *texts(store)]
    return "### In short\n\n" + "".join(f"- {sentence}\n" for sentence in told if sentence)


def which(models: dict[str, list[Line]]) -> str:
    """Who is best where half of the layers are dropped, on how many tasks, and on how many of them surely."""
    told = []
    for model, lines in models.items():
        found = [contest(line.runs, line.n_layers // 2, line.similarity) for line in lines]
        found = [best for best in found if best]
        wins = Counter(name(best) for best in found).most_common()
        parts = [f"{label} on {n} of {len(found)} tasks" for label, n in wins]
        n_sure = sum(best.certainty == SURE for best in found)
        told += [f"for {MODELS[model].label} {join(parts)} (surely on {n_sure or 'none'})"] if found else []
    return f"With half of the layers dropped before fine-tuning the best is {'; '.join(told)}." if told else ""


def how_many(models: dict[str, list[Line]]) -> str:
    """The most layers that go within POINTS, by any strategy."""
    told = []
    for model, lines in models.items():
        rows = [most_droppable(line.runs, line.similarity, POINTS) for line in lines]
        most = [max(row["n_dropped"] for row in found) for found in rows if found]
        told += [f"{reach(most, str)} of {MODELS[model].label}'s {lines[0].n_layers} layers"] if most else []
    return f"A mean loss of at most {POINTS} points buys {join(told)}, by the best strategy." if told else ""


def beside_distilled(lines: Sequence[Line], store: Store) -> str:
    """Half of a large model against a distilled one."""
    found = [(MODELS[line.model].label, *pair) for line in lines if (pair := halved(line, store))]
    if not found:
        return ""
    gaps = [compare(half, small) for _, half, small in found]
    n_sure = sum(gap.certainty == SURE for gap in gaps)
    large, half, small = found[0]
    return (
        f"The lower half of {large} scores {reach(gap.gap for gap in gaps)} points against "
        f"{MODELS[small[0].model].label}, which was distilled to as many layers and has "
        f"{small[0].parameters / half[0].parameters:.0%} of its parameters "
        f"({n_tasks(gaps)}, surely on {n_sure or 'none'})."
    )


def order(models: dict[str, list[Line]], store: Store) -> list[str]:
    """Of each model that was dropped after fine-tuning: what that gains with training after it, and scores without."""
    told = []
    for model, lines in models.items():
        again, as_is = ([dropped_after(line, store, start) for line in lines] for start in (FINE_TUNED, AS_IS))
        halves = [by_stack(line.runs).get(lower_half(line), []) for line in lines]
        gains = [gain.gap for pair in zip(again, halves, strict=True) if (gain := compare(*pair))]
        at_chance = [all(map(is_at_chance, runs)) for runs in as_is if runs]
        if gains and at_chance:
            told.append(
                f"Fine-tuned before Top drops half of its layers as well as after, {MODELS[model].label} gains "
                f"{reach(gains)} points ({n_tasks(gains)}); not trained again after the drop it is at chance on "
                f"{sum(at_chance)} of {len(at_chance)}."
            )
    return told


def dropped_after(line: Line, store: Store, start: str) -> list[Run]:
    """Of the lower half, dropped after fine-tuning."""
    runs = comparable(store.runs(line.model, line.task), line.recipe, start=start)
    return by_stack(runs).get(lower_half(line), [])


def lower_half(line: Line) -> tuple[int, ...]:
    return tuple(range(line.n_layers // 2))


def texts(store: Store) -> list[str]:
    """Top against the best with the fewest and the most training texts, half of the layers dropped."""
    told = []
    for runs, similarity in budgeted(store):
        half = runs[0].n_layers // 2
        groups = {n: [run for run in runs if run.n_train == n] for n in sorted({run.n_train for run in runs})}
        found = {n: best for n, group in groups.items() if (best := contest(group, half, similarity))}
        if len(found) > 1:
            ends = [f"with {n:,} texts {beside(groups[n], found[n])}" for n in (min(found), max(found))]
            of = f"Half of {MODELS[runs[0].model].label} on {TASKS[runs[0].task].label.lower()}"
            told.append(f"{of}: {'; '.join(ends)}.")
    return told


def beside(runs: Sequence[Run], best: Contest) -> str:
    """What Top scores, and the best one where that is another."""
    half = tuple(range(len(best.kept)))
    score = mean_score(by_stack(runs).get(half, []))
    return f"Top is best with {score}" if best.kept == half else f"Top scores {score}, {name(best)} {best.score:.1f}"


def name(best: Contest) -> str:
    return " = ".join(best.best)


def reach(numbers: Iterable, write: Callable = signed) -> str:
    """'+4.5', or '+4.5 to +5.2' where they differ once written."""
    ordered = sorted(numbers)
    ends = dict.fromkeys(map(write, (ordered[0], ordered[-1])))
    return " to ".join(ends)


def n_tasks(found: Sequence) -> str:
    return f"{len(found)} task{'s' * (len(found) > 1)}"
