"""Figures of why layers can go and what that is worth; pure functions from tables, as in figures.py."""

from collections.abc import Sequence

import pandas as pd

from .analysis_frames import PRE_TRAINED_LABEL
from .figures import ACCENT, CARD, INK, MUTE, blank_layout, colour_bar, draw_values, empty_figure, legend, stroke
from .palette import LOOKS, SIMILAR
from .runs import POOLINGS
from .strategies import STRATEGIES, describe_layers

HEIGHT = 300  # pixels
MARGIN = {"l": 52, "r": 12, "t": 12, "b": 46}
STATES = "state after layer (emb: embeddings)"
FADED = 0.28  # opacity
MOST_VALUES = 14  # columns whose numbers fit into the cells


def heatmap(
    table: pd.DataFrame, title: str, subtitle: str, colorbar: str, x_title: str, y_title: str = "", height: int = 0
) -> dict:
    """The values of a table, its index downwards (y) and its columns (x); None is left blank."""
    if table.empty:
        return empty_figure(title, subtitle)
    values = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    known = [value for row in values for value in row if value is not None]
    names, columns = list(table.index), list(table.columns)
    cells = {
        "type": "heatmap",
        "z": [[None if value is None else round(value, 4) for value in row] for row in values],
        "x": list(range(len(columns))),
        "y": list(range(len(names))),
        "text": [[f"{name}, {column}" for column in columns] for name in names],
        "colorscale": [[0, SIMILAR[0]], [1, SIMILAR[1]]],
        "zmin": round(min(known), 4),
        "zmax": round(max(known), 4),
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "hovertemplate": "%{text}: %{z:.3f}<extra></extra>",
        "colorbar": colour_bar(colorbar),
    }
    layout = blank_layout(title, subtitle, height or 70 + 36 * len(names))
    layout["xaxis"] |= {"title": {"text": x_title, "standoff": 8}, "showgrid": False, "tickvals": cells["x"]}
    layout["xaxis"] |= {"ticktext": columns, "range": [-0.5, len(columns) - 0.5]}
    layout["yaxis"] |= {"range": [len(names) - 0.5, -0.5], "showgrid": False, "automargin": True}
    layout["yaxis"] |= {"tickvals": cells["y"], "ticktext": names}
    layout["yaxis"] |= {"title": {"text": y_title}} if y_title else {}
    numbers = [draw_values(cells)] if len(columns) <= MOST_VALUES else []
    layout["meta"] = {"values_need": 200 + 44 * len(columns)}
    return {"data": [cells, *numbers], "layout": layout | {"margin": {"l": 8, "r": 8, "t": 6, "b": 48}}}


def spread_of_layers(table: pd.DataFrame, title: str, subtitle: str, dropped: Sequence[int] = ()) -> dict:
    """Median cosine (y) of each layer's input and output (x: layer); bars are the quartiles over texts."""
    if table.empty:
        return empty_figure(title, subtitle)
    rows = table.to_dict("records")
    colours = [MUTE if row["layer"] in dropped else ACCENT for row in rows]
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "median over texts",
        "x": [row["layer"] for row in rows],
        "y": [round(row["middle"], 5) for row in rows],
        "marker": {
            "size": 10,
            "color": colours,
            "symbol": ["x" if row["layer"] in dropped else "circle" for row in rows],
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [round(row["high"] - row["middle"], 5) for row in rows],
            "arrayminus": [round(row["middle"] - row["low"], 5) for row in rows],
            "color": INK,
            "thickness": 1.6,
            "width": 5,
        },
        "text": [f"{row['low']:.3f} to {row['high']:.3f}" for row in rows],
        "hovertemplate": "layer %{x}: median %{y:.3f}, quartiles %{text}<extra></extra>",
    }
    layout = blank_layout(title, subtitle, HEIGHT) | {"margin": MARGIN}
    layout["xaxis"] |= {"title": {"text": "layer (0 is nearest the embeddings)"}, "dtick": 1}
    layout["yaxis"] |= {"title": {"text": "cosine of input and output", "standoff": 8}, "automargin": True}
    return {"data": [points], "layout": layout}


