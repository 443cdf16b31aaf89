"""The curve's points: found by what is kept, a mean over seeds, a loss between two scores that are shown."""

import pytest
from rows import make_run

from pruning.curve import find_point, is_above, is_at_chance, measured_curve, published_curve

COSINES = (0.7, 0.8, 0.95, 0.9)  # contribution drops layer 2 first, then 3, then 1


def points(curve, strategy):
    return {point.n_dropped: point.score for point in curve if point.strategy == strategy}


def test_a_point_is_found_by_what_is_kept_whatever_strategy_chose_it():
    curve = measured_curve([make_run(score=80), make_run((0, 1, 2), 78)], COSINES)
    assert points(curve, "top") == {0: 80, 1: 78}
    assert points(curve, "even-alternate") == {0: 80, 1: 78}  # for one layer it drops the top one too
    assert points(curve, "bottom") == {0: 80}  # a run that was not made is no point


def test_contribution_goes_by_the_similarities_and_is_left_out_without_them():
    runs = [make_run(score=80), make_run((0, 1, 3), 79), make_run((0, 1), 75)]
    assert points(measured_curve(runs, COSINES), "contribution") == {0: 80, 1: 79, 2: 75}
    assert points(measured_curve(runs, None), "contribution") == {}


def test_layers_that_no_strategy_drops_are_custom_points():
    curve = measured_curve([make_run(score=80), make_run((1, 2), 70)], COSINES)
    assert [(p.n_dropped, p.dropped, p.score) for p in curve if p.strategy == "custom"] == [(2, (0, 3), 70)]


def test_a_score_is_the_mean_over_seeds_and_its_bar_the_widest_of_their_intervals():
    curve = measured_curve([make_run(score=80, seed=0, spread=2), make_run(score=83, seed=1, spread=2)], None)
    point = find_point(curve, "top", 0)
    assert (point.score, point.low, point.high) == (81.5, 78, 85)
    assert (point.seeds, point.scores) == ((0, 1), (80, 83))


@pytest.mark.parametrize(
    "full, pruned, loss, paired",
    [
        ({0: 80, 1: 84}, {1: 81, 0: 79}, 2.0, True),
        ({0: 80, 1: 84}, {0: 79}, 1.0, True),  # the curve shows 3 points between the means, which is luck
        ({0: 80, 1: 84}, {0: 79, 1: 81, 2: 86}, 2.0, False),  # a live run has added a seed
        ({0: 80, 1: 84}, {2: 79}, 3.0, False),
        ({}, {0: 79}, None, False),
    ],
)
def test_a_loss_is_counted_seed_by_seed_where_seeds_are_shared(full, pruned, loss, paired):
    runs = [make_run(score=score, seed=seed) for seed, score in full.items()]
    runs += [make_run((0, 1, 2), score, seed) for seed, score in pruned.items()]
    curve = measured_curve(runs, None)
    point = find_point(curve, "top", 1)
    assert (point.loss, point.paired) == (loss, paired)


@pytest.mark.parametrize(
    "better, worse, clear",
    [
        ({0: 80}, {0: 78}, True),  # 1 to either side of each: 2 points are more than the root of 1 + 1
        ({0: 80}, {0: 78.7}, False),
        ({0: 80, 1: 79}, {0: 78, 1: 78}, False),  # not with every seed
        ({0: 80, 1: 79}, {0: 78, 2: 79}, True),  # with each that both have
        ({1: 80, 2: 79}, {0: 78}, False),  # they share none: any two
        ({1: 80, 2: 81}, {0: 78}, True),
        ({0: 78}, {0: 80}, False),
    ],
)
def test_the_test_texts_tell_apart_what_differs_by_more_than_both_scores_intervals(better, worse, clear):
    runs = [make_run((0, 1, 2), score, seed) for seed, score in better.items()]
    runs += [make_run((1, 2, 3), score, seed) for seed, score in worse.items()]
    top, bottom = (find_point(measured_curve(runs, None), name, 1) for name in ("top", "bottom"))
    assert is_above(top, bottom) == clear and not (clear and is_above(bottom, top))


def test_published_points_are_never_told_apart_so():
    full, *others = published_curve("BERT-base", "GLUE average", "sajjad2020")
    assert not any(is_above(full, other) for other in others)


def test_without_rows_there_are_no_points():
    assert measured_curve([], COSINES) == published_curve("no such model", "GLUE average", "sajjad2020") == []


@pytest.mark.parametrize(
    "metrics, at_chance",
    [
        ({"accuracy": 50, "matthews": 0}, True),  # one class for every text
        ({"accuracy": 51, "matthews": 6.1}, True),  # 1.96 / sqrt(1000) is 6.2%
        ({"accuracy": 52, "matthews": 6.3}, False),
        ({"accuracy": 48, "matthews": -9}, True),
        ({"spearman": 3, "pearson": 9}, True),
        ({"spearman": 60, "pearson": 62}, False),
        ({"accuracy": 33}, False),  # no correlation tells
    ],
)
def test_a_run_is_at_chance_where_its_correlation_could_be_that_of_unrelated_texts(metrics, at_chance):
    assert is_at_chance(make_run(n_eval=1000, metrics=metrics)) == at_chance


def test_a_point_with_a_run_of_this_machine_is_live():
    own = make_run((0, 1, 2), seed=2)
    curve = measured_curve([make_run(), make_run((0, 1, 2)), own], None, lambda run: run == own)
    assert find_point(curve, "top", 1).live and not find_point(curve, "top", 0).live


def test_published_numbers_start_each_line_at_the_full_model_and_have_no_interval():
    curve = published_curve("BERT-base", "GLUE average", "sajjad2020")
    assert points(curve, "top") == {0: 86.19, 2: 84.86, 4: 84.19, 6: 83.28}
    point = find_point(curve, "top", 4)
    assert point.loss == pytest.approx(2.0) and point.low is None and point.dropped is None
    assert (point.source, point.evidence) == ("sajjad2020", "derived")


def test_the_replication_is_a_table_of_its_own():
    assert {point.source for point in published_curve("BERT-base", "SST-2", "wong2022")} == {"wong2022"}
    assert points(published_curve("BERT-base", "SST-2", "sajjad2020"), "bottom") == {}


@pytest.mark.parametrize("strategy, n_dropped, dropped", [("top", 3, None), ("custom", 2, (0, 1))])
def test_a_point_that_is_not_there_is_none(strategy, n_dropped, dropped):
    curve = measured_curve([make_run(), make_run((1, 2))], None)
    assert find_point(curve, strategy, n_dropped, dropped) is None


def test_layers_named_by_hand_are_found_where_a_strategy_drops_them_too():
    curve = measured_curve([make_run(), make_run((0, 1), 77)], None)
    point = find_point(curve, "custom", 2, (2, 3))
    assert (point.strategy, point.score) == ("custom", 77)


@pytest.mark.parametrize("n_dropped", [0, 2])
def test_layers_that_were_not_named_are_no_point(n_dropped):
    assert find_point(published_curve("BERT-base", "GLUE average", "sajjad2020"), "custom", n_dropped, None) is None
    assert find_point(measured_curve([make_run(), make_run((1, 2))], None), "custom", n_dropped, None) is None
