"""The doctor says what holds of a model, and finds a model that is not what it should be."""

import pytest
import torch
from tiny import VARIANTS, save_tiny

from pruning.batches import encode
from pruning.doctor import check_first_layers, check_reference, check_reload, examine, examined
from pruning.layers import find_layers
from pruning.models import load_model, load_tokenizer, resolve


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_family_passes(variant, tmp_path):
    document = list(examine(str(save_tiny(variant, tmp_path / "model"))))[-1]
    assert [check["holds"] for check in document["checks"]] == [True] * 4
    assert document["model"] == "model" and document["family"]


def test_it_finds_a_layer_that_depends_on_more_than_its_input(tmp_path):
    """A hook that counts calls makes the same layer give other outputs: nothing can be proven of such a model."""
    weights = resolve(save_tiny("bert", tmp_path / "model"))
    model = load_model(weights, 2, 0)
    batch = encode(load_tokenizer(weights), ["a good film", "bad"], 16).pad(range(2))
    find_layers(model)[1].register_forward_hook(lambda module, args, output: output + torch.rand(()))
    assert "differs by up to" in check_first_layers(model, batch, (0, 1))
    assert "differs by up to" in check_reference(model, batch, (0, 1))
    assert check_reload(model, batch, (0, 1)) == ""  # the hook is no part of what is saved


def test_what_is_examined_leaves_out_the_first_the_last_both_and_most():
    assert examined(4, shared=False) == [(0, 1), (0, 1, 2), (1, 2), (1, 2, 3), (3,)]
    assert examined(4, shared=True) == [(0,), (0, 1), (0, 1, 2)]
    assert examined(1, shared=False) == [(0,)]
