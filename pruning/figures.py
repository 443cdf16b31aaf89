"""Figures: each a pure function from a table to plotly's {data, layout} as plain values, as the page draws them.

`plotly.graph_objects.Figure` takes them as they are. It also checks them, which takes longer than all the rest of a
view: the tests do that. Colours are names of CSS variables, `var(--lp-...)`, which `palette.theme_colours` lists: the
page puts in the values of its light or dark theme when it draws, so one figure serves both.
"""

from collections.abc import Sequence

import pandas as pd

from .curve import MEASURED, CurvePoint
from .labels import line_labels, lines_of, segments, spread
from .palette import LOOKS, SIMILAR, cosine_colour
from .published import EVIDENCE, SOURCES
from .strategies import STRATEGIES, describe_layers

HEIGHT = 372  # pixels of the curve
MARGIN = {"l": 52, "r": 4, "t": 10, "b": 46}
LABEL_GAP = 15  # pixels between two line labels
LABEL_SPACE = 118  # pixels right of the plot for the line labels; the page keeps it at any width
META = {"label_space": LABEL_SPACE, "clickable": True}  # for the page
MOST_VALUES = 12  # layers whose numbers fit into the heatmap's cells
BUDGETS = (1, 2, 3)  # points of loss whose bands are drawn
INK, MUTE, GRID, ACCENT, CARD = (f"var(--lp-{name})" for name in ("ink", "mute", "grid", "accent", "card"))


def score_against_dropped(
    curve: Sequence[CurvePoint],
    title: str,
    subtitle: str,
    n_layers: int,
    strategy: str = "top",
    n_dropped: int = 0,
    baseline: float | None = None,
    budget: float = 2,
    reference: tuple[str, float] | None = None,
    axis: str = "score, %",
) -> dict:
    """Score (y, percent) against layers dropped (x, count), a line per strategy in `curve`, labelled at its end.

    `strategy` is drawn strongest and `n_dropped` marked; `baseline` is the full model's score, a dashed line, from
    which a band shows each budget; `reference` is a dotted line.
    """
    if not curve:
        return empty_figure(title, subtitle)
    edges = (-0.25, max(n_dropped, *(point.n_dropped for point in curve)) + 0.25)
    limits = y_range(curve, baseline, budget, reference)
    lines, sizes = lines_of(curve, strategy), {point.n_dropped for point in curve if point.strategy != "custom"}
    parts = [(name, part) for name, points in lines.items() for part in segments(points, sizes)]
    traces = [trace for name, part in parts for trace in draw_line(part, name, strong=name == strategy)]
    labels = line_labels(lines, strategy, baseline, budget, reference)
    leaders, annotations = draw_labels(labels, edges[1], limits)
    shapes = [{"type": "line", "x0": n_dropped, "x1": n_dropped, "y0": 0, "y1": 1, "yref": "y domain"}]
    shapes[0]["line"] = stroke(ACCENT, 1.4, "dot")
    shapes += draw_budgets(baseline, budget, edges) if baseline is not None else []
    shapes += [level(reference[1], edges, stroke(MUTE, 1.2, "dot"))] if reference else []
    layout = blank_layout(title, subtitle, HEIGHT) | {"shapes": shapes, "annotations": annotations}
    layout["xaxis"] |= {"title": {"text": f"layers dropped (of {n_layers})"}, "range": list(edges)}
    layout["xaxis"] |= {"tickvals": list(range(int(edges[1]) + 1))}
    layout["yaxis"] |= {"title": {"text": axis}, "range": list(limits)}
    hidden = {"visible": False, "fixedrange": True}
    layout |= {"xaxis2": hidden | {"range": [0, 1], "anchor": "y2"}, "meta": META}
    layout |= {"yaxis2": hidden | {"range": list(limits), "anchor": "x2"}}
    return {"data": leaders + traces, "layout": layout}


