"""A pruned model beside a distilled one: same recipe and task, called better only where that is sure."""

from dataclasses import replace

import pytest
from rows import make_minilm_run, make_run

from pruning.distilled import Distilled, find_distilled, tell_distilled
from pruning.frames import find_point, measured_curve
from pruning.models import MODELS
from pruning.runs import to_json
from pruning.store import Store
from pruning.ui.choice import Choice
from pruning.ui.start import HALVED, STARTS, first_choice, links
from pruning.ui.view import make_view

MPNET = {"model": "mpnet-base", "revision": MODELS["mpnet-base"].sha256, "recipe": "subset"}


def halves(score: float) -> list:
    """MPNet whole and halved, two seeds each, and MiniLM in full by the same recipe, at 85 and 86."""
    runs = [
        replace(make_run(kept, points + seed, seed, **MPNET), n_layers=12, n_dropped=12 - len(kept))
        for kept, points in ((tuple(range(12)), 91), (tuple(range(6)), score))
        for seed in (0, 1)
    ]
    subset = {"recipe": runs[0].recipe}
    return runs + [
        replace(make_minilm_run(score=85 + seed, seed=seed), key=f"small {seed}", **subset) for seed in (0, 1)
    ]


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save(halves(90), tmp_path / "shipped"))


def save(runs, folder):
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "all.jsonl").write_text("".join(f"{to_json(run)}\n" for run in runs))
    return folder


def test_the_distilled_model_is_found_by_the_same_recipe_and_task(store):
    assert find_distilled("mpnet-base", "movie-reviews", "", "subset", store) == Distilled(
        "MiniLM", 6, 4_000_000, 85.5, 84.0, 87.0
    )
    assert find_distilled("mpnet-base", "movie-reviews", "", "quick", store) is None
    assert find_distilled("mpnet-base", "tweets", "", "subset", store) is None
    assert find_distilled("mpnet-base", "movie-reviews", "other texts", "subset", store) is None
    assert find_distilled("minilm-l6", "movie-reviews", "", "subset", store) is None
    assert find_distilled("a/model", "movie-reviews", "", "subset", store) is None


@pytest.mark.parametrize("score, verdict", [(90, "clearly less"), (86, "the intervals overlap"), (80, "clearly more")])
def test_only_intervals_that_are_apart_decide(score, verdict):
    curve = measured_curve([run for run in halves(score) if run.model == "mpnet-base"], None)
    own, beside = find_point(curve, "top", 6), Distilled("MiniLM", 6, 4_000_000, 85.5, 84.0, 87.0)
    assert tell_distilled(own, beside).startswith(
        "MiniLM, a distilled model of 6 layers and 4 M parameters, scores 85.5: "
    )
    assert verdict in tell_distilled(own, beside)
    assert tell_distilled(None, beside) == tell_distilled(own, None) == ""


def test_a_newcomer_sees_the_halved_model_beside_the_distilled_one(store, tmp_path):
    assert first_choice(store) == HALVED
    view = make_view(first_choice(store), store)
    assert "MiniLM, a distilled model of 6 layers and 4 M parameters, scores 85.5: clearly less." in view.story["text"]
    assert "MiniLM 85.5" in str(view.curve["figure"]["layout"]["annotations"])
    assert first_choice(Store(tmp_path / "empty", tmp_path / "none")) == Choice()


def test_every_link_to_start_with_is_one_of_the_page():
    assert links().count("<a href=") == len(STARTS) and "recipe=subset" in links()
