"""A user's own file as a task: rows cleaned, split and described.

A text goes to a split by its own hash: md5 mod 10 is 0 to 6 for training, 7 for validation, 8 and 9 for the test. It
depends on nothing else in the file, so rows that are added move no other row, and equal texts cannot stand in two
splits. The price: the shares of the classes are alike in the splits only as far as chance makes them, which for a
class of few rows is not far. So every class has to be there for training and for the test, or the file is refused;
one without a validation text is only told, since nothing is scored on those.
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from .cells import shown
from .columns import (
    CLASSIFICATION,
    KINDS,
    LABEL_NAMES,
    MAX_CLASSES,
    REGRESSION,
    Columns,
    as_number,
    distinct,
    guess_columns,
    guess_kind,
    is_missing,
    is_numeric,
)
from .own_report import SPLITS, describe, notes_on, unused_columns
from .read_table import Reading, find_file, read_table
from .tasks import BINARY, TASKS, Split, Task, TaskData, Text, fingerprint, text_md5

PREFIX = "own:"  # of the names of such tasks; no registered name has it
SPLIT_OF_HASH = ("train",) * 7 + ("validation",) + ("test",) * 2
MIN_ROWS = 50
MIN_CLASS_ROWS = 10
MAX_LABEL = 1e30  # float32 ends at 3e38
OTHER_LABEL = "duplicate with another label"
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True)
class OwnData:
    data: TaskData
    report: dict  # the document that `tasks FILE` prints


def is_own(task: str) -> bool:
    """Whether a task is named by a file: it has an ending or is a path, which no registered name has or is."""
    return not (task in TASKS or task.startswith(PREFIX)) and bool(os.path.splitext(task)[1] or os.path.dirname(task))


def stored_task(task: str) -> str:
    """The name that rows of this task bear: of a file its name without the ending, marked as one's own."""
    return PREFIX + " ".join(Path(task).stem.split()) if is_own(task) else task


def check_own(task: str, text: tuple[str, ...], label: str, kind: str) -> None:
    """ValueError where the file cannot be read as such or the options are not allowed; the file is not opened."""
    if not isinstance(text, tuple) or len(text) > 2 or not all(isinstance(name, str) for name in text):
        raise ValueError(f"text columns {text!r} are not allowed; name one column, or two for pairs of texts")
    if not isinstance(label, str):
        raise ValueError(f"label column {label!r} is not allowed; give its name as text")
    if kind not in ("", *KINDS):
        raise ValueError(f"unknown kind {kind!r}; choose one of: {', '.join(KINDS)}")
    find_file(task)


def load_own(task: str, text: tuple[str, ...] = (), label: str = "", kind: str = "") -> OwnData:
    """The task that a file holds; what is not named is guessed. ValueError says what is wrong with the file.

    Read once until the file changes.
    """
    check_own(task, text, label, kind)
    path = find_file(task).resolve()
    state = path.stat()
    return read_own(path, text, label, kind, (state.st_size, state.st_mtime_ns, stored_task(task)))


@lru_cache(maxsize=2)
def read_own(path: Path, text: tuple[str, ...], label: str, kind: str, stamp: tuple[int, int, str]) -> OwnData:
    """As `load_own`; `stamp` (size, modification time, name of the task) lets a changed file be read anew."""
    table, reading = read_table(path)
    return make_task(table, reading, stamp[-1], path.name, guess_columns(table, text, label), kind)


def make_task(
    table: pd.DataFrame, reading: Reading, task_name: str, file: str, columns: Columns, kind: str = ""
) -> OwnData:
    """The task and its report, from a table of texts and the columns that count."""
    rows, left_out = clean_rows(table, columns)
    kind = kind or guess_kind(rows.label)
    check_header(rows, columns, kind)
    rows = rows.assign(label=as_labels(rows.label, columns.label, kind))
    rows, more, notes = leave_out_duplicates(rows)
    if len(rows) < MIN_ROWS:
        raise ValueError(
            f"{len(rows)} rows are left of {len(table):,}, at least {MIN_ROWS} are needed; "
            f"add rows, or look at what is left out ({said(left_out | more)})"
        )
    classes = class_names(rows, columns.label, more[OTHER_LABEL]) if kind == CLASSIFICATION else ()
    splits = make_splits(rows, classes)
    check_splits(splits, classes, columns.label)
    metrics = BINARY if classes else ("spearman", "pearson")
    task = Task(task_name, task_name.removeprefix(PREFIX), metrics, classes, file, columns=columns.text)
    data = TaskData(task, splits["train"], splits["validation"], splits["test"], fingerprint(splits))
    notes = (*reading.notes, *notes, *unused_columns(table, columns), *notes_on(splits, classes))
    return OwnData(data, describe(data, reading, kind, columns, len(table), left_out | more, notes))


