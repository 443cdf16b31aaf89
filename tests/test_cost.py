"""Operations by hand on a tiny model, and a latency that is a time."""

import pytest
from tiny import VARIANTS, save_tiny

from pruning.batches import encode
from pruning.cost import PARTS, count_flops, count_parts, measure_latency, typical_batch
from pruning.layers import count_parameters, drop_layers
from pruning.models import load_model, load_tokenizer, resolve

TEXTS = ["good", "a good film", "a very good film , by far the best of the year"]


@pytest.fixture(scope="module")
def model_and_texts(tmp_path_factory):
    weights = resolve(save_tiny("bert", tmp_path_factory.mktemp("cost")))
    return load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 32)


def test_operations_of_one_text_by_hand(model_and_texts):
    model, encoded = model_and_texts
    tokens, width, inner = 5, 16, 32  # 'a good film' with its two special tokens
    layer = 2 * tokens * (4 * width * width + 2 * width * inner)  # four projections and two of the inner block
    attention = 2 * 2 * tokens * tokens * width  # scores, and their sum over values
    head = 2 * width * width + 2 * width * 2  # pooler and classifier see one token
    assert count_flops(model, encoded) == 4 * (layer + attention) + head
    assert count_flops(drop_layers(model, (0, 3)), encoded) == 2 * (layer + attention) + head


def test_the_typical_batch_is_of_median_length(model_and_texts):
    _, encoded = model_and_texts
    assert typical_batch(encoded, 1)["input_ids"].shape == (1, 5)
    assert typical_batch(encoded, 32)["input_ids"].shape == (3, 14)  # no more texts than there are


def test_latency_quartiles_are_in_order(model_and_texts):
    model, encoded = model_and_texts
    low, median, high = measure_latency(model, encoded, 1)
    assert 0 < low <= median <= high


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_parts_of_a_model_add_up_and_layers_are_what_dropping_saves(variant, tmp_path):
    weights = resolve(str(save_tiny(variant, tmp_path)))
    model = load_model(weights, 2, 0)
    parts = count_parts(model)
    assert tuple(parts) == PARTS and all(n > 0 for n, _ in parts.values())
    assert sum(n for n, _ in parts.values()) == count_parameters(model)
    assert all(n_bytes == 4 * n for n, n_bytes in parts.values())
    pruned = count_parts(drop_layers(model, (0, 1)))
    if not weights.family.shared:
        assert (pruned["embeddings"], pruned["head"]) == (parts["embeddings"], parts["head"])
        assert pruned["layers"][0] < parts["layers"][0]
