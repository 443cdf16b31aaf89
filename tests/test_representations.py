"""What one pass reads off a model's layers: against the library's own hidden states, whatever the padding."""

import numpy as np
import pytest
import torch
from tiny import save_tiny
from torch.nn.functional import cosine_similarity

from pruning.batches import encode
from pruning.families import FAMILIES, get_family
from pruning.layers import find_layers
from pruning.models import load_model, load_tokenizer, resolve
from pruning.progress import COMPARING
from pruning.representations import Representations, pool, represent

TEXTS = ["a film", "not good , and far too long for what it has to say", "the best of the year , by far", "bad"]


# the library's last hidden state is the last layer's output after one more norm, which is not what is compared here
FINAL_NORM = (
    *("modernbert", "megatron-bert", "gpt2", "gpt_neox", "opt", "llama", "mistral", "phi3", "qwen2", "qwen3"),
    *("gemma", "gemma2"),
)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory):
    weights = resolve(save_tiny(request.param, tmp_path_factory.mktemp(request.param)))
    return load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 32)


def measured(model, encoded, batch_size=32) -> Representations:
    return list(represent(model, encoded, batch_size))[-1]


def test_it_equals_the_cosine_of_the_librarys_hidden_states_one_text_at_a_time(family):
    model, encoded = family
    found = measured(model, encoded)
    row = get_family(model.config.model_type)
    n = 3 if row.model_type in FINAL_NORM else 4
    for i in range(len(TEXTS)):
        with torch.inference_mode():
            states = model.base_model(**encoded.pad([i]), output_hidden_states=True).hidden_states
        cosines = torch.stack([cosine_similarity(a, b, dim=-1)[0] for a, b in zip(states, states[1:], strict=False)])
        tokens = torch.stack(states)[:, 0]  # (layers + 1, tokens, hidden)
        poolings = {"sentence": lambda values: values[..., row.sentence_token], "mean": lambda values: values.mean(-1)}
        for pooling, over_tokens in poolings.items():
            assert found.contribution[pooling][i][:n] == pytest.approx(over_tokens(cosines[:n]).numpy(), abs=1e-5)
            expected = over_tokens(tokens.transpose(1, 2))[: n + 1].numpy()
            assert found.pooled[pooling][i][: n + 1] == pytest.approx(expected, abs=1e-4)


def test_the_cosines_between_states_are_means_over_texts(family):
    model, encoded = family
    row, between = get_family(model.config.model_type), []
    n = 4 if row.model_type in FINAL_NORM else 5
    for i in range(len(TEXTS)):
        with torch.inference_mode():
            states = model.base_model(**encoded.pad([i]), output_hidden_states=True).hidden_states
        tokens = torch.stack(states)[:, 0]
        between.append(cosine_similarity(tokens[:, None], tokens[None], dim=-1)[:n, :n])
    found = measured(model, encoded).cosines
    means = {"sentence": [b[:, :, row.sentence_token] for b in between], "mean": [b.mean(dim=2) for b in between]}
    for pooling, matrices in means.items():
        assert found[pooling][:n, :n] == pytest.approx(torch.stack(matrices).mean(dim=0).numpy(), abs=1e-5)
        assert np.diag(found[pooling]) == pytest.approx(1, abs=1e-5)


def test_batch_size_order_and_padding_change_nothing(family):
    model, encoded = family
    found, turned = measured(model, encoded, 1), encode(encoded.tokenizer, TEXTS[::-1], 32)
    for batch_size in (1, 3):
        again, other = measured(model, encoded, batch_size), measured(model, turned, batch_size)
        for pooling in ("sentence", "mean"):
            for name in ("contribution", "pooled"):
                expected = getattr(found, name)[pooling]
                assert np.abs(getattr(again, name)[pooling] - expected).max() < 1e-5 * max(1, np.abs(expected).max())
                assert getattr(other, name)[pooling][::-1] == pytest.approx(expected, abs=1e-4)
            assert np.abs(other.cosines[pooling] - found.cosines[pooling]).max() < 1e-5


def test_hooks_are_gone_afterwards_and_the_logits_are_the_same(family):
    model, encoded = family
    with torch.inference_mode():
        before = model(**encoded.pad([0, 1])).logits
    hooks = [dict(layer._forward_hooks) for layer in find_layers(model)]
    measured(model, encoded)
    assert [dict(layer._forward_hooks) for layer in find_layers(model)] == hooks
    with torch.inference_mode():
        assert torch.equal(model(**encoded.pad([0, 1])).logits, before)


def test_a_layer_that_changes_nothing_has_similarity_one(tmp_path):
    """A BERT layer whose two output blocks write nothing is its two layer norms; a normed input passes unchanged."""
    weights = resolve(save_tiny("bert", tmp_path / "model"))
    model, encoded = load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 32)
    with torch.no_grad():
        for name, parameter in find_layers(model)[2].named_parameters():
            if name.startswith(("attention.output.dense", "output.dense")):
                parameter.zero_()
    found = measured(model, encoded).contribution
    assert found["sentence"][:, 2] == pytest.approx(1, abs=1e-6)
    assert found["mean"][:, 2] == pytest.approx(1, abs=1e-6)
    assert found["mean"][:, 1].max() < 0.999


def test_progress_counts_batches(family):
    model, encoded = family
    events = list(represent(model, encoded, batch_size=3))[:-1]
    assert [(e.stage, e.step, e.steps) for e in events] == [(COMPARING, 1, 2), (COMPARING, 2, 2)]


@pytest.mark.parametrize(
    "model_type, mask, sentence",
    [
        ("bert", [1, 1, 1, 0], 0.1),  # first token
        ("xlnet", [0, 1, 1, 1], 0.4),  # last token, padding on the left
        ("xlnet", [1, 1, 1, 0], 0.3),  # last token that is no padding
    ],
)
def test_pooling_never_counts_padding(model_type, mask, sentence):
    cosines = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    found = pool(cosines, torch.tensor([mask]), FAMILIES[model_type])
    assert found["sentence"].item() == pytest.approx(sentence)
    assert found["mean"].item() == pytest.approx(np.average(cosines[0], weights=mask))
