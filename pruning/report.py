"""The findings in words, made from the shipped rows: `results report` writes them where people read them.

Every number comes from the rows, the published tables and the experiments of benchmarks/training_budget.py and
collapse.py; a test fails where README or the tab Method say otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import pandas as pd

from . import published
from .budget import most_droppable
from .collapse_report import TRAININGS, collapse_findings
from .findings import OPEN, SURE, Contest, Difference, compare, compare_strategies, contest, describe_gaps, kept_by
from .frames import by_stack, comparable, matching
from .inventory import inventory
from .markdown import difference, signed, table
from .models import MODELS
from .order_report import order_findings
from .runs import FINE_TUNED, Run
from .store import FINDINGS, Store
from .strategies import STRATEGIES, describe_layers
from .tasks import TASKS
from .tiles import millions
from .training_report import EXPERIMENTS, experiments, orders, states

RECIPES = ("standard", "subset")  # whose runs are findings; a quick run is a demonstration
BUDGETS = (1, 2, 3)
README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- findings: the command `results report` writes what follows -->\n", "<!-- findings end -->"
PAPER, PAPERS_MODELS = "sajjad2020", ("BERT-base", "XLNet-base")
PAPERS_SHARE = 98  # percent, of its abstract: "prune [...] up to 40%, while maintaining up to 98%"
MARGIN = 1  # points within which two scores are as good as each other, where the paper says they are


@dataclass(frozen=True)
class Line:
    """The shipped runs of one model, task and recipe, dropped before fine-tuning, with the full model among them."""

    model: str
    task: str
    recipe: str
    runs: Sequence[Run]
    similarity: Sequence[float] | None

    @property
    def n_layers(self) -> int:
        return self.runs[0].n_layers

    @property
    def every(self) -> tuple[int, ...]:
        return tuple(range(self.n_layers))

    @property
    def full(self) -> list[Run]:
        return [run for run in self.runs if not run.n_dropped]

    @property
    def label(self) -> str:
        return f"{MODELS[self.model].label}, {TASKS[self.task].label.lower()}"


def report(store: Store) -> str:
    """All findings as Markdown, of the shipped rows alone."""
    store = store.without_own()
    lines = list(find_lines(store))
    if not lines:
        return ""
    sections = [winners(lines), budgets(lines), beside_the_paper(lines, store)]
    sections += [order_findings(store), orders(store), states(store), experiments(EXPERIMENTS)]
    sections += [collapse_findings(TRAININGS)]
    return inventory(store) + "\n".join(section for section in sections if section)


def write(store: Store) -> list[Path]:
    """Puts the findings into README and the file that the tab Method shows. OSError: README has no place for them."""
    text, readme = report(store), README.read_text(encoding="utf-8")
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise OSError(
            f"{README.name} has no place for the findings: it needs the line {BEGIN.strip()!r} and below it {END!r}"
        )
    README.write_text(f"{before}{BEGIN}{text}{END}{after}", encoding="utf-8")
    FINDINGS.write_text(text, encoding="utf-8")
    return [README, FINDINGS]


def find_lines(store: Store) -> list[Line]:
    """In the order of models, recipes and tasks; those with the full model and two stacks more."""
    found = []
    for model in MODELS:
        for recipe in RECIPES:
            for task in TASKS:
                runs = comparable(store.runs(model, task), recipe)
                similarity = matching(store.similarities(model, task), runs, "sentence")
                line = Line(model, task, recipe, runs, similarity and similarity.mean)
                if len(by_stack(runs)) > 2 and line.full:
                    found.append(line)
    return found


def grouped(lines: Sequence[Line]) -> dict[tuple[str, str], list[Line]]:
    """(model, recipe) -> its lines."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.model, line.recipe), []).append(line)
    return found