def y_range(
    curve: Sequence[CurvePoint], baseline: float | None, budget: float, reference: tuple[str, float] | None
) -> tuple[float, float]:
    """Room for every bar, the budget and the reference, and a little more."""
    values = [y for point in curve for y in (point.score, point.low, point.high) if y is not None]
    values += [baseline, baseline - budget] if baseline is not None else []
    values += [reference[1]] if reference else []
    low, high = min(values), max(values)
    room = max(0.06 * (high - low), 0.5)
    return low - room, high + room


def draw_line(points: list[CurvePoint], strategy: str, strong: bool) -> list[dict]:
    """One strategy: its line, its markers, the 95% bars and, for the one looked at, a tick per seed."""
    colour, measured = f"var(--lp-{strategy})", points[0].source == MEASURED
    symbols = [point_symbol(point) for point in points]
    edge = {"width": 1, "color": CARD} if measured else {"width": 2, "color": colour}
    line = {
        "type": "scatter",
        "x": [point.n_dropped for point in points],
        "y": [point.score for point in points],
        "name": STRATEGIES[strategy].label,
        "mode": "markers" if strategy == "custom" else "lines+markers",
        "line": stroke(colour, 3.2 if strong else 1.8),
        "marker": {"symbol": symbols, "color": colour, "line": edge}
        | {"size": [14 if s == "star" else 9 for s in symbols]},
        "customdata": [[strategy, hover_text(point), list(point.dropped or ())] for point in points],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
        "cliponaxis": False,
    }
    if measured:
        line["error_y"] = draw_bars(points, colour, strong)
    return [line, *draw_seeds(points)] if strong else [line]


def draw_bars(points: list[CurvePoint], colour: str, strong: bool) -> dict:
    return {
        "type": "data",
        "symmetric": False,
        "array": [point.high - point.score for point in points],
        "arrayminus": [point.score - point.low for point in points],
        "color": colour,
        "thickness": 1.8 if strong else 0.7,
        "width": 4 if strong else 0,
    }


def draw_seeds(points: list[CurvePoint]) -> list[dict]:
    """A tick per seed, where a point has several."""
    seeds = [(point.n_dropped, score) for point in points if len(point.scores) > 1 for score in point.scores]
    tick = {"symbol": "line-ew-open", "size": 11, "color": INK, "line": {"width": 1.5}}
    place = {"x": [x for x, _ in seeds], "y": [y for _, y in seeds]}
    ticks = {"type": "scatter", "name": "seeds", "mode": "markers", "marker": tick, "hoverinfo": "skip"}
    return [ticks | place] if seeds else []


def point_symbol(point: CurvePoint) -> str:
    """Measured points are filled, published ones open, those run on this machine starred."""
    if point.live:
        return "star"
    marker = LOOKS[point.strategy].marker
    return marker if point.source == MEASURED else f"{marker}-open"


def hover_text(point: CurvePoint) -> str:
    """What the pointer reads off a point: plotly's line breaks, names of our own tables only."""
    which = f"{point.n_dropped} dropped" if point.n_dropped else "nothing dropped"
    which += f": {describe_layers(point.dropped)}" if point.dropped else ""
    score = f"score {point.score:.2f}"
    if point.n_dropped and point.loss is not None:
        score += f", loss {point.loss:.2f} points"
    lines = [f"<b>{STRATEGIES[point.strategy].label}</b> · {which}", score]
    if point.source != MEASURED:
        return "<br>".join([*lines, f"{SOURCES[point.source].label}, {point.where}: {EVIDENCE[point.evidence]}"])
    lines.append(f"95% interval {point.low:.1f} to {point.high:.1f}, {point.n_eval} test texts")
    seeds = (f"{seed}: {score:.2f}" for seed, score in zip(point.seeds, point.scores, strict=True))
    full = "" if point.paired else ", ".join(map(str, point.full_seeds))
    lines.append("by seed " + ", ".join(seeds) + (f" (the full model: seed {full})" if full else ""))
    lines += [f"no better than chance with {point.chance}"] if point.chance else []
    return "<br>".join(lines + (["★ run on this machine"] if point.live else []))


