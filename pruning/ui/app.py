"""The app: header, panel, tabs, endpoints. What it shows comes from a store, what it runs goes to a queue of jobs."""

import gradio as gr

from ..installs import Installs
from ..jobs import JobQueue
from ..store import Store
from .api import add_endpoints
from .data import build_data
from .events import OtherTab, Page, connect, connect_action, connect_use
from .landscape import build_landscape
from .live import LiveRuns
from .method import describe_method
from .models import build_models
from .panel import build_panel
from .parts import HEADER, part
from .start import links
from .take import build_export, build_try
from .tradeoff import TAB, build_tradeoff
from .training import build_training
from .updates import LIVE, VIEWS
from .why import build_budget, build_probes, build_similarity

DAY = (3600, 86400)  # looks every hour for files that came a day ago


def build_app(store: Store, jobs: JobQueue, installs: Installs) -> gr.Blocks:
    """Not launched yet; `look.launch_options` holds what every launch needs."""
    with gr.Blocks(title="Layer Pruning Explorer", analytics_enabled=False, fill_width=True, delete_cache=DAY) as demo:
        # kept by the browser under this name; the secret only has to outlive a restart of the server
        visitor = gr.BrowserState("", storage_key="layer-pruning-explorer-visitor", secret="layer-pruning-explorer")
        part(HEADER.format(links=links()))
        with gr.Row(elem_classes="lp-shell"):
            with gr.Column(elem_classes="lp-card lp-choices"):
                controls, live = build_panel()
            with gr.Tabs(elem_id="lp-tabs") as tabs:
                with gr.Tab("Trade-off", id=TAB):
                    with gr.Column(elem_classes="lp-results"):
                        views = build_tradeoff()
                page = Page(
                    visitor,
                    tabs,
                    controls,
                    {name: live[name] for name in LIVE},
                    {name: (views | live)[name] for name in VIEWS},
                    store,
                    LiveRuns(jobs),
                )
                others = build_others(page)
                build_rest(demo, page, installs)
        connect(demo, page, others)
        add_endpoints(store, jobs)
    return demo.queue(max_size=64)


def build_others(page: Page) -> list[OtherTab]:
    """The tabs that follow the panel's choice."""
    others = []
    for name, label, build in (
        ("similarity", "Similarity", build_similarity),
        ("probes", "Probes", build_probes),
        ("budget", "Budget", build_budget),
        ("landscape", "Landscape", build_landscape),
        ("training", "Training budget", build_training),
        ("try", "Try it", build_try),
        ("export", "Export", build_export),
    ):
        with gr.Tab(label, id=name) as tab:
            built, buttons = build(tab)
        for button, what in buttons.items():
            connect_action(page, button, *(what if isinstance(what, tuple) else (what,)))
        others.append(built)
    return others


def build_rest(demo: gr.Blocks, page: Page, installs: Installs) -> None:
    """The tabs that have nothing to do with the panel, which the style sheet hides there."""
    with gr.Tab("Your data", id="data", elem_classes="lp-alone"):
        upload, when_used = build_data(page.visitor)
        connect_use(page, when_used, "task", upload)
    with gr.Tab("Models", id="models", elem_classes="lp-alone") as tab:
        model, when_used = build_models(demo, tab, page.visitor, installs, page.store)
        connect_use(page, when_used, "model", model)
    with gr.Tab("Method", id="method", elem_classes="lp-alone"):
        with gr.Column(elem_classes="lp-card lp-method"):
            gr.Markdown(describe_method())
