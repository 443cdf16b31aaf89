"""Which encoding a user's file has: UTF-8, UTF-16, or else Windows-1252."""

import codecs
import io

BLOCK = 1 << 20
FALLBACK = "cp1252"
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CONTROL = bytes(i for i in range(32) if chr(i) not in "\t\n\r\f\v\x1a") + b"\x7f"


def find_encoding(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Python's name of the encoding, and notes for the reader. ValueError for a file that is not text."""
    marked = next((encoding for bom, encoding in BOMS.items() if data.startswith(bom)), "")
    candidates = [marked] if marked else [without_mark(data)] if b"\0" in data[:1000] else ["utf-8", FALLBACK]
    if "utf-16" not in candidates[0] and is_binary(data):
        raise ValueError(f"{name} is a binary file; give a text file: CSV, TSV or JSON lines in UTF-8, or parquet")
    for encoding in candidates:
        if decodes(data, encoding):
            note = f"the file is not UTF-8, so it is read as Windows-1252 ({FALLBACK}): check its accents"
            return encoding, (note,) if encoding == FALLBACK else ()
    raise ValueError(f"{name} is in no encoding that is read (UTF-8, UTF-16, Windows-1252); save it again as UTF-8")


def without_mark(data: bytes) -> str:
    """UTF-16 has a zero beside every Latin letter; which side, says the order of its bytes."""
    start = data[:1000]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > 0.4 * len(start) / 2 and min(even, odd) < 0.1 * len(start) / 2:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def is_binary(data: bytes) -> bool:
    """More control characters than a text has by accident, or a zero byte."""
    n_control = len(data) - len(data.translate(None, CONTROL))
    return n_control > len(data) / 1000 or b"\0" in data


def decodes(data: bytes, encoding: str) -> bool:
    """Whether all of it is valid, found block by block: the decoded text may need four times the memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), BLOCK):
            decoder.decode(data[start : start + BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def open_text(data: bytes, encoding: str) -> io.TextIOWrapper:
    """The text line by line; its line ends stay as they are, since quoted cells may hold some."""
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
