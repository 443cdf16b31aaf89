"""A user's own file as a task: cleaned, split by each text's own hash, described, and run like any other task."""

import json
import os
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from files import pair_file, save, table, texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import save_tiny

from pruning.__main__ import main
from pruning.execute import execute
from pruning.own_data import SPLITS, is_own, load_own, split_of, stored_task
from pruning.plan import Request, check, plan
from pruning.store import Store
from pruning.tasks import TASKS


@pytest.fixture
def own(tmp_path):
    """Loads a table by way of a file."""

    def loaded(rows: pd.DataFrame, name: str = "texts.csv", **options):
        return load_own(str(save(rows, tmp_path / name)), **options)

    return loaded


def places(data) -> dict:
    """text -> the split it is in."""
    return {text: name for name in SPLITS for text in getattr(data, name).texts}


# a file as a task


def test_a_file_of_two_classes_is_a_binary_task(own):
    data = own(table(100, ("pos", "neg"))).data
    assert data.task.name == "own:texts" and data.task.name not in TASKS
    assert (data.task.label, data.task.source) == ("texts", "texts.csv")
    assert data.task.classes == ("neg", "pos")  # by name
    assert data.task.metrics == ("accuracy", "f1", "matthews")
    label = dict(zip(table(100, ("pos", "neg")).text, table(100, ("pos", "neg")).label, strict=True))
    for split in (data.train, data.validation, data.test):
        assert split.labels.dtype == np.int64
        assert [data.task.classes[i] for i in split.labels] == [label[text] for text in split.texts]


def test_ratings_are_a_regression_scored_by_rank(own):
    rows = table(100).assign(label=[i / 8 for i in range(100)])
    data = own(rows).data
    assert (data.task.metrics, data.task.classes, data.task.n_labels) == (("spearman", "pearson"), (), 1)
    assert data.train.labels.dtype == np.float32
    rating = dict(zip(rows.text, rows.label, strict=True))
    assert data.train.labels.tolist() == [rating[text] for text in data.train.texts]


@pytest.mark.parametrize(
    "labels, kind, classes",
    [
        ((10, 9, 1), "", ("1", "9", "10")),  # numbers by size
        (("1.0", "01", "2"), "", ("1", "2")),  # the same number, however it is written
        (("a  b", " a b", "c"), "", ("a b", "c")),
        (("<b>x</b>", "y"), "", ("<b>x</b>", "y")),  # kept as it is; whoever shows it escapes it
        ((1, 2, 3), "regression", ()),
        ((0.5, 1.5), "classification", ("0.5", "1.5")),
        (("none", "NA"), "", ("NA", "none")),  # words, not gaps
    ],
)
def test_labels_of_every_kind(labels, kind, classes, own):
    assert own(table(120, labels), kind=kind).data.task.classes == classes


def test_white_space_in_texts_is_kept(own):
    rows = table(100)
    rows.loc[0, "text"] = "two\nlines\t of   code"
    data = own(rows).data
    assert "two\nlines\t of   code" in places(data)
    assert places(data)["two\nlines\t of   code"] == split_of("two lines of code")


# the split


def test_about_seven_in_ten_train_one_validates_and_two_test(own):
    report = own(table(5000)).report
    assert report["splits"] == {"train": 3527, "validation": 511, "test": 962}  # the texts say so, for good


def test_rows_that_are_added_move_no_other_row(own):
    before = places(own(table(200)).data)
    more = pd.concat([table(60).assign(text=texts(60, "new"), label="third"), table(200)])
    after = places(own(more, "more.csv").data)
    assert len(after) == 260 and {text: after[text] for text in before} == before


def test_a_text_has_its_place_in_every_file_and_with_every_label(own):
    first = places(own(table(100)).data)
    second = places(own(table(100, (1, 2, 3)).iloc[::-1], "other.jsonl").data)
    assert first == second
    assert split_of("a fine text") == "train"  # stored results rest on it: it never changes


def test_equal_texts_never_stand_in_two_splits_and_count_once(own):
    rows = table(100)
    again = rows.assign(text=rows.text.str.replace(" ", "  ") + "\n")
    data = own(pd.concat([rows, rows, again]))
    assert data.report["left_out"] == {"duplicate": 200} and data.report["used"] == 100
    assert places(data.data) == places(own(rows, "once.csv").data)


