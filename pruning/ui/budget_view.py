"""Everything the tab Budget shows of a choice, as plain values. It rests on stored runs."""

import shlex
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd

from .. import analysis_figures as draw
from .. import analysis_frames as tables
from .. import program, published
from ..budget import CERTAIN, OBSERVED, UNCLEAR, best_row, most_droppable
from ..recipes import RECIPES
from ..runs import FINE_TUNED, PRE_TRAINED, STARTS
from ..store import Store
from ..strategies import STRATEGIES, describe_layers
from .choice import Choice, Subject
from .topics import Topic
from .view import as_table, as_value, axis_title, file_stem, of_start
from .why_view import Scene, make_scene

STORE = "from pruning.store import Store"
WITHIN = {
    CERTAIN: "which is certain to be within",
    OBSERVED: "and is within with every seed",
    UNCLEAR: "which is not sure to be within",
}
BUDGET_COLUMNS = (
    "Strategy",
    "Layers dropped",
    "Which",
    "Loss, points",
    "Upper end, points",
    "How sure",
    "Most certain",
    "Parameters",
    "MB",
    "Speed, measured",
    "Speed, by operations",
    "Seeds",
)


@lru_cache(maxsize=128)
def budget_view(
    choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple, points: float
) -> dict[str, dict]:
    """story, action, droppable, latency, parameters, parts, published, orders, published_orders."""
    scene = make_scene(choice, subject, topic, store, stored)
    similarity = scene.found.similarity and scene.found.similarity.mean
    rows = most_droppable(scene.found.runs, similarity, points)
    worth = tables.value_table(scene.found.runs, similarity)
    metric = axis_title(choice, scene.found) if scene.found.runs else "score, %"
    recipe = f"recipe {choice.recipe}{of_start(choice)}"
    about = f"{scene.about}, {recipe}; faded: another stack scores no less with no more layers"
    if worth.empty:
        about = f"{scene.about}: no run of recipe {choice.recipe} is stored"
    figures = {
        name: draw.worth_its_cost(worth, title, about, column, axis, metric, scene.dropped)
        for name, title, column, axis in (
            ("latency", "Score against inference time", "latency_ms", "median ms for 32 texts at once"),
            ("parameters", "Score against size", "parameters", "parameters, millions"),
        )
    }
    numbers = worth_numbers(worth)
    values = {
        n: as_value(f, f["layout"]["title"]["text"], numbers, f"{file_stem(subject, topic)}-{n}.csv")
        for n, f in figures.items()
    }
    return values | {
        "droppable": droppable_table(scene, rows, points),
        "action": budget_action(scene, points),
        "parts": parts_table(scene),
        "published": published_table(scene),
        "orders": orders(scene, similarity),
        "published_orders": published_orders(scene),
        "story": tell_budget(scene, rows, points),
    }


def worth_numbers(worth: pd.DataFrame) -> pd.DataFrame:
    """The table behind both figures, in words."""
    cells = [
        (
            STRATEGIES[row.strategy].label if row.n_dropped else "Full model",
            row.n_dropped,
            describe_layers(row.dropped),
            round(row.score, 2),
            None if pd.isna(row.latency_ms) else round(row.latency_ms, 1),
            round(row.parameters, 2),
            "another is no worse with no more layers" if row.faded else "",
        )
        for row in worth.itertuples()
    ]
    columns = ["Strategy", "Layers dropped", "Which", "Score", "32 texts, ms", "Parameters, millions", "Faded"]
    return pd.DataFrame(cells, columns=columns)


