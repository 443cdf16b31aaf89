"""The process that does the heavy work: `python -m pruning.worker [FOLDER SHIPPED]`, in lines of JSON.

The two folders are those of the `Store` it reads and fills.

In, on stdin:   {"id", "request": {...}, "action", "texts"}   do it, after those that came before
                {"cancel": id}             stop that run within one training step
                {"id", "plan": {...}}      say what that request would keep, also while another goes on
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
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from .plan import DISAGREE, EXPORT, RUN, TRY, Request
from .progress import Progress, explain
from .runs import Run, Similarity
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
        self.pair = self.paired = None  # models that were compared last, and of which run and store they are

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
        """One job; whatever goes wrong in it is answered, and the next request finds the worker as before."""
        try:
            self.do(message["id"], Request.from_dict(message["request"]), message["action"], message["texts"])
        except Exception as error:
            self.send(message["id"], "failed", error=explain(error))
        self.cancelled.discard(message["id"])

    def do(self, job: str, request: Request, action: str, texts: list) -> None:
        events = self.events(request, action, texts)
        shown, shown_at = None, 0.0  # stage and time of the last progress line
        while job not in self.cancelled:
            event = next(events)
            if isinstance(event, Run):
                return self.send(job, "done", run=asdict(event))
            if isinstance(event, dict):
                return self.send(job, "done", result=event)
            if not isinstance(event, Progress):
                continue  # similarities that had to be measured first; they are stored
            if event.stage != shown or time.monotonic() - shown_at >= PROGRESS_SECONDS:
                shown, shown_at = event.stage, time.monotonic()
                self.send(job, "progress", **asdict(event))
        events.close()
        self.send(job, "cancelled")

    def events(self, request: Request, action: str, texts: list) -> Iterator[Progress | Run | dict | Similarity]:
        """The steps of one action of `jobs`; its last one is a run or a document."""
        from . import analyses, execute, export

        store = self.store.scoped(request.scope)
        if action not in (TRY, DISAGREE):
            self.pair = self.paired = None  # two models less in memory
        if action == RUN:
            yield from execute.execute(request, store)
        elif action in analyses.ANALYSES:
            for event in analyses.ANALYSES[action](request, store):
                yield {"records": [record.key for record in event]} if isinstance(event, list) else event
        elif action == EXPORT:
            yield from export.export_zip(request, store)
        else:
            yield from self.compared(request, store, action, texts)

    def compared(self, request: Request, store: Store, action: str, texts: list) -> Iterator[Progress | dict]:
        """Both models stay in memory, until another point is looked at or something else is done."""
        from . import execute, side_by_side

        spec, _ = yield from execute.planned(request, store)
        if (spec, store) != self.paired:
            self.pair = self.paired = None
            self.pair = yield from side_by_side.load_pair(request, store)
            self.paired = (spec, store)
        if action == DISAGREE:
            yield (yield from side_by_side.disagreements(self.pair))
        else:
            asked = [text[0] if len(text) == 1 else tuple(text) for text in texts]
            yield (yield from side_by_side.try_texts(self.pair, asked))

    def send(self, job: str, event: str, **values) -> None:
        with self.sending:
            print(json.dumps({"id": job, "event": event} | values), file=self.lines_out, flush=True)


def take_streams() -> tuple[TextIO, TextIO]:
    """The real stdin and stdout, for the protocol alone: whoever else reads finds nothing, and prints go to stderr."""
    real = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return real


if __name__ == "__main__":
    Worker(Store(*map(Path, sys.argv[1:])), *take_streams()).work()
