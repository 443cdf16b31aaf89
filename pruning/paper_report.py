"""The findings beside the paper's: what it says of BERT, XLNet and DistilBERT on GLUE, and whether that holds here."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import pandas as pd

from . import published
from .distilled import distilled_runs
from .findings import OPEN, SURE, Difference, compare, compare_strategies, describe_gaps
from .lines import Line
from .markdown import difference, signed, table
from .models import MODELS
from .order_report import origin
from .runs import FINE_TUNED, Run
from .store import Store
from .strategies import STRATEGIES
from .tiles import millions

SOURCE = "sajjad2020"
PEERS = {6: ("DistilBERT",), 12: ("BERT-base", "XLNet-base")}  # layers -> the paper's models of as many
HALVED = "BERT-base"  # which the paper prunes to the size of its distilled relative
SHARE = 98  # percent, of its abstract: "prune [...] up to 40%, while maintaining up to 98%"
MARGIN = 1  # points within which two scores are as good as each other, where the paper says they are
HEADS = ("the paper says", "its numbers, points or %", "measured here", "difference or share, 95%", "verdict")
RIVALS = ("bottom", "even-alternate", "odd-alternate")  # which Top is said to be better than


class Row(NamedTuple):
    """Of the table, as Markdown."""

    claim: str
    numbers: str  # the paper's
    where: str
    found: str  # difference in points, or share in percent
    verdict: str


def beside_the_paper(lines: Sequence[Line], store: Store) -> str:
    """A row per claim and line of runs; what the row above says too is left blank. '' where nothing can be compared."""
    rows = [row for strategy in RIVALS for row in strategy_claim(lines, strategy)]
    rows += [*share_claim(lines), *halved_claim(lines, store), *order_claim(lines, store)]
    cells, above = [], None
    for row in rows:
        claim = "" if above and row.claim == above.claim else row.claim
        numbers = "" if above and row[:2] == above[:2] else row.numbers or "–"
        cells.append((claim, numbers, *row[2:]))
        above = row
    return f"\n### Beside the paper\n\n{table(HEADS, cells)}" if cells else ""


@cache
def paper_scores(model: str) -> pd.Series:
    """(strategy, n_dropped) -> mean score on GLUE in the paper; the full model is ('none', 0)."""
    return published.scores(model, published.AVERAGE, SOURCE).set_index(["strategy", "n_dropped"]).score


def peers(line: Line) -> tuple[str, ...]:
    return PEERS.get(line.n_layers, ())


def where(line: Line) -> str:
    return f"{line.label}, {line.recipe}"


def strategy_claim(lines: Sequence[Line], rival: str) -> Iterator[Row]:
    """Half of the layers dropped by strategy top against another strategy."""
    claim = f"With half of the layers dropped Top is better than {STRATEGIES[rival].label}"
    for line in lines:
        gaps = {m: paper_scores(m)["top", line.n_half] - paper_scores(m)[rival, line.n_half] for m in peers(line)}
        numbers = ", ".join(f"{model} {signed(gap)}" for model, gap in gaps.items())
        found = compare_strategies(line.runs, "top", rival, line.n_half, line.similarity)
        if found:
            verdict = in_words("agrees" if found.gap > 0 else "contradicts", found)
            yield Row(claim, numbers, where(line), difference(found), verdict)


def share_claim(lines: Sequence[Line]) -> Iterator[Row]:
    """With a third of the layers dropped: the share of the score that is kept, by strategy top, seed by seed."""
    claim = f"With up to 40% of the layers dropped up to {SHARE}% of the score is kept; here a third, by Top"
    for line in lines:
        third = line.n_layers // 3
        shares = {m: 100 * paper_scores(m)["top", third] / paper_scores(m)["none", 0] for m in peers(line)}
        numbers = ", ".join(f"{model} {share:.1f}%" for model, share in shares.items())
        pruned, full = ({r.seed: r.score for r in runs} for runs in (line.of_stack(line.kept("top", third)), line.full))
        seeds = sorted(pruned.keys() & full.keys())
        if not third or not seeds or min(full.values()) <= 0:  # of a correlation that is not there nothing is kept
            continue
        found, ends = describe_gaps([100 * pruned[seed] / full[seed] - SHARE for seed in seeds]), ""
        if found.low is not None:
            ends = f" ({found.low + SHARE:.1f} to {found.high + SHARE:.1f})"
        verdict = in_words(f"keeps {SHARE}% or more" if found.gap >= 0 else f"keeps less than {SHARE}%", found)
        yield Row(claim, numbers, where(line), f"{found.gap + SHARE:.1f}%{ends}", verdict)


def halved_claim(lines: Sequence[Line], store: Store) -> Iterator[Row]:
    """Half of a large model against a distilled one of as many layers on the same texts, fine-tuned alike."""
    name, distilled = published.distilled(HALVED, published.AVERAGE, SOURCE)
    claim = "Half of a large model is as good as a distilled one of as many layers"
    numbers = f"{HALVED} {signed(paper_scores(HALVED)['top', 6] - distilled)} against {name}"
    for line in lines:
        half, small = halved(line, store)
        found = compare(half, small)
        if found:
            label = f"{where(line)}, {millions(half[0].parameters)} parameters; beside {MODELS[small[0].model].label}, "
            label += f"{millions(small[0].parameters)}, distilled from another model"
            is_better = found.certainty == SURE and found.gap > 0
            verdict = "agrees: better" if is_better else at_most_a_point(compare(small, half), "less")
            yield Row(claim, numbers, label, difference(found), verdict)


def halved(line: Line, store: Store) -> tuple[list[Run], list[Run]]:
    """Runs of the model's lower half, and in full of the distilled one beside it that has as many layers."""
    half = line.of_stack(line.kept("top", line.n_half))
    small = distilled_runs(line.model, line.task, line.runs[0].data, line.recipe, store)
    return half, [run for run in small if run.n_layers == line.n_layers - line.n_half]