def droppable_table(scene: Scene, rows: Sequence[dict], points: float) -> dict:
    cells = [
        (
            STRATEGIES[row["strategy"]].label,
            row["n_dropped"],
            describe_layers(tuple(i for i in range(scene.subject.n_layers or 0) if i not in row["kept"])) or "none",
            round(row["loss"], 2),
            round(max(row["upper"]), 2),
            row["certainty"] if row["n_dropped"] else None,
            row["n_certain"],
            f"{row['parameters']['after'] / 1e6:.1f} M",
            round(row["megabytes"]["after"]),
            times(row["speedup"]["measured"].get("32")),
            times(row["speedup"]["predicted"]),
            len(row["seeds"]),
        )
        for row in rows
    ]
    title = f"Most layers that a loss of {points:g} point{'s' * (points != 1)} buys"
    recipe = f"recipe {scene.choice.recipe}{of_start(scene.choice)}"
    subtitle = f"{scene.about}, {recipe}; speed: times the full model's, 32 texts at once"
    subtitle += (
        " · upper end: 95%, largest over the seeds, both models' intervals added like the sides of a right angle"
    )
    subtitle += (
        " · certain: every upper end is within; observed: every seed's loss is; unclear: the mean alone, or one seed"
    )
    if not rows:
        subtitle = f"{scene.about}: no runs of recipe {scene.choice.recipe} with the full model are stored"
    file = f"{file_stem(scene.subject, scene.topic)}-budget.csv"
    return {
        "title": title,
        "subtitle": subtitle,
        "numbers": as_table(pd.DataFrame(cells, columns=BUDGET_COLUMNS), file),
    }


def times(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}×"


def published_table(scene: Scene) -> dict:
    """The paper's table of droppable top layers: of this model where it has one, else of all."""
    rows = published.load_droppable()
    own = rows[rows.model == scene.subject.published]
    rows = own if len(own) else rows
    wide = rows.pivot_table(index=["model", "task"], columns="points", values="n_dropped", sort=False).reset_index()
    wide.columns = ["Model", "Task", *(f"{points} point{'s' * (points != 1)}" for points in wide.columns[2:])]
    where = f"{published.SOURCES[rows.source.iloc[0]].label}, {rows['where'].iloc[0]}"
    subtitle = f"published by {where}: strategy Top of 12 layers (DistilBERT: 6), seeds not stated"
    return {"title": "The paper's budgets", "subtitle": subtitle, "numbers": as_table(wide, "published-budgets.csv")}


def budget_action(scene: Scene, points: float) -> dict:
    """The same on the command line and in Python."""
    task = Path(scene.topic.file).name or scene.topic.key
    values = {"model": scene.choice.model, "task": task, "points": f"{points:g}"}
    values |= {"recipe": scene.choice.recipe} if scene.choice.recipe != Choice().recipe else {}
    lines = ["from pruning.budget import most_droppable", "from pruning.frames import comparable", STORE, ""]
    runs = f"comparable(Store().runs({scene.subject.key!r}, {scene.topic.key!r}), {scene.choice.recipe!r})"
    code = "\n".join([*lines, f"rows = most_droppable({runs}, None, {points:g})  # None: without contribution"])
    command = [f"{program()} budget", *(f"--{name} {shlex.quote(value)}" for name, value in values.items())]
    return {"text": "From stored runs alone; nothing is trained.", "command": command, "python": code}


def parts_table(scene: Scene) -> dict:
    """Where the parameters of the choice are; layers are alike, so any run of that size tells."""
    n_dropped = len(scene.dropped or ())
    run = next((r for r in scene.records("run") if r.n_dropped == n_dropped and r.parts), None)
    cells = [
        (part, n, round(n_bytes / 1e6, 2), f"{100 * n / run.parameters:.0f}%")
        for part, (n, n_bytes) in (run.parts.items() if run else ())
    ]
    subtitle = f"{scene.about}, {n_dropped} layers dropped; head: all that is neither embeddings nor layers"
    if not run:
        subtitle = f"{scene.about}: no stored run of {n_dropped} dropped layers tells; the command plan does"
    columns = ["Part", "Parameters", "MB", "Share"]
    file = f"{file_stem(scene.subject, scene.topic)}-parts.csv"
    numbers = as_table(pd.DataFrame(cells, columns=columns), file)
    return {"title": "Where the parameters are", "subtitle": subtitle, "numbers": numbers}


