"""What "Fill the curve" would run: each stack of the drawn strategies that one seed lacks, and how long that takes."""

from dataclasses import replace

import pytest
from rows import save_shipped

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
    assert {r.seed for r in requests} == {5} and text.startswith("Fill the curve: 11 runs with seed 5")


def test_what_is_stored_is_left_out(store):
    stored = {run.kept for run in store.runs("minilm-l6", "movie-reviews") if run.seed == 0}
    requests, _ = offered(Choice(strategy="top", compare=("bottom",), seed=0), store)
    assert stored and len(requests) < 11


def test_without_a_seed_it_is_the_first_that_lacks_any(store):
    full = Choice(strategy="top", compare=("bottom",))
    assert {r.seed for r in make_missing(full, store)} == {0}


def test_custom_stacks_and_unmeasured_contribution_are_not_filled(store):
    requests, _ = offered(Choice(strategy="custom", layers="1,3", compare=("contribution",), seed=5), store)
    assert all(r.strategy == "contribution" for r in requests)


def test_where_nothing_can_be_run_the_button_says_so(store):
    requests, text = offered(Choice(model="owner/name"), store)
    assert not requests and text == "Fill the curve: nothing is left to run"
    with pytest.raises(ValueError, match="nothing is left to run; choose another seed"):
        make_missing(replace(Choice(), model="owner/name"), store)
