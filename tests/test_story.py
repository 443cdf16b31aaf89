"""The words: what is claimed is what the test texts and the seeds tell apart, and what is missing is said."""

import pytest
from rows import make_run

from pruning import story
from pruning.curve import measured_curve, published_curve
from pruning.story import Point

COSINES = (0.7, 0.8, 0.95, 0.9)
PAPER = published_curve("BERT-base", "GLUE average", "sajjad2020")


def tell(curve, point, drawn=("top", "bottom", "symmetric", "even-alternate", "odd-alternate", "custom")):
    """The story where those strategies are drawn."""
    return story.tell(curve, point, [p for p in curve if p.strategy in drawn])


def curve_of(top, bottom, symmetric, spread=1.0):
    """One layer of four dropped, against a full model of 80, with each of two seeds alike."""
    kept = {(0, 1, 2, 3): 80, (0, 1, 2): top, (1, 2, 3): bottom, (0, 1, 3): symmetric}
    runs = [make_run(layers, score, seed, spread=spread) for layers, score in kept.items() for seed in (0, 1)]
    curve = measured_curve(runs, None)
    return [point for point in curve if point.strategy in ("top", "bottom", "symmetric")]


@pytest.mark.parametrize(
    "top, bottom, symmetric, lead",
    [
        (79, 70, 74, "Top is clearly best here:"),  # clear of both
        (79, 70, 78, "Top is among the best here:"),  # clear of Bottom, not of Symmetric
        (79, 78, 78, "No strategy stands out here:"),  # none is clear of another, though Top is highest
        (70, 79, 78, "Top is not the one to choose here:"),  # both are clear of it
        (78, 79, 78, "No strategy stands out here:"),
    ],
)
def test_the_lead_claims_what_the_intervals_support(top, bottom, symmetric, lead):
    assert tell(curve_of(top, bottom, symmetric), Point("top", 1, 4)).lead == lead


@pytest.mark.parametrize("top", [79.0, 75.0, 71.0])
def test_no_difference_is_claimed_where_the_texts_tell_none_apart(top):
    told = tell(curve_of(top, 78, 73, spread=8), Point("top", 1, 4))
    assert told.lead == "No strategy stands out here:" and "clearly" not in told.text
    assert "Other test texts may change the order of Top, Symmetric and Bottom." in told.unknown


def test_the_sentence_gives_the_numbers_it_speaks_of():
    told = tell(curve_of(79, 70, 74), Point("top", 1, 4))
    assert told.text == "at 1 of 4 it costs 1.0 points, the others cost 6.0 to 10.0."
    assert told.unknown == "2 seeds, 1,000 test texts."


def test_it_says_where_the_others_have_fewer_seeds():
    kept = {(0, 1, 2, 3): (80, 80, 80), (0, 1, 2): (79, 79, 79), (1, 2, 3): (70, 70), (0, 1, 3): (74,)}
    runs = [make_run(layers, score, seed, spread=1) for layers, of in kept.items() for seed, score in enumerate(of)]
    curve = [p for p in measured_curve(runs, None) if p.strategy in ("top", "bottom", "symmetric")]
    assert tell(curve, Point("top", 1, 4)).unknown == "3 seeds (the others: 1–2), 1,000 test texts."
    two = [p for p in curve if p.strategy != "symmetric"]
    assert tell(two, Point("top", 1, 4)).unknown == "3 seeds (the other: 2), 1,000 test texts."


def test_strategies_that_drop_the_same_layers_are_named_and_not_compared():
    curve = measured_curve([make_run(), make_run((0, 1, 2), 79)], None)
    told = tell(curve, Point("top", 1, 4))
    assert told.lead == "Top costs 1.0 points here:" and told.unknown.endswith("Even alternate drops the same layers.")


@pytest.mark.parametrize(
    "strategy, n_dropped, lead",
    [
        ("top", 6, "Top loses least here:"),
        ("top", 4, "Top is among the best here:"),
        ("bottom", 4, "Bottom loses more than it has to here:"),
        ("top", 3, "Top with 3 of 12 layers dropped is not published:"),
        ("top", 0, "The full model is what all is compared with:"),
    ],
)
def test_published_numbers_are_told_as_numbers_without_intervals(strategy, n_dropped, lead):
    told = tell(PAPER, Point(strategy, n_dropped, 12))
    assert told.lead == lead
    if n_dropped not in (3,):
        assert told.unknown.startswith("One number per point; no seeds and no intervals are published.")