def test_of_a_text_with_two_labels_the_first_counts_and_the_report_says_so(own):
    rows = pd.concat([table(100), table(10, ("pos", "neg"))])
    data = own(rows)
    assert data.report["left_out"] == {"duplicate with another label": 10}
    assert "10 texts came again with another label; the first label of each was kept" in data.report["notes"]
    assert data.data.fingerprint == own(table(100), "once.csv").data.fingerprint


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1), unique=True, max_size=30), st.randoms())
def test_the_place_of_a_text_depends_on_nothing_but_the_text(found, random):
    before = {text: split_of(text) for text in found}
    random.shuffle(found)
    assert {text: split_of(text) for text in found} == before


# the fingerprint


def test_the_fingerprint_follows_the_content_and_not_the_format(own):
    one = own(table(100)).data.fingerprint
    assert {own(table(100), f"t{ending}").data.fingerprint for ending in (".tsv", ".jsonl", ".parquet")} == {one}
    changed = table(100)
    changed.loc[7, "text"] += "!"
    assert own(changed, "changed.csv").data.fingerprint != one


def test_a_changed_file_is_read_anew_and_an_unchanged_one_only_once(own, tmp_path):
    first = own(table(100))
    assert load_own(str(tmp_path / "texts.csv")) is first
    second = own(table(120))
    assert second.report["used"] == 120


# the report


def test_the_report_counts_what_is_used_and_what_is_not(own):
    rows = table(100)
    rows.loc[0, "text"], rows.loc[1, "text"], rows.loc[2, "label"], rows.loc[3, "text"] = None, "  ", None, "NaN"
    report = own(rows).report
    assert (report["rows"], report["used"], report["left_out"]) == (100, 96, {"no text": 3, "no label": 1})
    assert (report["text_columns"], report["label_column"], report["kind"]) == (["text"], "label", "classification")
    assert sum(report["splits"].values()) == 96
    for row in report["classes"]:
        assert row.keys() == {"class", *SPLITS}
    assert sum(row[split] for row in report["classes"] for split in SPLITS) == 96
    assert report["length"]["words"] == [4, 5, 6, 7, 8]
    assert json.loads(json.dumps(report)) == report


def test_a_class_that_no_validation_text_has_is_told(own):
    rare = [text for text in texts(200, "rare") if split_of(text) != "validation"][:20]
    rows = pd.concat([table(100), pd.DataFrame({"text": rare, "label": "rare"})])
    assert "the validation split has no text of class 'rare'" in own(rows).report["notes"]


def test_few_test_texts_and_classes_that_look_alike_are_told(own):
    notes = own(table(100, ("Neg", "neg"))).report["notes"]
    assert "with 14 test texts, scores that differ by less than 37 points may not differ at all" in notes
    assert "some classes differ only in capital letters; write them alike if they are the same" in notes
    assert not any("test texts" in note for note in own(table(2000), "many.csv").report["notes"])


def test_columns_that_are_not_used_are_told(own):
    rows = table(100).assign(split="train", **{f"more{i}": "x" for i in range(6)})
    assert own(rows).report["notes"][0] == ("not used: columns 'split', 'more0', 'more1', 'more2', 'more3' and 2 more")


def test_labels_that_only_contradict_each_other_are_told(own):
    rows = pd.concat([table(100, ("neg",)), table(100, ("pos",))])
    with pytest.raises(ValueError, match="one class once 100 texts that came again with another label are left out"):
        own(rows)


def test_decimal_commas_are_told(own):
    with pytest.raises(ValueError, match="numbers with a decimal comma, such as '.*'; write them with a point"):
        own(table(100).assign(label=[f"0,{i}" for i in range(100)]))


def test_large_ratings_are_told(own):
    report = own(table(100).assign(label=[i + 0.5 for i in range(100)])).report
    assert report["notes"] == ["labels as large as 100 are learnt slowly; divide them"]


# what is refused


def few(n: int, in_split: str = "") -> pd.DataFrame:
    found = [text for text in texts(500, "rare") if in_split in ("", split_of(text))][:n]
    return pd.concat([table(100), pd.DataFrame({"text": found, "label": "rare"})])


