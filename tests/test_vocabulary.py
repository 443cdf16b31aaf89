"""While a model is fine-tuned its word embedding holds the words of the training texts alone; afterwards all."""

import numpy as np
import pytest
import torch
from tiny import save_tiny
from torch import nn

from pruning.batches import encode
from pruning.families import FAMILIES
from pruning.models import load_model, load_tokenizer, resolve
from pruning.vocabulary import Rows, only_seen_words

TEXTS = ["good film", "bad", "a good story"]


@pytest.fixture(params=FAMILIES)
def tiny(request, tmp_path):
    weights = resolve(save_tiny(request.param, tmp_path / "model"))
    return load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 16)


def test_every_family_gives_the_same_logits_and_gradients_with_only_the_words_seen(tiny):
    model, encoded = tiny
    batch = encoded.pad(range(3)) | {"labels": torch.tensor([1, 0, 1])}
    whole = model(**batch)
    whole.loss.backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    with only_seen_words(model, encoded):
        part = model(**batch)
        part.loss.backward()
        found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        assert torch.equal(part.logits, whole.logits)
        same = [name for name, gradient in found.items() if gradient.shape == expected[name].shape]
        assert len(same) == len(found) - isinstance(model.get_input_embeddings(), Rows)
        assert all(torch.allclose(found[name], expected[name], atol=1e-6) for name in same)


def test_trained_rows_are_written_back_and_no_other_row_moves(tmp_path):
    weights = resolve(save_tiny("bert", tmp_path / "model"))
    model, encoded = load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 16)
    full = model.get_input_embeddings()
    before = full.weight.detach().clone()
    seen = sorted({token for f in encoded.features for token in f["input_ids"]} | {encoded.tokenizer.pad_token_id})
    with only_seen_words(model, encoded):
        rows = model.get_input_embeddings()
        assert isinstance(rows, Rows) and len(rows.weight) == len(seen) < len(before)
        with torch.no_grad():
            rows.weight += 1
    assert model.get_input_embeddings() is full
    moved = np.flatnonzero((full.weight != before).any(dim=1).numpy())
    assert moved.tolist() == seen
    assert torch.equal(full.weight[seen], before[seen] + 1)


def test_an_embedding_of_its_own_kind_stays_as_it_is(tmp_path):
    class Scaled(nn.Embedding):
        pass

    weights = resolve(save_tiny("bert", tmp_path / "model"))
    model, encoded = load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 16)
    model.set_input_embeddings(Scaled(model.config.vocab_size, model.config.hidden_size))
    with only_seen_words(model, encoded):
        assert type(model.get_input_embeddings()) is Scaled
