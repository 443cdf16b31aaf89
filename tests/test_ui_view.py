"""What the page shows of a choice, as plain values; on a store of explicit rows."""

import threading
from dataclasses import replace

import pytest
from rows import make_minilm_run, save_shipped

from pruning.store import Store
from pruning.strategies import STRATEGIES
from pruning.ui.choice import COMPARED, Choice
from pruning.ui.view import make_request, make_view

BERT = Choice(model="bert-base-uncased")


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


def test_tiles_curve_stack_sentence_heatmap_and_command_show_the_same_choice(store):
    view = make_view(Choice(strategy="bottom", n_dropped=1), store)
    assert view.tiles["tiles"][0]["number"] == "Bottom · drop 1 → 70.5"
    assert view.tiles["query"].endswith("strategy=bottom&drop=1")
    marker = [shape for shape in view.curve["figure"]["layout"]["shapes"] if shape.get("yref") == "y domain"]
    assert [shape["x0"] for shape in marker] == [1]
    assert [layer["name"] for layer in view.stack["layers"] if layer["off"]] == ["layer 0"]
    assert [trace["x"][0] for trace in view.heatmap["figure"]["data"] if trace.get("name") == "dropped"] == [-0.5]
    assert view.story["lead"] == "Bottom is not the one to choose here:"
    assert "--strategy bottom" in view.action["command"] and "--drop 1" in view.action["command"]


def test_the_subtitle_says_which_recipe_how_many_seeds_and_how_many_texts(store):
    subtitle = make_view(Choice(), store).curve["figure"]["layout"]["title"]["subtitle"]["text"]
    assert "1,000 test texts" in subtitle and "recipe quick" in subtitle and "2 seeds" in subtitle


def test_a_choice_without_a_stored_run_gives_no_number(store):
    view = make_view(Choice(n_dropped=2), store)
    assert view.tiles["tiles"][0] == {"number": "Top · drop 2", "text": "not measured yet: run it live"}
    assert view.tiles["tiles"][1]["number"] == "–"


def test_only_compared_strategies_and_the_one_looked_at_are_drawn(store):
    view = make_view(Choice(compare=("bottom",)), store)
    names = {trace["name"] for trace in view.curve["figure"]["data"]} - {"leader", "seeds"}
    assert names == {"Top", "Bottom"}


def test_contribution_is_drawn_by_the_stored_similarities(store):
    view = make_view(Choice(strategy="contribution", n_dropped=2), store)
    assert [layer["name"] for layer in view.stack["layers"] if layer["off"]] == ["layer 4", "layer 3"]
    assert [layer["cosine"] for layer in view.stack["layers"]] == ["0.600", "0.900", "0.950", "0.900", "0.800", "0.700"]


def test_without_similarities_it_is_not_known_what_contribution_drops(store):
    view = make_view(Choice(task="tweets", strategy="contribution"), store)
    assert "not known" in view.stack["subtitle"] and not any(layer["off"] for layer in view.stack["layers"])
    assert view.action["text"].startswith("Fetches MiniLM first (83 MB). Compares the layers first")


@pytest.mark.parametrize(
    "choice, problem",
    [
        (Choice(strategy="custom", layers="9"), "there is no layer 9; the model's layers are 0 to 5"),
        (Choice(strategy="custom", layers=""), "custom needs the layers to drop"),
        (Choice(strategy="custom", layers="1,1"), "layer 1 is named more than once"),
        (Choice(strategy="custom", layers="a"), "'a' is not a layer"),
        (Choice(model="no such model"), "unknown model 'no such model'"),
        (BERT, "GLUE average is published only"),
    ],
)
def test_what_cannot_be_run_says_why_and_the_button_is_off(store, choice, problem):
    view = make_view(choice, store)
    assert problem in view.action["text"] and view.action["command"] == [] and not view.can_run


def test_published_numbers_are_shown_without_measured_rows_and_can_be_run_where_there_is_data(store):
    view = make_view(replace(BERT, task="sst2", n_dropped=4), store)
    assert view.tiles["tiles"][0]["number"] == "Top · drop 4 → 90.6" and view.rows["title"] == ""
    assert view.can_run and view.action["text"].startswith("Fetches BERT-base first (440 MB).")


def test_the_expected_time_says_what_it_rests_on(store):
    assert (
        "training takes about 50 s (median of 4 runs of this size shipped with this program)"
        in make_view(Choice(n_dropped=1), store).action["text"]
    )
    assert "not known" in make_view(Choice(n_dropped=4), store).action["text"]


def test_an_empty_seed_field_takes_the_next_seed_that_was_not_run(store):
    assert make_request(Choice(n_dropped=1), store).seed == 2
    assert make_request(Choice(n_dropped=2), store).seed == 0
    assert make_request(Choice(n_dropped=1, seed=1), store).seed == 1


