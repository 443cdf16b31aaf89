"""What is called better, and how surely, on runs made up for it."""

import pytest
from rows import make_minilm_run, make_run, make_similarity

from pruning.findings import EVERY, OPEN, SURE, compare, compare_strategies, contest, kept_by

FULL, TOP, BOTTOM = (0, 1, 2, 3), (0, 1), (2, 3)


def runs(kept, *scores) -> list:
    return [make_run(kept, score, seed) for seed, score in enumerate(scores)]


@pytest.mark.parametrize(
    "better, worse, certainty",
    [
        ((80, 81, 82), (70, 71, 72.5), SURE),
        ((80, 81, 82), (79.9, 75, 81.9), EVERY),  # each one better, but by very different amounts
        ((80, 81, 82), (79, 82, 80), OPEN),
        ((80, 81), (70, 71), EVERY),  # two seeds are never sure
        ((80,), (70,), OPEN),
        ((83,) * 6 + (79.9,), (80,) * 7, OPEN),  # the interval leaves out 0, and yet one seed disagrees
        ((70, 71, 72.5), (80, 81, 82), SURE),  # also of being worse
        ((80, 81, 82), (79, 80, 81), EVERY),  # all alike, which says nothing of how much they vary
    ],
)
def test_how_sure_a_difference_is(better, worse, certainty):
    found = compare(runs(TOP, *better), runs(BOTTOM, *worse))
    assert found.certainty == certainty
    assert found.gap == pytest.approx(sum(better) / len(better) - sum(worse) / len(worse))


def test_seeds_that_only_one_was_run_with_do_not_count():
    found = compare(runs(TOP, 80, 81, 99), runs(BOTTOM, 70, 71))
    assert found.gaps == (10, 10) and found.gap == 10
    assert compare([make_run(TOP, 80, seed=1)], [make_run(BOTTOM, 70, seed=2)]) is None


def test_the_interval_is_that_of_students_t():
    found = compare(runs(TOP, 81, 82, 83), runs(BOTTOM, 80, 80, 80))  # gaps 1, 2, 3: mean 2, deviation 1
    assert (found.low, found.high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-3)


def test_a_contest_names_the_best_stack_by_all_strategies_that_keep_it():
    every = [*runs(FULL, 85, 86), *runs(TOP, 80, 81), *runs(BOTTOM, 70, 72), *runs((0, 3), 80.5, 81.5)]
    found = contest(every, 2, make_similarity(mean=(0.5, 0.9, 0.8, 0.6)).mean)
    assert found.kept == (0, 3) and found.best == ["Symmetric", "Contribution"] and found.rival == ["Top"]
    assert (found.score, found.loss, found.gap) == (81, 4.5, 0.5)
    assert contest(every, 3, None) is None  # nothing of that size was run


def test_a_contest_ranks_by_the_seeds_that_all_stacks_of_that_size_share():
    every = [*runs(FULL, 85, 86, 87), *runs(TOP, 80, 80, 95), *runs(BOTTOM, 82, 82)]
    found = contest(every, 2, None)
    assert (found.kept, found.gap, found.score) == (BOTTOM, 2, 82)


def test_the_score_and_loss_of_a_contest_are_those_of_the_curve():
    found = contest([*runs(FULL, 85, 86, 87), *runs(TOP, 80, 81, 85), *runs(BOTTOM, 70, 72)], 2, None)
    assert (found.score, found.loss, found.gap) == (82, 4, 9.5)  # each over all its seeds, the lead over two


def test_a_contest_is_as_sure_as_it_is_of_every_other_stack():
    """Symmetric comes next and is beaten surely; Bottom is further behind, but ahead with one seed."""
    every = [*runs(FULL, 85, 86, 87), *runs(TOP, 80, 81, 82), *runs((0, 3), 79, 80.1, 81), *runs(BOTTOM, 81, 70, 71)]
    found = contest(every, 2, None)
    assert compare(runs(TOP, 80, 81, 82), runs((0, 3), 79, 80.1, 81)).certainty == SURE
    assert (found.rival, found.certainty) == (["Symmetric"], OPEN)


@pytest.mark.parametrize("n_failed, told", [(0, ""), (1, "1 of 2 at chance"), (2, "at chance")])
def test_a_contest_says_where_the_next_best_is_at_chance(n_failed, told):
    runs_at_chance = [make_run(BOTTOM, 50, seed, metrics={"matthews": 0}) for seed in range(n_failed)]
    rival = runs_at_chance + runs(BOTTOM, 50, 50)[n_failed:]
    assert contest([*runs(FULL, 85, 86), *runs(TOP, 80, 80), *rival], 2, None).rival_chance == told


def test_without_runs_there_is_nothing_to_compare():
    assert compare_strategies([], "top", "bottom", 2, None) is None and contest([], 2, None) is None


def test_strategies_are_compared_where_both_can_drop_so_many():
    every = [*runs(FULL, 85, 86), *runs(TOP, 80, 81), *runs(BOTTOM, 70, 72)]
    assert compare_strategies(every, "top", "bottom", 2, None).gap == 9.5
    assert kept_by("even-alternate", 4, 3, None) is None
    assert compare_strategies(every, "top", "even-alternate", 3, None) is None


def test_a_full_model_of_other_seeds_is_no_measure_of_a_loss():
    every = [make_minilm_run(seed=9), *(make_minilm_run(kept) for kept in ((0, 1, 2), (3, 4, 5)))]
    assert contest(every, 3, None) is None
