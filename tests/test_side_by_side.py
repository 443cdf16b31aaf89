"""The full and the pruned model on the same texts: probabilities, latency, and where they disagree."""

import numpy as np
import pytest
from tiny import save_tiny

from pruning.execute import execute
from pruning.plan import Request, full_request
from pruning.progress import Progress
from pruning.side_by_side import MODELS, disagreements, load_pair, probabilities, try_texts
from pruning.store import Store
from pruning.tasks import load_task


def finish(generator):
    """What a generator of progress returns."""
    while True:
        try:
            assert isinstance(next(generator), Progress)
        except StopIteration as end:
            return end.value


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    store = Store(folder, folder / "nothing")
    request = Request(str(save_tiny("bert", folder / "tiny-bert")), "tweets", "top", 2)
    for one in (request, full_request(request)):
        list(execute(one, store))
    return finish(load_pair(request, store))


def test_a_text_gets_probabilities_and_a_latency_from_both(pair):
    found = finish(try_texts(pair, ["what a film"]))
    (row,) = found["rows"]
    assert row["text"] == "what a film" and row["label"] is None and found["classes"] == ["negative", "positive"]
    assert all(sum(row[name]) == pytest.approx(1, abs=1e-3) for name in MODELS)
    assert min(found["latency_ms"].values()) > 0 and found["kept"] == [0, 1]
    assert found["runs"] == {name: pair.runs[name].key for name in MODELS}


def test_without_a_text_the_first_ten_test_texts_are_shown_with_their_labels(pair):
    rows = finish(try_texts(pair, []))["rows"]
    test = load_task("tweets").test.first(1000)
    assert [(row["text"], row["label"]) for row in rows] == list(
        zip(test.texts[:10], test.labels[:10].tolist(), strict=True)
    )


def test_the_two_are_compared_on_every_test_text_and_the_farthest_apart_come_first(pair):
    found = finish(disagreements(pair))
    assert found["n_texts"] == pair.runs["full"].n_eval
    apart = [max(abs(a - b) for a, b in zip(row["full"], row["pruned"], strict=True)) for row in found["rows"]]
    assert apart == sorted(apart, reverse=True) and len(apart) == 10
    alone = found["full_right_alone"] - found["pruned_right_alone"]
    assert 100 * alone / found["n_texts"] == pytest.approx(pair.runs["full"].score - pair.runs["pruned"].score)
    assert alone <= found["n_differ"] <= found["n_texts"]


def test_probabilities_of_large_logits_are_still_numbers():
    assert probabilities(np.array([[1000.0, 0.0], [0.0, 0.0]])).tolist() == [[1.0, 0.0], [0.5, 0.5]]
