"""What an event changes on the Trade-off tab: the live run's parts, the controls, the views.

What Gradio calls an update, `gr.skip()` included, makes a component anew, and of one that is also an input it keeps the
old ones for as long as the visitor's session lasts. So events give values, and controls updates only where they offer
other things than before.
"""

from collections.abc import Sequence
from dataclasses import fields, replace

import gradio as gr

from ..curve import MEASURED
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
LIVE = ("timer", "job", "cancel")
OF_MODEL = ("task", "source", "strategy", "n_dropped", "layers")  # controls that offer what the model and task have
OF_STRATEGY = ("n_dropped", "layers")  # those whose offer depends on the strategy
VIEWS = ("tiles", "curve", "stack", "story", "heatmap", "rows", "action", "run", "fill")
EVERYTHING = LIVE + CHOICES + VIEWS


def show_result(choice: Choice, job: Job | None, own: Sequence[Upload]) -> Choice:
    """The choice, turned to measured numbers where its model and task have just got one."""
    task = find_topic(choice.task, own).file or choice.task
    if job and job.run and job.state == DONE and (job.request.model, job.request.task) == (choice.model, task):
        return replace(choice, source=MEASURED)
    return choice


def show_job(job: Job | None, store: Store) -> list:
    """Updates of timer, job and cancel button."""
    described = describe_job(job, store) | {"id": job.id if job else ""}
    return [gr.update(active=described["running"]), described, gr.update(visible=described["running"])]


def read_choice(values: Sequence, **changes) -> Choice:
    """The controls' values, in the order of CHOICES, but for the changes. A field that was emptied names no model."""
    given = dict(zip(CHOICES, values, strict=True)) | changes
    return choices.read(given | {"model": given["model"] or ""})


def all_updates(
    choice: Choice,
    own: Sequence[Upload],
    job: Job | None,
    store: Store,
    told: Sequence[str] = EVERYTHING,
    other_model: bool = False,
    points_only: bool = False,
) -> list:
    """The updates of the parts that `told` names, in its order. `own` are the visitor's files.

    `points_only`: what the controls offer stays. Where the user's own rows cannot be read, the shipped ones are shown,
    and the reason in place of the run hint.
    """
    offers = () if points_only else [name for name in told if name in ("model", *OF_MODEL)]
    try:
        found = make_updates(choice, own, job, store, offers, other_model)
    except OSError as error:
        found = make_updates(choice, own, job, store.without_own(), offers, other_model, problem=str(error))
    return [found[name] for name in told]


def make_updates(
    choice: Choice,
    own: Sequence[Upload],
    job: Job | None,
    store: Store,
    offers: Sequence[str],
    other_model: bool,
    problem: str = "",
) -> dict:
    """By the name of the part. The controls in `offers` get what they offer, the others their value alone."""
    if other_model:
        choice = replace(choice, task=choices.task_with_numbers(choice, store, own))
    choice, subject, topic, sources = choices.settle(choice, store, own)
    scoped = store.scoped(topic.scope)
    view = make_settled_view(choice, subject, topic, scoped, version(scoped))
    if problem:
        view = replace(view, action={"text": problem, "command": [], "problem": True}, can_run=False)
    is_free = job is None or bool(job.ended)
    lacking, text = offer(choice, subject, topic, scoped, version(scoped))
    text = text if view.can_run else "Fill the curve"
    live = dict(zip(LIVE, show_job(job, store), strict=True))
    controls = {name: getattr(choice, name) for name in CHOICES} | {"compare": list(choice.compare)}
    controls |= {name: update_control(name, choice, subject, sources, own, store) for name in offers}
    buttons = {
        "run": gr.update(interactive=view.can_run and is_free),
        "fill": gr.update(value=text, interactive=view.can_run and is_free and bool(lacking)),
    }
    views = {name: getattr(view, name) for name in VIEWS if name not in buttons}
    views["tiles"] = view.tiles | {"fits": [choices.most_layers(choice, subject.n_layers), choice.strategy == "custom"]}
    return live | controls | views | buttons


def update_control(
    name: str, choice: Choice, subject: Subject, sources: list[str], own: Sequence[Upload], store: Store
) -> dict:
    """What a control offers, and its value."""
    value = getattr(choice, name)
    match name:
        case "model":
            return gr.update(choices=choices.marked_models(store), value=value)
        case "task":
            return gr.update(choices=labelled_tasks(task_names(subject.published, own), own), value=value)
        case "source":
            return gr.update(choices=choices.labelled_sources(sources), value=value, visible=len(sources) > 1)
        case "strategy":
            offered = choices.offered_strategies(subject)
            return gr.update(choices=[(STRATEGIES[s].label, s) for s in offered], value=value)
        case "n_dropped":
            return update_slider(choice, subject)
    assert name == "layers", name
    return gr.update(value=value, visible=choice.strategy == "custom")


def update_slider(choice: Choice, subject: Subject) -> dict:
    of = f" (of {subject.n_layers})" if subject.n_layers else ""
    what = "Repeats of the layer" if subject.shared else "Layers"
    most, visible = choices.most_layers(choice, subject.n_layers), choice.strategy != "custom"
    return gr.update(maximum=most, value=choice.n_dropped, label=f"{what} to drop{of}", visible=visible)
