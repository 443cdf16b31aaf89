"""The findings in short: a sentence per question, from the same rows as the tables below it."""

from collections import Counter
from collections.abc import Sequence

from .budget import best_row, most_droppable
from .curve import is_at_chance
from .findings import SURE, Contest, Difference, compare, contest, kept_by
from .frames import by_stack
from .lines import Line, grouped
from .markdown import mean_score, signed
from .models import MODELS
from .paper_report import halved, tuned_before
from .runs import AS_IS, Run
from .store import Store
from .story import join
from .tasks import TASKS
from .tiles import millions
from .training_report import by_texts

POINTS = 2  # the loss whose worth is told


def in_short(lines: Sequence[Line], store: Store) -> str:
    """Bullets as Markdown; '' where nothing can be said. Each model by the first recipe that it was run with."""
    models: dict[str, list[Line]] = {}
    for (model, _), group in grouped(lines).items():
        models.setdefault(model, group)
    told = []
    for group in models.values():
        told += [tell_winners(group), tell_budget(group), tell_halved(group, store)]
        told += [tell_tuned_before(group, store), tell_untrained(group, store)]
    told += tell_texts(store)
    bullets = "".join(f"- {sentence}\n" for sentence in told if sentence)
    return f"### In short\n\n{bullets}" if bullets else ""


def named(lines: Sequence[Line]) -> str:
    """The model and recipe that all of them have."""
    return f"{MODELS[lines[0].model].label} (recipe {lines[0].recipe})"


def tell_winners(lines: Sequence[Line]) -> str:
    """Who is best where half of the layers are dropped, on how many tasks, and on how many of them surely."""
    found = [best for line in lines if (best := contest(line.runs, line.n_half, line.similarity))]
    if not found:
        return ""
    wins = join([f"{label} on {n}" for label, n in Counter(best.label for best in found).most_common()])
    n_sure = sum(best.certainty == SURE for best in found)
    of = f"of {len(found)} tasks, surely on {n_sure or 'none'}"
    return f"{named(lines)}: with half of the layers dropped, then fine-tuned, best is {wins} {of}."


def tell_budget(lines: Sequence[Line]) -> str:
    """The most layers that go within POINTS, by any strategy, and how many of them certainly."""
    found = [best for line in lines if (best := best_row(most_droppable(line.runs, line.similarity, POINTS)))]
    if not found:
        return ""
    most, certain = ([row[name] for row in found] for name in ("n_dropped", "n_certain"))
    of = f"{lines[0].n_layers} layers, {write_range(certain)} of them certainly"
    return f"{named(lines)}: a mean loss of at most {POINTS} points buys {write_range(most)} of {of}."


def tell_halved(lines: Sequence[Line], store: Store) -> str:
    """Half of a large model against a distilled one."""
    pairs = [pair for line in lines if compare(*(pair := halved(line, store)))]
    if not pairs:
        return ""
    gaps = [compare(*pair) for pair in pairs]
    n_sure = sum(found.certainty == SURE and found.gap > 0 for found in gaps)
    (half, *_), (small, *_) = pairs[0]
    return (
        f"{named(lines)}: its lower half ({millions(half.parameters)} parameters) scores "
        f"{write_points(gaps)} points on {MODELS[small.model].label} "
        f"({millions(small.parameters)}, as many layers, distilled from another model), fine-tuned alike; "
        f"{count_tasks(gaps)}, surely more on {n_sure or 'none'}."
    )


def tell_tuned_before(lines: Sequence[Line], store: Store) -> str:
    """What fine-tuning before the drop gains on top of that after it, half of the layers dropped by strategy top."""
    gains, of_full = (gains_of(lines, store, half) for half in (True, False))
    if not gains:
        return ""
    n_sure = sum(gain.certainty == SURE and gain.gap > 0 for gain in gains)
    alone = f" The full model trained twice gains {write_points(of_full)}." if of_full else ""
    return (
        f"{named(lines)}: fine-tuned before Top drops half of the layers as well as after, it gains "
        f"{write_points(gains)} points; {count_tasks(gains)}, surely on {n_sure or 'none'}.{alone}"
    )


def gains_of(lines: Sequence[Line], store: Store, half: bool) -> list[Difference]:
    """By fine-tuning before the drop too: of the half that strategy top keeps, or of the full model."""
    found = []
    for line in lines:
        kept = line.kept("top", line.n_half if half else 0)
        found.append(compare(tuned_before(line, store, kept), line.of_stack(kept)))
    return [gain for gain in found if gain]


def tell_untrained(lines: Sequence[Line], store: Store) -> str:
    """What is left where nothing is trained after the drop."""
    runs = [found for line in lines if (found := tuned_before(line, store, line.kept("top", line.n_half), AS_IS))]
    n_failed = sum(all(map(is_at_chance, found)) for found in runs)
    if not n_failed:
        return ""
    of = f"{n_failed} of {count_tasks(runs)}"
    return f"{named(lines)}: not trained after Top drops half of the layers, it is at chance on {of}."


def tell_texts(store: Store) -> list[str]:
    """Top against the best with the fewest and the most training texts, half of the layers dropped."""
    told = []
    for runs, similarity in by_texts(store):
        half = runs[0].n_layers // 2
        top = kept_by("top", runs[0].n_layers, half, similarity)
        ends = {}
        for n_train in sorted({run.n_train for run in runs}):
            alike = [run for run in runs if run.n_train == n_train]
            best = contest(alike, half, similarity)
            if best and top in by_stack(alike):
                ends[n_train] = beside(by_stack(alike)[top], best)
        if len(ends) > 1:
            of = f"{MODELS[runs[0].model].label}, half of its layers dropped, {TASKS[runs[0].task].label.lower()}"
            told.append(f"{of}: {'; '.join(f'with {n:,} texts {ends[n]}' for n in (min(ends), max(ends)))}.")
    return told


def beside(top: Sequence[Run], best: Contest) -> str:
    """What Top scores, and the best stack where that is another."""
    if best.kept == top[0].kept:
        return f"Top is best with {mean_score(top)} ({best.certainty})"
    return f"Top scores {mean_score(top)}, {best.label} {best.score:.1f} ({best.certainty})"


def write_points(found: Sequence[Difference]) -> str:
    """'+4.5', or '+4.5 to +5.2' where they differ once written."""
    ordered = sorted(difference.gap for difference in found)
    return " to ".join(dict.fromkeys(map(signed, (ordered[0], ordered[-1]))))


def write_range(numbers: Sequence[int]) -> str:
    """'3' or '2 to 3'."""
    return " to ".join(dict.fromkeys(map(str, (min(numbers), max(numbers)))))


def count_tasks(found: Sequence) -> str:
    return f"{len(found)} task{'s' * (len(found) != 1)}"
