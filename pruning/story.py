"""What the numbers say, in words: the tiles and the sentence below the curve, made from the tables alone.

A difference is called one only where the 95% intervals do not overlap. Published numbers have none, so there the
sentence only repeats what was printed, and takes points closer than NEAR as equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from .frames import MEASURED, Cost, find_point, full_score
from .strategies import STRATEGIES, describe_layers

NEAR = 0.5  # points between two published numbers that one seed each cannot tell apart
MINUS = "−"


@dataclass(frozen=True)
class Tile:
    number: str
    text: str


@dataclass(frozen=True)
class Story:
    lead: str
    text: str
    unknown: str  # what is not known, shown in grey

    def __str__(self) -> str:
        return " ".join(part for part in (self.lead, self.text, self.unknown) if part)


@dataclass(frozen=True)
class Point:
    """The choice in question."""

    strategy: str
    n_dropped: int
    n_layers: int
    dropped: tuple[int, ...] | None = None  # for custom
    budget: float = 2

    @property
    def label(self) -> str:
        if self.strategy == "custom" and self.dropped:
            return f"Custom {describe_layers(self.dropped)}"
        return STRATEGIES[self.strategy].label

    @property
    def share(self) -> str:
        return f"{self.n_dropped} of {self.n_layers}"

    @property
    def unnamed(self) -> bool:
        """Layers are to be named by hand, and were not."""
        return self.strategy == "custom" and self.dropped is None


def tiles(curve: pd.DataFrame, point: Point, cost: Cost) -> list[Tile]:
    """Four: the answer, parameters, speed, training time."""
    return [answer_tile(curve, point), parameter_tile(cost, point), speed_tile(cost), training_tile(cost)]


def answer_tile(curve: pd.DataFrame, point: Point) -> Tile:
    if point.unnamed:
        return Tile(point.label, "name the layers to drop")
    row = find_point(curve, point.strategy, point.n_dropped, point.dropped)
    if not point.n_dropped:
        name, text = "Full model", "nothing dropped; every loss is counted from here"
    else:
        name, text = f"{point.label} · drop {point.n_dropped}", ""
    if not row:
        published = len(curve) and curve.source.iloc[0] != MEASURED
        return Tile(name, "not published" if published else "not measured yet: run it live")
    return Tile(f"{name} → {row['score']:.1f}", text or loss_in_words(curve, row, point.budget))


def loss_in_words(curve: pd.DataFrame, row: dict, budget: float) -> str:
    """The loss, and how it stands to the budget, with the interval's doubt."""
    if row["loss"] is None:
        return "the full model was not run, so the loss is not known"
    full = full_score(curve)
    limit = full - budget
    side = "below" if row["loss"] >= 0 else "above"
    inside = row["loss"] <= budget + 1e-9  # a loss of exactly the budget is within it
    digits = 1 if inside or f"{row['loss']:.1f}" != f"{budget:.1f}" else 2  # 2.04 is beyond 2, and must not read 2.0
    text = f"{abs(row['loss']):.{digits}f} points {side} the full model ({full:.1f}); "
    text += f"{'within' if inside else 'beyond'} your {budget:g}-point budget"
    if row["low"] is not None and row["low"] < limit < row["high"]:
        text += f", but its interval ({row['low']:.1f} to {row['high']:.1f}) spans the limit"
    if len(row["scores"]) > 1:
        text += f"; its {len(row['scores'])} seeds score {min(row['scores']):.1f} to {max(row['scores']):.1f}"
    return text


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
    return Tile(percent(full, pruned), f"fine-tuning time: {full:.0f} → {pruned:.0f} s")


def tell(curve: pd.DataFrame, point: Point, drawn: pd.DataFrame) -> Story:
    """What the curve says at the current choice; `drawn` holds those of its rows that this is compared with."""
    if point.unnamed:
        return Story("Custom drops the layers you name:", "write them on the left, such as 1,4.", "")
    if curve.empty:
        return Story("No results yet:", "run a point live to see its score here.", "")
    if not point.n_dropped:
        return tell_full_model(curve, drawn, point)
    measured = curve.source.iloc[0] == MEASURED
    own = find_point(curve, point.strategy, point.n_dropped, point.dropped)
    if not own:
        word = "measured yet" if measured else "published"
        return Story(f"{point.label} with {point.share} layers dropped is not {word}:", *tell_others(drawn, point))
    rivals, twins = others(drawn, own)
    if own["loss"] is None:
        return Story(
            f"{point.label} scores {own['score']:.1f} here:", "without the full model its loss is unknown.", ""
        )
    if measured:
        return tell_measured(own, rivals, twins, point)
    return tell_published(own, rivals, point)


def tell_full_model(curve: pd.DataFrame, drawn: pd.DataFrame, point: Point) -> Story:
    full, score = curve[curve.n_dropped == 0], full_score(curve)
    if score is None:
        return Story("The full model was not run yet:", "run it live, every loss is counted from it.", "")
    within = drawn[(drawn.loss <= point.budget + 1e-9) & (drawn.n_dropped > 0)]
    text = f"it scores {score:.1f}; a {point.budget:g}-point budget reaches down to {score - point.budget:.1f}."
    if len(within):
        best = within.sort_values("n_dropped").iloc[-1]
        at_most = within[within.n_dropped == best.n_dropped].strategy
        text += f" Most layers dropped within it: {best.n_dropped} ({join_labels(at_most)})."
    return Story("The full model is what all is compared with:", text, what_it_rests_on(full.iloc[0].to_dict()))


