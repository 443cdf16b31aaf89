"""What the numbers say, in words: the sentence below the curve, made from the tables alone.

A difference is called one only where the 95% intervals do not overlap. Published numbers have none, so there the
sentence only repeats what was printed, and takes points closer than NEAR as equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from .findings import SURE, describe_gaps
from .frames import MEASURED, find_point, full_score
from .strategies import STRATEGIES, describe_layers

NEAR = 0.5  # points between two published numbers that one seed each cannot tell apart
MINUS = "−"


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
        unknown += f" The intervals of {names} overlap, so their order is not settled{tell_seeds(own, level)}."
    if twins:
        unknown += f" {join_labels(twins)} drop{'s' * (len(twins) == 1)} the same layers."
    return Story(lead, text, unknown)


def tell_seeds(own: dict, level: pd.DataFrame) -> str:
    """Whom it is surely ahead of or behind seed by seed, in the words of `findings`."""
    orders, scores = {"ahead of": [], "behind": []}, dict(zip(own["seeds"], own["scores"], strict=True))
    for rival in level.itertuples():
        pairs = zip(rival.seeds, rival.scores, strict=True)
        gaps = [scores[seed] - score for seed, score in pairs if seed in scores]
        if len(gaps) > 2 and describe_gaps(gaps)["certainty"] == SURE:
            orders["ahead of" if gaps[0] > 0 else "behind"].append(rival.strategy)
    told = " and ".join(f"{word} {join_labels(names)}" for word, names in orders.items() if names)
    return f"; over its seeds alone {STRATEGIES[own['strategy']].label} is surely {told}" if told else ""


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
