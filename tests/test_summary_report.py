"""The findings in short: each sentence from rows made up for it, and none where they are missing."""

from dataclasses import replace

from rows import MPNET, make_halves, make_minilm_run, make_run, save_runs

from pruning.lines import find_lines
from pruning.recipes import RECIPES
from pruning.runs import AS_IS, FINE_TUNED, PRE_TRAINED
from pruning.store import Store
from pruning.summary_report import in_short

FULL, TOP, BOTTOM, EVEN = (0, 1, 2, 3, 4, 5), (0, 1, 2), (3, 4, 5), (0, 2, 4)
SCORES = {FULL: 88, TOP: 84, BOTTOM: 80, EVEN: 87}


def make_runs(scores: dict = SCORES, start=PRE_TRAINED, max_train=None, **changes) -> list:
    """Three seeds each, recipe standard; gaps between two stacks differ from seed to seed."""
    return [
        replace(
            make_minilm_run(kept, score + (seed + number) % 3 / 10, seed),
            recipe=RECIPES["standard"].values() | {"max_train": max_train},
            start=start,
            n_train=max_train or 6040,
            key=f"{kept} {seed} {start} {max_train}",
            **changes,
        )
        for number, (kept, score) in enumerate(scores.items())
        for seed in (0, 1, 2)
    ]


def tell(folder, runs) -> str:
    store = Store(folder / "home", save_runs(folder / "shipped", runs))
    return in_short(list(find_lines(store)), store)


def test_who_wins_and_how_many_layers_go(tmp_path):
    text = tell(tmp_path, make_runs())
    assert "dropped, then fine-tuned, best is Even alternate on 1 of 1 tasks, surely on 1.\n" in text
    assert (
        "- MiniLM (recipe standard): a mean loss of at most 2 points buys 3 of 6 layers, 0 of them certainly.\n" in text
    )
    assert text.count("\n- ") == 2  # nothing on what was not run


def test_a_model_halved_stands_beside_a_distilled_one(tmp_path):
    other = [replace(make_run(tuple(range(6, 12)), 80 + s, s, **MPNET), n_layers=12, n_dropped=6) for s in (0, 1)]
    text = tell(tmp_path, [*make_halves(90), *other])
    assert "its lower half (4 M parameters) scores +5.0 points on MiniLM (4 M, as many layers, distilled" in text
    assert "fine-tuned alike; 1 task, surely more on none.\n" in text


def test_what_fine_tuning_before_the_drop_gains_and_what_is_left_without_training_after_it(tmp_path):
    chance = {"metrics": {"accuracy": 50, "matthews": 0.0}}
    runs = [*make_runs(), *make_runs({FULL: 88.2, TOP: 85}, FINE_TUNED), *make_runs({TOP: 50}, AS_IS, **chance)]
    text = tell(tmp_path, runs)
    assert "half of the layers as well as after, it gains +1.0 points; 1 task, surely on none. The full" in text
    assert "The full model trained twice gains +0.2.\n" in text
    assert "not trained after Top drops half of the layers, it is at chance on 1 of 1 task.\n" in text


def test_the_fewest_texts_stand_beside_the_most(tmp_path):
    text = tell(tmp_path, [*make_runs(), *make_runs({FULL: 80, TOP: 75, BOTTOM: 70}, max_train=500)])
    assert (
        "MiniLM, half of its layers dropped, movie reviews: with 500 texts Top is best with 75.1 (sure); "
        "with 6,040 texts Top scores 84.1, Even alternate 87.1 (sure).\n" in text
    )


def test_a_number_of_texts_that_top_was_not_run_with_is_left_out(tmp_path):
    text = tell(tmp_path, [*make_runs(), *make_runs({FULL: 80, EVEN: 75, BOTTOM: 70}, max_train=500)])
    assert "with 500 texts" not in text


def test_without_rows_nothing_is_said(tmp_path):
    assert tell(tmp_path, []) == ""
