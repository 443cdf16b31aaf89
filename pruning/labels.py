"""The lines of a figure and the labels at their ends: what they say and where they stand, without drawing."""

from collections.abc import Sequence
from itertools import pairwise

from .curve import CurvePoint
from .strategies import STRATEGIES, describe_layers


def lines_of(curve: Sequence[CurvePoint], strategy: str) -> dict[str, list[CurvePoint]]:
    """Strategy -> its points by layers dropped. In the order of STRATEGIES, the one looked at last: on top.

    Strategies of which the full model alone was run are left out, but for the one looked at.
    """
    found = {}
    for point in sorted(curve, key=lambda point: point.n_dropped):
        found.setdefault(point.strategy, []).append(point)
    drawn = [name for name in STRATEGIES if name == strategy or any(point.n_dropped for point in found.get(name, ()))]
    order = sorted((name for name in drawn if name in found), key=lambda name: name == strategy)
    return {name: found[name] for name in order}


def segments(points: Sequence[CurvePoint], sizes: set[int]) -> list[list[CurvePoint]]:
    """One line's points, parted where it skips more than one of the `sizes` that strategies were run with, so that no
    line crosses a stretch where others are known and it is not."""
    found = [[points[0]]]
    for before, after in pairwise(points):
        if sum(before.n_dropped < n < after.n_dropped for n in sizes) > 1:
            found.append([])
        found[-1].append(after)
    return found


def line_labels(
    lines: dict[str, list[CurvePoint]],
    strategy: str,
    baseline: float | None,
    budget: float,
    reference: tuple[str, float] | None,
) -> list[dict]:
    """Text, colour and the height of what each label belongs to, `x` where that ends."""
    labels = []
    for name, points in lines.items():
        for point in points if name == "custom" else points[-1:]:
            text = STRATEGIES[name].label if name != "custom" else f"Custom {describe_layers(point.dropped)}"
            strong = f"<b>{text}</b>" if name == strategy else text
            labels.append({"text": strong, "colour": name, "x": point.n_dropped, "y": point.score})
    if baseline is not None:
        labels.append({"text": f"full model {baseline:.1f}", "colour": "mute", "x": None, "y": baseline})
        labels.append({"text": f"{budget:g}-point budget", "colour": "accent", "x": None, "y": baseline - budget})
    if reference:
        labels.append({"text": f"{reference[0]} {reference[1]:.1f}", "colour": "mute", "x": None, "y": reference[1]})
    return labels


def spread(heights: Sequence[float], gap: float, bottom: float, top: float) -> list[float]:
    """The heights moved apart by at least `gap` in their order, as little as that needs, inside the limits."""
    order = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    groups: list[list[float]] = []  # [lowest place, number of labels]
    for i in order:
        groups.append([heights[i], 1])
        while len(groups) > 1 and groups[-1][0] < groups[-2][0] + gap * groups[-2][1]:
            start, count = groups.pop()
            before, n = groups.pop()
            middle = (before * n + (start - gap * n) * count) / (n + count)
            groups.append([middle, n + count])
    places = [start + gap * i for start, count in groups for i in range(int(count))]
    over = max(0.0, places[-1] - top + gap / 2) if places else 0
    for at in range(len(places) - 1, -1, -1):  # what would stand above the top is pushed down, and what that meets
        limit = places[at + 1] - gap if at + 1 < len(places) else places[at] - over
        places[at] = min(places[at], limit)
    for at in range(len(places)):  # and up again from the bottom
        places[at] = max(places[at], places[at - 1] + gap if at else bottom + gap / 2)
    return [place for _, place in sorted(zip(order, places, strict=True))]
