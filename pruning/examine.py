"""What a visitor's file holds, as one JSON document on stdout. uploads.py starts this as a process of its own:

    echo '{"path": "reviews.csv", "text": ["review"], "label": "", "kind": ""}' | python -m pruning.examine

Columns and preview are there also where the data are refused, so that other columns can be chosen. What is asked
comes on stdin, since the name of a column may be anything.
"""

import json
import os
import sys
from pathlib import Path

import pandas as pd

from .columns import guess_columns
from .own_data import check_own, make_task, stored_task
from .read_table import read_table

PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 20
PREVIEW_CHARACTERS = 200
NOT_TOO_EAGER = 10  # of 19: the page goes first


def examine(path: Path, text: tuple[str, ...] = (), label: str = "", kind: str = "") -> dict:
    """columns (names), preview, reading (how it was read), chosen (columns, named or guessed), report, problem.

    `reading`, `chosen` and `report` (as `own_data.describe` gives it) are None where it did not come so far;
    `problem` is a sentence then, else empty.
    """
    found = {"columns": [], "preview": {"columns": [], "rows": []}, "reading": None, "chosen": None, "report": None}
    try:
        check_own(str(path), text, label, kind)
        table, reading = read_table(path)
        found |= {"columns": table.columns.tolist(), "preview": preview(table)}
        found["reading"] = vars(reading) | {"rows": len(table)}
        columns = guess_columns(table, text, label)
        found["chosen"] = {"text": list(columns.text), "label": columns.label}
        found["report"] = make_task(table, reading, stored_task(str(path)), path.name, columns, kind).report
    except ValueError as error:
        return found | {"problem": str(error)}
    return found | {"problem": ""}


def preview(table: pd.DataFrame) -> dict:
    """The first rows and columns, long cells cut."""
    first = table.iloc[:PREVIEW_ROWS, :PREVIEW_COLUMNS]
    return {"columns": first.columns.tolist(), "rows": [[cut(cell) for cell in row] for row in first.to_numpy()]}


def cut(cell: str) -> str:
    return cell if len(cell) <= PREVIEW_CHARACTERS else cell[: PREVIEW_CHARACTERS - 1] + "…"


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(NOT_TOO_EAGER)
    asked = json.load(sys.stdin)
    document = examine(Path(asked["path"]), tuple(asked["text"]), asked["label"], asked["kind"])
    json.dump(document, sys.stdout)


if __name__ == "__main__":
    main()
