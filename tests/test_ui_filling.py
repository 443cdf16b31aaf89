"""What "Fill the curve" would run: each stack of the drawn strategies that one seed lacks, and how long that takes."""

from dataclasses import replace

import pytest
from rows import make_minilm_run, save_shipped

from pruning.store import Store
from pruning.ui.choice import Choice, settle
from pruning.ui.filling import make_missing, offer
from pruning.ui.view import version


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


def offered(choice, store):
    choice, subject, topic, _ = settle(choice, store)
    return offer(choice, subject, topic, store, version(store))


def test_each_lacking_stack_once_few_dropped_layers_first(store):
    requests, text = offered(Choice(strategy="top", compare=("bottom",), seed=5), store)
    assert [(r.strategy, r.n_dropped) for r in requests] == [("top", 0)] + [
        (name, n) for n in range(1, 6) for name in ("top", "bottom")
    ]
    assert {r.seed for r in requests} == {5} and text.startswith("Add seed 5 to the curve: 11 runs with seed 5")


def test_what_is_stored_is_left_out(store):
    requests, _ = offered(Choice(strategy="top", compare=("bottom",), seed=0), store)
    points = [(r.strategy, r.n_dropped) for r in requests]
    assert points == [(name, n) for n in range(2, 6) for name in ("top", "bottom")]  # 0 and 1 dropped are shipped


def test_without_a_seed_it_is_the_first_that_lacks_any(store):
    curve = Choice(strategy="top", compare=())
    assert {r.seed for r in make_missing(curve, store)} == {0}
    for n in range(1, 5):
        store.add(make_minilm_run(range(n), 70.0, seed=0))
    assert {r.seed for r in make_missing(curve, store)} == {1}


def test_custom_stacks_and_unmeasured_contribution_are_not_filled(store):
    choice = Choice(strategy="custom", layers="1,3", compare=("contribution",), seed=5)
    assert {r.strategy for r in offered(choice, store)[0]} == {"contribution"}
    assert offered(replace(choice, pooling="mean"), store)[0] == ()  # shipped is the sentence token's alone


def test_where_nothing_can_be_run_the_button_says_so(store):
    requests, text = offered(Choice(model="owner/name"), store)
    assert not requests and text == "Fill the curve: nothing is left to run"
    with pytest.raises(ValueError, match="nothing is left to run; choose another seed"):
        make_missing(replace(Choice(), model="owner/name"), store)
