"""Which layers are kept: one pure function and one row per strategy.

Layers count from 0, nearest the embeddings. The rules follow Sajjad et al., "Poor Man's BERT"
(https://arxiv.org/abs/2004.03844), where layers count from 1 and even/odd refer to those numbers.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PAPER = "https://arxiv.org/abs/2004.03844"


def drop_top(n_layers: int, n_dropped: int, given: Sequence) -> set[int]:
    return set(range(n_layers - n_dropped, n_layers))


def drop_bottom(n_layers: int, n_dropped: int, given: Sequence) -> set[int]:
    return set(range(n_dropped))


def drop_even_alternate(n_layers: int, n_dropped: int, given: Sequence) -> set[int]:
    return {n_layers - 1 - 2 * i for i in range(n_dropped)}


def drop_odd_alternate(n_layers: int, n_dropped: int, given: Sequence) -> set[int]:
    return {n_layers - 2 - 2 * i for i in range(n_dropped)}


def drop_symmetric(n_layers: int, n_dropped: int, given: Sequence) -> set[int]:
    first = (n_layers - n_dropped + 1) // 2  # an odd rest leaves the bottom half one layer more
    return set(range(first, first + n_dropped))


def drop_contribution(n_layers: int, n_dropped: int, given: Sequence[float]) -> set[int]:
    """`given`: one input-output cosine per layer; the most similar go first, of equals the higher layer."""
    return set(sorted(range(n_layers), key=lambda i: (-given[i], -i))[:n_dropped])


def drop_custom(n_layers: int, n_dropped: int, given: Sequence[int]) -> set[int]:
    return set(given)


def all_but_one(n_layers: int) -> int:
    return n_layers - 1


@dataclass(frozen=True)
class Strategy:
    name: str  # key on the command line and in links; never changes
    label: str
    drops: str  # what it drops, in a few words
    dropped: Callable[[int, int, Sequence], set[int]]  # (n_layers, n_dropped, given) -> dropped indices
    most: Callable[[int], int] = all_but_one  # n_layers -> most layers it can drop
    needs: str = ""  # what `given` holds: "similarity" (a cosine per layer), "layers" (the ones to drop) or nothing
    source: str = PAPER


STRATEGIES = {
    s.name: s
    for s in (
        Strategy("top", "Top", "the last layers", drop_top),
        Strategy(
            "even-alternate",
            "Even alternate",
            "every other layer, from the top one down",
            drop_even_alternate,
            most=lambda n_layers: min((n_layers + 1) // 2, n_layers - 1),
        ),
        Strategy(
            "odd-alternate",
            "Odd alternate",
            "every other layer, from the one below the top down",
            drop_odd_alternate,
            most=lambda n_layers: n_layers // 2,
        ),
        Strategy("symmetric", "Symmetric", "middle layers; both ends stay", drop_symmetric),
        Strategy(
            "contribution",
            "Contribution",
            "the layers whose output is most similar to their input",
            drop_contribution,
            needs="similarity",
        ),
        Strategy("bottom", "Bottom", "the first layers", drop_bottom),
        Strategy("custom", "Custom", "the layers you name", drop_custom, needs="layers", source=""),
    )
}


def get_strategy(name: str) -> Strategy:
    """The row of that name; ValueError lists the names there are."""
    if name not in STRATEGIES:
        raise ValueError(f"unknown strategy {name!r}; choose one of: {', '.join(STRATEGIES)}")
    return STRATEGIES[name]


def kept_layers(
    strategy: str,
    n_layers: int,
    n_dropped: int | None = None,
    similarity: Sequence[float] | None = None,
    layers: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Indices of the kept layers, ascending, never empty.

    `similarity` (a cosine per layer) is needed by `contribution`, `layers` (the ones to drop) by `custom`,
    which takes `n_dropped` from their number. ValueError says what came and what is allowed.
    """
    row = get_strategy(strategy)
    if row.needs == "layers":
        given = check_layers(layers, n_layers)
        if n_dropped not in (None, len(given)):
            raise ValueError(
                f"custom names {len(given)} layers to drop, but {n_dropped} were asked for; leave that number out"
            )
        n_dropped = len(given)
    elif layers:
        raise ValueError(f"strategy {strategy} chooses the layers itself; name layers only with strategy custom")
    else:
        given = similarity or ()
    if n_dropped is None:
        raise ValueError(f"strategy {strategy} needs the number of layers to drop: 0 to {row.most(n_layers)}")
    if not 0 <= n_dropped <= row.most(n_layers):
        raise ValueError(f"{strategy} cannot drop {n_dropped} of {n_layers} layers; choose 0 to {row.most(n_layers)}")
    if row.needs == "similarity" and len(given) != n_layers:
        raise ValueError(f"contribution needs one similarity per layer: {n_layers} expected, {len(given)} came")
    dropped = row.dropped(n_layers, n_dropped, given)
    return tuple(i for i in range(n_layers) if i not in dropped)


def check_layers(layers: Sequence[int] | None, n_layers: int) -> tuple[int, ...]:
    """The layers to drop, ascending; ValueError where they are empty, repeated, out of range or all there are."""
    if not layers:
        raise ValueError(
            f"custom needs the layers to drop, such as 0,{n_layers - 1}; to drop none, use strategy top and drop 0"
        )
    repeated = sorted(i for i, times in Counter(layers).items() if times > 1)
    if repeated:
        raise ValueError(f"layer {repeated[0]} is named more than once; name each layer once")
    outside = [i for i in layers if not 0 <= i < n_layers]
    if outside:
        raise ValueError(f"there is no layer {outside[0]}; the model's layers are 0 to {n_layers - 1}")
    if len(layers) == n_layers:
        raise ValueError(f"cannot drop all {n_layers} layers; keep at least one")
    return tuple(sorted(layers))


def parse_layers(text: str) -> tuple[int, ...]:
    """'0, 1,5' -> (0, 1, 5); also ranges, '2-4' -> (2, 3, 4). ValueError on anything else."""
    layers: list[int] = []
    for part in filter(None, text.replace(" ", "").split(",")):
        digits = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
        first, last = (int(digits[1]), int(digits[2] or digits[1])) if digits else (1, 0)
        if first > last or len(layers) > 10_000:  # no model has so many
            raise ValueError(f"{part!r} is not a layer; write numbers and ranges such as 0,2,5 or 3-5")
        layers.extend(range(first, last + 1))
    return tuple(layers)


def describe_layers(layers: Sequence[int]) -> str:
    """Ascending indices as short text: (0, 1, 2, 5) -> '0–2, 5'; none -> 'none'."""
    groups: list[list[int]] = []
    for i in layers:
        if groups and groups[-1][-1] == i - 1:
            groups[-1].append(i)
        else:
            groups.append([i])
    return ", ".join(f"{g[0]}–{g[-1]}" if len(g) > 2 else ", ".join(map(str, g)) for g in groups) or "none"
