import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.strategies import (
    PAPER,
    STRATEGIES,
    describe_layers,
    get_strategy,
    kept_layers,
    parse_layers,
)

COSINES = st.lists(st.sampled_from([0.2, 0.5, 0.9, 0.99]), min_size=1, max_size=24)  # few values, so many ties
COUNTED = [name for name, row in STRATEGIES.items() if row.needs != "layers"]  # they choose, the user gives a number


def dropped(strategy: str, n_layers: int, n_dropped: int, similarity: list[float] | None = None) -> set[int]:
    return set(range(n_layers)) - set(kept_layers(strategy, n_layers, n_dropped, similarity))


@pytest.mark.parametrize(
    "strategy, n_layers, n_dropped, gone",
    [
        # the design's table
        ("top", 12, 4, {8, 9, 10, 11}),
        ("bottom", 12, 4, {0, 1, 2, 3}),
        ("even-alternate", 12, 4, {5, 7, 9, 11}),
        ("odd-alternate", 12, 4, {4, 6, 8, 10}),
        ("symmetric", 12, 6, {3, 4, 5, 6, 7, 8}),
        ("symmetric", 12, 2, {5, 6}),
        # nothing dropped: the baseline of every curve
        ("top", 4, 0, set()),
        ("bottom", 4, 0, set()),
        ("even-alternate", 4, 0, set()),
        ("odd-alternate", 4, 0, set()),
        ("symmetric", 4, 0, set()),
        # as many as can go
        ("top", 4, 3, {1, 2, 3}),
        ("bottom", 4, 3, {0, 1, 2}),
        ("symmetric", 4, 3, {1, 2, 3}),
        ("even-alternate", 12, 6, {1, 3, 5, 7, 9, 11}),
        ("odd-alternate", 12, 6, {0, 2, 4, 6, 8, 10}),
        # an odd number of layers: alternates count from the top, the bottom half keeps one more
        ("even-alternate", 5, 3, {0, 2, 4}),
        ("odd-alternate", 5, 2, {1, 3}),
        ("symmetric", 5, 1, {2}),
        ("symmetric", 5, 2, {2, 3}),
        ("symmetric", 12, 1, {6}),
        # the smallest models
        ("top", 1, 0, set()),
        ("even-alternate", 1, 0, set()),
        ("odd-alternate", 2, 1, {0}),
        ("even-alternate", 2, 1, {1}),
    ],
)
def test_layers_that_each_strategy_drops(strategy, n_layers, n_dropped, gone):
    assert dropped(strategy, n_layers, n_dropped) == gone


@pytest.mark.parametrize(
    "strategy, n_dropped, counted_from_one",
    [
        ("even-alternate", 4, (6, 8, 10, 12)),
        ("odd-alternate", 4, (5, 7, 9, 11)),
        ("symmetric", 6, (4, 5, 6, 7, 8, 9)),
        ("symmetric", 2, (6, 7)),
    ],
)
def test_examples_of_the_paper_for_twelve_layers(strategy, n_dropped, counted_from_one):
    assert dropped(strategy, 12, n_dropped) == {number - 1 for number in counted_from_one}


@pytest.mark.parametrize(
    "similarity, n_dropped, gone",
    [
        ([0.1, 0.9, 0.5, 0.8], 0, set()),
        ([0.1, 0.9, 0.5, 0.8], 1, {1}),  # the most similar goes first
        ([0.1, 0.9, 0.5, 0.8], 2, {1, 3}),
        ([0.1, 0.9, 0.5, 0.8], 3, {1, 2, 3}),
        ([0.7, 0.7, 0.7, 0.7], 1, {3}),  # of equals the higher layer
        ([0.7, 0.7, 0.7, 0.7], 2, {2, 3}),
        ([-0.2, -0.9, 0.0], 1, {2}),  # by value, not by size
    ],
)
def test_contribution_drops_the_layers_whose_output_is_most_like_their_input(similarity, n_dropped, gone):
    assert dropped("contribution", len(similarity), n_dropped, similarity) == gone


