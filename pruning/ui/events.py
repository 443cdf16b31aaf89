"""What the page does when something is chosen, clicked, run or has ended.

Every event takes the visitor and all controls of the panel. The tab Trade-off is told at once; of the tabs that follow
the same choice only the open one is made anew, in a second step.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape

import gradio as gr

from ..store import Store
from ..uploads import uploads
from . import choice as choices
from .choice import Choice
from .filling import make_missing
from .live import LiveRuns, name_run
from .messages import QUIET, with_message
from .point import request_of
from .shown import Shown
from .tradeoff import TAB
from .updates import BUTTONS, CHOICES, PARTS, VIEWS, all_updates, read_choice, show_job, show_result, unchanged
from .view import make_request, version

LATEST = QUIET | {"trigger_mode": "always_last"}


@dataclass(frozen=True)
class OtherTab:
    """A tab that follows the panel's choice."""

    tab: gr.Tab
    own: Sequence[gr.components.Component]  # controls of its own
    parts: Sequence[gr.components.Component]
    show: Callable[..., list]  # (Shown, values of `own`) -> values of `parts`
    picked: gr.components.Component | None = None  # a figure of it whose points can be chosen


@dataclass(frozen=True)
class Page:
    """The components that events are about, and where their numbers come from."""

    visitor: gr.BrowserState
    tabs: gr.Tabs
    controls: dict[str, gr.components.Component]
    live: dict[str, gr.components.Component]  # timer, job, cancel
    views: dict[str, gr.components.Component]
    store: Store
    runs: LiveRuns

    @property
    def inputs(self) -> list:
        return [self.visitor, *self.controls.values()]

    @property
    def outputs(self) -> list:
        return [*self.live.values(), *self.controls.values(), *self.views.values()]

    def updates(self, choice: Choice, visitor: str, **how) -> list:
        return all_updates(choice, uploads(visitor), self.runs.find(visitor), self.store, **how)


def connect(demo: gr.Blocks, page: Page, others: Sequence[OtherTab]) -> None:
    """A reloaded page finds its choice in the link and its job by the token that the browser keeps."""

    def load(visitor, request: gr.Request):
        visitor = visitor or secrets.token_hex(16)
        return [visitor, *page.updates(choices.from_query(dict(request.query_params)), visitor, fresh=True)]

    demo.load(load, page.visitor, [page.visitor, *page.outputs], **QUIET)
    figures = [page.views["curve"], *(other.picked for other in others if other.picked)]
    connect_others(page, others, [*connect_choices(page), *connect_points(page, figures)], connect_live(page))


def connect_use(page: Page, event: Callable, field: str, value: gr.components.Component) -> None:
    """That event of another tab opens Trade-off with a choice; `value` holds the model or the task, as `field` says."""

    def use(chosen, visitor, *values):
        choice = replace(read_choice(values), **{field: chosen}, source="")
        return [gr.Tabs(selected=TAB), *page.updates(choice, visitor, fresh=True)]

    event(use, [value, *page.inputs], [page.tabs, *page.outputs], **QUIET)


def connect_choices(page: Page) -> list:
    """A change of model, task, source or strategy also changes what the other controls offer."""

    def show(visitor, *values):
        updates = show_other_way(visitor, *values)
        return [*updates[: -len(CHOICES + VIEWS)], *unchanged(CHOICES), *updates[-len(VIEWS) :]]

    def show_other_model(visitor, *values):
        return page.updates(replace(read_choice(values), source=""), visitor, other_model=True)

    def show_other_task(visitor, *values):
        return page.updates(replace(read_choice(values), source=""), visitor)

    def show_other_way(visitor, *values):
        return page.updates(read_choice(values), visitor)

    controls, options = page.controls, {"inputs": page.inputs, "outputs": page.outputs} | LATEST
    rest = ("compare", "n_dropped", "budget", "recipe", "seed", "pooling", "start")
    typed = [controls["layers"].submit, controls["layers"].blur]
    return [
        controls["model"].input(show_other_model, **options),
        controls["task"].input(show_other_task, **options),
        gr.on([controls["source"].input, controls["strategy"].input], show_other_way, **options),
        gr.on([controls[name].input for name in rest] + typed, show, **options),
    ]


def connect_points(page: Page, figures: Sequence[gr.components.Component]) -> list:
    """A click on a point of a figure chooses it, one on a layer of the stack drops or keeps it."""

    def pick(event: gr.EventData, visitor, *values):
        point = {name: getattr(event, name, None) for name in ("strategy", "n_dropped", "layers")}
        return page.updates(choices.pick_point(read_choice(values), point), visitor)

    def toggle(event: gr.EventData, visitor, *values):
        choice, layers = read_choice(values), getattr(event, "layers", None)
        n_layers = choices.find_subject(choice.model).n_layers
        return page.updates(choices.choose_layers(choice, layers, n_layers), visitor)

    options = {"inputs": page.inputs, "outputs": page.outputs} | LATEST
    return [*(figure.pick(pick, **options) for figure in figures), page.views["stack"].toggle(toggle, **options)]


