"""Colours: one row per strategy, text that can be read in both themes."""

import pytest

from pruning import palette
from pruning.palette import READABLE, contrast, cosine_colour, theme_colours
from pruning.strategies import STRATEGIES


def test_every_strategy_has_a_colour_and_a_marker_of_its_own():
    assert list(palette.LOOKS) == list(STRATEGIES)
    assert len({look.colour for look in palette.LOOKS.values()}) == len(STRATEGIES)
    assert len({look.marker for look in palette.LOOKS.values()}) == len(STRATEGIES)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("text", ["ink", "mute", "accent", "warn", *(f"{name}-text" for name in STRATEGIES)])
def test_text_stands_out_from_card_and_page_in_both_themes(text, dark):
    colours = theme_colours(dark)
    assert contrast(colours[f"--lp-{text}"], colours["--lp-card"]) >= READABLE
    assert contrast(colours[f"--lp-{text}"], colours["--lp-bg"]) >= READABLE - 0.3


@pytest.mark.parametrize("dark", [False, True])
def test_the_run_buttons_text_stands_out_from_it(dark):
    colours = theme_colours(dark)
    assert contrast(colours["--lp-on-accent"], colours["--lp-accent"]) >= READABLE


@pytest.mark.parametrize("share", [n / 20 for n in range(21)])
def test_numbers_can_be_read_on_every_colour_of_the_scale(share):
    assert contrast(*cosine_colour(share)) >= READABLE


@pytest.mark.parametrize("share, fill", [(-1, "#17417f"), (0, "#17417f"), (1, "#dde4f2"), (2, "#dde4f2")])
def test_the_scale_ends_at_its_ends(share, fill):
    assert cosine_colour(share)[0] == fill


def test_contrast_of_black_and_white_is_twenty_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
