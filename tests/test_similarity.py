"""How alike states are: hand-computed values, and what no measure may depend on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import save_tiny

from pruning.batches import encode
from pruning.layers import drop_layers, find_layers
from pruning.models import load_model, load_tokenizer, resolve
from pruning.representations import represent
from pruning.runs import LayerMatrix, Similarity
from pruning.similarity import cka_matrix, drift_cosines, layer_records, variation

TEXTS = ["a film", "not good , and far too long for what it has to say", "the best of the year , by far", "bad"]
ORIGIN = {"model": "tiny", "revision": "r", "task": "tweets", "data": "d"}


@pytest.fixture(scope="module", params=["bert", "gpt2", "xlnet", "modernbert"])
def tiny(request, tmp_path_factory):
    weights = resolve(str(save_tiny(request.param, tmp_path_factory.mktemp(request.param))))
    return load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 32)


def states(*tables) -> np.ndarray:
    """(texts, states, hidden) from one table (texts, hidden) per state."""
    return np.stack([np.asarray(table, dtype="float32") for table in tables], axis=1)


def rotation(n: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(1).normal(size=(n, n)))[0]


def test_cka_of_a_rotated_scaled_and_shifted_state_is_one():
    state = np.random.default_rng(0).normal(size=(50, 6))
    assert cka_matrix(states(state, state @ rotation(6), 3 * state + 7)) == pytest.approx(1, abs=1e-5)


def test_cka_of_a_hand_computed_pair():
    """One unit each: CKA is the square of their correlation, here of (1, 2, 3) and (1, 3, 2), which is 0.5."""
    found = cka_matrix(states([[1], [2], [3]], [[1], [3], [2]]))
    assert found == pytest.approx(np.array([[1, 0.25], [0.25, 1]]), abs=1e-6)


def test_cka_of_a_state_that_is_the_same_for_every_text_is_not_defined():
    found = cka_matrix(states([[1.0, 2], [1, 2], [1, 2]], [[0.0, 1], [1, 0], [2, 2]]))
    assert np.isnan(found[0]).all() and np.isnan(found[:, 0]).all() and found[1, 1] == pytest.approx(1)


def test_variation_is_the_distance_from_the_mean_state_in_lengths_of_that():
    found = variation(states([[3.0, 4], [3, 4]], [[1.0, 0], [3, 0]], [[0.0, 1], [4, 1]]))
    assert np.isnan(found[0]) and found[1:] == pytest.approx([0.5, 2 / 5**0.5])


def test_one_pass_gives_contribution_and_both_measures_for_each_pooling(tiny):
    model, encoded = tiny
    records = list(layer_records(list(represent(model, encoded))[-1], ORIGIN))
    assert [type(record) for record in records] == [Similarity, LayerMatrix, LayerMatrix] * 2
    similarity, cosine, cka = records[3:]
    assert (similarity.pooling, cosine.measure, cka.measure) == ("mean", "cosine", "cka")
    assert len(similarity.mean) == len(similarity.std) == len(similarity.quartiles) == 4
    assert all(low <= middle <= high for low, middle, high in similarity.quartiles)
    assert len(similarity.variation) == 5 and all(0 < share < 5 for share in similarity.variation)
    for matrix in (np.array(cosine.matrix), np.array(cka.matrix)):
        assert matrix.shape == (5, 5) and np.allclose(matrix, matrix.T, atol=1e-6)
        assert np.diag(matrix) == pytest.approx(1, abs=1e-5)


def test_the_sentence_token_of_a_bert_is_the_same_for_every_text_before_the_first_layer(tmp_path):
    weights = resolve(str(save_tiny("bert", tmp_path / "model")))
    encoded = encode(load_tokenizer(weights), TEXTS, 32)
    records = list(layer_records(list(represent(load_model(weights, 2, 0), encoded))[-1], ORIGIN))
    similarity, _, cka = records[:3]
    assert similarity.variation[0] is None and similarity.variation[1] > 0
    cka = cka.matrix
    assert set(cka[0]) == {None} and cka[1][1] == pytest.approx(1)


def drift(before, after, kept, encoded, batch_size=32) -> dict[str, np.ndarray]:
    return list(drift_cosines(before, after, kept, encoded, batch_size))[-1]


def test_a_model_compared_with_itself_has_drift_one(tiny):
    model, encoded = tiny
    for cosines in drift(model, model, (0, 1, 2, 3), encoded).values():
        assert cosines.shape == (4, 5) and cosines == pytest.approx(1, abs=1e-6)


def test_first_layers_of_a_pruned_model_have_not_drifted_and_later_ones_have(tiny):
    model, encoded = tiny
    found = drift(model, drop_layers(model, (0, 1, 3)), (0, 1, 3), encoded)["mean"]
    assert found[:, :3] == pytest.approx(1, abs=1e-5) and found[:, 3].mean() < 0.999


def test_a_trained_layer_moves_its_own_state_and_none_below(tiny):
    model, encoded = tiny
    other = drop_layers(model, (0, 1, 2, 3))
    with torch.no_grad():
        for parameter in find_layers(other)[2].parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    found = drift(model, other, (0, 1, 2, 3), encoded)["mean"]
    assert found[:, :3] == pytest.approx(1, abs=1e-5) and found[:, 3].mean() < 0.999


def test_drift_depends_on_neither_batch_size_nor_order(tiny):
    model, encoded = tiny
    other = drop_layers(model, (1, 2))
    turned = replace(encoded, features=encoded.features[::-1], lengths=encoded.lengths[::-1])
    for pooling, cosines in drift(model, other, (1, 2), encoded, 1).items():
        assert np.abs(drift(model, other, (1, 2), encoded, 3)[pooling] - cosines).max() < 1e-5
        assert np.abs(drift(model, other, (1, 2), turned, 3)[pooling][::-1] - cosines).max() < 1e-5
