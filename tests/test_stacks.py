"""A stack run inside the full model gives what the smaller model built of it gives; what stacks share runs once."""

import itertools

import pytest
import torch
from tiny import save_tiny

from pruning.batches import encode
from pruning.families import FAMILIES
from pruning.layers import drop_layers
from pruning.models import load_model, load_tokenizer, resolve
from pruning.stacks import Stacks

TEXTS = ["good film", "bad", "a good story"]
ALL = [stack for n in range(1, 5) for stack in itertools.combinations(range(4), n)]
POSSIBLE = [name for name, family in FAMILIES.items() if not family.fixed]


def load(model_type, tmp_path):
    weights = resolve(save_tiny(model_type, tmp_path / "model"))
    return load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 16).pad(range(3))


@pytest.mark.parametrize("model_type", POSSIBLE)
def test_every_stack_of_every_family_gives_the_logits_of_the_model_built_of_it(model_type, tmp_path):
    model, batch = load(model_type, tmp_path)
    with torch.inference_mode():
        found = dict(Stacks(model).walk(ALL, batch))
        assert set(found) == set(ALL)
        for stack, logits in found.items():
            assert torch.allclose(logits, drop_layers(model, stack)(**batch).logits, atol=1e-6), stack
        assert torch.equal(model(**batch).logits, drop_layers(model, (0, 1, 2, 3))(**batch).logits)  # whole again


@pytest.mark.parametrize("model_type", POSSIBLE)
def test_every_exit_of_a_stack_is_the_stack_that_ends_there(model_type, tmp_path):
    model, batch = load(model_type, tmp_path)
    with torch.inference_mode():
        for stack in ((0, 1, 2, 3), (1, 3), (2,)):
            for n, output in enumerate(Stacks(model).exits(stack, batch), 1):
                expected = drop_layers(model, stack[:n])(**batch).logits
                assert torch.allclose(output.logits, expected, atol=1e-6), (stack, n)


def test_layers_that_stacks_begin_with_run_once(tmp_path):
    model, batch = load("bert", tmp_path)
    stacks, runs = Stacks(model), []
    for layer in stacks.layers:
        layer.register_forward_hook(lambda *_: runs.append(1))
    with torch.inference_mode():
        list(stacks.walk([(0, 1, 2), (0, 1, 3), (0, 1)], batch))
    assert len(runs) == 4  # 0, 0-1, 0-1-2 and 0-1-3, and not 8


@pytest.mark.parametrize(
    "name, why",
    [
        ("albert", "the layers of ALBERT cannot be put together to any stack: all layers share one set of weights"),
        ("modernbert", "ModernBERT cannot .*: the first layer has no norm before its attention"),
        ("deberta-v2-convolution", "DeBERTa-v2/v3 cannot .*: its conv_kernel_size"),
        ("gpt2-inverse-scaling", "GPT-2 cannot .*: its scale_attn_by_inverse_layer_idx"),
    ],
)
def test_layers_that_cannot_be_moved_are_refused_with_the_reason(name, why, tmp_path):
    model, _ = load(name, tmp_path)
    with pytest.raises(ValueError, match=why):
        Stacks(model)
