"""The panel on the left that most tabs share: what is chosen, the run button, and how a live job stands."""

import gradio as gr

from ..curve import MEASURED
from ..figures import BUDGETS
from ..published import SOURCES
from ..recipes import RECIPES
from ..runs import POOLINGS, STARTS
from ..strategies import STRATEGIES
from . import choice as choices
from .choice import COMPARED, Choice
from .parts import ACTION, JOB, part
from .topics import all_tasks, labelled_tasks
from .updates import CHOICES

POLL_SECONDS = 1


def build_panel() -> tuple[dict[str, gr.components.Component], dict[str, gr.components.Component]]:
    """The controls by the field of Choice that they set, in its order; and timer, job, cancel, action, run and fill.

    The controls accept all there is, so that a page which was open while the server was restarted goes on working;
    what a model offers comes with the page's load.
    """
    controls = build_data_choices() | build_layer_choices()
    with gr.Accordion("Recipe and seed", open=False, elem_id="lp-recipe"):
        controls |= build_recipe_choices()
    live = {"run": gr.Button("Run this point live", variant="primary", elem_id="lp-run")}
    live["fill"] = gr.Button("Fill the curve", size="sm", elem_id="lp-fill")
    live |= {"timer": gr.Timer(POLL_SECONDS, active=False), "job": part(JOB, "job", start="job")}
    live["cancel"] = gr.Button("Cancel", visible=False, elem_id="lp-cancel")
    live["action"] = part(ACTION, "action", start="copy")
    return {name: controls[name] for name in CHOICES}, live


def build_data_choices() -> dict[str, gr.components.Component]:
    about = "or type a hub id or a folder"
    tasks, sources = labelled_tasks(all_tasks()), choices.labelled_sources([*SOURCES, MEASURED])
    return {
        "model": gr.Dropdown([], label="Model", info=about, allow_custom_value=True, elem_id="lp-model"),
        "task": gr.Dropdown(tasks, label="Task", filterable=False, elem_id="lp-task"),
        "source": gr.Radio(sources, label="Numbers from", visible=False, elem_id="lp-source", elem_classes="lp-pills"),
    }


def build_layer_choices() -> dict[str, gr.components.Component]:
    start, most = Choice(), choices.UNKNOWN_LAYERS - 1
    strategies = [(s.label, s.name) for s in STRATEGIES.values()]
    compared = [(STRATEGIES[name].label, name) for name in COMPARED]
    budgets = [(f"{n} point{'s' * (n > 1)}", n) for n in BUDGETS]
    about = "Top drops the last layers, those nearest the answer"
    return {
        "strategy": gr.Dropdown(
            strategies, value=start.strategy, label="Strategy", info=about, filterable=False, elem_id="lp-strategy"
        ),
        "n_dropped": gr.Slider(0, most, start.n_dropped, step=1, label="Layers to drop", elem_id="lp-drop", buttons=[]),
        "layers": gr.Textbox(label="Layers to drop, such as 1,4 or 2-4", visible=False, elem_id="lp-layers"),
        "budget": gr.Radio(
            budgets, value=start.budget, label="Loss you accept", elem_id="lp-budget", elem_classes="lp-pills"
        ),
        "compare": gr.CheckboxGroup(
            compared, value=list(COMPARED), label="Compare with", elem_id="lp-compare", elem_classes="lp-compare"
        ),
    }


def build_recipe_choices() -> dict[str, gr.components.Component]:
    start = Choice()
    recipes = [(r.label, r.name) for r in RECIPES.values()]
    poolings = [(label, name) for name, label in POOLINGS.items()]
    return {
        "recipe": gr.Dropdown(recipes, value=start.recipe, label="Recipe", filterable=False),
        "start": gr.Dropdown(
            [(label, name) for name, label in STARTS.items()], value=start.start, label="Order", filterable=False
        ),
        "seed": gr.Number(None, label="Seed (empty: the next not run yet)", precision=0, minimum=0),
        "pooling": gr.Radio(
            poolings, value=start.pooling, label="Similarity for Contribution", elem_classes="lp-pills"
        ),
    }
