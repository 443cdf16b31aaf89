"""Fine-tuned weights kept on disk: the newest stay, what is damaged goes, and none is worth an error."""

import os
import time

import pytest
import torch
from tiny import save_tiny

from pruning import checkpoints
from pruning.models import load_model, load_tokenizer, resolve
from pruning.store import VISITORS, Store

BYTES = 180_000  # what the folder of a tiny model takes, at most


@pytest.fixture
def tiny(tmp_path):
    weights = resolve(str(save_tiny("bert", tmp_path / "model")))
    return load_model(weights, 2, 0), load_tokenizer(weights)


@pytest.fixture
def store(home):
    return Store(home, home / "nothing")


def kept(store: Store) -> set[str]:
    place = store.folder / "weights"
    return {path.name for path in place.iterdir()} if place.exists() else set()


def test_a_kept_model_is_the_same_to_the_last_bit(store, tiny):
    assert checkpoints.keep(store, "a" * 64, *tiny)
    again = checkpoints.load(store, "a" * 64, 2)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in tiny[0].state_dict().items())
    assert not again.training and checkpoints.load(store, "b" * 64, 2) is None


def test_those_used_longest_ago_make_room(store, tiny, monkeypatch):
    for number, key in enumerate("abc"):
        checkpoints.keep(store, key, *tiny)
        os.utime(store.folder / "weights" / key, (number, number))
    checkpoints.load(store, "a", 2)  # used now
    size = checkpoints.size(store.folder / "weights" / "a")
    monkeypatch.setenv("PRUNING_WEIGHTS_GB", f"{3.5 * size / 1e9:f}")
    assert checkpoints.keep(store, "d", *tiny)
    assert kept(store) == {"a", "c", "d"}


def test_all_stores_share_one_limit(store, tiny, monkeypatch):
    ann = store.scoped("a" * 32)
    checkpoints.keep(ann, "old", *tiny)
    os.utime(ann.folder / "weights" / "old", (1, 1))
    assert VISITORS in str(ann.folder)
    size = checkpoints.size(ann.folder / "weights" / "old")
    monkeypatch.setenv("PRUNING_WEIGHTS_GB", f"{1.5 * size / 1e9:f}")
    assert checkpoints.keep(store, "new", *tiny)
    assert (kept(ann), kept(store)) == (set(), {"new"})


@pytest.mark.parametrize("limit", ["0", "0.0000001"])
def test_a_model_larger_than_the_limit_is_not_kept(store, tiny, monkeypatch, limit):
    monkeypatch.setenv("PRUNING_WEIGHTS_GB", limit)
    assert not checkpoints.keep(store, "a", *tiny) and kept(store) == set()


@pytest.mark.parametrize("text", ["two", "-1", "inf", "nan"])
def test_a_limit_that_cannot_be_read_is_told(monkeypatch, text):
    monkeypatch.setenv("PRUNING_WEIGHTS_GB", text)
    with pytest.raises(ValueError, match=f"PRUNING_WEIGHTS_GB is '{text}'; set it to a number of gigabytes"):
        checkpoints.limit_bytes()


def test_a_damaged_model_is_removed_and_none_is_given(store, tiny):
    checkpoints.keep(store, "a", *tiny)
    (store.folder / "weights" / "a" / "model.safetensors").write_bytes(b"damaged")
    assert checkpoints.load(store, "a", 2) is None and kept(store) == set()


def test_what_a_killed_process_left_is_removed_after_an_hour(store, tiny):
    left = store.folder / "weights" / ".half"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half")
    checkpoints.keep(store, "a", *tiny)
    assert kept(store) == {"a", ".half"}  # perhaps it is being written right now
    hour_ago = time.time() - checkpoints.UNFINISHED_SECONDS - 5
    os.utime(left, (hour_ago, hour_ago))
    checkpoints.keep(store, "b", *tiny)
    assert kept(store) == {"a", "b"}


def test_a_place_that_cannot_be_written_keeps_nothing_and_says_so(store, tiny):
    store.folder.mkdir(parents=True)
    (store.folder / "weights").write_text("a file")
    assert checkpoints.keep(store, "a", *tiny) is False
