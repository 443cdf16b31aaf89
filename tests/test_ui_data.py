"""What the tab Your data shows of one upload, as plain values."""

import shlex

import pandas as pd
import pytest
from files import pair_file, save, table

from pruning import uploads
from pruning.__main__ import build_parser
from pruning.ui import data, data_view

ANN = "ann's token"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def bring(home, tmp_path):
    def upload(rows, name="reviews.csv", **columns):
        upload = uploads.add(ANN, save(rows, tmp_path / "arrived.csv"), name)
        return uploads.choose(ANN, upload.name, **columns) if columns else upload

    return upload


def test_the_tiles_tell_texts_classes_lengths_and_what_is_left_out(bring):
    rows = table(110)
    rows.loc[0, "text"] = None
    rows.loc[1, "text"] = rows.loc[3, "text"]
    shown = data_view.tiles(bring(rows))["tiles"]
    assert [tile["number"] for tile in shown] == ["108 texts", "2 classes", "6 words", "2 left out"]
    assert "equal texts once" in shown[0]["text"] and "scored by accuracy" in shown[1]["text"]


def test_the_preview_shows_the_first_rows_and_how_the_file_was_read(bring):
    shown = data_view.preview(bring(table()))
    assert shown["title"] == "reviews.csv"
    assert shown["subtitle"] == "CSV, UTF-8, separated by a comma · the first 8 of 100 rows"
    assert shown["columns"] == ["text", "label"] and len(shown["rows"]) == 8


def test_classes_and_lengths_are_drawn_with_the_same_numbers_as_a_table(bring):
    upload = bring(table())
    balance, lengths = data_view.balance(upload), data_view.lengths(upload)
    assert balance["numbers"]["columns"] == ["Class", "Train", "Validation", "Test"]
    assert sum(sum(row[1:]) for row in balance["numbers"]["rows"]) == 100
    assert lengths["numbers"]["columns"][0] == "Words"
    assert (balance["numbers"]["file"], lengths["numbers"]["file"]) == ("reviews-labels.csv", "reviews-lengths.csv")


def test_numbers_to_predict_are_drawn_as_a_histogram(bring):
    upload = bring(table().assign(stars=[i / 10 for i in range(100)]), label="stars")
    assert data_view.tiles(upload)["tiles"][1]["number"] == "Numbers"
    assert data_view.balance(upload)["figure"]["layout"]["title"]["text"] == "Texts by stars"


def test_a_guess_that_was_left_as_it_is_stays_a_guess(bring):
    upload = bring(table().assign(stars=range(100)))
    assert data_view.chosen_columns(upload) == (("text",), "label", "classification")
    assert data_view.newly_chosen(upload, ("text",), "label", "classification") == ((), "", "")
    assert data_view.newly_chosen(upload, ("text",), "stars", "classification") == ((), "stars", "")


def test_refused_data_show_the_sentence_in_the_words_of_the_page(bring):
    upload = bring(table().assign(label=range(100), text=range(100)))
    problem = data_view.problem_of(upload)
    assert problem["problem"] and "--text" not in problem["text"] and problem["text"][0].isupper()
    assert data_view.tiles(upload) == {"tiles": []} and data_view.commands(upload)[1] == {}


@pytest.mark.parametrize("columns", [{}, {"text": ("text",), "label": "label", "kind": "classification"}])
def test_the_commands_are_understood_by_the_command_line(bring, columns):
    look, run = data_view.commands(bring(table(), "my reviews.csv", **columns))
    options = build_parser().parse_args(shlex.split(" ".join(look["command"]))[3:])
    assert options.file == "my reviews.csv"
    options = build_parser().parse_args(shlex.split(" ".join(run["command"]))[3:])
    assert (options.task, tuple(options.text), options.label) == (
        "my reviews.csv",
        columns.get("text", ()),
        columns.get("label", ""),
    )


def test_an_update_has_a_value_for_every_part(bring):
    parts = len(data.CONTROLS + data.VIEWS + data.PLACES)
    for upload in (None, bring(table()), bring(table().assign(label="one"), "one-class.csv")):
        assert len(data.updates(ANN, upload)) == parts
    assert len(data.only_message("no")) == parts


@pytest.mark.parametrize("glue", ["mrpc", "rte", "qnli", "qqp", "mnli", "stsb"])
def test_pairs_as_glue_has_them_are_shown_as_pairs(home, tmp_path, glue):
    upload = uploads.add(ANN, pair_file(glue, tmp_path / "arrived.tsv"), f"{glue}.tsv")
    assert upload.seen["problem"] == "" and len(data_view.chosen_columns(upload)[0]) == 2
    title = data_view.lengths(upload)["figure"]["layout"]["title"]["subtitle"]["text"]
    assert title.startswith("both texts of a pair together")


def test_hostile_texts_stay_texts(bring):
    rows = table().assign(label=[HOSTILE if i % 2 else "b" for i in range(100)])
    upload = bring(rows.rename(columns={"text": HOSTILE}), "x.csv")
    assert HOSTILE not in str(data_view.balance(upload)["figure"]["data"])
    assert HOSTILE not in str(data_view.balance(upload)["figure"]["layout"]["yaxis"])
    assert data_view.preview(upload)["columns"][0] == HOSTILE  # a template's {{}} escapes it


def test_columns_that_could_not_be_guessed_can_be_chosen(bring):
    upload = bring(pd.DataFrame({"a": [f"{i}" for i in range(100)], "b": [i % 2 for i in range(100)]}))
    assert data_view.chosen_columns(upload) == ((), "", "")
    assert data_view.newly_chosen(upload, ("a",), "", "") == (("a",), "", "")
    chosen = uploads.choose(ANN, upload.name, *data_view.newly_chosen(upload, ("a",), "b", ""))
    assert chosen.seen["chosen"] == {"text": ["a"], "label": "b"}
