"""A live run as the page knows it: whose it is, and how it stands, in words."""

from contextlib import suppress
from pathlib import Path
from threading import RLock

from ..jobs import CANCELLED, DONE, FAILED, WAITING, Job, JobQueue
from ..models import MODELS
from ..plan import DISAGREE, DRIFT, EXPORT, LANDSCAPE, PROBE, RUN, SIMILARITY, TRY, Request
from ..store import Store
from ..strategies import STRATEGIES, describe_layers
from ..tasks import TASKS
from .messages import NOT_LOADED

ACTION_NAMES = {SIMILARITY: "Similarity", PROBE: "Probes", DRIFT: "Drift", LANDSCAPE: "Landscape", EXPORT: "Export"}
ACTION_NAMES |= dict.fromkeys((TRY, DISAGREE), "Side by side")
TABS = ACTION_NAMES | {DRIFT: "Similarity", TRY: "Try it", DISAGREE: "Try it"}
NOTHING = {"title": "", "detail": "", "percent": None, "running": False}


class LiveRuns:
    """Which job is whose: every visitor runs one at a time. A visitor is a token that the browser keeps, so that all
    its tabs follow the same job, also after they were closed and opened again.
    """

    def __init__(self, jobs: JobQueue):
        self._jobs = jobs
        self._ids: dict[str, str] = {}  # visitor -> job
        self._lock = RLock()  # two tabs may start at once

    def find(self, visitor: str) -> Job | None:
        """The job this visitor started last as it stands now, or the last that followed it, while it is known."""
        with self._lock, suppress(LookupError):
            job = self._jobs.get(self._ids.get(visitor, ""))
            while job.next:
                job = self._jobs.get(job.next)
                self._ids[visitor] = job.id
            return job
        return None

    def start(
        self,
        visitor: str,
        request: Request,
        action: str = RUN,
        texts: tuple[tuple[str, ...], ...] = (),
        rest: tuple[Request, ...] = (),
    ) -> Job:
        """The job of that action, or the visitor's own one that still goes on. Errors as `JobQueue.submit`."""
        if not visitor:
            raise ValueError(NOT_LOADED)
        with self._lock:
            job = self.find(visitor)
            if job and not job.ended:
                return job
            job = self._jobs.submit(request, visitor, action, texts, rest)
            self._ids = {who: self._ids[who] for who in list(self._ids) if self.find(who)} | {visitor: job.id}
            return job

    def stop(self, visitor: str) -> None:
        job = self.find(visitor)
        if job and not job.ended:
            self._jobs.cancel(job.id, visitor)


def describe_job(job: Job | None, store: Store) -> dict:
    """Title, detail, percent of the present stage (None: not known) and whether it still goes on."""
    if not job:
        return NOTHING
    if job.state == WAITING:
        return {"title": "Waiting", "detail": f"{job.position} before you", "percent": None, "running": True}
    if job.state == DONE and not job.run:
        return NOTHING | {"title": f"Done: {name_run(job)}", "detail": f"See the tab {TABS[job.action]}."}
    if job.state == DONE:
        return NOTHING | {"title": f"Done: {name_run(job)} → {job.run.score:.1f}", "detail": describe_run(job, store)}
    if job.state == CANCELLED:
        kept = "nothing was stored" if job.action == RUN else "what was finished before is kept"
        kept += ", and nothing follows; the runs before it are kept" if job.rest else ""
        return NOTHING | {"title": "Cancelled", "detail": f"{name_run(job)}: {kept}."}
    if job.state == FAILED:
        return NOTHING | {"title": f"{ACTION_NAMES.get(job.action, 'This run')} failed", "detail": job.error}
    if job.stopping:
        return {"title": "Cancelling", "detail": f"{name_run(job)}: stops within one step", "percent": None} | {
            "running": True
        }
    return describe_progress(job) | {"running": True}


def describe_progress(job: Job) -> dict:
    step = job.progress
    if not step:
        return {"title": "Starting", "detail": name_run(job), "percent": None}
    details = [f"step {step.step:,} of {step.steps:,}"] if step.steps else []
    details += [f"loss {step.loss:.3f}"] if step.loss is not None else []
    details += [f"{step.seconds_left:.0f} s left"] if step.seconds_left is not None else []
    details += [f"{len(job.rest)} more to follow"] if job.rest else []
    percent = max(1, round(100 * step.step / step.steps)) if step.steps else None
    return {"title": step.stage.capitalize(), "detail": " · ".join([*details, name_run(job)]), "percent": percent}


def name_run(job: Job) -> str:
    what = f"{ACTION_NAMES[job.action]} · " if job.action in ACTION_NAMES else ""
    if job.action == LANDSCAPE:
        return f"{what}every stack, seed {job.request.seed}{where(job.request)}"
    return what + ("before fine-tuning" if job.action == SIMILARITY else name_point(job.request)) + where(job.request)


def where(request: Request) -> str:
    task = TASKS[request.task].label if request.task in TASKS else Path(request.task).name
    model = MODELS[request.model].label if request.model in MODELS else Path(request.model).name
    return f" · {model} on {task}"


def name_point(request: Request) -> str:
    if request.layers:
        return f"drop {describe_layers(request.layers)}, seed {request.seed}"
    return f"{STRATEGIES[request.strategy].label} · drop {request.n_dropped}, seed {request.seed}"


def describe_run(job: Job, store: Store) -> str:
    low, high = job.run.interval
    where = "shipped with this program" if store.is_shipped(job.run) else "starred on the curve"
    return f"95% interval {low:.1f} to {high:.1f}; trained in {job.run.train_seconds:.0f} s; {where}."