def order_claim(lines: Sequence[Line], store: Store) -> Iterator[Row]:
    """Dropped before fine-tuning against fine-tuned, dropped, fine-tuned again; half of the layers, strategy top."""
    means = published.load_from_finetuned().groupby(["model", "start"], sort=False).score.mean().unstack()
    gains = means["fine-tuned"] - means["pre-trained"]
    numbers = ", ".join(f"{model} {signed(gain)}" for model, gain in gains.items())
    for line in lines:
        kept = line.kept("top", line.n_half)
        found = compare(tuned_before(line, store, kept), line.of_stack(kept))
        if found:
            verdict = at_most_a_point(found, "more")
            yield Row("Fine-tuning before the drop too gains nothing", numbers, where(line), difference(found), verdict)


def tuned_before(line: Line, store: Store, kept: tuple[int, ...], start: str = FINE_TUNED) -> list[Run]:
    """Runs that keep these layers of the fine-tuned model."""
    alike = [run for run in store.runs(line.model, line.task) if origin(run) == origin(line.runs[0])]
    return [run for run in alike if (run.start, run.kept) == (start, kept)]


def in_words(verdict: str, found: Difference) -> str:
    """A verdict is one where it is sure; a few seeds that agree lean towards it."""
    if found.certainty == SURE:
        return verdict
    if len(found.gaps) == 1:
        return f"{OPEN}: one seed"
    return OPEN if found.certainty == OPEN else f"{OPEN}: every seed {verdict}"


def at_most_a_point(found: Difference, what: str) -> str:
    """Whether a difference is at most MARGIN over its interval, of three seeds or more; `what` it would be beyond."""
    if len(found.gaps) == 1:
        return f"{OPEN}: one seed"
    if len(found.gaps) < 3 or found.low is None:
        return OPEN
    if found.high <= MARGIN:
        return f"agrees: at most {MARGIN} point {what}"
    if found.low > MARGIN:
        return "contradicts"
    is_more = found.certainty == SURE and found.gap > 0
    return f"{OPEN}: surely {what}, perhaps by less than {MARGIN} point" if is_more else OPEN
