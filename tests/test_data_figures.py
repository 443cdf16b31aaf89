"""Figures of a user's own data: what is drawn, and that a user's texts stay texts."""

import pytest
from plotly.graph_objects import Figure

from pruning.data_figures import bar_ranges, class_balance, histogram_figure

CLASSES = [
    {"class": "good", "train": 70, "validation": 10, "test": 20},
    {"class": "<b>bad</b> var(--lp-card) with a long name", "train": 7, "validation": 1, "test": 2},
]


def test_every_class_is_a_bar_of_one_piece_per_split():
    figure = Figure(class_balance(CLASSES, "Texts of each class", "after duplicates"))
    assert [(bar.name, list(bar.x)) for bar in figure.data] == [
        ("train", [70, 7]),
        ("validation", [10, 1]),
        ("test", [20, 2]),
    ]
    assert figure.layout.xaxis.title.text == "texts" and figure.layout.barmode == "stack"
    assert figure.layout.title.text == "Texts of each class"


def test_a_class_is_written_letter_by_letter_and_cut_beside_its_bar():
    figure = Figure(class_balance(CLASSES, "", ""))
    tick = figure.layout.yaxis.ticktext[1]
    assert "<" not in tick and "var(" not in tick and tick.endswith("…")
    assert figure.data[0].customdata[1].startswith("&lt;b&gt;bad")


def test_lengths_are_stacked_by_split_and_the_last_bar_says_that_it_is_wide():
    histogram = {"edges": [0, 5, 10, 100], "train": [3, 2, 1], "test": [1, 0, 0]}
    figure = Figure(histogram_figure(histogram, "How long", "in words", "words"))
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [("train", [3, 2, 1]), ("test", [1, 0, 0])]
    assert figure.layout.xaxis.title.text == "words" and figure.layout.yaxis.title.text == "texts"
    assert figure.layout.xaxis.ticktext[-1] == "10+"


def test_one_group_needs_no_legend():
    figure = Figure(histogram_figure({"edges": [0, 1], "all": [3]}, "", "", "words"))
    assert figure.layout.showlegend is False and "in all" not in figure.data[0].hovertemplate


@pytest.mark.parametrize(
    "edges, words",
    [
        ([1, 2, 4], ["1", "2–3"]),
        ([0.2, 0.4], ["0.2 to under 0.4"]),
    ],
)
def test_a_bar_says_what_it_holds(edges, words):
    assert bar_ranges(edges) == words


@pytest.mark.parametrize("figure", [class_balance([], "None", ""), histogram_figure({}, "None", "", "words")])
def test_nothing_to_draw_gives_an_empty_figure_that_says_so(figure):
    figure = Figure(figure)
    assert not figure.data and figure.layout.title.text == "None"
