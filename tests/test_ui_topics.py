"""A visitor's own file as the task of a choice: found, named, asked for, and shown to its uploader alone."""

from dataclasses import replace

import pytest
from rows import make_minilm_run, save_shipped
from tiny import save_tiny

from pruning import program
from pruning.plan import Request
from pruning.store import Store
from pruning.ui.choice import Choice, as_command, settle
from pruning.ui.topics import find_topic, labelled_tasks, task_names
from pruning.ui.view import make_request, make_view
from pruning.uploads import Upload

ANN = "a" * 32  # a visitor's scope


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


@pytest.fixture
def upload(home):
    """As if Ann had uploaded my reviews.csv."""
    path = home / "visitors" / ANN / "files" / ("1" * 16) / "my reviews.csv"
    seen = {"report": {"fingerprint": "f" * 16, "splits": {"train": 80}, "text_columns": ["text"]}, "problem": ""}
    return Upload("upload:" + "1" * 16, path, (), "", "", seen)


@pytest.fixture
def mine(upload):
    """The choice of that file."""
    return Choice(task=upload.name)


def test_a_file_is_offered_to_its_uploader_beside_the_other_tasks(upload):
    names = task_names("", [upload])
    assert labelled_tasks(names, [upload])[-1] == ("my reviews.csv · yours", upload.name)
    assert task_names("") == names[:-1]


def test_files_of_one_name_are_told_apart(upload):
    second = replace(upload, name="upload:" + "2" * 16)
    labelled = labelled_tasks([upload.name, second.name], [upload, second])
    assert labelled == [("my reviews.csv · yours", upload.name), ("my reviews.csv · yours (2)", second.name)]


def test_for_anybody_else_the_same_link_shows_the_first_task(store, mine, upload):
    assert settle(mine, store, [upload])[0].task == upload.name
    assert settle(mine, store, [])[0].task == "movie-reviews"


def test_a_run_reads_the_file_as_its_uploader_chose_and_belongs_to_that_visitor(store, mine, upload):
    upload = replace(upload, text=("title", "body"), label="stars", kind="regression")
    assert make_request(mine, store, [upload]) == Request(
        *("minilm-l6", str(upload.path), "top", 2),
        text=("title", "body"),
        label="stars",
        kind="regression",
        scope=ANN,
    )
    assert " ".join(as_command(mine, find_topic(mine.task, [upload]), 0)) == (
        f"{program()} run --model minilm-l6 --task 'my reviews.csv' --text title body "
        "--label stars --kind regression --strategy top --drop 2"
    )


def test_its_runs_are_seen_by_nobody_else_and_only_with_the_same_texts(store, mine, upload):
    run = make_minilm_run((0, 1, 2, 3), 78.0, task="own:my reviews")
    store.scoped(ANN).add(replace(run, data="f" * 16))
    assert "→ 78.0" in make_view(mine, store, [upload]).tiles["tiles"][0]["number"]
    other_texts = replace(
        upload,
        seen={"report": {"fingerprint": "0" * 16, "splits": {"train": 80}, "text_columns": ["text"]}, "problem": ""},
    )
    assert "78.0" not in str(make_view(mine, store, [other_texts]))
    bobs = replace(upload, path=upload.path.parents[3] / ("b" * 32) / "files" / ("1" * 16) / upload.path.name)
    assert "78.0" not in str(make_view(mine, store, [bobs]))
    assert run.key not in {r.key for r in store.runs()}


def test_data_that_cannot_be_used_cannot_be_run(store, mine, upload):
    refused = replace(upload, seen={"report": None, "problem": "my reviews.csv holds no rows"})
    view = make_view(mine, store, [refused])
    assert view.action["text"] == "my reviews.csv holds no rows" and not view.can_run


def test_html_in_a_files_name_stays_text(store, mine, upload):
    named = replace(upload, path=upload.path.with_name("<img src=x>.csv"))
    view = make_view(mine, store, [named])
    assert "MiniLM on <img src=x>.csv" in view.curve["figure"]["layout"]["title"]["text"]  # the page writes it as text
    assert "<img" not in str(view.curve["figure"]["data"]) + str(view.heatmap["figure"]["data"])


def test_of_layers_that_share_their_weights_only_the_number_is_offered(store, tmp_path):
    albert = Choice(model=str(save_tiny("albert", tmp_path / "tiny-albert")), strategy="bottom")
    choice, subject, *_ = settle(albert, store)
    assert choice.strategy == "top" and subject.shared
    view = make_view(albert, store)
    assert [layer["name"] for layer in view.stack["layers"]][-1] == "repeat 0"
    assert "no parameter is saved" in view.action["text"] and view.can_run
