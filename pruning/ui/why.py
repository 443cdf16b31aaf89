"""Tabs Similarity, Probes and Budget: why layers can go, and what a loss buys. They follow the panel's choice."""

import gradio as gr

from ..plan import DRIFT, PROBE, SIMILARITY
from ..runs import MEASURES
from .budget_view import budget_view
from .events import OtherTab
from .parts import ACTION, STORY, TABLE, figure, follower, part
from .point import analysis_action
from .shown import Shown
from .why_view import probes_view, similarity_view

FIGURES = ("contribution", "variation", "between", "spread", "drift")


def build_similarity(tab: gr.Tab) -> tuple[OtherTab, dict[gr.Button, str]]:
    """The tab, and what its buttons start."""
    buttons = {}
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card"):
            story = part(STORY, "similarity-story")
            with gr.Row(elem_classes="lp-buttons"):
                buttons[gr.Button("Measure similarity", size="sm")] = SIMILARITY
                buttons[gr.Button("Measure drift of this point", size="sm")] = DRIFT
            action = part(ACTION, "similarity-action", start="copy")
        with gr.Column(elem_classes="lp-card"):
            contribution = figure("contribution")
        with gr.Column(elem_classes="lp-card"):
            variation = figure("variation")
        with gr.Row(elem_classes="lp-halves"):
            with gr.Column(elem_classes="lp-card"):
                with gr.Column(elem_classes="lp-choices"):
                    measure = gr.Radio(
                        [(label, name) for name, label in MEASURES.items()],
                        value=next(iter(MEASURES)),
                        label="Measure",
                        elem_id="lp-measure",
                        elem_classes="lp-pills",
                    )
                between = figure("between")
            with gr.Column(elem_classes="lp-card"):
                spread = figure("spread")
        with gr.Column(elem_classes="lp-card"):
            drift = figure("drift")

    figures = [contribution, variation, between, spread, drift]

    def show(shown: Shown, measure: str) -> list:
        view = similarity_view(*shown.scene, measure if measure in list(MEASURES) else next(iter(MEASURES)))
        told = analysis_action(shown, SIMILARITY, DRIFT)
        return [view["story"], told, *(view[name] for name in FIGURES)]

    return OtherTab(tab, follower(), [measure], [story, action, *figures], show), buttons


def build_probes(tab: gr.Tab) -> tuple[OtherTab, dict[gr.Button, str]]:
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card"):
            story = part(STORY, "probes-story")
            with gr.Row(elem_classes="lp-buttons"):
                button = gr.Button("Probe every state", size="sm")
            action = part(ACTION, "probes-action", start="copy")
        with gr.Column(elem_classes="lp-card"):
            probes = figure("probes")

    def show(shown: Shown) -> list:
        view = probes_view(*shown.scene)
        return [view["story"], analysis_action(shown, PROBE), view["probes"]]

    return OtherTab(tab, follower(), [], [story, action, probes], show), {button: PROBE}


def build_budget(tab: gr.Tab) -> tuple[OtherTab, dict[gr.Button, str]]:
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card lp-runs"):
            with gr.Column(elem_classes="lp-choices"):
                points = gr.Textbox(label="Another loss, in points (empty: as on the left)", elem_id="lp-points")
            story = part(STORY, "budget-story")
            droppable = part(TABLE, "droppable", start="rows")
            action = part(ACTION, "budget-action", start="copy")
        with gr.Row(elem_classes="lp-halves"):
            with gr.Column(elem_classes="lp-card"):
                latency = figure("worth-latency")
            with gr.Column(elem_classes="lp-card"):
                parameters = figure("worth-parameters")
        with gr.Column(elem_classes="lp-card lp-runs"):
            where = part(TABLE, "parts", start="rows")
        with gr.Column(elem_classes="lp-card lp-runs"):
            orders = part(TABLE, "orders", start="rows")
        with gr.Row(elem_classes="lp-halves"):
            with gr.Column(elem_classes="lp-card lp-runs"):
                published = part(TABLE, "published-budgets", start="rows")
            with gr.Column(elem_classes="lp-card lp-runs"):
                published_orders = part(TABLE, "published-orders", start="rows")

    def show(shown: Shown, typed: str | None) -> list:
        view = budget_view(*shown.scene, read_points(typed, shown.choice.budget))
        names = ("story", "droppable", "action", "latency", "parameters", "parts", "orders")
        return [view[name] for name in (*names, "published", "published_orders")]

    parts = [story, droppable, action, latency, parameters, where, orders, published, published_orders]
    return OtherTab(tab, follower(), [points], parts, show), {}


def read_points(typed: str | None, otherwise: float) -> float:
    """The loss that was typed, where it is one."""
    try:
        points = float(str(typed or "").replace(",", "."))
    except ValueError:
        return otherwise
    return points if 0 <= points <= 100 else otherwise
