"""What the numbers say, in words: the sentence below the curve, made from the numbers alone.

A difference is called one only where the 95% intervals do not overlap. Published numbers have none, so there the
sentence only repeats what was printed, and takes points closer than NEAR as equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .curve import MEASURED, CurvePoint, find_point, full_score
from .findings import SURE, describe_gaps
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


def tell(curve: Sequence[CurvePoint], point: Point, drawn: Sequence[CurvePoint]) -> Story:
    """What the curve says at the current choice; `drawn` holds those of its points that this is compared with."""
    if point.unnamed:
        return Story("Custom drops the layers you name:", "write them on the left, such as 1,4.", "")
    if not curve:
        return Story("No results yet:", "run a point live to see its score here.", "")
    if not point.n_dropped:
        return tell_full_model(curve, drawn, point)
    measured = curve[0].source == MEASURED
    own = find_point(curve, point.strategy, point.n_dropped, point.dropped)
    if not own:
        word = "measured yet" if measured else "published"
        return Story(f"{point.label} with {point.share} layers dropped is not {word}:", *tell_others(drawn, point))
    rivals, twins = others(drawn, own)
    if own.loss is None:
        return Story(f"{point.label} scores {own.score:.1f} here:", "without the full model its loss is unknown.", "")
    if measured:
        return tell_measured(own, rivals, twins, point)
    return tell_published(own, rivals, point)


def tell_full_model(curve: Sequence[CurvePoint], drawn: Sequence[CurvePoint], point: Point) -> Story:
    full, score = next((point for point in curve if not point.n_dropped), None), full_score(curve)
    if score is None:
        return Story("The full model was not run yet:", "run it live, every loss is counted from it.", "")
    within = [p for p in drawn if p.n_dropped and p.loss is not None and p.loss <= point.budget + 1e-9]
    text = f"it scores {score:.1f}; a {point.budget:g}-point budget reaches down to {score - point.budget:.1f}."
    if within:
        most = max(p.n_dropped for p in within)
        text += f" Most layers dropped within it: {most} ({join_labels([p for p in within if p.n_dropped == most])})."
    return Story("The full model is what all is compared with:", text, what_it_rests_on(full))


def tell_others(drawn: Sequence[CurvePoint], point: Point) -> tuple[str, str]:
    """(text, unknown) where the choice itself has no point."""
    there = [p for p in drawn if p.n_dropped == point.n_dropped and p.strategy != "custom" and p.loss is not None]
    if not there:
        known = sorted({p.n_dropped for p in drawn if p.n_dropped})
        text = f"there are points at {join([str(k) for k in known])} of {point.n_layers} dropped." if known else ""
        return text, ""
    return f"at {point.share} the others {cost_span(losses(there), many=len(there) > 1)}.", ""


def others(drawn: Sequence[CurvePoint], own: CurvePoint) -> tuple[list[CurvePoint], list[CurvePoint]]:
    """The other strategies' points at as many dropped layers: those of other layers, and of the very same ones."""
    there = [p for p in drawn if p.n_dropped == own.n_dropped and p.strategy != own.strategy and p.loss is not None]
    twins = [p for p in there if own.dropped is not None and p.dropped == own.dropped]
    return [p for p in there if p not in twins], twins


def tell_measured(own: CurvePoint, rivals: list[CurvePoint], twins: list[CurvePoint], point: Point) -> Story:
    """Claims rest on intervals that do not overlap; what overlaps is said to be unsettled."""
    worse, better = [p for p in rivals if p.high < own.low], [p for p in rivals if p.low > own.high]
    level = [p for p in rivals if p not in worse + better]
    at = f"at {point.share} it {costs(own.loss)}"
    if not rivals:
        lead, text = f"{point.label} {costs(own.loss)} here:", f"{point.share} layers dropped."
    elif better:
        lead = f"{point.label} is not the one to choose here:"
        text = f"{at}, {join_labels(better)} {span(losses(better))}, and the intervals do not overlap."
    elif not level:
        alone = min(len(p.seeds) for p in (own, *rivals)) < 2
        lead = f"{point.label} is {'best here, as far as one seed tells' if alone else 'clearly best here'}:"
        text = f"{at}, the others {cost_span(losses(worse), many=True)}, and no interval reaches its own."
    elif worse:
        lead = f"{point.label} is among the best here:"
        text = f"{at}; {join_labels(worse)} {cost_span(losses(worse), many=len(worse) > 1)}, clearly more."
    else:
        lead = "No strategy stands out here:"
        rest = cost_span(losses(level), many=len(level) > 1)
        text = f"at {point.share} {point.label} {costs(own.loss)}, the others {rest}."
    unknown = what_it_rests_on(own, rivals)
    if level:
        names = join_labels([own, *level])
        unknown += f" The intervals of {names} overlap: with other test texts their order may change."
        unknown += tell_seeds(own, level)
    unknown += tell_chance(rivals)
    if twins:
        unknown += f" {join_labels(twins)} drop{'s' * (len(twins) == 1)} the same layers."
    return Story(lead, text, unknown)


