"""How long a view of a store of 100,000 runs takes: 20 models, 10 tasks, 500 runs of each.

python benchmarks/store.py
"""

import sqlite3
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder

from pruning.runs import RunSpec, to_json
from pruning.store import SCHEMA, Store
from pruning.ui.choice import Choice, marked_models
from pruning.ui.updates import all_updates

TASKS = ("movie-reviews", "product-reviews", "tweets", *(f"own:file{i}" for i in range(7)))
MODELS = ("minilm-l6", *(f"owner/model{i}" for i in range(19)))
EACH = 500


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = fill(Path(folder))
        print(f"list of models {milliseconds(lambda: marked_models(store)):.0f} ms")
        found = [
            milliseconds(lambda: all_updates(choice, (), None, store))
            for task in TASKS[:3]
            for strategy in ("top", "bottom", "symmetric", "even-alternate")
            if (choice := Choice("minilm-l6", task, "measured", strategy, n_dropped=2))
        ]
        print(f"changed choices, in turn (every fourth with another task): {', '.join(f'{ms:.0f}' for ms in found)} ms")


def milliseconds(work) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def fill(folder: Path) -> Store:
    """A store of copies of shipped runs, under other seeds, tasks and models."""
    rows, names = [], ("model", "revision", "task", "data", "kept", "seed", "recipe", "start")
    for model in MODELS:
        for task in TASKS:
            shipped = Store(folder).runs("minilm-l6", task if task in TASKS[:3] else "tweets")
            shipped = [run for run in shipped if run.start == "pre-trained"]
            for n in range(EACH):
                run = replace(shipped[n % len(shipped)], model=model, task=task, seed=2 + n)
                run = replace(run, key=RunSpec(**{name: getattr(run, name) for name in names}).key)
                rows.append(("run", run.key, model, task, run.created_at, to_json(run)))
    with sqlite3.connect(folder / "runs.sqlite") as database:
        database.executescript("pragma journal_mode = wal; " + SCHEMA)
        database.executemany("insert into records values (?, ?, ?, ?, ?, ?)", rows)
    return Store(folder)


if __name__ == "__main__":
    main()
