"""Tab Trade-off: choices on the left; the answer, the curve, the layers and the rows on the right."""

import secrets
from dataclasses import fields, replace
from html import escape

import gradio as gr

from ..figures import BUDGETS
from ..frames import MEASURED
from ..jobs import DONE, Job, JobQueue, QueueFullError
from ..published import SOURCES
from ..recipes import RECIPES
from ..runs import POOLINGS
from ..store import Store
from ..strategies import STRATEGIES
from . import choice as choices
from .choice import COMPARED, Choice, Subject
from .live import LiveRuns, describe_job
from .parts import ACTION, JOB, STACK, STORY, TABLE, TILES, figure, part
from .view import chosen_seed, make_settled_view, version

CHOICES = tuple(field.name for field in fields(Choice))  # the controls, in the order of the events' inputs
VIEWS = ("tiles", "curve", "stack", "story", "heatmap", "rows", "action", "run")
POLL_SECONDS = 1
QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build_tradeoff(demo: gr.Blocks, store: Store, jobs: JobQueue) -> None:
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
    # kept by the browser under this name; the secret only has to outlive a restart of the server
    visitor = gr.BrowserState("", storage_key="layer-pruning-explorer-visitor", secret="layer-pruning-explorer")
    live = {"timer": gr.Timer(POLL_SECONDS, active=False), "job": job, "cancel": cancel}
    views = dict(zip(VIEWS, (tiles, curve, stack, story, heatmap, rows, action, run), strict=True))
    connect(demo, visitor, {"live": live, "controls": controls, "views": views}, store, jobs)


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
    tasks, sources = choices.labelled_tasks(choices.all_tasks()), choices.labelled_sources([*SOURCES, MEASURED])
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


def connect(demo: gr.Blocks, visitor: gr.BrowserState, parts: dict[str, dict], store: Store, jobs: JobQueue) -> None:
    """Every event takes the visitor and all controls, and may change the live run's parts, the controls and the views.

    A reloaded page finds its choice in the link and its job by the token that the browser keeps.
    """
    live = LiveRuns(jobs)
    ends = {"inputs": [visitor, *parts["controls"].values()]}
    ends |= {"outputs": [part for group in parts.values() for part in group.values()]}

    def load(visitor, request: gr.Request):
        visitor = visitor or secrets.token_hex(16)
        choice = choices.from_query(dict(request.query_params))
        return [visitor, *all_updates(choice, live.find(visitor), store, fresh=True)]

    demo.load(load, visitor, [visitor, *ends["outputs"]], **QUIET)
    connect_choices(parts["controls"], parts["views"], ends | QUIET | {"trigger_mode": "always_last"}, store, live)
    connect_live(parts["views"]["run"], parts["live"], ends | QUIET, store, live)


def connect_choices(controls: dict, views: dict, options: dict, store: Store, live: LiveRuns) -> None:
    """A change of model, task, source or strategy also changes what the other controls offer."""

    def show(visitor, *values):
        updates = show_other_way(visitor, *values)
        return [*updates[: -len(CHOICES + VIEWS)], *unchanged(CHOICES), *updates[-len(VIEWS) :]]

    def show_other_model(visitor, *values):
        choice = replace(read_choice(values), source="")
        return all_updates(choice, live.find(visitor), store, other_model=True)

    def show_other_task(visitor, *values):
        return all_updates(replace(read_choice(values), source=""), live.find(visitor), store)

    def show_other_way(visitor, *values):
        return all_updates(read_choice(values), live.find(visitor), store)

    def pick(event: gr.EventData, visitor, *values):
        point = {name: getattr(event, name, None) for name in ("strategy", "n_dropped", "layers")}
        return all_updates(choices.pick_point(read_choice(values), point), live.find(visitor), store)

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
        choice = read_choice(values)
        try:
            live.start(visitor, choices.as_request(choice, chosen_seed(choice, store)))
        except (ValueError, OSError, QueueFullError) as error:
            raise gr.Error(escape(str(error)), print_exception=False) from error
        return follow(visitor, *values)

    def follow(visitor, *values):
        job = live.find(visitor)
        if job and not job.ended:
            return [*show_job(job, store), *unchanged(CHOICES + VIEWS[:-1]), gr.Button(interactive=False)]
        return all_updates(show_result(read_choice(values), job), job, store)

    def stop(visitor, *values):
        live.stop(visitor)
        return follow(visitor, *values)

    run.click(start, **options)
    parts["timer"].tick(follow, **options)
    parts["cancel"].click(stop, **options)


