"""Figures by their traces, shapes, titles and axes, never by pixels. `Figure` refuses what plotly does not know."""

import json

import numpy as np
import pytest
from plotly.graph_objects import Figure
from rows import make_run, make_similarity

from pruning import figures
from pruning.curve import full_score, measured_curve, published_curve
from pruning.figures import score_against_dropped, similarity_of_layers
from pruning.frames import similarity_table
from pruning.palette import LOOKS, theme_colours
from pruning.strategies import STRATEGIES
from pruning.ui.parts import as_text

COSINES = (0.7, 0.8, 0.95, 0.9)
RUNS = [
    *(make_run(score=80 + seed, seed=seed) for seed in (0, 1)),
    *(make_run((0, 1, 2), 78 + seed, seed) for seed in (0, 1)),
    make_run((1, 2, 3), 70),
    make_run((0, 1), 75),
]


def draw(curve, **options):
    return Figure(curve_values(curve, **options))


def curve_values(curve, **options):
    options = {"strategy": "top", "n_dropped": 1, "baseline": full_score(curve)} | options
    return score_against_dropped(curve, "Title", "Subtitle", 4, **options)


def lines(figure):
    labels = {strategy.label for strategy in STRATEGIES.values()}
    return {trace.name: trace for trace in figure.data if trace.name in labels}


def shapes(figure, **values):
    return [s for s in figure.layout.shapes if all(s[name] == value for name, value in values.items())]


def test_a_curve_has_a_line_per_strategy_with_its_points():
    found = lines(draw(measured_curve(RUNS, None)))
    assert set(found) == {"Top", "Even alternate", "Bottom"}  # of the others no run
    assert (found["Top"].x, found["Top"].y) == ((0, 1, 2), (80.5, 78.5, 75))
    assert (found["Bottom"].x, found["Bottom"].y) == ((0, 1), (80.5, 70))


def test_a_line_is_parted_where_it_skips_what_others_were_run_with():
    few = [make_run(), *(make_run(kept, 75) for kept in ((0, 1, 2), (0, 1), (0,), (3,)))]
    found = [trace.x for trace in draw(measured_curve(few, None)).data if trace.name == "Bottom"]
    assert found == [(0,), (3,)]


def test_title_and_axes_say_what_is_shown_and_in_which_unit():
    layout = draw(measured_curve(RUNS, None), axis="accuracy, %").layout
    assert (layout.title.text, layout.title.subtitle.text) == ("Title", "Subtitle")
    assert layout.xaxis.title.text == "layers dropped (of 4)" and layout.xaxis.tickvals == (0, 1, 2)
    assert layout.yaxis.title.text == "accuracy, %"


def test_measured_points_are_filled_with_bars_as_wide_as_the_seeds_intervals():
    top = lines(draw(measured_curve(RUNS, None)))["Top"]
    assert top.marker.symbol == ("circle", "circle", "circle")
    assert top.error_y.array == (1.5, 1.5, 1) and top.error_y.arrayminus == (1.5, 1.5, 1)


def test_the_strategy_looked_at_is_thicker_on_top_and_shows_each_seed():
    figure = draw(measured_curve(RUNS, None), strategy="bottom")
    found = lines(figure)
    assert found["Bottom"].line.width > found["Top"].line.width
    assert [trace.name for trace in figure.data][-2:] == ["Bottom", "seeds"]
    assert figure.data[-1].y == (80, 81)  # one run of the other point is no spread


def test_published_points_are_open_without_bars_and_name_source_and_evidence():
    figure = draw(published_curve("BERT-base", "GLUE average", "sajjad2020"), reference=("DistilBERT", 83.43))
    bottom = lines(figure)["Bottom"]
    assert set(bottom.marker.symbol) == {"triangle-down-open"} and bottom.error_y.array is None
    assert "Sajjad et al. 2020, Figure 2: read off a figure, about 0.05 points" in bottom.customdata[-1][1]
    dotted = shapes(figure, y0=83.43)[0]
    assert dotted.line.dash == "dot" and "DistilBERT 83.4" in [note.text for note in figure.layout.annotations]