def variation_curves(table: pd.DataFrame, title: str, subtitle: str, chosen: str, last: str | None) -> dict:
    """Variation (y, percent of the mean state's length, logarithmic) of each state (x), a line per pooling.

    `chosen` is the pooling that is drawn strong, `last` the state where a stack of the lowest layers ends: ringed.
    """
    if table.empty:
        return empty_figure(title, subtitle)
    order = list(dict.fromkeys(table.state))
    traces = []
    for pooling, rows in table.groupby("pooling", sort=False):
        colour = ACCENT if pooling == chosen else MUTE
        known = {"type": "scatter", "x": [order.index(state) for state in rows.state]}
        known["y"] = [None if pd.isna(share) else float(f"{share:.3g}") for share in rows.share]
        line = {"mode": "lines+markers", "name": POOLINGS[pooling], "line": stroke(colour, 2.2), "marker": {"size": 8}}
        hover = {"hovertemplate": f"{POOLINGS[pooling]}, state %{{text}}: %{{y:.3~g}}%<extra></extra>"}
        traces.append(known | line | hover | {"text": rows.state.tolist()})
        if last in order and pooling == chosen:
            at = order.index(last)
            ring = {"size": 17, "symbol": "circle-open", "color": colour, "line": {"width": 2}}
            traces.append({"type": "scatter", "mode": "markers", "x": [at], "y": [known["y"][at]], "marker": ring}
                          | {"name": "last kept", "showlegend": False, "hoverinfo": "skip"})  # fmt: skip
    layout = blank_layout(title, subtitle, HEIGHT) | {"margin": MARGIN | {"t": 34}} | legend()
    layout["xaxis"] |= {"title": {"text": STATES}, "tickvals": list(range(len(order))), "ticktext": order}
    layout["yaxis"] |= {
        "title": {"text": "% of the mean state's length"},
        "type": "log",
        "dtick": 1,
        "automargin": True,
    }
    return {"data": traces, "layout": layout}


def probe_curves(table: pd.DataFrame, title: str, subtitle: str, axis: str, knows_from: dict[str, str]) -> dict:
    """Score of a probe (y, percent) on each state (x), a line per model; bars are 95% intervals over texts.

    `knows_from`: line -> the first state within one point of its best, which is ringed.
    """
    if table.empty:
        return empty_figure(title, subtitle)
    order = ["emb", *map(str, range(len({s for s in table.state if s != "emb"})))]
    traces = []
    for number, (name, rows) in enumerate(table.groupby("line", sort=False)):
        measured = rows.source.iloc[0] == "measured"
        colour = (ACCENT if name != PRE_TRAINED_LABEL else INK) if measured else MUTE
        line = {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [order.index(state) for state in rows.state],
            "y": rows.score.round(2).tolist(),
            "line": stroke(colour, 2.2 if measured else 1.3, "solid" if measured else ("dot", "dash")[number % 2]),
            "marker": {"size": 8, "symbol": "circle" if measured else f"{('diamond', 'square')[number % 2]}-open"},
            "text": rows.state.tolist(),
            "hovertemplate": f"{name}, state %{{text}}: %{{y:.1f}}<extra></extra>",
        }
        if measured:
            line["error_y"] = {"type": "data", "symmetric": False, "color": colour, "thickness": 0.9, "width": 3}
            line["error_y"] |= {"array": (rows.high - rows.score).round(2).tolist()}
            line["error_y"] |= {"arrayminus": (rows.score - rows.low).round(2).tolist()}
        traces.append(line)
        if name in knows_from:
            at = order.index(knows_from[name])
            ring = {"size": 17, "symbol": "circle-open", "color": colour, "line": {"width": 2}}
            y = rows[rows.state == knows_from[name]].score.round(2).tolist()
            traces.append({"type": "scatter", "mode": "markers", "name": f"{name}: knows from here", "x": [at], "y": y}
                          | {"marker": ring, "showlegend": False, "hoverinfo": "skip"})  # fmt: skip
    layout = blank_layout(title, subtitle, HEIGHT + 60) | {"margin": MARGIN | {"t": 34}} | legend()
    layout["xaxis"] |= {"title": {"text": STATES}, "tickvals": list(range(len(order))), "ticktext": order}
    layout["yaxis"] |= {"title": {"text": axis}}
    return {"data": traces, "layout": layout}


def worth_its_cost(
    table: pd.DataFrame, title: str, subtitle: str, column: str, axis: str, score: str, chosen: tuple | None
) -> dict:
    """Score (y, percent) against a cost (x, `column` of the table), a point per kept set; dominated ones are faded."""
    table = table[table[column].notna()]
    if table.empty:
        return empty_figure(title, subtitle)
    groups = table.groupby("strategy", sort=False)
    traces = [trace for strategy, rows in groups for trace in draw_stacks(strategy, rows, column, chosen)]
    layout = blank_layout(title, subtitle, HEIGHT + 40) | {"margin": MARGIN | {"t": 40}} | legend()
    layout["xaxis"] |= {"title": {"text": axis}}
    layout["yaxis"] |= {"title": {"text": score}}
    return {"data": [draw_front(table, column), *traces], "layout": layout}


