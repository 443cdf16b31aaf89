import hashlib
import json
from dataclasses import replace

import pytest

from pruning import program
from pruning.models import NotInstalledError
from pruning.plan import NeedsSimilarityError, Request, check, find_similarity, plan
from pruning.recipes import RECIPES, get_recipe
from pruning.runs import PRE_TRAINED, Similarity
from pruning.store import VISITORS, Store
from pruning.strategies import STRATEGIES
from pruning.tasks import TASKS, load_task

RISING = tuple(i / 20 for i in range(12))  # the higher the layer, the more its output is like its input


@pytest.fixture
def folder(tmp_path):
    """What a plan sees of a twelve-layer BERT: its config, and a file to tell these weights from others."""
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "num_hidden_layers": 12}))
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "home", shipped=tmp_path / "none")


@pytest.fixture
def baseline(folder):
    """The baseline on the movie reviews; tests change what they are about."""
    return Request(str(folder), "movie-reviews", "top", 0)


def similarity(folder, store, mean, pooling="sentence"):
    """Similarities of that folder's model on the movie reviews, as if they had been measured."""
    spec, weights = plan(Request(str(folder), "movie-reviews", "top", 0), store)
    return Similarity(weights.name, weights.revision, spec.task, spec.data, pooling, mean, (0.0,) * len(mean), 100)


def test_a_plan_says_everything_that_identifies_the_run(baseline, folder, store):
    spec, weights = plan(replace(baseline, strategy="symmetric", n_dropped=6, seed=7, recipe="standard"), store)
    assert (spec.model, spec.revision) == ("bert", hashlib.sha256(b"weights").hexdigest())
    assert (spec.task, spec.data) == ("movie-reviews", load_task("movie-reviews").fingerprint)
    assert spec.kept == (0, 1, 2, 9, 10, 11)
    assert (spec.seed, spec.start) == (7, PRE_TRAINED)
    assert spec.recipe == get_recipe("standard").values()
    assert (weights.name, weights.revision, weights.folder) == (spec.model, spec.revision, folder)


def test_fewer_training_texts_are_a_recipe_of_their_own(baseline, store):
    spec, _ = plan(replace(baseline, recipe="standard", max_train=500), store)
    assert spec.recipe == get_recipe("standard").values() | {"max_train": 500}
    every, _ = plan(replace(baseline, recipe="standard", max_train=1_000_000), store)
    assert every.recipe == get_recipe("standard").values()  # as many as there are is all of them
    same, _ = plan(replace(baseline, recipe="quick", max_train=1500), store)
    assert same.recipe == get_recipe("quick").values()


def test_a_task_with_fewer_texts_than_either_number_is_trained_on_all_by_one_recipe(baseline, store, tmp_path):
    path = tmp_path / "few.csv"
    path.write_text(
        "text,label\n" + "".join(f"a text of number {n},{'good' if n % 2 else 'bad'}\n" for n in range(300))
    )
    plain, _ = plan(replace(baseline, task=str(path), recipe="quick"), store)
    capped, _ = plan(replace(baseline, task=str(path), recipe="quick", max_train=2000), store)
    assert plain.key == capped.key


@pytest.mark.parametrize(
    "one, other",
    [
        ({"strategy": "top", "n_dropped": 0}, {"strategy": "bottom", "n_dropped": 0}),
        ({"strategy": "top", "n_dropped": 1}, {"strategy": "even-alternate", "n_dropped": 1}),
        ({"strategy": "top", "n_dropped": 11}, {"strategy": "symmetric", "n_dropped": 11}),
        ({"strategy": "symmetric", "n_dropped": 2}, {"strategy": "custom", "n_dropped": None, "layers": (6, 5)}),
        ({"strategy": "top", "n_dropped": 2}, {"strategy": "contribution", "n_dropped": 2}),
        ({"strategy": "top", "n_dropped": 2}, {"strategy": "top", "n_dropped": 2, "pooling": "mean"}),
    ],
)
def test_requests_that_keep_the_same_layers_share_one_run(one, other, baseline, folder, store):
    store.add(similarity(folder, store, RISING))
    assert plan(replace(baseline, **one), store)[0] == plan(replace(baseline, **other), store)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"recipe": "standard"},
        {"task": "tweets"},
        {"task": "movie-intensity"},  # the same texts with other labels
        {"n_dropped": 1},
    ],
)
def test_whatever_changes_the_result_is_another_run(change, baseline, store):
    assert plan(replace(baseline, **change), store)[0].key != plan(baseline, store)[0].key


