"""What an event changes on the Trade-off tab: the live run's parts, the controls, the views."""

from collections.abc import Sequence
from dataclasses import fields, replace

import gradio as gr

from ..frames import MEASURED
from ..jobs import DONE, Job
from ..store import Store
from ..strategies import STRATEGIES
from ..uploads import Upload
from . import choice as choices
from .choice import Choice, Subject
from .filling import offer
from .live import describe_job
from .topics import find_topic, labelled_tasks, task_names
from .view import make_settled_view, version

CHOICES = tuple(field.name for field in fields(Choice))  # the controls, in the order of the events' inputs
VIEWS = ("tiles", "curve", "stack", "story", "heatmap", "rows", "action", "run", "fill")
PARTS, BUTTONS = VIEWS[:-2], VIEWS[-2:]  # fields of View; what starts work


def unchanged(names: tuple[str, ...]) -> list:
    return [gr.skip()] * len(names)


def show_result(choice: Choice, job: Job | None, own: Sequence[Upload]) -> Choice:
    """The choice, turned to measured numbers where its model and task have just got one."""
    task = find_topic(choice.task, own).file or choice.task
    if job and job.run and job.state == DONE and (job.request.model, job.request.task) == (choice.model, task):
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


def all_updates(
    choice: Choice, own: Sequence[Upload], job: Job | None, store: Store, fresh: bool = False, other_model: bool = False
) -> list:
    """The live run's parts, controls, views. `own` are the visitor's files.

    `fresh`: every control is set, as after the page was loaded. Where the user's own rows cannot be read, the shipped
    ones are shown, and the reason in place of the run hint.
    """
    try:
        return make_updates(choice, own, job, store, fresh, other_model)
    except OSError as error:
        return make_updates(choice, own, job, store.without_own(), fresh, other_model, problem=str(error))


def make_updates(
    choice: Choice,
    own: Sequence[Upload],
    job: Job | None,
    store: Store,
    fresh: bool,
    other_model: bool,
    problem: str = "",
) -> list:
    if other_model:
        choice = replace(choice, task=choices.task_with_numbers(choice, store, own))
    choice, subject, topic, sources = choices.settle(choice, store, own)
    scoped = store.scoped(topic.scope)
    view = make_settled_view(choice, subject, topic, scoped, version(scoped))
    if problem:
        view = replace(view, action={"text": problem, "command": [], "problem": True}, can_run=False)
    controls = control_updates(choice, subject, sources, own)
    if fresh:
        controls |= {name: getattr(choice, name) for name in ("budget", "recipe", "seed", "pooling", "start")}
        controls |= {"compare": list(choice.compare)}
        controls |= {"model": gr.Dropdown(choices.marked_models(store), value=choice.model)}
    is_free = job is None or bool(job.ended)
    lacking, text = offer(choice, subject, topic, scoped, version(scoped))
    run = gr.Button(interactive=view.can_run and is_free)
    text = text if view.can_run else "Fill the curve"
    fill = gr.Button(text, interactive=view.can_run and is_free and bool(lacking))
    return [*show_job(job, store), *controls.values(), *(getattr(view, name) for name in PARTS), run, fill]


def control_updates(choice: Choice, subject: Subject, sources: list[str], own: Sequence[Upload]) -> dict:
    """What the model, task, source and strategy change; the other controls stay."""
    labelled = choices.labelled_sources(sources)
    strategies = [(STRATEGIES[name].label, name) for name in choices.offered_strategies(subject)]
    return dict.fromkeys(CHOICES, gr.skip()) | {
        "task": gr.Dropdown(labelled_tasks(task_names(subject.published, own), own), value=choice.task),
        "source": gr.Radio(labelled, value=choice.source, visible=len(sources) > 1),
        "strategy": gr.Dropdown(strategies, value=choice.strategy),
        "n_dropped": drop_slider(choice, subject),
        "layers": gr.Textbox(choice.layers, visible=choice.strategy == "custom"),
    }


def drop_slider(choice: Choice, subject: Subject) -> gr.Slider:
    of = f" (of {subject.n_layers})" if subject.n_layers else ""
    what = "Repeats of the layer" if subject.shared else "Layers"
    most = choices.most_layers(choice, subject.n_layers)
    return gr.Slider(
        0, most, choice.n_dropped, step=1, label=f"{what} to drop{of}", visible=choice.strategy != "custom"
    )
