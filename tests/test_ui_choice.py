"""What a visitor can choose, as a link, a command and a click; on a store of explicit rows."""

from dataclasses import fields, replace
from urllib.parse import parse_qsl

import pytest
from rows import save_shipped

from pruning import program
from pruning.models import MODELS
from pruning.store import Store
from pruning.ui import choice as choices
from pruning.ui.choice import Choice, as_command, as_query, dropped_layers, from_query, pick_point, settle
from pruning.ui.topics import find_topic

BERT = Choice(model="bert-base-uncased")


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


def test_the_first_choice_is_a_model_and_task_with_stored_runs(store):
    choice, subject, *_ = settle(Choice(), store)
    assert (choice.model, choice.task, choice.source, subject.n_layers) == ("minilm-l6", "movie-reviews", "measured", 6)


@pytest.mark.parametrize(
    "given, settled",
    [
        (BERT, {"task": "GLUE average", "source": "sajjad2020"}),
        (replace(BERT, task="sst2", source="wong2022"), {"task": "sst2", "source": "wong2022"}),
        (replace(BERT, task="GLUE average", source="wong2022"), {"source": "sajjad2020"}),  # not reported there
        (Choice(task="GLUE average"), {"task": "movie-reviews"}),  # MiniLM is in no paper
        (Choice(n_dropped=99), {"n_dropped": 5}),
        (Choice(strategy="odd-alternate", n_dropped=5), {"n_dropped": 3}),
        (Choice(strategy="nonsense"), {"strategy": "top"}),
    ],
)
def test_what_does_not_go_together_is_replaced_by_the_nearest_that_does(store, given, settled):
    choice, *_ = settle(given, store)
    assert {name: getattr(choice, name) for name in settled} == settled


@pytest.mark.parametrize(
    "choice",
    [
        Choice(task="tweets", strategy="bottom", n_dropped=3),
        Choice(task="tweets", strategy="custom", layers="1,4", budget=1, seed=7, pooling="mean", recipe="standard"),
        replace(BERT, task="sst2", source="wong2022", compare=("top",)),
        Choice(model="owner/name & more", task="tweets", compare=()),
    ],
)
def test_a_link_stands_for_the_same_choice(choice):
    assert from_query(dict(parse_qsl(as_query(choice), keep_blank_values=True))) == choice


def test_what_a_link_cannot_mean_is_passed_over():
    nonsense = {"drop": "many", "budget": "7", "recipe": "none", "pooling": "x", "seed": "-1", "compare": "top,x"}
    assert from_query(nonsense) == Choice(compare=("top",))


@pytest.mark.parametrize(
    "choice, seed, command",
    [
        (Choice(task="tweets"), 0, "--model minilm-l6 --task tweets --strategy top --drop 2"),
        (Choice(model="/my models/x", task="tweets", n_dropped=0), 1,
         "--model '/my models/x' --task tweets --strategy top --drop 0 --seed 1"),
        (Choice(task="tweets", strategy="custom", layers="1, 4", recipe="standard", pooling="mean"), 0,
         "--model minilm-l6 --task tweets --strategy custom --layers 1,4 --recipe standard --similarity mean"),
    ],
)  # fmt: skip
def test_the_command_does_the_same_as_the_button(choice, seed, command):
    assert " ".join(as_command(choice, find_topic(choice.task), seed)) == f"{program()} run {command}"


def test_every_command_is_understood_by_the_command_line():
    from pruning.__main__ import build_parser

    choice = Choice(task="tweets", strategy="custom", layers="1,4", recipe="standard", pooling="mean")
    pieces = as_command(choice, find_topic("tweets"), 3)
    options = build_parser().parse_args(" ".join(pieces).split()[3:])
    assert (options.layers, options.seed, options.recipe, options.similarity) == ((1, 4), 3, "standard", "mean")


def test_models_are_marked_by_what_there_is_to_see(store):
    marks = {name: text.rsplit(" · ", 1)[1] for text, name in choices.marked_models(store)}
    assert list(marks) == list(MODELS)
    assert (marks["minilm-l6"], marks["bert-base-uncased"], marks["electra-small"]) == (
        "measured",
        "published",
        "live only",
    )


@pytest.mark.parametrize(
    "point, chosen",
    [
        ({"strategy": "bottom", "n_dropped": 1, "layers": [0]}, Choice(strategy="bottom", n_dropped=1)),
        ({"strategy": "custom", "n_dropped": 2, "layers": [1, 4]}, Choice(strategy="custom", layers="1,4")),
        ({"strategy": "sideways", "n_dropped": 1}, Choice()),
        ({"strategy": ["top"], "n_dropped": 1}, Choice()),
        ({"strategy": "top", "n_dropped": "1"}, Choice()),
        ({"strategy": "top", "n_dropped": True}, Choice()),
        ({"strategy": "custom", "n_dropped": 2, "layers": None}, Choice()),
        ({"strategy": "custom", "n_dropped": 2, "layers": [1]}, Choice()),
        ({"strategy": "custom", "n_dropped": 1, "layers": ["<img>"]}, Choice()),
        ({}, Choice()),
    ],
)
def test_a_clicked_point_is_chosen_and_anything_else_a_page_may_send_is_passed_over(point, chosen):
    assert pick_point(Choice(), point) == chosen


def test_layers_named_for_a_model_that_is_not_here_yet_are_known_and_none_are_refused():
    assert dropped_layers(Choice(strategy="custom", layers="30, 4"), None, None) == (4, 30)
    assert dropped_layers(Choice(), None, None) is None
    with pytest.raises(ValueError, match="custom needs the layers to drop"):
        dropped_layers(Choice(strategy="custom"), None, None)


@pytest.mark.parametrize(
    "sent",
    [None, [], {"a": 1}, -1, 1.5, 10**20, True, float("nan"), float("inf"), "no such thing", "²", "9" * 5000, "\ud800"]
    + [["nothing"], [["top"]]],
)
def test_what_a_page_cannot_have_sent_is_passed_over(sent, store):
    odd = choices.read(dict.fromkeys((f.name for f in fields(Choice)), sent))
    numbers_and_tables = ("recipe", "pooling", "start", "budget", "n_dropped", "seed")
    assert [getattr(odd, name) for name in numbers_and_tables] == [getattr(Choice, name) for name in numbers_and_tables]
    assert odd.compare == (() if isinstance(sent, list) else Choice.compare)
    choice, *_ = settle(odd, store)
    assert choice.strategy == "top" and from_query(dict(parse_qsl(as_query(choice)))).seed is None


def test_a_whole_number_may_come_as_a_fraction_or_in_digits():
    assert choices.read({"n_dropped": 3.0, "seed": "7"}) == Choice(n_dropped=3, seed=7)
