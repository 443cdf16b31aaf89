"""Many runs: plan every point, train each distinct kept set once, go on where it stopped."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from .models import resolve
from .plan import Request, plan
from .runs import AS_IS, Run, RunSpec
from .store import Store
from .strategies import STRATEGIES, get_strategy

GAIN = 0.4  # of each further worker that shares this machine's cores, in runs of the first: measured with two


@dataclass(frozen=True)
class SweepPlan:
    points: int  # strategy, number and seed combinations asked for
    distinct: dict[Request, RunSpec]  # one request for each run, in the order they will run
    stored: frozenset[str]  # keys that are measured already

    @property
    def left(self) -> list[Request]:
        return [request for request, spec in self.distinct.items() if spec.key not in self.stored]


def points(
    base: Request, n_layers: int, strategies: Sequence[str], drops: Sequence[int] | None, seeds: Sequence[int]
) -> Iterator[Request]:
    """Every request of a sweep, seed by seed; a number that a strategy cannot drop is left out."""
    for seed in seeds:
        for strategy in strategies:
            most = get_strategy(strategy).most(n_layers)
            for n_dropped in range(most + 1) if drops is None else [d for d in drops if d <= most]:
                yield replace(base, strategy=strategy, n_dropped=n_dropped, seed=seed)


def plan_sweep(
    base: Request, strategies: Sequence[str] | None, drops: Sequence[int] | None, seeds: Sequence[int], store: Store
) -> SweepPlan:
    """What a sweep would do. NeedsSimilarityError where contribution is asked for and not measured yet."""
    names = strategies or [name for name, row in STRATEGIES.items() if row.needs != "layers"]
    n_layers, asked = resolve(base.model).n_layers, 0
    specs: dict[str, tuple[RunSpec, Request]] = {}
    for request in points(base, n_layers, names, drops, seeds):
        asked += 1
        spec, _ = plan(request, store)
        specs.setdefault(spec.key, (spec, request))
    if not specs:
        raise ValueError(f"no strategy of {', '.join(names)} can drop {list(drops or ())} of {n_layers} layers")
    stored = frozenset(key for key in specs if store.run(key))
    return SweepPlan(asked, {request: spec for spec, request in specs.values()}, stored)


class Clock:
    """How long the rest of a sweep takes. Before its first run ends that rests on stored runs, afterwards on its own.

    A run of few layers is quick: time is counted by kept layers, and one more for what each run does besides.
    """

    def __init__(self, layers: Sequence[int], runs: Sequence[Run], n_workers: int):
        trained = [run for run in runs if run.start != AS_IS]
        at_once = 1 + GAIN * (n_workers - 1)
        self.per_layer = median(r.train_seconds / (len(r.kept) + 1) for r in trained) / at_once if trained else None
        self.left, self.done, self.started = sum(n + 1 for n in layers), 0, time.monotonic()

    def count(self, n_kept: int, is_done: bool = True) -> None:
        """One run of so many layers has ended; what failed tells nothing of the others' time."""
        self.left -= n_kept + 1
        if is_done:
            self.done += n_kept + 1
            self.per_layer = (time.monotonic() - self.started) / self.done

    def __str__(self) -> str:
        """The time left in words, '' where nothing tells it."""
        return "" if self.per_layer is None else f"about {duration(self.per_layer * self.left)} left"


def duration(seconds: float) -> str:
    """Such as 45 s, 12 min or 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