def draw_budgets(baseline: float, budget: float, edges: tuple[float, float]) -> list[dict]:
    """The full model's line, and the loss each budget allows as a quiet band; the chosen one is marked."""
    bands = [
        {"type": "rect", "x0": edges[0], "x1": edges[1], "y0": baseline - points, "y1": baseline}
        | {"layer": "below", "line": {"width": 0}}
        | {"fillcolor": "var(--lp-band-chosen)" if points == budget else "var(--lp-band)"}
        for points in sorted({*BUDGETS, budget}, reverse=True)
    ]
    chosen = level(baseline - budget, edges, stroke(ACCENT, 0.6))
    return [*bands, chosen, level(baseline, edges, stroke(MUTE, 1.3, "dash"))]


def draw_labels(labels: list[dict], edge: float, limits: tuple[float, float]) -> tuple[list[dict], list[dict]]:
    """Thin lines and texts: a column right of the plot, spread so that no label covers another."""
    per_pixel = (limits[1] - limits[0]) / (HEIGHT - MARGIN["t"] - MARGIN["b"])
    heights = spread([label["y"] for label in labels], LABEL_GAP * per_pixel, *limits)
    leaders, texts = [], []
    thin = {"type": "scatter", "mode": "lines", "name": "leader", "hoverinfo": "skip", "opacity": 0.55}
    for label, y in zip(labels, heights, strict=True):
        colour = f"var(--lp-{label['colour']})"
        if label["x"] is not None:
            leaders.append(thin | {"x": [label["x"], edge], "y": [label["y"]] * 2, "line": stroke(colour, 1, "dot")})
            slant = {"x": [0, 0.1], "y": [label["y"], y], "xaxis": "x2", "yaxis": "y2", "line": stroke(colour, 1)}
            leaders.append(thin | slant)
        ink = colour if label["colour"] in ("mute", "accent") else f"var(--lp-{label['colour']}-text)"
        place = {"x": 0.13, "y": y, "xref": "x2", "yref": "y2", "xanchor": "left", "yanchor": "middle"}
        texts.append({"text": label["text"], "showarrow": False, "font": {"color": ink, "size": 12}} | place)
    return leaders, texts


def similarity_of_layers(
    table: pd.DataFrame, title: str, subtitle: str, dropped: Sequence[int] = (), labels: dict[str, str] | None = None
) -> dict:
    """Mean cosine of each layer's input and output: tasks (with `labels`) by layers, `dropped` ones hatched."""
    if table.empty:
        return empty_figure(title, subtitle)
    tasks = list(dict.fromkeys(table.task))
    names = [(labels or {}).get(task, task) for task in tasks]
    grid = table.pivot(index="task", columns="layer", values="cosine").loc[tasks]
    counts = table.drop_duplicates("task").set_index("task").n_texts
    cells = {
        "type": "heatmap",
        "z": grid.to_numpy().round(6).tolist(),
        "x": grid.columns.tolist(),
        "y": list(range(len(tasks))),
        "text": [[name] * grid.shape[1] for name in names],
        "colorscale": [[0, SIMILAR[0]], [1, SIMILAR[1]]],
        "zmin": round(float(table.cosine.min()), 4),
        "zmax": round(float(table.cosine.max()), 4),
        "xgap": 2,
        "ygap": 2,
        "customdata": [[int(counts[task])] * grid.shape[1] for task in tasks],
        "hovertemplate": "%{text}, layer %{x}: cosine %{z:.3f}, mean of %{customdata} texts<extra></extra>",
        "colorbar": colour_bar("cosine"),
    }
    hatched = [draw_hatching(first - 0.5, last + 0.5, len(tasks)) for first, last in neighbours(dropped)]
    layout = blank_layout(title, subtitle, height=62 + 36 * len(tasks))
    values = [draw_values(cells)] if grid.shape[1] <= MOST_VALUES else []
    layout["meta"] = {"values_need": 160 + 44 * grid.shape[1]}  # pixels of width, below which the numbers are left out
    layout["xaxis"] |= {"title": {"text": "layer (0 is nearest the embeddings)", "standoff": 8}}
    layout["xaxis"] |= {"dtick": 1, "showgrid": False, "range": [-0.5, grid.shape[1] - 0.5]}
    layout["yaxis"] |= {"range": [len(tasks) - 0.5, -0.5], "showgrid": False, "automargin": True}
    layout["yaxis"] |= {"tickvals": cells["y"], "ticktext": names}
    return {"data": [cells, *hatched, *values], "layout": layout | {"margin": {"l": 8, "r": 8, "t": 6, "b": 44}}}


