"""The tasks there are: texts with labels, split for training, validation and test.

Embedded tasks are read from `assets/data`; GLUE comes from the hub. Calibration and every choice use the
validation split; the test split is only scored.
"""

import hashlib
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent.parent / "assets" / "data"
VADER = "Hutto & Gilbert (2014), VADER release, MIT licence"
HUB_ID = "nyu-mll/glue"
GLUE = "GLUE, Wang et al. (2018); scored on the development split, as in arXiv 2004.03844"

READING_HUB = threading.Lock()  # the switch in `read_hub` is one for the whole process

# a text, or a pair of texts
Text = str | tuple[str, str]


@dataclass(frozen=True)
class Task:
    name: str  # key on the command line; never changes
    label: str
    metrics: tuple[str, ...]  # names in metrics.METRICS; the first is the score
    classes: tuple[str, ...]  # label names in order; empty for a regression
    source: str
    file: str = ""  # embedded: parquet file in assets/data
    hub: str = ""  # hub: configuration of nyu-mll/glue
    columns: tuple[str, ...] = ("text",)  # one text column, or two for pairs
    published: str = ""  # its name in assets/published
    test_split: str = "validation"  # hub: the split that is scored

    @property
    def n_labels(self) -> int:
        return len(self.classes) or 1


SENTIMENT = ("negative", "positive")
BINARY = ("accuracy", "f1", "matthews")
ENTAILMENT = ("entailment", "not entailment")
TASKS = {
    t.name: t
    for t in (
        Task("movie-reviews", "Movie reviews", BINARY, SENTIMENT, VADER, file="movie-reviews"),
        Task("product-reviews", "Product reviews", BINARY, SENTIMENT, VADER, file="product-reviews"),
        Task("tweets", "Tweets", BINARY, SENTIMENT, VADER, file="tweets"),
        Task("movie-intensity", "Movie intensity", ("spearman", "pearson"), (), VADER, file="movie-reviews"),
        Task("sst2", "SST-2", BINARY, SENTIMENT, GLUE, hub="sst2", columns=("sentence",), published="SST-2"),
        Task(
            "mnli",
            "MNLI",
            ("accuracy",),
            ("entailment", "neutral", "contradiction"),
            GLUE,
            hub="mnli",
            columns=("premise", "hypothesis"),
            published="MNLI",
            test_split="validation_matched",
        ),
        Task("qnli", "QNLI", BINARY, ENTAILMENT, GLUE, hub="qnli", columns=("question", "sentence"), published="QNLI"),
        Task(
            "qqp",
            "QQP",
            BINARY,
            ("different", "duplicate"),
            GLUE,
            hub="qqp",
            columns=("question1", "question2"),
            published="QQP",
        ),
        Task(
            "stsb",
            "STS-B",
            ("spearman", "pearson"),
            (),
            GLUE,
            hub="stsb",
            columns=("sentence1", "sentence2"),
            published="STS-B",
        ),
        Task("rte", "RTE", BINARY, ENTAILMENT, GLUE, hub="rte", columns=("sentence1", "sentence2"), published="RTE"),
        Task(
            "mrpc",
            "MRPC",
            BINARY,
            ("different", "equivalent"),
            GLUE,
            hub="mrpc",
            columns=("sentence1", "sentence2"),
            published="MRPC",
        ),
        Task(
            "cola",
            "CoLA",
            ("matthews", "accuracy"),
            ("unacceptable", "acceptable"),
            GLUE,
            hub="cola",
            columns=("sentence",),
            published="COLA",
        ),
    )
}


@dataclass(frozen=True)
class Split:
    texts: list[Text]
    labels: np.ndarray  # int64 classes, or float32 ratings for a regression

    def first(self, n: int | None) -> "Split":
        """The first n texts in the order of their md5: a fixed random subset, the same for every model and seed."""
        if n is None or n >= len(self.texts):
            return self
        order = sorted(range(len(self.texts)), key=lambda i: text_md5(self.texts[i]))[:n]
        return Split([self.texts[i] for i in order], self.labels[order])


