"""Tab Trade-off: choices on the left; the answer, the curve, the layers and the rows on the right."""

from contextlib import suppress
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
from .choice import COMPARED, Choice
from .live import NOTHING, describe_job
from .parts import ACTION, JOB, STACK, STORY, TABLE, TILES, figure, part
from .view import View, chosen_seed, make_view

CHOICES = tuple(field.name for field in fields(Choice))  # the controls, in the order of the events' inputs
VIEWS = ("tiles", "curve", "stack", "story", "heatmap", "rows", "action", "run")
POLL_SECONDS = 1


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
    job_id = gr.BrowserState("", storage_key="layer-pruning-explorer-job", secret="layer-pruning-explorer")
    timer = gr.Timer(POLL_SECONDS, active=False)
    views = {name: part for name, part in zip(VIEWS, (tiles, curve, stack, story, heatmap, rows, action, run))}
    live = {"job_id": job_id, "timer": timer, "job": job, "cancel": cancel}
    connect_choices(controls, views, store)
    connect_live(demo, controls, views, live, store, jobs)


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


def connect_choices(controls: dict, views: dict, store: Store) -> None:
    """A change of model, task, source or strategy also changes what the other controls offer."""
    inputs, both = list(controls.values()), [*controls.values(), *views.values()]
    quiet = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}

    def show(*values):
        return view_updates(make_view(read_choice(values), store))

    def show_other_model(*values):
        choice = replace(read_choice(values), source="")
        return all_updates(replace(choice, task=choices.task_with_numbers(choice, store)), store)

    def show_other_task(*values):
        return all_updates(replace(read_choice(values), source=""), store)

    def show_other_way(*values):
        return all_updates(read_choice(values), store)

    def pick(event: gr.EventData, *values):
        picked = {"strategy": str(event.strategy), "n_dropped": int(event.n_dropped)}
        return all_updates(replace(read_choice(values), **picked), store)

    controls["model"].input(show_other_model, inputs, both, **quiet)
    controls["task"].input(show_other_task, inputs, both, **quiet)
    gr.on([controls["source"].input, controls["strategy"].input], show_other_way, inputs, both, **quiet)
    rest = ("compare", "n_dropped", "budget", "recipe", "seed", "pooling")
    typed = [controls["layers"].submit, controls["layers"].blur]
    gr.on([controls[name].input for name in rest] + typed, show, inputs, list(views.values()), **quiet)
    views["curve"].pick(pick, inputs, both, **quiet)


def connect_live(demo: gr.Blocks, controls: dict, views: dict, live: dict, store: Store, jobs: JobQueue) -> None:
    """Run, follow, cancel; a reloaded page finds its choice in the link and its job by the id the browser keeps."""
    inputs = [live["job_id"], *controls.values()]
    outputs = [*live.values(), *controls.values(), *views.values()]
    unchanged = [gr.skip()] * (len(controls) + len(views))
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

    def load(job_id, request: gr.Request):
        choice = choices.from_query(dict(request.query_params))
        return follow(job_id, jobs, store) + all_updates(choice, store, fresh=True)

    def start(_, *values):
        choice = read_choice(values)
        try:
            job = jobs.submit(choices.as_request(choice, chosen_seed(choice, store)))
        except (ValueError, OSError, QueueFullError) as error:
            raise gr.Error(escape(str(error)), print_exception=False) from error
        return show_job(job, store) + unchanged

    def poll(job_id, *values):
        updates = follow(job_id, jobs, store)
        if updates[1].active:
            return updates + unchanged
        return updates + all_updates(show_result(read_choice(values), job_id, jobs), store)

    def stop(job_id, *_):
        with suppress(LookupError):  # it has ended long ago
            jobs.cancel(job_id)
        return follow(job_id, jobs, store) + unchanged

    demo.load(load, live["job_id"], outputs, **quiet)
    views["run"].click(start, inputs, outputs, **quiet)
    live["timer"].tick(poll, inputs, outputs, **quiet)
    live["cancel"].click(stop, inputs, outputs, **quiet)


def follow(job_id: str, jobs: JobQueue, store: Store) -> list:
    """Updates of (job id, timer, job, cancel button) for the visitor's job, if it is still known."""
    try:
        return show_job(jobs.get(job_id), store)
    except LookupError:
        return ["", gr.Timer(active=False), NOTHING, gr.Button(visible=False)]


def show_result(choice: Choice, job_id: str, jobs: JobQueue) -> Choice:
    """The choice, turned to measured numbers where its model and task have just got one."""
    with suppress(LookupError):
        job = jobs.get(job_id)
        if job.state == DONE and (job.request.model, job.request.task) == (choice.model, choice.task):
            return replace(choice, source=MEASURED)
    return choice


def show_job(job: Job, store: Store) -> list:
    told = describe_job(job, store)
    going = told["running"]
    return [job.id if going else "", gr.Timer(active=going), told, gr.Button(visible=going)]


def read_choice(values) -> Choice:
    """The controls' values, in the order of CHOICES."""
    given = dict(zip(CHOICES, values, strict=True))
    given |= {"compare": tuple(given["compare"]), "model": str(given["model"] or "").strip()}
    given |= {"source": given["source"] or "", "layers": given["layers"] or ""}
    return Choice(**given)


def all_updates(choice: Choice, store: Store, fresh: bool = False) -> list:
    """Controls, then views. `fresh`: the page was just loaded, so every control is set."""
    choice, subject = choices.settle(choice, store)
    sources = choices.source_names(subject, choice.task, choices.has_runs(subject, choice.task, store))
    updates = dict.fromkeys(CHOICES, gr.skip()) | {
        "task": gr.Dropdown(choices.labelled_tasks(choices.task_names(subject)), value=choice.task),
        "source": gr.Radio(
            choices.labelled_sources(sources),
            value=choice.source,
            visible=len(sources) > 1,
        ),
        "strategy": choice.strategy,
        "n_dropped": drop_slider(choice, subject),
        "layers": gr.Textbox(choice.layers, visible=choice.strategy == "custom"),
    }
    if fresh:
        updates |= {name: getattr(choice, name) for name in ("budget", "recipe", "seed", "pooling")}
        updates |= {"compare": list(choice.compare)}
        updates |= {"model": gr.Dropdown(choices.marked_models(store), value=choice.model)}
    return [*updates.values(), *view_updates(make_view(choice, store))]


def drop_slider(choice: Choice, subject) -> gr.Slider:
    of = f" (of {subject.n_layers})" if subject.n_layers else ""
    most = choices.most_layers(choice, subject.n_layers)
    return gr.Slider(
        0, most, choice.n_dropped, step=1, label=f"Layers to drop{of}", visible=choice.strategy != "custom"
    )


def view_updates(view: View) -> list:
    run = gr.Button(interactive=view.can_run)
    return [*(getattr(view, name) for name in VIEWS[:-1]), run]
