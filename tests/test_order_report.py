"""The findings on the order of dropping and fine-tuning: one table per model and task, a row per stack."""

from dataclasses import replace

import pytest
from rows import make_minilm_run, save_runs

from pruning.order_report import order_findings
from pruning.recipes import RECIPES
from pruning.runs import AS_IS, FINE_TUNED, PRE_TRAINED
from pruning.store import Store

FULL, TOP, BOTTOM = (0, 1, 2, 3, 4, 5), (0, 1, 2), (3, 4, 5)
SCORES = {(PRE_TRAINED, FULL): 88, (PRE_TRAINED, TOP): 80, (PRE_TRAINED, BOTTOM): 79, (FINE_TUNED, TOP): 81}
HEAD = "| dropped | strategy | drop, then fine-tune | fine-tune, drop, then fine-tune again | fine-tune, then drop: "


def make_store(folder, scores, recipe="standard") -> Store:
    runs = [
        replace(
            make_minilm_run(kept, score + (seed + (start == FINE_TUNED)) % 3 / 10, seed),
            start=start,
            recipe=RECIPES[recipe].values(),
        )
        for (start, kept), score in scores.items()
        for seed in (0, 1, 2)
    ]
    runs = [replace(run, key=f"{recipe} {number}") for number, run in enumerate(runs)]
    return Store(folder / "home", save_runs(folder / "shipped", runs))


def test_each_stack_that_was_dropped_from_a_fine_tuned_model_is_a_row(tmp_path):
    text = order_findings(make_store(tmp_path, SCORES))
    assert f"**MiniLM, movie reviews, recipe standard.**\n{HEAD}" in text
    assert text.endswith("| 3 | Top | 80.1 | 81.1 |  | +1.0 (+0.6 to +1.4), sure |\n") and "Bottom" not in text


def test_the_full_model_trained_twice_tells_what_longer_training_gains(tmp_path):
    text = order_findings(make_store(tmp_path, SCORES | {(FINE_TUNED, FULL): 89}))
    assert "| 0 | full model | 88.1 | 89.1 |  | +1.0 (+0.6 to +1.4), sure |\n| 3 | Top |" in text


def test_runs_on_other_texts_are_left_out(tmp_path):
    store = make_store(tmp_path, SCORES)
    other = [replace(run, data="other") if run.start == FINE_TUNED else run for run in store.runs()]
    assert order_findings(Store(tmp_path / "home", save_runs(tmp_path / "others", other))) == ""


def test_chance_is_told(tmp_path):
    store = make_store(tmp_path, SCORES | {(AS_IS, TOP): 55})
    assert "| 81.1 | 55.1 | +1.0" in order_findings(store)
    at_chance = [replace(run, metrics={"matthews": 0.0}) if run.start == AS_IS else run for run in store.runs()]
    store = Store(tmp_path / "home", save_runs(tmp_path / "other", at_chance))
    assert "| 81.1 | 55.1 (at chance) | +1.0" in order_findings(store)


@pytest.mark.parametrize("recipe", ["quick", "subset"])
def test_the_longest_recipe_that_was_run_in_several_orders_is_told(recipe, tmp_path):
    assert f"recipe {recipe}.**" in order_findings(make_store(tmp_path, SCORES, recipe))


def test_without_other_orders_nothing_is_said(tmp_path):
    only = {key: score for key, score in SCORES.items() if key[0] == PRE_TRAINED}
    assert order_findings(make_store(tmp_path, only)) == ""
