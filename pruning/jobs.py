"""One background worker for all the visitors of an app: first come first served, progress, cancel.

The app process never imports torch. Runs are done by one process, `pruning.worker`, which is kept warm. A job goes on
when its visitor leaves, and is found again by its id.
"""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace

from .models import NotInstalledError, resolve
from .plan import ACTIONS, RUN, NeedsSimilarityError, Request, check, plan
from .progress import LOADING, Progress
from .runs import Run, from_json
from .store import Store
from .tasks import TASKS
from .worker_process import WorkerProcess

WAITING, RUNNING, DONE, CANCELLED, FAILED = "waiting", "running", "done", "cancelled", "failed"
KEPT_JOBS = 200  # ended jobs that can still be found
KEPT_PLANS = 256
PLAN_SECONDS = 120  # longest wait for a plan; a cold worker needs about ten seconds to start


class QueueFullError(RuntimeError):
    """As many runs wait as may wait."""


@dataclass(frozen=True)
class Job:
    """One request as it stood when this was handed out; `JobQueue.get` gives the present state."""

    id: str
    request: Request
    state: str = WAITING  # one of the constants above
    position: int = 0  # jobs that come before it, the running one included
    progress: Progress | None = None
    run: Run | None = None  # when a run is done
    result: dict | None = None  # when anything else is done: its document
    error: str = ""  # when failed: a sentence for the user
    stopping: bool = False  # it runs, but nobody wants it any more
    started: float | None = None  # times in seconds since 1970
    ended: float | None = None
    action: str = RUN  # one of plan.ACTIONS
    texts: tuple[tuple[str, ...], ...] = ()  # to try; none: test texts
    rest: tuple[Request, ...] = ()  # runs that follow when this one is done
    next: str = ""  # id of the job that followed


