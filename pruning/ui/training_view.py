"""Everything the tab Training budget shows of a choice, as plain values. It rests on stored runs."""

import shlex
from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from ..analysis_figures import score_against_texts
from ..analysis_frames import name_share, of_recipe, training_table
from ..findings import OPEN, compare, contest
from ..frames import by_stack
from ..runs import Run
from ..store import Store
from ..strategies import STRATEGIES
from .choice import Choice, Subject
from .topics import Topic
from .view import as_value, file_stem, score_axis
from .why_view import Scene, alike, last_kept, make_scene

TITLE = "Score against training texts"
TEXTS = (500, 1000, 2000, 4000)  # numbers of training texts that are offered


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
        + (round(row.low, 2), round(row.high, 2), len(row.seeds))
        for row in table.itertuples()
    ]
    return pd.DataFrame(cells, columns=["Strategy", "Training texts", "Score", "95% low", "95% high", "Seeds"])


def tell(scene: Scene, runs: Sequence[Run], similarity: Sequence[float] | None, n_dropped: int) -> dict:
    """Who leads with the fewest and with the most texts, and whether the two change places."""
    lead = "Which layers to drop can depend on how much one trains:"
    if not n_dropped:
        return {"lead": lead, "text": "choose a number of layers to drop.", "unknown": ""}
    groups = {n: [run for run in runs if run.n_train == n] for n in sorted({run.n_train for run in runs})}
    found = {n: best for n, group in groups.items() if (best := contest(group, n_dropped, similarity))}
    if len(found) < 2:
        text = (
            "strategies were compared here with fewer than two numbers of training texts; the command below adds one."
        )
        return {"lead": lead, "text": text, "unknown": ""}
    few, many = min(found), max(found)
    first, last = found[few], found[many]
    gaps = [compare(*(by_stack(groups[n])[best["kept"]] for best in (first, last))) for n in (few, many)]
    if first["kept"] != last["kept"] and gaps[0]["gap"] > 0 > gaps[1]["gap"] and not is_open(*gaps):
        lead = "The order turns with the number of training texts:"
    elif first["kept"] == last["kept"] and not is_open(first, last):
        lead = f"{name(first)} is best with {few:,} texts and with {many:,}:"
    else:
        lead = "Who leads is not settled:"
    text = f"with {few:,} {lead_of(first)}; with {many:,} {lead_of(last)}." + tell_variation(scene, first["kept"])
    unknown = "Leads are means over the seeds. Sure: three seeds or more agree, and the 95% t interval of their "
    unknown += "differences leaves out 0; every seed: two or three agree, which may be chance; else open."
    return {"lead": lead, "text": text, "unknown": unknown}


def is_open(*differences: dict) -> bool:
    return any(found["certainty"] == OPEN for found in differences)


def tell_variation(scene: Scene, kept: tuple[int, ...]) -> str:
    """How much what the classifier reads differs between texts before training, for the choice and for `kept`."""
    read = next((s.variation for s in alike(scene) if s.pooling == "sentence"), ())
    last = last_kept(scene)
    if not read or last in (None, kept[-1]):
        return ""
    own, other = (f"{name_share(read[i + 1])}%" for i in (last, kept[-1]))
    return (
        " In the full model before fine-tuning the sentence token, which the classifier reads, differs from text to"
        f" text by {own} of its length after layer {last}, the last one that {STRATEGIES[scene.choice.strategy].label}"
        f" keeps, and by {other} after layer {kept[-1]}, the leader's last (tab Similarity)."
    )


def name(best: dict) -> str:
    return " = ".join(best["best"])


def lead_of(best: dict) -> str:
    return f"{name(best)} leads {best['rival'][0]} by {best['gap']:.1f} points ({best['certainty']})"


def describe_sweep(scene: Scene, runs: Sequence[Run], n_dropped: int) -> dict:
    """The command that adds a number of training texts; nothing where there is none to add."""
    known = {run.n_train for run in runs if run.n_dropped == n_dropped}
    n_texts = next((n for n in TEXTS if n not in known), None)
    if not scene.topic.has_texts or scene.subject.error or scene.topic.file or not n_texts:
        return {"text": "", "command": []}
    command = ["python -m pruning sweep", f"--model {shlex.quote(scene.choice.model)}", f"--task {scene.topic.name}"]
    command += ["--drops 0" + f" {n_dropped}" * bool(n_dropped), "--seeds 0 1 2", f"--recipe {scene.choice.recipe}"]
    text = "Adds a number of training texts to the figure:"
    return {"text": text, "command": [*command, f"--max-train {n_texts}"]}
