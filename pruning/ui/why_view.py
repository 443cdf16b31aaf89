"""Everything the tabs Similarity and Probes show of a choice, as plain values. They rest on stored records."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .. import analysis_figures as draw
from .. import analysis_frames as tables
from ..data_figures import plain
from ..models import MODELS
from ..recipes import RECIPES
from ..runs import MEASURES, POOLINGS, Drift, Probe, Record, Similarity
from ..store import Store
from ..strategies import describe_layers
from ..tasks import TASKS
from .choice import Choice, Subject
from .topics import Topic
from .view import Frames, as_value, draw_heatmap, file_stem, look_up, of_start, score_axis

CONTRIBUTION = "Contribution: how similar is each layer's output to its input?"
BESIDE = ("BERT-base", "XLNet-base")  # models whose published drift and probes stand beside measured ones


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

    def tuned(self, records: Sequence[Drift | Probe]) -> list:
        """Those of fine-tuned models, of the chosen recipe and order alone, as in the curve."""
        values = RECIPES[self.choice.recipe].values()
        return [r for r in records if r.run and (r.recipe, r.start) == (values, self.choice.start)]


def make_scene(choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple) -> Scene:
    found, dropped, _ = look_up(choice, subject, topic, store, stored)
    return Scene(choice, subject, topic, store, found, dropped)


@lru_cache(maxsize=128)
def similarity_view(
    choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple, measure: str
) -> dict[str, dict]:
    """story, contribution, variation, between, spread, drift."""
    scene = make_scene(choice, subject, topic, store, stored)
    matrices = [m for m in scene.records("matrix") if m.measure == measure]
    return {
        "contribution": draw_contribution(scene),
        "variation": draw_variation(scene),
        "between": draw_between(scene, matrices[-1] if matrices else None, measure),
        "spread": draw_spread(scene),
        "drift": draw_drift(scene),
        "story": tell_similarity(scene),
    }


def draw_contribution(scene: Scene) -> dict:
    """The heatmap of Trade-off, under the name it has here."""
    value = draw_heatmap(scene.choice.pooling, scene.subject, scene.topic, scene.found, scene.dropped)
    if scene.found.similarities.empty:
        return value
    title = value["figure"]["layout"]["title"]
    return value | {
        "figure": value["figure"] | {"layout": value["figure"]["layout"] | {"title": title | {"text": CONTRIBUTION}}}
    }


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
        old = "stored without quartiles" if scene.found.similarity else "not measured yet"
        subtitle = f"{scene.about}: {old}"
    figure = draw.spread_of_layers(table, title, subtitle, scene.dropped or ())
    numbers = table.round(4).rename(columns={"low": "First quartile", "middle": "Median", "high": "Third quartile"})
    return as_value(figure, title, numbers, f"{file_stem(scene.subject, scene.topic)}-spread.csv")


def draw_variation(scene: Scene) -> dict:
    """Both poolings, since a token that is the same for every text is made up for by the others."""
    found = [s for s in alike(scene) if s.variation]
    title = "How much does a state differ from text to text?"
    subtitle = f"{scene.about} before fine-tuning: root mean square distance from the mean state, in lengths of that"
    subtitle = subtitle if found else f"{scene.about}: not measured yet"
    last = last_of_lowest(scene)
    subtitle += " · ringed: where the current choice ends" if found and last is not None else ""
    table = tables.variation_table(found)
    figure = draw.variation_curves(table, title, subtitle, scene.choice.pooling, None if last is None else str(last))
    numbers = table.assign(share=[float(f"{share:.3g}") for share in table.share.astype(float)]).rename(
        columns={"pooling": "Pooling", "state": "State", "share": "Percent of the mean state's length"}
    )
    return as_value(figure, title, numbers, f"{file_stem(scene.subject, scene.topic)}-variation.csv")


def alike(scene: Scene) -> list[Similarity]:
    """The newest record of each pooling, of the weights and texts of the chosen one."""
    chosen = scene.found.similarity
    if not chosen:
        return []
    records = scene.store.similarities(scene.subject.key, scene.topic.key)
    same = {s.pooling: s for s in records if (s.revision, s.data) == (chosen.revision, chosen.data)}
    return [same[pooling] for pooling in POOLINGS if pooling in same]


def last_of_lowest(scene: Scene) -> int | None:
    """The last layer that the choice keeps, where it keeps the lowest ones: up to it the two models are the same."""
    if scene.dropped is None or not scene.subject.n_layers:
        return None
    n_kept = scene.subject.n_layers - len(scene.dropped)
    return n_kept - 1 if set(scene.dropped).isdisjoint(range(n_kept)) else None


def draw_drift(scene: Scene) -> dict:
    drifts = scene.tuned(scene.records("drift", every_task=True))
    drifts.sort(key=lambda drift: (drift.task != scene.topic.key, drift.task, -len(drift.kept), drift.seed))
    labels = [name_drift(drift) for drift in drifts]
    rows = tables.drift_table(drifts, labels, BESIDE)
    order = list(dict.fromkeys(rows.row))
    columns = sorted({*rows.state} - {"emb"}, key=int)
    table = rows.pivot(index="row", columns="state", values="cosine").reindex(order)[["emb", *columns]]
    title = "Drift: how far does fine-tuning move each layer's output?"
    recipe = f", recipe {scene.choice.recipe}{of_start(scene.choice)}"
    own = (
        f"{scene.subject.label}: measured, {POOLINGS[scene.choice.pooling]}{recipe}"
        if drifts
        else f"{scene.subject.label}: not measured yet"
    )
    subtitle = f"cosine of the pre-trained and the fine-tuned state, 1 is unmoved · {own}"
    subtitle += " · the paper's rows: read off its figure, mean of tasks"
    figure = draw.heatmap(table, title, subtitle, "cosine", "state after layer")
    names = {"row": "Model", "state": "State", "cosine": "Cosine", "n_texts": "Texts", "source": "Source"}
    numbers = rows.assign(row=rows.row.str.replace("<br>", ", ")).round(4).rename(columns=names)
    return as_value(figure, title, numbers, f"{file_stem(scene.subject, scene.topic)}-drift.csv")


def name_drift(drift: Drift) -> str:
    label = MODELS[drift.model].label if drift.model in MODELS else drift.model
    task = TASKS[drift.task].label if drift.task in TASKS else drift.task
    return f"{plain(label)}, {plain(task)}<br>kept {describe_layers(drift.kept)}, seed {drift.seed}"


def tell_similarity(scene: Scene) -> dict:
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
        recipe = f"recipe {choice.recipe}{of_start(choice)}"
        what = f"; fine-tuned: kept {describe_layers(tuned.kept)}, seed {tuned.seed}, {recipe}" if tuned else ""
        subtitle = f"{scene.about}, {POOLINGS[choice.pooling]}, {probes[0].n_texts:,} validation texts, "
        subtitle += f"5-fold cross-validated ridge{what}"
        subtitle += " · bars: 95% intervals · ringed: first state within a point of its best"
        subtitle += " · open: the paper's mean over GLUE tasks"
    else:
        subtitle = (
            f"{scene.about}: not measured yet · open markers: the paper's fine-tuned models, mean over GLUE tasks"
        )
    metric = probes[0].metric if probes else "score"
    figure = draw.probe_curves(table, title, subtitle, score_axis(metric) if probes else "score, %", knows)
    value = as_value(
        figure, title, table.round(2).rename(columns=str.capitalize), f"{file_stem(subject, topic)}-probes.csv"
    )
    return {"probes": value, "story": tell_probes(scene, probes, knows)}


def chosen_probes(scene: Scene) -> list[Probe]:
    """The pre-trained model's, and the fine-tuned one's of the chosen layers, else of the full model.

    Of several seeds the chosen one, else the lowest.
    """
    probes, every = scene.records("probe"), tuple(range(scene.subject.n_layers or 0))
    kept = tuple(i for i in every if i not in (scene.dropped or ()))
    tuned = [p for p in scene.tuned(probes) if p.kept in (kept, every)]
    tuned.sort(key=lambda p: (p.kept != kept, p.seed != scene.choice.seed, p.seed))
    return [p for p in probes if not p.run][-1:] + tuned[:1]


def tell_probes(scene: Scene, probes: Sequence[Probe], knows: dict[str, str]) -> dict:
    if not probes:
        return {"lead": "Not measured yet:", "text": f"what each layer of {scene.about} knows.", "unknown": ""}
    before = next(p for p in probes if not p.run)
    text = f"before fine-tuning its best state scores {max(before.scores):.1f}, "
    text += f"and state {knows[tables.PRE_TRAINED_LABEL]} is within a point of that"
    if tuned := next((p for p in probes if p.run), None):
        which = f"kept {describe_layers(tuned.kept)}"
        text += f"; after it ({which}) {max(tuned.scores):.1f}, "
        text += f"from state {knows[tables.FINE_TUNED_LABEL]} on within a point"
    lead = "From the ringed state on, a linear reader gains at most a point:"
    return {
        "lead": lead,
        "text": f"{text}.",
        "unknown": "What a probe can read is not what the model uses; a run tells.",
    }
