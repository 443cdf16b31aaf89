"""Small explicit rows of a four-layer model, for tests of what is done with rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pruning.models import MODELS
from pruning.recipes import RECIPES
from pruning.runs import Drift, Landscape, LayerMatrix, Probe, Run, RunSpec, Similarity, to_json

FULL = (0, 1, 2, 3)
REVISION, DATA = "r" * 64, "d" * 16


def make_run(kept=FULL, score=80.0, seed=0, recipe="quick", spread=1.0, **changes) -> Run:
    """A run of `kept`, whose interval reaches `spread` to either side of its score."""
    names = ("model", "revision", "task", "data", "start")
    defaults = {"model": "tiny", "revision": REVISION, "task": "movie-reviews", "data": DATA, "start": "pre-trained"}
    spec = RunSpec(
        kept=tuple(kept), seed=seed, recipe=RECIPES[recipe].values(), **{n: changes.get(n, defaults[n]) for n in names}
    )
    values = {name: getattr(spec, name) for name in (*names, "key", "kept", "seed", "recipe")}
    run = Run(
        **values,
        n_layers=4,
        n_dropped=4 - len(kept),
        metric="accuracy",
        score=score,
        metrics={"accuracy": score},
        interval=(score - spread, score + spread),
        n_train=1500,
        n_eval=1000,
        parameters=1_000_000 + 500_000 * len(kept),
        flops=1000 * len(kept),
        train_seconds=10.0 * len(kept),
        latency_ms={"1": 1.0 * len(kept), "32": 20.0 * len(kept)},
        latency_quartiles_ms={"1": (1.0, 2.0), "32": (20.0, 40.0)},
        history=(0.7, 0.5),
        device="cpu, 2 cores",
        versions={},
        created_at="2025-11-22T10:00:00+00:00",
    )
    return replace(run, **{name: value for name, value in changes.items() if name not in names})


def make_similarity(mean=(0.7, 0.8, 0.95, 0.9), **changes) -> Similarity:
    values = {"model": "tiny", "revision": REVISION, "task": "movie-reviews", "data": DATA, "pooling": "sentence"}
    return Similarity(**values | {"mean": tuple(mean), "std": (0.01,) * len(mean), "n_texts": 100} | changes)


ANALYSED = {"model": "tiny", "revision": REVISION, "task": "movie-reviews", "data": DATA, "pooling": "sentence"}


TUNED = {"recipe": RECIPES["quick"].values(), "start": "pre-trained"}


def make_matrix(n=5, measure="cosine", **changes) -> LayerMatrix:
    """1 on the diagonal, less the farther from it."""
    rows = tuple(tuple(1 - abs(i - j) / 10 for j in range(n)) for i in range(n))
    return LayerMatrix(**ANALYSED | {"measure": measure, "matrix": rows, "n_texts": 100} | changes)


def make_drift(mean=(1.0, 0.9, 0.8, 0.6, 0.3), kept=FULL, **changes) -> Drift:
    values = {"run": "k" * 64, "kept": tuple(kept), "seed": 0, "n_texts": 100} | TUNED
    quartiles = tuple((m - 0.1, m, m + 0.1) for m in mean)
    return Drift(**ANALYSED | values | {"mean": tuple(mean), "quartiles": quartiles} | changes)


def make_probe(scores=(55.0, 70.0, 79.5, 80.0, 78.0), kept=FULL, run="", **changes) -> Probe:
    values = {"kept": tuple(kept), "metric": "accuracy", "scores": tuple(scores), "n_texts": 100, "split": "validation"}
    values |= {"intervals": tuple((s - 2, s + 2) for s in scores), "run": run, "seed": 0 if run else None}
    return Probe(**ANALYSED | values | (TUNED if run else {}) | changes)


def make_minilm_run(kept=(0, 1, 2, 3, 4, 5), score=80.0, seed=0, task="movie-reviews") -> Run:
    """The same for the default model, six layers."""
    run = make_run(kept, score, seed, model="minilm-l6", revision=MODELS["minilm-l6"].sha256, task=task)
    return replace(run, n_layers=6, n_dropped=6 - len(kept))


MPNET = {"model": "mpnet-base", "revision": MODELS["mpnet-base"].sha256, "recipe": "subset"}


def make_halves(score: float) -> list:
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


def save_runs(folder: Path, runs: Sequence[Run]) -> Path:
    """A folder of shipped rows that holds these."""
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "all.jsonl").write_text("".join(f"{to_json(run)}\n" for run in runs))
    return folder


def save_shipped(folder: Path, tasks=("movie-reviews",), landscape: bool = False) -> Path:
    """A folder of shipped rows: the default model whole and with one layer dropped from either end, two seeds each,
    its similarities, and a landscape of the first task; every further task scores one point higher."""
    kept = {(0, 1, 2, 3, 4, 5): 80.0, (0, 1, 2, 3, 4): 79.0, (1, 2, 3, 4, 5): 70.0}
    known = {"model": "minilm-l6", "revision": MODELS["minilm-l6"].sha256}
    runs = [
        make_minilm_run(layers, score + seed + more, seed, task)
        for more, task in enumerate(tasks)
        for layers, score in kept.items()
        for seed in (0, 1)
    ]
    cosines, variation = (0.7, 0.8, 0.9, 0.95, 0.9, 0.6), (None, 0.003, 0.003, 0.0012, 0.01, 0.03, 0.66)
    similarities = [make_similarity(cosines, variation=variation, task=task, **known) for task in tasks]
    shipped = {"run": runs, "similarity": similarities}
    if landscape:
        estimates = {(0, 1, 2, 3, 4, 5): (82.0, 81.0), (0, 1, 2, 3, 4): (80.0, 79.0), (1, 2, 3, 4, 5): (79.0, 80.0)}
        estimates[(0, 1, 2, 4, 5)] = (78.0, 78.0)
        shipped["landscape"] = [make_landscape(estimates, n_layers=6, task=tasks[0], data=runs[0].data, **known)]
    for kind, records in shipped.items():
        (folder / kind).mkdir(parents=True)
        (folder / kind / "minilm-l6.jsonl").write_text("".join(f"{to_json(record)}\n" for record in records))
    return folder


ESTIMATES = {  # stack -> estimate on test and on validation texts
    FULL: (82.0, 81.0),
    (0, 1, 2): (79.0, 80.0),
    (1, 2, 3): (75.0, 74.0),
    (0, 1): (66.0, 67.0),
    (0, 3): (70.0, 71.0),
    (3,): (60.0, 61.0),
}


def make_landscape(estimates: dict | None = None, **changes) -> Landscape:
    estimates = estimates or ESTIMATES
    values = {"model": "tiny", "revision": REVISION, "task": "movie-reviews", "data": DATA, "seed": 0}
    values |= {"recipe": RECIPES["quick"].values(), "n_layers": 4, "metric": "accuracy", "stacks": tuple(estimates)}
    values |= {"scores": tuple(s for s, _ in estimates.values()), "validation": tuple(v for _, v in estimates.values())}
    values |= {"n_eval": 1000, "n_validation": 500, "cost": 2.6, "seconds": 50.0, "device": "cpu, 2 cores"}
    return Landscape(**values | {"precision": "float32", "versions": {}, "created_at": "2026-11-26"} | changes)
