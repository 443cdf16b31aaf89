"""Everything the Trade-off tab shows of one choice, as plain values: the page only puts them in their places."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache

import pandas as pd

from .. import frames, published, story, tables, tiles
from ..curve import MEASURED, CurvePoint, find_point, full_score, measured_curve, published_curve
from ..data_figures import plain
from ..distilled import Distilled, find_distilled, tell_distilled
from ..figures import score_against_dropped, similarity_of_layers
from ..palette import cosine_colour
from ..plan import Request
from ..runs import POOLINGS, PRE_TRAINED, STARTS, Run, Similarity
from ..store import Store
from ..strategies import STRATEGIES, describe_layers
from ..tasks import TASKS
from ..uploads import Upload
from .action import describe_action, next_seed
from .choice import Choice, Subject, as_query, as_request, dropped_layers, settle
from .topics import Topic


@dataclass(frozen=True, eq=False)  # the cached parts of a view go by identity, and keep it as long as they live
class Frames:
    """The tables behind one model, task, source, recipe and pooling; independent of strategy and layers."""

    runs: list[Run]
    others: str  # what is stored of this model and task that cannot stand in a line with them
    curve: list[CurvePoint]
    similarity: Similarity | None
    similarities: pd.DataFrame
    span: tuple[float, float]  # lowest and highest of them
    live: frozenset[str]  # keys of the runs made on this machine
    beside: Distilled | None  # measured like these runs


@dataclass(frozen=True)
class View:
    tiles: dict
    curve: dict
    stack: dict
    story: dict
    heatmap: dict
    rows: dict
    action: dict
    can_run: bool


def version(store: Store) -> tuple:
    """Changes whenever a row is added, also by another process."""
    files = [store.path, store.path.with_name(store.path.name + "-wal")]
    return tuple((f.stat().st_mtime_ns, f.stat().st_size) if f.exists() else None for f in files)


@lru_cache(maxsize=64)
def load_frames(
    store: Store, stored: tuple, subject: Subject, topic: Topic, source: str, recipe: str, pooling: str, start: str
) -> Frames:
    """`stored` is the store's version: a new row makes new tables."""
    every = store.runs(subject.key, topic.key) if topic.has_texts else []
    every = [run for run in every if topic.data in ("", run.data)]
    runs = frames.comparable(every, recipe, subject.revision, start)
    live = frozenset(run.key for run in runs if not store.is_shipped(run))
    similarities = [s for s in store.similarities(subject.key) if s.task != topic.key or topic.data in ("", s.data)]
    same_task = [s for s in similarities if s.task == topic.key and subject.revision in ("", s.revision)]
    similarity = frames.matching(same_task, runs, pooling)
    if source == MEASURED:
        curve = measured_curve(runs, similarity and similarity.mean, lambda run: run.key in live)
    else:
        curve = published_curve(subject.published, topic.published, source)
    revision = similarity.revision if similarity else runs[0].revision if runs else subject.revision
    table = frames.similarity_table(similarities, pooling, revision)
    span = (float(table.cosine.min()), float(table.cosine.max())) if len(table) else (0.0, 1.0)
    alike = source == MEASURED and start == PRE_TRAINED  # as the small one is trained
    beside = find_distilled(subject.key, topic.key, topic.data, recipe, store) if alike else None
    return Frames(runs, describe_others(every, subject), curve, similarity, table, span, live, beside)


def describe_others(runs: list[Run], subject: Subject) -> str:
    same = [run for run in runs if subject.revision in ("", run.revision)]
    n, kind = (len(same), "recipes or starts") if same else (len(runs), "weights")
    return f"{n} run{'s' * (n > 1)} of other {kind} {'are' if n > 1 else 'is'} stored" if n else ""


def look_up(
    choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple
) -> tuple[Frames, tuple[int, ...] | None, str]:
    """The tables behind a settled choice, the layers it drops (None: not known) and why it is impossible."""
    found = load_frames(store, stored, subject, topic, choice.source, choice.recipe, choice.pooling, choice.start)
    try:
        dropped = dropped_layers(choice, subject.n_layers, found.similarity and found.similarity.mean)
    except ValueError as error:
        return found, None, subject.error or topic.problem or str(error)
    return found, dropped, subject.error or topic.problem


def make_request(choice: Choice, store: Store, own: Sequence[Upload] = ()) -> Request:
    """What a live run of this choice would ask; ValueError: the custom layers cannot be read."""
    choice, subject, topic, _ = settle(choice, store, own)
    store = store.scoped(topic.scope)
    found, dropped, _ = look_up(choice, subject, topic, store, version(store))
    return as_request(choice, topic, next_seed(choice, found.runs, dropped))


