"""The findings beside the paper's: what it says of BERT, XLNet and DistilBERT on GLUE, and whether that holds here."""

from collections.abc import Sequence

import pandas as pd

from . import published
from .findings import OPEN, SURE, Difference, compare, compare_strategies, describe_gaps, kept_by
from .frames import by_stack, comparable
from .lines import Line
from .markdown import difference, signed, table
from .models import MODELS
from .runs import FINE_TUNED, Run
from .store import Store
from .tiles import millions

PAPER = "sajjad2020"
PEERS = {6: ("DistilBERT",), 12: ("BERT-base", "XLNet-base")}  # layers -> the paper's models of as many
SHARE = 98  # percent, of its abstract: "prune [...] up to 40%, while maintaining up to 98%"
MARGIN = 1  # points within which two scores are as good as each other, where the paper says they are
HEADS = (
    "the paper says to drop, or says",
    "its numbers, points or %",
    "measured here",
    "the same, with interval",
    "so",
)
HALF = "With half of the layers dropped, top ones rather than"
BEFORE = (  # strategy -> what the paper says Top is better than
    ("bottom", f"{HALF} bottom ones"),
    ("even-alternate", f"{HALF} every second one from the last down (Even alternate)"),
    ("odd-alternate", f"{HALF} every second one from the last but one down (Odd alternate)"),
)


def beside_the_paper(lines: Sequence[Line], store: Store) -> str:
    """A row per claim and line of runs, as Markdown; what the row above says too is left blank."""
    rows = [row for strategy, text in BEFORE for row in strategy_claim(lines, strategy, text)]
    rows += [*share_claim(lines), *halved_claim(lines, store), *order_claim(lines, store)]
    if not rows:
        return ""
    cells = []
    for above, row in zip([("", ""), *rows], rows, strict=False):
        text, numbers, *rest = row
        cells.append((text * (text != above[0]), numbers * (row[:2] != above[:2]), *rest))
    return "\n### Beside the paper\n\n" + table(HEADS, cells)


def paper_scores(model: str) -> pd.Series:
    """(strategy, n_dropped) -> mean score on GLUE in the paper; the full model is ('none', 0)."""
    return published.scores(model, published.AVERAGE, PAPER).set_index(["strategy", "n_dropped"]).score


def strategy_claim(lines: Sequence[Line], worse: str, text: str) -> list[tuple]:
    rows = []
    for line in lines:
        half = line.n_layers // 2
        found = compare_strategies(line.runs, "top", worse, half, line.similarity)
        gaps = {model: paper_scores(model)["top", half] - paper_scores(model)[worse, half] for model in peers(line)}
        numbers = ", ".join(f"{model} {signed(gap)}" for model, gap in gaps.items())
        rows += [(text, numbers, where(line), *judged(found))] if found else []
    return rows


def peers(line: Line) -> tuple[str, ...]:
    return PEERS.get(line.n_layers, ())


def share_claim(lines: Sequence[Line]) -> list[tuple]:
    """With a third of the layers dropped: the share of the score that is kept, by strategy top, seed by seed."""
    text = f"With up to 40% of the layers dropped up to {SHARE}% of the score is kept; here a third, by Top"
    rows = []
    for line in lines:
        third = line.n_layers // 3
        shares = {m: 100 * paper_scores(m)["top", third] / paper_scores(m)["none", 0] for m in peers(line)}
        numbers = ", ".join(f"{model} {share:.1f}%" for model, share in shares.items())
        kept = kept_by("top", line.n_layers, third, line.similarity)
        pruned, full = ({run.seed: run.score for run in by_stack(line.runs).get(k, [])} for k in (kept, line.every))
        kept_more = [100 * pruned[seed] / full[seed] - SHARE for seed in sorted(pruned.keys() & full.keys())]
        if kept_more:
            found, ends = describe_gaps(kept_more), ""
            if found.low is not None:
                ends = f" ({found.low + SHARE:.1f} to {found.high + SHARE:.1f})"
            verdict = in_words(f"{'more' if found.gap >= 0 else 'less'} than {SHARE}%", found)
            rows.append((text, numbers, where(line), f"{found.gap + SHARE:.1f}%{ends}", verdict))
    return rows


