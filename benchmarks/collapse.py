"""Why some stacks learn nothing: what the sentence token does while they train.

    python benchmarks/collapse.py --kept "4 5 6 7 8 9 10 11" --rates 1e-4 2e-5 --warm-ups 0.1 0.5

Trained as recipe subset says but for what is varied, scored on the validation split. Every ten steps one row: how much
the sentence token differs between validation texts after the last layer, in percent of the mean state's length; the
norm of the lowest layer's gradient; the mean loss since the row before; and in the last row the score. The rows of a
training are written to collapse.csv beside this file when it ends; a training that is there is not made again.
"""

import argparse
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from learning_rate import validation_score
from measured import write_row

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder
ROWS = Path(__file__).with_suffix(".csv")
ASKED = ("model", "task", "recipe", "learning_rate", "warm_up", "kept", "seed")
RECIPE, EVERY, N_TEXTS = "subset", 10, 64  # steps between two rows; validation texts that are looked at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mpnet-base")
    parser.add_argument("--task", default="movie-reviews")
    parser.add_argument("--kept", nargs="+", required=True, metavar="LAYERS", help='stacks, such as "0 4 7"')
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-4])
    parser.add_argument("--warm-ups", nargs="+", type=float, default=[0.1], help="shares of the steps")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options = parser.parse_args()
    done = pd.read_csv(ROWS) if ROWS.exists() else pd.DataFrame(columns=ASKED)
    known = {tuple(map(str, row)) for row in done[list(ASKED)].itertuples(index=False)}
    for seed, kept, rate, warm_up in itertools.product(options.seeds, options.kept, options.rates, options.warm_ups):
        asked = (options.model, options.task, RECIPE, rate, warm_up, kept, seed)
        if tuple(map(str, asked)) not in known:
            for row in train(*asked):
                write_row(ROWS, dict(zip(ASKED, asked, strict=True)) | row)


def train(model_name, task, recipe_name, rate, warm_up, kept, seed) -> list[dict]:
    """The rows of one training."""
    from pruning.batches import encode
    from pruning.models import load_tokenizer, resolve
    from pruning.recipes import RECIPES
    from pruning.tasks import load_task

    weights, data = resolve(model_name), load_task(task)
    recipe = replace(RECIPES[recipe_name], learning_rate=rate, warm_up=warm_up)
    texts = data.validation.first(N_TEXTS).texts
    watcher = Watcher(encode(load_tokenizer(weights), texts, recipe.max_tokens))
    found = validation_score(weights, data, tuple(map(int, kept.split())), recipe, seed, watcher.begin, watcher.hear)
    watcher.rows[-1]["score"] = round(found, 2)
    return watcher.rows


class Watcher:
    """Looks at a model while it trains, which changes nothing for the training."""

    def __init__(self, encoded):
        self.encoded, self.rows, self.losses, self.squares = encoded, [], [], []

    def begin(self, model) -> None:
        from pruning.layers import find_layers

        self.model = model
        for parameter in find_layers(model)[0].parameters():
            parameter.register_hook(lambda gradient: self.squares.append(float(gradient.float().square().sum())))

    def hear(self, progress) -> None:
        """Of every step; looks before the first one, at every tenth and at the last."""
        if progress.loss is not None:
            self.losses.append(progress.loss)
        if progress.step % EVERY == 0 or progress.step == progress.steps:
            self.look(progress.step)
        self.squares.clear()

    def look(self, step: int) -> None:
        from pruning.representations import represent
        from pruning.similarity import variation

        *_, found = represent(self.model, self.encoded)
        self.model.train()
        row = {"step": step, "loss": np.mean(self.losses) if self.losses else np.nan}
        row |= {"variation": 100 * np.nan_to_num(variation(found.pooled["sentence"])[-1])}
        row |= {"gradient": np.sqrt(sum(self.squares)) if self.squares else np.nan}
        told = {name: "" if np.isnan(value) else f"{value:.4g}" for name, value in row.items()}
        self.rows.append(told | {"score": ""})
        self.losses.clear()


if __name__ == "__main__":
    main()
