"""A visitor's files: kept for a day, in a folder of their own, found by nobody else."""

import json
import os
import time

import pytest
from files import save, table

from pruning import uploads
from pruning.store import VISITORS

ANN, BOB = "ann's token", "bob's token"


@pytest.fixture
def bring(home, tmp_path):
    """Uploads a table, or bytes, under a name, as that visitor."""

    def upload(rows=None, name="reviews.csv", visitor=ANN, content=None):
        file = tmp_path / "arrived"
        if content is not None:
            file.write_bytes(content)
        else:
            save(table() if rows is None else rows, tmp_path / "arrived.csv").rename(file)
        return uploads.add(visitor, file, name)

    return upload


def everything(home) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_a_file_is_looked_into_and_found_again(bring, tmp_path):
    upload = bring()
    assert upload.path.name == "reviews.csv"
    assert upload.seen["chosen"] == {"text": ["text"], "label": "label"}
    assert upload.seen["report"]["used"] == 100 and upload.seen["problem"] == ""
    assert uploads.find(ANN, upload.name) == upload and uploads.uploads(ANN) == [upload]


def test_the_same_file_again_is_one_upload_and_another_name_makes_two(bring):
    assert bring() == bring()
    other = bring(name="other.csv")
    assert len(uploads.uploads(ANN)) == 2 and other.path.name == "other.csv"


def test_two_visitors_may_bring_the_same_file_from_one_place(home, tmp_path):
    file = save(table(), tmp_path / "reviews.csv")  # as Gradio stores it: once, whoever brings it
    ann, bob = (uploads.add(visitor, file, "reviews.csv") for visitor in (ANN, BOB))
    assert ann.seen == bob.seen and ann.path != bob.path
    uploads.remove(ANN, ann.name)
    assert uploads.find(BOB, bob.name) == bob


def test_another_visitor_finds_nothing_even_with_the_right_name(bring):
    upload = bring()
    assert uploads.find(BOB, upload.name) is None and uploads.uploads(BOB) == []
    uploads.remove(BOB, upload.name)
    with pytest.raises(ValueError, match="not kept any more; upload it again"):
        uploads.choose(BOB, upload.name)
    assert uploads.find(ANN, upload.name) == upload
    assert upload.scope == uploads.scope_of(ANN) != uploads.scope_of(BOB)


@pytest.mark.parametrize("name", ["", "upload:", "upload:" + "0" * 16, "upload:../../../etc", None, 7])
def test_what_is_no_upload_is_not_found(name, bring):
    bring()
    assert uploads.find(ANN, name) is None
    assert uploads.find("", name) is None


def test_columns_can_be_chosen_and_stay_chosen(bring):
    rows = table().assign(stars=range(100))
    upload = bring(rows)
    chosen = uploads.choose(ANN, upload.name, ("text",), "stars", "regression")
    assert chosen.seen["report"]["kind"] == "regression" and chosen.seen["report"]["label_column"] == "stars"
    assert uploads.find(ANN, upload.name) == chosen
    with pytest.raises(ValueError, match="reviews.csv has no such columns"):
        uploads.choose(ANN, upload.name, ("text",), "none")
    with pytest.raises(ValueError, match="no such kind"):
        uploads.choose(ANN, upload.name, ("text",), "stars", "clustering")


def test_data_that_are_refused_stay_so_that_other_columns_can_be_chosen(bring):
    upload = bring(table().assign(label="same", stars=[i % 5 for i in range(100)]))
    assert "one class" in upload.seen["problem"] and upload.seen["report"] is None
    assert upload.seen["columns"] == ["text", "label", "stars"] and upload.seen["preview"]["rows"]
    assert uploads.choose(ANN, upload.name, (), "stars").seen["report"]


@pytest.mark.parametrize(
    "content, name, sentence",
    [
        (b"", "empty.csv", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), "picture.csv", "picture.csv"),
        (b"PK\x03\x04" + bytes(1000), "sheet.xlsx", "sheet.xlsx"),
    ],
)
def test_a_file_without_any_column_is_not_kept(home, bring, content, name, sentence):
    with pytest.raises(ValueError, match=sentence):
        bring(content=content, name=name)
    assert uploads.uploads(ANN) == [] and everything(home) == []  # no part of it is left


@pytest.mark.parametrize(
    "n_files, megabytes, sentence",
    [
        (uploads.MAX_FILES, 0, "you have 20 files here, 20 are allowed; remove one first"),
        (1, uploads.MAX_MB, "your files would take 200 MB, 200 are allowed; remove one first"),
    ],
)
def test_a_visitor_has_only_so_much_room(bring, n_files, megabytes, sentence):
    for number in range(n_files):
        folder = uploads.visitor_files(ANN) / f"{number:016x}"
        folder.mkdir(parents=True)
        with (folder / "t.csv").open("wb") as file:
            file.truncate(megabytes << 20)  # sparse: takes no room on the disk
    with pytest.raises(ValueError, match=sentence):
        bring()
    assert bring(visitor=BOB)


def test_files_go_after_a_day_and_results_stay(home, bring):
    old, new = bring(name="old.csv"), bring(name="new.csv")
    results = home / VISITORS / old.scope / "runs.sqlite"
    results.write_bytes(b"rows")
    day_ago = time.time() - uploads.KEPT_SECONDS - 5
    os.utime(old.path.parent, (day_ago, day_ago))
    uploads.remove_old()
    assert uploads.uploads(ANN) == [new] and not old.path.exists() and results.exists()
    assert new.until > time.time() and old.until == 0


@pytest.mark.parametrize(
    "name, safe",
    [
        ("reviews.csv", "reviews.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\reviews.csv", "reviews.csv"),
        ("...hidden.csv", "hidden.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("", "file"),
        ("é" * 300 + ".csv", "é" * 80 + ".csv"),
    ],
)
def test_a_files_name_is_made_safe(name, safe):
    assert uploads.safe_name(name) == safe


@pytest.mark.parametrize("visitor", ["", None])
def test_without_a_token_there_is_no_scope(visitor):
    with pytest.raises(ValueError, match="not loaded yet"):
        uploads.scope_of(visitor)


def test_a_file_that_takes_too_long_gives_a_sentence(bring):
    upload = bring()
    assert uploads.examined(upload, seconds=0.01)["problem"] == (
        "reviews.csv takes longer than 0.01 seconds to read; take a sample of its rows"
    )


def test_a_note_that_is_written_holds_what_was_seen(bring):
    upload = bring()
    kept = json.loads(uploads.note_of(upload.path.parent).read_text())
    assert (kept["file"], kept["seen"]) == ("reviews.csv", upload.seen)
