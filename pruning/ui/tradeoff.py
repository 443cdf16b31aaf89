"""Tab Trade-off: choices on the left; the answer, the curve, the layers and the rows on the right."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from html import escape

import gradio as gr

from ..figures import BUDGETS
from ..frames import MEASURED
from ..jobs import JobQueue, QueueFullError
from ..published import SOURCES
from ..recipes import RECIPES
from ..runs import POOLINGS
from ..store import Store
from ..strategies import STRATEGIES
from ..uploads import uploads
from . import choice as choices
from .choice import COMPARED, Choice
from .live import LiveRuns
from .parts import ACTION, JOB, STACK, STORY, TABLE, TILES, figure, part
from .topics import all_tasks, labelled_tasks
from .updates import CHOICES, VIEWS, all_updates, read_choice, show_job, show_result, unchanged
from .view import make_request

TAB = "trade-off"
POLL_SECONDS = 1
QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build_tradeoff(demo: gr.Blocks, visitor: gr.BrowserState, store: Store, jobs: JobQueue) -> Callable[..., None]:
    """Gives back `connect_use(event, tabs, field, value)`: that event of another tab opens this one with a choice.

    `value` is the component that holds the model or the task, which `field` names, to be chosen.
    """
    with gr.Row(elem_classes="lp-page"):
        with gr.Column(elem_classes="lp-card lp-choices"):
            controls = build_choices()
            run = gr.Button("Run this point live", variant="primary", elem_id="lp-run")
            job = part(JOB, "job")
            cancel = gr.Button("Cancel this run", visible=False, elem_id="lp-cancel")
            action = part(ACTION, "action", start="copy")
        with gr.Column(elem_classes="lp-results"):
            tiles = part(TILES, "tiles", start="link")
            with gr.Column(elem_classes="lp-card"):
                with gr.Row(elem_classes="lp-pair"):
                    curve = figure("curve")
                    stack = part(STACK, "stack")
                story = part(STORY, "story")
            with gr.Column(elem_classes="lp-card"):
                heatmap = figure("heatmap")
            with gr.Column(elem_classes="lp-card lp-runs"):
                rows = part(TABLE, "rows", start="rows")
    live = {"timer": gr.Timer(POLL_SECONDS, active=False), "job": job, "cancel": cancel}
    views = dict(zip(VIEWS, (tiles, curve, stack, story, heatmap, rows, action, run), strict=True))
    return connect(demo, visitor, {"live": live, "controls": controls, "views": views}, store, jobs)


def build_choices() -> dict[str, gr.components.Component]:
    """The controls by the field of Choice that they set, in its order.

    They accept all there is, so that a page which was open while the server was restarted goes on working; what a
    model offers comes with the page's load.
    """
    controls = build_data_choices() | build_layer_choices()
    with gr.Accordion("Recipe and seed", open=False, elem_id="lp-recipe"):
        controls |= build_recipe_choices()
    return {name: controls[name] for name in CHOICES}


def build_data_choices() -> dict[str, gr.components.Component]:
    about = "or type a hub id or a folder"
    tasks, sources = labelled_tasks(all_tasks()), choices.labelled_sources([*SOURCES, MEASURED])
    return {
        "model": gr.Dropdown([], label="Model", info=about, allow_custom_value=True, elem_id="lp-model"),
        "task": gr.Dropdown(tasks, label="Task", filterable=False, elem_id="lp-task"),
        "source": gr.Radio(sources, label="Numbers from", visible=False, elem_id="lp-source", elem_classes="lp-pills"),
    }


def build_layer_choices() -> dict[str, gr.components.Component]:
    start, most = Choice(), choices.UNKNOWN_LAYERS - 1
    strategies = [(s.label, s.name) for s in STRATEGIES.values()]
    compared = [(STRATEGIES[name].label, name) for name in COMPARED]
    budgets = [(f"{n} point{'s' * (n > 1)}", n) for n in BUDGETS]
    return {
        "strategy": gr.Dropdown(
            strategies, value=start.strategy, label="Strategy", filterable=False, elem_id="lp-strategy"
        ),
        "n_dropped": gr.Slider(0, most, start.n_dropped, step=1, label="Layers to drop", elem_id="lp-drop", buttons=[]),
        "layers": gr.Textbox(label="Layers to drop, such as 1,4 or 2-4", visible=False, elem_id="lp-layers"),
        "budget": gr.Radio(
            budgets, value=start.budget, label="Loss you accept", elem_id="lp-budget", elem_classes="lp-pills"
        ),
        "compare": gr.CheckboxGroup(
            compared, value=list(COMPARED), label="Compare with", elem_id="lp-compare", elem_classes="lp-compare"
        ),
    }


def build_recipe_choices() -> dict[str, gr.components.Component]:
    start = Choice()
    recipes = [(r.label, r.name) for r in RECIPES.values()]
    poolings = [(label, name) for name, label in POOLINGS.items()]
    return {
        "recipe": gr.Dropdown(recipes, value=start.recipe, label="Recipe", filterable=False),
        "seed": gr.Number(None, label="Seed (empty: the next not run yet)", precision=0, minimum=0),
        "pooling": gr.Radio(
            poolings, value=start.pooling, label="Similarity for Contribution", elem_classes="lp-pills"
        ),
    }


def connect(
    demo: gr.Blocks, visitor: gr.BrowserState, parts: dict[str, dict], store: Store, jobs: JobQueue
) -> Callable[..., None]:
    """Every event takes the visitor and all controls, and may change the live run's parts, the controls and the views.

    A reloaded page finds its choice in the link and its job by the token that the browser keeps.
    """
    live = LiveRuns(jobs)
    ends = {"inputs": [visitor, *parts["controls"].values()]}
    ends |= {"outputs": [part for group in parts.values() for part in group.values()]}

    def load(visitor, request: gr.Request):
        visitor = visitor or secrets.token_hex(16)
        choice = choices.from_query(dict(request.query_params))
        return [visitor, *all_updates(choice, uploads(visitor), live.find(visitor), store, fresh=True)]

    def connect_use(event: Callable, tabs: gr.Tabs, field: str, value: gr.components.Component) -> None:
        def use(chosen, visitor, *values):
            choice = replace(read_choice(values), **{field: chosen}, source="")
            shown = all_updates(choice, uploads(visitor), live.find(visitor), store, fresh=True)
            return [gr.Tabs(selected=TAB), *shown]

        event(use, [value, *ends["inputs"]], [tabs, *ends["outputs"]], **QUIET)

    demo.load(load, visitor, [visitor, *ends["outputs"]], **QUIET)
    connect_choices(parts["controls"], parts["views"], ends | QUIET | {"trigger_mode": "always_last"}, store, live)
    connect_live(parts["views"]["run"], parts["live"], ends | QUIET, store, live)
    return connect_use


def connect_choices(controls: dict, views: dict, options: dict, store: Store, live: LiveRuns) -> None:
    """A change of model, task, source or strategy also changes what the other controls offer."""

    def show(visitor, *values):
        updates = show_other_way(visitor, *values)
        return [*updates[: -len(CHOICES + VIEWS)], *unchanged(CHOICES), *updates[-len(VIEWS) :]]

    def show_other_model(visitor, *values):
        choice = replace(read_choice(values), source="")
        return all_updates(choice, uploads(visitor), live.find(visitor), store, other_model=True)

    def show_other_task(visitor, *values):
        return all_updates(replace(read_choice(values), source=""), uploads(visitor), live.find(visitor), store)

    def show_other_way(visitor, *values):
        return all_updates(read_choice(values), uploads(visitor), live.find(visitor), store)

    def pick(event: gr.EventData, visitor, *values):
        point = {name: getattr(event, name, None) for name in ("strategy", "n_dropped", "layers")}
        choice = choices.pick_point(read_choice(values), point)
        return all_updates(choice, uploads(visitor), live.find(visitor), store)

    rest = ("compare", "n_dropped", "budget", "recipe", "seed", "pooling")
    typed = [controls["layers"].submit, controls["layers"].blur]
    controls["model"].input(show_other_model, **options)
    controls["task"].input(show_other_task, **options)
    gr.on([controls["source"].input, controls["strategy"].input], show_other_way, **options)
    gr.on([controls[name].input for name in rest] + typed, show, **options)
    views["curve"].pick(pick, **options)


def connect_live(run: gr.Button, parts: dict, options: dict, store: Store, live: LiveRuns) -> None:
    """Run, follow, cancel. While a job goes on the choice stays the visitor's; when it has ended all is shown anew."""

    def start(visitor, *values):
        try:
            live.start(visitor, make_request(read_choice(values), store, uploads(visitor)))
        except (ValueError, OSError, QueueFullError) as error:
            raise gr.Error(escape(str(error)), print_exception=False) from error
        return follow(visitor, *values)

    def follow(visitor, *values):
        job = live.find(visitor)
        if job and not job.ended:
            return [*show_job(job, store), *unchanged(CHOICES + VIEWS[:-1]), gr.Button(interactive=False)]
        own = uploads(visitor)
        return all_updates(show_result(read_choice(values), job, own), own, job, store)

    def stop(visitor, *values):
        live.stop(visitor)
        return follow(visitor, *values)

    run.click(start, **options)
    parts["timer"].tick(follow, **options)
    parts["cancel"].click(stop, **options)
