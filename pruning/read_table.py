"""A user's file as a table in which every cell is text: separated values, JSON lines or parquet.

What a file is follows from its first bytes, then from its ending. Whatever cannot be read is a ValueError of one
sentence: what came, what is allowed, what to do.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .cells import MAX_CELL, as_cell, check_size, clean, large_cell, name_columns, shown
from .encodings import find_encoding, open_text
from .read_separated import SEPARATORS, read_separated, sniff_separator

FORMATS = {
    ".csv": "CSV",
    ".tsv": "TSV",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".json": "JSON lines",
    ".parquet": "parquet",
}
MAX_MB = 50  # of a file
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


@dataclass(frozen=True)
class Reading:
    """How a file was read."""

    format: str  # one of FORMATS' values
    encoding: str = ""  # Python's name; parquet has none
    separator: str = ""  # one of SEPARATORS' values
    notes: tuple[str, ...] = ()  # sentences on what was not as expected


def read_table(path: str | Path) -> tuple[pd.DataFrame, Reading]:
    """Every cell as text, "" where there is nothing, and how that was read. ValueError: what is wrong with the file."""
    path = find_file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path.name} ({error.strerror}); make it readable for you") from error
    check_kind(path.name, data)
    if is_parquet(data):
        from .read_parquet import read_parquet

        columns, notes = read_parquet(data, path.name)
        reading = Reading("parquet", notes=notes)
    else:
        columns, reading = read_text(data, path.name, FORMATS[path.suffix.lower()])
    if not columns or not next(iter(columns.values())):
        raise ValueError(f"{path.name} holds no rows; give it column names and one row per text")
    return pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()}), reading


def find_file(path: str | Path) -> Path:
    """The path of a file that may be read; ValueError where there is none, it has another ending or is too large."""
    found = Path(os.path.expanduser(path))
    if found.suffix.lower() in SPREADSHEETS:
        raise spreadsheet(found.name)
    if found.suffix.lower() not in FORMATS:
        raise ValueError(f"the file {found.name!r} has an ending that is not read; save it as {' or '.join(FORMATS)}")
    if not os.path.isfile(found):
        raise ValueError(f"there is no file {str(path)!r}; check the path, or start it with / or ~")
    if (size := found.stat().st_size) > MAX_MB << 20:
        raise ValueError(f"{found.name} has {size / 2**20:,.1f} MB, allowed are {MAX_MB}; take a sample of its rows")
    return found


def spreadsheet(name: str) -> ValueError:
    return ValueError(f"{name} is a spreadsheet; open it and save it as CSV (UTF-8)")


def is_parquet(data: bytes) -> bool:
    return data.startswith(b"PAR1")


def check_kind(name: str, data: bytes) -> None:
    """ValueError for a file that is empty, a spreadsheet, packed, or something else than its ending says."""
    if not data.strip():
        raise ValueError(f"{name} is empty; give it column names and one row per text")
    ole = data.startswith(bytes.fromhex("d0cf11e0"))
    if ole or (data.startswith(b"PK\3\4") and (b"xl/" in data or b"opendocument" in data)):
        raise spreadsheet(name)
    if data.startswith((b"PK\3\4", b"\x1f\x8b", b"BZh91AY", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")):
        raise ValueError(f"{name} is packed; unpack it and give the file inside")
    if name.lower().endswith(".parquet") and not is_parquet(data):
        raise ValueError(f"{name} is not a parquet file; save it again, as parquet or as CSV")


def read_text(data: bytes, name: str, kind: str) -> tuple[dict[str, list[str]], Reading]:
    """Column name -> cells, of a file that is not binary."""
    encoding, notes = find_encoding(data, name)
    if kind == "JSON lines":
        columns, more = read_json_lines(data, encoding, name)
        return columns, Reading(kind, encoding, notes=notes + more)
    separators = sorted(SEPARATORS, key=lambda separator: separator != "\t") if kind == "TSV" else list(SEPARATORS)
    separator = sniff_separator(data, encoding, separators, name)
    columns, more = read_separated(data, encoding, separator, name)
    return columns, Reading(kind, encoding, SEPARATORS[separator], notes + more)


def read_json_lines(data: bytes, encoding: str, name: str) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """One object per line; a column for every name that any of them has."""
    columns: dict[str, list[str]] = {}
    nested, n_rows = {}, 0
    for number, line in enumerate(open_text(data, encoding), 1):
        if not line.strip():
            continue
        row = read_object(line, number, name)
        new = [key for key in row if key not in columns]
        check_size(n_rows + 1, len(columns) + len(new), name)
        columns |= {key: [""] * n_rows for key in new}
        n_rows += 1
        for key, cells in columns.items():
            value = row.get(key)
            if isinstance(value, dict | list):
                nested[key] = value = None
            cell = as_cell(value)
            if len(cell) > MAX_CELL:
                raise large_cell(name, f"line {number}")
            cells.append(cell)
    kept = {key: cells for key, cells in columns.items() if key not in nested}
    ordered = name_columns(kept, list(kept.values()), name)
    note = f"left out, since they hold lists or objects: {', '.join(map(shown, sorted(nested)[:10]))}"
    return ordered, (note,) if nested else ()


def read_object(line: str, number: int, name: str) -> dict:
    """One line's object, its names in their order."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'line {number} of {name} is not JSON; write one object per line, such as {{"text": "fine", "label": 1}}'
        ) from error
    if not isinstance(row, dict):
        raise ValueError(
            f"line {number} of {name} holds a JSON {type(row).__name__}; write one object per line, "
            'such as {"text": "fine", "label": 1}'
        )
    return {clean(key): value for key, value in row.items()}
