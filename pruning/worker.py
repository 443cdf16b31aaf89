"""The process that does the heavy work: `python -m pruning.worker [FOLDER SHIPPED]`, in lines of JSON.

The two folders are those of the `Store` it reads and fills.

In, on stdin:   {"id", "request": {...}}   run it, after those that came before
                {"cancel": id}             stop that run within one training step
                {"id", "plan": {...}}      say what that request would keep, also while a run goes on
                end of file                the app is gone: end at once, finish nothing
Out, on stdout: {"id", "event", ...} with event progress, done, cancelled, failed or planned.

`pruning.jobs` starts it and keeps it warm. It is the only process of an app that imports torch.
"""

import json
import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from .plan import Request
from .progress import Progress
from .runs import Run
from .store import Store

PROGRESS_SECONDS = 0.1  # the shortest time between two progress lines of one stage


class Worker:
    """Runs requests one at a time in the main thread; cancels and plans are taken in while it does."""

    def __init__(self, store: Store, lines_in: TextIO, lines_out: TextIO):
        self.store, self.lines_in, self.lines_out = store, lines_in, lines_out
        self.sending = threading.Lock()
        self.requests: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self.plans: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self.cancelled: set[str] = set()

    def work(self) -> None:
        """Never returns: the end of the input ends the process."""
        threading.Thread(target=self.read, daemon=True).start()
        from . import execute  # noqa: F401  torch and all that: about ten seconds, which a first run must not wait for

        threading.Thread(target=self.answer_plans, daemon=True).start()
        while True:
            self.answer(self.requests.get())

    def read(self) -> None:
        for line in self.lines_in:
            message = json.loads(line)
            if "cancel" in message:
                self.cancelled.add(message["cancel"])
            else:
                (self.plans if "plan" in message else self.requests).put(message)
        os._exit(0)  # from any thread, whatever the others do; rows are stored whole or not at all

    def answer_plans(self) -> None:
        while True:
            message = self.plans.get()
            try:
                self.send(message["id"], "planned", plan=self.plan(Request.from_dict(message["plan"])))
            except Exception as error:
                self.send(message["id"], "failed", error=explain(error))

    def plan(self, request: Request) -> dict:
        from .execute import describe

        return describe(request, self.store.scoped(request.scope))

    def answer(self, message: dict) -> None:
        """One run; whatever goes wrong in it is answered, and the next request finds the worker as before."""
        try:
            self.run(message["id"], Request.from_dict(message["request"]))
        except Exception as error:
            self.send(message["id"], "failed", error=explain(error))
        self.cancelled.discard(message["id"])

    def run(self, job: str, request: Request) -> None:
        from .execute import execute

        events = execute(request, self.store.scoped(request.scope))
        shown, shown_at = None, 0.0  # stage and time of the last progress line
        while job not in self.cancelled:
            event = next(events)
            if isinstance(event, Run):
                return self.send(job, "done", run=asdict(event))
            if not isinstance(event, Progress):
                continue  # similarities that had to be measured first; they are stored
            if event.stage != shown or time.monotonic() - shown_at >= PROGRESS_SECONDS:
                shown, shown_at = event.stage, time.monotonic()
                self.send(job, "progress", **asdict(event))
        events.close()
        self.send(job, "cancelled")

    def send(self, job: str, event: str, **values) -> None:
        with self.sending:
            print(json.dumps({"id": job, "event": event} | values), file=self.lines_out, flush=True)


def explain(error: Exception) -> str:
    """What the user reads. Our own errors are sentences already; of all others the log gets the traceback."""
    sentences = ValueError | OSError | LookupError | FloatingPointError
    if isinstance(error, sentences) and not isinstance(error, KeyError | IndexError):
        return str(error)
    traceback.print_exception(error)
    if isinstance(error, MemoryError) or "ried to allocate" in str(error):  # torch's is a RuntimeError
        return "there was not enough memory; choose a smaller model, or close other programs and try again"
    return f"the work stopped on an unexpected {type(error).__name__}: {error}; the log of the app says where"


def take_streams() -> tuple[TextIO, TextIO]:
    """The real stdin and stdout, for the protocol alone: whoever else reads finds nothing, and prints go to stderr."""
    real = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return real


if __name__ == "__main__":
    Worker(Store(*map(Path, sys.argv[1:])), *take_streams()).work()
