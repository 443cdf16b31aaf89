"""Stored runs are made again from their rows alone and compared; a false row is found out."""

import json
from collections import deque
from dataclasses import replace

import pytest
import torch
from rows import make_run
from wheels import write_model

from pruning.__main__ import main
from pruning.execute import execute
from pruning.plan import Request
from pruning.progress import Progress
from pruning.runs import FINE_TUNED, Run, to_json
from pruning.store import Store
from pruning.verify import IDENTICAL, OTHER, OUTSIDE, WITHIN, choose, compare, verify, with_threads


@pytest.fixture
def runs(home, index, row, files, tmp_path) -> list[Run]:
    """Made on this machine: the full tiny model, and one dropped from it after fine-tuning."""
    write_model(index, files)
    store = Store(tmp_path / "store", tmp_path / "none")
    deque(
        execute(Request(row.name, "tweets", "bottom", 3, max_train=200, start=FINE_TUNED), store), maxlen=0
    )  # trains the full one too
    return store.runs()


def rows(runs) -> list[dict]:
    return [event for event in verify(runs) if not isinstance(event, Progress)]


def test_a_true_run_comes_out_the_same_from_its_row_alone(runs, home):
    before = torch.get_num_threads()
    found = rows(runs)
    assert [row["verdict"] for row in found] == [IDENTICAL, IDENTICAL] and all(row["same_kind"] for row in found)
    assert [row["again"] for row in found] == [run.score for run in runs]
    assert torch.get_num_threads() == before and Store().runs("tiny") == []  # the user's own rows are left alone
    changed = replace(runs[0], revision="0" * 64)
    other, last = rows([changed, runs[1]])
    assert other["verdict"] == OTHER and "other weights" in other["why"] and last["verdict"] == IDENTICAL


def test_a_model_that_cannot_be_fetched_is_told_and_leaves_the_others_be(runs, home, monkeypatch):
    def fetch(model):
        if model == "gone":
            raise ConnectionError("the hub is out of reach")
        yield from ()

    monkeypatch.setattr("pruning.verify.fetch", fetch)
    gone, there = rows([replace(runs[0], model="gone"), runs[0]])
    assert (gone["verdict"], gone["why"], gone["same_kind"]) == (OTHER, "the hub is out of reach", None)
    assert there["verdict"] == IDENTICAL


def test_as_many_threads_are_used_as_the_row_names():
    def making():
        yield
        return torch.get_num_threads(), None

    before, again = torch.get_num_threads(), with_threads(make_run(device="cpu: 3 threads, a processor"), making())
    next(again)
    with pytest.raises(StopIteration) as ended:
        next(again)
    assert ended.value.value == 3 and torch.get_num_threads() == before


def test_a_false_row_is_told_with_status_1(runs, tmp_path, monkeypatch, capsys):
    false = replace(runs[0], score=99.0, interval=(98.0, 100.0))
    shipped = tmp_path / "shipped"
    (shipped / "run").mkdir(parents=True)
    (shipped / "run" / "tiny.jsonl").write_text(to_json(false) + "\n")
    monkeypatch.setattr("pruning.results_command.Store", lambda: Store(tmp_path / "own", shipped))
    assert main(["results", "verify", "--sample", "1", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)[0]["verdict"] == OUTSIDE and false.key[:12] in err
    assert main(["results", "verify", "--sample", "2"]) == 2 and "there are 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes, verdict",
    [
        ({}, IDENTICAL),
        ({"score": 79.0}, OUTSIDE),
        ({"score": 79.0, "device": "cuda: another"}, WITHIN),
        ({"score": 79.0, "precision": "bfloat16"}, WITHIN),
        ({"score": 79.0, "versions": {"torch": "9.0"}}, WITHIN),
        ({"score": 60.0, "device": "cuda: another"}, OUTSIDE),
        ({"metrics": {"accuracy": 80.0, "f1": 1.0}}, OUTSIDE),
        ({"interval": (0.0, 100.0)}, OUTSIDE),
        ({"parameters": 1, "device": "cuda: another"}, OUTSIDE),  # no machine has other parameters
        ({"n_train": 1, "device": "cuda: another"}, OUTSIDE),
    ],
)
def test_only_another_kind_of_machine_or_library_may_move_a_score_within_its_interval(changes, verdict):
    stored = make_run(score=80.0)
    assert compare(stored, replace(stored, **changes))["verdict"] == verdict


def test_the_same_seed_chooses_the_same_runs_in_whatever_order_they_are_stored():
    runs = [make_run(seed=seed) for seed in range(9)]
    runs = [replace(run, key=str(run.seed)) for run in runs]
    assert choose(runs, 3, seed=1) == choose(runs[::-1], 3, seed=1) != choose(runs, 3, seed=2)
