"""Similarity, probes and drift of a tiny real model: measured, stored, and not measured twice."""

from dataclasses import replace

import pytest
from tiny import save_tiny

from pruning.analyses import ANALYSES
from pruning.execute import execute
from pruning.plan import Request
from pruning.progress import COMPARING, PROBING, TRAINING, Progress
from pruning.runs import Drift, LayerMatrix, Similarity
from pruning.store import Store
from pruning.tasks import load_task


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert"))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    """One for all tests of this file, so that the point is trained once."""
    folder = tmp_path_factory.mktemp("analyses")
    return Store(folder, shipped=folder / "nothing")


@pytest.fixture
def request_(model) -> Request:
    return Request(model, "tweets", "top", 1)


def analyse(name: str, request: Request, store: Store) -> tuple[set[str], list]:
    """The stages it went through, and the records."""
    *events, records = ANALYSES[name](request, store)
    return {event.stage for event in events if isinstance(event, Progress)}, records


def test_similarity_gives_a_record_per_pooling_and_two_matrices_each(request_, store):
    stages, records = analyse("similarity", request_, store)
    assert COMPARING in stages and TRAINING not in stages
    assert [type(r) for r in records] == [Similarity] * 2 + [LayerMatrix] * 4
    assert {(r.measure, r.pooling) for r in records[2:]} == {
        (m, p) for m in ("cosine", "cka") for p in ("sentence", "mean")
    }
    assert {r.n_texts for r in records} == {len(load_task("tweets").validation.texts)}


def test_probes_are_of_the_pre_trained_and_of_the_fine_tuned_model(request_, store):
    stages, records = analyse("probe", request_, store)
    assert {PROBING, TRAINING} <= stages
    run = next(run for run in store.runs() if run.n_dropped == 1)
    assert [(bool(r.run), len(r.scores)) for r in records] == [(False, 5)] * 2 + [(True, 4)] * 2
    assert {r.run for r in records} == {"", run.key} and {r.split for r in records} == {"validation"}
    assert records[2].kept == (0, 1, 2) and records[2].seed == 0 and records[0].seed is None


def test_drift_compares_each_kept_layer_with_what_it_was(request_, store):
    _, records = analyse("drift", request_, store)
    assert [type(r) for r in records] == [Drift] * 2
    assert all(len(r.mean) == 4 and 0.9 < r.mean[0] <= 1.0001 for r in records)  # the embeddings hardly move
    assert all(low <= middle <= high for r in records for low, middle, high in r.quartiles)


@pytest.mark.parametrize("name, work", [("similarity", COMPARING), ("probe", PROBING), ("drift", COMPARING)])
def test_what_is_stored_is_not_measured_again(name, work, request_, store):
    first = analyse(name, request_, store)[1]
    stages, again = analyse(name, request_, store)
    assert again == first and not stages & {work, TRAINING}


def test_another_seed_is_another_drift_and_the_same_pre_trained_probe(request_, store):
    before = analyse("probe", request_, store)[1]
    other = analyse("probe", replace(request_, seed=1), store)[1]
    assert other[:2] == before[:2] and other[2:] != before[2:]


def test_kept_weights_save_the_second_training(request_, store):
    request = replace(request_, n_dropped=2)
    list(execute(request, store))
    assert TRAINING not in analyse("drift", request, store)[0]


def test_closing_it_stores_nothing(model, tmp_path):
    store = Store(tmp_path / "other", shipped=tmp_path / "nothing")
    events = ANALYSES["similarity"](Request(model, "tweets", "top", 0), store)
    for event in events:
        if event.stage == COMPARING:
            events.close()
    assert store.records("similarity") == store.records("matrix") == []
