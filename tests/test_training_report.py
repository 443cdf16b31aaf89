"""The findings on the training budget: who leads with how many texts, and what the experiments on why came to."""

from dataclasses import replace

import pytest
from rows import make_minilm_run, save_shipped

from pruning.recipes import RECIPES
from pruning.runs import to_json
from pruning.store import Store
from pruning.training_report import experiments, order_tables, orders, states

FULL, TOP, BOTTOM = (0, 1, 2, 3, 4, 5), (0, 1, 2), (3, 4, 5)
SCORES = {500: {FULL: 80, TOP: 60, BOTTOM: 70}, 6040: {FULL: 88, TOP: 84, BOTTOM: 80}}  # texts -> stack -> score
EXPERIMENT = "model,task,head,precision,learning_rate,n_train,kept,seed,score\n"


def row(head: str, kept: str, seed: int, score: float) -> str:
    return f"minilm-l6,movie-reviews,{head},bfloat16,0.0001,500,{kept},{seed},{score}\n"


@pytest.fixture
def store(tmp_path) -> Store:
    shipped = save_shipped(tmp_path / "shipped")
    runs = [
        replace(
            make_minilm_run(kept, score + (seed + (kept == BOTTOM)) % 3 / 10, seed),
            recipe=RECIPES["standard"].values() | {"max_train": n_train if n_train < 6040 else None},
            n_train=n_train,
            key=f"{n_train} {kept} {seed}",
        )
        for n_train, scores in SCORES.items()
        for kept, score in scores.items()
        for seed in (0, 1, 2)
    ]
    (shipped / "run" / "more.jsonl").write_text("".join(f"{to_json(run)}\n" for run in runs))
    return Store(tmp_path / "home", shipped)


def test_the_leader_is_told_for_every_number_of_texts(store):
    text = orders(store)
    assert "**MiniLM, movie reviews, 3 of 6 layers dropped.**\n| texts | Top | Bottom | leader |" in text
    assert (
        "| 500 | 60.1 | 70.1 | Bottom +10.0 on Top; sure |\n| 6,040 | 84.1 | 80.1 | Top +4.0 on Bottom; sure |" in text
    )
    assert "1 of 6" not in text  # run with one number of texts alone, and of another recipe


def test_states_are_told_in_percent_and_what_is_the_same_for_every_text_is_0(store):
    text = states(store)
    assert "| after layer | MiniLM, sentence token |\n" in text
    assert text.endswith("| emb | 0 |\n| 0 | 0.3 |\n| 1 | 0.3 |\n| 2 | 0.12 |\n| 3 | 1 |\n| 4 | 3 |\n| 5 | 66 |\n")


def test_beside_the_states_stands_what_top_scores_where_it_ends_there(store, tmp_path):
    runs = [
        make_minilm_run(kept, score, seed) for kept, score in ((FULL, 85), (TOP, 79), (BOTTOM, 78)) for seed in (0, 1)
    ]
    runs = [replace(run, recipe=RECIPES["subset"].values(), key=f"short {n}") for n, run in enumerate(runs)]
    (store.shipped / "run" / "short.jsonl").write_text("".join(f"{to_json(run)}\n" for run in runs))
    text = states(store)
    assert "| after layer | MiniLM, sentence token | MiniLM, score of Top that ends here |\n" in text
    assert text.endswith("| 1 | 0.3 |  |\n| 2 | 0.12 | 79.0 |\n| 3 | 1 |  |\n| 4 | 3 |  |\n| 5 | 66 | 85.0 |\n")


def test_an_experiment_is_low_against_high_seed_by_seed(tmp_path):
    path = tmp_path / "rows.csv"
    scores = {("pooler", "0 1 2"): (47, 48), ("pooler", "3 4 5"): (69, 70.5), ("mean", "0 1 2"): (73, 73)}
    scores |= {("mean", "3 4 5"): (71, 72)}
    rows = [row(head, kept, seed, s) for (head, kept), both in scores.items() for seed, s in enumerate(both)]
    path.write_text(EXPERIMENT + "".join(rows))
    text = experiments(path)
    assert "| 0.0001 | bfloat16 | 500 | 47.5 | 69.8 | −22.2 (−25.4 to −19.1) | every seed | 2 |" in text
    assert text.index("through the pooler") < text.index("the mean over all tokens | 0.0001 | bfloat16 | 500 | 73.0")


def test_what_the_low_half_knows_is_told_of_the_fewest_texts_and_the_most(tmp_path):
    path, few = tmp_path / "rows.csv", [row("pooler", "0 1 2", 0, 47), row("mean", "0 1 2", 0, 72)]
    few += [row("pooler", "3 4 5", 0, 69), row("mean", "3 4 5", 0, 70)]
    many = [line.replace(",500,", ",2000,").replace(",47\n", ",78\n") for line in few]
    path.write_text(EXPERIMENT + "".join(few + many))
    assert "the low half scores 47.0 and 72.0 with 500 texts, 78.0 and 72.0 with 2,000 texts. The mean" in experiments(
        path
    )
    path.write_text(EXPERIMENT + "".join(few))
    assert "the low half scores" not in experiments(path)


def test_without_rows_nothing_is_said(tmp_path):
    empty = Store(tmp_path / "home", tmp_path / "none")
    assert orders(empty) == states(empty) == experiments(tmp_path / "none.csv") == ""


@pytest.mark.parametrize("other", ["", row("mean", "3 4 5", 1, 71)])
def test_half_an_experiment_is_no_finding(tmp_path, other):
    path = tmp_path / "rows.csv"
    path.write_text(EXPERIMENT + row("mean", "0 1 2", 0, 73) + other)
    assert experiments(path) == ""


def test_every_model_and_task_of_the_experiments_has_its_table(tmp_path):
    path = tmp_path / "rows.csv"
    both = row("mean", "0 1 2", 0, 73) + row("mean", "3 4 5", 0, 71)
    path.write_text(EXPERIMENT + both + both.replace("movie-reviews", "tweets"))
    text = experiments(path)
    assert text.count("| the mean over all tokens |") == 2 and "MiniLM, tweets, validation split" in text


def test_a_strategy_that_was_not_run_with_some_number_of_texts_is_blank_there(tmp_path):
    runs = [
        replace(
            make_minilm_run(kept, 80 + seed, seed),
            recipe=RECIPES["standard"].values() | {"max_train": n_train},
            n_train=n_train,
            key=f"{n_train} {kept} {seed}",
        )
        for n_train, stacks in (
            (500, (TOP, BOTTOM)),
            (1000, (TOP, BOTTOM, (0, 2, 4))),
            (2000, (TOP, BOTTOM, (0, 2, 4))),
        )
        for kept in stacks
        for seed in (0, 1)
    ]
    (table,) = order_tables(runs, None)
    assert "| 500 | 80.5 |  | 80.5 | – |" in table and "| 1,000 | 80.5 | 80.5 | 80.5 | – |" in table
