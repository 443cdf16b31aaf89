"""What the driver of a sweep on a cluster costs, and how near to the ideal a large sweep ends.

    python benchmarks/cluster.py [--points 10000] [--workers 500]   # a simulated cluster
    python benchmarks/cluster.py --real 500                         # empty tasks on a Ray cluster on this machine

The simulated cluster stands in for Ray alone: the loop of pruning/cluster.py, its JSON and its database are the real
ones, and the time they take passes on the simulated clock too. A task takes as long as a stored run's training did
(shipped rows, drawn at random, seed 0). The ideal is all work shared out evenly, with no driver at all.
"""

import argparse
import heapq
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder

from pruning.cluster import connect, spread
from pruning.plan import Request
from pruning.runs import RunSpec, to_json
from pruning.store import Store


class SimulatedRay:
    """As much of Ray as `spread` uses: tasks start on the first free worker and end when their time has passed."""

    def __init__(self, durations: list[float], answers: list[str], n_workers: int):
        self.durations, self.answers = durations, answers
        self.free = [0.0] * n_workers  # when each worker is free again
        self.ends: list[tuple[float, int]] = []  # of tasks that are handed out: end, number
        self.now, self.resumed, self.driver = 0.0, time.perf_counter(), 0.0
        self.exceptions = SimpleNamespace(RayError=RuntimeError)

    def cluster_resources(self) -> dict:
        return {"CPU": len(self.free)}

    def remote(self, **options):
        numbers = iter(range(len(self.durations)))

        def hand_out(values: dict) -> int:
            self.tick()
            number = next(numbers)
            begin = max(heapq.heappop(self.free), self.now)
            heapq.heappush(self.free, begin + self.durations[number])
            heapq.heappush(self.ends, (begin + self.durations[number], number))
            return number

        return lambda function: SimpleNamespace(options=lambda **needs: SimpleNamespace(remote=hand_out))

    def tick(self) -> None:
        """What the driver has taken since it was last waited for passes on the clock."""
        seconds = time.perf_counter() - self.resumed
        self.now, self.driver, self.resumed = self.now + seconds, self.driver + seconds, time.perf_counter()

    def wait(self, running: list[int]) -> tuple[list[int], list[int]]:
        self.tick()
        end, number = heapq.heappop(self.ends)
        self.now = max(self.now, end)
        self.resumed = time.perf_counter()
        return [number], []

    def get(self, number: int) -> str:
        return self.answers[number]

    def cancel(self, number: int, force: bool) -> None:
        raise RuntimeError("every task of the simulation ends by itself")


def simulate(n_points: int, n_workers: int) -> None:
    shipped = Store(Path("nowhere")).runs()
    drawn = random.Random(0).choices(shipped, k=n_points)
    drawn.sort(key=lambda run: -run.train_seconds)  # as sweep_command does: longest first
    answers = [to_json(replace(run, seed=n, key=spec_of(run, n).key)) for n, run in enumerate(drawn)]
    durations = [run.train_seconds for run in drawn]
    ray = SimulatedRay(durations, answers, n_workers)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), Path(folder) / "nothing")
        requests = [Request(run.model, run.task, seed=n) for n, run in enumerate(drawn)]
        failed = [error for _, error in spread(requests, store, ray) if error]
        ray.tick()
        n_stored = len(store.runs())
    ideal = sum(durations) / n_workers
    print(f"{n_points} points, {n_workers} workers, {sum(durations) / 3600:.1f} hours of work; {n_stored} rows, "
          f"{len(failed)} failed")  # fmt: skip
    print(f"driver: {1000 * ray.driver / n_points:.2f} ms a point, {ray.driver:.1f} s in all")
    print(f"finished after {ray.now:.1f} s; ideal {ideal:.1f} s; ratio {ray.now / ideal:.3f}")


def spec_of(run, seed: int) -> RunSpec:
    return RunSpec(run.model, run.revision, run.task, run.data, run.kept, seed, run.recipe, run.start)


def measure(n_tasks: int) -> None:
    """Ray's own cost: the same loop over tasks that answer a stored row at once."""
    from ray.cluster_utils import Cluster

    import pruning.cluster

    runs = Store(Path("nowhere")).runs()
    answer = to_json(runs[0])
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    ray = connect(cluster.address)
    pruning.cluster.run_remotely = lambda values: answer
    with tempfile.TemporaryDirectory() as folder:
        requests = [Request("any", "tweets", seed=n) for n in range(n_tasks)]
        loop = spread(requests, Store(Path(folder), Path(folder) / "nothing"), ray)
        next(loop)  # Ray's processes have started by then
        started = time.perf_counter()
        n_ended = sum(1 for _ in loop)
        seconds = time.perf_counter() - started
    print(f"{n_ended} empty tasks on a real cluster of 2 cores: {1000 * seconds / n_ended:.2f} ms a task")
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=500)
    parser.add_argument("--real", type=int, metavar="TASKS")
    options = parser.parse_args()
    measure(options.real) if options.real else simulate(options.points, options.workers)