def test_other_weights_in_the_same_folder_are_another_run(baseline, folder, store):
    before, _ = plan(baseline, store)
    (folder / "model.safetensors").write_bytes(b"other weights")
    after, _ = plan(baseline, store)
    assert after.revision != before.revision and after.key != before.key


def test_contribution_asks_for_similarities_until_they_are_stored(baseline, folder, store):
    asked = replace(baseline, strategy="contribution", n_dropped=3)
    with pytest.raises(NeedsSimilarityError, match="needs the similarities of bert on movie-reviews"):
        plan(asked, store)
    store.add(similarity(folder, store, (0.9, 0.1, 0.8, *[0.2] * 9)))
    spec, _ = plan(asked, store)
    assert spec.kept == (1, 3, 4, 5, 6, 7, 8, 9, 10)  # of the nine equal layers the highest went


def test_contribution_goes_by_the_pooling_that_was_asked_for(baseline, folder, store):
    asked = replace(baseline, strategy="contribution", n_dropped=1)
    store.add(similarity(folder, store, RISING, "sentence"))
    with pytest.raises(NeedsSimilarityError):
        plan(replace(asked, pooling="mean"), store)
    store.add(similarity(folder, store, RISING[::-1], "mean"))
    assert plan(asked, store)[0].kept == tuple(range(11))
    assert plan(replace(asked, pooling="mean"), store)[0].kept == tuple(range(1, 12))


def test_similarities_of_other_weights_or_another_task_do_not_count(baseline, folder, store):
    measured = similarity(folder, store, RISING)
    others = [replace(measured, **{name: "other"}) for name in ("model", "revision", "task", "data", "pooling")]
    for other in others:
        store.add(other)
    _, weights = plan(baseline, store)
    wanted = (store, weights, "movie-reviews", measured.data, "sentence")
    assert find_similarity(*wanted) is None
    store.add(measured)
    assert find_similarity(*wanted) == measured


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"task": "poems"}, f"unknown task 'poems'; choose one of: {', '.join(TASKS)}, or a file such as texts.csv"),
        ({"strategy": "middle"}, f"unknown strategy 'middle'; choose one of: {', '.join(STRATEGIES)}"),
        ({"recipe": "slow"}, f"unknown recipe 'slow'; choose one of: {', '.join(RECIPES)}"),
        ({"pooling": "max"}, "unknown similarity 'max'; choose one of: sentence, mean"),
        ({"seed": -1}, "seed -1 is not allowed; choose a whole number from 0 to 4294967295"),
        ({"seed": 2**32}, "seed 4294967296 is not allowed; choose a whole number from 0 to 4294967295"),
        ({"seed": 0.5}, "seed 0.5 is not allowed; choose a whole number from 0 to 4294967295"),
        ({"seed": True}, "seed True is not allowed; choose a whole number from 0 to 4294967295"),
        ({"max_train": 0}, "cannot train on 0 texts; give a whole number from 1"),
        ({"max_train": 9.0}, "cannot train on 9.0 texts; give a whole number from 1"),
        ({"n_dropped": 1.0}, "cannot drop 1.0 layers; give a whole number"),
        ({"n_dropped": "2"}, "cannot drop '2' layers; give a whole number"),
        ({"layers": (0, "1")}, "layers (0, '1') are not allowed; give whole numbers, such as 0, 2 and 5"),
        ({"layers": "01"}, "layers '01' are not allowed; give whole numbers, such as 0, 2 and 5"),
        ({"model": None}, "model None is not allowed; give its name as text"),
        ({"task": ["tweets"]}, "task ['tweets'] is not allowed; give its name as text"),
    ],
)
def test_a_name_or_number_that_is_not_one_there_is_is_refused(change, sentence, baseline, store):
    for refused in (lambda: check(replace(baseline, **change)), lambda: plan(replace(baseline, **change), store)):
        with pytest.raises(ValueError) as refusal:
            refused()
        assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"n_dropped": 12}, "top cannot drop 12 of 12 layers; choose 0 to 11"),
        ({"n_dropped": -1}, "top cannot drop -1 of 12 layers; choose 0 to 11"),
        ({"n_dropped": None}, "strategy top needs the number of layers to drop: 0 to 11"),
        ({"strategy": "even-alternate", "n_dropped": 7}, "even-alternate cannot drop 7 of 12 layers; choose 0 to 6"),
        # the impossible is refused before anything is measured for it
        ({"strategy": "contribution", "n_dropped": 12}, "contribution cannot drop 12 of 12 layers; choose 0 to 11"),
        (
            {"strategy": "custom", "n_dropped": None, "layers": (12,)},
            "there is no layer 12; the model's layers are 0 to 11",
        ),
    ],
)
def test_what_this_model_cannot_do_is_refused(change, sentence, baseline, store):
    with pytest.raises(ValueError) as refusal:
        plan(replace(baseline, **change), store)
    assert str(refusal.value) == sentence