def clean_rows(table: pd.DataFrame, columns: Columns) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows that have text and label, as columns `text` (Text), `folded` and `label`; how many had not."""
    no_text = np.logical_or.reduce([is_missing(table[name]) for name in columns.text])
    no_label = is_missing(table[columns.label]) & ~no_text
    kept = table[~(no_text | no_label)]
    *sides, labels = (kept[name].to_numpy(dtype=object).tolist() for name in (*columns.text, columns.label))
    folded = [[" ".join(text.split()) for text in side] for side in sides]
    rows = pd.DataFrame({"text": as_column(sides), "folded": as_column(folded), "label": as_column([labels])})
    left_out = {"no text": int(no_text.sum()), "no label": int(no_label.sum())}
    return rows, left_out


def as_column(sides: list[list[str]]) -> pd.Series:
    """One list as it is, two as pairs."""
    return pd.Series(sides[0] if len(sides) == 1 else list(zip(*sides, strict=True)), dtype=object)


def check_header(rows: pd.DataFrame, columns: Columns, kind: str) -> None:
    """ValueError where the first row seems to be a text with its label, not the names of the columns."""
    name = columns.label
    is_class = name in set(rows.label) and name.lower() not in LABEL_NAMES  # "y" may be both
    if is_class or (kind == REGRESSION and as_number(name) == as_number(name)):
        raise ValueError(
            f"the first row has to name the columns, and {shown(name)} looks like a label; add a row such as text,label"
        )


def as_labels(labels: pd.Series, column: str, kind: str) -> pd.Series:
    """Classes as printable names on one line, or finite numbers; whole numbers are written alike (1, 1.0 and 01)."""
    values = distinct(labels)
    numeric = is_numeric(values)
    if kind == REGRESSION:
        if wrong := [value for value in values if not abs(as_number(value)) < MAX_LABEL]:  # NaN is not either
            raise ValueError(
                f"column {shown(column)} holds {shown(wrong[0])}, which is no number to predict; "
                "take such rows out, or choose classification (--kind)"
            )
        named = {value: as_number(value) for value in values}
    else:
        named = {value: class_name(value, numeric) for value in values}
    return labels.map(named)


def class_name(value: str, numeric: bool) -> str:
    if numeric:
        number = as_number(value)
        return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else repr(number)
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:200] or repr(value)[:200]


def leave_out_duplicates(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int], tuple[str, ...]]:
    """Of equal texts, white space aside, the first; how many more there were, and a note where their labels differ."""
    again = rows.folded.duplicated()
    first = dict(zip(rows.folded[~again], rows.label[~again], strict=True)) if again.any() else {}
    differ = sum(first[text] != label for text, label in zip(rows.folded[again], rows.label[again], strict=True))
    left_out = {"duplicate": int(again.sum()) - differ, OTHER_LABEL: differ}
    note = f"{differ:,} texts came again with another label; the first label of each was kept"
    return rows[~again], left_out, (note,) if differ else ()


def class_names(rows: pd.DataFrame, column: str, differ: int = 0) -> tuple[str, ...]:
    """The classes by name, numbers by size. ValueError: fewer than 2, more than 50, or one of fewer than 10 rows.

    `differ`: how many rows were left out since their text came before with another label.
    """
    counts = rows.label.value_counts().to_dict()
    if len(counts) == 1:
        left_out = f" once {differ:,} texts that came again with another label are left out" if differ else ""
        raise ValueError(
            f"column {shown(column)} holds one class{left_out}, {shown(next(iter(counts)))}; at least 2 are needed, "
            "so choose another column (--label), or add rows of another class"
        )
    if len(counts) > MAX_CLASSES and all(map(DECIMAL_COMMA.fullmatch, counts)):
        raise ValueError(
            f"column {shown(column)} holds numbers with a decimal comma, such as {shown(next(iter(counts)))}; "
            "write them with a point"
        )
    if len(counts) > MAX_CLASSES:
        raise ValueError(
            f"column {shown(column)} holds {len(counts):,} classes, at most {MAX_CLASSES} are allowed; choose another "
            "column (--label), merge classes, or write numbers as 3.5 and choose regression (--kind)"
        )
    rare = [name for name, n in counts.items() if n < MIN_CLASS_ROWS]
    if rare:
        more = f", and {len(rare) - 1} more are as rare" if len(rare) > 1 else ""
        raise ValueError(
            f"class {shown(rare[0])} of column {shown(column)} has {counts[rare[0]]} rows{more}, at least "
            f"{MIN_CLASS_ROWS} are needed; add rows of it, merge it with another class, or take it out"
        )
    return tuple(sorted(counts, key=as_number if is_numeric(list(counts)) else None))


def split_of(folded: Text) -> str:
    """Where a text belongs; it depends on nothing but the text, its white space folded."""
    return SPLIT_OF_HASH[int(text_md5(folded), 16) % 10]


def make_splits(rows: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, Split]:
    """Each split in the order of the file."""
    place = rows.folded.map(split_of)
    number = {name: i for i, name in enumerate(classes)}
    labels = rows.label.map(number).astype("int64") if classes else rows.label.astype("float32")
    return {name: Split(rows.text[place == name].tolist(), labels[place == name].to_numpy().copy()) for name in SPLITS}


def check_splits(splits: dict[str, Split], classes: tuple[str, ...], column: str) -> None:
    """ValueError where a split is empty, lacks a class that it needs, or has one rating only."""
    for name, split in splits.items():
        if not split.texts:
            raise ValueError(f"no text falls into the {name} split, which goes by a hash of the text; add rows")
        if not classes and name != "validation" and len(set(split.labels.tolist())) == 1:
            raise ValueError(
                f"column {shown(column)} has one value only in the {name} split; choose a column of numbers that differ"
            )
        for number in set(range(len(classes))) - set(split.labels.tolist()) if name != "validation" else ():
            raise ValueError(
                f"no text of class {shown(classes[number])} falls into the {name} split, which goes by a hash of the "
                "text; add rows of that class, merge it with another, or take it out"
            )


def said(left_out: dict[str, int]) -> str:
    return ", ".join(f"{reason}: {n:,}" for reason, n in left_out.items() if n) or "nothing"
