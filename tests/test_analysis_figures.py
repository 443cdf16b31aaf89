"""Figures of analyses: traces and axis titles, and empty tables."""

import pandas as pd
import pytest
from plotly.graph_objects import Figure
from rows import FULL, make_drift, make_matrix, make_probe, make_run, make_similarity

from pruning import analysis_figures as draw
from pruning import analysis_frames as tables


def test_a_heatmap_has_a_cell_per_pair_and_leaves_the_undefined_blank():
    table = tables.matrix_table(make_matrix(3))
    table.loc["emb"] = None
    figure = Figure(draw.heatmap(table, "Every two states", "of tiny", "cosine", "state", "state"))
    cells = figure.data[0]
    assert list(cells.z[0]) == [None] * 3 and cells.z[1][1] == 1.0
    assert list(figure.layout.xaxis.ticktext) == ["emb", "0", "1"] and figure.layout.xaxis.title.text == "state"
    assert figure.data[1].name == "values"


def test_spread_marks_dropped_layers():
    table = tables.layer_spread(make_similarity(quartiles=((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))))
    figure = Figure(draw.spread_of_layers(table, "Text by text", "", dropped=(1,)))
    assert list(figure.data[0].y) == [0.2, 0.5] and list(figure.data[0].marker.symbol) == ["circle", "x"]
    assert list(figure.data[0].error_y.array) == pytest.approx([0.1, 0.1])
    assert figure.layout.yaxis.title.text == "cosine of input and output"


def test_probes_are_lines_with_intervals_and_a_ring_where_the_task_is_known():
    probes = [make_probe(), make_probe((55, 90, 91, 91, 91), run="k" * 64)]
    table = tables.probe_table(probes, ("BERT-base",))
    figure = Figure(draw.probe_curves(table, "Where", "", "accuracy, %", {"pre-trained": "1", "fine-tuned": "1"}))
    names = [trace.name for trace in figure.data]
    assert names[:2] == ["pre-trained", "pre-trained: knows from here"] and "BERT-base, Sajjad et al. 2020" in names
    assert list(figure.data[1].x) == [2] and list(figure.data[1].y) == [79.5]
    assert figure.data[-1].marker.symbol.endswith("-open") and figure.data[-1].error_y.array is None
    assert list(figure.layout.xaxis.ticktext)[:3] == ["emb", "0", "1"]


def test_worth_against_cost_has_a_point_per_stack_and_the_front():
    runs = [make_run(FULL, 80), make_run((0, 1, 2), 79), make_run((1, 2, 3), 70)]
    table = tables.value_table(runs, None)
    figure = Figure(draw.worth_its_cost(table, "Worth", "", "latency_ms", "ms", "accuracy, %", chosen=(3,)))
    front, *rest = figure.data
    assert list(front.x) == [60, 80] and list(front.y) == [79, 80]
    top = next(trace for trace in rest if trace.name == "Top" and trace.showlegend is False)
    assert list(top.marker.size) == [10, 15] and list(top.marker.opacity) == [1, 1]
    bottom = next(trace for trace in rest if trace.name == "Bottom" and trace.showlegend is False)
    assert list(bottom.marker.opacity) == [draw.FADED]
    assert figure.layout.xaxis.title.text == "ms" and figure.layout.yaxis.title.text == "accuracy, %"


@pytest.mark.parametrize(
    "figure",
    [
        draw.heatmap(pd.DataFrame(), "None", "", "cosine", "state"),
        draw.spread_of_layers(tables.layer_spread(None), "None", ""),
        draw.probe_curves(tables.probe_table([]), "None", "", "score", {}),
        draw.worth_its_cost(tables.value_table([], None), "None", "", "latency_ms", "ms", "score", None),
    ],
)
def test_an_empty_table_gives_an_empty_figure_that_says_so(figure):
    figure = Figure(figure)
    assert not figure.data and figure.layout.title.text == "None"


def test_drift_rows_of_models_of_other_depths_share_one_heatmap():
    rows = tables.drift_table([make_drift()], ["mine"], ("BERT-base",))
    table = rows.pivot_table(index="row", columns="state", values="cosine", sort=False)
    assert len(draw.heatmap(table, "Drift", "", "cosine", "state")["data"][0]["z"]) == 2