def test_an_unknown_model_is_refused_and_a_known_one_says_how_to_fetch_it(baseline, store, home):
    with pytest.raises(ValueError, match="unknown model 'minilm-7'; choose one of: minilm-l6, "):
        plan(replace(baseline, model="minilm-7"), store)
    with pytest.raises(NotInstalledError, match=f"fetch it with: {program()} models install minilm-l6"):
        plan(replace(baseline, model="minilm-l6"), store)


def test_a_request_comes_from_the_fields_of_a_json_document():
    document = json.loads('{"model": "m", "task": "tweets", "strategy": "custom", "layers": [0, 2], "seed": 3}')
    assert Request.from_dict(document) == Request("m", "tweets", "custom", layers=(0, 2), seed=3)
    assert Request.from_dict({"model": "m", "task": "tweets", "layers": None}) == Request("m", "tweets")


@pytest.mark.parametrize(
    "document, sentence",
    [
        (
            {"model": "m", "task": "tweets", "drop": 1},
            "unknown field 'drop'; allowed: model, task, strategy, n_dropped, layers, seed, recipe, pooling, "
            "start, text, label, kind, scope, max_train",
        ),
        ({"task": "tweets"}, "the field 'model' is missing; a request names at least model and task"),
        ({}, "the field 'model' is missing; a request names at least model and task"),
    ],
)
def test_a_document_that_is_no_request_is_refused(document, sentence):
    with pytest.raises(ValueError) as refusal:
        Request.from_dict(document)
    assert str(refusal.value) == sentence


@pytest.fixture
def upload(home):
    """A visitor's file, and the scope it lies in."""
    path = home / VISITORS / ("a" * 32) / "files" / "t.csv"
    path.parent.mkdir(parents=True)
    path.write_text("text,label\nfine,yes\n")
    return path


@pytest.mark.parametrize("space", ["", "owner/space"])
def test_an_upload_is_for_its_own_visitor(upload, space, monkeypatch):
    monkeypatch.setenv("SPACE_ID", space)
    check(Request("minilm-l6", str(upload), scope="a" * 32))
    for scope in ("b" * 32, "..", "a", "a" * 31 + "/"):
        with pytest.raises(ValueError, match="t.csv is not among your uploads, or was removed after a day; upload it"):
            check(Request("minilm-l6", str(upload), scope=scope))
    with pytest.raises(ValueError, match="passwd.csv is not among your uploads"):
        check(Request("minilm-l6", str(upload.parent / ".." / ".." / ".." / "passwd.csv"), scope="a" * 32))


def test_where_strangers_share_the_machine_no_other_file_is_opened(upload, tmp_path, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "owner/space")
    (tmp_path / "t.csv").write_text("text,label\n")
    for path in (upload, tmp_path / "t.csv", tmp_path / "none.csv"):  # nor told whether it is there
        with pytest.raises(ValueError, match=f"{path.name} is not among your uploads"):
            check(Request("minilm-l6", str(path)))
