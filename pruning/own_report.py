"""What a person wants to know of an own file before a run: the report that `tasks FILE` prints and the app shows."""

import numpy as np
import pandas as pd

from .cells import shown
from .columns import Columns
from .histogram import histogram
from .read_table import Reading
from .tasks import Split, TaskData

SPLITS = ("train", "validation", "test")
FEW_TEST_TEXTS = 200
LARGE_LABEL = 20.0  # a regression on larger numbers learns little in a few epochs


def unused_columns(table: pd.DataFrame, columns: Columns) -> list[str]:
    unused = [shown(name) for name in table.columns if name not in (*columns.text, columns.label)]
    more = f" and {len(unused) - 5} more" if len(unused) > 5 else ""
    return [f"not used: column{'s' * (len(unused) > 1)} {', '.join(unused[:5])}{more}"] if unused else []


def notes_on(splits: dict[str, Split], classes: tuple[str, ...]) -> list[str]:
    """What is allowed and yet worth knowing."""
    notes, n_test = [], len(splits["test"].texts)
    if classes and n_test < FEW_TEST_TEXTS:
        points = 100 * 1.96 * np.sqrt(0.5 / n_test)  # of two accuracies near one half
        notes.append(
            f"with {n_test} test texts, scores that differ by less than {points:.0f} points may not differ at all"
        )
    if len({name.lower() for name in classes}) < len(classes):
        notes.append("some classes differ only in capital letters; write them alike if they are the same")
    if absent := [shown(name) for i, name in enumerate(classes) if i not in splits["validation"].labels]:
        notes.append(f"the validation split has no text of class {', '.join(absent)}")
    largest = 0 if classes else max(np.abs(split.labels).max() for split in splits.values())
    return notes + [f"labels as large as {largest:,.0f} are learnt slowly; divide them"] * bool(largest > LARGE_LABEL)


def describe(
    data: TaskData, reading: Reading, kind: str, columns: Columns, n_rows: int, left_out: dict[str, int], notes: tuple
) -> dict:
    """What a person wants to know before a run: columns, rows, classes, lengths."""
    splits = dict(zip(SPLITS, (data.train, data.validation, data.test), strict=True))
    texts = [text for split in splits.values() for text in split.texts]
    joined = texts if isinstance(texts[0], str) else [" ".join(pair) for pair in texts]
    lengths = {"words": [len(t.split()) for t in joined], "characters": [len(t) for t in joined]}
    counts = {name: np.bincount(split.labels, minlength=len(data.task.classes)) if data.task.classes else ()
              for name, split in splits.items()}  # fmt: skip
    return {
        "name": data.task.name,
        "label": data.task.label,
        "file": data.task.source,
        "format": reading.format,
        "encoding": reading.encoding,
        "separator": reading.separator,
        "text_columns": list(columns.text),
        "label_column": columns.label,
        "kind": kind,
        "score": data.task.metrics[0],
        "fingerprint": data.fingerprint,
        "rows": n_rows,
        "used": len(texts),
        "left_out": {reason: n for reason, n in left_out.items() if n},
        "splits": {name: len(split.texts) for name, split in splits.items()},
        "classes": [
            {"class": name} | {split: int(counts[split][i]) for split in SPLITS}
            for i, name in enumerate(data.task.classes)
        ],
        "histograms": make_histograms(lengths["words"], {} if data.task.classes else splits),
        "length": {unit: [int(q) for q in np.percentile(n, (0, 25, 50, 75, 100))] for unit, n in lengths.items()},
        "notes": list(notes),
    }


def make_histograms(words: list[int], rated: dict[str, Split]) -> dict[str, dict]:
    """Of the texts' lengths in words and, for a regression, of the labels of each split; bars as in histogram.py."""
    edges, counts = histogram([words])
    found = {"words": {"edges": edges, "all": counts[0]}}
    if rated:
        edges, counts = histogram([split.labels for split in rated.values()])
        found["labels"] = {"edges": edges} | dict(zip(rated, counts, strict=True))
    return found