def orders(scene: Scene, similarity: Sequence[float] | None) -> dict:
    """The chosen strategy's points that were run in more than one order."""
    values = RECIPES[scene.choice.recipe].values()
    runs = [run for run in scene.records("run") if run.recipe == values]
    table = tables.order_table(runs, scene.choice.strategy, similarity)
    cells = [
        (row.n_dropped, describe_layers(row.kept), STARTS[row.start], round(row.score, 2))
        + (round(row.low, 2), round(row.high, 2), ", ".join(map(str, row.seeds)))
        for row in table.itertuples()
    ]
    label = STRATEGIES[scene.choice.strategy].label
    subtitle = (
        f"{scene.about}, strategy {label}, recipe {scene.choice.recipe}: mean over the seeds that every order has"
    )
    if not cells:
        subtitle = f"{scene.about}, strategy {label}: no point was run in two orders; choose one under Recipe and seed"
    columns = ["Layers dropped", "Kept", "Order", "Score", "95% low", "95% high", "Seeds"]
    file = f"{file_stem(scene.subject, scene.topic)}-orders.csv"
    return {"title": "Drop before or after fine-tuning?", "subtitle": subtitle} | {
        "numbers": as_table(pd.DataFrame(cells, columns=columns), file)
    }


def published_orders(scene: Scene) -> dict:
    """The paper's table on the same question: of this model where it has one, else of all."""
    rows = published.load_from_finetuned()
    own = rows[rows.model == scene.subject.published]
    rows = own if len(own) else rows
    orders = {"pre-trained": STARTS[PRE_TRAINED], "fine-tuned": STARTS[FINE_TUNED]}
    wide = rows.assign(start=rows.start.replace(orders)).pivot_table(
        index=["model", "task", "n_dropped"], columns="start", values="score", sort=False
    )
    wide = wide.reset_index().rename(columns={"model": "Model", "task": "Task", "n_dropped": "Top layers dropped"})
    where = f"{published.SOURCES[rows.source.iloc[0]].label}, {rows['where'].iloc[0]}"
    numbers = as_table(wide, "published-orders.csv")
    return {"title": "The paper's orders", "subtitle": f"published by {where}: GLUE scores", "numbers": numbers}


def tell_budget(scene: Scene, rows: Sequence[dict], points: float) -> dict:
    """Every fact is of one strategy: of those that drop most, the one that loses least."""
    best = best_row(rows)
    if not best:
        text = f"a budget rests on stored runs. {tell_published(scene, points)}"
        return {"lead": "Nothing measured here yet:", "text": text.strip(), "unknown": ""}
    most = best["n_dropped"]
    lost = f"{points:g} point{'s' * (points != 1)}"
    sizes = sorted({n for row in rows for n in row["measured"]} - {0})
    ran = "" if len(sizes) == scene.subject.n_layers - 1 else f" Run with {describe_layers(sizes)} dropped alone."
    if not most:
        return {"lead": f"No strategy drops a layer for {lost} here.", "text": "", "unknown": ran.strip()}
    speed = best["speedup"]["measured"].get("32")
    text = f"{STRATEGIES[best['strategy']].label} loses {best['loss']:.2f}, {WITHIN[best['certainty']]}."
    if best["certainty"] != CERTAIN:
        text += (
            f" With {best['n_certain']} dropped it certainly is."
            if best["n_certain"]
            else " No size that was run is certain."
        )
    text += f" That is {speed:.2f} times as fast." if speed else ""
    n_seeds = len(best["seeds"])
    unknown = (
        f"{n_seeds} seed{'s' * (n_seeds != 1)}; the upper ends of the losses reach {max(best['upper']):.1f} points."
    )
    lead = f"A loss of {lost} buys {most} of {scene.subject.n_layers} layers:"
    return {"lead": lead, "text": text, "unknown": ("" if best["certainty"] == CERTAIN else unknown) + ran}


def tell_published(scene: Scene, points: float) -> str:
    """What the paper says of this model and task at that loss; '' where it says nothing."""
    rows = published.load_droppable()
    rows = rows[
        (rows.model == scene.subject.published) & (rows.task == scene.topic.published) & (rows.points == points)
    ]
    if rows.empty:
        return ""
    row = next(rows.itertuples())
    where = f"{published.SOURCES[row.source].label}, {row.where}"
    return f"Published ({where}): {row.n_dropped} top layers of {row.model} on {row.task} for {points:g} points."
