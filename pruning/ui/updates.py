"""What an event changes on the Trade-off tab: the live run's parts, the controls, the views.

What Gradio calls an update makes a component anew, also where it changes nothing, and of controls it keeps the old ones
for as long as the visitor's session lasts: events give values alone, and updates only where other things are offered.
"""

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
LIVE = ("timer", "job", "cancel")
OF_MODEL = ("task", "source", "strategy", "n_dropped", "layers")  # controls that offer what the model and task have
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
    return [gr.update(active=told["running"]), told, gr.update(visible=told["running"])]


def read_choice(values: Sequence) -> Choice:
    """The controls' values, in the order of CHOICES."""
    given = dict(zip(CHOICES, values, strict=True))
    return choices.read(given | {"model": given["model"] or ""})


def all_updates(
    choice: Choice,
    own: Sequence[Upload],
    job: Job | None,
    store: Store,
    told: Sequence[str] = LIVE + CHOICES + VIEWS,
    offers: Sequence[str] = ("model", *OF_MODEL),
    other_model: bool = False,
) -> list:
    """The updates of the parts that `told` names, in its order; controls in `offers` also get what they offer.

    `own` are the visitor's files. Where the user's own rows cannot be read, the shipped ones are shown, and the reason
    in place of the run hint.
    """
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
    views = {name: getattr(view, name) for name in PARTS}
    views["tiles"] = view.tiles | {"fits": [choices.most_layers(choice, subject.n_layers), choice.strategy == "custom"]}
    return live | controls | views | buttons


def update_control(
    name: str, choice: Choice, subject: Subject, sources: list[str], own: Sequence[Upload], store: Store
) -> object:
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
        case "layers":
            return gr.update(value=value, visible=choice.strategy == "custom")
    raise ValueError(f"control {name!r} always offers the same")


def update_slider(choice: Choice, subject: Subject) -> dict:
    of = f" (of {subject.n_layers})" if subject.n_layers else ""
    what = "Repeats of the layer" if subject.shared else "Layers"
    most, visible = choices.most_layers(choice, subject.n_layers), choice.strategy != "custom"
    return gr.update(maximum=most, value=choice.n_dropped, label=f"{what} to drop{of}", visible=visible)
