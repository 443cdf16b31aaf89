"""Where a visit starts: half of a large model beside a distilled one, and links whose views have something to show."""

from dataclasses import replace
from html import escape, unescape
from urllib.parse import parse_qsl

import pytest
from rows import make_halves, save_runs, save_shipped

from pruning.store import SHIPPED, Store
from pruning.ui.choice import Choice, from_query
from pruning.ui.start import FIRST_VIEWS, HALVED, first_choice, links
from pruning.ui.tradeoff import TAB
from pruning.ui.view import make_view


@pytest.fixture
def store(tmp_path, home) -> Store:
    return Store(home, save_runs(tmp_path / "shipped", make_halves(90)))


def test_a_newcomer_sees_the_halved_model_beside_the_distilled_one(store):
    assert first_choice(store) == HALVED
    view = make_view(first_choice(store), store)
    told = "MiniLM, distilled from another model to 6 layers and 4 M parameters (here: 4 M), scores 85.5: clearly less."
    assert told in view.story["text"]
    assert "MiniLM 85.5" in str(view.curve["figure"]["layout"]["annotations"])


def test_a_damaged_store_does_not_keep_the_page_away(store):
    store.folder.mkdir(parents=True, exist_ok=True)
    store.path.write_bytes(b"no database" * 500)
    with pytest.raises(OSError):
        store.runs()
    assert first_choice(store) == HALVED


def test_only_what_is_fine_tuned_first_too_stands_beside_it(store):
    again = [replace(run, start="fine-tuned", key=f"again {run.key}") for run in make_halves(90) if run.n_dropped]
    for run in again:
        store.add(run)
    assert "MiniLM" not in make_view(replace(HALVED, start="fine-tuned"), store).story["text"]


def test_without_that_halved_model_the_first_one_is_shown(store, tmp_path):
    assert first_choice(Store(tmp_path / "empty", save_shipped(tmp_path / "small"))) == Choice()
    whole = [run for run in make_halves(90) if run.model == "mpnet-base" and not run.n_dropped]
    assert first_choice(Store(tmp_path / "empty", save_runs(tmp_path / "whole", whole))) == Choice()


@pytest.mark.parametrize("label", FIRST_VIEWS)
def test_a_link_opens_a_view_with_a_score(label, tmp_path):
    choice, tab = FIRST_VIEWS[label]
    view = make_view(choice, Store(tmp_path / "home", SHIPPED))
    assert "→" in view.tiles["tiles"][0]["number"]
    query = unescape(links().split(f">{escape(label)}<")[0].rsplit('"?', 1)[1].rstrip('"'))
    asked = dict(parse_qsl(query, keep_blank_values=True))
    assert from_query(asked) == choice and asked.get("tab", TAB) == tab
