"""What the numbers say, in words: the sentence below the curve, made from the numbers alone.

A difference is clear where the test texts tell two points apart (`curve.is_above`), and sure where the seeds do
(`findings`). Published numbers have no intervals, so there the sentence only repeats what was printed, and takes points
closer than NEAR as equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .curve import MEASURED, CurvePoint, find_point, full_score, is_above, shared_pairs
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
    """Claims rest on what the test texts tell apart, and after that on what is sure over the seeds."""
    worse, better = [p for p in rivals if is_above(own, p)], [p for p in rivals if is_above(p, own)]
    level = [p for p in rivals if p not in worse + better]
    ahead, behind = [p for p in level if is_sure(own, p)], [p for p in level if is_sure(p, own)]
    at = f"at {point.share} it {costs(own.loss)}"
    alone, many = by_one_seed(own, better or worse), len(rivals) > 1
    the_others = f"the other{'s' * many} {cost_span(losses(rivals), many)}" if rivals else ""
    if not rivals:
        lead, text = f"{point.label} {costs(own.loss)} here:", f"{point.share} layers dropped."
    elif better:
        lead = f"{point.label} is not the one to choose here:"
        text = f"{at}, {join_labels(better)} {span(losses(better))}, clearly less{alone}."
    elif behind:
        lead = f"{point.label} is behind here, though not clearly:"
        text = f"{at}, {join_labels(behind)} {span(losses(behind))}."
    elif not level:
        lead = f"{point.label} is {'best' if alone else 'clearly best'} here{alone}:"
        text = f"{at}, {the_others}."
    elif ahead == level:
        lead, text = f"{point.label} is ahead here, though not clearly:", f"{at}, {the_others}."
    elif worse:
        lead = f"{point.label} is among the best here:"
        text = f"{at}; {join_labels(worse)} {cost_span(losses(worse), many=len(worse) > 1)}, clearly more{alone}."
    else:
        lead = "No strategy stands out here:"
        text = f"at {point.share} {point.label} {costs(own.loss)}, {the_others}."
    unknown = what_it_rests_on(own, rivals) + tell_level(point.label, own, level, ahead, behind) + tell_chance(rivals)
    if twins:
        unknown += f" {join_labels(twins)} drop{'s' * (len(twins) == 1)} the same layers."
    return Story(lead, text, unknown)


def tell_level(
    label: str, own: CurvePoint, level: list[CurvePoint], ahead: list[CurvePoint], behind: list[CurvePoint]
) -> str:
    """Whom the test texts do not tell it apart from, and what is sure over the seeds all the same."""
    if not level:
        return ""
    told = [f"{word} {join_labels(found)}" for word, found in (("ahead of", ahead), ("behind", behind)) if found]
    sure = f" On the ones used here {label} is surely {' and '.join(told)}, seed by seed." if told else ""
    return f" Other test texts may change the order of {join_labels([own, *level])}.{sure}"


def is_sure(point: CurvePoint, other: CurvePoint) -> bool:
    """Whether it is ahead of the other on these texts, over the seeds of both, in the words of `findings`."""
    if len(set(point.seeds) & set(other.seeds)) < 3:  # never sure, and scipy, slow to import, is not needed
        return False
    found = describe_gaps([point.scores[i] - other.scores[j] for i, j in shared_pairs(point, other)])
    return found.certainty == SURE and found.gap > 0


def by_one_seed(own: CurvePoint, others: Sequence[CurvePoint]) -> str:
    """The caveat of a difference that rests on one run of each side."""
    return ", as far as one seed tells" if any(len(shared_pairs(own, other)) == 1 for other in others) else ""


def tell_chance(rivals: list[CurvePoint]) -> str:
    """Whose training came to nothing with some seeds, which then pull the mean down; the tile says it of the choice."""
    told = [f"{STRATEGIES[p.strategy].label} ({p.chance})" for p in rivals if p.chance]
    return f" No better than chance: {join(told)}." if told else ""


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
