"""Figures of a user's own data, from the report that own_data.describe gives. Pure functions, as in figures.py.

Plotly takes texts for HTML of its own kind, so a user's texts reach it through `plain`.
"""

from html import escape

from .figures import ACCENT, CARD, MUTE, blank_layout, empty_figure

SHADES = {"train": 1, "validation": 0.6, "test": 0.3, "all": 1}  # of one colour, so that they are no strategies'
HEIGHT = 250  # pixels of a histogram
MOST_TICKS = 8
MOST_CHARACTERS = 18  # of a class beside its bar; the pointer reads off the rest
MARGIN = {"l": 8, "r": 8, "t": 26, "b": 44}


def class_balance(classes: list[dict], title: str, subtitle: str) -> dict:
    """Texts (x, count) of each class (y), a bar of one piece per split; `classes` are the report's rows."""
    if not classes:
        return empty_figure(title, subtitle)
    splits = [name for name in classes[0] if name != "class"]
    names = [plain(row["class"]) for row in classes]
    bars = [
        bar(split)
        | {"orientation": "h", "y": list(range(len(names))), "x": [row[split] for row in classes]}
        | {"customdata": names, "hovertemplate": f"%{{customdata}}: %{{x:,}} in {split}<extra></extra>"}
        for split in splits
    ]
    step = 24 if len(names) <= 12 else 15
    layout = stacked_layout(title, subtitle, max(HEIGHT, 80 + step * len(names)))
    layout["xaxis"] |= {"title": {"text": "texts"}}
    layout["yaxis"] |= {"showgrid": False, "automargin": True, "range": [len(names) - 0.5, -0.5]}
    layout["yaxis"] |= {"tickvals": list(range(len(names))), "ticktext": [plain(cut(row["class"])) for row in classes]}
    return {"data": bars, "layout": layout}


def histogram_figure(histogram: dict, title: str, subtitle: str, axis: str) -> dict:
    """Texts (y, count) by value (x), stacked where there are several splits; `histogram` is one of the report's.

    The bars are drawn equally wide, also the last one, which may stand for a wider range than the others.
    """
    if not histogram:
        return empty_figure(title, subtitle)
    edges, groups = histogram["edges"], {name: counts for name, counts in histogram.items() if name != "edges"}
    ranges = bar_ranges(edges)
    bars = [
        bar(name)
        | {"x": [i + 0.5 for i in range(len(counts))], "y": counts, "width": 0.9, "customdata": ranges}
        | {"hovertemplate": f"{axis} %{{customdata}}: %{{y:,}} texts" + f" in {name}" * (name != "all")}
        for name, counts in groups.items()
    ]
    for trace in bars:
        trace["hovertemplate"] += "<extra></extra>"
    layout = stacked_layout(title, subtitle, HEIGHT) | {"showlegend": len(bars) > 1}
    layout["xaxis"] |= {"title": {"text": axis}, "showgrid": False} | ticks(edges, ranges)
    layout["yaxis"] |= {"title": {"text": "texts"}, "automargin": True}
    return {"data": bars, "layout": layout}


def bar(split: str) -> dict:
    look = {"color": ACCENT, "line": {"width": 0.5, "color": CARD}}
    return {"type": "bar", "name": split, "marker": look, "opacity": SHADES[split]}


def stacked_layout(title: str, subtitle: str, height: int) -> dict:
    legend = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal", "font": {"color": MUTE}}
    fixed = {"itemclick": False, "itemdoubleclick": False}
    layout = blank_layout(title, subtitle, height) | {"margin": MARGIN, "barmode": "stack", "bargap": 0.25}
    return layout | {"showlegend": True, "legend": legend | fixed}


def bar_ranges(edges: list[float]) -> list[str]:
    """What each bar holds, in words: 7, or 20–39, or 0.2 to under 0.4."""
    whole = all(isinstance(edge, int) for edge in edges)
    found = []
    for low, high in zip(edges, edges[1:]):
        if whole:
            found.append(f"{low:,}" if high == low + 1 else f"{low:,}–{high - 1:,}")
        else:
            found.append(f"{low:,.6g} to under {high:,.6g}")
    return found


def ticks(edges: list[float], ranges: list[str]) -> dict:
    """Some of the bars' edges as ticks, or their middles where each bar is one whole number."""
    single = ranges[0] == f"{edges[0]:,}"
    every = -(-len(ranges) // MOST_TICKS)
    shown = range(0, len(ranges), every)
    texts = [f"{edges[i]:,.6g}" for i in shown]
    if len(ranges) > 2 and edges[-1] - edges[-2] > 1.5 * (edges[1] - edges[0]):  # the last one holds the far end
        shown = [i for i in shown if i < len(ranges) - 1 - every / 2] + [len(ranges) - 1]
        texts = [f"{edges[i]:,.6g}" for i in shown]
        texts[-1] += "+"
    return {"tickvals": [i + 0.5 * single for i in shown], "ticktext": texts, "range": [-0.1, len(ranges) + 0.1]}


def plain(text: str) -> str:
    """The text as plotly shows it letter by letter; app.js would take one that starts with var(-- for a colour."""
    return escape(text, quote=False).replace("var(", "var&#40;")


def cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
