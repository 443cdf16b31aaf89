"""What a command prints: documents and tables on stdout, progress and messages on stderr."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from typing import Any

from .progress import FETCHING, Progress
from .strategies import describe_layers


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
        shown = [{k: readable(k, v) for k, v in row.items() if is_shown(k, v)} for row in rows]
        print(as_table(shown) if isinstance(document, list) else as_lines(shown[0]))


def as_lines(row: dict[str, str]) -> str:
    width = max(map(len, row))
    return "\n".join(f"{name:{width}}  {value}" for name, value in row.items())


def as_table(rows: list[dict[str, str]]) -> str:
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    lines = ({name: name for name in widths}, *rows)
    return "\n".join("  ".join(f"{row[name]:{width}}" for name, width in widths.items()).rstrip() for row in lines)


LONG = ("flops", "revision", "data", "history", "versions", "metrics", "latency_quartiles_ms", "source")
LONG += ("stacks", "scores", "parts")


def is_shown(name: str, value: Any) -> bool:
    """Not fields that are too long for a person's table; --json and jsonl have them."""
    return name not in LONG and not (name == "validation" and isinstance(value, list))


def readable(name: str, value: Any) -> str:
    """A value of a record as short text."""
    if name == "key":
        return str(value)[:12]
    if name in ("kept", "dropped"):
        return describe_layers(value)
    if name == "recipe":
        return value.get("name", "")  # of a record before fine-tuning it is empty
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
