"""Which learning rate a recipe should have: trained on the training split, scored on the validation split.

    python benchmarks/learning_rate.py --recipe quick --tasks movie-reviews tweets

Each row is written to learning_rate.csv beside this file as soon as it is measured; rows that are there are not
measured again. `--summary` prints the mean over seeds per model, task, recipe, batch size, dropout, rate and kept set.
"""

import argparse
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
from measured import write_row

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder
ROWS = Path(__file__).with_suffix(".csv")
COLUMNS = ("model", "task", "recipe", "batch_size", "dropout", "learning_rate", "kept", "seed", "metric", "score")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="minilm-l6")
    parser.add_argument("--tasks", nargs="+", default=["movie-reviews"])
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--rates", nargs="+", type=float, default=[3e-5, 5e-5, 1e-4, 2e-4, 4e-4])
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=[16])
    parser.add_argument("--dropouts", nargs="+", type=float, default=[0.0, 0.1])
    parser.add_argument("--drops", nargs="+", type=int, default=[0, 3], help="top layers dropped")
    parser.add_argument("--kept", nargs="+", default=[], metavar="LAYERS", help='other stacks instead, such as "0 4 7"')
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--summary", action="store_true", help="only print what is measured")
    options = parser.parse_args()
    done = pd.read_csv(ROWS) if ROWS.exists() else pd.DataFrame(columns=COLUMNS)
    if options.summary:
        grouped = done.groupby(["model", "task", "recipe", "batch_size", "dropout", "learning_rate", "kept"])
        means = grouped.score.agg(["mean", "min", "count"])
        print(means.round(2).to_string())
        return
    known = {tuple(map(str, row)) for row in done[list(COLUMNS[:8])].itertuples(index=False)}
    grid = (options.seeds, options.tasks, options.batch_sizes, options.dropouts, stacks(options), options.rates)
    for seed, task, batch_size, dropout, kept, rate in itertools.product(*grid):
        asked = (options.model, task, options.recipe, batch_size, dropout, rate, kept, seed)
        row = validate(*asked, known=known)
        if row:
            write_row(ROWS, row)


def stacks(options: argparse.Namespace) -> list[str]:
    """The layers that are kept, as they stand in a row."""
    from pruning.models import resolve
    from pruning.strategies import kept_layers

    top = (kept_layers("top", resolve(options.model).n_layers, n_dropped) for n_dropped in options.drops)
    return options.kept or [" ".join(map(str, kept)) for kept in top]


def validate(model_name, task, recipe_name, batch_size, dropout, rate, kept, seed, known) -> dict | None:
    """One row: fine-tuned with that rate, scored on the validation split; None where it is known already."""
    from pruning.models import resolve
    from pruning.recipes import RECIPES
    from pruning.tasks import load_task

    weights, data = resolve(model_name), load_task(task)
    asked = (model_name, task, recipe_name, batch_size, dropout, rate, kept, seed)
    if tuple(map(str, asked)) in known:
        return None
    recipe = replace(RECIPES[recipe_name], learning_rate=rate, batch_size=batch_size, dropout=dropout)
    found = validation_score(weights, data, tuple(map(int, kept.split())), recipe, seed)
    return dict(zip(COLUMNS, (*asked, data.task.metrics[0], round(found, 2)), strict=True))


def nothing(_) -> None:
    """What is changed, and who listens, where nobody says."""


def validation_score(
    weights, data, kept: tuple[int, ...], recipe, seed: int, change: Callable = nothing, watch: Callable = nothing
) -> float:
    """The task's main metric, in percent, of a stack fine-tuned by that recipe.

    `change` is done to the model first; `watch` hears the training's progress after every step.
    """
    from pruning.batches import encode
    from pruning.finetune import as_predictions, finetune, predict
    from pruning.layers import drop_layers
    from pruning.metrics import score
    from pruning.models import load_model, load_tokenizer

    train, tokenizer = data.train.first(recipe.max_train), load_tokenizer(weights)
    model = drop_layers(load_model(weights, data.task.n_labels, seed), kept)
    change(model)
    encoded = encode(tokenizer, train.texts, recipe.max_tokens)
    for progress in finetune(model, encoded, train.labels, recipe, seed):
        watch(progress)
    *_, logits = predict(model, encode(tokenizer, data.validation.texts, recipe.max_tokens))
    metric = data.task.metrics[0]
    return score((metric,), data.validation.labels, as_predictions(logits))[metric]


if __name__ == "__main__":
    main()