def test_points_run_on_this_machine_are_starred():
    own = RUNS[-1]
    top = lines(draw(measured_curve(RUNS, None, lambda run: run == own)))["Top"]
    assert top.marker.symbol == ("circle", "circle", "star") and "run on this machine" in top.customdata[2][1]


def test_the_pointer_tells_seeds_that_are_at_chance():
    failed = make_run((1, 2, 3), 50, seed=1, metrics={"accuracy": 50.0, "matthews": 0.0})
    bottom = lines(draw(measured_curve([*RUNS, failed], None)))["Bottom"]
    assert "no better than chance with 1 of 2 seeds" in bottom.customdata[1][1]
    assert "chance" not in bottom.customdata[0][1]


@pytest.mark.parametrize("live, symbol", [(False, LOOKS["custom"].marker), (True, "star")])
def test_custom_layers_are_single_points_with_a_marker_of_their_own(live, symbol):
    curve = measured_curve([*RUNS, make_run((1, 2), 73)], None, lambda run: live)
    custom = lines(draw(curve))["Custom"]
    assert (custom.mode, custom.x, custom.marker.symbol) == ("markers", (2,), (symbol,))
    assert (custom.customdata[0][0], custom.customdata[0][2]) == ("custom", [0, 3])  # what a click chooses
    assert "Custom 0, 3" in [note.text for note in draw(curve).layout.annotations]


@pytest.mark.parametrize("n_dropped, last", [(0, 2), (2, 2), (3, 3)])  # at 3 there is no point
def test_a_marker_line_stands_at_the_number_dropped_in_sight(n_dropped, last):
    figure = draw(measured_curve(RUNS, None), n_dropped=n_dropped)
    assert len(shapes(figure, x0=n_dropped, x1=n_dropped)) == 1
    assert figure.layout.xaxis.range == (-0.25, last + 0.25) and figure.layout.xaxis.tickvals[-1] == last


def test_the_full_model_and_the_budget_are_drawn_beside_whatever_is_compared():
    curve = measured_curve([*RUNS, make_run((1, 2), 73)], None)
    figure = draw([point for point in curve if point.strategy == "custom"], baseline=80.5)
    assert shapes(figure, type="line", y0=80.5) and len(shapes(figure, type="rect")) == 3
    assert figure.layout.yaxis.range[1] > 80.5


@pytest.mark.parametrize("budget, bands", [(2, [3, 2, 1]), (1, [3, 2, 1]), (5, [5, 3, 2, 1])])
def test_budgets_are_bands_below_the_full_model_and_the_chosen_one_is_marked(budget, bands):
    found = shapes(draw(measured_curve(RUNS, None), budget=budget), type="rect")
    assert [80.5 - band.y0 for band in found] == bands and {band.y1 for band in found} == {80.5}
    assert [80.5 - band.y0 for band in found if band.fillcolor == "var(--lp-band-chosen)"] == [budget]


def test_the_full_model_is_a_dashed_line_with_its_label():
    figure = draw(measured_curve(RUNS, None))
    assert [line.line.dash for line in shapes(figure, type="line", y0=80.5)] == ["dash"]
    assert "full model 80.5" in [note.text for note in figure.layout.annotations]


def test_labels_stand_apart_by_the_height_of_a_line():
    figure = draw(measured_curve(RUNS, COSINES))
    low, high = figure.layout.yaxis.range
    per_pixel = (high - low) / (figures.HEIGHT - figures.MARGIN["t"] - figures.MARGIN["b"])
    heights = sorted(note.y for note in figure.layout.annotations)
    assert min(b - a for a, b in zip(heights, heights[1:])) >= figures.LABEL_GAP * per_pixel - 1e-9


