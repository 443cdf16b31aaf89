"""What the page does when something is chosen, clicked, run or has ended.

Every event takes the visitor and all controls of the panel. The tab Trade-off is told at once; the page then asks for
the open one of the tabs that follow the same choice, in a second step (`refresh` of assets/page/app.js).
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import gradio as gr

from ..store import Store
from ..uploads import uploads
from . import choice as choices
from .choice import Choice
from .filling import make_missing
from .live import LiveRuns, name_run
from .messages import QUIET, with_message
from .parts import Template, Values
from .point import request_of
from .shown import Shown
from .start import first_choice
from .tradeoff import TAB
from .updates import (
    CHOICES,
    EVERYTHING,
    LIVE,
    OF_MODEL,
    OF_STRATEGY,
    VIEWS,
    all_updates,
    read_choice,
    show_job,
    show_result,
)
from .view import make_request, version

# Gradio checks values against what its own session last offered, which the page may be ahead of: `choice.read` does it
UNCHECKED = QUIET | {"preprocess": False}
RAW = UNCHECKED | {"postprocess": False}  # and takes a thread for every value it makes ready, see `Page.send`
LATEST = {"trigger_mode": "always_last"}
NO_CHOICE = {"__theme", "tab"}  # what a link may say that is no choice


@dataclass(frozen=True)
class OtherTab:
    """A tab that follows the panel's choice."""

    tab: gr.Tab
    follower: gr.HTML  # of `parts.follower`, in the tab
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
    live: dict[str, gr.components.Component]  # by LIVE
    views: dict[str, gr.components.Component]
    store: Store
    runs: LiveRuns

    @property
    def inputs(self) -> list:
        return [self.visitor, *self.controls.values()]

    def outputs(self, names: Sequence[str] = EVERYTHING) -> list:
        parts = self.live | self.controls | self.views
        return [parts[name] for name in names]

    def updates(self, choice: Choice, visitor: str, told: Sequence[str] = EVERYTHING, **how) -> list:
        """As `all_updates` makes them, ready to be sent to the `outputs` of `told`."""
        updates = all_updates(choice, uploads(visitor), self.runs.find(visitor), self.store, told, **how)
        return self.send(updates, told)

    def send(self, updates: list, told: Sequence[str]) -> list:
        """What Gradio would make of each value, without the thread that it takes for every one."""
        return [
            part.postprocess(value) if isinstance(part, Template | Values) and "__type__" not in value else value
            for part, value in zip(self.outputs(told), updates, strict=True)
        ]


def connect(demo: gr.Blocks, page: Page, others: Sequence[OtherTab]) -> None:
    """A reloaded page finds its choice in the link and its job by the token that the browser keeps."""

    def load(visitor, request: gr.Request):
        visitor, query = visitor or secrets.token_hex(16), dict(request.query_params)
        choice = choices.from_query(query) if query.keys() - NO_CHOICE else first_choice(page.store)
        tab = query.get("tab")
        opened = gr.Tabs(selected=tab) if tab in {child.id for child in page.tabs.children} else gr.skip()
        return [visitor, opened, *page.updates(choice, visitor)]

    demo.load(load, page.visitor, [page.visitor, page.tabs, *page.outputs()], **RAW)
    connect_choices(page)
    connect_points(page, [page.views["curve"], *(other.picked for other in others if other.picked)])
    connect_live(page)
    connect_others(page, others)


def connect_use(page: Page, event: Callable, name: str, value: gr.components.Component) -> None:
    """That event of another tab opens Trade-off with a choice; `value` holds the model or the task, as `name` says."""

    def use(chosen, visitor, *values):
        choice = read_choice(values, **{name: chosen}, source="")
        return [gr.Tabs(selected=TAB), *page.updates(choice, visitor)]

    event(use, [value, *page.inputs], [page.tabs, *page.outputs()], **RAW)


