"""The four tiles: the answer with its doubt, and what a drop saves; what is not known has no number."""

import pytest
from rows import make_run

from pruning.curve import measured_curve, published_curve
from pruning.frames import Cost, measured_cost, published_cost
from pruning.story import Point
from pruning.tiles import tiles

PAPER = published_curve("BERT-base", "GLUE average", "sajjad2020")


@pytest.mark.parametrize(
    "score, spread, budget, text",
    [
        (79.5, 0.5, 2, "0.5 points below the full model (80.0); within your 2-point budget"),
        (78, 0.0, 2, "2.0 points below the full model (80.0); within your 2-point budget, "
                     "but on other test texts it may lose 3.0"),  # exactly the budget
        (77.96, 0.01, 2, "2.04 points below the full model (80.0); beyond your 2-point budget, "
                         "but on other test texts it may lose as little as 1.0"),
        (77.998, 0.001, 2, "2.002 points below the full model (80.0); beyond your 2-point budget, "
                           "but on other test texts it may lose as little as 1.0"),
        (79, 1.5, 2, "1.0 points below the full model (80.0); within your 2-point budget, "
                     "but on other test texts it may lose 2.8"),
        (70, 1.0, 1, "10.0 points below the full model (80.0); beyond your 1-point budget"),
        (80.5, 0.5, 2, "0.5 points above the full model (80.0); within your 2-point budget"),
    ],
)  # fmt: skip
def test_the_first_tile_answers_the_question(score, spread, budget, text):
    curve = measured_curve([make_run(), make_run((0, 1, 2), score, spread=spread)], None)
    tile = tiles(curve, Point("top", 1, 4, budget=budget), Cost())[0]
    assert (tile.number, tile.text) == (f"Top · drop 1 → {score:.1f}", text)


@pytest.mark.parametrize(
    "correlations, words",
    [
        ((0.0, 0.0), "; no better than chance with 2 of 2 seeds (by their predictions' correlation with the labels)"),
        ((0.0, 40.0), "; no better than chance with 1 of 2 seeds (by their predictions' correlation with the labels)"),
        ((30.0, 40.0), "; its 2 seeds score 55.0 to 55.0"),
    ],
)
def test_a_model_that_has_learnt_nothing_is_told(correlations, words):
    metrics = [{"accuracy": 55.0, "matthews": value} for value in correlations]
    runs = [make_run((0, 1, 2), 55, seed, metrics=found) for seed, found in enumerate(metrics)]
    tile = tiles(measured_curve([make_run(), *runs], None), Point("top", 1, 4), Cost())[0]
    assert tile.text.endswith(words)


def test_tiles_of_measured_and_of_published_costs():
    runs = [make_run(), make_run((0, 1), 78)]
    point = Point("top", 2, 4)
    measured = tiles(measured_curve(runs, None), point, measured_cost(runs, 2))
    assert [(t.number, t.text) for t in measured[1:]] == [
        ("2 M", "parameters, −33% of 3 M"),
        ("2.00×", "as fast at inference: 32 texts 80 → 40 ms, 1 text 4.0 → 2.0 ms"),
        ("−50%", "operations of a text; fine-tuning took 40 → 20 s where it ran"),
    ]
    published = tiles(PAPER, Point("top", 4, 12), published_cost("BERT-base", 4, "sajjad2020"))
    assert [t.number for t in published] == ["Top · drop 4 → 84.2", "80 M", "−33%", "1.48×"]


def test_tiles_without_a_row_give_no_number():
    shown = tiles(measured_curve([make_run()], None), Point("top", 2, 4), Cost())
    assert shown[0].text == "not measured yet: run it live"
    assert [t.number for t in shown[1:]] == ["–", "–", "–"]


@pytest.mark.parametrize("curve", [PAPER, measured_curve([make_run(), make_run((0, 1), 75)], None)])
def test_layers_that_are_not_named_have_no_number(curve):
    tile = tiles(curve, Point("custom", 2, 12), Cost())[0]
    assert (tile.number, tile.text) == ("Custom", "name the layers to drop")


def test_a_loss_is_counted_from_the_same_seeds_of_the_full_model():
    runs = [make_run(seed=0), make_run(seed=1, score=84), make_run((0, 1, 2), 79, spread=0.1)]
    tile = tiles(measured_curve(runs, None), Point("top", 1, 4), Cost())[0]
    assert tile.number.endswith("79.0")
    of = "(80.0 with the same seed, 82.0 with all)"
    doubt = ", but on other test texts it may lose 2.0"  # 2.005, and no 5.0 against the mean of 82
    assert tile.text == f"1.0 points below the full model {of}; within your 2-point budget{doubt}"
    tile = tiles(measured_curve([*runs, make_run((0, 1, 2), 85, 2)], None), Point("top", 1, 4), Cost())[0]
    assert "(82.0 by all its seeds)" in tile.text  # seed 2 stands in the mean, and not in the loss


def test_without_the_full_model_the_loss_is_not_known():
    curve = measured_curve([make_run((0, 1, 2), 79)], None)
    assert "not known" in tiles(curve, Point("top", 1, 4), Cost())[0].text