def halved_claim(lines: Sequence[Line], store: Store) -> list[tuple]:
    """Half of a large model against a distilled one of as many layers on the same texts, fine-tuned alike."""
    name, distilled = published.distilled("BERT-base", published.AVERAGE, PAPER)
    text = "Half of a large model is as good as a distilled one of as many layers"
    numbers, rows = f"BERT-base {signed(paper_scores('BERT-base')['top', 6] - distilled)} against {name}", []
    for line in lines:
        if pair := halved(line, store):
            half, small = pair
            found, beside = compare(half, small), MODELS[small[0].model].label
            label = f"{where(line)}, {millions(half[0].parameters)} parameters; "
            label += f"beside {beside}, {millions(small[0].parameters)}, distilled from another model"
            rows.append((text, numbers, label, difference(found), judged_at_most(found, is_loss=True)))
    return rows


def halved(line: Line, store: Store) -> tuple[list[Run], list[Run]] | None:
    """Runs of the lower half of a model, and of a distilled one in full, of shared seeds; None where there are none."""
    beside = MODELS[line.model].distilled
    runs = store.runs(beside, line.task) if beside else []
    same = [run for run in runs if run.data == line.runs[0].data]
    small = [run for run in comparable(same, line.recipe) if not run.n_dropped]
    half = by_stack(line.runs).get(tuple(range(line.n_layers // 2)), [])
    return (half, small) if compare(half, small) else None


def order_claim(lines: Sequence[Line], store: Store) -> list[tuple]:
    """Dropped before fine-tuning against fine-tuned, dropped, fine-tuned again; half of the layers, strategy top."""
    orders = published.load_from_finetuned()
    numbers = []
    for model in PEERS[12]:
        means = orders[orders.model == model].groupby("start").score.mean()
        numbers.append(f"{model} {signed(means['fine-tuned'] - means['pre-trained'])}")
    text, rows = "Fine-tuning before the drop too gains nothing", []
    for line in lines:
        kept = kept_by("top", line.n_layers, line.n_layers // 2, line.similarity)
        again = by_stack(comparable(store.runs(line.model, line.task), line.recipe, start=FINE_TUNED)).get(kept, [])
        found = compare(again, by_stack(line.runs).get(kept, []))
        if found:
            rows.append((text, ", ".join(numbers), where(line), difference(found), judged_at_most(found)))
    return rows


def judged(found: Difference) -> tuple[str, str]:
    """A difference in points with its interval, and whether its sign is the paper's, which is positive."""
    return difference(found), in_words("agrees" if found.gap > 0 else "contradicts", found)


def in_words(verdict: str, found: Difference) -> str:
    """A verdict is one where it is sure; a few seeds that agree lean towards it."""
    if len(found.gaps) == 1:
        return f"{OPEN}: one seed"
    if found.certainty == SURE:
        return verdict
    return OPEN if found.certainty == OPEN else f"{OPEN}: every seed {verdict}"


def judged_at_most(found: Difference, is_loss: bool = False) -> str:
    """Whether a gain (or with `is_loss` a loss, the same the other way round) is at most MARGIN, over its interval."""
    if found.low is None:
        return OPEN
    low, high = (-found.high, -found.low) if is_loss else (found.low, found.high)
    if high <= MARGIN:
        if is_loss and high < 0:
            return "agrees: better"
        return f"agrees: at most {MARGIN} point {'less' if is_loss else 'more'}"
    return "contradicts" if low > MARGIN else OPEN


def where(line: Line) -> str:
    return f"{line.label}, {line.recipe}"
