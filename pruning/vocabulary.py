"""Training on the words that the texts hold: of a large embedding only those rows change."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from .batches import Encoded


class Rows(nn.Module):
    """Some rows of an embedding, looked up by the token ids of all of them."""

    def __init__(self, full: nn.Embedding, ids: Tensor):
        super().__init__()
        self.weight = nn.Parameter(full.weight.detach()[ids])
        place = torch.zeros(full.num_embeddings, dtype=torch.long, device=ids.device)
        place[ids] = torch.arange(len(ids), device=ids.device)
        self.register_buffer("place", place, persistent=False)
        self.padding_idx = None if full.padding_idx is None else int(place[full.padding_idx])

    def forward(self, ids: Tensor) -> Tensor:
        return nn.functional.embedding(self.place[ids], self.weight, self.padding_idx)


@contextmanager
def only_seen_words(model: PreTrainedModel, encoded: Encoded) -> Iterator[None]:
    """Within it the model's word embedding holds the tokens of `encoded` alone; at the end they are written back.

    No other row would get a gradient, so the model learns the same; an optimiser is spared most of its work (of the
    30,522 words of `minilm-l6`, 1,500 movie reviews hold 6,000). Rows that are left out keep their pre-trained values:
    weight decay does not reach them. An embedding that is more than a plain table stays as it is.
    """
    full = model.get_input_embeddings()
    if type(full) is not nn.Embedding or full.max_norm is not None:
        yield
        return
    seen = {token for features in encoded.features for token in features["input_ids"]}
    seen |= {token for token in (encoded.tokenizer.pad_token_id, full.padding_idx) if token is not None}
    ids = torch.tensor(sorted(seen), device=full.weight.device)
    rows = Rows(full, ids)
    model.set_input_embeddings(rows)
    try:
        yield
    finally:
        with torch.no_grad():
            full.weight[ids] = rows.weight
        model.set_input_embeddings(full)
