"""What the paper says beside what rows made up for it show: verdicts only where they are sure."""

from dataclasses import replace

import pytest
from rows import MPNET, make_halves, make_minilm_run, make_run, save_runs

from pruning import paper_report
from pruning.findings import describe_gaps
from pruning.lines import find_lines
from pruning.recipes import RECIPES
from pruning.runs import FINE_TUNED, PRE_TRAINED
from pruning.store import Store

FULL, TOP, BOTTOM, ODD, THIRD = (0, 1, 2, 3, 4, 5), (0, 1, 2), (3, 4, 5), (1, 3, 5), (0, 1, 2, 3)
SCORES = {FULL: 88, TOP: 84, BOTTOM: 80, ODD: 82}


def make_runs(scores: dict, start: str = PRE_TRAINED) -> list:
    """Three seeds each, recipe standard; the gaps between two stacks differ from seed to seed."""
    return [
        replace(
            make_minilm_run(kept, score + (seed + number) % 3 / 10, seed),
            recipe=RECIPES["standard"].values(),
            start=start,
            key=f"{kept} {seed} {start}",
        )
        for number, (kept, score) in enumerate(scores.items())
        for seed in (0, 1, 2)
    ]


def tell(folder, runs) -> str:
    store = Store(folder / "home", save_runs(folder / "shipped", runs))
    return paper_report.beside_the_paper(list(find_lines(store)), store)


def test_a_claim_stands_beside_the_papers_models_of_as_many_layers(tmp_path):
    text = tell(tmp_path, make_runs(SCORES))
    here = "MiniLM, movie reviews, standard"
    assert f"Top is better than Bottom | DistilBERT +11.2 | {here} | +4.0 (+3.6 to +4.4) | agrees |" in text
    assert f"Top is better than Odd alternate | DistilBERT +2.6 | {here} | +2.0 (+1.6 to +2.4) | agrees |" in text
    assert "Even alternate" not in text  # which was not run


def test_what_the_row_above_says_too_is_left_blank(tmp_path):
    runs = make_runs(SCORES)
    text = tell(tmp_path, [*runs, *(replace(run, task="tweets", key=f"{run.key} tweets") for run in runs)])
    assert "agrees |\n|  |  | MiniLM, tweets, standard | +4.0 (+3.6 to +4.4) | agrees |\n| With half" in text


@pytest.mark.parametrize(
    "gaps, verdict",
    [
        ((4.0, 4.1, 4.2), "agrees"),
        ((0.1, 4.0, 9.0), "open: every seed agrees"),
        ((-1.0, 4.0, 9.0), "open"),
        ((4.0,), "open: one seed"),
        ((4.0, 4.0, 4.0), "open: every seed agrees"),  # alike because scores are counts of texts
    ],
)
def test_a_verdict_needs_three_seeds_and_an_interval_that_leaves_out_0(gaps, verdict):
    assert paper_report.in_words("agrees", describe_gaps(gaps)) == verdict


@pytest.mark.parametrize(
    "gaps, verdict",
    [
        ((0.1, -0.1, 0.0), "agrees: at most 1 point more"),  # a tie is what the paper claims
        ((5.0, 5.1, 5.2), "contradicts"),
        ((-5.0, -5.1, -5.2), "agrees: at most 1 point more"),
        ((0.9, 1.0, 1.1), "open: surely more, perhaps by less than 1 point"),
        ((0.0, 2.0, 4.0), "open"),
        ((0.0, 0.1), "open"),
        ((0.0,), "open: one seed"),
    ],
)
def test_as_good_as_means_within_a_point_over_the_interval(gaps, verdict):
    assert paper_report.at_most_a_point(describe_gaps(gaps), "more") == verdict


@pytest.mark.parametrize(
    "share, told",
    [
        (0.97, "| 97.0% | open: every seed keeps less than 98% |"),  # alike with every seed: no interval
        (0.99, "| 99.0% | open: every seed keeps 98% or more |"),
    ],
)
def test_the_share_that_is_kept_is_counted_seed_by_seed(tmp_path, share, told):
    runs = make_runs(SCORES)
    third = [
        replace(run, kept=THIRD, n_dropped=2, score=share * run.score, key=f"third {run.seed}") for run in runs[:3]
    ]
    assert told in tell(tmp_path, [*runs, *third])


@pytest.mark.parametrize("lower", [88, 93])  # full scores from 0 on, and below
def test_of_a_correlation_that_is_not_there_nothing_is_kept(tmp_path, lower):
    runs = make_runs(SCORES | {THIRD: 80})
    text = tell(tmp_path, [replace(run, score=run.score - lower) for run in runs])
    assert "Top is better than Bottom" in text and "of the score is kept" not in text


@pytest.mark.parametrize(
    "half, verdict", [(90, "agrees: better"), (84.5, "agrees: at most 1 point less"), (70, "contradicts")]
)
def test_half_of_a_large_model_stands_beside_a_distilled_one(tmp_path, half, verdict):
    runs = [run for run in make_halves(half) if run.seed == 0]
    runs += [replace(make_run(tuple(range(6, 12)), 60, **MPNET), n_layers=12, n_dropped=6, key="upper half")]
    runs = [
        replace(run, seed=seed, score=run.score + (seed + (run.model == "minilm-l6")) % 3 / 10, key=f"{run.key} {seed}")
        for run in runs
        for seed in (0, 1, 2)
    ]
    (row,) = (line for line in tell(tmp_path, runs).splitlines() if "Half of a large model" in line)
    assert "beside MiniLM, 4 M, distilled from another model" in row and row.endswith(f"| {verdict} |")


def test_fine_tuning_before_the_drop_too_stands_beside_doing_without(tmp_path):
    text = tell(tmp_path, [*make_runs(SCORES), *make_runs({FULL: 88, TOP: 86}, FINE_TUNED)])
    assert "gains nothing | BERT-base " in text and "| +2.0 |" in text


def test_without_rows_nothing_is_said(tmp_path):
    assert tell(tmp_path, []) == ""
