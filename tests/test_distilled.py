"""A pruned model beside a distilled one: same recipe and task, called better only where that is sure."""

import pytest
from rows import make_halves, save_runs

from pruning.curve import find_point, measured_curve
from pruning.distilled import Distilled, find_distilled, tell_distilled
from pruning.store import Store


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_runs(tmp_path / "shipped", make_halves(90)))


def test_the_distilled_model_is_found_by_the_same_recipe_and_task(store):
    found = find_distilled("mpnet-base", "movie-reviews", "", "subset", store)
    assert (found.label, found.n_layers, found.parameters, found.full.score) == ("MiniLM", 6, 4_000_000, 85.5)
    assert find_distilled("mpnet-base", "movie-reviews", "", "quick", store) is None
    assert find_distilled("mpnet-base", "tweets", "", "subset", store) is None
    assert find_distilled("mpnet-base", "movie-reviews", "other texts", "subset", store) is None
    assert find_distilled("minilm-l6", "movie-reviews", "", "subset", store) is None
    assert find_distilled("a/model", "movie-reviews", "", "subset", store) is None


@pytest.mark.parametrize("score, verdict", [(90, "clearly less"), (86, "too close to tell"), (80, "clearly more")])
def test_only_scores_that_the_test_texts_tell_apart_decide(score, verdict):
    half, small = ([run for run in make_halves(score) if run.model == name] for name in ("mpnet-base", "minilm-l6"))
    own = find_point(measured_curve(half, None), "top", 6)
    beside = Distilled("MiniLM", 6, 4_000_000, measured_curve(small, None)[0])
    told = tell_distilled(own, 7_000_000, beside)
    assert told.startswith(
        "MiniLM, distilled from another model to 6 layers and 4 M parameters (here: 7 M), scores 85.5: "
    )
    assert verdict in told
    assert tell_distilled(None, None, beside) == tell_distilled(own, 7_000_000, None) == ""
