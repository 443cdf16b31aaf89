"""The runs of a sweep on a Ray cluster: any number of machines, each of which may come late or die on the way.

Machines only compute. What they find comes back to this process, which alone writes the store.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from socket import create_connection
from tempfile import TemporaryDirectory

from .plan import Request
from .pool import Outcome
from .runs import Run, from_json
from .store import Store

ROOT = Path(__file__).parent.parent
NOT_SENT = (".git", ".venv", "tests", "benchmarks", "assets/results", "*.sqlite")  # of the project, to the machines
SPARE = 8  # runs that wait at the cluster beyond twice its size, also for machines that are just coming
CONNECT_SECONDS = 10
TRIES = 4  # of a run whose machine or process dies, which on a cluster is nothing rare


def run_on_ray(requests: Sequence[Request], store: Store, address: str) -> Iterator[Outcome]:
    """Every request's outcome, in the order in which they end; a run is stored before its outcome is told.

    A run takes a GPU where the cluster has any, else one core. Each run has a store of its own on its machine:
    requests have to name layers, and start from the pre-trained model. ConnectionError: there is no cluster there.
    """
    ray = connect(address)
    try:
        yield from spread(requests, store, ray)
    finally:
        ray.shutdown()


def spread(requests: Sequence[Request], store: Store, ray) -> Iterator[Outcome]:
    """`run_on_ray` on a connected cluster. Only about twice as many runs as it can hold are with it at a time: Ray
    would look at every one of them whenever one ends."""
    remote = ray.remote(max_retries=TRIES - 1)(run_remotely)
    left, running = iter(requests), {}  # what is not handed out yet; task -> request
    try:
        while True:
            resources = ray.cluster_resources()
            unit, needs = ("GPU", {"num_gpus": 1}) if resources.get("GPU") else ("CPU", {"num_cpus": 1})
            room = SPARE + int(2 * resources.get(unit, 0)) - len(running)
            task = remote.options(**needs)
            running |= {task.remote(asdict(request)): request for request in islice(left, max(0, room))}
            if not running:
                return
            (done,), _ = ray.wait(list(running))
            request = running.pop(done)
            yield request, take(ray, done, store)
    finally:
        for task in running:
            ray.cancel(task, force=True)


def connect(address: str):
    """Ray itself, connected. ValueError: it is not installed; ConnectionError: nothing answers at that address."""
    try:
        import ray
    except ImportError:
        raise ValueError("--ray needs Ray; install it: pip install -r requirements-ray.txt") from None
    try:
        host, colon, port = address.removeprefix("ray://").rpartition(":")
        if colon:
            create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()  # Ray itself would try for minutes
        # the machines get this very program, not one of their own
        environment = {"working_dir": str(ROOT), "excludes": list(NOT_SENT)}
        ray.init(address, runtime_env=environment, log_to_driver=False, logging_level="error")
    except (OSError, ValueError, RuntimeError) as error:
        raise ConnectionError(
            f"no Ray cluster answers at {address!r}; start one with `ray start --head`, or give the address it "
            f"printed, such as 10.0.0.1:6379 ({' '.join(str(error).split())[:120]})"
        ) from error
    return ray


def take(ray, task, store: Store) -> str:
    """Stores what that task found; why it failed, or ''."""
    try:
        found = json.loads(ray.get(task))
    except ray.exceptions.RayError as error:
        return f"the cluster could not run it: {' '.join(str(error).split())[:200]}"
    if "error" in found:
        return found["error"]
    store.add(from_json(Run, json.dumps(found)))
    return ""


def run_remotely(values: dict) -> str:
    """On a machine of the cluster: the run as JSON, or {"error"} in words. Its own store is gone afterwards."""
    from pruning.execute import execute
    from pruning.progress import explain
    from pruning.runs import to_json

    with TemporaryDirectory() as folder:
        try:
            *_, run = execute(Request.from_dict(values), Store(Path(folder)))
        except Exception as error:
            return json.dumps({"error": explain(error)})
        return to_json(run)
