"""What each command does: options in, a document or a table on stdout out. Heavy imports wait until they are needed."""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from .models import MODELS, all_models, is_fetched, resolve, stored_name
from .own_data import stored_task
from .plan import NeedsSimilarityError, Request, check, load_data
from .progress import FETCHING, Progress
from .runs import LayerMatrix, to_json
from .store import Store
from .strategies import STRATEGIES, describe_layers
from .tasks import TASKS


def models(options: argparse.Namespace) -> None:
    if options.action == "install":
        from .install import download_mb, install, is_installed

        if not options.name:
            raise ValueError(f"models install needs a name: one of {', '.join(MODELS)}, or a hub id such as owner/name")
        if not is_installed(options.name):
            tell(f"{options.name}: {download_mb(options.name)} MB to fetch")
            show_progress(install(options.name))
        show(options, {"name": options.name, "folder": str(resolve(options.name).folder)})
        return
    rows = [
        {
            "name": m.name,
            "label": m.label,
            "n_layers": m.n_layers,
            "hub_id": m.hub_id,
            "download_mb": m.download_mb,
            "installed": is_fetched(m.name),
            "published": bool(m.published),
        }
        for m in all_models()
    ]
    show(options, rows)


def tasks(options: argparse.Namespace) -> None:
    if options.file:
        return show_file(options)
    if options.text or options.label or options.kind:
        raise ValueError("--text, --label and --kind are for a file; name it, such as: tasks texts.csv --label stars")
    show(
        options,
        [
            {
                "name": t.name,
                "label": t.label,
                "score": t.metrics[0],
                "metrics": list(t.metrics),
                "classes": list(t.classes),
                "where": "embedded" if t.file else "hub",
                "source": t.source,
            }
            for t in TASKS.values()
        ],
    )


def show_file(options: argparse.Namespace) -> None:
    """What a run on that file would use: columns, rows and why some are dropped, classes, lengths."""
    from .own_data import load_own

    report = load_own(options.file, tuple(options.text), options.label, options.kind).report
    if options.json:
        return show(options, report)
    notes, classes = (report[name] for name in ("notes", "classes"))
    elsewhere = ("notes", "classes", "histograms")  # the last with --json alone
    show(options, {name: value for name, value in report.items() if name not in elsewhere})
    if classes:
        print("\n" + as_table([{name: readable(name, value) for name, value in row.items()} for row in classes]))
    for note in notes:
        print(f"\nNote: {note}.")


def strategies(options: argparse.Namespace) -> None:
    show(
        options,
        [{"name": s.name, "label": s.label, "drops": s.drops, "source": s.source} for s in STRATEGIES.values()],
    )


def plan(options: argparse.Namespace) -> None:
    from .execute import compare, describe

    request, store = to_request(options), Store()
    try:
        document = describe(request, store)
    except NeedsSimilarityError:
        show_progress(compare(request, store))
        document = describe(request, store)
    show(options, document)


def run(options: argparse.Namespace) -> None:
    request = to_request(options)
    check(request)  # before the imports: a wrong name is told at once
    from .execute import execute

    show(options, json.loads(to_json(show_progress(execute(request, Store())))))


def sweep(options: argparse.Namespace) -> None:
    from .sweep import plan_sweep

    base, store = to_request(options), Store()
    check(base)
    asked = (base, options.strategies, options.drops, options.seeds, store)
    try:
        planned = plan_sweep(*asked)
    except NeedsSimilarityError:
        from .execute import compare

        show_progress(compare(base, store))
        planned = plan_sweep(*asked)
    tell(f"{planned.points} points, {len(planned.distinct)} distinct runs, {len(planned.stored)} stored, "
         f"{len(planned.left)} left")  # fmt: skip
    left = [] if options.plan else planned.left
    for number, request in enumerate(left, 1):
        from .execute import execute

        tell(f"{number} of {len(left)}: {request.strategy}, drop {request.n_dropped}, seed {request.seed}")
        show_progress(execute(request, store))
    if options.json:
        found = [store.run(key) for key in planned.distinct]
        show(options, [json.loads(to_json(r)) for r in found if r])


def similarity(options: argparse.Namespace) -> None:
    request = to_request(options)
    check(request)
    from .execute import compare, fetch

    store = Store()
    show_progress(fetch(options.model))
    weights, data = resolve(options.model), load_data(request)
    wanted = (weights.revision, data.fingerprint)
    stored = [store.records(kind, weights.name, data.task.name) for kind in ("similarity", "matrix")]
    found = [[record for record in records if (record.revision, record.data) == wanted] for records in stored]
    if not all(found):
        for event in watched(compare(request, store)):
            if not isinstance(event, Progress):
                found[isinstance(event, LayerMatrix)].append(event)
    similarities, matrices = (sorted(records, key=lambda record: record.key) for records in found)
    shown = [*similarities, *(matrices if options.json else [])]  # these are too wide for a table
    show(options, [json.loads(to_json(record)) for record in shown])


