"""A landscape as tables: its best stacks, and how far its estimates are from the runs there are."""

from collections.abc import Sequence

import pandas as pd

from .frames import by_stack
from .runs import PRE_TRAINED, Landscape, Run
from .strategies import describe_layers

COLUMNS = ["n_dropped", "kept", "dropped", "estimate", "validation", "best", "measured", "seeds"]


def landscape_table(landscape: Landscape | None, runs: Sequence[Run]) -> pd.DataFrame:
    """One row per stack, with COLUMNS; runs are those of `runs` that were made as the landscape estimates them.

    `best`: of its number of layers the best on validation texts, which alone choose. `measured`: mean over the `seeds`
    that were run, None where there is none.
    """
    if landscape is None:
        return pd.DataFrame(columns=COLUMNS)
    scores = measured_scores(landscape, runs)
    rows = []
    for stack, estimate, validation in zip(landscape.stacks, landscape.scores, landscape.validation, strict=True):
        dropped = tuple(i for i in range(landscape.n_layers) if i not in stack)
        found = scores.get(stack, [])
        mean = sum(found) / len(found) if found else None
        rows.append((len(dropped), stack, dropped, estimate, validation, False, mean, len(found)))
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"measured": float})
    table.loc[table.groupby("n_dropped").validation.idxmax(), "best"] = True
    return table


def measured_scores(landscape: Landscape, runs: Sequence[Run]) -> dict[tuple[int, ...], list[float]]:
    """kept -> score per seed, of the runs of the landscape's weights, texts and recipe that trained after the drop."""
    wanted = (landscape.revision, landscape.data, landscape.recipe, PRE_TRAINED)
    alike = [run for run in runs if (run.revision, run.data, run.recipe, run.start) == wanted]
    return {kept: [run.score for run in group] for kept, group in by_stack(alike).items()}


def errors(landscape: Landscape, runs: Sequence[Run]) -> pd.DataFrame:
    """The rows of `landscape_table` that were run, with `error`, estimate minus measured, in points."""
    table = landscape_table(landscape, runs).dropna(subset=["measured"])
    return table.assign(error=table.estimate - table.measured)


def rank_correlation(table: pd.DataFrame) -> float:
    """Spearman's, of estimates and runs."""
    return float(table[["estimate", "measured"]].rank().corr().iloc[0, 1])


def describe_error(table: pd.DataFrame) -> str:
    """How far off the estimates are, in one sentence; `table` is of `errors`."""
    if len(table) < 3:
        return "Estimates, not measurements: too few of these stacks were run to say how far off they are."
    worst = table.loc[table.error.abs().idxmax()]
    within = [rank_correlation(rows) for _, rows in table.groupby("n_dropped") if len(rows) > 2]
    same = f", among stacks of as many layers {sum(within) / len(within):.2f}" if within else ""
    return (
        f"Estimates, not measurements: against the {len(table)} stacks that were run they are "
        f"{table.error.abs().mean():.1f} points off on average, at most {abs(worst.error):.1f} (kept "
        f"{describe_layers(worst.kept)}), rank correlation {rank_correlation(table):.2f}{same}."
    )
