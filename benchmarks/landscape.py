"""How far the landscape's estimates are from true fine-tunings, and what was tried.

    python benchmarks/landscape.py [--tasks movie-reviews tweets] [--seeds 0] [--upper 3 4] [--upper-rates 1.5 1.0]

Each row is written to landscape.csv beside this file as soon as it is measured; rows that are there are not measured
again. `--summary` prints the mean over tasks and seeds of each setting. `error` is the mean absolute difference in
points from the runs that are stored (their mean over seeds), `rank` Spearman's correlation with them, `cost` in units
of one full fine-tuning.
"""

import argparse
import itertools
import sys
import tempfile
from pathlib import Path

import pandas as pd
from measured import write_row

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder

from pruning.shared_training import LOWER_EPOCHS, LOWER_RATE, UPPER_EPOCHS, UPPER_RATE

ROWS = Path(__file__).with_suffix(".csv")
ASKED = ("model", "recipe", "task", "seed", "upper_epochs", "lower_epochs", "upper_rate", "lower_rate")
COLUMNS = (*ASKED, "stacks", "error", "largest", "rank", "cost", "seconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="minilm-l6")
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--tasks", nargs="+", default=["movie-reviews", "product-reviews", "tweets"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--upper", nargs="+", type=int, default=[UPPER_EPOCHS], help="epochs, in those of the recipe")
    parser.add_argument("--lower", nargs="+", type=int, default=[LOWER_EPOCHS], help="epochs, in those of the recipe")
    parser.add_argument(
        "--upper-rates", nargs="+", type=float, default=[UPPER_RATE], help="in the recipe's learning rate"
    )
    parser.add_argument(
        "--lower-rates", nargs="+", type=float, default=[LOWER_RATE], help="in the recipe's learning rate"
    )
    parser.add_argument("--summary", action="store_true", help="only print what is measured")
    options = parser.parse_args()
    done = pd.read_csv(ROWS) if ROWS.exists() else pd.DataFrame(columns=COLUMNS)
    if options.summary:
        settings = list(ASKED[4:])
        columns = ["error", "largest", "rank", "cost", "seconds"]
        print(done.groupby(["task", *settings])[columns].mean().round(2).to_string())
        print(done.groupby(settings)[columns].mean().round(2).to_string())
        return
    known = {tuple(map(str, row)) for row in done[list(ASKED)].itertuples(index=False)}
    grid = (options.seeds, options.upper, options.lower, options.upper_rates, options.lower_rates, options.tasks)
    for seed, upper, lower, upper_rate, lower_rate, task in itertools.product(*grid):
        asked = (options.model, options.recipe, task, seed, upper, lower, upper_rate, lower_rate)
        if tuple(map(str, asked)) in known:
            continue
        row = dict(zip(ASKED, asked, strict=True)) | measure(*asked)
        write_row(ROWS, row)


def measure(model: str, recipe: str, task: str, seed: int, *setting) -> dict:
    """The rest of a row."""
    from pruning import shared_training
    from pruning.landscape import landscape
    from pruning.landscape_frames import errors, rank_correlation
    from pruning.plan import Request
    from pruning.store import Store

    names = ("UPPER_EPOCHS", "LOWER_EPOCHS", "UPPER_RATE", "LOWER_RATE")
    for name, value in zip(names, setting, strict=True):
        setattr(shared_training, name, value)
    with tempfile.TemporaryDirectory() as folder:
        *_, (found,) = landscape(Request(model, task, n_dropped=0, recipe=recipe, seed=seed), Store(Path(folder)))
    table = errors(found, Store().runs(model, task))
    return {
        "stacks": len(table),
        "error": round(float(table.error.abs().mean()), 3),
        "largest": round(float(table.error.abs().max()), 2),
        "rank": round(rank_correlation(table), 3),
        "cost": round(found.cost, 3),
        "seconds": round(found.seconds, 1),
    }


if __name__ == "__main__":
    main()
