import json
from dataclasses import MISSING, fields, replace
from datetime import datetime

import pytest
from rows import make_run

from pruning.recipes import get_recipe
from pruning.runs import PRE_TRAINED, Run, RunSpec, Similarity, from_json, now, to_json

SPEC = RunSpec("minilm-l6", "53aa51", "movie-reviews", "f7c5d3", (0, 1, 3), 0, get_recipe("quick").values())
RUN = make_run((0, 1, 3), 83.25)
SIMILARITY = Similarity(
    "minilm-l6", "53aa51", "movie-reviews", "f7c5d3", "mean", (0.9, 0.8), (0.01, 0.02), 2000, {"torch": "2.13.0"}
)


def test_the_key_of_a_spec_is_the_same_in_every_version_of_this_program():
    """Stored rows are found by it: a change here makes every stored run be trained again."""
    spec = RunSpec("m", "r", "t", "d", (0, 2), 1, {"name": "quick", "epochs": 1, "learning_rate": 1e-4, "max": None})
    assert spec.key == "9a50fc5c93b4065030b736455af147bdbed40098c995bf4e559c84741f8eb1f0"


def test_the_key_does_not_depend_on_the_order_of_the_recipe():
    assert replace(SPEC, recipe=dict(reversed(SPEC.recipe.items()))).key == SPEC.key


@pytest.mark.parametrize(
    "change",
    [
        {"model": "mpnet-base"},
        {"revision": "53aa52"},
        {"task": "tweets"},
        {"data": "f7c5d4"},
        {"kept": (0, 1, 2)},
        {"kept": (0, 1)},
        {"seed": 1},
        {"recipe": SPEC.recipe | {"learning_rate": 2e-5}},
        {"recipe": SPEC.recipe | {"name": "mine"}},
        {"start": "fine-tuned"},
    ],
)
def test_whatever_can_change_a_result_changes_the_key(change):
    assert replace(SPEC, **change).key != SPEC.key


def test_a_run_starts_from_the_pre_trained_model_unless_said_otherwise():
    assert SPEC.start == PRE_TRAINED == "pre-trained"


@pytest.mark.parametrize("kept, dropped", [((0, 3), (1, 2)), ((0, 1, 2, 3), ()), ((3,), (0, 1, 2))])
def test_dropped_is_what_is_not_kept(kept, dropped):
    assert make_run(kept).dropped == dropped


@pytest.mark.parametrize("record", [RUN, SIMILARITY, replace(RUN, model='Ünï/\u2028 "x"\n')])
def test_a_record_survives_json_on_one_line(record):
    line = to_json(record)
    assert "\n" not in line
    assert from_json(type(record), line) == record
    assert json.loads(line)["key"] == record.key


def test_the_json_of_a_run_has_the_fields_other_programs_rely_on():
    assert {
        *("key", "model", "revision", "task", "kept", "n_layers", "n_dropped", "seed", "recipe", "start", "metric"),
        *("score", "interval", "n_eval", "parameters", "train_seconds", "latency_ms", "device", "versions"),
        "created_at",
    } <= set(json.loads(to_json(RUN)))


def test_unknown_fields_are_passed_over():
    line = json.dumps(json.loads(to_json(RUN)) | {"added_later": 1})
    assert from_json(Run, line) == RUN


@pytest.mark.parametrize("name", [f.name for f in fields(Run) if f.default is f.default_factory is MISSING])
def test_a_run_without_one_of_its_fields_is_refused_by_its_name(name):
    values = json.loads(to_json(RUN))
    del values[name]
    with pytest.raises(ValueError, match=f"not a Run record: .*'{name}'"):
        from_json(Run, json.dumps(values))


@pytest.mark.parametrize("line", ["", "{", "[]", "3", "null", '"run"', to_json(RUN)[:-20]])
def test_what_is_no_record_is_refused(line):
    with pytest.raises(ValueError):
        from_json(Run, line)


def test_similarities_are_told_apart_by_model_revision_task_data_and_pooling():
    others = [replace(SIMILARITY, **{name: "other"}) for name in ("model", "revision", "task", "data", "pooling")]
    assert len({s.key for s in (SIMILARITY, *others)}) == 6


def test_now_is_utc_to_the_second():
    time = datetime.fromisoformat(now())
    assert time.utcoffset().total_seconds() == 0 and time.microsecond == 0
