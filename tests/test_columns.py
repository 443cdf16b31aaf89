"""Which columns of a user's table are texts and labels, and of which kind the labels are."""

import pandas as pd
import pytest
from files import pair_file, texts

from pruning.columns import Columns, guess_columns, guess_kind
from pruning.read_table import read_table


def as_table(**columns) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(map(str, cells), dtype="str") for name, cells in columns.items()})


N = 60
TEXTS = texts(N)
CLASSES = [("no", "yes")[i % 2] for i in range(N)]
IDS = [f"id-{i:04d}" for i in range(N)]
WHOLE, FRACTIONS = [i % 5 for i in range(N)], [i / 7 for i in range(N)]


@pytest.mark.parametrize(
    "columns, expected",
    [
        ({"text": TEXTS, "label": CLASSES}, Columns(("text",), "label")),
        ({"label": CLASSES, "text": TEXTS}, Columns(("text",), "label")),
        ({"Review": TEXTS, "Stars": WHOLE}, Columns(("Review",), "Stars")),  # however it is written
        ({"id": IDS, "what": TEXTS, "verdict": CLASSES}, Columns(("what",), "verdict")),  # unknown names: by values
        ({"column 1": range(N), "what": TEXTS, "mark": FRACTIONS}, Columns(("what",), "mark")),
        ({"split": CLASSES, "what": TEXTS, "verdict": WHOLE}, Columns(("what",), "verdict")),
        ({"verdict": CLASSES, "what": TEXTS, "split": CLASSES}, Columns(("what",), "verdict")),
        ({"text_a": TEXTS, "text_b": TEXTS, "y": CLASSES}, Columns(("text_a", "text_b"), "y")),
        ({"short": IDS, "long": TEXTS, "class": CLASSES}, Columns(("long",), "class")),
    ],
)
def test_columns_are_guessed_from_names_and_values(columns, expected):
    assert guess_columns(as_table(**columns)) == expected


@pytest.mark.parametrize(
    "glue, expected, kind",
    [
        ("mrpc", Columns(("#1 String", "#2 String"), "Quality"), "classification"),
        ("rte", Columns(("sentence1", "sentence2"), "label"), "classification"),
        ("qnli", Columns(("question", "sentence"), "label"), "classification"),
        ("qqp", Columns(("question1", "question2"), "is_duplicate"), "classification"),
        ("mnli", Columns(("sentence1", "sentence2"), "gold_label"), "classification"),
        ("stsb", Columns(("sentence1", "sentence2"), "score"), "regression"),
    ],
)
@pytest.mark.parametrize("ending", [".tsv", ".csv", ".jsonl", ".parquet"])
def test_pairs_laid_out_as_in_glue_are_known(glue, expected, kind, ending, tmp_path):
    table, _ = read_table(pair_file(glue, tmp_path / f"{glue}{ending}"))
    assert guess_columns(table) == expected
    assert guess_kind(table[expected.label]) == kind


def test_what_a_person_names_is_taken_and_the_rest_guessed():
    table = as_table(text=TEXTS, title=texts(N, "b"), label=CLASSES, stars=WHOLE)
    assert guess_columns(table, label="stars") == Columns(("text",), "stars")
    assert guess_columns(table, ("title",)) == Columns(("title",), "label")
    assert guess_columns(table, ("title", "text"), "stars") == Columns(("title", "text"), "stars")


@pytest.mark.parametrize(
    "columns, named, sentence",
    [
        ({"a": WHOLE, "b": FRACTIONS}, {}, "every column holds numbers only; give a file with a column of texts"),
        ({"petal": FRACTIONS, "species": CLASSES}, {}, "no column looks like texts; give a file with a column of"),
        ({"text": TEXTS, "id": range(N)}, {}, "no column looks like labels: none has 2 to 50 classes, or numbers"),
        ({"text": TEXTS, "label": CLASSES}, {"label": "stars"}, "no column 'stars'; choose one of: 'text', 'label'"),
        ({"text": TEXTS, "label": CLASSES}, {"text": ("a",)}, "no column 'a'; choose one of: 'text', 'label'"),
        ({"text": TEXTS, "label": CLASSES}, {"text": ("text", "text")}, "column 'text' is named twice; each text and"),
        ({"text": TEXTS, "label": CLASSES}, {"text": ("label",), "label": "label"}, "column 'label' is named twice"),
    ],
)
def test_columns_that_are_not_there_give_a_sentence(columns, named, sentence):
    with pytest.raises(ValueError) as refused:
        guess_columns(as_table(**columns), **named)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "labels, kind",
    [
        (["no", "yes"], "classification"),
        ([0, 1], "classification"),
        ([1, 2, 3, 4, 5], "classification"),
        (["1.0", "2.0"], "classification"),
        ([0.5, 1], "regression"),
        (range(20), "classification"),
        (range(21), "regression"),
        ([*range(30), "none"], "classification"),
        ([1, 2, "", "nan"], "classification"),  # gaps count for nothing
        (["inf", "1.5"], "classification"),
    ],
)
def test_numbers_with_fractions_or_many_values_are_ratings(labels, kind):
    assert guess_kind(as_table(label=labels).label) == kind
