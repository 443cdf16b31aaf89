"""Everything the tabs Similarity, Probes and Budget show of a choice, as plain values. They rest on stored records."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from .. import analysis_figures as draw
from .. import analysis_frames as tables
from .. import published
from ..budget import CERTAIN, most_droppable
from ..figures import similarity_of_layers
from ..models import MODELS
from ..runs import MEASURES, POOLINGS, Drift, Probe, Record
from ..store import Store
from ..strategies import STRATEGIES, describe_layers
from ..tasks import TASKS
from .choice import Choice, Subject
from .topics import Topic
from .view import Frames, as_table, as_value, axis_title, file_stem, look_up

BESIDE = ("BERT-base", "XLNet-base")  # models whose published drift and probes stand beside measured ones
NO_FIGURE = {
    "figure": {"data": [], "layout": {"title": {"text": "", "subtitle": {"text": ""}}}},
    "label": "",
    "numbers": None,
}


@dataclass(frozen=True)
class Scene:
    """A settled choice with the tables behind it."""

    choice: Choice
    subject: Subject
    topic: Topic
    store: Store
    found: Frames
    dropped: tuple[int, ...] | None

    @property
    def about(self) -> str:
        return f"{self.subject.label} on {self.topic.label}"

    def records(self, kind: str, every_task: bool = False) -> list:
        """The stored records of this model's weights, and of this task's texts unless every task is asked for."""
        records: Sequence[Record] = self.store.records(kind, self.subject.key, None if every_task else self.topic.key)
        similarity = self.found.similarity
        revision = self.subject.revision or (similarity.revision if similarity else "")
        own = [r for r in records if revision in ("", r.revision)]
        own = [r for r in own if r.task != self.topic.key or self.topic.data in ("", r.data)]
        return [r for r in own if getattr(r, "pooling", self.choice.pooling) == self.choice.pooling]


def make_scene(choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple) -> Scene:
    found, dropped, _ = look_up(choice, subject, topic, store, stored)
    return Scene(choice, subject, topic, store, found, dropped)


@lru_cache(maxsize=128)
def similarity_view(
    choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple, measure: str
) -> dict[str, dict]:
    """story, contribution, between, spread, drift."""
    scene = make_scene(choice, subject, topic, store, stored)
    matrices = [m for m in scene.records("matrix") if m.measure == measure]
    return {
        "contribution": draw_contribution(scene),
        "between": draw_between(scene, matrices[-1] if matrices else None, measure),
        "spread": draw_spread(scene),
        "drift": draw_drift(scene),
        "story": tell_similarity(scene, matrices),
    }


def draw_contribution(scene: Scene) -> dict:
    labels = {name: task.label for name, task in TASKS.items()}
    table = scene.found.similarities
    title = "Contribution: how similar is each layer's output to its input?"
    subtitle = (
        f"{scene.subject.label} before fine-tuning, every task it was measured on, {POOLINGS[scene.choice.pooling]}"
    )
    if table.empty:
        title, subtitle = (
            f"No layer similarities of {scene.subject.label} measured yet",
            "measure them with the button above",
        )
    figure = similarity_of_layers(table, title, subtitle, scene.dropped or (), labels)
    numbers = table.round(4).rename(columns=str.capitalize) if len(table) else table
    return as_value(figure, title, numbers, f"{file_stem(scene.subject, scene.topic)}-contribution.csv")


def draw_between(scene: Scene, matrix, measure: str) -> dict:
    table = tables.matrix_table(matrix)
    title = f"{MEASURES[measure]} of every two states"
    subtitle = f"{scene.about} before fine-tuning, {POOLINGS[scene.choice.pooling]}"
    subtitle += f", {matrix.n_texts:,} validation texts" if matrix else ": not measured yet"
    if measure == "cka" and matrix and matrix.matrix[0][0] is None:
        subtitle += "; blank: before the first layer the sentence token is the same for every text"
    figure = draw.heatmap(table, title, subtitle, MEASURES[measure], "state (emb: embeddings, then layers)", height=330)
    numbers = table.round(4).rename_axis("State").reset_index() if len(table) else table
    return as_value(figure, title, numbers, f"{file_stem(scene.subject, scene.topic)}-{measure}.csv")


def draw_spread(scene: Scene) -> dict:
    table = tables.layer_spread(scene.found.similarity)
    title = "Contribution, text by text"
    subtitle = f"{scene.about}: median over texts, bars are the quartiles, {POOLINGS[scene.choice.pooling]}"
    subtitle += " · crosses: dropped at the current choice" if scene.dropped and len(table) else ""
    if table.empty:
        subtitle = f"{scene.about}: not measured yet"
    figure = draw.spread_of_layers(table, title, subtitle, scene.dropped or ())
    numbers = table.round(4).rename(columns={"low": "First quartile", "middle": "Median", "high": "Third quartile"})
    return as_value(figure, title, numbers, f"{file_stem(scene.subject, scene.topic)}-spread.csv")


def draw_drift(scene: Scene) -> dict:
    drifts = sorted(
        scene.records("drift", every_task=True), key=lambda d: (d.task != scene.topic.key, d.task, -len(d.kept))
    )
    labels = [name_drift(drift) for drift in drifts]
    rows = tables.drift_table(drifts, labels, BESIDE)
    order = list(dict.fromkeys(rows.row))
    columns = sorted({*rows.state} - {"emb"}, key=int)
    table = rows.pivot_table(index="row", columns="state", values="cosine", sort=False).reindex(order)[
        ["emb", *columns]
    ]
    title = "Drift: how far does fine-tuning move each layer's output?"
    own = (
        f"{scene.subject.label}: measured, {POOLINGS[scene.choice.pooling]}"
        if drifts
        else f"{scene.subject.label}: not measured yet"
    )
    subtitle = f"cosine of the pre-trained and the fine-tuned state, 1 is unmoved · {own}"
    subtitle += " · the paper's rows: read off its figure, mean of tasks"
    figure = draw.heatmap(
        table, title, subtitle, "cosine", "state (emb: embeddings, then the layer's number in the full model)"
    )
    return as_value(
        figure,
        title,
        rows.round(4).rename(columns=str.capitalize),
        f"{file_stem(scene.subject, scene.topic)}-drift.csv",
    )


def name_drift(drift: Drift) -> str:
    label = MODELS[drift.model].label if drift.model in MODELS else drift.model
    task = TASKS[drift.task].label if drift.task in TASKS else drift.task
    return f"{label}, {task}, kept {describe_layers(drift.kept)}, seed {drift.seed}"


def tell_similarity(scene: Scene, matrices: Sequence) -> dict:
    similarity = scene.found.similarity
    if not similarity:
        return {"lead": "Not measured yet:", "text": f"what the layers of {scene.about} change.", "unknown": ""}
    order = sorted(range(len(similarity.mean)), key=lambda layer: similarity.mean[layer])
    least, most = order[-1], order[0]
    lead = f"Layer {most} changes its input most, layer {least} least:"
    text = f"cosine {similarity.mean[most]:.3f} against {similarity.mean[least]:.3f}, "
    text += f"over {similarity.n_texts:,} validation texts."
    return {
        "lead": lead,
        "text": text,
        "unknown": "A layer that changes little is a candidate to drop; whether it can go, only a run tells.",
    }


@lru_cache(maxsize=128)
def probes_view(choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple) -> dict[str, dict]:
    """story, probes."""
    scene = make_scene(choice, subject, topic, store, stored)
    probes = chosen_probes(scene)
    table = tables.probe_table(probes, BESIDE)
    names = {bool(p.run): tables.FINE_TUNED_LABEL if p.run else tables.PRE_TRAINED_LABEL for p in probes}
    knows = {names[bool(p.run)]: tables.state_names(p.kept)[p.knows_from] for p in probes}
    title = "Where does the model know the task? A linear probe on every state"
    if probes:
        tuned = next((p for p in probes if p.run), None)
        what = f"; fine-tuned: kept {describe_layers(tuned.kept)}, seed {tuned.seed}" if tuned else ""
        subtitle = f"{scene.about}, {POOLINGS[choice.pooling]}, {probes[0].n_texts:,} validation texts, "
        subtitle += f"5-fold cross-validated ridge{what}"
        subtitle += " · bars: 95% intervals · ringed: first state within a point of its best"
        subtitle += " · open: the paper's mean over GLUE tasks"
    else:
        subtitle = (
            f"{scene.about}: not measured yet · open markers: the paper's fine-tuned models, mean over GLUE tasks"
        )
    metric = probes[0].metric if probes else "score"
    figure = draw.probe_curves(
        table, title, subtitle, f"{metric}, %" if metric == "accuracy" else f"{metric} × 100", knows
    )
    value = as_value(
        figure, title, table.round(2).rename(columns=str.capitalize), f"{file_stem(subject, topic)}-probes.csv"
    )
    return {"probes": value, "story": tell_probes(scene, probes, knows)}


def chosen_probes(scene: Scene) -> list[Probe]:
    """The pre-trained model's, and of the fine-tuned ones that of the chosen layers, else of the full model."""
    probes, n_dropped = scene.records("probe"), len(scene.dropped or ())
    tuned = [p for p in probes if p.run and (scene.subject.n_layers or 0) - len(p.kept) in (n_dropped, 0)]
    kept = tuple(i for i in range(scene.subject.n_layers or 0) if i not in (scene.dropped or ()))
    tuned.sort(key=lambda p: (p.kept == kept, len(p.kept)))
    return [p for p in probes if not p.run][-1:] + tuned[-1:]