@pytest.mark.parametrize(
    "rows, options, sentence",
    [
        (table(49), {}, "49 rows are left of 49, at least 50 are needed; add rows, or look at what is left out"),
        (pd.concat([table(49)] * 3), {}, "add rows, or look at what is left out (duplicate: 98)"),
        (table(100).assign(text=""), {"text": ("text",)}, "0 rows are left of 100"),
        (table(100, ("pos",)), {}, "column 'label' holds one class, 'pos'; at least 2 are needed"),
        (few(9), {}, "class 'rare' of column 'label' has 9 rows, at least 10 are needed; add rows of it, merge it"),
        (few(12, "train"), {}, "no text of class 'rare' falls into the test split, which goes by a hash of the"),
        (few(12, "test"), {}, "no text of class 'rare' falls into the train split"),
        (table(1020, tuple(f"c{i}" for i in range(51))), {}, "column 'label' holds 51 classes, at most 50"),
        (table(100, ("1.5", "x")), {"kind": "regression"}, "holds 'x', which is no number to predict; take such rows"),
        (table(100, (1, "inf")), {"kind": "regression"}, "holds 'inf', which is no number to predict"),
        (table(100, (3,)), {"kind": "regression"}, "column 'label' has one value only in the train split; choose"),
        (table(100), {"label": "stars"}, "there is no column 'stars'; choose one of: 'text', 'label'"),
        (table(100), {"kind": "ranking"}, "unknown kind 'ranking'; choose one of: classification, regression"),
        (table(100), {"text": ("a", "b", "c")}, "name one column, or two for pairs of texts"),
        (table(100).rename(columns={"text": "a text", "label": "pos"}), {},
         "the first row has to name the columns, and 'pos' looks like a label; add a row such as text,label"),
        (table(100).assign(label=[i / 3 for i in range(100)]).rename(columns={"label": "0.5"}), {},
         "the first row has to name the columns, and '0.5' looks like a label"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_used_gives_one_sentence(rows, options, sentence, own):
    with pytest.raises(ValueError) as refused:
        own(rows, **options)
    assert sentence in str(refused.value)


def test_columns_belong_to_files_alone():
    with pytest.raises(ValueError, match="task tweets has its own columns; name text, label and kind for a file only"):
        check(Request("minilm-l6", "tweets", label="stars"))


# whatever comes, a task or a sentence

CELLS = st.one_of(
    st.sampled_from(["", "pos", "neg", "1", "2.5", "nan", '"', "a,b", "x\ny", "=1+1"]), st.text(max_size=8)
)
ANY_ENDING = st.sampled_from([".csv", ".tsv", ".jsonl", ".parquet"])


def is_task_or_sentence(path, **options) -> None:
    try:
        found = load_own(str(path), **options)
        assert found.report["used"] >= 50
    except ValueError as error:
        assert type(error) is ValueError and "; " in str(error) and "\n" not in str(error) and len(str(error)) < 500


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12),
    n_more=st.integers(0, 60),
    ending=st.sampled_from([".csv", ".tsv", ".jsonl"]),
)
def test_any_cells_give_a_task_or_a_sentence(rows, n_more, ending, tmp_path):
    rows = [["text", "label"], *rows, *([text, "pos"] for text in texts(n_more))]
    separator = "," if ending == ".csv" else "\t"
    lines = [json.dumps(dict(zip("abcd", row))) if ending == ".jsonl" else separator.join(row) for row in rows]
    path = tmp_path / f"t{ending}"
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    is_task_or_sentence(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), ending=ANY_ENDING)
def test_any_bytes_give_a_task_or_a_sentence(content, ending, tmp_path):
    path = tmp_path / f"t{ending}"
    path.write_bytes(content)
    is_task_or_sentence(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4), ending=ANY_ENDING)
def test_any_damage_to_a_good_file_gives_a_task_or_a_sentence(damage, ending, tmp_path):
    path = save(table(), tmp_path / f"t{ending}")
    content = bytearray(path.read_bytes())
    for place, byte in damage:
        content[int(place * (len(content) - 1))] = byte
    path.write_bytes(bytes(content))
    is_task_or_sentence(path)


# a run


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert"))


@pytest.mark.parametrize(
    "glue, metrics",
    [
        ("mrpc", {"accuracy", "f1", "matthews"}),
        ("mnli", {"accuracy", "f1", "matthews"}),
        ("stsb", {"spearman", "pearson"}),
    ],  # fmt: skip
)
def test_pairs_laid_out_as_in_glue_are_run(glue, metrics, model, tmp_path):
    path, store = str(pair_file(glue, tmp_path / f"{glue}.tsv")), Store(tmp_path / "home", shipped=tmp_path / "none")
    run = list(execute(Request(model, path, "contribution", 2), store))[-1]
    data = load_own(path).data
    assert (run.task, run.data, run.n_eval) == (f"own:{glue}", data.fingerprint, len(data.test.texts))
    assert isinstance(data.test.texts[0], tuple) and run.metrics.keys() == metrics
    assert store.runs(task=stored_task(path)) == [run]
    assert {s.task for s in store.similarities()} == {f"own:{glue}"}


