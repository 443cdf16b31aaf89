"""Dropping layers gives a new, smaller model that is right, saved and reloaded, to the last bit."""

import pytest
import torch
from tiny import VARIANTS, save_tiny
from transformers import AutoModelForSequenceClassification, BertConfig, BertForSequenceClassification

from pruning.doctor import logits, only
from pruning.layers import count_layers, count_parameters, drop_layers, find_layers, planned_models
from pruning.models import load_model, load_tokenizer, resolve
from pruning.representations import layer_states
from pruning.strategies import STRATEGIES, kept_layers

TEXTS = ["a film", "not good , and far too long for what it has to say", "the best of the year , by far"]
N_LAYERS = 4


def every_kept_set() -> list[tuple[int, ...]]:
    """What every strategy keeps for every K, and a few that leave out the first layer, the last, and both."""
    similarity = [0.5, 0.9, 0.2, 0.9]
    rows = [s for s in STRATEGIES.values() if s.needs != "layers"]
    kept = {kept_layers(s.name, N_LAYERS, k, similarity) for s in rows for k in range(s.most(N_LAYERS) + 1)}
    return sorted(kept | {(0, 3), (1, 2), (1, 3), (2,), (0, 2, 3)})


@pytest.fixture(scope="module", params=VARIANTS)
def family(request, tmp_path_factory):
    """Family, full model, and a batch of texts of different lengths, padded on the family's side."""
    weights = resolve(save_tiny(request.param, tmp_path_factory.mktemp(request.param) / "model", N_LAYERS))
    batch = load_tokenizer(weights)(TEXTS, padding=True, return_tensors="pt")
    return weights.family, load_model(weights, n_labels=2, seed=0), dict(batch)


@pytest.mark.parametrize("kept", every_kept_set(), ids=str)
def test_a_saved_and_reloaded_model_gives_the_logits_of_the_full_one_without_those_layers(family, kept, tmp_path):
    row, model, batch = family
    if row.shared and kept != tuple(range(len(kept))):
        with pytest.raises(ValueError, match="only their number can change, and no parameter is saved"):
            drop_layers(model, kept)
        return
    full_logits = logits(model, batch)

    pruned = drop_layers(model, kept)
    pruned.save_pretrained(tmp_path)
    reloaded, report = AutoModelForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)

    assert not any(report.values()), "a missing or unexpected weight"
    assert count_layers(reloaded) == len(kept)
    assert torch.equal(logits(reloaded, batch), logits(pruned, batch))
    assert torch.equal(logits(model, batch), full_logits), "the input model changed"
    assert count_parameters(pruned) == count_parameters(model) if row.shared else True
    with only(model, kept):
        expected = logits(model, batch)
    if row.model_type == "gpt2" and model.config.scale_attn_by_inverse_layer_idx:
        assert torch.allclose(logits(pruned, batch), expected, atol=1e-5)  # the scale moved into the queries
    else:
        assert torch.equal(logits(pruned, batch), expected)


def last_output(model, batch, k: int) -> torch.Tensor:
    """What layer k - 1 gives, before any final norm."""
    return layer_states(model, batch)[k - 1][1]


@pytest.mark.parametrize("k", range(1, N_LAYERS + 1))
def test_keeping_the_first_k_layers_gives_the_hidden_state_of_layer_k(family, k):
    _, model, batch = family
    assert torch.equal(last_output(drop_layers(model, tuple(range(k))), batch, k), last_output(model, batch, k))


def test_different_kept_sets_of_one_size_give_different_logits(family):
    """Otherwise the equalities above would prove nothing."""
    row, model, batch = family
    if row.shared:
        assert (logits(drop_layers(model, (0,)), batch) - logits(model, batch)).abs().max() > 1e-3
        return
    found = [logits(drop_layers(model, kept), batch) for kept in ((0, 1), (0, 2), (1, 2), (2, 3))]
    assert all((a - b).abs().max() > 1e-3 for i, a in enumerate(found) for b in found[:i])


def test_no_tensor_is_shared_with_the_input_model(family):
    _, model, batch = family
    before = logits(model, batch)
    pruned = drop_layers(model, (0, 1))
    with torch.no_grad():
        for tensor in pruned.state_dict().values():
            if tensor.is_floating_point():
                tensor.add_(1)
    assert torch.equal(logits(model, batch), before)
    assert count_layers(model) == N_LAYERS


def test_one_training_step_changes_every_kept_layer(family):
    row, model, batch = family
    pruned = drop_layers(model, (0, 1) if row.shared else (0, 2))
    before = [{n: p.detach().clone() for n, p in layer.named_parameters()} for layer in find_layers(pruned)]
    optimizer = torch.optim.SGD(pruned.parameters(), lr=0.1)
    pruned(**batch, labels=torch.tensor([0, 1, 0])).loss.backward()
    optimizer.step()
    for layer, old in zip(find_layers(pruned), before, strict=True):
        assert any(not torch.equal(p, old[n]) for n, p in layer.named_parameters())


def test_training_mode_and_dtype_are_those_of_the_input_model(family):
    _, model, _ = family
    assert not drop_layers(model, (0,)).training
    assert drop_layers(model.train(), (0,)).training
    model.eval()
    assert drop_layers(model, (0,)).dtype == model.dtype


@pytest.mark.parametrize("kept", [(), (4,), (-1, 0), (1, 0), (1, 1)])
def test_an_impossible_kept_set_is_refused(kept):
    config = BertConfig(vocab_size=9, hidden_size=4, num_hidden_layers=4, num_attention_heads=1, intermediate_size=4)
    with pytest.raises(ValueError, match=r"cannot keep layers .*; give one or more of 0 to 3"):
        drop_layers(BertForSequenceClassification(config), kept)


def test_planned_parameters_are_those_of_the_real_models(family, tmp_path):
    row, model, _ = family
    kept = (0, 1, 2) if row.shared else (0, 1, 3)
    model.save_pretrained(tmp_path)
    found = tuple(map(count_parameters, planned_models(resolve(str(tmp_path)), 2, kept)))
    assert found == (count_parameters(model), count_parameters(drop_layers(model, kept)))


def test_the_head_depends_on_the_seed_alone(tmp_path):
    """Runs of one seed start alike whatever they drop; other seeds start differently."""
    weights = resolve(save_tiny("bert", tmp_path / "model", N_LAYERS))
    heads = [load_model(weights, n_labels=3, seed=seed).classifier.weight for seed in (0, 0, 1)]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
