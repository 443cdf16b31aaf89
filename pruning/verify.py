"""Proof that stored runs are true: some are chosen at random, made again from nothing but their row, and compared."""

import random
import re
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import torch

from .device import default_device
from .execute import fetch, make
from .models import resolve
from .plan import Request
from .progress import Progress, explain
from .runs import Run, RunSpec
from .store import Store

IDENTICAL, WITHIN, OUTSIDE, OTHER = "identical", "within its interval", "MISMATCH", "cannot be compared"
FIXED = ("key", "n_layers", "n_dropped", "metric", "n_train", "n_eval", "parameters", "flops")  # on every machine
SCORED = ("score", "metrics", "interval")  # on the same kind of machine
SAME = ("device", "precision")  # and the libraries: where these are equal, so must be the score
LIBRARIES = ("torch", "transformers")
THREADS = re.compile(r"cpu: (\d+) threads")


def choose(runs: Sequence[Run], n: int, seed: int) -> list[Run]:
    """`n` of the runs, at random; the same ones for the same seed, in whatever order the runs come."""
    if not 1 <= n <= len(runs):
        raise ValueError(f"--sample {n}: there are {len(runs)} shipped runs to choose from; give 1 to {len(runs)}")
    return random.Random(seed).sample(sorted(runs, key=lambda run: run.key), n)


def verify(runs: Sequence[Run]) -> Iterator[Progress | dict]:
    """Progress, and a row for each run (see `compare`); one that cannot be made again here ends none of the others."""
    for number, run in enumerate(runs, 1):
        try:
            for event in run_again(run):
                if isinstance(event, Progress):
                    yield replace(event, stage=f"{number} of {len(runs)}: {event.stage}")
            yield compare(run, event)
        except Exception as error:  # one run's trouble is told, and leaves the others be
            yield describe(run) | {"again": None, "same_kind": None, "verdict": OTHER, "why": explain(error)}


def run_again(run: Run) -> Iterator[Progress | Run]:
    """Yields progress, and at last the new run, which is stored nowhere.

    ValueError: the weights or the texts are not the run's any more.
    """
    yield from fetch(run.model)
    weights = resolve(run.model)
    if weights.revision != run.revision:
        raise ValueError(
            f"run {run.key[:12]} is of other weights than {weights.name} on this machine; nothing to compare"
        )
    spec = RunSpec(**{f.name: getattr(run, f.name) for f in fields(RunSpec)})
    full = {"strategy": "top", "n_dropped": 0} if not run.dropped else {"strategy": "custom", "layers": run.dropped}
    how = {"recipe": run.recipe["name"], "max_train": run.recipe["max_train"], "start": run.start}
    request = Request(run.model, run.task, seed=run.seed, **how, **full)
    with tempfile.TemporaryDirectory() as folder:
        yield (yield from with_threads(run, make(request, spec, weights, Store(Path(folder), Path(folder)))))


def with_threads(run: Run, making: Generator[Progress, None, tuple]) -> Generator[Progress, None, Run]:
    """On a CPU as many threads as the run had: sums depend on how they are divided."""
    asked, before = THREADS.match(run.device), torch.get_num_threads()
    if asked and default_device().type == "cpu":
        torch.set_num_threads(int(asked[1]))
    try:
        found, _ = yield from making
        return found
    finally:
        torch.set_num_threads(before)


def describe(stored: Run) -> dict:
    """What was stored, with low and high, the ends of its interval."""
    names = ("key", "model", "task", "kept", "seed", "recipe", "start", "score")
    return {name: getattr(stored, name) for name in names} | dict(zip(("low", "high"), stored.interval, strict=True))


def compare(stored: Run, found: Run) -> dict:
    """A row of the report: what was stored, again (the score that came out now), same_kind (of machine and libraries;
    None: it was not made), verdict, and why (the fields that are not as they were stored, or what went wrong).

    On the same kind of machine with the same libraries only the very same numbers will do.
    """
    row = describe(stored)
    same = all(getattr(stored, name) == getattr(found, name) for name in SAME)
    same = same and all(stored.versions.get(name) == found.versions.get(name) for name in LIBRARIES)
    wrong = [name for name in FIXED + SCORED if getattr(stored, name) != getattr(found, name)]
    if not wrong:
        verdict = IDENTICAL
    else:
        may_differ = not same and not set(wrong) & set(FIXED) and row["low"] <= found.score <= row["high"]
        verdict = WITHIN if may_differ else OUTSIDE
    return row | {"again": found.score, "same_kind": same, "verdict": verdict, "why": ", ".join(wrong)}