def retime(options: argparse.Namespace) -> None:
    """Latency of the user's own runs, measured anew one after the other: comparable, if the machine is quiet."""
    from .execute import time_again

    store, weights = Store(), resolve(options.model)
    runs = [run for run in store.runs(weights.name, options.task) if not store.is_shipped(run)]
    for number, run in enumerate(runs, 1):
        timed = time_again(run, weights)
        store.replace(timed)
        shown = readable("", timed.latency_ms)
        tell(f"{number} of {len(runs)}: kept {describe_layers(run.kept)}, seed {run.seed}: {shown} ms")
    show(options, [json.loads(to_json(run)) for run in store.runs(weights.name, options.task)])


def doctor(options: argparse.Namespace) -> None:
    from .doctor import examine

    document = show_progress(examine(options.model))
    if options.json:
        show(options, document)
    else:
        show(options, document["checks"])
    if not all(check["holds"] for check in document["checks"]):
        raise OSError(f"{document['model']} does not pass; its layers cannot be dropped here, please report it")


def results(options: argparse.Namespace) -> None:
    store = Store()
    read = {"run": store.runs, "similarity": store.similarities}[options.kind]
    records = read(options.model and stored_name(options.model), options.task and stored_task(options.task))
    if not records and (options.model or options.task):
        known = sorted({f"{record.model} on {record.task}" for record in read()})
        tell(f"nothing stored for that model and task; stored: {', '.join(known) or 'nothing'}")
    if options.format == "jsonl" and not options.json:
        for record in records:
            print(to_json(record))
    else:
        show(options, [json.loads(to_json(r)) for r in records])


def to_request(options: argparse.Namespace) -> Request:
    names = ("model", "task", "strategy", "layers", "seed", "recipe", "label", "kind")
    given = {name: getattr(options, name) for name in names if hasattr(options, name)}
    return Request(
        **given,
        text=tuple(options.text),
        n_dropped=getattr(options, "drop", None),
        pooling=getattr(options, "similarity", "sentence"),
    )


def show(options: argparse.Namespace, document: Any) -> None:
    """The document as JSON where --json was given, else as csv or as a table for people."""
    rows = document if isinstance(document, list) else [document]
    if options.json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    elif getattr(options, "format", "") == "csv":
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows({k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in r.items()} for r in rows)
    elif not rows:
        return
    else:
        shown = [{k: readable(k, v) for k, v in row.items() if is_shown(k)} for row in rows]
        print(as_table(shown) if isinstance(document, list) else as_lines(shown[0]))


def as_lines(row: dict[str, str]) -> str:
    width = max(map(len, row))
    return "\n".join(f"{name:{width}}  {value}" for name, value in row.items())


def as_table(rows: list[dict[str, str]]) -> str:
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    lines = ({name: name for name in widths}, *rows)
    return "\n".join("  ".join(f"{row[name]:{width}}" for name, width in widths.items()).rstrip() for row in lines)


def is_shown(name: str) -> bool:
    """Fields that are too long for a person's table; --json and jsonl have them."""
    return name not in ("flops", "revision", "data", "history", "versions", "metrics", "latency_quartiles_ms", "source")


def readable(name: str, value: Any) -> str:
    """A value of a record as short text."""
    if name == "key":
        return str(value)[:12]
    if name in ("kept", "dropped"):
        return describe_layers(value)
    if name == "recipe":
        return value["name"]
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    if isinstance(value, float):
        return f"{value:.3f}" if name in ("mean", "std") else f"{value:.2f}"
    if isinstance(value, int):
        return f"{value:,}" if value >= 10_000 else str(value)
    if isinstance(value, dict):
        return " ".join(f"{k}: {readable('', v)}" for k, v in value.items())
    return ", ".join(readable(name, v) for v in value) if isinstance(value, list) else str(value)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show_progress(events: Iterator) -> Any:
    """Works through the events, showing progress on stderr; the last event, or None where there was none."""
    last = None
    for last in watched(events):
        pass
    return last


def watched(events: Iterator) -> Iterator:
    """The same events; a bar on a terminal, else one line per stage, on stderr."""
    from tqdm import tqdm

    bar, stage = None, ""
    try:
        for event in events:
            if isinstance(event, Progress):
                if event.stage != stage:
                    if bar is not None:
                        bar.close()
                    stage = event.stage
                    bar = tqdm(desc=stage, total=event.steps or None, disable=not sys.stderr.isatty(),
                               unit="B" if stage == FETCHING else "step", unit_scale=stage == FETCHING)  # fmt: skip
                    if bar.disable:
                        tell(f"{stage} …")
                bar.total = event.steps or bar.total
                bar.update(event.step - bar.n)
                if event.loss is not None:
                    bar.set_postfix_str(f"loss {event.loss:.3f}", refresh=False)
            yield event
    finally:
        if bar is not None:
            bar.close()


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    f.__name__: f for f in (models, tasks, strategies, plan, run, sweep, retime, similarity, doctor, results)
}
