"""Several runs at once, each in a process of its own: for machines with more cores than one run makes good use of."""

import os
import queue
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from .plan import RUN, Request
from .runs import PRE_TRAINED
from .store import Store
from .worker_process import WorkerProcess

Outcome = tuple[Request, str]  # what was asked; why it failed, '' where it is stored
TRIES = 2  # of a run whose process was ended from outside


def run_in_processes(requests: Sequence[Request], store: Store, n_workers: int) -> Iterator[Outcome]:
    """The outcome of each of different requests, in the order in which they end; each process stores its runs itself.

    The cores are shared out evenly. A process that dies loses the run it was at, which is tried once more in a new one.
    Closing the generator, or the end of this process, ends them all; what is stored by then stays.
    """
    n_workers = min(n_workers, len(requests)) or 1
    pool = Pool(store, max(1, count_cores() // n_workers))
    waiting, tries = deque(requests), dict.fromkeys(requests, TRIES)
    try:
        while waiting or pool.running:
            while len(pool.running) < n_workers and (request := next_ready(waiting, pool)):
                waiting.remove(request)
                pool.start(request)
            request, error, is_dead = pool.wait()
            tries[request] -= 1
            if is_dead and tries[request]:
                waiting.appendleft(request)
            else:
                pool.led.add((request.start, request.seed))
                yield request, error
    finally:
        pool.close()


def next_ready(waiting: Sequence[Request], pool: "Pool") -> Request | None:
    """The first that can start. Of runs that drop from a fine-tuned model the first of each seed goes ahead: it leaves
    the full model's weights for the others, which would all train it again."""
    leading = {(request.start, request.seed) for request in pool.running.values()}
    for request in waiting:
        group = (request.start, request.seed)
        if request.start == PRE_TRAINED or group in pool.led or group not in leading:
            return request
    return None


def count_cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """Processes of `pruning.worker`, and what each of them is at."""

    def __init__(self, store: Store, n_threads: int):
        self.store, self.n_threads = store, n_threads
        self.running: dict[str, Request] = {}  # id of the process -> what it is at
        self.led: set[tuple[str, int]] = set()  # (start, seed) of the runs that ended
        self._processes: dict[str, WorkerProcess] = {}
        self._told: queue.SimpleQueue[tuple[str, dict | int]] = queue.SimpleQueue()  # a message, or an exit status
        self._n_started = 0

    def start(self, request: Request) -> None:
        idle = [name for name in self._processes if name not in self.running]
        name = idle[0] if idle else self._new()
        self.running[name] = request
        self._processes[name].send({"id": name, "request": asdict(request), "action": RUN, "texts": []})

    def wait(self) -> tuple[Request, str, bool]:
        """The next run that ends: its request, its error ('': none), and whether its process is gone."""
        while True:
            name, told = self._told.get()
            if isinstance(told, int):
                del self._processes[name]
                if name in self.running:
                    cause = f"signal {signal.Signals(-told).name}" if told < 0 else f"exit status {told}"
                    error = f"its process was ended by {cause}, perhaps for want of memory; try fewer workers"
                    return self.running.pop(name), error, True
            elif told["event"] in ("done", "failed"):
                return self.running.pop(name), told.get("error", ""), False

    def close(self) -> None:
        for process in list(self._processes.values()):
            process.close()

    def _new(self) -> str:
        self._n_started += 1
        name = str(self._n_started)

        def tell(told: dict | int) -> None:
            self._told.put((name, told))

        self._processes[name] = WorkerProcess(self.store, tell, tell, self.n_threads)
        return name