@dataclass(frozen=True)
class TaskData:
    task: Task
    train: Split
    validation: Split
    test: Split
    fingerprint: str  # sha256 of texts, labels and split, 16 hex digits


def get_task(name: str) -> Task:
    """The row of that name; ValueError lists the names there are."""
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r}; choose one of: {', '.join(TASKS)}, or a file such as texts.csv")
    return TASKS[name]


@lru_cache(maxsize=4)
def load_task(name: str) -> TaskData:
    """Texts and labels of a task. ValueError: unknown name; ConnectionError: a hub task with the hub out of reach."""
    task = get_task(name)
    splits = read_embedded(task) if task.file else read_hub(task)
    return TaskData(task, splits["train"], splits["validation"], splits["test"], fingerprint(splits))


def fingerprint(splits: dict[str, Split]) -> str:
    """16 hex digits that change with any text, any label, their order or their split."""
    digest = hashlib.sha256()
    for name, split in splits.items():
        for text, label in zip(split.texts, split.labels, strict=True):
            digest.update(repr((name, text, label.item())).encode())
    return digest.hexdigest()[:16]


def tell_constant(task: str) -> str:
    """What a model scores on the validation texts that says the same of each, in a sentence; '' without classes."""
    if not TASKS[task].classes:
        return ""
    most = np.unique(load_task(task).validation.labels, return_counts=True)[1].max()
    return f"One answer for all texts scores {100 * most / len(load_task(task).validation.labels):.1f} at most."


def read_embedded(task: Task) -> dict[str, Split]:
    """Sentences with crowd ratings in -4..4: sentiment drops |rating| < 0.5, a regression keeps the rating."""
    rows = pd.read_parquet(DATA / f"{task.file}.parquet")
    if task.classes:
        rows = rows[rows.rating.abs() >= 0.5]
        rows = rows.assign(label=(rows.rating > 0).astype("int64"))
    else:
        rows = rows.assign(label=rows.rating.astype("float32"))
    return {name: Split(part.text.tolist(), part.label.to_numpy()) for name, part in rows.groupby("split", sort=False)}


def read_hub(task: Task) -> dict[str, Split]:
    """GLUE: the development split is the test split; texts of the training split with md5 0 mod 20 validate."""
    import datasets

    with READING_HUB:
        offline = datasets.config.HF_HUB_OFFLINE
        datasets.config.HF_HUB_OFFLINE = offline or not hub_answers()  # then it reads its cache, or fails, at once
        try:
            sets = datasets.load_dataset(HUB_ID, task.hub)
        except OSError as error:
            raise ConnectionError(
                f"task {task.name} is fetched from the Hugging Face hub, which is out of reach ({error}); "
                f"connect to the network, or choose a task that is on this machine: "
                f"{', '.join(t.name for t in TASKS.values() if t.file)}"
            ) from error
        finally:
            datasets.config.HF_HUB_OFFLINE = offline
    train, test = (hub_split(sets[name], task) for name in ("train", task.test_split))
    validates = np.array([int(text_md5(text), 16) % 20 == 0 for text in train.texts])
    parts = {"train": ~validates, "validation": validates}
    return {
        name: Split([t for t, chosen in zip(train.texts, mask, strict=True) if chosen], train.labels[mask])
        for name, mask in parts.items()
    } | {"test": test}


def hub_answers() -> bool:
    """Whether the hub answers within 3 seconds; `load_dataset` alone would ask it for 23, and print as it does."""
    from huggingface_hub import HfApi

    try:
        HfApi().dataset_info(HUB_ID, timeout=3)
    except Exception:  # its HTTP library's own kinds among them
        return False
    return True


def hub_split(rows, task: Task) -> Split:
    columns = [list(rows[column]) for column in task.columns]
    texts = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    return Split(texts, np.array(rows["label"], dtype="int64" if task.classes else "float32"))


def text_md5(text: Text) -> str:
    return hashlib.md5("\t".join((text,) if isinstance(text, str) else text).encode()).hexdigest()
