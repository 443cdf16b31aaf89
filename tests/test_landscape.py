"""A landscape: one training for all stacks, stored once, complete for small models, searched for larger ones."""

import itertools
import shutil
from dataclasses import replace

import numpy as np
import pytest
from tiny import save_tiny

from pruning import landscape as module
from pruning.landscape import landscape, named_stacks
from pruning.plan import Request
from pruning.progress import SCORING_STACKS, SHARED_TRAINING, Progress
from pruning.runs import Landscape
from pruning.shared_training import draw
from pruning.store import Store


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {n: str(save_tiny("bert", folder / f"tiny-bert-{n}", n_layers=n)) for n in (4, 10)}


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setenv("PRUNING_HOME", str(tmp_path / "home"))
    return Store(tmp_path / "home", shipped=tmp_path / "nothing")


def estimate(request, store) -> tuple[Landscape, list]:
    *events, (found,) = landscape(request, store)
    return found, events


def test_every_stack_of_a_small_model_is_estimated_but_single_lower_layers(models, store):
    found, events = estimate(Request(models[4], "tweets", n_dropped=0, max_train=300), store)
    every = {stack for n in range(1, 5) for stack in itertools.combinations(range(4), n)}
    assert set(found.stacks) == every - {(0,), (1,)} and len(found.stacks) == len(set(found.stacks))
    assert len(found.scores) == len(found.validation) == len(found.stacks)
    assert all(0 <= score <= 100 for score in found.scores + found.validation)
    stages = {event.stage for event in events if isinstance(event, Progress)}
    assert {SHARED_TRAINING, SCORING_STACKS} < stages
    assert 1 < found.cost < 4 and found.seconds > 0 and found.precision in ("float32", "bfloat16")


def test_it_is_stored_found_again_and_the_same_for_the_same_seed(models, store, tmp_path):
    request = Request(models[4], "tweets", n_dropped=1, max_train=300)
    first, _ = estimate(request, store)
    assert store.records("landscape") == [first]
    again, events = estimate(request, store)
    assert again == first and not events
    anew, _ = estimate(request, Store(tmp_path / "other", shipped=tmp_path / "nothing"))
    assert anew.scores == first.scores and anew.validation == first.validation


def test_a_larger_model_is_searched_and_more_stacks_are_scored_while_the_weights_are_kept(models, store, monkeypatch):
    seen, judged = [], module.judged

    def watch(models, encoded, split, data, stacks):
        seen.append(split.texts)
        return judged(models, encoded, split, data, stacks)

    monkeypatch.setattr(module, "judged", watch)
    found, _ = estimate(Request(models[10], "tweets", n_dropped=0, max_train=300), store)
    assert {len(stack) for stack in found.stacks} == set(range(1, 11)) and len(found.stacks) < 200
    assert {stack for stack in named_stacks(10, []) if len(stack) > 1 or stack[0] >= 5} < set(found.stacks)
    *searches, test, _ = seen
    assert len(searches) == 9 and not any(set(test) & set(texts) for texts in searches)

    assert (3, 5, 7, 9) not in found.stacks
    request = Request(models[10], "tweets", "custom", layers=(0, 1, 2, 4, 6, 8), max_train=300)
    more, events = estimate(request, store)
    assert more.stacks == (*found.stacks, (3, 5, 7, 9)) and more.scores[:-1] == found.scores
    assert SHARED_TRAINING not in {event.stage for event in events if isinstance(event, Progress)}
    assert store.records("landscape") == [more]

    shutil.rmtree(store.folder / "weights")
    with pytest.raises(ValueError, match="layers 3, 5, 8, 9 were not estimated, .* run that point instead"):
        estimate(replace(request, layers=(0, 1, 2, 4, 6, 7)), store)


def test_half_of_the_stacks_drawn_are_the_strategies_own_and_all_end_high_enough():
    dice, named = np.random.default_rng(0), [(0, 1, 2, 3, 4, 5)]
    drawn = [draw(dice, 6, named, lowest=3) for _ in range(2000)]
    assert 0.5 < drawn.count(named[0]) / len(drawn) < 0.7
    assert all(stack[-1] >= 3 and list(stack) == sorted(set(stack)) for stack in drawn)
    assert {len(stack) for stack in drawn} == set(range(1, 7))
