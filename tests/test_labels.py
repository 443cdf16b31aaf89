"""Labels at the ends of lines: they never cover one another and move as little as that needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import make_minilm_run, make_run

from pruning.curve import measured_curve
from pruning.labels import line_labels, lines_of, segments, spread


@pytest.mark.parametrize(
    "heights, places",
    [
        ([], []),
        ([5], [5]),
        ([1, 5, 9], [1, 5, 9]),  # far apart: nothing moves
        ([5, 5], [4.5, 5.5]),
        ([5, 5, 5], [4, 5, 6]),
        ([6, 2, 6.2], [5.6, 2, 6.6]),  # in their order, not in the order they came
        ([10, 10], [8.5, 9.5]),  # the top has no room
        ([0, 0], [0.5, 1.5]),  # nor has the bottom
    ],
)
def test_labels_are_spread_by_at_least_the_gap(heights, places):
    assert spread(heights, 1, 0, 10) == pytest.approx(places)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_spread_labels_keep_their_order_their_gap_and_the_limits(heights):
    places = spread(heights, 5, 0, 100)
    ordered = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    gaps = [places[b] - places[a] for a, b in zip(ordered, ordered[1:])]
    assert all(gap >= 5 - 1e-6 for gap in gaps)
    assert min(places) >= 2.5 - 1e-6 and max(places) <= 97.5 + 1e-6


def test_the_strategy_looked_at_is_drawn_last():
    curve = measured_curve([make_run(), make_run((0, 1, 2))], None)
    assert list(lines_of(curve, "top"))[-1] == "top"
    assert list(lines_of(curve, "bottom"))[-1] == "bottom"


def test_no_line_is_drawn_over_sizes_that_were_left_out():
    of_top = [make_minilm_run(range(6 - n), 80 - n) for n in range(6)]
    curve = measured_curve([*of_top, make_minilm_run((5,), 70), make_minilm_run((2, 3, 4, 5), 75)], None)
    lines, sizes = lines_of(curve, "top"), {point.n_dropped for point in curve}
    parts = {name: [[p.n_dropped for p in part] for part in segments(lines[name], sizes)] for name in lines}
    assert parts["top"] == [[0, 1, 2, 3, 4, 5]]
    assert parts["bottom"] == [[0, 2], [5]]  # one size that was left out is passed over, two are not


def test_each_line_is_labelled_at_its_end_and_custom_points_by_their_layers():
    curve = measured_curve([make_run(score=80), make_run((0, 1, 2), 78), make_run((1, 2), 70)], None)
    labels = line_labels(lines_of(curve, "top"), "top", 80.0, 2, ("Small", 75.0))
    labels = {label["text"]: (label["x"], label["y"]) for label in labels}
    assert labels["<b>Top</b>"] == (1, 78) and labels["Custom 0, 3"] == (2, 70)
    assert "Bottom" not in labels  # the full model alone was run
    assert labels["full model 80.0"] == (None, 80) and labels["2-point budget"] == (None, 78)
    assert labels["Small 75.0"] == (None, 75)
