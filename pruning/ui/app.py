"""The app: header, tabs, endpoints. What it shows comes from a store, what it runs goes to a queue of jobs."""

import gradio as gr

from ..jobs import JobQueue
from ..store import Store
from .api import add_endpoints
from .method import describe_method
from .parts import HEADER, part
from .tradeoff import build_tradeoff


def build_app(store: Store, jobs: JobQueue) -> gr.Blocks:
    """Not launched yet; `look.launch_options` holds what every launch needs."""
    with gr.Blocks(title="Layer Pruning Explorer", analytics_enabled=False, fill_width=True) as demo:
        part(HEADER)
        with gr.Tabs():
            with gr.Tab("Trade-off", id="trade-off"):
                build_tradeoff(demo, store, jobs)
            with gr.Tab("Method", id="method"):
                with gr.Column(elem_classes="lp-card lp-method"):
                    gr.Markdown(describe_method())
        add_endpoints(store, jobs)
    return demo.queue(max_size=64)
