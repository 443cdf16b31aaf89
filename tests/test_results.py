"""What ships in assets/results is complete, made by a committed program, and belongs to the data that ship."""

import sys
from dataclasses import fields

import pytest

from pruning.frames import strategy_points
from pruning.models import MODELS
from pruning.recipes import RECIPES
from pruning.runs import AS_IS, FINE_TUNED, KINDS, PRE_TRAINED, RunSpec
from pruning.store import SHIPPED, Store
from pruning.tasks import load_task

MODEL = MODELS["minilm-l6"]
TASKS = ("movie-reviews", "product-reviews", "tweets")
SEEDS = {"quick": (0, 1), "standard": (0, 1, 2)}
STANDARD = (*TASKS, "movie-intensity")  # tasks whose sweep with that recipe is complete
COMPLETE = [("quick", task) for task in TASKS] + [("standard", task) for task in STANDARD]


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "home", SHIPPED)


def runs_of(store, recipe, task, start=PRE_TRAINED) -> list:
    return [r for r in store.runs(MODEL.name, task) if (r.recipe, r.start) == (RECIPES[recipe].values(), start)]


@pytest.mark.parametrize("recipe, task", COMPLETE)
def test_every_strategy_and_number_was_run_with_every_seed(store, recipe, task):
    by_pooling = {s.pooling: s for s in store.similarities(MODEL.name, task)}
    assert by_pooling.keys() == {"sentence", "mean"}
    points = strategy_points(MODEL.n_layers, by_pooling["sentence"].mean)
    wanted = {(kept, seed) for _, _, kept in points for seed in SEEDS[recipe]}
    if recipe != "quick":  # five of the full model, which every loss is counted from
        wanted |= {(tuple(range(MODEL.n_layers)), seed) for seed in (3, 4)}
    assert wanted == {(run.kept, run.seed) for run in runs_of(store, recipe, task)}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("start", [FINE_TUNED, AS_IS])
@pytest.mark.parametrize("recipe, strategies", [("quick", ("top",)), ("standard", ("top", "contribution"))])
def test_layers_were_dropped_in_every_order(store, recipe, strategies, task, start):
    similarity = next(s.mean for s in store.similarities(MODEL.name, task) if s.pooling == "sentence")
    points = strategy_points(MODEL.n_layers, similarity)
    first = 0 if (recipe, start) == ("standard", FINE_TUNED) else 1  # 0: the full model trained twice, for comparison
    stacks = {kept for name, n_dropped, kept in points if name in strategies and n_dropped >= first}
    runs = runs_of(store, recipe, task, start)
    assert {(run.kept, run.seed) for run in runs} == {(kept, seed) for kept in stacks for seed in SEEDS[recipe]}


@pytest.mark.parametrize(
    "task, max_train, thrice",  # numbers of dropped layers that every strategy was run with three seeds of
    [
        ("movie-reviews", 2000, (0, 6, 10)),
        ("product-reviews", 2000, (0, 6)),
        ("movie-reviews", 1000, (0, 6, 10)),
        ("movie-reviews", 500, (0, 6, 10)),
    ],
)
def test_the_larger_model_was_run_with_every_strategy(store, task, max_train, thrice):
    name, once = "mpnet-base", (1, 2, 4, 6, 8, 10, 11) if max_train == 2000 else ()
    recipe = RECIPES["subset"].values() | {"max_train": max_train}
    similarity = next(s.mean for s in store.similarities(name, task) if s.pooling == "sentence")
    wanted = {(kept, 0) for _, n, kept in strategy_points(MODELS[name].n_layers, similarity) if n in once}
    points = [kept for _, n, kept in strategy_points(MODELS[name].n_layers, similarity) if n in thrice]
    wanted |= {(kept, seed) for kept in points for seed in (0, 1, 2)}
    assert wanted <= {(run.kept, run.seed) for run in store.runs(name, task) if run.recipe == recipe}


def test_rows_belong_to_the_weights_texts_and_recipe_that_ship(store):
    for run in store.runs():
        assert run.key == RunSpec(**{field.name: getattr(run, field.name) for field in fields(RunSpec)}).key
        assert (run.revision, run.data) == (MODELS[run.model].sha256, load_task(run.task).fingerprint)
        most = run.recipe["max_train"] or sys.maxsize
        assert run.n_train == min(most, len(load_task(run.task).train.texts))
        assert run.recipe == RECIPES[run.recipe["name"]].values() | {"max_train": run.recipe["max_train"]}
    for kind in KINDS:
        for record in store.records(kind):
            assert (record.revision, record.data) == (MODELS[record.model].sha256, load_task(record.task).fingerprint)


def test_rows_were_made_by_a_committed_program_on_one_device(store):
    versions = {record.versions["pruning"] for kind in KINDS for record in store.records(kind)}
    assert all("+" in version and "dirty" not in version for version in versions)
    assert len({run.device for run in store.runs()}) == 1


@pytest.mark.parametrize("task", TASKS)
def test_every_tab_has_something_to_show_of_the_default_model(store, task):
    kinds = {kind: len(store.records(kind, MODEL.name, task)) for kind in KINDS}
    assert kinds["matrix"] == 4  # two poolings each
    check_analysed(store, MODEL.name, task, "quick", "standard")


@pytest.mark.parametrize("task", ["movie-reviews", "product-reviews"])
def test_the_model_of_twelve_layers_has_its_probes_and_drift(store, task):
    check_analysed(store, "mpnet-base", task, "subset")


def check_analysed(store, model, task, *recipes) -> None:
    """Probes before fine-tuning, and probes and drift of the full model and of its lowest half, by both poolings."""
    n_layers, recipe_of = MODELS[model].n_layers, {run.key: run.recipe["name"] for run in store.runs(model, task)}
    stacks = {(recipe, n) for recipe in recipes for n in (n_layers, n_layers // 2)} - {("quick", n_layers // 2)}
    for kind in ("probe", "drift"):
        found = [(recipe_of.get(r.run, ""), len(r.kept), r.pooling) for r in store.records(kind, model, task)]
        assert len(found) == len(set(found))
        missing = {(*stack, pooling) for stack in stacks for pooling in ("sentence", "mean")} - set(found)
        assert not missing, kind


def test_times_of_runs_of_one_size_agree(store):
    """A row that was timed on a busy machine shows here."""
    for recipe, task in COMPLETE:
        for n_dropped in range(MODEL.n_layers):
            runs = [run for run in runs_of(store, recipe, task) if run.n_dropped == n_dropped]
            times = sorted(run.latency_ms["32"] for run in runs)
            assert times[-1] < 1.5 * times[0], (recipe, task, n_dropped, times)


def test_all_of_it_is_small(store):
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*.jsonl")) < 5_000_000
