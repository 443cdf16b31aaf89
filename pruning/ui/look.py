"""Theme, style sheet and scripts of the page, and how its files are served. Nothing comes from another host."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import gradio as gr
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from ..models import home
from ..palette import LOOKS, theme_colours
from ..read_table import MAX_MB
from ..store import EXPORTS

ASSETS = Path(__file__).parent.parent.parent / "assets"
PLOTLY = Path(find_spec("plotly").origin).parent / "package_data"  # only its file is needed here
SCRIPTS = '<script defer src="lp/page/app.js"></script><script async src="lp/plotly/plotly.min.js"></script>'

CONTROLS = {  # Gradio's own theme variables -> ours
    "body_background_fill": "bg",
    "body_text_color": "ink",
    "body_text_color_subdued": "mute",
    "background_fill_primary": "card",
    "background_fill_secondary": "bg",
    "border_color_primary": "line",
    "block_background_fill": "card",
    "block_border_color": "line",
    "block_label_text_color": "mute",
    "block_title_text_color": "mute",
    "block_info_text_color": "mute",
    "input_background_fill": "card",
    "input_border_color": "line",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent",
    "button_primary_text_color": "on-accent",
    "button_secondary_background_fill": "card",
    "button_secondary_text_color": "ink",
    "button_secondary_border_color": "line",
    "slider_color": "accent",
    "link_text_color": "accent",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "card",
    "checkbox_label_background_fill_selected": "card",
    "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "ink",
}


MOST_SESSIONS = 500  # pages of which Gradio remembers what their controls offer, 0.3 MB each; nothing depends on it


def launch_options() -> dict:
    """What every launch of the app needs; the caller adds port and the like."""
    return {
        "theme": make_theme(),
        "css": style_sheet(),
        "head": SCRIPTS,
        "app_kwargs": {"routes": [serve("page", ASSETS / "page"), serve("plotly", PLOTLY)]},
        "state_session_capacity": MOST_SESSIONS,
        "run_history": False,
        "enable_monitoring": False,
        "footer_links": ["api"],
        "max_file_size": f"{MAX_MB}mb",
        "allowed_paths": [str(home() / EXPORTS)],  # each zip in a folder whose name nobody can guess
    }


def serve(name: str, folder: Path) -> Mount:
    """The folder's files under lp/NAME/, compressed on the way."""
    return Mount(f"/lp/{name}", GZipMiddleware(StaticFiles(directory=folder), compresslevel=5))


def make_theme() -> gr.themes.Base:
    """Gradio's own controls in our colours; the fonts are ones it brings along."""
    font = (gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif")
    mono = (gr.themes.LocalFont("IBM Plex Mono", weights=(400,)), "ui-monospace", "monospace")
    values = {name: f"var(--lp-{colour})" for name, colour in CONTROLS.items()}
    values |= {f"{name}_dark": value for name, value in values.items()}
    return gr.themes.Base(font=font, font_mono=mono, text_size="md", radius_size="md").set(
        **values,
        block_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        layout_gap="0px",
        input_border_width="1px",
        input_padding="7px 10px",
    )


def style_sheet() -> str:
    """The variables of both themes, a picture of every strategy's line, and assets/page/app.css."""
    light, dark = (variables(theme_colours(dark=dark)) for dark in (False, True))
    swatches = "\n".join(swatch(name) for name in LOOKS)
    css = (ASSETS / "page" / "app.css").read_text(encoding="utf-8")
    return f":root {{ {light} }}\n.dark {{ {dark} }}\n{swatches}\n{css}"


def swatch(strategy: str) -> str:
    """Its line and marker in front of its name among the choices, drawn as a mask over its colour."""
    line, marker = "<path d='M0 6H26' stroke='black' stroke-width='2'/>", LOOKS[strategy].outline
    marked = f"{line}<path transform='translate(7)' d='{marker}'/>"
    picture = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 26 12'>{marked}</svg>"
    return (
        f'.lp-compare label:has(input[name="{strategy}"])::after '
        f'{{ background: var(--lp-{strategy}); mask: url("data:image/svg+xml,{quote(picture)}"); }}'
    )


def variables(colours: dict[str, str]) -> str:
    return " ".join(f"{name}: {value};" for name, value in colours.items())
