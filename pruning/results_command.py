"""What the command `results` does: lists what was measured, or proves it."""

import argparse
import json
from contextlib import suppress
from pathlib import Path

from .columns import KINDS as KINDS_OF_TASK
from .models import MODELS, resolve, stored_name
from .own_data import is_own, stored_task
from .progress import Progress
from .runs import Record, to_json
from .store import Store
from .terminal import show, tell, watched


def results(options: argparse.Namespace) -> None:
    if options.action != "list":
        return {"verify": verify, "report": report}[options.action](options)
    store = Store()
    records = asked(options, store, options.kind)
    if not records and (options.model or options.task):
        known = sorted({f"{record.model} on {record.task}" for record in store.records(options.kind)})
        tell(f"nothing stored for that model and task; stored: {', '.join(known) or 'nothing'}")
    if options.format == "jsonl" and not options.json:
        for record in records:
            print(to_json(record))
    else:
        show(options, [json.loads(to_json(r)) for r in records])


def verify(options: argparse.Namespace) -> None:
    """Shipped runs, chosen at random, made again; OSError where one does not come out as it was stored, or cannot."""
    from . import verify as verifying

    store = Store()
    shipped = [run for run in asked(options, store, "run") if store.is_shipped(run)]
    chosen = verifying.choose(shipped, options.sample, options.seed)
    rows = [event for event in watched(verifying.verify(chosen)) if not isinstance(event, Progress)]
    show(options, rows)
    wrong = [row["key"][:12] for row in rows if row["verdict"] in (verifying.OUTSIDE, verifying.OTHER)]
    if wrong:
        raise OSError(
            f"{len(wrong)} of {len(rows)} runs did not come out as they are stored, or not at all: {', '.join(wrong)}"
        )


def report(options: argparse.Namespace) -> None:
    """Writes the findings from the shipped rows into README and the file that the tab Method shows."""
    from .report import write

    if options.model or options.task or options.kind != "run":
        raise ValueError("the report is of all shipped rows; leave out --model, --task and --kind")
    show(options, [{"written": str(path)} for path in write(Store())])


def asked(options: argparse.Namespace, store: Store, kind: str) -> list:
    """The records of the model and task that the options name, or of all."""
    names = (options.model and stored_name(options.model), options.task and stored_task(options.task))
    return exact(options, store.records(kind, *names))


def exact(options: argparse.Namespace, records: list[Record]) -> list[Record]:
    """Of the records that bear the names asked for, those of the very file and folder, where these are here.

    Rows bear the last part of a path alone, which another file or folder may share.
    """
    wanted = {}
    if options.task and is_own(options.task) and Path(options.task).is_file():
        wanted["data"] = fingerprints(options)
    if options.model and options.model not in MODELS and Path(options.model).is_dir():
        wanted["revision"] = {resolve(options.model).revision}
    kept = [record for record in records if all(getattr(record, name) in values for name, values in wanted.items())]
    if len(kept) < len(records):
        tell(
            f"{len(records) - len(kept)} rows of another file, other columns or another model of that name are left "
            "out; name the task and model as the rows do to see them, such as --task own:name"
        )
    return kept


def fingerprints(options: argparse.Namespace) -> set[str]:
    """Of the file, as either kind of task."""
    from .own_data import load_own

    found = {load_own(options.task, tuple(options.text), options.label).data.fingerprint}
    for kind in KINDS_OF_TASK:
        with suppress(ValueError):  # labels that only one kind can have
            found.add(load_own(options.task, tuple(options.text), options.label, kind).data.fingerprint)
    return found
