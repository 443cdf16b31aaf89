"""The tasks a visitor can choose from: registered ones, published ones without texts here, and the visitor's files."""

from collections.abc import Sequence
from dataclasses import dataclass

from .. import published
from ..models import MODELS
from ..own_data import stored_task
from ..tasks import TASKS
from ..uploads import Upload


@dataclass(frozen=True)
class Topic:
    """The task of a choice: what is known of it without reading its texts."""

    name: str  # in a choice and in a link
    key: str  # in stored rows
    label: str
    published: str = ""  # the name that published tables have for it
    has_texts: bool = True  # else its published numbers are all there is
    data: str = ""  # fingerprint that its rows must have; empty: any
    file: str = ""  # of the visitor's own, and how it is read
    text: tuple[str, ...] = ()
    label_column: str = ""
    kind: str = ""
    scope: str = ""  # of the visitor, whose rows these are
    problem: str = ""  # why nothing can be run on it
    columns: tuple[str, ...] = ("text",)  # of its texts; two for pairs
    n_train: int = 0  # training texts; 0: not known without reading them


def find_topic(task: str, own: Sequence[Upload] = ()) -> Topic:
    """What a choice's task stands for; a name that nothing has is taken for a published task."""
    for upload in own:
        if upload.name == task:
            return own_topic(upload)
    if task in TASKS:
        row = TASKS[task]
        return Topic(task, task, row.label, row.published or task, columns=row.columns)
    return Topic(task, task, task, task, has_texts=False)


def own_topic(upload: Upload) -> Topic:
    report = upload.seen["report"] or {"fingerprint": "", "splits": {"train": 0}, "text_columns": ["text"]}
    return Topic(
        upload.name,
        stored_task(str(upload.path)),
        upload.path.name,
        data=report["fingerprint"],
        file=str(upload.path),
        text=upload.text,
        label_column=upload.label,
        kind=upload.kind,
        scope=upload.scope,
        problem=upload.seen["problem"],
        columns=tuple(report["text_columns"]),
        n_train=report["splits"]["train"],
    )


def task_names(published_model: str, own: Sequence[Upload] = ()) -> list[str]:
    """Tasks to choose from: published ones first where the model has some, then those with texts here."""
    by_published = {task.published: name for name, task in TASKS.items() if task.published}
    names = [by_published.get(name, name) for name in published.tasks(published_model)]
    return names + [name for name in TASKS if name not in names] + [upload.name for upload in own]


def all_tasks() -> list[str]:
    """Every task that some model can be shown on, without anyone's own."""
    reported = {name for model in MODELS.values() for name in task_names(model.published)}
    return sorted(reported | set(TASKS), key=lambda name: (name in TASKS, name))


def labelled_tasks(names: Sequence[str], own: Sequence[Upload] = ()) -> list[tuple[str, str]]:
    """(text, name) for a menu; files of one name are told apart by a number."""
    labels = [find_topic(name, own).label + " · yours" * name.startswith("upload:") for name in names]
    again = [labels[:i].count(label) + 1 for i, label in enumerate(labels)]
    return [(f"{label} ({n})" if n > 1 else label, name) for label, n, name in zip(labels, again, names, strict=True)]