def connect_live(page: Page) -> list:
    """Run, follow, cancel. While a job goes on the choice stays the visitor's; when it has ended all is shown anew."""

    def start(seen, visitor, *values):
        request = with_message(lambda: make_request(read_choice(values), page.store, uploads(visitor)))
        with_message(lambda: page.runs.start(visitor, request))
        return follow(seen, visitor, *values)

    def fill(seen, visitor, *values):
        requests = with_message(lambda: make_missing(read_choice(values), page.store, uploads(visitor)))
        with_message(lambda: page.runs.start(visitor, requests[0], rest=tuple(requests[1:])))
        return follow(seen, visitor, *values)

    def follow(seen, visitor, *values):
        job = page.runs.find(visitor)
        if job and not job.ended and job.id == seen:
            buttons = [gr.Button(interactive=False) for _ in BUTTONS]
            return [seen, *show_job(job, page.store), *unchanged(CHOICES + PARTS), *buttons]
        own = uploads(visitor)
        updates = all_updates(show_result(read_choice(values), job, own), own, job, page.store)
        if job and not job.ended:  # what the visitor chooses meanwhile is not taken back
            updates[len(page.live) : len(page.live) + len(CHOICES)] = unchanged(CHOICES)
        return [job.id if job else "", *updates]

    def stop(seen, visitor, *values):
        page.runs.stop(visitor)
        return follow(seen, visitor, *values)

    seen = gr.State("")  # the job whose start this page has shown: of those that follow one another each is shown anew
    options = {"inputs": [seen, *page.inputs], "outputs": [seen, *page.outputs]} | QUIET
    page.views["run"].click(start, **options)
    page.views["fill"].click(fill, **options)
    return [page.live["timer"].tick(follow, **options), page.live["cancel"].click(stop, **options)]


def connect_others(page: Page, others: Sequence[OtherTab], chosen: list, followed: list) -> None:
    """Shows a tab as it is opened, and the open one after a choice and after the end of a job."""
    open_tab = gr.State(TAB)
    inputs = [*page.inputs, *(control for other in others for control in other.own)]
    parts = [part for other in others for part in other.parts]

    def show_open(opened, visitor, *values):
        values, own = values[: len(CHOICES)], list(values[len(CHOICES) :])
        found = []
        for other in others:
            mine, own = own[: len(other.own)], own[len(other.own) :]
            shown = other.show(see(page, visitor, values), *mine) if other.tab.id == opened else None
            found += shown or unchanged(other.parts)
        return found

    def show_ended(opened, visitor, *values):
        job = page.runs.find(visitor)
        return unchanged(parts) if job and not job.ended else show_open(opened, visitor, *values)

    def naming(name: str) -> Callable:
        return lambda: name

    following = [other.tab for other in others]
    for tab in page.tabs.children:
        named = tab.select(naming(tab.id), None, open_tab, **QUIET)
        if tab in following:  # the first is selected before the controls have their values
            named.then(show_open, [open_tab, *inputs], parts, **LATEST)
    for event in chosen:
        event.then(show_open, [open_tab, *inputs], parts, **LATEST)
    for event in followed:
        event.then(show_ended, [open_tab, *inputs], parts, **LATEST)
    for other in others:
        if other.own:
            changed = [control.submit if isinstance(control, gr.Textbox) else control.input for control in other.own]
            gr.on(changed, show_open, [open_tab, *inputs], parts, **LATEST)


def see(page: Page, visitor: str, values: Sequence) -> Shown:
    """What the panel's values stand for now. Where the user's own rows cannot be read, the shipped ones."""
    store = page.store
    try:
        choice, subject, topic, _ = choices.settle(read_choice(values), store, uploads(visitor))
        store.scoped(topic.scope).runs(subject.key, topic.key)
    except OSError:  # the tab Trade-off says why
        store = store.without_own()
        choice, subject, topic, _ = choices.settle(read_choice(values), store, uploads(visitor))
        return Shown(choice, subject, topic, store, version(store), page.runs.find(visitor))
    store = store.scoped(topic.scope)
    return Shown(choice, subject, topic, store, version(store), page.runs.find(visitor))


def connect_action(
    page: Page, button: gr.Button, action: str, texts: Callable = lambda shown, *own: (), own: Sequence = ()
) -> None:
    """A click on the button starts that action of `plan.ACTIONS` on the chosen point.

    `texts` makes the texts to try of (Shown, values of `own`); its ValueError is told.
    """

    def start(visitor, *values):
        values, given = values[: len(CHOICES)], values[len(CHOICES) :]
        shown = see(page, visitor, values)
        request = with_message(lambda: request_of(shown, action))
        asked = with_message(lambda: texts(shown, *given))
        job = with_message(lambda: page.runs.start(visitor, request, action, asked))
        if (job.request, job.action, job.texts) != (request, action, asked):
            raise gr.Error(escape(f"{name_run(job)} still goes on; wait for it, or cancel it"), print_exception=False)
        return show_job(job, page.store)

    button.click(start, [*page.inputs, *own], list(page.live.values()), **QUIET)
