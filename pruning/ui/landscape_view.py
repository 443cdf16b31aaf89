"""Everything the tab Landscape shows of a choice, as plain values. It rests on stored landscapes and runs."""

from functools import lru_cache

import pandas as pd

from ..landscape_figures import every_stack
from ..landscape_frames import describe_error, errors, landscape_table
from ..recipes import RECIPES
from ..runs import PRE_TRAINED, STARTS, Landscape
from ..store import Store
from ..strategies import describe_layers
from .choice import Choice, Subject
from .topics import Topic
from .view import as_table, as_value, axis_title, file_stem
from .why_view import Scene, make_scene


@lru_cache(maxsize=128)
def landscape_view(choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple) -> dict[str, dict]:
    """story, stacks, best."""
    scene = make_scene(choice, subject, topic, store, stored)
    found = find(scene) if choice.start == PRE_TRAINED else None
    table = landscape_table(found, scene.records("run"))
    return {"story": tell(scene, found, table), "stacks": draw(scene, found, table), "best": best_table(scene, table)}


def find(scene: Scene) -> Landscape | None:
    """The landscape of the chosen recipe and seed; 0 where none is named, as the button takes."""
    values = RECIPES[scene.choice.recipe].values()
    known = [one for one in scene.records("landscape") if one.recipe == values]
    return next((one for one in known if one.seed == (scene.choice.seed or 0)), None)


def draw(scene: Scene, found: Landscape | None, table: pd.DataFrame) -> dict:
    title = "Every stack of layers, estimated from one shared training"
    subtitle = f"{scene.about}, recipe {scene.choice.recipe}: not estimated yet"
    if found:
        subtitle = (
            f"{scene.about}, recipe {scene.choice.recipe}, seed {found.seed}, {found.n_eval:,} test texts · open: "
            "estimates, without single lower layers · diamonds: best of their number on validation texts · filled: "
            "runs, a little to the right · ring: your choice"
        )
    axis = axis_title(scene.choice, scene.found) if scene.found.runs else "score, %"
    figure = every_stack(table, title, subtitle, scene.subject.n_layers or 0, axis, scene.dropped)
    return as_value(figure, title, numbers(table), f"{file_stem(scene.subject, scene.topic)}-landscape.csv")


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """One row per stack, in words."""
    cells = [
        (row.n_dropped, describe_layers(row.kept), round(row.estimate, 2), round(row.validation, 2))
        + (None if pd.isna(row.measured) else round(row.measured, 2), row.seeds)
        for row in table.itertuples()
    ]
    columns = ["Layers dropped", "Kept", "Estimate", "Estimate, validation", "Run", "Seeds"]
    return pd.DataFrame(cells, columns=columns)


def best_table(scene: Scene, table: pd.DataFrame) -> dict:
    best = table[table.best] if len(table) else table
    file = f"{file_stem(scene.subject, scene.topic)}-best-stacks.csv"
    subtitle = (
        "chosen by the estimates on validation texts; differences below the error above mean nothing. Click a point, "
        "then run it to confirm it"
    )
    if table.empty:
        subtitle = f"{scene.about}: not estimated yet"
    title = "The best stack of each number of layers"
    return {"title": title, "subtitle": subtitle, "numbers": as_table(numbers(best), file)}


def why_not(scene: Scene, found: Landscape) -> str:
    if scene.dropped is None:
        return "name the layers to drop."
    if len(scene.dropped) == found.n_layers - 1:
        return (
            "single layers of the lower half are left out, since they learn unlike other stacks. Run it: it is quick."
        )
    return "the button adds it in seconds, while the weights are kept here."


def tell(scene: Scene, found: Landscape | None, table: pd.DataFrame) -> dict:
    """What the estimate says of the choice, and how far off such estimates are."""
    if scene.choice.start != PRE_TRAINED:
        text = f"estimates are of stacks that are dropped first ({STARTS[PRE_TRAINED]}). Choose that order."
        return {"lead": "This order is not estimated:", "text": text, "unknown": ""}
    if found is None:
        text = "one shared training makes every stack of layers usable, and scores them all."
        return {"lead": "Not estimated yet:", "text": text, "unknown": ""}
    unknown = describe_error(errors(found, scene.records("run")))
    chosen = table[[row == scene.dropped for row in table.dropped]]
    if chosen.empty:
        return {"lead": "The chosen stack is not among them:", "text": why_not(scene, found), "unknown": unknown}
    row = next(chosen.itertuples())
    best = next(table[table.best & (table.n_dropped == row.n_dropped)].itertuples())
    lead = f"Kept {describe_layers(row.kept)}: estimated {row.estimate:.1f}"
    if row.seeds:
        lead += f", measured {row.measured:.1f} ({row.seeds} seed{'s' * (row.seeds != 1)})"
    text = "No other stack of as many layers is estimated better on validation texts."
    if best.kept != row.kept:
        name = describe_layers(best.kept)
        text = f"Of as many layers {name} is estimated best on validation texts, {best.estimate:.1f} here."
    text += f" The whole landscape cost as much training as {found.cost:.1f} full fine-tunings, and then the scoring."
    return {"lead": f"{lead}.", "text": text, "unknown": unknown}
