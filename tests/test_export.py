"""A model to take home: whole or not at all, right in a fresh process, with a card whose numbers are the run's."""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from huggingface_hub import ModelCard
from tiny import save_tiny

from pruning.execute import execute
from pruning.export import check_repository, export, export_zip, push, zip_folder, zip_name
from pruning.plan import Request
from pruning.progress import TRAINING, Progress
from pruning.store import EXPORTS, Store
from pruning.tasks import load_task

PIPELINE = """
import json, sys
from transformers import pipeline
texts = json.load(sys.stdin)
classify = pipeline("text-classification", sys.argv[1], device="cpu")
print(json.dumps([found["label"] for found in classify(texts, truncation=True, batch_size=32)]))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    folder = save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Tiny\n")
    return str(folder)


@pytest.fixture(scope="module")
def store(model, tmp_path_factory) -> Store:
    """With the full model's run and that of one dropped layer."""
    folder = tmp_path_factory.mktemp("export")
    store = Store(folder, folder / "nothing")
    for n_dropped in (0, 1):
        list(execute(Request(model, "tweets", "top", n_dropped), store))
    return store


@pytest.fixture(scope="module")
def exported(model, store, tmp_path_factory):
    to = tmp_path_factory.mktemp("home") / "pruned"
    *_, folder = export(Request(model, "tweets", "top", 1), to, store)
    return folder


@pytest.mark.slow
def test_a_pipeline_in_a_fresh_process_gives_the_runs_own_predictions(exported, store):
    test = load_task("tweets").test.first(1000)
    done = subprocess.run([sys.executable, "-c", PIPELINE, str(exported)], input=json.dumps(test.texts),
                          capture_output=True, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    classes = load_task("tweets").task.classes
    right = [name == classes[label] for name, label in zip(json.loads(done.stdout), test.labels, strict=True)]
    run = next(run for run in store.runs() if run.n_dropped == 1)
    assert 100 * sum(right) / len(right) == pytest.approx(run.score)


def test_the_card_has_the_runs_numbers_and_front_matter_that_the_hub_reads(exported, store):
    card = ModelCard.load(exported / "README.md")
    full, run = sorted(store.runs(), key=lambda run: run.n_dropped)
    assert (card.data.license, card.data.pipeline_tag) == ("mit", "text-classification")
    assert card.data.eval_results[0].metric_value == round(run.score, 2)
    for text in (f"{run.score:.2f} ({run.interval[0]:.2f} to {run.interval[1]:.2f})", f"{full.score:.2f} (",
                 f"{full.score - run.score:.2f} points", f"{run.parameters:,}", f"`{run.key}`", "with the same result",
                 "kept layers: 0–2", "recipe: quick", "its licence: mit".capitalize()):  # fmt: skip
        assert text in card.text, text


def test_the_folder_holds_weights_config_tokenizer_and_card(exported):
    assert {path.name for path in exported.iterdir()} >= {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }
    config = json.loads((exported / "config.json").read_text())
    assert config["num_hidden_layers"] == 3 and config["id2label"] == {"0": "negative", "1": "positive"}


def test_kept_weights_need_no_second_training(model, store, tmp_path):
    events = list(export(Request(model, "tweets", "top", 1), tmp_path / "again", store))
    assert TRAINING not in {event.stage for event in events if isinstance(event, Progress)}


def test_a_zip_holds_the_folder_under_its_name(exported):
    with zipfile.ZipFile(zip_folder(exported)) as archive:
        assert archive.testzip() is None
        assert {name.split("/")[0] for name in archive.namelist()} == {"pruned"}
        assert archive.read("pruned/config.json") == (exported / "config.json").read_bytes()


def test_a_folder_that_holds_something_is_not_touched(model, store, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(ValueError, match="mine exists already and is no empty folder; name a new one"):
        next(export(Request(model, "tweets", "top", 1), tmp_path / "mine", store))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_an_export_that_is_closed_leaves_nothing(model, store, tmp_path):
    events = export(Request(model, "tweets", "top", 1), tmp_path / "home" / "pruned", store)
    next(events)
    events.close()
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize(
    "repository, token, sentence",
    [("nonsense", "hf_x", "'nonsense' is no place on the hub; name it as owner/name"),
     ("owner/name", "", "sending to the hub needs a token that may write; set HF_TOKEN to one")],
)  # fmt: skip
def test_what_cannot_be_sent_is_told_before_the_work(repository, token, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_repository(repository, token)


def test_a_hub_out_of_reach_is_told_and_the_folder_stays(exported):
    with pytest.raises(ConnectionError, match="cannot send .* to owner/name: .*; the folder stays as it is"):
        push(exported, "owner/name", "hf_nobody")
    assert exported.exists()


def test_a_zip_for_download_outlives_the_generator_and_a_stopped_one_leaves_nothing(model, store, home):
    request = Request(model, "tweets", "top", 1)
    events = export_zip(request, store)
    found = next(event for event in events if isinstance(event, dict))
    events.close()
    assert zipfile.is_zipfile(found["file"]) and found["file"].endswith("/tiny-bert-tweets-top-1.zip")
    stopped = export_zip(request, store)
    next(stopped)
    stopped.close()
    assert len(list((home / EXPORTS).iterdir())) == 1


@pytest.mark.parametrize(
    "request_, name",
    [
        (Request("minilm-l6", "tweets", "custom", layers=(1, 4)), "minilm-l6-tweets-custom-1-4"),
        (Request("owner/name@v1", "/data/my reviews.csv", "top", 2), "owner-name-v1-my-reviews-top-2"),
    ],
)
def test_a_zip_is_named_after_its_point(request_, name):
    assert zip_name(request_) == name
