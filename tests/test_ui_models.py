"""The tab Models: where every model stands, in words; what a click may ask; what was looked up."""

import pytest
from processes import wait_until
from rows import save_shipped
from tiny import save_tiny
from wheels import write_model

from pruning.installs import Install, Installs
from pruning.jobs import CANCELLED, FAILED, RUNNING, WAITING
from pruning.models import MODELS, installed_folder
from pruning.progress import FETCHING, Progress
from pruning.store import Store
from pruning.ui import models as tab
from pruning.weights import HUB_COMMIT

ANN, BOB = "ann", "bob"


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


@pytest.fixture
def installs(home):
    installs = Installs()
    yield installs
    installs.close()


def rows(installs, store, visitor=ANN) -> dict[str, dict]:
    return {row["model"]: row for row in tab.describe_models(installs, visitor, store)["rows"]}


def test_every_registered_model_has_its_size_and_a_button(installs, store):
    found = rows(installs, store)
    assert list(found) == list(MODELS)
    assert (found["mpnet-base"]["size"], found["mpnet-base"]["layers"]) == ("405 MB", 12)
    assert {row["action"] for row in found.values()} == {"Install"}
    assert found["minilm-l6"]["numbers"] == "measured" and found["bert-base-uncased"]["numbers"] == "published"


def test_what_is_here_can_be_used_also_a_hub_model_that_was_fetched_by_its_id(installs, store):
    folder = save_tiny("bert", installed_folder("owner/name"))
    (folder / HUB_COMMIT).write_text("c0ffee\n")
    found = rows(installs, store)["owner/name"]
    assert (found["state"], found["action"], found["layers"]) == ("on this machine", "Use", 4)


PART = Progress(FETCHING, 40_000_000, 80_000_000, seconds_left=8)


@pytest.mark.parametrize(
    "install, state, action, percent",
    [
        (Install("electra-small", frozenset({ANN}), WAITING), "waits for another download", "Cancel", None),
        (Install("electra-small", frozenset({ANN}), RUNNING), "asking for it", "Cancel", None),
        (Install("electra-small", frozenset({ANN}), RUNNING, PART), "fetching 40 of 80 MB, 8 s left", "Cancel", 50),
        (
            Install("electra-small", frozenset({BOB}), RUNNING, PART),
            "fetching 40 of 80 MB, 8 s left, for another visitor",
            "",
            50,
        ),
        (Install("electra-small", frozenset(), RUNNING, PART), "cancelling, for another visitor", "", None),
        (Install("electra-small", frozenset({ANN}), CANCELLED), "cancelled; what has come is kept", "Install", None),
        (Install("electra-small", frozenset({ANN}), FAILED, error="no hub"), "no hub", "Install", None),
        (None, "not here", "Install", None),
    ],
)
def test_where_a_download_stands_and_what_its_button_does(home, install, state, action, percent):
    told = tab.stand("electra-small", install, ANN)
    assert (told["state"], told["action"], told["percent"]) == (state, action, percent)


def test_a_click_installs_and_says_how_far_it_is(installs, store, index, row, files):
    write_model(index, files)
    tab.do(installs, ANN, "tiny", "Install")
    wait_until(lambda: rows(installs, store)["tiny"]["state"] == "on this machine")
    assert tab.describe_models(installs, ANN, store)["told"] == "Tiny: on this machine"


@pytest.mark.parametrize(
    "model, action", [("tiny", "Remove"), (None, "Install"), (["tiny"], "Install"), ("tiny", None)]
)
def test_what_a_page_must_not_ask_is_refused(installs, model, action):
    with pytest.raises(ValueError, match="is nothing that can be done; load the page again"):
        tab.do(installs, ANN, model, action)
    with pytest.raises(ValueError, match="not loaded yet"):
        tab.do(installs, "", "tiny", "Install")


def test_a_folder_is_looked_up_with_its_architecture_layers_and_parameters(home, tmp_path):
    folder = save_tiny("albert", tmp_path / "mine")
    card = tab.describe_other(str(folder))
    facts = {fact["name"]: fact["text"] for fact in card["facts"]}
    assert (facts["Architecture"], facts["Layers"]) == ("ALBERT", "4") and facts["Parameters"].endswith("K")
    assert "only their number can change" in facts["Note"]
    assert tab.place(card, Installs(), ANN)["stands"][0]["action"] == "Use"


@pytest.mark.parametrize(
    "model, problem",
    [
        ("nonsense", "unknown model 'nonsense'"),
        ("owner/name", "hub"),  # offline here
        ("/no/such/folder", "there is no folder /no/such/folder"),
    ],
)
def test_what_cannot_be_found_is_explained(home, model, problem):
    card = tab.describe_other(model)
    assert problem in card["problem"] and not card["model"]
    assert tab.place(card, Installs(), ANN)["stands"] == []


def test_the_address_of_a_models_page_is_taken_for_its_id(home):
    assert "owner/name" in tab.describe_other("https://huggingface.co/owner/name/")["problem"]  # offline here


def test_nothing_asked_is_nothing_wrong(home):
    assert tab.describe_other("") == tab.NOTHING


def test_where_strangers_share_the_machine_another_visitors_hub_model_is_not_listed(installs, store, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "owner/space")
    assert list(rows(installs, store)) == list(MODELS)
    assert "this hosted app runs the listed models only" in tab.describe_other("owner/name")["problem"]
