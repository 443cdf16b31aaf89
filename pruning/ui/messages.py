"""Our own sentences on the page: errors of the core as Gradio shows them, and what all quiet events have in common."""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from ..jobs import QueueFullError

QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
NOT_LOADED = "this page is not loaded yet; wait a moment, or load it again"


def with_message(work: Callable[[], Any]) -> Any:
    """What `work` returns; its errors reach the page, which would take their text for HTML."""
    try:
        return work()
    except (ValueError, OSError, QueueFullError) as error:
        raise gr.Error(escape(str(error)), print_exception=False) from error
