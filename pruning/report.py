"""The findings in words, made from the shipped rows: `results report` writes them where people read them.

Every number comes from the rows, the published tables and the experiments of benchmarks/training_budget.py and
collapse.py; a test fails where README or the tab Method say otherwise.
"""

from collections.abc import Sequence
from pathlib import Path

from .budget import CERTAIN, best_row, most_droppable
from .collapse_report import TRAININGS, collapse_findings
from .findings import Contest, contest
from .inventory import inventory
from .lines import Line, find_lines, grouped
from .markdown import lead, mean_score, signed, table
from .models import MODELS
from .order_report import order_findings
from .paper_report import beside_the_paper
from .store import FINDINGS, Store
from .strategies import STRATEGIES, describe_layers
from .summary_report import in_short
from .tasks import TASKS
from .training_report import EXPERIMENTS, experiments, orders, states

BUDGETS = (1, 2, 3)
README = Path(__file__).parent.parent / "README.md"
WINNERS = """\
Of each size the best stack, by the mean over the seeds that all stacks of that size share, with

- its score, mean over all its seeds;
- its change against the full model, seed by seed (not the distance of the two means where those have other seeds);
- its lead on the next best over the shared seeds;
- how sure it is to be ahead of every other one. *Sure*: three seeds or more agree, and the 95% t interval of their
  differences leaves out 0. *Every seed*: all agree, which two do by chance in one case of two, and three in one of
  four. *Open*: they do not, or there is one.

That is about the seeds alone, each comparison for itself: among so many some come out sure by chance. All are scored on
the same test texts; what another choice of texts would change is what the bars in the app show. *At chance*: the
predictions go with the right ones no better than unrelated ones might (tab Method).
"""
BUYS = """\
Of the sizes that were run, the most layers whose mean loss is within so many points, the strategy that does it, and
how sure that is. *Certain*: with every seed the upper 95% end of the loss is within, over the test texts. *Observed*:
with every seed the loss on these texts is. *Unclear*: the mean alone is, or there is one seed (tab Method, Budget).
Where it is not certain, the number beside is the most that certainly goes by that strategy.
"""
BEGIN, END = "<!-- findings: the command `results report` writes what follows -->\n", "<!-- findings end -->"


def report(store: Store) -> tuple[str, str]:
    """The findings as Markdown, of the shipped rows alone: what README says, and what rests on more tables."""
    store = store.without_own()
    lines = list(find_lines(store))
    if not lines:
        return "", ""
    first = [in_short(lines, store), winners(lines), budgets(lines), beside_the_paper(lines, store)]
    rest = [order_findings(store), orders(store), states(store), experiments(EXPERIMENTS)]
    rest += [collapse_findings(TRAININGS), inventory(store)]
    return "".join(first), "".join(rest)


def write(store: Store) -> list[Path]:
    """Puts the findings into README and the file that the tab Method shows. OSError: README has no place for them."""
    (text, details), readme = report(store), README.read_text(encoding="utf-8")
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise OSError(
            f"{README.name} has no place for the findings: it needs the line {BEGIN.strip()!r} and below it {END!r}"
        )
    README.write_text(f"{before}{BEGIN}{text}{END}{after}", encoding="utf-8")
    FINDINGS.write_text(text + details, encoding="utf-8")
    return [README, FINDINGS]


def winners(lines: Sequence[Line]) -> str:
    """A table per model and recipe: the best stack for each number of dropped layers."""
    parts = []
    for (model, recipe), group in grouped(lines).items():
        heads = [f"{TASKS[line.task].label} (full {mean_score(line.full)})" for line in group]
        rows = []
        for n_dropped in range(1, group[0].n_layers):
            cells = [winner_cell(contest(line.runs, n_dropped, line.similarity)) for line in group]
            rows += [(str(n_dropped), *cells)] if any(cells) else []
        title = f"\n**{MODELS[model].label}, {group[0].n_layers} layers, recipe {recipe}.**\n"
        parts += [title + table(("dropped", *heads), rows)] if rows else []
    return f"\n### Which strategy wins\n\n{WINNERS}" + "".join(parts) if parts else ""


def winner_cell(found: Contest | None) -> str:
    """'Top 84.1 (−4.0); +0.5 on Symmetric; sure'; '' where nothing was compared."""
    return f"{found.label} {found.score:.1f} ({signed(-found.loss)}); {lead(found)}" if found else ""


def budgets(lines: Sequence[Line]) -> str:
    """The most layers that each of BUDGETS buys, by the strategy that drops most."""
    rows = []
    for line in lines:
        cells = [budget_cell(most_droppable(line.runs, line.similarity, points)) for points in BUDGETS]
        sizes = describe_layers(sorted({run.n_dropped for run in line.runs} - {0}))
        rows.append((line.label, line.recipe, f"{sizes} of {line.n_layers}", *cells))
    heads = ("model and task", "recipe", "dropped in runs", *(f"{n} point{'s' * (n > 1)}" for n in BUDGETS))
    return f"\n### What a loss buys\n\n{BUYS}\n" + table(heads, rows)


def budget_cell(rows: Sequence[dict]) -> str:
    """'3, Top (observed; certain: 2)'; 'none' where every size that was run loses more, '–' where none was run."""
    best = best_row(rows)
    if not best:
        return "–"
    if not best["n_dropped"]:
        return "none"
    certain = "" if best["certainty"] == CERTAIN else f"; certain: {best['n_certain'] or 'none'}"
    return f"{best['n_dropped']}, {STRATEGIES[best['strategy']].label} ({best['certainty']}{certain})"
