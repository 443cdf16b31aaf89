"""Everything the tab Training budget shows of a choice, as plain values. It rests on stored runs."""

import shlex
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from .. import program
from ..analysis_figures import score_against_texts
from ..analysis_frames import name_share, of_recipe, training_table
from ..findings import OPEN, SURE, Contest, Difference, compare, contest
from ..frames import by_stack
from ..runs import Run
from ..store import Store
from ..strategies import STRATEGIES
from .choice import Choice, Subject
from .topics import Topic
from .view import as_value, file_stem, score_axis
from .why_view import Scene, alike, last_of_lowest, make_scene

TITLE = "Score against training texts"
TEXTS = (500, 1000, 2000, 4000)  # numbers of training texts that are offered
CERTAINTY = (
    "Leads are means over the seeds, and as sure as they are of being ahead of every other strategy. Sure: three seeds "
    "or more agree, and the 95% t interval of their differences leaves out 0; every seed: all agree, two or more, "
    "which may be chance; else open."
)


@lru_cache(maxsize=128)
def training_view(choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple) -> dict[str, dict]:
    """story, action, curve."""
    scene = make_scene(choice, subject, topic, store, stored)
    runs = of_recipe(scene.records("run"), choice.recipe, subject.revision)
    similarity = scene.found.similarity and scene.found.similarity.mean
    n_dropped = len(scene.dropped) if scene.dropped is not None else choice.n_dropped
    table = training_table(runs, similarity, n_dropped)
    return {
        "story": tell(scene, runs, similarity, n_dropped),
        "action": describe_sweep(scene, runs, n_dropped),
        "curve": draw(scene, runs, table, n_dropped),
    }


def draw(scene: Scene, runs: Sequence[Run], table: pd.DataFrame, n_dropped: int) -> dict:
    """The figure with its numbers."""
    of, recipe = f" of {scene.subject.n_layers}" if scene.subject.n_layers else "", scene.choice.recipe
    subtitle = f"{scene.about}, {n_dropped}{of} layers dropped before fine-tuning, recipe {recipe} but for the texts"
    if table.empty:
        subtitle = f"{scene.about}: no run of recipe {recipe}, with whatever number of texts, is stored"
    elif n_dropped and set(table.strategy) == {""}:
        subtitle += ": the full model alone, no run with so many dropped is stored"
    else:
        subtitle += " · bars: 95% intervals over the test texts, widest over the seeds"
    axis = score_axis(runs[0].metric) if runs else "score, %"
    figure = score_against_texts(table, TITLE, subtitle, axis, scene.choice.strategy)
    return as_value(figure, TITLE, numbers(table), f"{file_stem(scene.subject, scene.topic)}-training.csv")


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The table for people."""
    cells = [
        (STRATEGIES[row.strategy].label if row.strategy else "Full model", row.n_train, round(row.score, 2))
        + (round(row.low, 2), round(row.high, 2))
        + (", ".join(f"{seed}: {score:.2f}" for seed, score in zip(row.seeds, row.scores, strict=True)),)
        for row in table.itertuples()
    ]
    return pd.DataFrame(cells, columns=["Strategy", "Training texts", "Score", "95% low", "95% high", "By seed"])


def tell(scene: Scene, runs: Sequence[Run], similarity: Sequence[float] | None, n_dropped: int) -> dict:
    """Who leads with the fewest and with the most texts, and whether the two change places."""
    lead = "Which layers to drop can depend on how much one trains:"
    if not n_dropped:
        return {"lead": lead, "text": "choose a number of layers to drop.", "unknown": ""}
    groups = {n: [run for run in runs if run.n_train == n] for n in sorted({run.n_train for run in runs})}
    found = {n: best for n, group in groups.items() if (best := contest(group, n_dropped, similarity))}
    if len(found) < 2:
        text = "strategies were compared here with fewer than two numbers of training texts."
        return {"lead": lead, "text": text, "unknown": ""}
    few, many = min(found), max(found)
    first, last = found[few], found[many]
    turn = [between(groups[n], first, last) for n in (few, many)]
    text = f"with {few:,} {lead_of(first)}; with {many:,} {lead_of(last)}."
    if all(turn) and turn[0].gap > 0 > turn[1].gap and not is_open(*turn):
        sure = all(found.certainty == SURE for found in turn)
        lead = f"The order {'turns' if sure else 'seems to turn'} with the number of training texts:"
        text += f" Against {last.label} {first.label} is {tell_gap(turn[0])} there, {tell_gap(turn[1])} here."
    elif first.kept == last.kept and not is_open(first, last):
        lead = f"{first.label} is best with {few:,} texts and with {many:,}:"
    else:
        lead = "Who leads is not settled:"
    return {"lead": lead, "text": text + tell_variation(scene), "unknown": CERTAINTY}


def between(runs: Sequence[Run], first: Contest, last: Contest) -> Difference | None:
    """How far the one winner is ahead of the other, where these runs have both."""
    stacks = by_stack(runs)
    return compare(stacks.get(first.kept, []), stacks.get(last.kept, []))


def is_open(*found: Difference | Contest) -> bool:
    return any(one.certainty == OPEN for one in found)


def tell_gap(found: Difference) -> str:
    return f"{abs(found.gap):.1f} {'ahead' if found.gap > 0 else 'behind'} ({found.certainty})"


def tell_variation(scene: Scene) -> str:
    """How much the sentence token differs between texts before training where the chosen strategy ends, and where the
    full model does; '' where it keeps others than the lowest layers, since then no state is the full model's."""
    read = next((s.variation for s in alike(scene) if s.pooling == "sentence"), ())
    last = last_of_lowest(scene)
    if not read or last is None or last + 2 == len(read):
        return ""
    own, full = (f"{name_share(read[i])}%" for i in (last + 1, -1))
    return (
        " In the full model before fine-tuning the sentence token, which the classifier reads, differs from text to"
        f" text by {own} of its length after layer {last}, the last one that {STRATEGIES[scene.choice.strategy].label}"
        f" keeps, and by {full} after the last of all (tab Similarity)."
    )


def lead_of(best: Contest) -> str:
    return f"{best.label} leads {best.rival_label} by {best.gap:.1f} points ({best.certainty})"


def describe_sweep(scene: Scene, runs: Sequence[Run], n_dropped: int) -> dict:
    """The command that adds runs with a number of training texts that has fewer than another, and fewer texts than
    there are; nothing where there is none to add."""
    sizes = Counter(run.n_train for run in runs if run.n_dropped == n_dropped)
    most, full = max(sizes.values(), default=0), max((run.n_train for run in runs), default=max(TEXTS) + 1)
    n_texts = next((n for n in TEXTS if n < full and sizes[n] < most), None) if sizes else TEXTS[0]
    if not scene.topic.has_texts or scene.subject.error or scene.topic.file or not n_texts:
        return {"text": "", "command": []}
    choice, drops = scene.choice, f"--drops 0 {n_dropped}" if n_dropped else "--drops 0"
    command = [f"{program()} sweep", f"--model {shlex.quote(choice.model)}", f"--task {scene.topic.name}", drops]
    command += ["--seeds 0 1 2", f"--recipe {choice.recipe}", f"--max-train {n_texts}"]
    command += [f"--similarity {choice.pooling}"] if choice.pooling != Choice.pooling else []
    return {"text": "Adds a number of training texts to the figure:", "command": command}
