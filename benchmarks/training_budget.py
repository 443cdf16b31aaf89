"""Why the best strategy changes with the number of training texts: half of the layers, the low or the high ones.

    python benchmarks/training_budget.py --heads pooler sentence mean --texts 500 2000
    python benchmarks/training_budget.py --probe

Trained on the first texts of the training split with recipe standard, scored on the validation split. What is varied:

pooler     as in every run of this program: the sentence token, through the pre-trained pooler, then the classifier
fresh      the same, with a pooler that starts from random weights
sentence   the sentence token, straight into the classifier
normed     the same, after a batch normalisation: what it has in common over the texts of a batch is taken away
mean       the mean over all tokens, straight into the classifier

and the learning rate and the precision of the training. Each row is written to training_budget.csv beside this file as
soon as it is measured; rows that are there are not measured again. `--probe` prints instead how well a linear
classifier does the task on what each stack makes of the validation texts before any training. `--summary` prints the
means over seeds and the differences. BERT models alone, such as minilm-l6.
"""

import argparse
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
from learning_rate import validation_score
from measured import write_row

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder
ROWS = Path(__file__).with_suffix(".csv")
COLUMNS = ("model", "task", "head", "precision", "learning_rate", "n_train", "kept", "seed", "score")
RECIPE = "standard"
HEADS = ("pooler", "fresh", "sentence", "normed", "mean")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="minilm-l6")
    parser.add_argument("--task", default="movie-reviews")
    parser.add_argument("--heads", nargs="+", choices=HEADS, default=["pooler"])
    parser.add_argument("--precisions", nargs="+", choices=("bfloat16", "float32"), default=["bfloat16"])
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-4])
    parser.add_argument("--texts", nargs="+", type=int, default=[500, 2000, 1_000_000], help="training texts")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--probe", action="store_true", help="print what can be read off untrained stacks")
    parser.add_argument("--summary", action="store_true", help="only print what is measured")
    options = parser.parse_args()
    if options.probe:
        return probe_stacks(options.model, options.task)
    done = pd.read_csv(ROWS) if ROWS.exists() else pd.DataFrame(columns=COLUMNS)
    if options.summary:
        return summarise(done)
    known = {tuple(map(str, row)) for row in done[list(COLUMNS[:8])].itertuples(index=False)}
    grid = (options.seeds, options.texts, options.heads, options.precisions, options.rates, ("low", "high"))
    for asked in itertools.product(*grid):
        measure(options.model, options.task, *asked, known)


def measure(model_name, task, seed, n_texts, head, precision, rate, half, known) -> None:
    """Trains and scores one point, and writes its row; nothing where it is known."""
    from pruning import finetune
    from pruning.models import resolve
    from pruning.recipes import RECIPES
    from pruning.tasks import load_task

    weights, data = resolve(model_name), load_task(task)
    kept, n_train = half_of(weights.n_layers, half), len(data.train.first(n_texts).texts)
    asked = (model_name, task, head, precision, rate, n_train, " ".join(map(str, kept)), seed)
    if tuple(map(str, asked)) in known:
        return
    finetune.training_precision = lambda family: precision  # which is a choice of the hardware everywhere else
    recipe = replace(RECIPES[RECIPE], learning_rate=rate, max_train=n_texts)
    found = validation_score(weights, data, kept, recipe, seed, lambda model: put_head(model, head))
    write_row(ROWS, dict(zip(COLUMNS, (*asked, round(found, 2)), strict=True)))


def half_of(n_layers: int, half: str) -> tuple[int, ...]:
    """The layers that strategy top keeps ("low") or those that bottom keeps, with half of them dropped."""
    layers = tuple(range(n_layers))
    return layers[: n_layers // 2] if half == "low" else layers[n_layers // 2 :]


def put_head(model, head: str) -> None:
    """What the classifier reads; the model is changed in place."""
    import torch
    from torch import nn

    class Reader(nn.Module):
        def __init__(self, read):
            super().__init__()
            self.read = read

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            return self.read(states)

    pooler, masks = model.bert.pooler, []
    if head == "fresh":
        nn.init.normal_(pooler.dense.weight, std=model.config.initializer_range)
        nn.init.zeros_(pooler.dense.bias)
    elif head in ("sentence", "normed"):
        norm = nn.BatchNorm1d(model.config.hidden_size, eps=1e-12) if head == "normed" else nn.Identity()
        model.bert.pooler = nn.Sequential(Reader(lambda states: states[:, 0].float()), norm)
    elif head == "mean":
        model.register_forward_pre_hook(
            lambda _, args, kwargs: masks.append(kwargs["attention_mask"]), with_kwargs=True
        )
        model.bert.pooler = Reader(lambda states: mean_over_tokens(states, masks.pop()))


def mean_over_tokens(states, mask):
    """(texts, tokens, hidden) and (texts, tokens) -> (texts, hidden)"""
    weights = mask.to(states.dtype)[..., None]
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


def probe_stacks(model_name: str, task: str) -> None:
    """How well a probe does on the last state of each half before training."""
    from pruning.batches import encode
    from pruning.layers import drop_layers
    from pruning.models import load_model, load_tokenizer, resolve
    from pruning.probes import probe
    from pruning.recipes import RECIPES
    from pruning.representations import represent
    from pruning.tasks import load_task

    weights, data = resolve(model_name), load_task(task)
    encoded = encode(load_tokenizer(weights), data.validation.texts, RECIPES[RECIPE].max_tokens)
    for half in ("low", "high"):
        kept = half_of(weights.n_layers, half)
        *_, found = represent(drop_layers(load_model(weights, data.task.n_labels, 0), kept), encoded)
        for pooling, states in found.pooled.items():
            ((score, (low, high)),) = probe(states[:, -1:], data.validation.labels, data.task)
            print(f"layers {kept}, {pooling}: {score:.1f} ({low:.1f} to {high:.1f})", flush=True)


def summarise(done: pd.DataFrame) -> None:
    """Mean of low, of high, and low minus high seed by seed with its standard deviation."""
    names = ["model", "task", "head", "precision", "learning_rate", "n_train"]
    wide = done.pivot_table(index=[*names, "seed"], columns="kept", values="score")
    low, high = sorted(wide.columns)
    gaps = (wide[low] - wide[high]).groupby(names).agg(["mean", "std", "count"]).add_prefix("gap ")
    print(wide.groupby(names).mean().join(gaps).round(2).to_string())


if __name__ == "__main__":
    main()