def make_view(choice: Choice, store: Store, own: Sequence[Upload] = ()) -> View:
    """The view of any choice; `own` are the visitor's files."""
    choice, subject, topic, _ = settle(choice, store, own)
    store = store.scoped(topic.scope)
    return make_settled_view(choice, subject, topic, store, version(store))


@lru_cache(maxsize=256)
def make_settled_view(choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple) -> View:
    """The view of a settled choice; what many visitors look at is made once. `store` is scoped as the topic is."""
    found, dropped, error = look_up(choice, subject, topic, store, stored)
    if dropped is not None:
        choice = replace(choice, n_dropped=len(dropped))
    looked_at = frozenset([choice.strategy, "custom", *(() if subject.shared else choice.compare)])
    named = dropped if choice.strategy == "custom" else None
    drawn, numbers = drawn_points(found, looked_at, named, f"{file_stem(subject, topic)}-curve.csv")
    point = story.Point(choice.strategy, choice.n_dropped, subject.n_layers or 0, dropped, choice.budget)
    told = story.tell(found.curve, point, drawn)
    own = find_point(found.curve, point.strategy, point.n_dropped, dropped) if point.n_dropped else None
    cost = find_cost(choice, subject, found, dropped)
    beside = tell_distilled(own, cost.parameters and cost.parameters[1], found.beside)
    told = replace(told, text=f"{told.text} {beside}".strip())
    action = describe_action(choice, subject, topic, found.runs, dropped, error, store)
    shown = tiles.tiles(found.curve, point, cost)
    return View(
        tiles={"tiles": [asdict(tile) for tile in shown], "query": as_query(choice)},
        curve=draw_curve(choice, subject, topic, found, drawn, told) | {"numbers": numbers},
        stack=draw_stack(choice, subject, found, dropped),
        story=asdict(told),
        heatmap=draw_heatmap(choice.pooling, subject, topic, found, dropped),
        rows=list_rows(choice.source, choice.recipe, subject, topic, found),
        action=action,
        can_run=not error and topic.has_texts,
    )


@lru_cache(maxsize=64)
def drawn_points(
    found: Frames, strategies: frozenset[str], named: tuple[int, ...] | None, file: str
) -> tuple[list[CurvePoint], dict]:
    """The points of those strategies and of the layers `named` by hand, even where a strategy's run has measured them;
    and what the page shows of them as a table."""
    points = [point for point in found.curve if point.strategy in strategies]
    own = find_point(found.curve, "custom", len(named), named) if named else None
    points += [own] if own and own not in points else []
    return points, as_table(tables.curve_numbers(points), file)


def find_cost(choice: Choice, subject: Subject, found: Frames, dropped: tuple[int, ...] | None) -> frames.Cost:
    if choice.source != MEASURED and choice.strategy != "custom":
        return frames.published_cost(subject.published, choice.n_dropped, choice.source)
    return frames.measured_cost(found.runs, len(dropped)) if dropped is not None else frames.Cost()


def draw_curve(
    choice: Choice, subject: Subject, topic: Topic, found: Frames, drawn: list[CurvePoint], told: story.Story
) -> dict:
    title, subtitle = curve_titles(choice, subject, topic, found, drawn)
    reference = (found.beside.label, found.beside.full.score) if found.beside else None
    if choice.source != MEASURED:
        reference = published.distilled(subject.published, topic.published, choice.source)
    figure = score_against_dropped(
        drawn,
        title,
        subtitle,
        subject.n_layers or 0,
        choice.strategy,
        choice.n_dropped,
        full_score(found.curve),
        choice.budget,
        reference,
        axis=axis_title(choice, found),
    )
    return {"figure": figure, "label": f"{title}. {told}"}


def curve_titles(
    choice: Choice, subject: Subject, topic: Topic, found: Frames, drawn: list[CurvePoint]
) -> tuple[str, str]:
    """What the curve shows, and what its numbers rest on."""
    about = f"{subject.label} on {topic.label}"
    if subject.error:
        return f"{subject.label} cannot be used", subject.error
    if not found.curve:
        others = f"{found.others} · " if found.others else ""
        return f"No stored run of {about} with recipe {choice.recipe} yet", f"{others}run a point live to see it here"
    if not drawn:
        label = STRATEGIES[choice.strategy].label
        return f"No point of {label} on {about} to draw", "tick other strategies under Compare with to see theirs"
    if choice.source != MEASURED:
        source = published.SOURCES[choice.source]
        where = story.join(list(dict.fromkeys(point.where for point in found.curve)))
        only = story.join_labels(found.curve)
        return (
            "Score against layers dropped",
            f"{about} · open markers: published by {source.label} ({where}), for {only}",
        )
    seeds, n = {seed for point in found.curve for seed in point.seeds}, found.curve[0].n_eval
    subtitle = (
        f"{about}, {n:,} test texts · recipe {choice.recipe}{of_start(choice)} · mean of up to {len(seeds)} seeds"
    )
    subtitle += " · bars: 95% intervals over the test texts, widest over the seeds · ticks: single seeds"
    return "Score against layers dropped", subtitle + (
        " · ★ run on this machine" if any(point.live for point in found.curve) else ""
    )


