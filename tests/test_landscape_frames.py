"""A landscape's table joins estimates with the runs made the same way, and says how far off the estimates are."""

import pytest
from plotly.graph_objects import Figure
from rows import DATA, FULL, REVISION, make_landscape, make_run

from pruning.landscape_figures import every_stack
from pruning.landscape_frames import describe_error, errors, landscape_table, rank_correlation

RUNS = [
    *(make_run(FULL, score, seed) for seed, score in ((0, 80.0), (1, 82.0))),
    make_run((0, 1, 2), 79.0),
    make_run((0, 1), 70.0),
    make_run((3,), 99.0, recipe="standard"),
    make_run((1, 2, 3), 99.0, start="fine-tuned"),
    make_run((0, 2, 3), 99.0, revision="x" * 64),
]


def test_only_runs_made_as_the_landscape_estimates_them_stand_beside_it():
    table = landscape_table(make_landscape(), RUNS).set_index("kept")
    assert table.measured.dropna().to_dict() == {FULL: 81.0, (0, 1, 2): 79.0, (0, 1): 70.0}
    assert table.seeds[FULL] == 2 and table.seeds[(3,)] == 0
    assert table.dropped[(0, 3)] == (1, 2)


def test_validation_texts_alone_choose_the_best():
    found = make_landscape({(0, 1): (90.0, 70.0), (2, 3): (60.0, 71.0), FULL: (80.0, 80.0)})
    table = landscape_table(found, [])
    assert table[table.best].kept.tolist() == [(2, 3), FULL]


def test_the_error_is_estimate_minus_measured_and_told_with_the_worst():
    table = errors(make_landscape(), RUNS)
    assert table.error.tolist() == pytest.approx([1.0, 0.0, -4.0])
    assert rank_correlation(table) == pytest.approx(1)
    assert describe_error(table) == (
        "Estimates, not measurements: against the 3 stacks that were run they are 1.7 points off on average, "
        "at most 4.0 (kept 0, 1), rank correlation 1.00."
    )
    assert "too few of these stacks were run" in describe_error(errors(make_landscape(), RUNS[:2]))


def test_the_figure_shows_estimates_open_runs_filled_and_the_choice_ringed():
    table = landscape_table(make_landscape(), RUNS)
    figure = Figure(every_stack(table, "Title", "Subtitle", 4, "accuracy, %", dropped=(3,)))
    looks = {trace.name: (trace.marker.symbol, len(trace.x)) for trace in figure.data}
    assert looks == {
        "estimates": ("circle-open", len(table)),
        "best estimates": ("diamond-open", 4),
        "runs": ("circle", 3),
        "chosen": ("circle-open", 1),
    }
    assert list(figure.data[0].customdata[0]) == ["top", figure.data[0].customdata[0][1], []]
    assert figure.layout.xaxis.title.text == "layers dropped (of 4)" and figure.layout.yaxis.title.text == "accuracy, %"


def test_without_a_landscape_the_figure_says_so():
    figure = Figure(every_stack(landscape_table(None, RUNS), "Every stack", "not estimated yet", 4, "accuracy, %"))
    assert not figure.data and figure.layout.title.subtitle.text == "not estimated yet"


def test_a_landscape_is_of_one_recipe_texts_weights_and_seed():
    one = make_landscape()
    assert (one.revision, one.data) == (REVISION, DATA)
    others = [make_landscape(seed=1), make_landscape(data="e" * 16), make_landscape(recipe={"name": "other"})]
    assert len({record.key for record in (one, *others)}) == 4
