"""Fine-tuning and prediction: one plain loop, written as a generator of progress."""

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from accelerate.utils import set_seed
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import PreTrainedModel

from .batches import Encoded, grouped_batches, sorted_batches
from .device import make_accelerator
from .progress import SCORING, TRAINING, Progress
from .recipes import Recipe


def finetune(
    model: PreTrainedModel, encoded: Encoded, labels: np.ndarray, recipe: Recipe, seed: int
) -> Iterator[Progress]:
    """Fine-tunes `model` in place; yields after every step, and closing the generator ends it there.

    The same seed on the same machine gives the same weights to the last bit. FloatingPointError: it diverged.
    """
    set_seed(seed)
    if recipe.dropout is not None:
        set_dropout(model, recipe.dropout)
    accelerator = make_accelerator()
    order = np.random.default_rng(seed)
    epochs = [grouped_batches(encoded.lengths, recipe.batch_size, order) for _ in range(recipe.epochs)]
    steps = sum(len(batches) for batches in epochs)
    optimizer = AdamW(parameter_groups(model, recipe.weight_decay), lr=recipe.learning_rate, fused=True)
    schedule = LambdaLR(optimizer, lambda step: rate_factor(step, steps, recipe.warm_up))
    model, optimizer, schedule = accelerator.prepare(model.train(), optimizer, schedule)
    targets = torch.tensor(labels)
    started = time.perf_counter()
    yield Progress(TRAINING, 0, steps)
    for step, indices in enumerate((batch for batches in epochs for batch in batches), 1):
        batch = encoded.pad(indices) | {"labels": targets[indices]}
        loss = model(**{name: tensor.to(accelerator.device) for name, tensor in batch.items()}).loss
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if not math.isfinite(loss.item()):
            raise FloatingPointError(
                f"the training diverged at step {step} of {steps}: its loss is {loss.item()}; "
                "nothing is stored. Choose a recipe with a lower learning rate, or another seed"
            )
        seconds_left = (time.perf_counter() - started) / step * (steps - step)
        yield Progress(TRAINING, step, steps, loss.item(), seconds_left)


def set_dropout(model: nn.Module, probability: float) -> None:
    """Sets it everywhere: in modules of its own, and where a layer keeps it as a plain number."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = probability
        for name in ("dropout", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, probability)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Matrices decay; biases and normalisation weights (one-dimensional) do not."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def rate_factor(step: int, steps: int, warm_up: float) -> float:
    """Share of the peak learning rate at a step: up linearly over the first `warm_up` of the steps, then down to 0."""
    climb = max(1, round(warm_up * steps))
    if step < climb:
        return (step + 1) / climb
    return max(0.0, (steps - step) / max(1, steps - climb))


def predict(model: PreTrainedModel, encoded: Encoded, batch_size: int = 64) -> Iterator[Progress | np.ndarray]:
    """Yields progress, and at last the logits (texts, labels) in the texts' order."""
    model.eval()
    logits = np.zeros((len(encoded.lengths), model.config.num_labels), dtype="float32")
    steps = -(-len(logits) // batch_size)
    for step, indices in enumerate(sorted_batches(encoded.lengths, batch_size), 1):
        batch = {name: tensor.to(model.device) for name, tensor in encoded.pad(indices).items()}
        with torch.inference_mode():
            logits[indices] = model(**batch).logits.float().cpu().numpy()
        yield Progress(SCORING, step, steps)
    yield logits


def as_predictions(logits: np.ndarray) -> np.ndarray:
    """Class per text, or the rating itself for a regression: (texts, labels) -> (texts,)."""
    return logits[:, 0] if logits.shape[1] == 1 else logits.argmax(axis=1)
