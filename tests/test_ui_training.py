"""The tab Training budget: scores by the number of training texts, and whether the order of the strategies turns."""

from dataclasses import replace

import pytest
from plotly.graph_objects import Figure
from rows import make_minilm_run, save_shipped

from pruning.analysis_frames import of_recipe, training_table
from pruning.recipes import RECIPES
from pruning.store import Store
from pruning.ui.choice import Choice, settle
from pruning.ui.training_view import training_view
from pruning.ui.view import version

FULL, TOP, BOTTOM = (0, 1, 2, 3, 4, 5), (0, 1, 2), (3, 4, 5)
SCORES = {500: {FULL: 80, TOP: 60, BOTTOM: 70}, 6040: {FULL: 88, TOP: 84, BOTTOM: 80}}  # texts -> stack -> score


def make_runs() -> list:
    """Three seeds each; the order of the two halves turns with the number of texts."""
    return [
        trained_on(make_minilm_run(kept, score + (seed + (kept == BOTTOM)) % 3 / 10, seed), n_train)
        for n_train, scores in SCORES.items()
        for kept, score in scores.items()
        for seed in (0, 1, 2)
    ]


def trained_on(run, n_train: int):
    recipe = RECIPES["standard"].values() | {"max_train": n_train if n_train < 6040 else None}
    return replace(run, recipe=recipe, n_train=n_train, key=f"{n_train} {run.kept} {run.seed}")


@pytest.fixture
def store(tmp_path, home):
    store = Store(home, save_shipped(tmp_path / "shipped"))
    for run in make_runs():
        store.add(run)
    return store


def view(store, **changes) -> dict:
    choice, subject, topic, _ = settle(Choice(**{"recipe": "standard", "n_dropped": 3} | changes), store)
    return training_view(choice, subject, topic, store, version(store))


def test_runs_of_other_numbers_of_texts_stand_in_one_table_and_quick_ones_do_not():
    runs = of_recipe([*make_runs(), make_minilm_run(TOP)], "standard")
    assert {run.n_train for run in runs} == {500, 6040}
    table = training_table(runs, None, n_dropped=3).set_index(["strategy", "n_train"])
    assert table.score["top", 500] == pytest.approx(60.1) and table.score["", 6040] == pytest.approx(88.1)
    assert (table.low["bottom", 500], table.high["bottom", 500]) == pytest.approx((69.0, 71.2))
    assert "even-alternate" not in table.index.get_level_values("strategy")  # its half was not run


def test_the_figure_has_a_line_per_strategy_over_logarithmic_texts(store):
    figure = Figure(view(store, strategy="bottom")["curve"]["figure"])
    lines = {trace.name: trace for trace in figure.data}
    assert list(lines["Top"].x) == [500, 6040] and list(lines["Top"].y) == [60.1, 84.1]
    assert lines["Full model"].line.dash == "dash" and lines["Bottom"].line.width > lines["Top"].line.width
    assert figure.layout.xaxis.type == "log" and list(figure.layout.xaxis.ticktext) == ["500", "6,040"]


def test_the_sentence_says_that_the_order_turns(store):
    story = view(store, strategy="bottom")["story"]
    assert story["lead"] == "The order turns with the number of training texts:"
    assert story["text"] == (
        "with 500 Bottom leads Top by 10.0 points (sure); with 6,040 Top leads Bottom by 4.0 points (sure). "
        "Against Top Bottom is 10.0 ahead (sure) there, 4.0 behind (sure) here."
    )


def test_the_sentence_says_how_much_the_last_kept_states_differ_between_texts(store):
    text = view(store, strategy="top")["story"]["text"]
    assert "by 0.12% of its length after layer 2, the last one that Top keeps, and by 66% after the last of all" in text
    assert "its length" not in view(store, strategy="bottom")["story"]["text"]  # no state of it is the full model's


def test_with_one_number_of_texts_it_says_what_is_missing_and_how_to_make_it(store):
    found = view(store, recipe="quick")
    assert "fewer than two numbers of training texts" in found["story"]["text"]
    assert found["action"]["command"][-1] == "--max-train 500"
    few = view(store, n_dropped=2)["curve"]["figure"]
    assert not Figure(few).data[1:] and "the full model alone" in few["layout"]["title"]["subtitle"]["text"]


def test_a_number_of_texts_that_is_there_is_not_offered_again(store):
    assert view(store)["action"]["command"][-1] == "--max-train 1000"


def test_a_leader_that_was_not_run_with_the_other_number_of_texts_is_not_compared(store):
    store.add(trained_on(make_minilm_run((0, 2, 4), 75, 0), 500))
    for run in make_runs():
        store.add(trained_on(replace(run, score=run.score - 2), 1000))
    found = view(store)["story"]
    assert found["lead"] == "Who leads is not settled:" and "Even alternate leads Bottom" in found["text"]


def test_numbers_of_texts_that_would_be_all_of_them_are_not_offered(tmp_path, home):
    store = Store(home, save_shipped(tmp_path / "few"))
    for run in make_runs():
        store.add(replace(run, n_train=500 if run.n_train == 500 else 900, key=f"few {run.key}"))
    assert view(store)["action"] == {"text": "", "command": []}


def test_a_number_of_texts_that_was_run_in_part_is_offered_again(store):
    store.add(trained_on(make_minilm_run(TOP, 75, 0), 1000))
    assert view(store)["action"]["command"][-1] == "--max-train 1000"


def test_the_command_names_the_similarity_that_contribution_goes_by(store):
    assert view(store, pooling="mean")["action"]["command"][-1] == "--similarity mean"


@pytest.mark.parametrize("changes", [{500: {BOTTOM: 0}}, {6040: {TOP: 0}}])
def test_a_lead_that_the_seeds_disagree_on_turns_nothing(store, changes):
    """The changed stack scores as the other one does, once above and once below it."""
    for n_train, stacks in changes.items():
        for kept in stacks:
            other = SCORES[n_train][TOP if kept == BOTTOM else BOTTOM]
            for run in make_runs():
                if (run.n_train, run.kept) == (n_train, kept):
                    score = other + run.seed / 10 + (0.5 if run.seed else -0.4)
                    store.replace(replace(run, score=score))
    assert view(store)["story"]["lead"] == "Who leads is not settled:"


def test_with_nothing_dropped_there_is_no_strategy(store):
    found = view(store, n_dropped=0)
    assert found["story"]["text"] == "choose a number of layers to drop."
    assert [trace.name for trace in Figure(found["curve"]["figure"]).data] == ["Full model"]
    assert "--drops 0" in found["action"]["command"]


def test_the_same_training_by_two_recipes_is_one_run():
    runs = make_runs()
    same = [replace(run, key=f"{run.key} again", recipe=run.recipe | {"name": "subset"}) for run in runs]
    assert of_recipe([*runs, *same], "standard") == runs
