"""Everything the tab Training budget shows of a choice, as plain values. It rests on stored runs."""

import shlex
from functools import lru_cache

import pandas as pd

from ..analysis_figures import score_against_texts
from ..analysis_frames import name_share, of_recipe, training_table
from ..findings import contest
from ..runs import Run
from ..store import Store
from ..strategies import STRATEGIES
from .choice import Choice, Subject
from .topics import Topic
from .view import as_value, file_stem, score_axis
from .why_view import Scene, alike, last_kept, make_scene

TITLE = "Score against training texts"


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
        "action": describe_sweep(scene, n_dropped),
        "curve": draw(scene, runs, table, n_dropped),
    }


def draw(scene: Scene, runs: list[Run], table: pd.DataFrame, n_dropped: int) -> dict:
    of = f" of {scene.subject.n_layers}" if scene.subject.n_layers else ""
    subtitle = (
        f"{scene.about}, {n_dropped}{of} layers dropped, recipe {scene.choice.recipe} but for the number of texts"
    )
    subtitle += " · bars: 95% intervals over the test texts, widest over the seeds"
    if table.empty:
        subtitle = f"{scene.about}: no run of recipe {scene.choice.recipe} with so many layers dropped is stored"
    axis = score_axis(runs[0].metric) if runs else "score, %"
    figure = score_against_texts(table, TITLE, subtitle, axis, scene.choice.strategy)
    return as_value(figure, TITLE, numbers(table), f"{file_stem(scene.subject, scene.topic)}-training.csv")


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    cells = [
        (STRATEGIES[row.strategy].label if row.strategy else "Full model", row.n_train, round(row.score, 2))
        + (round(row.low, 2), round(row.high, 2), len(row.seeds))
        for row in table.itertuples()
    ]
    return pd.DataFrame(cells, columns=["Strategy", "Training texts", "Score", "95% low", "95% high", "Seeds"])


def tell(scene: Scene, runs: list[Run], similarity, n_dropped: int) -> dict:
    """Who leads with the fewest and with the most texts."""
    found = {}
    for n_train in sorted({run.n_train for run in runs}):
        alike = [run for run in runs if run.n_train == n_train]
        if n_dropped and (best := contest(alike, n_dropped, similarity)):
            found[n_train] = best
    if len(found) < 2:
        text = "this choice has runs with fewer than two numbers of training texts; the command below makes more."
        return {"lead": "Which layers to drop can depend on how much one trains:", "text": text, "unknown": ""}
    few, many = min(found), max(found)
    if found[few]["kept"] == found[many]["kept"]:
        lead = f"{name(found[few])} is best with {few:,} texts and with {many:,}:"
    else:
        lead = "The order turns with the number of training texts:"
    text = f"with {few:,} {lead_of(found[few])}; with {many:,} {lead_of(found[many])}."
    text += tell_variation(scene, found[few]["kept"])
    unknown = "Leads are means over the seeds. Sure: three seeds or more, and the 95% t interval of their differences "
    return {"lead": lead, "text": text, "unknown": unknown + "leaves out 0; likely: every seed agrees; else open."}


def tell_variation(scene: Scene, kept: tuple[int, ...]) -> str:
    """How much what the classifier reads differs between texts before training, for the choice and for `kept`."""
    read = next((s.variation for s in alike(scene) if s.pooling == "sentence"), ())
    last = last_kept(scene)
    if not read or last is None or int(last) == kept[-1]:
        return ""
    own, other = (f"{name_share(read[i + 1])}%" for i in (int(last), kept[-1]))
    return (
        f" Before fine-tuning the sentence token, which the classifier reads, differs from text to text by {own} of its"
        f" length after layer {last}, the last one that {STRATEGIES[scene.choice.strategy].label} keeps, and by {other}"
        f" after layer {kept[-1]}, the leader's last (tab Similarity)."
    )


def name(best: dict) -> str:
    return " = ".join(best["best"])


def lead_of(best: dict) -> str:
    return f"{name(best)} leads {best['rival'][0]} by {best['gap']:.1f} points ({best['certainty']})"


def describe_sweep(scene: Scene, n_dropped: int) -> dict:
    if not scene.topic.has_texts or scene.subject.error or scene.topic.file:
        return {"text": "", "command": []}
    command = ["python -m pruning sweep", f"--model {shlex.quote(scene.choice.model)}", f"--task {scene.topic.name}"]
    command += [f"--drops 0 {n_dropped}", "--seeds 0 1 2", f"--recipe {scene.choice.recipe}", "--max-train 500"]
    return {"text": "Adds a number of training texts to the figure:", "command": command}
