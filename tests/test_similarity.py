"""The cosine between a layer's input and output: against the library's own hidden states, whatever the padding."""

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
from pruning.similarity import layer_similarities, pool

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


def measured(model, encoded, batch_size=32) -> dict[str, np.ndarray]:
    return list(layer_similarities(model, encoded, batch_size))[-1]


def test_it_equals_the_cosine_of_the_librarys_hidden_states_one_text_at_a_time(family):
    model, encoded = family
    found = measured(model, encoded)
    row = get_family(model.config.model_type)
    n = 3 if row.model_type in FINAL_NORM else 4
    for i in range(len(TEXTS)):
        with torch.inference_mode():
            states = model.base_model(**encoded.pad([i]), output_hidden_states=True).hidden_states
        cosines = torch.stack([cosine_similarity(a, b, dim=-1)[0] for a, b in zip(states, states[1:], strict=False)])
        assert found["sentence"][i][:n] == pytest.approx(cosines[:n, row.sentence_token].numpy(), abs=1e-5)
        assert found["mean"][i][:n] == pytest.approx(cosines[:n].mean(dim=1).numpy(), abs=1e-5)


def test_batch_size_and_padding_change_nothing(family):
    model, encoded = family
    for pooling, cosines in measured(model, encoded, 1).items():
        assert np.abs(measured(model, encoded, 3)[pooling] - cosines).max() < 1e-5


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
    found = measured(model, encoded)
    assert found["sentence"][:, 2] == pytest.approx(1, abs=1e-6)
    assert found["mean"][:, 2] == pytest.approx(1, abs=1e-6)
    assert found["mean"][:, 1].max() < 0.999


def test_progress_counts_batches(family):
    model, encoded = family
    events = list(layer_similarities(model, encoded, batch_size=3))[:-1]
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