def draw_stacks(strategy: str, rows: pd.DataFrame, column: str, chosen: tuple | None) -> list[dict]:
    """The points of one strategy, and its entry in the legend, which is not as faded as its first point."""
    look, records = LOOKS[strategy], rows.to_dict("records")
    named = {"type": "scatter", "mode": "markers", "name": STRATEGIES[strategy].label}
    marker = {"symbol": look.marker, "color": f"var(--lp-{strategy})"}
    points = {
        "x": rows[column].round(2).tolist(),
        "y": rows.score.round(2).tolist(),
        "marker": marker
        | {"size": [15 if row["dropped"] == chosen else 10 for row in records]}
        | {"opacity": [FADED if row["faded"] else 1 for row in records], "line": {"width": 1, "color": CARD}},
        "text": [point_text(row, column) for row in records],
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
        "showlegend": False,
    }
    return [named | points, named | {"x": [None], "y": [None], "marker": marker | {"size": 9}}]


def draw_front(table: pd.DataFrame, column: str) -> dict:
    """A line through the points that no other beats, with the number of dropped layers."""
    best = table[~table.faded].sort_values([column, "score"])
    return {
        "type": "scatter",
        "mode": "lines+text",
        "name": "not dominated",
        "x": best[column].round(2).tolist(),
        "y": best.score.round(2).tolist(),
        "text": [f"{n} dropped" if n else "full" for n in best.n_dropped],
        "textposition": ["bottom right"] + ["top left"] * (len(best) - 1),  # inside the drawing
        "textfont": {"size": 11, "color": MUTE},
        "line": stroke(MUTE, 1.1, "dot"),
        "hoverinfo": "skip",
        "showlegend": False,
    }


def point_text(row: dict, column: str) -> str:
    which = f"{row['n_dropped']} dropped: {describe_layers(row['dropped'])}" if row["n_dropped"] else "full model"
    cost = f"{row['latency_ms']:.1f} ms for 32 texts" if column == "latency_ms" else f"{row[column]:.1f} M parameters"
    faded = "<br>another stack is no worse in score and size, and better in one" if row["faded"] else ""
    return f"<b>{STRATEGIES[row['strategy']].label}</b> · {which}<br>score {row['score']:.2f}, {cost}{faded}"


def score_against_texts(table: pd.DataFrame, title: str, subtitle: str, axis: str, strategy: str) -> dict:
    """Score (y, percent) against training texts (x, count, logarithmic), a line per strategy of
    `analysis_frames.training_table`; bars are 95% intervals, `strategy` is drawn strongest, the full model dashed."""
    if table.empty:
        return empty_figure(title, subtitle)
    traces = [
        draw_training(name, rows, strong=name == strategy) for name, rows in table.groupby("strategy", sort=False)
    ]
    layout = blank_layout(title, subtitle, HEIGHT + 80) | {"margin": MARGIN | {"t": 48}} | legend()
    texts = sorted(set(table.n_train))
    layout["xaxis"] |= {"title": {"text": "training texts"}, "type": "log"}
    layout["xaxis"] |= {"tickvals": texts, "ticktext": [f"{n:,}" for n in texts]}
    layout["yaxis"] |= {"title": {"text": axis}}
    return {"data": traces, "layout": layout}


def draw_training(strategy: str, rows: pd.DataFrame, strong: bool) -> dict:
    name = STRATEGIES[strategy].label if strategy else "Full model"
    colour = f"var(--lp-{strategy})" if strategy else MUTE
    seeds = ["by seed " + ", ".join(f"{n}: {s:.1f}" for n, s in zip(*pair, strict=True))
             for pair in zip(rows.seeds, rows.scores, strict=True)]  # fmt: skip
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": rows.n_train.tolist(),
        "y": rows.score.round(2).tolist(),
        "line": stroke(colour, 3.2 if strong else 1.8, "solid" if strategy else "dash"),
        "marker": {"size": 9, "symbol": LOOKS[strategy].marker if strategy else "line-ew-open", "color": colour},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "color": colour,
            "thickness": 1.4 if strong else 0.7,
            "width": 3,
        }
        | {"array": (rows.high - rows.score).round(2).tolist()}
        | {"arrayminus": (rows.score - rows.low).round(2).tolist()},
        "text": seeds,
        "hovertemplate": f"<b>{name}</b> · %{{x:,}} texts<br>score %{{y:.1f}}<br>%{{text}}<extra></extra>",
    }
