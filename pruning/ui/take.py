"""Tabs Try it and Export: the full and the pruned model side by side on texts, and the pruned one to take home."""

from collections.abc import Callable

import gradio as gr

from ..plan import DISAGREE, EXPORT, TRY
from .events import OtherTab
from .parts import ACTION, STORY, TABLE, part
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
        with gr.Column(elem_classes="lp-card lp-runs"):
            story = part(STORY, "try-story")
            rows = part(TABLE, "try-rows", start="rows")

    def show(shown: Shown) -> list:
        pair = len(shown.topic.columns) == 2
        view = try_view(shown)
        return [gr.Textbox(visible=pair), try_hint(shown), view["story"], view["rows"]]

    def given(text: str | None, second: str | None) -> tuple[tuple[str, ...], ...]:
        texts = tuple(t.strip() for t in (text, second) if t and t.strip())
        if not texts:
            raise gr.Error("write a text first, or take ten test examples", print_exception=False)
        return (texts,)

    buttons = {mine: (TRY, given, [text, second]), examples: (TRY, tuple, []), apart: (DISAGREE, tuple, [])}
    return OtherTab(tab, [], [second, hint, story, rows], show), buttons


def build_export(tab: gr.Tab) -> tuple[OtherTab, dict[gr.Button, str]]:
    with gr.Column(elem_classes="lp-results"):
        with gr.Column(elem_classes="lp-card lp-export"):
            story = part(STORY, "export-story")
            with gr.Row(elem_classes="lp-buttons"):
                make = gr.Button("Make the zip", size="sm", variant="primary", elem_id="lp-export")
                download = gr.DownloadButton("Download", visible=False, size="sm", elem_id="lp-download")
            action = part(ACTION, "export-action", start="copy")

    def show(shown: Shown) -> list:
        told, file = describe_export(shown), export_file(shown.job)
        label = f"Download {file['name']} ({file['megabytes']:,} MB)" if file else "Download"
        button = gr.DownloadButton(label, value=file["file"] if file else None, visible=bool(file))
        return [told["story"], button, told["action"]]

    return OtherTab(tab, [], [story, download, action], show), {make: EXPORT}