def test_every_glue_pair_task_is_planned_from_a_file(model, tmp_path):
    store = Store(tmp_path / "home", shipped=tmp_path / "none")
    for glue in ("mrpc", "rte", "qnli", "qqp", "mnli", "stsb"):
        spec, _ = plan(Request(model, str(pair_file(glue, tmp_path / f"{glue}.jsonl")), "top", 1), store)
        assert spec.task == f"own:{glue}"


def test_other_content_or_columns_are_another_run(model, tmp_path):
    store, path = Store(tmp_path / "home", shipped=tmp_path / "none"), tmp_path / "t.csv"
    rows = table(200).assign(stars=[i % 5 for i in range(200)])
    request = Request(model, str(save(rows, path)), "top", 1)
    keys = [plan(r, store)[0].key for r in (request, Request(model, str(path), "top", 1, label="stars"),
            Request(model, str(path), "top", 1, label="stars", kind="regression"))]  # fmt: skip
    save(rows.iloc[:-1], path)
    assert len({*keys, plan(request, store)[0].key}) == 4


def test_a_request_with_columns_comes_through_json_as_it_was():
    request = Request("m", "t.csv", text=("a", "b"), label="c", kind="regression")
    assert Request.from_dict(json.loads(json.dumps(request.__dict__))) == request


@pytest.mark.parametrize(
    "task, own, name",
    [
        ("tweets", False, "tweets"),
        ("poems", False, "poems"),
        ("own:reviews.v2", False, "own:reviews.v2"),  # as `results` shows it
        ("reviews.csv", True, "own:reviews"),
        ("../data/my  reviews.v2.PARQUET", True, "own:my reviews.v2"),
        ("data/tweets.csv", True, "own:tweets"),  # never the registered task
        ("reviews.docx", True, "own:reviews"),
    ],
)
def test_a_task_is_a_file_where_it_has_an_ending_or_is_a_path(task, own, name):
    assert (is_own(task), stored_task(task)) == (own, name)


# the command line


def call(capsys, *arguments: str):
    try:
        status = main(list(arguments))
    except SystemExit as ended:
        status = ended.code
    return status, *capsys.readouterr()


def test_a_file_is_described_by_tasks(capsys, home, tmp_path):
    path = str(save(few(40), tmp_path / "reviews.csv"))
    status, out, _ = call(capsys, "tasks", path, "--json")
    assert (status, json.loads(out)) == (0, load_own(path).report)
    out = call(capsys, "tasks", path, "--text", "text", "--label", "label")[1]
    assert "name          own:reviews" in out and "\nclass  train  validation  test\n" in out
    classes = out.partition("\nclass ")[2].splitlines()[1:4]
    assert Counter(line.split()[0] for line in classes) == Counter(["neg", "pos", "rare"])
    assert call(capsys, "tasks", "--label", "x")[0] == 2


def test_a_file_is_a_task_in_every_command(capsys, home, tmp_path, model):
    rows = table(120).assign(stars=[i % 4 for i in range(120)])
    task = ("--task", str(save(rows, tmp_path / "reviews.csv")))
    point = ("--model", model, *task, "--label", "stars", "--kind", "regression")
    assert json.loads(call(capsys, "plan", *point, "--drop", "1", "--json")[1])["n_dropped"] == 1
    run = json.loads(call(capsys, "run", *point, "--drop", "3", "--json")[1])
    assert (run["task"], run["metric"]) == ("own:reviews", "spearman")
    assert len(json.loads(call(capsys, "similarity", *point, "--json")[1])) == 6
    swept = json.loads(call(capsys, "sweep", *point, "--strategies", "top", "--drops", "3", "--json")[1])
    assert swept == [run]
    for name in (task[1], "own:reviews"):
        assert json.loads(call(capsys, "results", "--task", name, "--label", "stars", "--json")[1]) == [run]
    status, out, err = call(capsys, "results", *task, "--json")  # the label column that is guessed is another task
    assert json.loads(out) == [] and "1 rows of another file, other columns or another model of that name" in err
    os.remove(task[1])  # its rows are still found
    assert json.loads(call(capsys, "results", *task, "--json")[1]) == [run]
    status, _, err = call(capsys, "run", *point, "--drop", "3")
    assert status == 2 and err.startswith("error: there is no file ") and err.count("\n") == 1