def tell_probes(scene: Scene, probes: Sequence[Probe], knows: dict[str, str]) -> dict:
    if not probes:
        return {"lead": "Not measured yet:", "text": f"what each layer of {scene.about} knows.", "unknown": ""}
    before = next(p for p in probes if not p.run)
    text = f"before fine-tuning its best state scores {max(before.scores):.1f}, "
    text += f"and state {knows[tables.PRE_TRAINED_LABEL]} is within a point of that"
    if tuned := next((p for p in probes if p.run), None):
        text += f"; after it {max(tuned.scores):.1f}, from state {knows[tables.FINE_TUNED_LABEL]} on"
    lead = "Layers above the ring add little for a linear reader:"
    return {
        "lead": lead,
        "text": f"{text}.",
        "unknown": "What a probe can read is not what the model uses; a run tells.",
    }


BUDGET_COLUMNS = (
    "Strategy",
    "Layers dropped",
    "Which",
    "Loss",
    "Upper end",
    "How sure",
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
    """story, droppable, latency, parameters, published."""
    scene = make_scene(choice, subject, topic, store, stored)
    similarity = scene.found.similarity and scene.found.similarity.mean
    rows = most_droppable(scene.found.runs, similarity, points)
    worth = tables.value_table(scene.found.runs, similarity)
    metric = axis_title(choice, scene.found) if scene.found.runs else "score, %"
    about = f"{scene.about}, recipe {choice.recipe}; faded: another stack scores no less with no more layers"
    if worth.empty:
        about = f"{scene.about}: no run of recipe {choice.recipe} is stored"
    figures = {
        name: draw.worth_its_cost(worth, title, about, column, axis, metric, scene.dropped)
        for name, title, column, axis in (
            ("latency", "Score against inference time", "latency_ms", "median ms for 32 texts at once"),
            ("parameters", "Score against size", "parameters", "parameters, millions"),
        )
    }
    numbers = worth.assign(dropped=[describe_layers(d) for d in worth.dropped]).round(3) if len(worth) else worth
    values = {
        n: as_value(
            f, f.layout.title.text, numbers.rename(columns=str.capitalize), f"{file_stem(subject, topic)}-{n}.csv"
        )
        for n, f in figures.items()
    }
    return values | {
        "droppable": droppable_table(scene, rows, points),
        "published": published_table(scene),
        "story": tell_budget(scene, rows, points),
    }


def droppable_table(scene: Scene, rows: Sequence[dict], points: float) -> dict:
    cells = [
        (
            STRATEGIES[row["strategy"]].label,
            row["n_dropped"],
            describe_layers(tuple(i for i in range(scene.subject.n_layers or 0) if i not in row["kept"])) or "none",
            round(row["loss"], 2),
            round(max(row["upper"]), 2),
            row["certainty"],
            f"{row['parameters']['after'] / 1e6:.1f} M",
            round(row["megabytes"]["after"]),
            times(row["speedup"]["measured"].get("32")),
            times(row["speedup"]["predicted"]),
            len(row["seeds"]),
        )
        for row in rows
    ]
    title = f"Most layers that a loss of {points:g} point{'s' * (points != 1)} buys"
    subtitle = f"{scene.about}, recipe {scene.choice.recipe}; speed: times the full model's, 32 texts at once"
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


def tell_budget(scene: Scene, rows: Sequence[dict], points: float) -> dict:
    some = [row for row in rows if row["n_dropped"]]
    if not rows:
        return {"lead": "Nothing measured here yet:", "text": "a budget rests on stored runs.", "unknown": ""}
    if not some:
        return {"lead": f"No strategy drops a layer for {points:g} points here.", "text": "", "unknown": ""}
    best = max(row["n_dropped"] for row in some)
    who = [row for row in some if row["n_dropped"] == best]
    names = ", ".join(STRATEGIES[row["strategy"]].label for row in who)
    text = f"{names}, at a loss of {min(row['loss'] for row in who):.1f} points; {who[0]['certainty']}."
    speed = who[0]["speedup"]["measured"].get("32")
    text += f" That is {speed:.2f} times as fast." if speed else ""
    sure = [row for row in some if row["certainty"] == CERTAIN]
    unknown = f"None is certain: {len(rows[0]['seeds'])} seeds and their intervals leave room for more than {points:g}."
    unknown = "" if sure else unknown
    return {
        "lead": f"{points:g} points buy {best} of {scene.subject.n_layers} layers:",
        "text": text,
        "unknown": unknown,
    }
