"""One request, end to end, on a tiny real model: what is measured, stored, shared, and not stored."""

from dataclasses import asdict, replace

import pytest
import torch
from tiny import save_tiny
from wheels import write_model

from pruning.execute import compare, describe, execute, make, stretches, time_again, train, trained, with_result
from pruning.layers import drop_layers
from pruning.models import resolve
from pruning.plan import Request, plan
from pruning.progress import COMPARING, FETCHING, FULL_MODEL, LOADING, SCORING, TIMING, TRAINING, Progress
from pruning.recipes import RECIPES
from pruning.runs import AS_IS, FINE_TUNED, PRE_TRAINED, Run
from pruning.store import Store
from pruning.tasks import load_task


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert"))


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "home", shipped=tmp_path / "nothing")


def finish(request: Request, store: Store) -> Run:
    return list(execute(request, store))[-1]


def stages(request: Request, store: Store) -> list[str]:
    """The stages a request goes through, each once, in order."""
    return list(dict.fromkeys(e.stage for e in execute(request, store) if isinstance(e, Progress)))


@pytest.fixture(scope="module")
def baseline(model, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("baseline")
    return finish(Request(model, "movie-reviews", "top", 0), Store(folder, shipped=folder / "nothing"))


def test_a_run_says_what_was_measured_how_and_on_what(baseline):
    assert (baseline.model, baseline.kept, baseline.n_layers, baseline.n_dropped) == ("tiny-bert", (0, 1, 2, 3), 4, 0)
    assert (baseline.n_train, baseline.n_eval, baseline.metric) == (1500, 1000, "accuracy")
    assert baseline.metrics.keys() == {"accuracy", "f1", "matthews"}
    assert baseline.score == baseline.metrics["accuracy"]
    assert baseline.interval[0] <= baseline.score <= baseline.interval[1]
    assert baseline.latency_ms.keys() == baseline.latency_quartiles_ms.keys() == {"1", "32"}
    assert baseline.train_seconds > 0 and baseline.flops > 0 and baseline.parameters > 0
    assert len(baseline.history) == 50
    assert baseline.device.startswith("cpu: ")
    assert baseline.versions.keys() == {"pruning", "python", "torch", "transformers"}


def test_the_same_request_gives_the_same_score_again(model, baseline, store):
    again = finish(Request(model, "movie-reviews", "top", 0), store)
    assert (again.score, again.metrics, again.history) == (baseline.score, baseline.metrics, baseline.history)


def test_a_run_is_stored_and_then_answered_without_training(model, store):
    request = Request(model, "movie-reviews", "top", 3)
    assert stages(request, store) == [LOADING, TRAINING, SCORING, TIMING]
    run = finish(request, store)
    assert store.runs() == [run]
    assert stages(request, store) == []


def test_a_model_that_is_not_here_yet_is_fetched_first(home, index, row, files, store):
    write_model(index, files)
    request = Request(row.name, "movie-reviews", "top", 3)
    assert stages(request, store) == [FETCHING, LOADING, TRAINING, SCORING, TIMING]
    (run,) = store.runs()
    assert (run.model, run.revision, run.kept) == (row.name, row.sha256, (0,))


def test_strategies_that_keep_the_same_layers_share_one_run(model, store):
    run = finish(Request(model, "movie-reviews", "top", 3), store)
    assert finish(Request(model, "movie-reviews", "custom", layers=(1, 2, 3)), store) == run
    assert len(store.runs()) == 1


def test_contribution_compares_the_layers_first_and_only_once(model, store):
    request = Request(model, "movie-reviews", "contribution", 3)
    assert stages(request, store) == [LOADING, COMPARING, TRAINING, SCORING, TIMING]
    sentence, mean = store.similarities()
    assert {sentence.pooling, mean.pooling} == {"sentence", "mean"}
    assert sentence.n_texts == len(load_task("movie-reviews").validation.texts)
    (run,) = store.runs()
    assert run.kept == (
        min(range(4), key=lambda i: (sentence.mean if sentence.pooling == "sentence" else mean.mean)[i]),
    )
    assert COMPARING not in stages(replace(request, seed=1), store)


def test_a_cancelled_run_is_not_stored(model, store):
    events = execute(Request(model, "movie-reviews", "top", 3), store)
    for event in events:
        if isinstance(event, Progress) and event.stage == TRAINING and event.step == 2:
            events.close()
    assert store.runs() == []


def test_a_regression_is_scored_by_rank_correlation(model, store):
    run = finish(Request(model, "movie-intensity", "top", 3), store)
    assert run.metric == "spearman" and run.metrics.keys() == {"spearman", "pearson"}


def test_every_record_survives_the_store(model, store):
    list(compare(Request(model, "tweets"), store))
    run = finish(Request(model, "tweets", "bottom", 3), store)
    assert asdict(store.run(run.key)) == asdict(run)
    assert {s.task for s in store.similarities("tiny-bert", "tweets")} == {"tweets"}


def test_describe_tells_layers_and_parameters_without_training(model, baseline, store):
    document = describe(Request(model, "movie-reviews", "symmetric", 2), store)
    layer = (baseline.parameters - document["parameters"]["after"]) / 2
    assert document["parameters"]["before"] == baseline.parameters
    assert layer == 4 * (16 * 16 + 16) + 2 * (16 * 32) + 32 + 16 + 4 * 16  # attention, inner block, two norms
    parts = document["parts"]["after"]
    assert sum(part["parameters"] for part in parts.values()) == document["parameters"]["after"]
    assert parts["layers"] == {"parameters": 2 * layer, "bytes": 8 * layer}
    assert {k: v for k, v in document.items() if k not in ("parameters", "parts")} == {
        "model": "tiny-bert",
        "strategy": "symmetric",
        "n_layers": 4,
        "n_dropped": 2,
        "kept": [0, 3],
        "dropped": [1, 2],
    }


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"n_dropped": 4}, "top cannot drop 4 of 4 layers; choose 0 to 3"),
        ({"n_dropped": -1}, "top cannot drop -1 of 4 layers; choose 0 to 3"),
        ({"strategy": "contribution", "n_dropped": 4}, "contribution cannot drop 4 of 4 layers; choose 0 to 3"),
        ({"strategy": "custom", "n_dropped": None}, "custom needs the layers to drop"),
        ({"model": "no-such-model"}, "unknown model 'no-such-model'; choose one of: minilm-l6"),
        ({"task": "no-such-task"}, "unknown task 'no-such-task'; choose one of: movie-reviews"),
    ],
)
def test_the_impossible_is_refused_before_anything_is_loaded(model, store, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        next(execute(replace(Request(model, "movie-reviews", "top", 1), **change), store))


def test_history_is_the_mean_loss_of_equal_stretches():
    assert stretches([1.0, 3.0, 5.0, 7.0], n=2) == (2.0, 6.0)
    assert stretches([1.0, 3.0], n=50) == (1.0, 3.0)
    assert stretches([]) == ()


def test_latency_can_be_measured_anew_and_nothing_else_changes(baseline, tmp_path, model):
    run, weights = replace(baseline, latency_ms={"1": 0.0, "32": 0.0}), resolve(model)
    timed = time_again(run, weights)
    assert min(timed.latency_ms.values()) > 0 and timed.timed_at
    kept = {"latency_ms", "latency_quartiles_ms", "timed_at", "timed_on"}
    assert {k: v for k, v in asdict(timed).items() if k not in kept} == {
        k: v for k, v in asdict(run).items() if k not in kept
    }
    store = Store(tmp_path / "own", shipped=tmp_path / "nothing")
    store.add(run)
    store.replace(timed)
    assert store.runs() == [timed]
    elsewhere = time_again(replace(run, device="cuda"), weights)
    assert elsewhere.device == "cuda" and elsewhere.latency_device.startswith("cpu: ")
    with pytest.raises(ValueError, match="other weights or texts; run it anew"):
        time_again(replace(run, revision="other"), weights)


def test_a_fine_tuned_model_is_dropped_from_as_it_is(model, baseline, store):
    """Its layers and head are those of the full model's run; nothing is trained after the drop."""
    request = Request(model, "movie-reviews", "top", 2, start=AS_IS)
    run, pruned = list(trained(request, store))[-1]
    _, full = list(trained(replace(request, n_dropped=0, start=PRE_TRAINED), store))[-1]
    expected = drop_layers(full, (0, 1)).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in pruned.state_dict().items())
    assert (run.start, run.train_seconds, run.history) == (AS_IS, 0.0, ())
    assert {run.start for run in store.runs()} == {AS_IS, PRE_TRAINED}  # the full model's run is stored too