def test_the_sentence_of_the_paper_at_six_layers():
    told = tell(PAPER, Point("top", 6, 12))
    assert told.text == "at 6 of 12 it costs 2.9 points, the others 4.9 to 15.9."


def test_printed_numbers_beside_ones_read_off_a_figure_carry_their_doubt():
    read_off = "Some were read off a figure (about 0.05 points)."
    assert read_off in tell(PAPER, Point("top", 6, 12)).unknown  # Top is printed, its rivals are not
    assert read_off not in tell(PAPER, Point("top", 6, 12), drawn=["top"]).unknown


def test_what_is_known_is_told_whatever_is_compared():
    curve = measured_curve([make_run(), make_run((0, 1, 2), 79)], None)
    told = tell(curve, Point("top", 1, 4), drawn=[])
    assert (told.lead, told.text) == ("Top costs 1.0 points here:", "1 of 4 layers dropped.")
    assert tell(curve, Point("bottom", 1, 4), drawn=[]).lead == "Bottom with 1 of 4 layers dropped is not measured yet:"
    assert "it scores 80.0" in tell(curve, Point("top", 0, 4), drawn=[]).text


def test_layers_named_by_hand_are_compared_with_the_strategies_and_told_by_their_name():
    told = tell(curve_of(79, 70, 74), Point("custom", 1, 4, (3,)))
    assert told.lead == "Custom 3 is clearly best here:" and told.unknown.endswith("Top drops the same layers.")


@pytest.mark.parametrize("curve", [PAPER, measured_curve([make_run(), make_run((0, 1), 75)], None)])
def test_layers_that_are_not_named_have_no_number(curve):
    point = Point("custom", 2, 12)
    assert tell(curve, point).lead == "Custom drops the layers you name:"


def test_other_seeds_than_the_full_models_are_said():
    runs = [make_run(seed=0), make_run(seed=1, score=84), make_run((0, 1, 2), 79, seed=2)]
    curve = measured_curve(runs, None)
    told = tell(curve, Point("top", 1, 4))
    assert told.unknown.startswith("1 seed (the full model: seeds 0 and 1), 1,000 test texts.")


def test_what_rests_on_one_seed_is_said_to():
    runs = [make_run(), make_run((0, 1, 2), 79), make_run((0, 1, 2), 79, seed=1), make_run((1, 2, 3), 70)]
    assert tell(measured_curve(runs, None), Point("top", 1, 4)).lead == "Top is best here, as far as one seed tells:"
    told = tell(measured_curve(runs, None), Point("bottom", 1, 4))
    assert (
        told.text
        == "at 1 of 4 it costs 10.0 points, Top and Even alternate 1.0, clearly less, as far as one seed tells."
    )
    told = tell(measured_curve([*runs, make_run((0, 1, 3), 78)], None), Point("top", 1, 4))
    assert "Bottom costs 10.0, clearly more, as far as one seed tells." in told.text


def test_what_is_clear_is_so_with_every_seed():
    stacks = {(0, 1, 2): (79, 79), (1, 2, 3): (70, 78.5)}
    runs = [make_run(k, score, seed) for k, scores in stacks.items() for seed, score in enumerate(scores)]
    told = tell(measured_curve([make_run(), make_run(seed=1), *runs], None), Point("top", 1, 4))
    assert told.lead == "No strategy stands out here:"


def test_a_point_that_was_not_run_is_said_to_be_missing_and_the_others_are_told():
    told = tell(curve_of(79, 70, 74), Point("custom", 1, 4, (1,)))
    assert (
        str(told) == "Custom 1 with 1 of 4 layers dropped is not measured yet: at 1 of 4 the others cost 1.0 to 10.0."
    )


def test_no_rows_at_all():
    assert tell(measured_curve([], None), Point("top", 1, 4)).lead == "No results yet:"


def test_rows_without_the_full_model_have_no_loss():
    curve = measured_curve([make_run((0, 1, 2), 79)], None)
    assert "loss is unknown" in tell(curve, Point("top", 1, 4)).text


