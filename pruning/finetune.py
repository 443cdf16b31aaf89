"""Fine-tuning and prediction: one plain loop, written as a generator of progress."""

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import PreTrainedModel, set_seed

from .batches import Encoded, grouped_batches, sorted_batches
from .device import default_device, for_training, send, training_precision
from .families import get_family
from .progress import SCORING, TRAINING, Progress
from .recipes import Recipe
from .vocabulary import only_seen_words


def finetune(
    model: PreTrainedModel, encoded: Encoded, labels: np.ndarray, recipe: Recipe, seed: int
) -> Iterator[Progress]:
    """Fine-tunes `model` in place; yields after every step, and closing the generator ends it there.

    The same seed on the same machine gives the same weights to the last bit. FloatingPointError: it diverged.
    """
    set_seed(seed)
    model.to(default_device())
    if recipe.dropout is not None:
        set_dropout(model, recipe.dropout)
    order = np.random.default_rng(seed)
    epochs = [grouped_batches(encoded.lengths, recipe.batch_size, order) for _ in range(recipe.epochs)]
    batches = [batch for epoch in epochs for batch in epoch]
    with only_seen_words(model, encoded):
        descent = Descent(model, recipe, len(batches))
        loaded = (descent.load(encoded, labels, indices) for indices in batches)
        yield descent.progress()
        batch = next(loaded)
        while batch:
            with descent.forward():
                loss = model(**batch).loss
            loss.backward()
            descent.step()
            batch = next(loaded, None)  # padded and sent while a GPU is still busy with this step
            yield descent.progress(loss.item())


class Descent:
    """Gradient descent as the recipe says: AdamW, clipped gradients, a rate that climbs and falls.

    The model is on its device already.
    """

    def __init__(self, model: PreTrainedModel, recipe: Recipe, steps: int):
        self.device = default_device()
        self.precision = training_precision(get_family(model.config.model_type))
        self.parameters = list(model.train().parameters())
        self.optimizer = AdamW(parameter_groups(model, recipe.weight_decay), lr=recipe.learning_rate, fused=True)
        self.schedule = LambdaLR(self.optimizer, lambda step: rate_factor(step, steps, recipe.warm_up))
        self.done, self.steps, self.started = 0, steps, time.perf_counter()

    def load(self, encoded: Encoded, labels: np.ndarray, indices: np.ndarray) -> dict[str, Tensor]:
        """Those texts with their labels, padded, on the device."""
        return send(encoded.pad(indices) | {"labels": torch.as_tensor(labels[indices])}, self.device)

    def forward(self) -> AbstractContextManager:
        """What the forward pass has to be within."""
        return for_training(self.device, self.precision)

    def step(self) -> None:
        """Down the gradients that were added up since the last one."""
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        self.done += 1

    def progress(self, loss: float | None = None) -> Progress:
        """Where it stands after a step of that loss; FloatingPointError if that is no number."""
        if loss is None:
            return Progress(TRAINING, 0, self.steps)
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the training diverged at step {self.done} of {self.steps}: its loss is {loss}; "
                "nothing is stored. Choose a recipe with a lower learning rate, or another seed"
            )
        seconds_left = (time.perf_counter() - self.started) / self.done * (self.steps - self.done)
        return Progress(TRAINING, self.done, self.steps, loss, seconds_left)


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
