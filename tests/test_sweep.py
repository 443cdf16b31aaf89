"""A sweep plans every point, runs each distinct kept set once, and leaves out what is stored."""

from dataclasses import replace

import pytest
from rows import make_run
from tiny import save_tiny

from pruning.execute import compare, execute
from pruning.plan import NeedsSimilarityError, Request, plan
from pruning.runs import AS_IS
from pruning.store import Store
from pruning.sweep import Clock, duration, plan_sweep
from pruning.sweep_command import make_clock, name_layers


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "home", shipped=tmp_path / "nothing")


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Request:
    return Request(str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert")), "tweets")


def test_strategies_that_keep_the_same_layers_are_one_run(base, store):
    planned = plan_sweep(base, ["top", "bottom", "symmetric"], [0, 1], [0], store)
    assert planned.points == 6
    # nothing dropped is the same for all three; the others keep (0,1,2), (1,2,3) and (0,1,3)
    assert [r.n_dropped for r in planned.left] == [0, 1, 1, 1]


def test_a_number_that_a_strategy_cannot_drop_is_left_out(base, store):
    assert plan_sweep(base, ["top", "odd-alternate"], [3], [0, 1], store).points == 2
    with pytest.raises(ValueError, match=r"no strategy of top can drop \[9\] of 4 layers"):
        plan_sweep(base, ["top"], [9], [0], store)


def test_by_default_every_strategy_but_custom_and_every_number(base, store):
    with pytest.raises(NeedsSimilarityError):
        plan_sweep(base, None, None, [0], store)
    list(compare(base, store))
    planned = plan_sweep(base, None, None, [0], store)
    assert planned.points == 4 + 3 + 3 + 4 + 4 + 4
    assert "custom" not in {r.strategy for r in planned.left}


def test_what_is_stored_is_not_run_again(base, store):
    first = plan_sweep(base, ["top"], [2, 3], [0], store)
    list(execute(first.left[0], store))
    second = plan_sweep(base, ["top"], [2, 3], [0], store)
    assert len(second.stored) == 1 and second.left == first.left[1:]


def test_the_time_left_rests_on_stored_runs_first_and_on_its_own_afterwards():
    known = [make_run((0, 1, 2, 3), train_seconds=50.0), make_run((0,), train_seconds=20.0)]
    assert (
        str(Clock([4, 1], known, n_workers=1)) == "about 70 s left"
    )  # 10 s for each layer and for what else a run does
    assert str(Clock([4, 1], known, n_workers=2)) == "about 50 s left"  # two do 1.4 times as much as one
    clock = Clock([4, 1], [make_run((0,), start="fine-tuned-as-is", train_seconds=0.0)], 1)
    assert str(clock) == ""  # no training is no training time
    clock.count(4, is_done=False)
    assert str(clock) == "" and clock.left == 2
    clock.count(1)
    assert str(clock) == "about 0 s left"


def test_no_time_is_foretold_where_nothing_is_trained(base, store):
    (full,) = plan_sweep(base, ["top"], [0], [0], store).left
    list(execute(full, store))
    assert str(make_clock(plan_sweep(base, ["top"], [1], [0], store), store, 1)).endswith("left")
    untrained = plan_sweep(replace(base, start=AS_IS), ["top"], [1], [0], store)
    assert str(make_clock(untrained, store, 1)) == ""


@pytest.mark.parametrize(
    "seconds, text", [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5999, "100 min"), (9000, "2.5 h")]
)
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("strategy, n_dropped", [("top", 0), ("top", 2), ("symmetric", 1)])
def test_a_run_named_by_its_layers_is_the_same_run(base, store, strategy, n_dropped):
    planned = plan_sweep(base, [strategy], [n_dropped], [0], store)
    ((request, spec),) = planned.distinct.items()
    assert plan(name_layers(request, spec.kept), store)[0] == spec