def tell_chance(rivals: list[CurvePoint]) -> str:
    """Whose training came to nothing with some seeds, which then pull the mean down; the tile says it of the choice."""
    told = [f"{STRATEGIES[p.strategy].label} ({p.chance})" for p in rivals if p.chance]
    return f" No better than chance: {join(told)}." if told else ""


def tell_seeds(own: CurvePoint, level: list[CurvePoint]) -> str:
    """Whom it is surely ahead of or behind on these texts seed by seed, in the words of `findings`."""
    orders, scores = {"ahead of": [], "behind": []}, dict(zip(own.seeds, own.scores, strict=True))
    for rival in level:
        pairs = zip(rival.seeds, rival.scores, strict=True)
        gaps = [scores[seed] - score for seed, score in pairs if seed in scores]
        if len(gaps) > 2 and describe_gaps(gaps).certainty == SURE:
            orders["ahead of" if gaps[0] > 0 else "behind"].append(rival)
    told = " and ".join(f"{word} {join_labels(points)}" for word, points in orders.items() if points)
    return f" On these {STRATEGIES[own.strategy].label} is surely {told}, seed by seed." if told else ""


def tell_published(own: CurvePoint, rivals: list[CurvePoint], point: Point) -> Story:
    least = min(losses([own, *rivals]))
    close = [p for p in rivals if abs(p.loss - own.loss) <= NEAR]
    rest = [p for p in rivals if p not in close]
    at = f"at {point.share} it {costs(own.loss)}"
    if not rivals:
        lead, text = f"{point.label} {costs(own.loss)} here:", f"{point.share} layers dropped."
    elif own.loss > least + NEAR:
        best = [p for p in rivals if p.loss == least]
        lead = f"{point.label} loses more than it has to here:"
        text = f"{at}, {join_labels(best)} {span(losses(best))}."
    elif close:
        lead = f"{point.label} is among the best here:"
        text = f"{at}; {join_labels(close)} came within {NEAR} points"
        text += f", {join_labels(rest)} {cost_span(losses(rest), many=len(rest) > 1)}." if rest else "."
    else:
        lead, text = f"{point.label} loses least here:", f"{at}, the others {span(losses(rest))}."
    digitised = "figure-digitised" in [p.evidence for p in (own, *rivals)]
    doubt = " Some were read off a figure (about 0.05 points)." if digitised else ""
    return Story(lead, text, what_it_rests_on(own) + doubt)


def what_it_rests_on(own: CurvePoint, rivals: Sequence[CurvePoint] = ()) -> str:
    if own.source != MEASURED:
        return "One number per point; no seeds and no intervals are published."
    n, full = len(own.seeds), [str(seed) for seed in own.full_seeds]
    seeds = f"{n} seed{'s' * (n > 1)}"
    if not own.paired and full:
        seeds += f" (the full model: seed{'s' * (len(full) > 1)} {join(full)})"
    counts = [len(rival.seeds) for rival in rivals]
    if set(counts) - {n}:
        low, high = min(counts), max(counts)
        seeds += f" (the other{'s' * (len(rivals) > 1)}: {low if low == high else f'{low}–{high}'})"
    return f"{seeds}, {own.n_eval:,} test texts."


def losses(points: Sequence[CurvePoint]) -> list[float]:
    return [point.loss for point in points]


def costs(loss: float) -> str:
    if abs(loss) < 0.05:
        return "costs nothing"
    return f"costs {loss:.1f} points" if loss > 0 else f"gains {-loss:.1f} points"


def cost_span(losses: Sequence[float], many: bool) -> str:
    """'cost 2.9 to 15.9'; gains are called so: 'gain 1.4', 'cost at most 3.0 (the best gains 1.4)'."""
    ending, gains = "" if many else "s", [-loss for loss in losses]
    if min(gains) > 0.05:
        return f"gain{ending} {span(gains)}"
    if max(gains) >= 0.05:
        return f"cost{ending} at most {max(losses):.1f} (the best gains {max(gains):.1f})"
    return f"cost{ending} {span(losses)}"


def span(losses: Sequence[float]) -> str:
    """'2.9', or '2.9 to 15.9' where they differ once rounded."""
    low, high = (f"{value:.1f}".replace("-", MINUS) for value in (min(losses), max(losses)))
    return low if low == high else f"{low} to {high}"


def join_labels(points: Sequence[CurvePoint]) -> str:
    """Each strategy once."""
    return join([STRATEGIES[name].label for name in dict.fromkeys(point.strategy for point in points)])


def join(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
