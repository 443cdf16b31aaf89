"""The findings on stacks that learn nothing, from the rows of what their sentence token does while they train."""

import pytest

from pruning.collapse_report import collapse_findings

HEADS = "model,task,recipe,learning_rate,warm_up,kept,seed,step,loss,variation,gradient,score\n"


def training(kept: str, rate: float, seed: int, variations: list[float], score: float) -> str:
    """One row per look; the score stands in the last alone."""
    asked = f"mpnet-base,movie-reviews,subset,{rate},0.1,{kept},{seed}"
    rows = [f"{asked},{10 * step},0.69,{value},0.5," for step, value in enumerate(variations)]
    return "\n".join(rows) + f"{score}\n"


@pytest.fixture
def path(tmp_path):
    rows = tmp_path / "rows.csv"
    lost = [training("4 5 6", 1e-4, 0, [146, 57, 0.04, 0.043], 47.0), training("4 5 6", 1e-4, 1, [130, 9, 0.5], 53.0)]
    learned = [training("4 5 6", 2e-5, 0, [146, 100, 120], 85.5), training("0 2", 1e-4, 0, [79, 1.5, 60.4], 75.3)]
    rows.write_text(HEADS + "".join(lost + learned))
    return rows


def test_a_row_holds_the_seeds_of_one_stack_and_rate(path):
    text = collapse_findings(path)
    assert "**MPNet-base, movie reviews, recipe subset but for rate and warm-up.**\n| kept | rate" in text
    assert "| 4–6 | 0.0001 | 10% | 0, 1 | 146, 130 | 0.04, 0.5 | 0.043, 0.5 | 47.0, 53.0 |\n" in text
    assert "| 4–6 | 2e-05 | 10% | 0 | 146 | 100 | 120 | 85.5 |\n" in text


def test_scores_of_those_that_lost_the_differences_stand_against_the_others(path):
    assert collapse_findings(path).endswith(
        "|\n\n2 of 4 trainings end with less than 1% and score 47.0 to 53.0; "
        "2 of 4 trainings end with more than 1% and score 75.3 to 85.5. "
        "One answer for all texts scores 53.0 at most.\n"
    )


def test_where_none_is_lost_none_is_told_of(path):
    path.write_text(HEADS + training("0 2", 1e-4, 0, [79, 60], 75.3))
    assert collapse_findings(path).endswith(
        "|\n\n1 of 1 trainings end with more than 1% and score 75.3. One answer for all texts scores 53.0 at most.\n"
    )


def test_stacks_of_one_layer_are_read_as_stacks(path):
    path.write_text(HEADS + training("11", 1e-4, 0, [79, 60], 75.3))
    assert "| 11 | 0.0001 |" in collapse_findings(path)


def test_without_rows_nothing_is_said(tmp_path):
    assert collapse_findings(tmp_path / "none.csv") == ""
