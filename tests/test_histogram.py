"""Bars of one round width: which edges numbers get, and where the far ones go."""

import numpy as np
import pytest

from pruning.histogram import MOST_BARS, histogram


@pytest.mark.parametrize(
    "numbers, edges, counts",
    [
        ([3], [3, 4], [1]),
        ([1, 2, 2, 4], [1, 2, 3, 4, 5], [1, 2, 0, 1]),
        ([0.0, 0.5, 1.0, 1.5], [0, 0.05, 0.1], None),  # the first edges
        ([-2.5, -2.5], [-3, -2], [2]),
    ],
)
def test_edges_and_counts(numbers, edges, counts):
    found, (found_counts,) = histogram([numbers])
    assert found[: len(edges)] == pytest.approx(edges)
    if counts:
        assert (found, found_counts) == (edges, counts)
    assert sum(found_counts) == len(numbers) and len(found) == len(found_counts) + 1


@pytest.mark.parametrize("numbers", [range(1000), np.random.default_rng(0).normal(size=500), [0.7, 0.7, 0.1]])
def test_every_number_is_in_one_bar_and_the_bars_are_few(numbers):
    edges, (counts,) = histogram([list(numbers)])
    assert len(counts) <= MOST_BARS and sum(counts) == len(list(numbers))
    assert edges == sorted(edges) and edges[0] <= min(numbers) and edges[-1] >= max(numbers)


def test_what_is_far_larger_than_the_rest_shares_the_last_bar():
    edges, (counts,) = histogram([[*range(1, 101)] * 10 + [50_000]])
    assert edges[-1] > 50_000 > edges[-2] and counts[-1] < 60 and len(counts) <= MOST_BARS


def test_groups_share_the_edges():
    edges, groups = histogram([[1, 2], [2, 3]])
    assert (edges, groups) == ([1, 2, 3, 4], [[1, 1, 0], [0, 1, 1]])


def test_seven_tenths_in_four_bytes_is_in_the_bar_of_seven_tenths():
    edges, (counts,) = histogram([np.array([0.1, *[0.7] * 99, 1.3] * 9, dtype="float32")])
    (at,) = [edge for edge, n in zip(edges, counts, strict=False) if n == 9 * 99]
    assert at == pytest.approx(0.7)