def of_start(choice: Choice) -> str:
    return "" if choice.start == Choice().start else f", {STARTS[choice.start]}"


def axis_title(choice: Choice, found: Frames) -> str:
    if choice.source != MEASURED or not found.runs:
        return "GLUE score, %"
    return score_axis(found.runs[0].metric)


def score_axis(metric: str) -> str:
    return f"{metric}, %" if metric in ("accuracy", "f1") else f"{metric} correlation × 100"


def draw_stack(choice: Choice, subject: Subject, found: Frames, dropped: tuple[int, ...] | None) -> dict:
    """Layers from the top one down, with the cosine that colours each."""
    if not subject.n_layers:
        return {"title": "Layer stack", "subtitle": "known once the model is here", "layers": []}
    cosines = found.similarity.mean if found.similarity else [None] * subject.n_layers
    (low, high), word, layers = found.span, "repeat" if subject.shared else "layer", []
    for layer in reversed(range(subject.n_layers)):
        value = cosines[layer]
        if value is None:
            fill, ink, text = "var(--lp-grid)", "var(--lp-mute)", ""
        else:
            fill, ink = cosine_colour((value - low) / ((high - low) or 1))
            text = f"{value:.3f}"
        off = layer in (dropped or ())
        layers.append({"layer": layer, "name": f"{word} {layer}", "cosine": text, "fill": fill, "ink": ink, "off": off})
    if dropped is None:
        subtitle = "which layers are dropped is not known yet"
    else:
        kept = [i for i in range(subject.n_layers) if i not in dropped]
        subtitle = f"kept {describe_layers(kept)}; dropped {describe_layers(dropped)}"
    return {"title": "Layer stack", "subtitle": subtitle, "layers": layers, "fixed": subject.shared}


@lru_cache(maxsize=128)
def draw_heatmap(pooling: str, subject: Subject, topic: Topic, found: Frames, dropped: tuple[int, ...] | None) -> dict:
    labels = {name: task.label for name, task in TASKS.items()} | {topic.key: plain(topic.label)}
    if found.similarities.empty:
        title = f"No layer similarities of {subject.label} measured yet"
        subtitle = "a live run with strategy Contribution measures them"
    else:
        title = "How similar is each layer's output to its input?"
        subtitle = f"{subject.label} before fine-tuning, mean cosine over validation texts, {POOLINGS[pooling]}"
        subtitle += " · hatched: dropped at the current choice" if dropped else ""
    figure = similarity_of_layers(found.similarities, title, subtitle, dropped or (), labels)
    numbers = tables.similarity_numbers(found.similarities, labels)
    return as_value(figure, f"{title} {subtitle}", numbers, f"{subject.label}-similarity.csv")


@lru_cache(maxsize=64)
def list_rows(source: str, recipe: str, subject: Subject, topic: Topic, found: Frames) -> dict:
    runs = found.runs if source == MEASURED else []
    rows = tables.run_rows(runs, found.curve, lambda run: run.key in found.live)
    subtitle = f"{subject.label} on {topic.label}, recipe {recipe}: one row per run"
    title = "Runs behind these numbers" if len(rows) else ""
    return {"title": title, "subtitle": subtitle, "numbers": as_table(rows, f"{file_stem(subject, topic)}-runs.csv")}


def as_value(figure: dict, label: str, numbers: pd.DataFrame, file: str) -> dict:
    """What the page needs to draw a figure and to show and save its numbers."""
    return {"figure": figure, "label": label, "numbers": as_table(numbers, file)}


def as_table(rows: pd.DataFrame, file: str) -> dict:
    cells = rows.astype(object).where(rows.notna(), None).to_numpy().tolist() if len(rows) else []
    return {"columns": rows.columns.tolist(), "rows": cells, "file": file}


def file_stem(subject: Subject, topic: Topic) -> str:
    return f"{subject.label}-{topic.label}".replace(" ", "-").replace("/", "-").lower()
