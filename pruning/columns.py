"""Which columns of a user's table hold the texts and the labels, and whether the labels are classes or numbers.

These are guesses from names and values; a person may name every one of them instead.
"""

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .cells import shown

CLASSIFICATION, REGRESSION = "classification", "regression"
KINDS = (CLASSIFICATION, REGRESSION)
MAX_CLASSES = 50
MAX_WHOLE_CLASSES = 20  # whole numbers with more values than that are taken for ratings
PAIRS = (("premise", "hypothesis"), ("question", "sentence"), ("question", "passage"), ("question", "context"))
TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "tweet", "message", "body", "description", "title")
LABEL_NAMES = ("gold_label", "label", "labels", "class", "target", "category", "sentiment", "is_duplicate", "quality",
               "score", "similarity", "rating", "stars", "y")  # fmt: skip
OTHER_NAMES = ("id", "idx", "index", "split", "fold", "lang", "language", "date", "year")  # never labels by guess
MISSING = ("", "nan", "<na>")


@dataclass(frozen=True)
class Columns:
    text: tuple[str, ...]  # one column, or two for pairs
    label: str


def guess_columns(table: pd.DataFrame, text: tuple[str, ...] = (), label: str = "") -> Columns:
    """The columns that were named, the others guessed. ValueError: no such column, or none that looks like it."""
    for name in (*text, *([label] if label else [])):
        if name not in table.columns:
            names = ", ".join(map(shown, table.columns[:12])) + (", …" if len(table.columns) > 12 else "")
            raise ValueError(f"there is no column {shown(name)}; choose one of: {names}")
    if twice := [name for i, name in enumerate((*text, label)) if name in text[:i]]:
        raise ValueError(f"column {shown(twice[0])} is named twice; each text and the labels need their own column")
    label = label or named_label(table, text)
    text = text or guess_text(table, label)
    return Columns(text, label or guess_label(table, text))


def named_label(table: pd.DataFrame, text: tuple[str, ...]) -> str:
    """The column that is called as labels are, or ''."""
    names = {name.lower(): name for name in reversed(table.columns) if name not in text}
    return next((names[known] for known in LABEL_NAMES if known in names), "")


def guess_text(table: pd.DataFrame, label: str) -> tuple[str, ...]:
    """A pair of columns named as pairs are, else the column named as texts are, else the one with the longest texts."""
    found = [name for name in table.columns if name != label and looks_like_texts(table[name])]
    if not found:
        numbers = all(is_numeric(distinct(table[name])) for name in table.columns)
        held = "every column holds numbers only" if numbers else "no column looks like texts"
        raise ValueError(f"{held}; give a file with a column of texts, or name that column (--text)")
    if pair := find_pair(found):
        return pair
    names = {name.lower(): name for name in reversed(found)}
    named = next((names[known] for known in TEXT_NAMES if known in names), "")
    return (named or max(found, key=lambda name: table[name].str.len().mean()),)


def looks_like_texts(column: pd.Series) -> bool:
    """Several words in most cells, or mostly distinct cells; and not numbers."""
    cells = column[~is_missing(column)]
    if cells.empty or is_numeric(cells.iloc[:1000].tolist()):
        return False
    return cells.nunique() >= 0.5 * len(cells) or cells.iloc[:1000].str.split().str.len().mean() >= 3


def find_pair(names: list[str]) -> tuple[str, ...]:
    """Two columns known as a pair, or named alike but for 1 and 2, or a and b; else ()."""
    lower = {name.lower(): name for name in reversed(names)}
    for one in sorted(lower, key=len):  # sentence1 before sentence1_parse
        for first, second in ((r"(?<!\d)1(?!\d)", "2"), (r"(?<=[_ ])a$", "b")):
            other = re.sub(first, second, one, count=1)
            if other != one and other in lower:
                return lower[one], lower[other]
    return next(((lower[a], lower[b]) for a, b in PAIRS if a in lower and b in lower), ())


def guess_label(table: pd.DataFrame, text: tuple[str, ...]) -> str:
    """The last column with 2 to 50 values, else the last one of numbers."""
    others = [name for name in table.columns if name not in text and name.lower() not in OTHER_NAMES]
    values = {name: distinct(table[name]) for name in reversed(others)}
    few = [name for name, found in values.items() if 2 <= len(found) <= min(MAX_CLASSES, 0.5 * len(table))]
    numbers = [name for name, found in values.items() if len(found) >= 2 and is_numeric(found)]
    if not few + numbers:
        raise ValueError(
            f"no column looks like labels: none has 2 to {MAX_CLASSES} classes, or numbers; name it (--label)"
        )
    return (few + numbers)[0]


def guess_kind(labels: pd.Series) -> str:
    """Regression for numbers of which some are not whole or which have more than 20 values, else classification."""
    found = distinct(labels)
    numbers = [as_number(value) for value in found]
    if not found or not all(map(math.isfinite, numbers)):
        return CLASSIFICATION
    whole = all(number.is_integer() for number in numbers)
    return CLASSIFICATION if whole and len(found) <= MAX_WHOLE_CLASSES else REGRESSION


def distinct(column: pd.Series) -> list[str]:
    """The values of a column, each once, without the missing ones."""
    values = column.drop_duplicates()
    return values[~is_missing(values)].tolist()


def is_missing(column: pd.Series) -> np.ndarray:
    """Empty and white space, and what NaN is written as."""
    return column.str.strip().str.lower().isin(MISSING).to_numpy()


def is_numeric(values: list[str]) -> bool:
    return bool(values) and all(math.isfinite(as_number(value)) for value in values)


def as_number(text: str) -> float:
    """The number that a text is, else NaN."""
    try:
        return float(text)
    except ValueError:
        return math.nan
