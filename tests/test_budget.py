"""What a loss in points buys, from explicit rows: most layers per strategy, and how sure that is."""

import pytest
from rows import FULL, make_run

from pruning.budget import CERTAIN, OBSERVED, UNCLEAR, dominated, most_droppable, speedup, upper_loss


def rows(top=(79.0, 76.0), seeds=(0, 1), spread=0.2, shift=0.0):
    """The full model at 80 and `top` with 1, 2, ... layers dropped; seed 1 scores `shift` lower everywhere."""
    kept = {FULL: 80.0} | {FULL[: 3 - i]: score for i, score in enumerate(top)}
    return [make_run(k, score - shift * seed, seed, spread=spread) for seed in seeds for k, score in kept.items()]


def top_row(runs, points):
    return next(row for row in most_droppable(runs, None, points) if row["strategy"] == "top")


@pytest.mark.parametrize(
    "points, n_dropped, certainty",
    [
        (0, 0, CERTAIN),  # nothing dropped costs nothing
        (0.9, 0, CERTAIN),
        (1, 1, OBSERVED),  # the loss is within, its upper end is not
        (1.5, 1, CERTAIN),
        (3.99, 1, CERTAIN),
        (4, 2, OBSERVED),
        (5, 2, CERTAIN),
    ],
)
def test_the_most_layers_within_a_budget_and_how_sure_that_is(points, n_dropped, certainty):
    row = top_row(rows(), points)
    assert (row["n_dropped"], row["certainty"]) == (n_dropped, certainty)
    assert row["n_certain"] == (n_dropped if certainty == CERTAIN else n_dropped - 1)


def test_one_seed_is_never_sure():
    assert top_row(rows(seeds=(0,)), 3)["certainty"] == UNCLEAR


def test_a_seed_that_loses_more_makes_it_unclear():
    runs = rows() + [make_run(FULL, 80, 2), make_run((0, 1, 2), 77.0, 2)]
    row = top_row(runs, 2)
    assert (row["n_dropped"], row["certainty"], row["losses"]) == (1, UNCLEAR, [1.0, 1.0, 3.0])


def test_losses_are_paired_by_seed_so_that_an_unlucky_seed_costs_nothing():
    assert top_row(rows(shift=10.0), 1.5)["losses"] == [1.0, 1.0]


def test_only_seeds_that_the_full_model_has_too_count():
    row = top_row(rows() + [make_run((0, 1, 2), 10.0, seed=7)], 1.5)
    assert row["seeds"] == [0, 1] and row["n_dropped"] == 1


def test_without_the_full_model_there_is_no_loss():
    assert most_droppable([make_run((0, 1))], None, 2) == []


def test_the_row_says_what_it_saves():
    row = top_row(rows(), 4)
    assert row["parameters"] == {"before": 3_000_000, "after": 2_000_000}
    assert row["megabytes"] == {"before": 12.0, "after": 8.0}
    assert row["speedup"] == {"predicted": 2.0, "measured": {"1": 2.0, "32": 2.0}}


def test_contribution_needs_similarities():
    strategies = {row["strategy"] for row in most_droppable(rows(), (0.7, 0.8, 0.9, 0.95), 2)}
    assert "contribution" in strategies
    assert "contribution" not in {row["strategy"] for row in most_droppable(rows(), None, 2)}


@pytest.mark.parametrize("points", [-1, float("nan")])
def test_an_impossible_budget_is_refused(points):
    with pytest.raises(ValueError, match="cannot be accepted; give 0 or more"):
        most_droppable(rows(), None, points)


def test_the_upper_end_adds_both_intervals_like_the_sides_of_a_right_angle():
    full, pruned = make_run(FULL, 80, spread=3), make_run((0, 1), 78, spread=4)
    assert upper_loss(full, pruned) == pytest.approx(2 + 5)
    assert upper_loss(full, full) == 0


def test_a_speedup_needs_both_sizes():
    assert speedup(rows(), 3) == {"predicted": None, "measured": {}}


def test_a_point_is_dominated_by_one_that_is_better_in_one_and_worse_in_none():
    points = [(80, 10), (79, 10), (79, 5), (80, 12), (70, 1), (80, 10)]
    assert dominated(points) == [False, True, False, True, False, False]
