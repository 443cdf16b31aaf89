import json
import struct

import pytest
from safetensors.numpy import save_file
from tiny import save_tiny

from pruning.models import load_model, resolve
from pruning.parameters import TooLargeError, check_parameters, in_words, max_parameters, stored_parameters


@pytest.mark.parametrize(
    "text, limit",
    [
        ("", None),
        (" ", None),
        ("150000000", 150_000_000),
        ("150M", 150_000_000),
        ("150m", 150_000_000),
        (" 1.5B ", 1_500_000_000),
        ("22.7M", 22_700_000),
        ("1K", 1_000),
        ("1", 1),
    ],
)
def test_the_limit_is_a_number_with_or_without_a_unit(text, limit, monkeypatch):
    monkeypatch.setenv("PRUNING_MAX_PARAMETERS", text)
    assert max_parameters() == limit


@pytest.mark.parametrize(
    "text", ["much", "150 MB", "-5", "0", "0.1", "1e9", "1_000", "1,5B", "M", "nan", "9" * 400, "١M"]
)
def test_a_limit_that_cannot_be_read_says_what_to_write(text, monkeypatch):
    monkeypatch.setenv("PRUNING_MAX_PARAMETERS", text)
    with pytest.raises(
        ValueError, match="PRUNING_MAX_PARAMETERS is .*; set it to .* 150000000, 150M or 1.5B, or unset"
    ):
        max_parameters()


def test_the_limit_itself_is_allowed(monkeypatch):
    check_parameters(10**12, "anything")
    monkeypatch.setenv("PRUNING_MAX_PARAMETERS", "1000")
    check_parameters(1000, "small")
    with pytest.raises(TooLargeError, match="large has 1.0 K parameters, and PRUNING_MAX_PARAMETERS allows 1.0 K here"):
        check_parameters(1001, "large")


@pytest.mark.parametrize(
    "n, words", [(0, "0.0 K"), (43_468, "43.5 K"), (22_713_216, "22.7 M"), (109_486_464, "109 M"), (1.5e9, "1,500 M")]
)
def test_parameters_in_words(n, words):
    assert in_words(n) == words


@pytest.mark.parametrize("shard", ["1GB", "40KB"])
def test_the_parameters_of_a_model_are_counted_without_reading_its_weights(shard, tmp_path):
    model = load_model(resolve(str(save_tiny("bert", tmp_path / "whole"))), 2, seed=0)
    model.save_pretrained(tmp_path / "saved", max_shard_size=shard)
    weights = sorted((tmp_path / "saved").glob("*.safetensors"))
    assert stored_parameters(weights) == sum(p.numel() for p in model.parameters())
    assert len(weights) == 1 if shard == "1GB" else len(weights) > 2


def test_shards_beside_the_whole_are_not_counted_twice(tmp_path):
    import numpy as np

    for name in ("model.safetensors", "model-00001-of-00001.safetensors"):
        save_file({"a": np.ones((2, 3)), "b": np.ones(())}, tmp_path / name, {"about": "nothing"})
    assert stored_parameters(sorted(tmp_path.iterdir())) == 7


def header(document: object) -> bytes:
    text = json.dumps(document).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\xff" * 100,
        header([]),
        header({"a": 1}),
        header({"a": {}}),
        header({"a": {"shape": [2, -1]}}),
        header({"a": {"shape": ["2"]}}),
        struct.pack("<Q", 100_000) + b"[" * 100_000,
    ],
)
def test_a_damaged_header_gives_a_sentence(content, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="model.safetensors is no safetensors file or damaged .*; fetch or save the"):
        stored_parameters([path])