def tell_others(drawn: pd.DataFrame, point: Point) -> tuple[str, str]:
    """(text, unknown) where the choice itself has no point."""
    rows = drawn[(drawn.n_dropped == point.n_dropped) & (drawn.strategy != "custom") & drawn.loss.notna()]
    if rows.empty:
        known = sorted({int(k) for k in drawn.n_dropped if k})
        return (f"the others have points at {join([str(k) for k in known])} layers dropped." if known else ""), ""
    return f"at {point.share} the others {cost_span(rows.loss, many=len(rows) > 1)}.", ""


def others(drawn: pd.DataFrame, own: dict) -> tuple[pd.DataFrame, list[str]]:
    """The other strategies' points at as many dropped layers, and the strategies that drop the very same layers."""
    rows = drawn[(drawn.n_dropped == own["n_dropped"]) & (drawn.strategy != own["strategy"]) & drawn.loss.notna()]
    if own["dropped"] is None:
        return rows, []
    same = [layers == own["dropped"] for layers in rows.dropped]
    different = [not equal for equal in same]
    return rows.loc[different], rows.loc[same].strategy.tolist()


def tell_measured(own: dict, rivals: pd.DataFrame, twins: list[str], point: Point) -> Story:
    """Claims rest on intervals that do not overlap; what overlaps is said to be unsettled."""
    worse, better = rivals[rivals.high < own["low"]], rivals[rivals.low > own["high"]]
    level = rivals.drop(index=worse.index.union(better.index))
    at = f"at {point.share} it {costs(own['loss'])}"
    if rivals.empty:
        lead, text = f"{point.label} {costs(own['loss'])} here:", f"{point.share} layers dropped."
    elif len(better):
        lead = f"{point.label} is not the one to choose here:"
        text = f"{at}, {join_labels(better.strategy)} {span(better.loss)}, and the intervals do not overlap."
    elif level.empty:
        lead = f"{point.label} is clearly best here:"
        text = f"{at}, the others {cost_span(worse.loss, many=True)}, and no interval reaches its own."
    elif len(worse):
        lead = f"{point.label} is among the best here:"
        text = f"{at}; {join_labels(worse.strategy)} {cost_span(worse.loss, many=len(worse) > 1)}, clearly more."
    else:
        lead = "No strategy stands out here:"
        rest = cost_span(level.loss, many=len(level) > 1)
        text = f"at {point.share} {point.label} {costs(own['loss'])}, the others {rest}."
    unknown = what_it_rests_on(own)
    if len(level):
        names = join_labels([own["strategy"], *level.strategy])
        unknown += f" The intervals of {names} overlap, so their order is not settled."
    if twins:
        unknown += f" {join_labels(twins)} drop{'s' * (len(twins) == 1)} the same layers."
    return Story(lead, text, unknown)


def tell_published(own: dict, rivals: pd.DataFrame, point: Point) -> Story:
    least = min([own["loss"], *rivals.loss])
    close = rivals[(rivals.loss - own["loss"]).abs() <= NEAR]
    rest = rivals.drop(index=close.index)
    at = f"at {point.share} it {costs(own['loss'])}"
    if rivals.empty:
        lead, text = f"{point.label} {costs(own['loss'])} here:", f"{point.share} layers dropped."
    elif own["loss"] > least + NEAR:
        best = rivals[rivals.loss == least]
        lead = f"{point.label} loses more than it has to here:"
        text = f"{at}, {join_labels(best.strategy)} {span(best.loss)}."
    elif len(close):
        lead = f"{point.label} is among the best here:"
        text = f"{at}; {join_labels(close.strategy)} came within {NEAR} points"
        text += f", {join_labels(rest.strategy)} {cost_span(rest.loss, many=len(rest) > 1)}." if len(rest) else "."
    else:
        lead, text = f"{point.label} loses least here:", f"{at}, the others {span(rest.loss)}."
    digitised = "figure-digitised" in (own["evidence"], *rivals.evidence)
    doubt = " Some were read off a figure (about 0.05 points)." if digitised else ""
    return Story(lead, text, what_it_rests_on(own) + doubt)


def what_it_rests_on(row: dict) -> str:
    if row["source"] != MEASURED:
        return "One number per point; no seeds and no intervals are published."
    n = len(row["seeds"])
    others = f"{row['n_full']}{' others' * (row['n_full'] == n)}"
    seeds = f"{n} seed{'s' * (n > 1)}" + ("" if row["paired"] else f" (the full model: {others})")
    return f"{seeds}, {int(row['n_eval']):,} test texts."


def costs(loss: float) -> str:
    if abs(loss) < 0.05:
        return "costs nothing"
    return f"costs {loss:.1f} points" if loss > 0 else f"gains {-loss:.1f} points"


def cost_span(losses: Sequence[float], many: bool) -> str:
    """'cost 2.9 to 15.9'; gains are called so: 'gain 1.4', 'cost at most 3.0 (the best gains 1.4)'."""
    ending, gains = "" if many else "s", [-loss for loss in losses]
    if min(gains) > 0.05:
        return f"gain{ending} {span(gains)}"
    if max(gains) > 0.05:
        return f"cost{ending} at most {max(losses):.1f} (the best gains {max(gains):.1f})"
    return f"cost{ending} {span(losses)}"


def span(losses: Sequence[float]) -> str:
    """'2.9', or '2.9 to 15.9' where they differ once rounded."""
    low, high = (f"{value:.1f}".replace("-", MINUS) for value in (min(losses), max(losses)))
    return low if low == high else f"{low} to {high}"


def join_labels(names: Sequence[str]) -> str:
    return join([STRATEGIES[name].label for name in dict.fromkeys(names)])


def join(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


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