@pytest.mark.parametrize(
    "layers, kept",
    [((0,), (1, 2, 3)), ((3, 0), (1, 2)), ((0, 1, 3), (2,))],
)
def test_custom_drops_the_named_layers_in_any_order(layers, kept):
    assert kept_layers("custom", 4, layers=layers) == kept
    assert kept_layers("custom", 4, n_dropped=len(layers), layers=layers) == kept


@given(st.sampled_from(COUNTED), COSINES, st.data())
def test_every_strategy_keeps_the_right_number_ascending_and_at_least_one(strategy, similarity, data):
    n_layers = len(similarity)
    n_dropped = data.draw(st.integers(0, STRATEGIES[strategy].most(n_layers)))
    kept = kept_layers(strategy, n_layers, n_dropped, similarity)
    assert len(kept) == n_layers - n_dropped >= 1
    assert list(kept) == sorted(set(kept))
    assert set(kept) <= set(range(n_layers))


@given(st.sampled_from(COUNTED), COSINES)
def test_a_layer_once_dropped_stays_dropped_when_more_go(strategy, similarity):
    """Nested for every strategy, symmetric too: its gap grows by one layer at a time, above and below in turn."""
    n_layers = len(similarity)
    gone = [dropped(strategy, n_layers, k, similarity) for k in range(STRATEGIES[strategy].most(n_layers) + 1)]
    assert all(fewer < more for fewer, more in zip(gone, gone[1:], strict=False))


@given(st.integers(1, 48), st.data())
def test_symmetric_keeps_both_ends_and_the_bottom_one_more_when_the_rest_is_odd(n_layers, data):
    n_dropped = data.draw(st.integers(1, n_layers - 1) if n_layers > 1 else st.just(0))
    gone = dropped("symmetric", n_layers, n_dropped)
    below = min(gone, default=n_layers)
    above = n_layers - n_dropped - below
    assert gone == set(range(below, below + n_dropped))
    assert not gone or below - above == (n_layers - n_dropped) % 2


@given(st.integers(1, 48))
def test_the_alternates_never_drop_two_neighbours_or_a_common_layer(n_layers):
    even = dropped("even-alternate", n_layers, STRATEGIES["even-alternate"].most(n_layers))
    odd = dropped("odd-alternate", n_layers, STRATEGIES["odd-alternate"].most(n_layers))
    assert not even & odd
    assert not any(i + 1 in group for group in (even, odd) for i in group)
    assert even | odd == set(range(n_layers)) or n_layers == 1  # a single layer has to stay


@pytest.mark.parametrize(
    "strategy, n_layers, most",
    [
        ("top", 12, 11),
        ("bottom", 12, 11),
        ("symmetric", 12, 11),
        ("contribution", 12, 11),
        ("custom", 12, 11),
        ("even-alternate", 12, 6),
        ("odd-alternate", 12, 6),
        ("even-alternate", 5, 3),
        ("odd-alternate", 5, 2),
        ("top", 1, 0),
        ("even-alternate", 1, 0),
        ("odd-alternate", 1, 0),
    ],
)
def test_most_layers_that_each_strategy_can_drop(strategy, n_layers, most):
    assert STRATEGIES[strategy].most(n_layers) == most