def unchanged(names: tuple[str, ...]) -> list:
    return [gr.skip()] * len(names)


def show_result(choice: Choice, job: Job | None) -> Choice:
    """The choice, turned to measured numbers where its model and task have just got one."""
    if job and job.state == DONE and (job.request.model, job.request.task) == (choice.model, choice.task):
        return replace(choice, source=MEASURED)
    return choice


def show_job(job: Job | None, store: Store) -> list:
    """Updates of timer, job and cancel button."""
    told = describe_job(job, store)
    return [gr.Timer(active=told["running"]), told, gr.Button(visible=told["running"])]


def read_choice(values) -> Choice:
    """The controls' values, in the order of CHOICES."""
    given = dict(zip(CHOICES, values, strict=True))
    given |= {"compare": tuple(given["compare"]), "model": str(given["model"] or "").strip()}
    given |= {"source": given["source"] or "", "layers": given["layers"] or ""}
    return Choice(**given)


def all_updates(choice: Choice, job: Job | None, store: Store, fresh: bool = False, other_model: bool = False) -> list:
    """The live run's parts, controls, views. `fresh`: the page was just loaded, so every control is set.

    Where the user's own rows cannot be read, the shipped ones are shown, and the reason in place of the run hint.
    """
    try:
        return make_updates(choice, job, store, fresh, other_model)
    except OSError as error:
        return make_updates(choice, job, store.without_own(), fresh, other_model, problem=str(error))


def make_updates(
    choice: Choice, job: Job | None, store: Store, fresh: bool, other_model: bool, problem: str = ""
) -> list:
    if other_model:
        choice = replace(choice, task=choices.task_with_numbers(choice, store))
    choice, subject, sources = choices.settle(choice, store)
    view = make_settled_view(choice, subject, store, version(store))
    if problem:
        view = replace(view, action={"text": problem, "command": [], "problem": True}, can_run=False)
    controls = control_updates(choice, subject, sources)
    if fresh:
        controls |= {name: getattr(choice, name) for name in ("budget", "recipe", "seed", "pooling")}
        controls |= {"compare": list(choice.compare)}
        controls |= {"model": gr.Dropdown(choices.marked_models(store), value=choice.model)}
    run = gr.Button(interactive=view.can_run and (job is None or bool(job.ended)))
    return [*show_job(job, store), *controls.values(), *(getattr(view, name) for name in VIEWS[:-1]), run]


def control_updates(choice: Choice, subject: Subject, sources: list[str]) -> dict:
    """What the model, task, source and strategy change; the other controls stay."""
    labelled = choices.labelled_sources(sources)
    return dict.fromkeys(CHOICES, gr.skip()) | {
        "task": gr.Dropdown(choices.labelled_tasks(choices.task_names(subject)), value=choice.task),
        "source": gr.Radio(labelled, value=choice.source, visible=len(sources) > 1),
        "strategy": choice.strategy,
        "n_dropped": drop_slider(choice, subject),
        "layers": gr.Textbox(choice.layers, visible=choice.strategy == "custom"),
    }


def drop_slider(choice: Choice, subject: Subject) -> gr.Slider:
    of = f" (of {subject.n_layers})" if subject.n_layers else ""
    most = choices.most_layers(choice, subject.n_layers)
    return gr.Slider(
        0, most, choice.n_dropped, step=1, label=f"Layers to drop{of}", visible=choice.strategy != "custom"
    )
