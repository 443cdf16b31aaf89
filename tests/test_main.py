"""The command line: documents on stdout, one line on stderr for what is impossible, and the exit status."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rows import make_run
from tiny import save_tiny

from pruning import program
from pruning.__main__ import main
from pruning.store import Store
from pruning.strategies import STRATEGIES
from pruning.tasks import TASKS

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert"))


def call(capsys, *arguments: str):
    """(exit status, stdout, stderr) of a command."""
    try:
        status = main(list(arguments))
    except SystemExit as ended:
        status = ended.code
    out, err = capsys.readouterr()
    return status, out, err


def test_lists_are_derived_from_the_tables(capsys, home):
    for command, table in (("tasks", TASKS), ("strategies", STRATEGIES)):
        status, out, _ = call(capsys, command, "--json")
        assert status == 0
        assert [row["name"] for row in json.loads(out)] == list(table)
        assert all(row["label"] for row in json.loads(out))


def test_models_say_whether_they_are_installed(capsys, home):
    status, out, _ = call(capsys, "models", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert status == 0
    assert rows["minilm-l6"]["n_layers"] == 6 and rows["minilm-l6"]["installed"] is False


def test_a_plan_is_the_document_of_the_design(capsys, home, model):
    status, out, _ = call(capsys, "plan", "--model", model, "--strategy", "even-alternate", "--drop", "2", "--json")
    document = json.loads(out)
    assert status == 0
    for name in ("parameters", "parts"):
        assert document.pop(name).keys() == {"before", "after"}
    assert document == {
        "model": "tiny-bert",
        "strategy": "even-alternate",
        "n_layers": 4,
        "n_dropped": 2,
        "kept": [0, 2],
        "dropped": [1, 3],
    }


def test_a_run_is_stored_and_listed_in_every_format(capsys, home, model):
    point = ("--model", model, "--task", "tweets", "--strategy", "custom", "--layers", "0-1,3")
    status, out, err = call(capsys, "run", *point, "--json")
    run = json.loads(out)
    assert status == 0 and "training" in err
    assert run.keys() >= {
        *("key", "model", "revision", "task", "kept", "n_layers", "n_dropped", "seed", "recipe", "start", "metric"),
        *("score", "interval", "n_eval", "parameters", "train_seconds", "latency_ms", "device", "versions"),
        "created_at",
    }
    assert run["kept"] == [2] and run["latency_ms"].keys() == {"1", "32"}

    assert json.loads(call(capsys, "results", "--task", "tweets", "--model", "tiny-bert", "--json")[1]) == [run]
    assert (
        json.loads(call(capsys, "results", "--task", "tweets", "--model", "tiny-bert", "--format", "jsonl")[1]) == run
    )
    (row,) = csv.DictReader(io.StringIO(call(capsys, "results", "--model", "tiny-bert", "--format", "csv")[1]))
    assert (row["key"], json.loads(row["kept"]), float(row["score"])) == (run["key"], [2], run["score"])
    assert json.loads(call(capsys, "results", "--model", model, "--json")[1]) == [run]  # by its folder, as it was run
    table = call(capsys, "results", "--model", "tiny-bert")[1]
    assert run["key"][:12] in table and "tiny-bert" in table


def test_no_results_are_an_empty_list_and_not_an_error(capsys, home):
    assert call(capsys, "results", "--model", "nothing", "--json")[:2] == (0, "[]\n")
    status, out, err = call(capsys, "results", "--model", "nothing")
    assert (status, out) == (0, "") and "nothing stored for that model and task; stored: " in err


def test_similarities_are_measured_and_stored(capsys, home, model):
    status, out, _ = call(capsys, "similarity", "--model", model, "--task", "tweets", "--json")
    assert status == 0
    rows = json.loads(out)
    assert {row["pooling"]: len(row["mean"]) for row in rows if "mean" in row} == {"sentence": 4, "mean": 4}
    matrices = [(row["measure"], row["pooling"], len(row["matrix"])) for row in rows if "matrix" in row]
    assert matrices == [(measure, pooling, 5) for measure in ("cka", "cosine") for pooling in ("mean", "sentence")]
    assert len(Store().similarities("tiny-bert")) == 2
    again = call(capsys, "similarity", "--model", model, "--task", "tweets", "--json")
    assert again[1] == out and "comparing" not in again[2]  # what is stored is not measured again


def test_a_sweep_says_what_it_will_do_and_runs_each_distinct_point_once(capsys, home, model):
    sweep = ("sweep", "--model", model, "--task", "tweets", "--strategies", "top", "custom", "--drops", "3")
    assert call(capsys, *sweep)[0] == 2  # custom names layers, which a sweep cannot
    sweep = ("sweep", "--model", model, "--task", "tweets", "--strategies", "top", "contribution", "--drops", "3", "0")
    sweep += ("--max-train", "300")
    status, _, err = call(capsys, *sweep, "--plan")
    assert status == 0 and "4 points, " in err and "training" not in err
    document = json.loads(call(capsys, *sweep, "--plan", "--json")[1])
    assert document["points"] == 4 and {len(run["kept"]) for run in document["runs"]} == {1, 4}
    assert len({run["key"] for run in document["runs"]}) == len(document["runs"]) < 4
    assert not any(run["stored"] for run in document["runs"])
    status, out, err = call(capsys, *sweep, "--json")
    assert status == 0 and " 0 stored" in err
    assert {run["n_dropped"] for run in json.loads(out)} == {0, 3}
    assert " 0 left" in call(capsys, *sweep)[2]
    assert all(run["stored"] for run in json.loads(call(capsys, *sweep, "--plan", "--json")[1])["runs"])


def test_a_sweep_tells_failed_runs_at_the_end_and_stores_the_others(capsys, home, model, monkeypatch):
    sweep = ("sweep", "--model", model, "--task", "tweets", "--strategies", "top", "--drops", "1", "2", "--seeds", "8")
    sweep += ("--max-train", "300")
    with monkeypatch.context() as patch:
        patch.setenv("PRUNING_WEIGHTS_GB", "two")
        status, _, err = call(capsys, *sweep)
        assert status == 1 and "2 of 2 runs failed, the others are stored: kept 0–2, seed 8: PRUNING_WEIGHTS_GB" in err
    status, _, err = call(capsys, *sweep)
    assert status == 0 and "2 of 2: kept 0, 1, seed 8: accuracy" in err and "0 s left" in err


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("--workers", "0"), "cannot run in 0 processes; choose 1 to "),
        (("--workers", "2", "--ray", "auto"), "argument --ray: not allowed with argument --workers"),
        (
            ("--ray", "auto", "--start", "fine-tuned"),
            "--ray runs start pre-trained alone: for fine-tuned every machine",
        ),
    ],
)
def test_where_a_sweep_runs_is_checked_first(capsys, home, model, options, sentence):
    status, _, err = call(capsys, "sweep", "--model", model, "--task", "tweets", *options)
    assert status == 2 and sentence in err


def test_a_landscape_is_a_table_of_best_stacks_or_the_whole_record(capsys, home, model):
    asked = ("landscape", "--model", model, "--task", "tweets", "--max-train", "300")
    status, out, err = call(capsys, *asked)
    assert status == 0 and out.splitlines()[0].split() == ["n_dropped", "kept", "estimate", "validation", "measured"]
    assert len(out.splitlines()) == 5 and "Estimates, not measurements: too few of these stacks were run" in err
    status, out, _ = call(capsys, *asked, "--drop", "3", "--json")
    assert status == 0 and len(json.loads(out)["stacks"]) == len(json.loads(out)["scores"]) == 13
    assert len(call(capsys, "results", "--kind", "landscape", "--json")[1]) > 100


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("--model", "nope"), "unknown model 'nope'; choose one of: minilm-l6"),
        (("--task", "nope"), "unknown task 'nope'; choose one of: movie-reviews"),
        (("--strategy", "nope"), "unknown strategy 'nope'; choose one of: top"),
        (("--recipe", "nope"), "unknown recipe 'nope'; choose one of: quick"),
        (("--drop", "4"), "top cannot drop 4 of 4 layers; choose 0 to 3"),
        (("--drop", "-1"), "top cannot drop -1 of 4 layers; choose 0 to 3"),
        (("--strategy", "even-alternate", "--drop", "3"), "even-alternate cannot drop 3 of 4 layers; choose 0 to 2"),
        (("--strategy", "custom"), "custom needs the layers to drop, such as 0,3"),
        (("--strategy", "custom", "--layers", ""), "custom needs the layers to drop, such as 0,3"),
        (("--strategy", "custom", "--layers", "1,1"), "layer 1 is named more than once"),
        (("--strategy", "custom", "--layers", "1,4"), "there is no layer 4; the model's layers are 0 to 3"),
        (("--strategy", "custom", "--layers", "0-3"), "cannot drop all 4 layers; keep at least one"),
        (("--strategy", "custom", "--layers", "one"), "'one' is not a layer"),
        (("--drop", "1", "--layers", "2"), "strategy top chooses the layers itself"),
        (("--seed", "-1"), "seed -1 is not allowed"),
        (("--drop", "two"), "invalid int value: 'two'"),
        (
            ("--model", "minilm-l6"),
            f"not on this machine yet; fetch it with: {program()} models install minilm-l6",
        ),
    ],
)
def test_the_impossible_gives_one_line_and_status_2(capsys, home, model, arguments, sentence):
    point = {"--model": model, "--task": "tweets"} | dict(zip(arguments[::2], arguments[1::2], strict=True))
    point |= {} if "--layers" in point or "--drop" in point or point.get("--strategy") == "custom" else {"--drop": "1"}
    status, out, err = call(capsys, "plan", *(text for pair in point.items() for text in pair))
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and sentence in err


def test_a_failure_while_running_is_status_1(capsys, tmp_path, monkeypatch, model):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRUNING_HOME", str(tmp_path / "file" / "home"))
    status, out, err = call(capsys, "run", "--model", model, "--task", "tweets", "--strategy", "top", "--drop", "3")
    assert (status, out) == (1, "")
    assert "make the folder writable, or set PRUNING_HOME to another folder" in err


def test_listing_imports_neither_torch_nor_transformers():
    code = (
        "import sys; from pruning.__main__ import main; main(['strategies']); main(['results']);"
        "sys.exit(any(m in sys.modules for m in ('torch', 'transformers', 'datasets', 'evaluate', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_to_install_a_folder_of_ones_own_is_to_be_told_where_it_is(capsys, home, model):
    status, out, _ = call(capsys, "models", "install", model, "--json")
    assert status == 0
    assert json.loads(out) == {"name": model, "folder": model}


@pytest.mark.parametrize("arguments", [("results", "--format", "jsonl"), ("strategies",), ("--help",)])
def test_a_reader_that_has_seen_enough_is_no_error(home, arguments):
    """Once with so much output that it is written in parts, and twice with so little that it is written at the end."""
    for seed in range(20):
        Store().add(make_run(seed=seed))
    process = subprocess.Popen(
        [sys.executable, "-m", "pruning", *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == ("", 0)
    process.stderr.close()


def test_as_a_module_it_prints_help():
    done = subprocess.run([sys.executable, "-m", "pruning", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("plan", "run", "sweep", "results", "similarity", "models"))