def test_a_new_row_is_seen_at_once_and_starred(store):
    choice = Choice(n_dropped=2)
    assert "not measured" in make_view(choice, store).tiles["tiles"][0]["text"]
    store.add(make_minilm_run((0, 1, 2, 3), 78.0))
    view = make_view(choice, store)
    assert view.tiles["tiles"][0]["number"] == "Top · drop 2 → 78.0"
    top = next(trace for trace in view.curve["figure"]["data"] if trace["name"] == "Top")
    assert top["marker"]["symbol"] == ["circle", "circle", "star"]


def test_views_are_made_for_many_visitors_at_once(store):
    problems = []

    def visit(strategy):
        try:
            for n_dropped in (0, 1, 2):
                view = make_view(Choice(strategy=strategy, n_dropped=n_dropped), store)
                assert STRATEGIES[strategy].label in view.tiles["tiles"][0]["number"] or n_dropped == 0
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=visit, args=(strategy,)) for strategy in COMPARED]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def titles(view):
    title = view.curve["figure"]["layout"]["title"]
    return title["text"], title["subtitle"]["text"]


@pytest.mark.parametrize("compare", [COMPARED, ()])
def test_layers_named_by_hand_show_their_run_whatever_is_compared(store, compare):
    store.add(make_minilm_run((0, 2, 3, 5), 77.0))  # no strategy drops these
    for layers, score, full in (("1,4", "77.0", "80.0 with"), ("5", "79.5", "80.5")):  # and Top drops this one
        view = make_view(Choice(strategy="custom", layers=layers, compare=compare), store)
        assert view.tiles["tiles"][0]["number"].endswith(f"→ {score}")
        assert f"points below the full model ({full}" in view.tiles["tiles"][0]["text"]
        custom = [trace for trace in view.curve["figure"]["data"] if trace["name"] == "Custom"]
        assert float(score) in custom[0]["y"] and "full model 80.5" in str(view.curve["figure"]["layout"])


@pytest.mark.parametrize(
    "choice, number, title, lead",
    [
        (Choice(strategy="custom", compare=()), "Custom", "No point of Custom", "Custom drops the layers you name:"),
        (replace(BERT, strategy="custom"), "Custom", "Score against", "Custom drops the layers you name:"),
        (replace(BERT, task="sst2", source="wong2022", strategy="even-alternate", compare=()),
         "Even alternate · drop 2", "No point of Even", "Even alternate with 2 of 12 layers dropped is not published:"),
        (Choice(strategy="contribution", pooling="mean", compare=()), "Contribution · drop 2",
         "No point of Contribution", "Contribution with 2 of 6 layers dropped is not measured yet:"),
    ],
)  # fmt: skip
def test_where_nothing_is_to_be_drawn_the_title_says_so_and_no_result_is_denied(store, choice, number, title, lead):
    view = make_view(choice, store)
    assert view.tiles["tiles"][0]["number"] == number
    assert titles(view)[0].startswith(title) and view.story["lead"] == lead
    assert "not measured" not in view.tiles["tiles"][0]["text"] or choice.model == "minilm-l6"


def test_a_source_without_costs_shows_none(store):
    choice = replace(BERT, task="sst2", n_dropped=4)
    assert [tile["number"] for tile in make_view(choice, store).tiles["tiles"]][1:] == ["80 M", "−33%", "1.48×"]
    other = make_view(replace(choice, source="wong2022"), store)
    assert [tile["number"] for tile in other.tiles["tiles"]][1:] == ["–", "–", "–"]


@pytest.mark.parametrize(
    "strategy, what", [("top", "Drops 2 layers (Top)"), ("contribution", "Compares the layers first, drops the 2")]
)
def test_what_a_run_would_do_with_a_model_that_is_not_here_yet(store, strategy, what):
    text = make_view(Choice(model="owner/name", strategy=strategy), store).action["text"]
    assert text.startswith(f"Fetches owner/name first. {what}")


@pytest.mark.parametrize(
    "changes, stored",
    [
        ({"recipe": {"name": "quick", "epochs": 9}}, "1 run of other recipes or starts is stored"),
        ({"revision": "s" * 64}, "1 run of other weights is stored"),
    ],
)
def test_an_empty_curve_says_which_runs_cannot_stand_in_it(store, changes, stored):
    store.add(replace(make_minilm_run(task="tweets"), **changes))
    title, subtitle = titles(make_view(Choice(task="tweets"), store))
    assert title == "No stored run of MiniLM on Tweets with recipe quick yet"
    assert subtitle == f"{stored} · run a point live to see it here"


@pytest.mark.parametrize("n_layers", [6, 4])
def test_the_results_of_other_weights_are_never_shown_as_this_models(store, n_layers):
    other = make_minilm_run(task="tweets", score=99.0)
    store.add(replace(other, revision="s" * 64, n_layers=n_layers, kept=tuple(range(n_layers))))
    assert "99" not in str(make_view(Choice(task="tweets", n_dropped=0), store).tiles)
