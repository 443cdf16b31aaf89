"""Fine-tuning learns, is the same for the same seed, can be stopped at any step, and touches nothing it should not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import save_tiny

from pruning.batches import encode, grouped_batches, sorted_batches
from pruning.families import FAMILIES
from pruning.finetune import as_predictions, finetune, parameter_groups, predict, rate_factor, set_dropout
from pruning.models import load_model, load_tokenizer, resolve
from pruning.progress import SCORING, TRAINING
from pruning.recipes import RECIPES, Recipe

FAST = Recipe("fast", "", epochs=6, learning_rate=1e-2, batch_size=8, max_train=None, max_test=None)
TEXTS = ["good film", "bad film", "a good story , very good", "bad , too long and bad"] * 12
LABELS = np.array([1, 0, 1, 0] * 12)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return resolve(save_tiny("bert", tmp_path_factory.mktemp("finetune"), n_layers=2))


@pytest.fixture(scope="module")
def encoded(weights):
    return encode(load_tokenizer(weights), TEXTS, max_tokens=16)


def train(weights, encoded, seed=0, n_labels=2, labels=LABELS):
    model = load_model(weights, n_labels, seed)
    return model, list(finetune(model, encoded, labels, FAST, seed))


def test_it_learns_what_can_be_learnt(weights, encoded):
    model, events = train(weights, encoded)
    *_, logits = predict(model, encoded)
    assert (as_predictions(logits) == LABELS).mean() == 1
    assert events[-1].loss < events[1].loss


def test_a_regression_learns_the_rating(weights, encoded):
    ratings = np.where(LABELS == 1, 2.5, -1.5).astype("float32")
    model, _ = train(weights, encoded, n_labels=1, labels=ratings)
    *_, logits = predict(model, encoded)
    assert logits.shape == (48, 1)
    assert np.abs(as_predictions(logits) - ratings).mean() < 0.5


def test_progress_counts_every_step_and_tells_loss_and_time_left(weights, encoded):
    _, events = train(weights, encoded)
    assert [e.step for e in events] == list(range(6 * 6 + 1))
    assert {(e.stage, e.steps) for e in events} == {(TRAINING, 36)}
    assert all(e.loss > 0 and e.seconds_left >= 0 for e in events[1:])
    assert events[-1].seconds_left == 0


def test_the_same_seed_gives_the_same_weights_to_the_last_bit(weights, encoded):
    first, second, other = (train(weights, encoded, seed)[0].state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_closing_the_generator_stops_within_one_step(weights, encoded):
    model = load_model(weights, 2, 0)
    events = finetune(model, encoded, LABELS, FAST, 0)
    for event in events:
        if event.step == 3:
            events.close()
    after_close = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert next(events, None) is None
    assert all(torch.equal(tensor, after_close[name]) for name, tensor in model.state_dict().items())


def test_the_rate_climbs_over_the_warm_up_and_falls_to_zero():
    factors = [rate_factor(step, 100, 0.1) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1
    assert all(a > b for a, b in zip(factors[10:], factors[11:], strict=False))
    assert factors[100] == 0
    assert rate_factor(0, 1, 0.1) == 1  # a single step trains at the full rate


def test_only_matrices_decay(weights):
    model = load_model(weights, 2, 0)
    decayed, free = parameter_groups(model, 0.01)
    assert {p.ndim for p in free["params"]} == {1} and free["weight_decay"] == 0
    assert all(p.ndim > 1 for p in decayed["params"]) and decayed["weight_decay"] == 0.01
    assert len(decayed["params"]) + len(free["params"]) == len(list(model.parameters()))


@pytest.mark.parametrize("n_texts", [1, 8, 9, 1000])
def test_grouped_batches_hold_every_text_once_and_texts_of_similar_length(n_texts):
    lengths = np.random.default_rng(0).integers(3, 60, n_texts)
    batches = grouped_batches(lengths, 8, np.random.default_rng(1))
    assert sorted(np.concatenate(batches)) == list(range(n_texts))
    padded = sum(len(b) * lengths[b].max() for b in batches)
    assert padded < 1.15 * lengths.sum() + 60 * 8


def test_grouped_batches_come_in_another_order_in_each_epoch():
    generator = np.random.default_rng(0)
    first, second = (np.concatenate(grouped_batches(np.arange(100), 8, generator)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_predictions_are_in_the_order_of_the_texts_whatever_the_batch_size(weights, encoded):
    model = load_model(weights, 2, 0)
    found = [list(predict(model, encoded, batch_size))[-1] for batch_size in (1, 7, 64)]
    assert np.abs(found[0] - found[1]).max() < 1e-5
    assert np.abs(found[0] - found[2]).max() < 1e-5
    assert [e.stage for e in list(predict(model, encoded, 24))[:-1]] == [SCORING, SCORING]


def test_pairs_of_texts_are_encoded_together(weights):
    tokenizer = load_tokenizer(weights)
    pair = encode(tokenizer, [("good film", "bad film")], 16)
    assert tokenizer.decode(pair.features[0]["input_ids"]).count("[SEP]") == 2


def test_long_texts_are_cut(weights):
    assert encode(load_tokenizer(weights), ["good " * 500], 128).lengths.tolist() == [128]


def test_the_longest_batch_comes_first():
    lengths = np.array([3, 9, 5, 7])
    assert [list(b) for b in sorted_batches(lengths, 2)] == [[1, 3], [2, 0]]


def test_shipped_recipes_are_complete():
    for recipe in RECIPES.values():
        assert recipe.values().keys() >= {"name", "epochs", "learning_rate", "batch_size", "max_train", "max_tokens"}
        assert "label" not in recipe.values()


@pytest.mark.parametrize("model_type", FAMILIES)
def test_no_dropout_makes_training_mode_as_exact_as_evaluation(model_type, tmp_path):
    weights = resolve(save_tiny(model_type, tmp_path / "model"))
    model, batch = load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS[:3], 16).pad(range(3))
    with torch.inference_mode():
        evaluated = model(**batch).logits
        assert not torch.allclose(model.train()(**batch).logits, evaluated)
        set_dropout(model, 0.0)
        assert torch.allclose(model(**batch).logits, evaluated, atol=1e-6)


@pytest.mark.parametrize("model_type", FAMILIES)
def test_every_family_is_fine_tuned_in_the_precision_of_this_device(model_type, tmp_path):
    weights = resolve(save_tiny(model_type, tmp_path / "model"))
    model, encoded = load_model(weights, 2, 0), encode(load_tokenizer(weights), TEXTS, 16)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    events = list(finetune(model, encoded, LABELS, replace(FAST, epochs=1), 0))
    assert events[-1].step == 6
    after = model.state_dict()
    assert after.keys() == before.keys() and {t.dtype for t in after.values()} == {t.dtype for t in before.values()}
    assert any(not torch.equal(after[name], before[name]) for name in before)


def test_a_training_that_diverges_is_an_error_and_no_result(weights, encoded):
    model = load_model(weights, 2, 0)
    with torch.no_grad():
        model.classifier.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="diverged at step 1 of 36: its loss is nan.*lower learning rate"):
        list(finetune(model, encoded, LABELS, FAST, 0))
