"""Many runs: plan every point, train each distinct kept set once, go on where it stopped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .models import resolve
from .plan import Request, plan
from .runs import RunSpec
from .store import Store
from .strategies import STRATEGIES, get_strategy


@dataclass(frozen=True)
class SweepPlan:
    points: int  # strategy, number and seed combinations asked for
    distinct: dict[str, Request]  # run key -> one request for it, in the order they will run
    stored: frozenset[str]  # keys that are measured already

    @property
    def left(self) -> list[Request]:
        return [request for key, request in self.distinct.items() if key not in self.stored]


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
    return SweepPlan(asked, {key: request for key, (_, request) in specs.items()}, stored)
