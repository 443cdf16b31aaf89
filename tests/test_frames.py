"""What may be joined, what a drop saves, what is missing."""

import pytest
from rows import make_run, make_similarity

from pruning import frames
from pruning.frames import comparable, measured_cost
from pruning.strategies import STRATEGIES

COSINES = (0.7, 0.8, 0.95, 0.9)


@pytest.mark.parametrize(
    "change", [{"recipe": "standard"}, {"revision": "s" * 64}, {"data": "e" * 16}, {"start": "fine-tuned"}]
)
def test_rows_of_another_recipe_weights_data_or_start_are_not_joined(change):
    ours = [make_run(seed=0), make_run(seed=1)]
    assert comparable([*ours, make_run(seed=2, **change)], "quick") == ours


@pytest.mark.parametrize("start", ["fine-tuned", "fine-tuned-as-is"])
def test_what_is_dropped_from_a_fine_tuned_model_loses_against_the_full_models_own_run(start):
    full, twice = make_run(score=80), make_run(score=81, start=start)  # the second was trained twice in full
    pruned, other = make_run((0, 1, 2), 70, start=start), make_run((0, 1, 2), 75)
    assert comparable([full, twice, pruned, other], "quick", start=start) == [full, pruned]


def test_the_weights_on_this_machine_come_before_the_ones_with_most_runs():
    many, one = [make_run(seed=0), make_run(seed=1)], make_run(revision="s" * 64)
    assert comparable([*many, one], "quick") == many
    assert comparable([*many, one], "quick", revision="s" * 64) == [one]


def test_rows_of_other_weights_never_stand_in_for_the_ones_on_this_machine():
    assert comparable([make_run(seed=0), make_run(seed=1)], "quick", revision="s" * 64) == []


def test_no_rows_give_empty_tables():
    assert comparable([], "quick") == [] and frames.similarity_table([], "sentence", "").empty


def test_costs_are_medians_against_the_full_model_on_the_same_device():
    cost = measured_cost([make_run(), make_run((0, 1))], 2)
    assert cost.parameters == (3_000_000, 2_000_000)
    assert cost.latency_ms == {"1": (4.0, 2.0), "32": (80.0, 40.0)}
    assert cost.train_seconds == (40.0, 20.0)


def test_the_time_of_what_is_fine_tuned_twice_is_that_of_both_trainings():
    twice = [make_run((0, 1), start="fine-tuned")]
    assert measured_cost([make_run(), *twice], 2).train_seconds == (40.0, 60.0)


def test_times_of_different_devices_are_not_compared():
    cost = measured_cost([make_run(), make_run((0, 1), device="cuda")], 2)
    assert cost.parameters == (3_000_000, 2_000_000) and cost.latency_ms is None and cost.train_seconds is None


def test_a_run_on_another_device_leaves_the_comparison_of_the_first_as_it_was():
    own = make_run((0, 1), seed=2, device="cpu, 8 cores", latency_ms={"1": 9.0, "32": 9.0}, train_seconds=9.0)
    cost = measured_cost([make_run(), make_run((0, 1)), own], 2)
    assert (cost.latency_ms["32"], cost.train_seconds) == ((80.0, 40.0), (40.0, 20.0))


def test_of_several_devices_that_ran_both_the_one_used_last_counts():
    own = {"device": "cuda", "created_at": "2026-01-01T10:00:00+00:00", "latency_ms": {"1": 1.0, "32": 2.0}}
    cost = measured_cost([make_run(), make_run((0, 1)), make_run(**own), make_run((0, 1), **own)], 2)
    assert cost.latency_ms == {"1": (1.0, 1.0), "32": (2.0, 2.0)}


def test_times_are_medians_over_all_runs_of_one_size_whichever_layers_they_drop():
    others = [make_run(kept, latency_ms={"1": ms, "32": ms}) for kept, ms in (((1, 2), 50.0), ((0, 3), 60.0))]
    assert measured_cost([make_run(), make_run((0, 1)), *others], 2).latency_ms["32"] == (80.0, 50.0)


def test_parameters_are_known_from_any_run_that_drops_as_many():
    assert measured_cost([make_run(), make_run((0, 1))], 2).parameters == (3_000_000, 2_000_000)
    assert measured_cost([make_run()], 2) == frames.Cost()


def test_published_costs():
    assert frames.published_cost("BERT-base", 4, "sajjad2020").parameters == (110_000_000, 80_000_000)
    assert frames.published_cost("BERT-base", 3, "sajjad2020") == frames.Cost()
    assert frames.published_cost("BERT-base", 4, "wong2022") == frames.Cost()  # it has scores alone


def test_similarities_belong_to_the_weights_and_texts_of_the_runs():
    ours, other = make_similarity(), make_similarity(revision="s" * 64)
    assert frames.matching([ours, other], [make_run()], "sentence") == ours
    assert frames.matching([ours, other], [], "sentence") == other  # no runs: the newest
    assert frames.matching([ours], [make_run()], "mean") is None


def test_the_similarity_table_has_a_row_per_task_and_layer_of_one_revision():
    rows = [make_similarity(), make_similarity(task="tweets"), make_similarity(task="sst2", revision="s" * 64)]
    table = frames.similarity_table(rows, "sentence", rows[0].revision)
    assert table.groupby("task").size().to_dict() == {"movie-reviews": 4, "tweets": 4}
    assert table.cosine.tolist()[:4] == list(COSINES)


@pytest.mark.parametrize(
    "own, seconds, basis",
    [
        ([], 20.0, "2 runs of this size shipped with this program"),
        ([make_run((0, 3), train_seconds=99.0)], 99.0, "1 run of this size on this machine"),
    ],
)
def test_expected_training_time_rests_on_own_runs_first(own, seconds, basis):
    shipped = [make_run((0, 1)), make_run((0, 1), seed=1)]
    found = frames.train_time(shipped + own, "movie-reviews", "quick", 2, lambda run: run in own)
    assert found == (seconds, basis)


def test_expected_training_time_is_unknown_for_a_size_or_recipe_never_run():
    assert frames.train_time([make_run((0, 1))], "movie-reviews", "quick", 3, lambda run: False) is None
    assert frames.train_time([make_run((0, 1))], "movie-reviews", "standard", 2, lambda run: False) is None


def test_every_strategy_without_custom_has_points_for_every_number_it_can_drop():
    found = frames.strategy_points(4, COSINES)
    assert {name for name, _, _ in found} == set(STRATEGIES) - {"custom"}
    assert [k for name, k, _ in found if name == "odd-alternate"] == [0, 1, 2]


def test_runs_that_trained_nothing_tell_no_training_time():
    runs = [
        make_run(train_seconds=30.0),
        *(make_run(seed=i, start="fine-tuned-as-is", train_seconds=0.0) for i in range(5)),
    ]
    assert frames.train_time(runs, "movie-reviews", "quick", 4, lambda run: False)[0] == 30.0


def test_the_time_of_a_task_with_fewer_texts_shrinks_by_as_much():
    runs = [make_run(train_seconds=30.0)]  # 1,500 texts
    for n_train, seconds in ((150, 3.0), (1500, 30.0), (9000, 30.0), (0, 30.0)):
        assert frames.train_time(runs, "mine", "quick", 4, lambda run: False, n_train)[0] == seconds