class JobQueue:
    """Takes requests, runs one after the other in the worker and tells how each stands. For use from any thread.

    A job belongs to the visitors who asked for it, its holders; each is known by a token that the caller chooses.
    """

    def __init__(self, store: Store, max_waiting: int = 8):
        self.store, self.max_waiting = store, max_waiting
        self._changed = threading.Condition()  # guards all below; notified when a job changes
        self._jobs: dict[str, Job] = {}  # in order of arrival
        self._holders: dict[str, set[str]] = {}  # job id -> who wants it and has not cancelled
        self._plans: dict[tuple[Request, str], dict] = {}  # the least lately used first
        self._asked: dict[str, Future] = {}  # plans the worker was asked for
        self._worker: WorkerProcess | None = None
        self._closed = False

    def warm_up(self) -> None:
        """Starts the worker, so that its imports are over when the first run comes. Returns at once."""
        with self._changed:
            self._started_worker()

    def submit(
        self,
        request: Request,
        holder: str,
        action: str = RUN,
        texts: tuple[tuple[str, ...], ...] = (),
        rest: tuple[Request, ...] = (),
    ) -> Job:
        """The job of that action: a new one, or the one that already waits or runs. A stored run is done at once.

        The holder has it until `cancel`; to ask twice is to hold it once. Each run of `rest` follows when the one
        before it is done, as a job of its own behind those that wait by then.
        ValueError: impossible as asked. QueueFullError: too many wait. OSError: the store cannot be read.
        """
        if action not in ACTIONS:
            raise ValueError(f"{action!r} cannot be done; choose one of: {', '.join(ACTIONS)}")
        run = stored_run(request, self.store)
        run = run if action == RUN else None
        asked = (request, action, texts, rest)
        with self._changed:
            for job in self._jobs.values():
                if (job.request, job.action, job.texts, job.rest) == asked and (
                    self._holders[job.id] if not job.ended else run and job.run == run
                ):
                    self._holders[job.id].add(holder)
                    return self.get(job.id)
            n_waiting = len(self._in_state(WAITING))
            if not run and n_waiting >= self.max_waiting:
                raise QueueFullError(f"{n_waiting} runs are waiting, no more can; try again when one of them is done")
            job = Job(secrets.token_hex(8), request, action=action, texts=texts, rest=rest)
            self._jobs[job.id], self._holders[job.id] = job, {holder}
            if run:
                self._end(job.id, DONE, run=run)
            else:
                self._start_next()
            return self.get(job.id)

    def get(self, job_id: str) -> Job:
        """The job as it stands now; LookupError where there is none of that id, or it ended long ago."""
        with self._changed:
            if job_id not in self._jobs:
                raise LookupError(f"there is no job {job_id!r} any more; a result it had is stored: ask again")
            job = self._jobs[job_id]
            if job.state != WAITING:
                return job
            before = [j.id for j in self._in_state(WAITING)].index(job_id)
            return replace(job, position=before + len(self._in_state(RUNNING)))

    def cancel(self, job_id: str, holder: str) -> Job:
        """Gives up that holder's share in a job; the last one stops it: waiting at once, running within one step."""
        with self._changed:
            job, holders = self.get(job_id), self._holders[job_id]
            if not job.ended and holder in holders:
                holders.remove(holder)
                if not holders and job.state == WAITING:
                    self._end(job_id, CANCELLED)
                elif not holders:
                    self._update(job_id, stopping=True)
                    self._started_worker().send({"cancel": job_id})
            return self.get(job_id)

    def watch(self, job: Job, every: float = 0.3) -> Iterator[Job]:
        """The job as it stands: now, then every so many seconds, and when it has ended, which is the last."""
        while True:
            job = self.get(job.id)
            yield job
            if job.ended:
                return
            with self._changed:
                self._changed.wait_for(lambda: self.get(job.id).ended, every)

    def plan(self, request: Request) -> dict:
        """What that request would keep and how many parameters that leaves; waits for the worker, not for its runs.

        ValueError says why the request is impossible.
        """
        check(request)
        try:
            revision = resolve(request.model).revision
        except NotInstalledError as error:
            raise ValueError(str(error)) from error
        key = (request, revision)
        with self._changed:
            if key in self._plans:
                self._plans[key] = self._plans.pop(key)
                return self._plans[key]
            asked_id, asked = secrets.token_hex(8), Future()
            worker = self._started_worker()
            self._asked[asked_id] = asked
            worker.send({"id": asked_id, "plan": asdict(request)})
        try:
            document = asked.result(PLAN_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"no answer from the worker within {PLAN_SECONDS} s; try again later") from None
        with self._changed:
            self._plans[key] = document
            while len(self._plans) > KEPT_PLANS:
                del self._plans[next(iter(self._plans))]
        return document

    def close(self) -> None:
        """Ends the worker and every job; nothing of this queue runs afterwards."""
        with self._changed:
            self._closed = True
            for job in self._in_state(WAITING) + self._in_state(RUNNING):
                self._end(job.id, CANCELLED)
            worker = self._worker
        if worker:
            worker.close()

    def _in_state(self, state: str) -> list[Job]:
        return [job for job in self._jobs.values() if job.state == state]

    def _started_worker(self) -> WorkerProcess:
        if self._closed:
            raise RuntimeError("the job queue is closed; make a new one")
        if not self._worker:
            self._worker = WorkerProcess(self.store, self._take, self._take_end)
        return self._worker

    def _start_next(self) -> None:
        """Hands the oldest waiting job to the worker, if that is free."""
        waiting = self._in_state(WAITING)
        if waiting and not self._in_state(RUNNING):
            job = waiting[0]
            try:
                worker = self._started_worker()
            except OSError as error:
                self._end(job.id, FAILED, error=f"cannot start the worker ({error}); free some memory, then try again")
                return
            self._update(job.id, state=RUNNING, started=time.time(), progress=Progress(LOADING))
            asked = {"request": asdict(job.request), "action": job.action, "texts": job.texts}
            worker.send({"id": job.id} | asked)

    def _update(self, job_id: str, **changes) -> None:
        self._jobs[job_id] = replace(self._jobs[job_id], **changes)
        self._changed.notify_all()

    def _end(self, job_id: str, state: str, **changes) -> None:
        job, follower = self._jobs[job_id], ""
        if state == DONE and job.rest and self._holders[job_id] and not self._closed:
            follower = secrets.token_hex(8)
            self._jobs[follower] = Job(follower, job.rest[0], rest=job.rest[1:])
            self._holders[follower] = set(self._holders[job_id])
        self._update(job_id, state=state, ended=time.time(), next=follower, **changes)
        for old in sorted((j for j in self._jobs.values() if j.ended), key=lambda j: j.ended)[:-KEPT_JOBS]:
            del self._jobs[old.id], self._holders[old.id]
        if not self._closed:
            self._start_next()

    def _take(self, message: dict) -> None:
        """One line of the worker."""
        event, about = message.pop("event"), message.pop("id")
        with self._changed:
            if about in self._asked:
                asked = self._asked.pop(about)
                if event == "planned":
                    asked.set_result(message["plan"])
                else:
                    asked.set_exception(ValueError(message["error"]))
            elif event == "progress":
                self._update(about, progress=Progress(**message))
            elif event == DONE:
                run = from_json(Run, json.dumps(message["run"])) if "run" in message else None
                self._end(about, DONE, run=run, result=message.get("result"))
            elif event in (CANCELLED, FAILED):
                self._end(about, event, **message)

    def _take_end(self, status: int) -> None:
        """The worker is gone: what it was busy with fails, the rest goes on in a new worker."""
        cause = f"was ended by signal {-status}" if status < 0 else f"stopped with exit status {status}"
        error = (
            f"the worker {cause}, perhaps for want of memory; nothing unfinished was stored. "
            "Try again, with a smaller model or after closing other programs"
        )
        with self._changed:
            self._worker = None
            for asked in self._asked.values():
                asked.set_exception(ValueError(error))
            self._asked.clear()
            for job in self._in_state(RUNNING):
                wanted = self._holders[job.id]
                self._end(job.id, FAILED if wanted else CANCELLED, error=error if wanted else "")


def stored_run(request: Request, store: Store) -> Run | None:
    """The stored run that answers this request, or None where the worker has to find out.

    ValueError where the request is impossible. Hub tasks, which may need the network, and files of one's own, which
    may be large, are left to the worker.
    """
    check(request)
    if request.task not in TASKS or TASKS[request.task].hub:
        return None
    try:
        spec, _ = plan(request, store)
    except (NotInstalledError, NeedsSimilarityError):
        return None
    return store.run(spec.key)
