"""How much each layer changes its input: the cosine between a layer's input and output, text by text.

A layer whose output is most like its input contributes least. Measured in one forward pass with our own hooks, so
that it is the layer's raw output that counts, whatever the model does after it.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity
from transformers import PreTrainedModel

from .batches import Encoded, sorted_batches
from .families import LAST, Family, get_family
from .layers import count_layers, find_layers
from .progress import COMPARING, Progress
from .runs import POOLINGS


def layer_similarities(
    model: PreTrainedModel, encoded: Encoded, batch_size: int = 32
) -> Iterator[Progress | dict[str, np.ndarray]]:
    """Yields progress, and at last the cosines by pooling, each (texts, layers); padding never counts."""
    family = get_family(model.config.model_type)
    n_texts, steps = len(encoded.lengths), -(-len(encoded.lengths) // batch_size)
    n_texts, steps = len(encoded.lengths), -(-len(encoded.lengths) // batch_size)
    found = {pooling: np.zeros((n_texts, count_layers(model)), dtype="float32") for pooling in POOLINGS}
    model.eval()
    for step, indices in enumerate(sorted_batches(encoded.lengths, batch_size), 1):
        batch = {name: tensor.to(model.device) for name, tensor in encoded.pad(indices).items()}
        for i, (before, after) in enumerate(layer_states(model, batch, family)):
            cosines = cosine_similarity(before.float(), after.float(), dim=-1)
            for pooling, values in pool(cosines, batch["attention_mask"], family).items():
                found[pooling][indices, i] = values.cpu().numpy()
        yield Progress(COMPARING, step, steps)
    yield found


def layer_states(model: PreTrainedModel, batch: dict[str, Tensor], family: Family) -> list[tuple[Tensor, Tensor]]:
    """Input and output of every layer, lowest first, each (texts, tokens, hidden)."""
    states = []

    def remember(module, args, kwargs, output):
        before = args[0] if args else kwargs["hidden_states"]
        after = output if isinstance(output, Tensor) else output[0]
        swap = (lambda t: t.transpose(0, 1)) if family.sequence_first else (lambda t: t)
        states.append((swap(before), swap(after)))

    hooks = [layer.register_forward_hook(remember, with_kwargs=True) for layer in find_layers(model)]
    try:
        with torch.inference_mode():
            model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return states


def pool(cosines: Tensor, mask: Tensor, family: Family) -> dict[str, Tensor]:
    """One value per text from one per token: (texts, tokens) -> (texts,), at the sentence token and as masked mean."""
    mask = mask.to(cosines.dtype)
    positions = torch.arange(mask.shape[1], device=mask.device) * mask
    sentence = positions.argmax(dim=1) if family.sentence_token == LAST else mask.argmax(dim=1)
    return {
        "sentence": cosines.gather(1, sentence[:, None])[:, 0],
        "mean": (cosines * mask).sum(dim=1) / mask.sum(dim=1),
    }
