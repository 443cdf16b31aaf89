"""Which encoding a file has, and what is no text at all."""

import pytest

from pruning.encodings import find_encoding


@pytest.mark.parametrize(
    "data, encoding",
    [
        (b"plain", "utf-8"),
        ("é".encode(), "utf-8"),
        ("é".encode("utf-8-sig"), "utf-8-sig"),
        ("né".encode("utf-16"), "utf-16"),
        ("some text".encode("utf-16-le"), "utf-16-le"),
        ("some text".encode("utf-16-be"), "utf-16-be"),
        ("naïve – “so”".encode("cp1252"), "cp1252"),
        (b"x" * (1 << 20) + "é".encode()[:1], "cp1252"),  # cut in a letter, behind the first block
        (b"x" * ((1 << 20) - 1) + "é".encode(), "utf-8"),  # a letter across two blocks
    ],
)
def test_the_encoding_follows_from_the_bytes(data, encoding):
    assert find_encoding(data, "t.csv")[0] == encoding


@pytest.mark.parametrize(
    "data, sentence",
    [
        (b"some\0text with a zero" * 9, "t.csv is a binary file; give a text file"),
        (bytes(range(1, 32)) * 9, "t.csv is a binary file"),
        (b"\x81\x8d", "t.csv is in no encoding that is read (UTF-8, UTF-16, Windows-1252); save it again as UTF-8"),
        (b"\xff\xfea", "t.csv is in no encoding that is read"),  # half a character of UTF-16
    ],
)
def test_what_is_no_text_gives_a_sentence(data, sentence):
    with pytest.raises(ValueError) as refused:
        find_encoding(data, "t.csv")
    assert sentence in str(refused.value)
