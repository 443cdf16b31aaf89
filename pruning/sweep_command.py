"""What the command `sweep` does: says what it will run, runs it here, in several processes or on a cluster."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace

from .models import resolve
from .plan import NeedsSimilarityError, Request, check
from .pool import Outcome, count_cores, run_in_processes
from .progress import explain
from .runs import AS_IS, PRE_TRAINED, to_json
from .store import Store
from .strategies import describe_layers
from .sweep import Clock, SweepPlan, plan_sweep
from .terminal import show, show_progress, tell


def sweep(base: Request, options: argparse.Namespace) -> None:
    """OSError at the end where runs failed; all others are stored by then."""
    if not 1 <= options.workers <= count_cores():
        raise ValueError(
            f"cannot run in {options.workers} processes; choose 1 to {count_cores()}, this machine's cores"
        )
    if options.ray and base.start != PRE_TRAINED:
        raise ValueError(
            f"--ray runs start {PRE_TRAINED} alone: for {base.start} every machine would train the full model anew; "
            "leave --ray out"
        )
    store = Store()
    planned = planned_sweep(base, options, store)
    clock = make_clock(planned, store, 0 if options.ray else options.workers)
    tell(f"{planned.points} points, {len(planned.distinct)} distinct runs, {len(planned.stored)} stored, "
         f"{len(planned.left)} left{f', {clock}' if clock.left and str(clock) else ''}")  # fmt: skip
    if options.plan:
        return show(options, as_document(planned)) if options.json else None
    failed = follow(planned, clock, outcomes(planned, options, store), store)
    if (options.workers > 1 or options.ray) and planned.left:
        tell("latencies were measured while other runs went on: the command retime measures them on a quiet machine")
    if options.json:
        found = [store.run(spec.key) for spec in planned.distinct.values()]
        show(options, [json.loads(to_json(r)) for r in found if r])
    if failed:
        raise OSError(f"{len(failed)} of {len(planned.left)} runs failed, the others are stored: {'; '.join(failed)}")


def as_document(planned: SweepPlan) -> dict:
    """Every run once, whether it is stored, and the first point that asks for it."""
    runs = [
        {"strategy": request.strategy, "n_dropped": request.n_dropped, "kept": list(spec.kept), "seed": spec.seed}
        | {"key": spec.key, "stored": spec.key in planned.stored}
        for request, spec in planned.distinct.items()
    ]
    return {"points": planned.points, "runs": runs}


def planned_sweep(base: Request, options: argparse.Namespace, store: Store) -> SweepPlan:
    """The plan, after the layers were compared where contribution needs that."""
    check(base)
    asked = (base, options.strategies, options.drops, options.seeds, store)
    try:
        return plan_sweep(*asked)
    except NeedsSimilarityError:
        from .execute import compare

        show_progress(compare(base, store))
        return plan_sweep(*asked)


def make_clock(planned: SweepPlan, store: Store, n_workers: int) -> Clock:
    """Starts from the stored runs of the same model, task and recipe; a cluster, 0 workers, knows nothing yet.

    Nor is anything known where no run trains its own stack: scoring is quick, and full models may be kept.
    """
    first, specs = next(iter(planned.distinct.values())), [planned.distinct[request] for request in planned.left]
    known = store.runs(first.model, first.task) if n_workers and any(spec.start != AS_IS for spec in specs) else []
    return Clock([len(spec.kept) for spec in specs], [run for run in known if run.recipe == first.recipe], n_workers)


def outcomes(planned: SweepPlan, options: argparse.Namespace, store: Store) -> Iterator[Outcome]:
    """Where many run at once, those of many layers come first: no long run is left for the end."""
    longest_first = sorted(planned.left, key=lambda request: -len(planned.distinct[request].kept))
    if options.ray:
        return on_cluster(longest_first, planned, store, options.ray)
    if options.workers > 1:
        return run_in_processes(longest_first, store, options.workers)
    return run_here(planned.left, store)


def on_cluster(requests: list[Request], planned: SweepPlan, store: Store, address: str) -> Iterator[Outcome]:
    """Its machines get the layers that were planned here, so that none has to compare any."""
    from .cluster import run_on_ray

    asked = {name_layers(request, planned.distinct[request].kept): request for request in requests}
    for request, error in run_on_ray(list(asked), store, address):
        yield asked[request], error


def name_layers(request: Request, kept: tuple[int, ...]) -> Request:
    """The same run, asked for by the layers it drops."""
    dropped = tuple(i for i in range(resolve(request.model).n_layers) if i not in kept)
    if not dropped:
        return replace(request, strategy="top", n_dropped=0)
    return replace(request, strategy="custom", n_dropped=None, layers=dropped)


def run_here(requests: list[Request], store: Store) -> Iterator[Outcome]:
    """One after the other in this process, with their progress."""
    if requests:
        from .execute import execute
    for request in requests:
        tell(f"{request.strategy}, drop {request.n_dropped}, seed {request.seed}")
        try:
            show_progress(execute(request, store))
        except Exception as error:  # one run's trouble is told, and leaves the others be
            yield request, explain(error)
        else:
            yield request, ""


def follow(planned: SweepPlan, clock: Clock, ended: Iterator[Outcome], store: Store) -> list[str]:
    """Tells each outcome as it comes; in words what failed."""
    failed = []
    for number, (request, error) in enumerate(ended, 1):
        spec = planned.distinct[request]
        name, run = f"kept {describe_layers(spec.kept)}, seed {spec.seed}", store.run(spec.key)
        clock.count(len(spec.kept), is_done=run is not None)
        if run is None:
            error = error or "another run was made in its place; start the sweep again"
            failed.append(f"{name}: {error}")
        what = f"{run.metric} {run.score:.2f}" if run else f"failed: {error}"
        tell(f"{number} of {len(planned.left)}: {name}: {what}; {clock}")
    return failed