def test_without_a_full_model_there_is_no_budget_and_no_invented_line():
    figure = draw(measured_curve(RUNS[-1:], None))
    assert lines(figure)["Top"].x == (2,) and shapes(figure, type="rect") == []


EMPTY = (
    draw(measured_curve([], None)),
    Figure(similarity_of_layers(similarity_table([], "sentence", ""), "Title", "Subtitle")),
)


@pytest.mark.parametrize("figure", EMPTY)
def test_an_empty_table_is_an_empty_figure_whose_title_says_so(figure):
    assert len(figure.data) == 0 and figure.layout.title.text == "Title"


def heatmap(dropped=()):
    return Figure(heatmap_values(dropped))


def heatmap_values(dropped=()):
    rows = [make_similarity(), make_similarity(task="tweets", mean=(0.75, 0.85, 0.9, 0.65))]
    table = similarity_table(rows, "sentence", rows[0].revision)
    return similarity_of_layers(table, "Title", "Subtitle", dropped, {"tweets": "Tweets"})


def test_the_heatmap_has_a_row_per_task_and_a_column_per_layer():
    figure = heatmap()
    cells = figure.data[0]
    assert [list(row) for row in cells.z] == [[0.7, 0.8, 0.95, 0.9], [0.75, 0.85, 0.9, 0.65]]
    assert list(figure.layout.yaxis.ticktext) == ["movie-reviews", "Tweets"]
    assert (cells.zmin, cells.zmax) == (0.65, 0.95)
    assert figure.layout.xaxis.title.text == "layer (0 is nearest the embeddings)"
    assert list(figure.data[-1].text)[:3] == ["0.700", "0.800", "0.950"]


def test_the_numbers_are_rounded_once_as_they_are_in_the_layer_stack():
    rows = [make_similarity(mean=(0.98648, 0.9, 0.8, 0.7))]
    figure = Figure(similarity_of_layers(similarity_table(rows, "sentence", rows[0].revision), "Title", "Subtitle"))
    assert figure.data[-1].text[0] == "0.986"


@pytest.mark.parametrize("n_layers, shown", [(12, True), (24, False)])
def test_the_numbers_are_left_to_the_pointer_where_there_are_too_many_layers(n_layers, shown):
    rows = [make_similarity(mean=[0.9] * n_layers)]
    figure = Figure(similarity_of_layers(similarity_table(rows, "sentence", rows[0].revision), "Title", "Subtitle"))
    assert ("values" in [trace.name for trace in figure.data]) == shown


@pytest.mark.parametrize("dropped, frames", [((), []), ((2, 3), [(1.5, 3.5)]), ((0, 2), [(-0.5, 0.5), (1.5, 2.5)])])
def test_dropped_layers_are_hatched(dropped, frames):
    hatched = [trace for trace in heatmap(dropped).data if trace.name == "dropped"]
    assert [(min(trace.x), max(trace.x)) for trace in hatched] == frames
    assert all(trace.fillpattern.shape == "/" for trace in hatched)


def test_colours_are_left_to_the_theme_of_the_page():
    runs = [*RUNS, make_run((0, 1, 3), 79), make_run((0, 2, 3), 74), make_run((0, 3), 73), make_run((1, 3), 72)]
    text = as_text(curve_values(measured_curve(runs, COSINES))) + as_text(heatmap_values((1,)))
    used = {part.split(")")[0] for part in text.split("var(")[1:]}
    assert used <= set(theme_colours(dark=False)) | {"--font"}
    assert {f"--lp-{name}" for name in LOOKS if name != "custom"} <= used


def test_a_figure_is_small_enough_to_send_at_every_change():
    assert len(as_text(curve_values(measured_curve(RUNS, COSINES)))) < 25_000


def test_what_is_not_known_travels_as_null():
    value = {"scores": [np.float64("nan"), np.float32(0.5), np.int64(3)], "none": None}
    assert json.loads(as_text(value)) == {"scores": [None, 0.5, 3], "none": None}
