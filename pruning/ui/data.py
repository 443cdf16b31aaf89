"""Tab Your data: a visitor's own files on the left, with what to take of them; what they hold on the right."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from .. import uploads
from ..columns import KINDS
from ..read_table import MAX_MB
from ..uploads import Upload
from . import data_view as view
from .messages import QUIET, with_message
from .parts import ACTION, TILES, figure, part

MESSAGE = f"""<div data-max-mb="{MAX_MB}">{{{{#if value.text}}}}<p role="status"
class="lp-card lp-message {{{{#if value.problem}}}}lp-problem{{{{/if}}}}">{{{{value.text}}}}</p>{{{{/if}}}}</div>"""

PREVIEW = """<h2 class="lp-title">{{value.title}}</h2><p class="lp-sub">{{value.subtitle}}</p>
<div class="lp-table"><div class="lp-scroll lp-preview" tabindex="0" role="region" aria-label="first rows"><table>
<thead><tr>{{#each value.columns}}<th scope="col">{{this}}</th>{{/each}}</tr></thead>
<tbody>{{#each value.rows}}<tr>{{#each this}}<td>{{this}}</td>{{/each}}</tr>{{/each}}</tbody></table></div></div>"""

NOTES = """{{#each value.notes}}<p class="lp-sub lp-note">{{this}}</p>{{/each}}"""

KEPT = """<p class="lp-hint">{{value.text}}</p>"""

START = f"""<h2 class="lp-title">Bring your own texts</h2>
<p>A CSV, TSV, JSON lines or parquet file of up to {MAX_MB} MB: one column of texts, or two for pairs of texts, and one
of labels. Labels are classes (2 to 50, words or numbers) or numbers to predict. The first row names the columns:</p>
<pre class="lp-example">review,stars
"Slow at first, and then a joy.",4
I want my evening back,1</pre>
<p class="lp-sub">The file stays on this machine, in a folder of its own that only this browser finds. It is removed
after a day.</p>"""

CONTROLS = ("upload", "text", "second", "label", "kind")
VIEWS = ("message", "tiles", "preview", "balance", "lengths", "notes", "kept", "look", "run")
PLACES = ("start", "chosen", "seen", "drawn", "use")  # shown or hidden, with the last made possible or not
SLOW = QUIET | {"queue": True, "concurrency_limit": 2, "concurrency_id": "examine"}  # waits in line, in no thread


def build_data(visitor: gr.BrowserState) -> tuple[gr.Dropdown, Callable]:
    """The control that holds the upload's name, and the method that registers what its button to go on does."""
    parts = {}
    with gr.Row(elem_classes="lp-page"):
        with gr.Column(elem_classes="lp-card lp-choices"):
            file = gr.File(label=f"Your file, up to {MAX_MB} MB", height=110, elem_id="lp-file")
            with gr.Column(visible=False, elem_classes="lp-choices") as parts["chosen"]:
                parts |= build_choices()
                parts["use"] = gr.Button("Use it in Trade-off", variant="primary", elem_id="lp-use")
                remove = gr.Button("Remove this file", elem_id="lp-remove", size="sm")
                parts["kept"] = part(KEPT, "kept")
        with gr.Column(elem_classes="lp-results"):
            parts["message"] = part(MESSAGE, "data-message", start="limit")
            with gr.Column(elem_classes="lp-card lp-start") as parts["start"]:
                gr.HTML(START, apply_default_css=False)
            with gr.Column(visible=False, elem_classes="lp-results") as parts["seen"]:
                parts |= build_views()
    connect(visitor, file, parts, remove)
    return parts["upload"], parts["use"].click


def build_choices() -> dict[str, gr.components.Component]:
    """They accept any value, so that a page which was open while the server was restarted goes on working."""
    column = {"choices": [], "allow_custom_value": True}
    return {
        "upload": gr.Dropdown(**column, label="Your files", elem_id="lp-upload"),
        "text": gr.Dropdown(**column, label="Text column", elem_id="lp-text"),
        "second": gr.Dropdown(**column, label="Second text column", elem_id="lp-second"),
        "label": gr.Dropdown(**column, label="Label column", elem_id="lp-label"),
        "kind": gr.Radio(list(KINDS), label="Kind", elem_id="lp-kind", elem_classes="lp-pills"),
    }


def build_views() -> dict[str, gr.components.Component]:
    parts = {"tiles": part(TILES, "data-tiles")}
    with gr.Column(elem_classes="lp-card"):
        parts["preview"] = part(PREVIEW, "preview")
        parts["notes"] = part(NOTES, "notes")
    with gr.Row(elem_classes="lp-halves") as parts["drawn"]:
        with gr.Column(elem_classes="lp-card"):
            parts["balance"] = figure("balance")
        with gr.Column(elem_classes="lp-card"):
            parts["lengths"] = figure("lengths")
    with gr.Column(elem_classes="lp-card"):
        parts["look"] = part(ACTION, "look", start="copy")
        parts["run"] = part(ACTION, "run-own", start="copy")
    return parts


def connect(visitor: gr.BrowserState, file: gr.File, parts: dict, remove: gr.Button) -> None:
    """What takes longer first says what it does, then does it."""
    outputs = {"outputs": [parts[name] for name in (*CONTROLS, *VIEWS, *PLACES)]}
    chosen = [visitor, *(parts[name] for name in CONTROLS)]

    last = {"trigger_mode": "always_last"}
    told = file.upload(tell_reading, file, parts["message"], **QUIET)
    told.then(read_file, [visitor, file, parts["upload"]], [file, *outputs["outputs"]], **SLOW)
    changed = gr.on(
        [parts[name].input for name in CONTROLS[1:]], tell_again, chosen[:2], parts["message"], **QUIET, **last
    )
    changed.then(pick_columns, chosen, **outputs, **SLOW, **last)
    parts["upload"].input(show_upload, chosen[:2], **outputs, **QUIET, **last)
    remove.click(take_away, chosen[:2], **outputs, **QUIET)
    visitor.change(show_kept, visitor, **outputs, **QUIET)


def read_file(visitor: str, path: str, shown: str) -> list:
    """The file's control emptied, and the rest; `shown` is the upload that stays where this one cannot be used."""
    try:
        return [None, *updates(visitor, uploads.add(visitor, Path(path), Path(path).name))]
    except (ValueError, OSError) as error:
        before = uploads.find(visitor, shown)
        still = f". Below is still {before.path.name}" if before else ""
        return [None, *only_message(f"{error}{still}")]


def pick_columns(visitor: str, name: str, text: str | None, second: str, label: str | None, kind: str | None) -> list:
    """None where nothing is chosen."""
    try:
        given = (tuple(filter(None, (text, second))), label or "", kind or "")
        chosen = view.newly_chosen(find(visitor, name), *given)
        return updates(visitor, uploads.choose(visitor, name, *chosen))
    except (ValueError, OSError) as error:
        return only_message(str(error))


def show_upload(visitor: str, name: str) -> list:
    try:
        return updates(visitor, find(visitor, name))
    except (ValueError, OSError) as error:
        return only_message(str(error))


def show_newest(visitor: str) -> list:
    return updates(visitor, next(iter(uploads.uploads(visitor)), None))


def show_kept(visitor: str) -> list:
    """As a page opens: without a kept file all stays as it is, a message too, of a file that was refused meanwhile."""
    newest = next(iter(uploads.uploads(visitor)), None)
    return updates(visitor, newest) if newest else [gr.skip()] * len(CONTROLS + VIEWS + PLACES)


def take_away(visitor: str, name: str) -> list:
    with_message(lambda: uploads.remove(visitor, name))
    return show_newest(visitor)


def tell_reading(path: str | Path) -> dict:
    return {"text": f"Reading {Path(path).name} …"}


def tell_again(visitor: str, name: str) -> dict:
    upload = uploads.find(visitor, name)
    return tell_reading(upload.path) if upload else gr.skip()


def find(visitor: str, name: str) -> Upload:
    """ValueError where it was removed, as it is after a day."""
    upload = uploads.find(visitor, name)
    if not upload:
        raise ValueError("this file is not kept any more; upload it again")
    return upload


def updates(visitor: str, upload: Upload | None) -> list:
    """Of CONTROLS, VIEWS and PLACES, in their order."""
    if not upload:
        hidden = [gr.Column(visible=True), *[gr.Column(visible=False)] * 3, gr.Button(interactive=False)]
        return [gr.skip()] * len(CONTROLS) + [{}] + [gr.skip()] * (len(VIEWS) - 1) + hidden
    usable = bool(upload.seen["report"])
    figures = [view.balance(upload), view.lengths(upload)] if usable else [gr.skip(), gr.skip()]
    shown = [gr.Column(visible=False), *[gr.Column(visible=True)] * 2, gr.Row(visible=usable)]
    return [
        *control_updates(visitor, upload),
        view.problem_of(upload),
        view.tiles(upload),
        view.preview(upload),
        *figures,
        view.notes(upload),
        view.kept(upload),
        *view.commands(upload),
        *shown,
        gr.Button(interactive=usable),
    ]


def control_updates(visitor: str, upload: Upload) -> list:
    text, label, kind = view.chosen_columns(upload)
    own, names = uploads.uploads(visitor), [(view.shown_choice(name), name) for name in upload.seen["columns"]]
    first, second = (*text, "", "")[:2]

    def selector(title: str, value: str, guessed: bool, choices: list) -> gr.Dropdown:
        return gr.Dropdown(choices, value=value or None, label=view.label_of_control(title, guessed and bool(value)))

    return [
        gr.Dropdown(
            [(view.shown_choice(one.path.name), one.name) for one in own], value=upload.name, visible=len(own) > 1
        ),
        selector("Text column", first, not upload.text, names),
        gr.Dropdown([("none", ""), *names], value=second),
        selector("Label column", label, not upload.label, names),
        gr.Radio(value=kind or None, label=view.label_of_control("Kind", not upload.kind and bool(kind))),
    ]


def only_message(sentence: str) -> list:
    """All else stays as it is."""
    skipped = [gr.skip()] * (len(CONTROLS + VIEWS + PLACES) - 1)
    message = {"text": view.in_page_words(sentence), "problem": True}
    return [*skipped[: len(CONTROLS)], message, *skipped[len(CONTROLS) :]]