def winners(lines: Sequence[Line]) -> str:
    """A table per model and recipe: the best stack for each number of dropped layers."""
    parts = []
    for (model, recipe), group in grouped(lines).items():
        heads = [f"{TASKS[line.task].label} (full {mean(r.score for r in line.full):.1f})" for line in group]
        rows = []
        for n_dropped in range(1, group[0].n_layers):
            cells = [winner_cell(contest(line.runs, n_dropped, line.similarity)) for line in group]
            rows += [(str(n_dropped), *cells)] if any(cells) else []
        seeds = sorted({run.seed for line in group for run in line.runs if run.n_dropped})
        title = f"\n**{MODELS[model].label}, {group[0].n_layers} layers, recipe {recipe}, seeds {join(seeds)}.**\n"
        parts.append(title + table(("dropped", *heads), rows))
    if not parts:
        return ""
    explained = (
        "The best stack of each size, its mean score over all its seeds, its loss (seed by seed against the full "
        "model: not the distance of the two means where those have other seeds), its lead on the next best over the "
        "seeds that all stacks of that size have, and how sure it is to be ahead of every other one. *Sure*: three "
        "seeds or more agree, and the 95% t interval of their differences leaves out 0; *every seed*: all agree, two "
        "or more, which so few may do by chance; *open*: they do not, or there is one. That is about the seeds alone: "
        "all are scored on the same test texts, and what another choice of texts would change is what the bars in the "
        "app show. *At chance*: the predictions go with the right ones no more than unrelated ones might.\n"
    )
    return f"### Which strategy wins\n\n{explained}" + "".join(parts)


def winner_cell(found: Contest | None) -> str:
    if not found:
        return ""
    chance = " (at chance)" if found.rival_at_chance else ""
    lead = f"{signed(found.gap)} on {found.rival[0]}{chance}, {found.certainty}"
    return f"{' = '.join(found.best)} {found.score:.1f} ({signed(-found.loss)}); {lead}"


def budgets(lines: Sequence[Line]) -> str:
    """The most layers that a loss of 1, 2 and 3 points buys, by the strategy that drops most."""
    rows = []
    for line in lines:
        cells = [budget_cell(most_droppable(line.runs, line.similarity, points)) for points in BUDGETS]
        sizes = describe_layers(sorted({run.n_dropped for run in line.runs} - {0}))
        rows.append((line.label, line.recipe, f"{sizes} of {line.n_layers}", *cells))
    if not rows:
        return ""
    explained = (
        "Of the sizes that were run, the most layers that go within a loss, the strategy that does it, and how sure "
        "that is (see Method, Budget).\n"
    )
    heads = ("model and task", "recipe", "dropped in runs", *(f"{n} point{'s' * (n > 1)}" for n in BUDGETS))
    return f"\n### What a loss buys\n\n{explained}\n" + table(heads, rows)


def budget_cell(rows: Sequence[dict]) -> str:
    best = max(rows, key=lambda row: (row["n_dropped"], -(row["loss"] or 0)), default=None)
    if not best or not best["n_dropped"]:
        return "none"
    return f"{best['n_dropped']}, {STRATEGIES[best['strategy']].label} ({best['certainty']})"


def beside_the_paper(lines: Sequence[Line], store: Store) -> str:
    """What the paper says of BERT and XLNet on GLUE, what comes out here, and whether that agrees."""
    claims = [
        strategy_claim(lines, "top", "bottom", "With half of the layers dropped, top ones rather than bottom ones"),
        strategy_claim(
            lines, "top", "even-alternate", "With half of the layers dropped, top ones rather than every second one"
        ),
        share_claim(lines),
        halved_claim(lines, store),
        order_claim(lines, store),
    ]
    rows = [("", "", *row[2:]) if number else row for claim in claims for number, row in enumerate(claim)]
    if not rows:
        return ""
    return "\n### Beside the paper\n\n" + table(
        (
            "the paper says to drop, or says",
            "its numbers, points or %",
            "measured here",
            "the same, with interval",
            "so",
        ),
        rows,
    )


def paper_scores(model: str) -> pd.Series:
    """(strategy, n_dropped) -> mean score on GLUE in the paper; the full model is ('none', 0)."""
    return published.scores(model, published.AVERAGE, PAPER).set_index(["strategy", "n_dropped"]).score


