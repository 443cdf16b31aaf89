"""The figure of a landscape; a pure function from tables, as in figures.py."""

import pandas as pd

from .figures import ACCENT, CARD, INK, MARGIN, MUTE, blank_layout, empty_figure, legend, stroke
from .strategies import describe_layers

HEIGHT = 372  # pixels
BESIDE = 0.12  # layers


def every_stack(
    table: pd.DataFrame, title: str, subtitle: str, n_layers: int, axis: str, dropped: tuple[int, ...] | None = None
) -> dict:
    """Score (y, percent) against layers dropped (x): estimates open, the best of each number joined, runs filled.

    `table` is of `landscape_frames.landscape_table`; `dropped` marks one stack.
    """
    if table.empty:
        return empty_figure(title, subtitle)
    best, measured = table[table.best], table[table.measured.notna()]
    traces = [
        points(table, "estimate", "estimates", {"symbol": "circle-open", "size": 8, "color": MUTE}),
        points(best, "estimate", "best estimates", {"symbol": "diamond-open", "size": 12, "color": ACCENT}),
        points(measured, "measured", "runs", {"symbol": "circle", "size": 6, "color": INK, "line": {"color": CARD}}),
    ]
    traces[1] |= {"mode": "lines+markers", "line": stroke(ACCENT, 1.6, "dot")}
    chosen = table[[dropped is not None and row == dropped for row in table.dropped]]
    if len(chosen):
        ring = {"symbol": "circle-open", "size": 18, "color": ACCENT, "line": {"width": 2}}
        marked = points(chosen, "estimate", "chosen", ring)
        del marked["hovertemplate"]
        traces.append(marked | {"hoverinfo": "skip"})
    layout = blank_layout(title, subtitle, HEIGHT) | {"margin": MARGIN | {"t": 34}} | legend()
    layout["xaxis"] |= {"title": {"text": f"layers dropped (of {n_layers})"}, "dtick": 1}
    layout["yaxis"] |= {"title": {"text": axis}}
    layout["meta"] = {"clickable": True}
    return {"data": traces, "layout": layout}


def points(rows: pd.DataFrame, column: str, name: str, marker: dict) -> dict:
    """Runs stand a little right of estimates, so that both are seen."""
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "x": [n + BESIDE * (column == "measured") for n in rows.n_dropped],
        "y": rows[column].round(3).tolist(),
        "marker": marker,
        "customdata": [[strategy_of(row), hover(row), list(row.dropped)] for row in rows.itertuples()],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
        "cliponaxis": False,
    }


def strategy_of(row) -> str:
    """As a click on it chooses it: the full model is no custom stack."""
    return "custom" if row.dropped else "top"


def hover(row) -> str:
    lines = [f"<b>kept {describe_layers(row.kept)}</b>", f"estimate {row.estimate:.2f}"]
    lines.append(f"on validation texts {row.validation:.2f}" + (", the best of this number" if row.best else ""))
    if pd.notna(row.measured):
        lines.append(f"run: {row.measured:.2f} (mean of {int(row.seeds)} seed{'s' * (row.seeds != 1)})")
    return "<br>".join(lines)
