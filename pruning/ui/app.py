"""The app: header, tabs, endpoints. What it shows comes from a store, what it runs goes to a queue of jobs."""

import gradio as gr

from ..installs import Installs
from ..jobs import JobQueue
from ..store import Store
from .api import add_endpoints
from .data import build_data
from .method import describe_method
from .models import build_models
from .parts import HEADER, part
from .tradeoff import TAB, build_tradeoff

DAY = (3600, 86400)  # looks every hour for files that came a day ago


def build_app(store: Store, jobs: JobQueue, installs: Installs) -> gr.Blocks:
    """Not launched yet; `look.launch_options` holds what every launch needs."""
    with gr.Blocks(title="Layer Pruning Explorer", analytics_enabled=False, fill_width=True, delete_cache=DAY) as demo:
        # kept by the browser under this name; the secret only has to outlive a restart of the server
        visitor = gr.BrowserState("", storage_key="layer-pruning-explorer-visitor", secret="layer-pruning-explorer")
        part(HEADER)
        with gr.Tabs() as tabs:
            with gr.Tab("Trade-off", id=TAB):
                connect_use = build_tradeoff(demo, visitor, store, jobs)
            with gr.Tab("Your data", id="data"):
                upload, when_used = build_data(visitor)
                connect_use(when_used, tabs, "task", upload)
            with gr.Tab("Models", id="models") as tab:
                model, when_used = build_models(demo, tab, visitor, installs, store)
                connect_use(when_used, tabs, "model", model)
            with gr.Tab("Method", id="method"):
                with gr.Column(elem_classes="lp-card lp-method"):
                    gr.Markdown(describe_method())
        add_endpoints(store, jobs)
    return demo.queue(max_size=64)
