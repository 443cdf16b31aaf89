"""Tab Landscape: what every stack of layers would score, estimated from one training."""

import gradio as gr

from ..plan import LANDSCAPE
from .events import OtherTab
from .landscape_view import landscape_view
from .parts import ACTION, STORY, TABLE, figure, follower, part
from .point import analysis_action
from .shown import Shown


def build_landscape(tab: gr.Tab) -> tuple[OtherTab, dict[gr.Button, str]]:
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card"):
            story = part(STORY, "landscape-story")
            with gr.Row(elem_classes="lp-buttons"):
                button = gr.Button("Estimate every stack", size="sm")
            action = part(ACTION, "landscape-action", start="copy")
        with gr.Column(elem_classes="lp-card"):
            stacks = figure("stacks")
        with gr.Column(elem_classes="lp-card lp-runs"):
            best = part(TABLE, "best-stacks", start="rows")

    def show(shown: Shown) -> list:
        view = landscape_view(*shown.scene)
        return [view["story"], analysis_action(shown, LANDSCAPE), view["stacks"], view["best"]]

    return OtherTab(tab, follower(), [], [story, action, stacks, best], show, picked=stacks), {button: LANDSCAPE}