@pytest.mark.parametrize(
    "asked, sentence",
    [
        ({"strategy": "top", "n_dropped": 4}, "top cannot drop 4 of 4 layers; choose 0 to 3"),
        ({"strategy": "bottom", "n_dropped": -1}, "bottom cannot drop -1 of 4 layers; choose 0 to 3"),
        ({"strategy": "symmetric", "n_dropped": 5}, "symmetric cannot drop 5 of 4 layers; choose 0 to 3"),
        ({"strategy": "even-alternate", "n_dropped": 3}, "even-alternate cannot drop 3 of 4 layers; choose 0 to 2"),
        ({"strategy": "odd-alternate", "n_dropped": 3}, "odd-alternate cannot drop 3 of 4 layers; choose 0 to 2"),
        ({"strategy": "top"}, "strategy top needs the number of layers to drop: 0 to 3"),
        ({"strategy": "middle", "n_dropped": 1}, f"unknown strategy 'middle'; choose one of: {', '.join(STRATEGIES)}"),
        (
            {"strategy": "top", "n_dropped": 1, "layers": (1,)},
            "strategy top chooses the layers itself; name layers only with strategy custom",
        ),
        (
            {"strategy": "contribution", "n_dropped": 1},
            "contribution needs one similarity per layer: 4 expected, 0 came",
        ),
        (
            {"strategy": "contribution", "n_dropped": 1, "similarity": [0.5, 0.5]},
            "contribution needs one similarity per layer: 4 expected, 2 came",
        ),
        (
            {"strategy": "custom"},
            "custom needs the layers to drop, such as 0,3; to drop none, use strategy top and drop 0",
        ),
        (
            {"strategy": "custom", "layers": (1, 2, 1)},
            "layer 1 is named more than once; name each layer once",
        ),
        ({"strategy": "custom", "layers": (1, 4)}, "there is no layer 4; the model's layers are 0 to 3"),
        ({"strategy": "custom", "layers": (-1,)}, "there is no layer -1; the model's layers are 0 to 3"),
        ({"strategy": "custom", "layers": (0, 1, 2, 3)}, "cannot drop all 4 layers; keep at least one"),
        (
            {"strategy": "custom", "layers": (0, 1), "n_dropped": 3},
            "custom names 2 layers to drop, but 3 were asked for; leave that number out",
        ),
    ],
)
def test_what_is_impossible_for_four_layers_is_refused_with_what_is_allowed(asked, sentence):
    with pytest.raises(ValueError) as refusal:
        kept_layers(n_layers=4, **asked)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "text, layers",
    [
        ("", ()),
        ("0", (0,)),
        ("0, 1,5", (0, 1, 5)),
        ("2-4", (2, 3, 4)),
        ("3-3", (3,)),
        ("0,2-4, 9,", (0, 2, 3, 4, 9)),
        ("5,1", (5, 1)),
        ("1,1", (1, 1)),  # refused later, where the sentence can name the layer
    ],
)
def test_layers_are_written_as_numbers_and_ranges(text, layers):
    assert parse_layers(text) == layers


@pytest.mark.parametrize("part", ["a", "1.5", "-1", "1-", "1-2-3", "5-3", "0-99999999999", "1;2", "all"])
def test_text_that_names_no_layers_is_refused(part):
    with pytest.raises(ValueError) as refusal:
        parse_layers(f"0,{part}")
    assert str(refusal.value) == f"'{part}' is not a layer; write numbers and ranges such as 0,2,5 or 3-5"


def test_a_long_list_of_long_ranges_is_not_written_out():
    with pytest.raises(ValueError, match="^'0-9997' is not a layer"):
        parse_layers(",".join(["0-9999", "0-9998", "0-9997"] * 30))
    with pytest.raises(ValueError, match="'7' is not a layer"):
        parse_layers("0-9999,6,7")


@pytest.mark.parametrize(
    "layers, text",
    [
        ((), "none"),
        ((3,), "3"),
        ((0, 1), "0, 1"),
        ((0, 1, 2), "0–2"),
        ((0, 1, 2, 5), "0–2, 5"),
        ((1, 3, 5), "1, 3, 5"),
        ((0, 1, 4, 5, 6, 9), "0, 1, 4–6, 9"),
    ],
)
def test_layers_read_as_short_text(layers, text):
    assert describe_layers(layers) == text


@given(st.sets(st.integers(0, 99)))
def test_described_layers_can_be_typed_in_again(layers):
    text = describe_layers(sorted(layers)).replace("–", "-")
    assert parse_layers("" if text == "none" else text) == tuple(sorted(layers))


@pytest.mark.parametrize("name", STRATEGIES)
def test_each_row_can_stand_in_a_dropdown_and_a_legend(name):
    row = get_strategy(name)
    assert row.name == name and row.label and row.drops
    assert row.source == ("" if name == "custom" else PAPER)