def connect_choices(page: Page) -> None:
    """A change of model or task also changes what other controls offer.

    That of a strategy seldom does: the page then asks to `fit` the slider and the field for layers. A seed that is none
    is taken back.
    """

    def listen(events: Sequence[Callable], also: tuple[str, ...] = (), **how) -> None:
        told = also + VIEWS
        changes = {"source": ""} if "source" in also else {}

        def show(visitor, *values):
            return page.updates(read_choice(values, **changes), visitor, told, **how)

        gr.on(events, show, page.inputs, page.outputs(told), **RAW, **LATEST)

    def fit(visitor, *values):
        """What a control has already is not sent again: its visitor may have gone on meanwhile."""
        updates = page.updates(read_choice(values), visitor, OF_STRATEGY)
        before = (values[CHOICES.index(name)] for name in OF_STRATEGY)
        return [
            {name: new for name, new in update.items() if name != "value" or new != old}
            for update, old in zip(updates, before, strict=True)
        ]

    controls = page.controls
    listen([controls["model"].input], OF_MODEL, other_model=True)
    listen([controls["task"].input], ("source",))
    listen([controls["seed"].input], ("seed",))
    others = [control.input for name, control in controls.items() if name not in ("model", "task", "seed", "layers")]
    listen([*others, controls["layers"].submit, controls["layers"].blur])
    page.views["tiles"].fit(fit, page.inputs, page.outputs(OF_STRATEGY), **RAW, **LATEST)


def connect_points(page: Page, figures: Sequence[gr.components.Component]) -> None:
    """A click on a point of a figure chooses it, one on a layer of the stack drops or keeps it."""
    told = ("strategy", *OF_STRATEGY, *VIEWS)

    def pick(event: gr.EventData, visitor, *values):
        point = {name: getattr(event, name, None) for name in ("strategy", "n_dropped", "layers")}
        return page.updates(choices.pick_point(read_choice(values), point), visitor, told, points_only=True)

    def toggle(event: gr.EventData, visitor, *values):
        choice, layers = read_choice(values), getattr(event, "layers", None)
        n_layers = choices.find_subject(choice.model).n_layers
        return page.updates(choices.choose_layers(choice, layers, n_layers), visitor, told, points_only=True)

    options = {"inputs": page.inputs, "outputs": page.outputs(told)} | RAW | LATEST
    for figure in figures:
        figure.pick(pick, **options)
    page.views["stack"].toggle(toggle, **options)


def connect_live(page: Page) -> None:
    """Run, cancel, and how it stands every second. When a job has begun or ended the page asks for its `turn`.

    While it goes on the choice stays the visitor's; when it has ended all is shown anew.
    """

    def start(visitor, *values):
        request = with_message(lambda: make_request(read_choice(values), page.store, uploads(visitor)))
        with_message(lambda: page.runs.start(visitor, request))
        return poll(visitor)

    def fill(visitor, *values):
        requests = with_message(lambda: make_missing(read_choice(values), page.store, uploads(visitor)))
        with_message(lambda: page.runs.start(visitor, requests[0], rest=tuple(requests[1:])))
        return poll(visitor)

    def poll(visitor):
        return page.send(show_job(page.runs.find(visitor), page.store), LIVE)

    def stop(visitor):
        page.runs.stop(visitor)
        return poll(visitor)

    def turn(visitor, *values):
        job = page.runs.find(visitor)
        choice = show_result(read_choice(values), job, uploads(visitor))
        updates = page.updates(choice, visitor, told)
        if job and not job.ended:  # what the visitor chooses meanwhile is not taken back
            updates[: len(OF_MODEL)] = [gr.skip()] * len(OF_MODEL)
        return updates

    told, outputs = OF_MODEL + VIEWS, page.outputs(LIVE)
    page.views["run"].click(start, page.inputs, outputs, **RAW)
    page.views["fill"].click(fill, page.inputs, outputs, **RAW)
    page.live["timer"].tick(poll, page.visitor, outputs, **RAW)
    page.live["cancel"].click(stop, page.visitor, outputs, **RAW)
    page.live["job"].turn(turn, page.inputs, page.outputs(told), **RAW, **LATEST)


def connect_others(page: Page, others: Sequence[OtherTab]) -> None:
    """Shows a tab as it is opened, when a control of its own changes, and whenever the page asks for the open one."""
    for other in others:

        def show(visitor, *values, other=other):
            shown = see(page, visitor, values[: len(CHOICES)])
            return other.show(shown, *values[len(CHOICES) :])

        own = [control.submit if isinstance(control, gr.Textbox) else control.input for control in other.own]
        options = {"inputs": [*page.inputs, *other.own], "outputs": other.parts} | UNCHECKED | LATEST
        gr.on([other.tab.select, *own], show, **options)
        other.follower.refresh(show, **options)


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

    button.click(start, [*page.inputs, *own], page.outputs(LIVE), **UNCHECKED)
