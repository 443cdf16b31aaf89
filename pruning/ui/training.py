"""Tab Training budget: how the order of the strategies depends on how much one trains."""

import gradio as gr

from .events import OtherTab
from .parts import ACTION, STORY, figure, follower, part
from .shown import Shown
from .training_view import training_view


def build_training(tab: gr.Tab) -> tuple[OtherTab, dict]:
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card"):
            story = part(STORY, "training-story")
            action = part(ACTION, "training-action", start="copy")
        with gr.Column(elem_classes="lp-card"):
            curve = figure("training")

    def show(shown: Shown) -> list:
        view = training_view(*shown.scene)
        return [view["story"], view["action"], view["curve"]]

    return OtherTab(tab, follower(), [], [story, action, curve], show), {}
