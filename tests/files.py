"""Small files with texts and labels, such as a user might bring."""

from pathlib import Path

import pandas as pd

WORDS = "good bad fine awful great poor nice dull sharp slow quick loud soft warm cold".split()


def texts(n: int, start: str = "a") -> list[str]:
    """n different texts of 4 to 8 words."""
    return [
        f"{start} {' '.join(WORDS[(i * 7 + j * (1 + i % 5)) % 15] for j in range(2 + i % 5))} {i}" for i in range(n)
    ]


def table(n: int = 100, classes: tuple = ("neg", "pos")) -> pd.DataFrame:
    return pd.DataFrame({"text": texts(n), "label": [classes[i % len(classes)] for i in range(n)]})


def save(rows: pd.DataFrame, path: Path, **options) -> Path:
    """In the format that the ending names."""
    match path.suffix:
        case ".csv":
            rows.to_csv(path, index=False, **options)
        case ".tsv":
            rows.to_csv(path, index=False, sep="\t", **options)
        case ".jsonl":
            rows.to_json(path, orient="records", lines=True, **options)
        case ".parquet":
            rows.to_parquet(path, **options)
    return path


def pair_file(glue: str, path: Path, n: int = 300) -> Path:
    """A file with the columns that this GLUE task's own files have; the label follows from the texts."""
    one, two = texts(n, "one"), texts(n, "two")
    three = ["entailment", "neutral", "contradiction"]
    columns = {
        "mrpc": {"Quality": [i % 2 for i in range(n)], "#1 ID": range(n), "#2 ID": range(n, 2 * n),
                 "#1 String": one, "#2 String": two},
        "rte": {"index": range(n), "sentence1": one, "sentence2": two, "label": [["entailment", "not_entailment"][i % 2]
                for i in range(n)]},
        "qnli": {"index": range(n), "question": one, "sentence": two, "label": [["entailment", "not_entailment"][i % 2]
                 for i in range(n)]},
        "qqp": {"id": range(n), "qid1": range(n), "qid2": range(n), "question1": one, "question2": two,
                "is_duplicate": [i % 2 for i in range(n)]},
        "mnli": {"index": range(n), "promptID": range(n), "genre": ["travel"] * n, "sentence1_parse": one,
                 "sentence2_parse": two, "sentence1": one, "sentence2": two,
                 "label1": [three[(i + 1) % 3] for i in range(n)], "gold_label": [three[i % 3] for i in range(n)]},
        "stsb": {"index": range(n), "genre": ["news"] * n, "year": [2012 + i % 4 for i in range(n)],
                 "source1": ["none"] * n, "source2": ["none"] * n, "sentence1": one, "sentence2": two,
                 "score": [round(i * 0.37 % 5, 2) for i in range(n)]},
    }  # fmt: skip
    return save(pd.DataFrame(columns[glue]), path)
