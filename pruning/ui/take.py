"""Tabs Try it and Export: the full and the pruned model side by side on texts, and the pruned one to take home."""

from collections.abc import Callable

import gradio as gr

from ..plan import DISAGREE, EXPORT, TRY
from .events import OtherTab
from .parts import ACTION, STORY, TABLE, follower, part
from .shown import Shown
from .take_view import describe_export, export_file, try_hint, try_view

MOST_CHARACTERS = 5000  # of a text to try


def build_try(tab: gr.Tab) -> tuple[OtherTab, dict[gr.Button, tuple[str, Callable, list]]]:
    """The tab; and of its buttons what they start, how its texts are made, and of which controls."""
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card lp-choices"):
            text = gr.Textbox(label="A text", lines=2, max_length=MOST_CHARACTERS, elem_id="lp-text")
            second = gr.Textbox(
                label="Its second text", lines=2, max_length=MOST_CHARACTERS, visible=False, elem_id="lp-second-text"
            )
            with gr.Row(elem_classes="lp-buttons"):
                mine = gr.Button("Compare on this text", size="sm", variant="primary", elem_id="lp-try")
                examples = gr.Button("Ten test examples", size="sm")
                apart = gr.Button("Where they disagree most", size="sm")
            hint = part(ACTION, "try-hint", start="copy")
            story = part(STORY, "try-story")
        with gr.Column(elem_classes="lp-card lp-runs"):
            rows = part(TABLE, "try-rows", start="rows")

    def show(shown: Shown) -> list:
        pair = len(shown.topic.columns) == 2
        view = try_view(shown)
        return [gr.Textbox(visible=pair), try_hint(shown), view["story"], view["rows"]]

    def examples_of(shown: Shown) -> tuple:
        return ()

    buttons = {mine: (TRY, typed_texts, [text, second]), examples: (TRY, examples_of, [])}
    buttons |= {apart: (DISAGREE, examples_of, [])}
    return OtherTab(tab, follower(), [], [second, hint, story, rows], show), buttons


def typed_texts(shown: Shown, *typed: str | None) -> tuple[tuple[str, ...]]:
    """As many texts as the task has columns; a field that is hidden does not count. ValueError: one is absent."""
    n = len(shown.topic.columns)
    texts = tuple(str(text or "").strip() for text in typed[:n])
    if not all(texts):
        what = "both texts" if n == 2 else "a text"
        raise ValueError(f"write {what} first, or take ten test examples")
    if (longest := max(map(len, texts))) > MOST_CHARACTERS:
        raise ValueError(f"a text may have {MOST_CHARACTERS:,} characters, this one has {longest:,}; cut it")
    return (texts,)


def build_export(tab: gr.Tab) -> tuple[OtherTab, dict[gr.Button, str]]:
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card lp-export"):
            story = part(STORY, "export-story")
            with gr.Row(elem_classes="lp-buttons"):
                make = gr.Button("Make the zip", size="sm", variant="primary", elem_id="lp-export")
                download = gr.DownloadButton("Download", visible=False, size="sm", elem_id="lp-download")
            action = part(ACTION, "export-action", start="copy")

    def show(shown: Shown) -> list:
        told, file = describe_export(shown), export_file(shown)
        label = f"Download {file['earlier']}{file['name']} ({file['megabytes']:,} MB)" if file else "Download"
        button = gr.DownloadButton(label, value=file["file"] if file else None, visible=bool(file))
        return [told["story"], button, told["action"]]

    return OtherTab(tab, follower(), [], [story, download, action], show), {make: EXPORT}
