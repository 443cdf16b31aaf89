"""One training for many stacks of layers: at each step another stack, and every depth of it learns.

After LayerDrop (Fan et al. 2020, arXiv 1909.11556), which drops layers at random while it trains, with a loss at every
exit. Stacks that end low would stay at chance in weights that they share with deep ones, so there are two models: one
for the stacks that end in the upper half, and one of the lower half of the layers for all others.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from transformers import PreTrainedModel, set_seed

from .batches import Encoded, grouped_batches, sorted_batches
from .device import default_device, for_training, send, training_precision
from .finetune import Descent, set_dropout
from .layers import count_layers, drop_layers
from .progress import SCORING_STACKS, SHARED_TRAINING, Progress
from .recipes import Recipe
from .stacks import Stack, Stacks
from .vocabulary import only_seen_words

# in those of the recipe; chosen among the trials in benchmarks/landscape.csv
UPPER_EPOCHS, LOWER_EPOCHS = 4, 2
UPPER_RATE, LOWER_RATE = 1.0, 1.0
SCORING_BATCH = 64


@dataclass(frozen=True)
class SharedModels:
    """`upper` holds every layer, `lower` the lower half."""

    upper: PreTrainedModel
    lower: PreTrainedModel
    cost: float = 0.0  # of their training: layers times texts, in units of one full fine-tuning

    @property
    def half(self) -> int:
        return count_layers(self.lower)


def can_be_shared(stack: Stack, n_layers: int) -> bool:
    """Not a single lower layer: such a stack may need long to leave chance, which shared weights cannot tell."""
    return len(stack) > 1 or stack[-1] >= n_layers // 2


def train_shared(
    model: PreTrainedModel, encoded: Encoded, labels: np.ndarray, recipe: Recipe, seed: int, named: Sequence[Stack]
) -> Iterator[Progress | SharedModels]:
    """Yields progress, and at last the trained models. `model`: pre-trained, with every layer; it becomes `upper`.

    Half of the steps take one of the `named` stacks, those of the strategies, the others any stack. ValueError: the
    layers cannot be moved, or there is one alone.
    """
    n_layers = count_layers(model)
    if n_layers < 2:
        raise ValueError(f"a model of {n_layers} layer has no stacks to estimate; choose one of 2 layers or more")
    half = n_layers // 2
    lower = drop_layers(model, tuple(range(half)))
    upper_named = [stack for stack in named if stack[-1] >= half]
    lower_named = [stack for stack in named if stack[-1] < half]
    plan = replace(recipe, epochs=UPPER_EPOCHS * recipe.epochs, learning_rate=UPPER_RATE * recipe.learning_rate)
    n_upper = yield from train_stacks(model, encoded, labels, plan, seed, upper_named, lowest=half)
    n_lower = 0
    if half > 1:  # of one lower layer there is no stack that can be shared
        plan = replace(recipe, epochs=LOWER_EPOCHS * recipe.epochs, learning_rate=LOWER_RATE * recipe.learning_rate)
        n_lower = yield from train_stacks(lower, encoded, labels, plan, seed, lower_named, lowest=0)
    cost = (n_upper + n_lower) / (n_layers * len(labels) * recipe.epochs)
    yield SharedModels(model.eval(), lower.eval(), cost)


def train_stacks(
    model: PreTrainedModel,
    encoded: Encoded,
    labels: np.ndarray,
    recipe: Recipe,
    seed: int,
    named: Sequence[Stack],
    lowest: int,
) -> Generator[Progress, None, int]:
    """Fine-tunes `model` in place so that every stack that ends at layer `lowest` or above can be used.

    Returns the sum of layers over all texts that were trained on.
    """
    set_seed(seed)
    if recipe.dropout is not None:
        set_dropout(model, recipe.dropout)
    stacks, order, dice = (
        Stacks(model.to(default_device())),
        np.random.default_rng(seed),
        np.random.default_rng(seed + 1),
    )
    batches = [b for _ in range(recipe.epochs) for b in grouped_batches(encoded.lengths, recipe.batch_size, order)]
    n_trained = 0
    with only_seen_words(model, encoded):
        descent = Descent(model, recipe, len(batches))
        yield replace(descent.progress(), stage=SHARED_TRAINING)
        for indices in batches:
            batch = descent.load(encoded, labels, indices)
            with descent.forward():
                stack = draw(dice, count_layers(model), named, lowest)
                losses = [output.loss for output in stacks.exits(stack, batch, lowest)]
                loss = sum(losses) / len(losses)
            loss.backward()
            descent.step()
            n_trained += len(stack) * len(indices)
            yield replace(descent.progress(loss.item()), stage=SHARED_TRAINING)
    return n_trained


def draw(dice: np.random.Generator, n_layers: int, named: Sequence[Stack], lowest: int) -> Stack:
    """A stack that ends at `lowest` or above: one of `named` half the time, else of any length and any layers."""
    if named and dice.random() < 0.5:
        return named[dice.integers(len(named))]
    while True:
        stack = tuple(sorted(dice.choice(n_layers, dice.integers(1, n_layers + 1), replace=False).tolist()))
        if stack[-1] >= lowest:
            return stack


def score_stacks(
    models: SharedModels, encoded: Encoded, stacks: Sequence[Stack]
) -> Iterator[Progress | dict[Stack, np.ndarray]]:
    """Yields progress, and at last the logits (texts, labels) of each stack, in the texts' order."""
    logits = {stack: np.zeros((len(encoded.lengths), models.upper.config.num_labels), "float32") for stack in stacks}
    if not stacks:
        yield {}
        return
    parts = [
        (Stacks(models.upper), [stack for stack in stacks if stack[-1] >= models.half]),
        (Stacks(models.lower), [stack for stack in stacks if stack[-1] < models.half]),
    ]
    steps = -(-len(encoded.lengths) // SCORING_BATCH)
    device, precision = models.upper.device, training_precision(parts[0][0].family)
    for step, indices in enumerate(sorted_batches(encoded.lengths, SCORING_BATCH), 1):
        batch = send(encoded.pad(indices), device)
        with torch.inference_mode(), for_training(device, precision):
            for shared, asked in parts:
                for stack, found in shared.walk(asked, batch):
                    logits[stack][indices] = found.float().cpu().numpy()
        yield Progress(SCORING_STACKS, step, steps)
    yield logits
