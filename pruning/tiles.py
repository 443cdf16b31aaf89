"""The four tiles above the curve: the answer at the current choice, and what it saves. Made from the tables alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from .curve import MEASURED, CurvePoint, find_point, full_score, lowest_lead
from .frames import Cost
from .story import MINUS, Point


@dataclass(frozen=True)
class Tile:
    number: str
    text: str


def tiles(curve: Sequence[CurvePoint], point: Point, cost: Cost) -> list[Tile]:
    """Four: the answer, parameters, speed, training time."""
    return [answer_tile(curve, point), parameter_tile(cost, point), speed_tile(cost), training_tile(cost)]


def answer_tile(curve: Sequence[CurvePoint], point: Point) -> Tile:
    if point.unnamed:
        return Tile(point.label, "name the layers to drop")
    own = find_point(curve, point.strategy, point.n_dropped, point.dropped)
    if not point.n_dropped:
        name, text = "Full model", "nothing dropped; every loss is counted from here"
    else:
        name, text = f"{point.label} · drop {point.n_dropped}", ""
    if not own:
        published = curve and curve[0].source != MEASURED
        return Tile(name, "not published" if published else "not measured yet: run it live")
    return Tile(f"{name} → {own.score:.1f}", text or loss_in_words(curve, own, point.budget))


def loss_in_words(curve: Sequence[CurvePoint], own: CurvePoint, budget: float) -> str:
    """The loss, and how it stands to the budget, with the interval's doubt."""
    if own.loss is None:
        return "the full model was not run, so the loss is not known"
    side = "below" if own.loss >= 0 else "above"
    inside = own.loss <= budget + 1e-9  # a loss of exactly the budget is within it
    digits = 1
    while not inside and digits < 4 and f"{own.loss:.{digits}f}" == f"{budget:.{digits}f}":
        digits += 1  # 2.04 is beyond 2, and must not read 2.0
    text = f"{abs(own.loss):.{digits}f} points {side} the full model ({full_in_words(full_score(curve), own)}); "
    text += f"{'within' if inside else 'beyond'} your {budget:g}-point budget"
    full = next(point for point in curve if not point.n_dropped)
    least, most = lowest_lead(full, own), lowest_lead(own, full)
    if inside and most is not None and -most > budget:
        text += f", but on other test texts it may lose {-most:.1f}"
    elif not inside and least is not None and least <= budget:
        text += f", but on other test texts it may lose as little as {least:.1f}"
    if own.chance:
        text += f"; no better than chance with {own.chance} (by their predictions' correlation with the labels)"
    elif len(own.scores) > 1:
        text += f"; its {len(own.scores)} seeds score {min(own.scores):.1f} to {max(own.scores):.1f}"
    return text


def full_in_words(full: float, own: CurvePoint) -> str:
    """The full model's score that the loss is counted from, and that by all its seeds where it is another."""
    same = own.score + own.loss
    if abs(full - same) < 0.05:
        return f"{full:.1f}"
    if own.paired:
        return f"{same:.1f} with the same seed{'s' * (len(own.seeds) > 1)}, {full:.1f} with all"
    return f"{full:.1f} by all its seeds"


def parameter_tile(cost: Cost, point: Point) -> Tile:
    if not cost.parameters:
        return Tile("–", "parameters not known yet")
    full, pruned = cost.parameters
    if not point.n_dropped:
        return Tile(millions(full), "parameters of the full model")
    return Tile(millions(pruned), f"parameters, {percent(full, pruned)} of {millions(full)}")


def speed_tile(cost: Cost) -> Tile:
    if cost.inference_saved is not None:
        return Tile(
            f"{MINUS}{cost.inference_saved:.0f}%" if cost.inference_saved else "0%",
            "inference time, 32 texts at once (published)",
        )
    if not cost.latency_ms:
        return Tile("–", "inference speed not known yet")
    batch = max(cost.latency_ms, key=int)
    full, pruned = cost.latency_ms[batch]
    if full == pruned:
        return Tile(f"{full:.0f} ms", f"inference, {texts(batch)} at once")
    each = (f"{texts(n)} {number(a)} → {number(b)} ms" for n, (a, b) in sorted(cost.latency_ms.items(), key=by_batch))
    return Tile(f"{full / pruned:.2f}×", "as fast at inference: " + ", ".join(each))


def training_tile(cost: Cost) -> Tile:
    if cost.tuning_speedup is not None:
        return Tile(f"{cost.tuning_speedup:.2f}×", "as fast to fine-tune (published)")
    if not cost.train_seconds:
        return Tile("–", "training time not known yet")
    full, pruned = cost.train_seconds
    if full == pruned or not pruned:
        return Tile(f"{full:.0f} s", "to fine-tune" + " the full model; nothing after the drop" * (not pruned))
    return Tile(
        percent(*cost.flops), f"operations of a text; fine-tuning took {full:.0f} → {pruned:.0f} s where it ran"
    )


def percent(full: float, pruned: float) -> str:
    """Change in percent, with its sign: '−27%'."""
    change = round(100 * (pruned - full) / full)
    return f"{MINUS if change < 0 else '+' if change > 0 else ''}{abs(change)}%"


def millions(n: float) -> str:
    return f"{n / 1e6:.0f} M" if n >= 99.5e6 or n % 1e6 == 0 else f"{n / 1e6:.1f} M"


def texts(batch: str) -> str:
    return "1 text" if batch == "1" else f"{batch} texts"


def number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def by_batch(item: tuple[str, tuple]) -> int:
    return -int(item[0])
