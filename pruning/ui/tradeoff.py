"""Tab Trade-off: the answer, the curve, the layers and the rows."""

import gradio as gr

from .parts import STACK, STACK_CLICKS, STORY, TABLE, TILES, figure, part

TAB = "trade-off"


def build_tradeoff() -> dict[str, gr.components.Component]:
    """Its views by their name in updates.VIEWS."""
    views = {"tiles": part(TILES, "tiles", start="link")}
    with gr.Column(elem_classes="lp-card"):
        with gr.Row(elem_classes="lp-pair"):
            views["curve"] = figure("curve")
            views["stack"] = part(STACK, "stack", clicks=STACK_CLICKS)
        views["story"] = part(STORY, "story")
    with gr.Column(elem_classes="lp-card"):
        views["heatmap"] = figure("heatmap")
    with gr.Column(elem_classes="lp-card lp-runs"):
        views["rows"] = part(TABLE, "rows", start="rows")
    return views