def colour_bar(title: str) -> dict:
    return {"thickness": 10, "outlinewidth": 0, "nticks": 4, "title": {"text": title, "font": {"size": 11}}}


def draw_values(cells: dict) -> dict:
    """The number in every cell, above the hatching and in a colour that can be read."""
    low, high = cells["zmin"], cells["zmax"]
    values = [z for row in cells["z"] for z in row]
    return {
        "type": "scatter",
        "name": "values",
        "mode": "text",
        "x": cells["x"] * len(cells["y"]),
        "y": [y for y in cells["y"] for _ in cells["x"]],
        "text": ["" if z is None else f"{z:.3f}" for z in values],
        "textfont": {"size": 12, "color": [cosine_colour(((z or low) - low) / ((high - low) or 1))[1] for z in values]},
        "hoverinfo": "skip",
    }


def draw_hatching(left: float, right: float, n_rows: int) -> dict:
    """A striped, dotted frame around columns of the heatmap."""
    return {
        "type": "scatter",
        "x": [left, right, right, left, left],
        "y": [-0.5, -0.5, n_rows - 0.5, n_rows - 0.5, -0.5],
        "name": "dropped",
        "mode": "lines",
        "line": stroke(INK, 1.2, "dot"),
        "fill": "toself",
        "fillpattern": {
            "shape": "/",
            "size": 7,
            "solidity": 0.14,
            "fgcolor": "var(--lp-hatch)",
            "bgcolor": "rgba(0,0,0,0)",
        },
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def neighbours(layers: Sequence[int]) -> list[tuple[int, int]]:
    """(first, last) of every unbroken run of layers: (0, 1, 2, 5) -> [(0, 2), (5, 5)]."""
    firsts = [layer for layer in layers if layer - 1 not in layers]
    lasts = [layer for layer in layers if layer + 1 not in layers]
    return list(zip(sorted(firsts), sorted(lasts), strict=True))


def blank_layout(title: str, subtitle: str, height: int) -> dict:
    """The look that all figures share; an empty template, where plotly in Python would set its own."""
    axis = {"gridcolor": GRID, "zeroline": False, "fixedrange": True, "linecolor": GRID, "tickcolor": GRID}
    return {
        "template": {},
        "title": {"text": title, "subtitle": {"text": subtitle}},
        "height": height,
        "margin": MARGIN,
        "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": INK, "size": 12, "family": "var(--font)"},
        "hoverlabel": {"bgcolor": CARD, "bordercolor": MUTE, "font": {"color": INK, "size": 12}, "align": "left"},
        "hovermode": "closest",
        "dragmode": False,
        "xaxis": dict(axis),
        "yaxis": dict(axis),
    }


def legend() -> dict:
    place = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": MUTE, "size": 11}}
    return {"showlegend": True, "legend": place | {"itemclick": False, "itemdoubleclick": False}}


def empty_figure(title: str, subtitle: str) -> dict:
    """A figure without data: its title says what is missing."""
    return {"data": [], "layout": blank_layout(title, subtitle, HEIGHT)}


def level(y: float, edges: tuple[float, float], line: dict) -> dict:
    return {"type": "line", "x0": edges[0], "x1": edges[1], "y0": y, "y1": y, "line": line}


def stroke(colour: str, width: float, dash: str = "solid") -> dict:
    return {"color": colour, "width": width, "dash": dash}