def test_the_full_model_behind_it_was_trained_as_the_run_says_and_not_by_todays_recipe(model, store, monkeypatch):
    request = Request(model, "movie-reviews", "top", 2, start=AS_IS)
    _, expected = list(trained(request, store))[-1]
    spec, weights = plan(request, store)
    monkeypatch.setitem(RECIPES, "quick", replace(RECIPES["quick"], learning_rate=1e-3))
    *_, (_, found) = with_result(make(request, spec, weights, Store(store.folder / "other", store.folder / "none")))
    assert all(torch.equal(value, expected.state_dict()[name]) for name, value in found.state_dict().items())


def test_nothing_dropped_and_not_trained_further_is_the_full_models_own_run(model, store):
    run = finish(Request(model, "movie-reviews", "top", 0, start=AS_IS), store)
    assert run.start == PRE_TRAINED and len(store.runs()) == 1


def test_a_fine_tuned_model_is_dropped_from_and_trained_again(model, store):
    request = Request(model, "movie-reviews", "top", 2, start=FINE_TUNED)
    said = stages(request, store)
    assert f"{FULL_MODEL}: {TRAINING}" in said and TRAINING in said
    run = next(run for run in store.runs() if run.start == FINE_TUNED)
    assert len(run.history) == 50 and run.kept == (0, 1)
    other = finish(replace(request, start=PRE_TRAINED), store)
    assert other.key != run.key and other.history != run.history


def test_texts_that_changed_after_the_plan_are_not_trained_on(model, store):
    request = Request(model, "movie-reviews", "top", 2)
    spec, weights = plan(request, store)
    data = load_task("movie-reviews")
    with pytest.raises(ValueError, match="the texts of movie-reviews have just changed; start the run again"):
        next(train(request, replace(spec, data="other"), weights, data, store))