@pytest.mark.parametrize(
    "top, bottom, words",
    [
        (
            (79, 79, 79.2),
            (78, 78, 78.1),
            (
                "Top is ahead here, though not clearly:",
                " On the ones used here Top is surely ahead of Bottom, seed by seed.",
            ),
        ),
        (
            (77, 77, 77),
            (78, 78, 78.1),
            (
                "Top is behind here, though not clearly:",
                " On the ones used here Top is surely behind Bottom, seed by seed.",
            ),
        ),
        ((79, 79, 79), (78.9, 78, 77), ("No strategy", "Top and Bottom.")),  # they agree, and too little
        ((79, 77, 79), (78, 77.5, 78), ("No strategy", "Top and Bottom.")),  # the seeds disagree
        ((79, 79), (78, 78), ("No strategy", "Top and Bottom.")),  # two seeds alone
    ],
)
def test_where_the_texts_do_not_tell_it_is_told_what_is_sure_over_the_seeds(top, bottom, words):
    stacks = {(0, 1, 2): top, (1, 2, 3): bottom}
    runs = [make_run(k, score, seed) for k, scores in stacks.items() for seed, score in enumerate(scores)]
    told = tell(measured_curve([make_run(), *runs], None), Point("top", 1, 4), drawn=("top", "bottom"))
    assert words[0] in told.lead and told.unknown.endswith(words[1])


SURELY = {"top": (79, 79, 79.2), "symmetric": (78, 78, 78.1), "bottom": (70, 70, 70)}


@pytest.mark.parametrize(
    "scores, lead, text",
    [
        (SURELY, "Top is ahead here, though not clearly:", "the others cost 2.0 to 10.0."),  # one of them clearly
        (SURELY | {"symmetric": (79.8, 79.7, 80)}, "Top is behind here, though not clearly:", "Symmetric 0.2."),
        (SURELY | {"symmetric": (78, 80, 78)}, "Top is among the best here:", "Bottom costs 10.0, clearly more."),
    ],
)
def test_the_lead_tells_what_is_sure_over_the_seeds_where_the_texts_do_not(scores, lead, text):
    kept = {"top": (0, 1, 2), "symmetric": (0, 1, 3), "bottom": (1, 2, 3)}
    runs = [make_run(kept[name], score, seed) for name in scores for seed, score in enumerate(scores[name])]
    full = [make_run(seed=seed) for seed in range(3)]
    told = tell(measured_curve([*full, *runs], None), Point("top", 1, 4), drawn=tuple(scores))
    assert told.lead == lead and told.text.endswith(text)


def test_seeds_that_are_not_shared_make_nothing_sure():
    runs = [make_run((0, 1, 2), 79, seed) for seed in (0, 1, 2)] + [make_run((1, 2, 3), 70, seed) for seed in (3, 4)]
    told = tell(measured_curve([make_run(), *runs], None), Point("top", 1, 4), drawn=("top", "bottom"))
    assert told.lead == "Top is clearly best here:" and "surely" not in str(told)


def test_others_whose_training_came_to_nothing_with_some_seeds_are_named():
    failed = {"accuracy": 50.0, "matthews": 0.0}
    runs = [make_run(), make_run((0, 1, 2), 79), make_run((1, 2, 3), 70), make_run((1, 2, 3), 50, 1, metrics=failed)]
    told = tell(measured_curve(runs, None), Point("top", 1, 4))
    assert "No better than chance: Bottom (1 of 2 seeds)." in told.unknown
    assert "chance" not in tell(measured_curve(runs[:3], None), Point("top", 1, 4)).unknown


@pytest.mark.parametrize(
    "loss, words", [(2.04, "costs 2.0 points"), (-0.3, "gains 0.3 points"), (0.01, "costs nothing")]
)
def test_a_loss_in_words(loss, words):
    assert story.costs(loss) == words


@pytest.mark.parametrize("words, text", [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_a_list_in_words(words, text):
    assert story.join(words) == text


@pytest.mark.parametrize(
    "losses, many, words",
    [
        ([2.9, 15.9], True, "cost 2.9 to 15.9"),
        ([2.9], False, "costs 2.9"),
        ([-1.4, -0.3], True, "gain 0.3 to 1.4"),
        ([-1.4, 3.0], True, "cost at most 3.0 (the best gains 1.4)"),
        ([0.0, 0.04], True, "cost 0.0"),
    ],
)
def test_a_gain_is_never_called_a_negative_cost(losses, many, words):
    assert story.cost_span(losses, many) == words
