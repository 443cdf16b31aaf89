"""What each command does: options in, a document or a table on stdout out. Heavy imports wait until they are needed."""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .models import MODELS, all_models, is_fetched, resolve, stored_name
from .own_data import stored_task
from .plan import NeedsSimilarityError, Request, check
from .recipes import get_recipe
from .runs import LayerMatrix, to_json
from .store import Store
from .strategies import STRATEGIES, describe_layers
from .tasks import TASKS
from .terminal import as_table, readable, show, show_progress, tell


def models(options: argparse.Namespace) -> None:
    if options.action == "install":
        from .install import install, is_installed

        if not options.name:
            raise ValueError(f"models install needs a name: one of {', '.join(MODELS)}, or a hub id such as owner/name")
        tell_size(options.name)
        if not is_installed(options.name):
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


def tell_size(model: str) -> None:
    """Of what has to be fetched, before it is."""
    from .install import download_mb, is_installed

    if not is_installed(model):
        tell(f"{model}: {download_mb(model)} MB to fetch")


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
    from .sweep_command import sweep as run_all

    run_all(to_request(options), options)


def analyse(options: argparse.Namespace) -> None:
    """Commands similarity, probe and drift: the records, measured where they are not stored."""
    request = to_request(options)
    if request.n_dropped is None and not request.layers:
        request = replace(request, n_dropped=0)
    check(request)
    from .analyses import ANALYSES

    records = show_progress(ANALYSES[options.command](request, Store()))
    shown = [r for r in records if options.json or not isinstance(r, LayerMatrix)]  # too wide for a table
    show(options, [json.loads(to_json(record)) for record in shown])


def landscape(options: argparse.Namespace) -> None:
    """Best estimates per number of layers, or the whole record as JSON."""
    request = to_request(options)
    request = replace(request, n_dropped=0) if request.n_dropped is None and not request.layers else request
    check(request)
    from .landscape import landscape as estimate
    from .landscape_frames import describe_error, errors, landscape_table

    store = Store()
    (found,) = show_progress(estimate(request, store))
    if options.json:
        return show(options, json.loads(to_json(found)))
    table = landscape_table(found, store.runs(found.model, found.task))
    columns = ["n_dropped", "kept", "estimate", "validation", "measured"]
    shown = table[table.best][columns].astype(object)
    show(options, shown.where(shown.notna(), None).to_dict("records"))
    tell("the best stack of each number of layers, chosen by the estimates on validation texts")
    tell(describe_error(errors(found, store.runs(found.model, found.task))))


def budget(options: argparse.Namespace) -> None:
    """The most layers that each strategy drops within the loss; from stored runs alone."""
    from .budget import most_droppable
    from .frames import comparable, matching
    from .results_command import exact

    get_recipe(options.recipe)
    store, name, task = Store(), stored_name(options.model), stored_task(options.task)
    runs = comparable(exact(options, store.runs(name, task)), options.recipe)
    if not runs:
        known = sorted({f"{run.model} on {run.task}, {run.recipe['name']}" for run in store.runs()})
        raise ValueError(
            f"no run of {name} on {task} with recipe {options.recipe} is stored, and a budget rests on runs; make them "
            f"with the command sweep, or choose one of: {'; '.join(known) or 'nothing'}"
        )
    similarity = matching(store.similarities(name, task), runs, options.similarity)
    rows = most_droppable(runs, similarity and similarity.mean, options.points)
    if not rows:
        raise ValueError(
            f"no seed of the stored runs of {name} on {task} has both the full model and a pruned one; "
            "run the full model too (--drop 0)"
        )
    if not options.json:
        rows = [
            {name: row[name] for name in ("strategy", "n_dropped", "loss", "certainty", "kept")}
            | {"upper": max(row["upper"]), "millions": row["parameters"]["after"] / 1e6}
            | {"times_as_fast": row["speedup"]["measured"].get("32"), "seeds": len(row["seeds"])}
            for row in rows
        ]
    show(options, rows)


def export(options: argparse.Namespace) -> None:
    request = to_request(options)
    check(request)
    from .export import check_repository, push
    from .export import export as write

    token = os.environ.get("HF_TOKEN", "")
    if options.hub:
        check_repository(options.hub, token)

    folder = show_progress(write(request, Path(options.to), Store()))
    address = push(folder, options.hub, token) if options.hub else ""
    show(options, {"folder": str(folder.absolute())} | ({"hub": address} if address else {}))


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

    tell_size(options.model)
    document = show_progress(examine(options.model))
    if options.json:
        show(options, document)
    else:
        show(options, document["checks"])
    if not all(check["holds"] for check in document["checks"]):
        raise OSError(f"{document['model']} does not pass; its layers cannot be dropped here, please report it")


def to_request(options: argparse.Namespace) -> Request:
    names = ("model", "task", "strategy", "layers", "seed", "recipe", "max_train", "start", "label", "kind")
    given = {name: getattr(options, name) for name in names if hasattr(options, name)}
    return Request(
        **given,
        text=tuple(options.text),
        n_dropped=getattr(options, "drop", None),
        pooling=getattr(options, "similarity", "sentence"),
    )


def results(options: argparse.Namespace) -> None:
    from .results_command import results as answer

    answer(options)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    f.__name__: f
    for f in (models, tasks, strategies, plan, run, sweep, retime, landscape, budget, export, doctor, results)
} | dict.fromkeys(("similarity", "probe", "drift"), analyse)
