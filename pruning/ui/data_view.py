"""Everything the tab Your data shows of one upload, as plain values: the page only puts them in their places."""

import re
import shlex
from datetime import UTC, datetime

import pandas as pd

from .. import program
from ..data_figures import bar_ranges, class_balance, histogram_figure
from ..models import MODELS
from ..uploads import Upload
from .view import as_value

ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
SCORES = {"spearman": "Spearman correlation"}


def problem_of(upload: Upload) -> dict:
    """The sentence on what is wrong, in the words of the page, which has no options."""
    text = in_page_words(upload.seen["problem"])
    return {"text": text, "problem": True} if text else {}


def in_page_words(sentence: str) -> str:
    return capital(re.sub(r" \(--\w+\)", "", sentence))


def capital(sentence: str) -> str:
    """With a capital at its beginning, where no file's name stands there."""
    first, _, _ = sentence.partition(" ")
    return sentence if "." in first else sentence[:1].upper() + sentence[1:]


def chosen_columns(upload: Upload) -> tuple[tuple[str, ...], str, str]:
    """Text columns, label column and kind that count, chosen or guessed; empty where they could not be guessed."""
    chosen = upload.seen["chosen"] or {"text": upload.text, "label": upload.label}
    report = upload.seen["report"]
    return tuple(chosen["text"]), chosen["label"], report["kind"] if report else upload.kind


def newly_chosen(upload: Upload, text: tuple[str, ...], label: str, kind: str) -> tuple[tuple[str, ...], str, str]:
    """What to choose, given what the controls show: a guess that was left as it is stays a guess."""
    shown, asked = chosen_columns(upload), (upload.text, upload.label, upload.kind)
    given = (text, label, kind)
    return tuple(old if value == was else value for value, was, old in zip(given, shown, asked, strict=True))


def tiles(upload: Upload) -> dict:
    """How many texts and where they go, what is predicted, the lengths, what is left out; none for refused data."""
    report = upload.seen["report"]
    if not report:
        return {"tiles": []}
    train, validation, test = (f"{n:,}" for n in report["splits"].values())
    low, _, middle, _, high = report["length"]["words"]
    left_out = ", ".join(f"{reason} {n:,}" for reason, n in report["left_out"].items())
    told = [
        (f"{report['used']:,} texts", f"{train} to train, {validation} to validate, {test} to test; equal texts once"),
        (f"{len(report['classes'])} classes" if report["classes"] else "Numbers", f"column {report['label_column']}, "
         f"scored by {SCORES.get(report['score'], report['score'])}"),
        (f"{middle:,} words", f"in the middle text; {low:,} to {high:,}"),
        (f"{report['rows'] - report['used']:,} left out", left_out or f"all {report['rows']:,} rows are used"),
    ]  # fmt: skip
    return {"tiles": [{"number": number, "text": text} for number, text in told]}


def preview(upload: Upload) -> dict:
    """The first rows, and how the file was read."""
    first, reading = upload.seen["preview"], upload.seen["reading"]
    n_columns, n_rows = len(upload.seen["columns"]), reading["rows"]
    shown = f"the first {len(first['rows'])} of {n_rows:,} rows" if n_rows > len(first["rows"]) else f"{n_rows} rows"
    if n_columns > len(first["columns"]):
        shown += f", the first {len(first['columns'])} of {n_columns:,} columns"
    subtitle = f"{how_read(reading)} · {shown}"
    return {"title": upload.path.name, "subtitle": subtitle, **first}


def how_read(reading: dict) -> str:
    """CSV, UTF-8, separated by a comma."""
    encoding = ENCODINGS.get(reading["encoding"], reading["encoding"].upper())
    separator = reading["separator"] and f"separated by a {reading['separator']}"
    return ", ".join(filter(None, (reading["format"], encoding, separator)))


def notes(upload: Upload) -> dict:
    """Sentences on what is allowed and yet worth knowing."""
    found = (upload.seen["report"] or upload.seen["reading"])["notes"]
    return {"notes": [f"{capital(note)}." for note in found]}


def balance(upload: Upload) -> dict:
    """The classes, or the numbers to predict, per split."""
    report, stem = upload.seen["report"], upload.path.stem
    column = report["label_column"]
    if report["classes"]:
        title, subtitle = f"Texts of each class of {column}", "after duplicates and gaps are left out"
        figure = class_balance(report["classes"], title, subtitle)
        numbers = pd.DataFrame(report["classes"]).rename(columns=str.capitalize)
    else:
        title, subtitle = f"Texts by {column}", "after duplicates and gaps are left out"
        histogram = report["histograms"]["labels"]
        figure = histogram_figure(histogram, title, subtitle, "label")
        numbers = as_rows(histogram, "Label")
    return as_value(figure, f"{title}, {subtitle}", numbers, f"{stem}-labels.csv")


def lengths(upload: Upload) -> dict:
    report, stem = upload.seen["report"], upload.path.stem
    low, high = (f"{report['length']['characters'][i]:,}" for i in (0, -1))
    title, subtitle = "How long the texts are", f"in words; in characters {low} to {high}"
    if len(report["text_columns"]) == 2:
        subtitle = f"both texts of a pair together, {subtitle}"
    histogram = report["histograms"]["words"]
    figure = histogram_figure(histogram, title, subtitle, "words")
    return as_value(figure, f"{title}, {subtitle}", as_rows(histogram, "Words"), f"{stem}-lengths.csv")


def as_rows(histogram: dict, what: str) -> pd.DataFrame:
    """A row per bar that holds something."""
    counts = {"Texts" if name == "all" else name.capitalize(): n for name, n in histogram.items() if name != "edges"}
    rows = pd.DataFrame({what: bar_ranges(histogram["edges"])} | counts)
    return rows[rows.iloc[:, 1:].sum(axis=1) > 0]


def kept(upload: Upload) -> dict:
    until = datetime.fromtimestamp(upload.until, UTC)
    day = f"{until.day} {until:%B, %H:%M} UTC"
    return {"text": f"Kept until {day}, then removed. Nobody else can see it, or what is run on it."}


def commands(upload: Upload) -> tuple[dict, dict]:
    """The same on the command line, a look at the file and a run, in pieces that a line should not break."""
    columns = ["--text " + " ".join(map(shlex.quote, upload.text))] if upload.text else []
    columns += [f"--{n} {shlex.quote(value)}" for n in ("label", "kind") if (value := getattr(upload, n))]
    file = shlex.quote(upload.path.name)
    run = [f"--model {next(iter(MODELS))}", f"--task {file}", *columns, "--strategy top", "--drop 2"]
    look = {"text": "The same look at your file in a terminal:", "command": [f"{program()} tasks", file, *columns]}
    then = {"text": "And a run on it:", "command": [f"{program()} run", *run]}
    return look, then if upload.seen["report"] else {}


def shown_choice(text: str) -> str:
    """Gradio would translate a choice that is a key of its dictionary, such as label; an invisible end prevents it."""
    return f"{text}\u200b"


def label_of_control(name: str, guessed: bool) -> str:
    return f"{name} · guessed" if guessed else name
