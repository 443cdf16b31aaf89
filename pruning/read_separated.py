"""CSV, TSV and their like: the separator is found, and quotes are read strictly, so that no row is lost in silence."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress

from .cells import MAX_CELL, check_size, large_cell, name_columns, shown
from .encodings import open_text

SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
SNIFFED = 100_000  # characters
LINE_END = re.compile(r"\r\n?|\n")


def sniff_separator(data: bytes, encoding: str, separators: list[str], name: str) -> str:
    """The separator that cuts the first rows into as many cells as the row of column names; of equals the first."""
    sample = open_text(data, encoding).read(SNIFFED)
    fits = {}
    for separator in separators:
        csv.field_size_limit(MAX_CELL)  # one for the whole process; nothing else here reads CSV with this module
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        widths = [len(row) for row in with_sentences(rows, name) if row]
        complete = widths[:-1] if len(sample) == SNIFFED else widths
        if complete and complete[0] > 1:
            fits[separator] = complete.count(complete[0]) / len(complete)
    if not fits:
        first = shown(sample.strip().split("\n")[0].strip())
        raise ValueError(f"{name} has one column, {first}; it needs texts and labels, separated by a comma or a tab")
    return max(fits, key=fits.get)


def read_separated(data: bytes, encoding: str, separator: str, name: str) -> tuple[dict[str, list[str]], tuple]:
    """Cells in quotes as CSV has them; where that fails and every line is a row, quotes are ordinary characters."""
    problem, notes = None, ()
    try:
        header, cells = read_rows(data, encoding, separator, name, quoted=True)
    except ValueError as error:
        problem, cells = error, []
    n_doubtful = count_swallowed(cells, separator)
    if problem or (n_doubtful and separator == "\t"):  # tabs hardly stand in texts, where commas are ordinary
        with suppress(ValueError):
            plain_header, plain = read_rows(data, encoding, separator, name, quoted=False)
            if are_plain(plain_header, plain):
                note = "the quotes do not pair up, so they are read as ordinary characters"
                return name_columns(plain_header, plain, name), (note,)
    if problem:
        raise problem
    if n_doubtful:
        notes = (f"{n_doubtful:,} cells with line breaks look like several rows; check that each quote is closed",)
    return name_columns(header, cells, name), notes


def count_swallowed(cells: list[list[str]], separator: str) -> int:
    """How many cells look as if a quote that is never closed had swallowed the rows up to the next one."""
    n_found = 0
    for before, column in enumerate(cells):
        for cell in column:
            if "\n" in cell or "\r" in cell:
                first, *middle, last = (line.count(separator) for line in LINE_END.split(cell))
                expected = len(cells) - 1
                n_found += (first, last) == (expected - before, before) and all(n == expected for n in middle)
    return n_found


def are_plain(header: list[str], cells: list[list[str]]) -> bool:
    """Whether quotes stand in the texts, rather than around them."""
    opened = [cell for column in cells for cell in column if cell[:1] == '"']
    wrapped = sum(len(cell) > 1 and cell[-1] == '"' for cell in opened)
    return not any('"' in cell for cell in header) and wrapped <= len(opened) / 2


def read_rows(data: bytes, encoding: str, separator: str, name: str, quoted: bool) -> tuple[list[str], list[list[str]]]:
    """The row of column names, and each column's cells; ValueError names the first line that does not fit."""
    csv.field_size_limit(MAX_CELL)
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(open_text(data, encoding), delimiter=separator, strict=True, quoting=quoting)
    rows = (row for row in with_sentences(reader, name) if any(row))
    header = next(rows, [])
    check_size(0, len(header), name)
    columns: list[list[str]] = [[] for _ in header]
    for n_rows, row in enumerate(rows, 1):
        if len(row) != len(header):
            if len(row) == 1 and not row[0].strip():
                continue
            raise ValueError(
                f"line {reader.line_num} of {name} has {len(row)} cells where {len(header)} columns are named; "
                f"put texts that hold a {SEPARATORS[separator]}, a quote or a line break in double quotes"
            )
        check_size(n_rows, len(header), name)
        for column, cell in zip(columns, row):
            column.append(cell)
    return header, columns


def with_sentences(reader: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    """The same rows; what the csv module says is wrong with one becomes a sentence."""
    begun = 1
    try:
        for row in reader:
            yield row
            begun = reader.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            raise large_cell(name, f"the row at line {begun}") from error
        raise ValueError(
            f"the quotes in the row at line {begun} of {name} do not pair up; write a quote inside a quoted text "
            'twice, as in "she said ""no"""'
        ) from error