def strategy_claim(lines: Sequence[Line], better: str, worse: str, text: str) -> list[tuple]:
    gaps = {model: paper_scores(model)[better, 6] - paper_scores(model)[worse, 6] for model in PAPERS_MODELS}
    numbers, rows = ", ".join(f"{model} {signed(gap)}" for model, gap in gaps.items()), []
    for line in lines:
        found = compare_strategies(line.runs, better, worse, line.n_layers // 2, line.similarity)
        rows += [(text, numbers, where(line), *judged(found))] if found else []
    return rows


def share_claim(lines: Sequence[Line]) -> list[tuple]:
    """With a third of the layers dropped: the share of the score that is kept, by strategy top, seed by seed."""
    text = f"Up to 40% of the layers can go while up to {PAPERS_SHARE}% of the score is kept; here a third, by top"
    shares = {model: 100 * paper_scores(model)["top", 4] / paper_scores(model)["none", 0] for model in PAPERS_MODELS}
    numbers, rows = ", ".join(f"{model} {share:.1f}%" for model, share in shares.items()), []
    for line in lines:
        kept = kept_by("top", line.n_layers, line.n_layers // 3, line.similarity)
        pruned, full = ({run.seed: run.score for run in by_stack(line.runs).get(k, [])} for k in (kept, line.every))
        gaps = [100 * pruned[seed] / full[seed] - PAPERS_SHARE for seed in sorted(pruned.keys() & full.keys())]
        if gaps:
            found, ends = describe_gaps(gaps), ""
            if found.low is not None:
                ends = f" ({found.low + PAPERS_SHARE:.1f} to {found.high + PAPERS_SHARE:.1f})"
            verdict = "agrees" if found.gap >= 0 else "keeps less"
            verdict = in_words(verdict, found.certainty)
            rows.append((text, numbers, where(line), f"{found.gap + PAPERS_SHARE:.1f}%{ends}", verdict))
    return rows


def halved_claim(lines: Sequence[Line], store: Store) -> list[tuple]:
    """Half of a large model against a distilled one of as many layers on the same texts, fine-tuned alike."""
    name, distilled = published.distilled("BERT-base", published.AVERAGE, PAPER)
    text = "Half of a large model is as good as a distilled one of as many layers"
    numbers, rows = f"BERT-base {signed(paper_scores('BERT-base')['top', 6] - distilled)} against {name}", []
    for line in lines:
        beside = MODELS[line.model].distilled
        runs = store.runs(beside, line.task) if beside else []
        same = [run for run in runs if run.data == line.runs[0].data]
        small = [run for run in comparable(same, line.recipe) if not run.n_dropped]
        kept = kept_by("top", line.n_layers, line.n_layers // 2, line.similarity)
        half = by_stack(line.runs).get(kept, [])
        found = compare(half, small)
        if found:
            label = f"{where(line)}, {millions(half[0].parameters)} parameters; "
            label += f"beside {MODELS[beside].label}, {millions(small[0].parameters)}, distilled from another model"
            rows.append((text, numbers, label, difference(found), judged_at_most(found, is_loss=True)))
    return rows


def order_claim(lines: Sequence[Line], store: Store) -> list[tuple]:
    """Dropped before fine-tuning against fine-tuned, dropped, fine-tuned again; half of the layers, strategy top."""
    orders = published.load_from_finetuned()
    numbers = []
    for model in PAPERS_MODELS:
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
    return difference(found), in_words("agrees" if found.gap > 0 else "contradicts", found.certainty)


def in_words(verdict: str, certainty: str) -> str:
    """A verdict is one where it is sure; a few seeds that agree lean towards it."""
    if certainty == SURE:
        return verdict
    return OPEN if certainty == OPEN else f"open: every seed {verdict}"


def judged_at_most(found: Difference, is_loss: bool = False) -> str:
    """Whether a gain (or with `is_loss` a loss, the same the other way round) is at most MARGIN, over its interval."""
    if found.low is None:
        return OPEN
    low, high = (-found.high, -found.low) if is_loss else (found.low, found.high)
    if high <= MARGIN:
        return f"agrees: at most {MARGIN} point {'less' if is_loss else 'more'}"
    return "contradicts" if low > MARGIN else OPEN


def where(line: Line) -> str:
    return f"{line.label}, {line.recipe}"


def join(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))
