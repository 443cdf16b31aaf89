"""Rows of an experiment, each written to its file as soon as it is measured."""

import csv
from pathlib import Path


def write_row(path: Path, row: dict) -> None:
    """Appends one row to a CSV file, in the order of its heads, and prints it. A new file begins with the row's names.

    ValueError: the row has a name that the file does not know.
    """
    if not path.exists():
        path.write_text(",".join(row) + "\n")
    with path.open("r+", newline="") as file:
        heads = next(csv.reader(file))
        file.seek(0, 2)
        csv.DictWriter(file, heads, lineterminator="\n").writerow(row)
    print(row, flush=True)
