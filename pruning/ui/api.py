"""The endpoints for programs: /plan, /results and /run, as `gradio_client` and the page "Use via API" show them."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import gradio as gr

from ..jobs import DONE, FAILED, Job, JobQueue, QueueFullError
from ..models import stored_name
from ..plan import Request
from ..runs import to_json
from ..store import Store
from ..tasks import TASKS

PROBLEMS = (ValueError, OSError, LookupError, QueueFullError)


def add_endpoints(store: Store, jobs: JobQueue) -> None:
    """To be called inside the app's Blocks."""

    def results(model: str | None = None, task: str | None = None) -> list[dict]:
        """Every stored run of that model and task, shipped ones first."""
        runs = with_message(lambda: store.runs(model and stored_name(model), task))
        return [json.loads(to_json(run)) for run in runs]

    gr.api(make_plan(jobs), api_name="plan")
    gr.api(results, api_name="results")
    gr.api(make_run(jobs), api_name="run", concurrency_limit=8)


def make_plan(jobs: JobQueue) -> Callable[..., dict]:
    def plan(
        model: str,
        strategy: str,
        n_dropped: int | None = None,
        layers: list[int] | None = None,
        task: str = next(iter(TASKS)),
        pooling: str = Request.pooling,
        text: list[str] | None = None,
        label: str = Request.label,
        kind: str = Request.kind,
    ) -> dict:
        """Which layers would be kept and dropped, and the parameters before and after. `layers`: to drop (custom).

        `text`, `label`, `kind`: of a task that is a file, where they should not be guessed.
        """
        columns = {"text": tuple(text or ()), "label": label, "kind": kind}
        request = Request(model, task, strategy, n_dropped, tuple(layers or ()), pooling=pooling, **columns)
        return with_message(lambda: jobs.plan(request))

    return plan


def make_run(jobs: JobQueue) -> Callable[..., Iterator[dict]]:
    def run(
        model: str,
        task: str,
        strategy: str,
        n_dropped: int | None = None,
        layers: list[int] | None = None,
        seed: int = Request.seed,
        recipe: str = Request.recipe,
        pooling: str = Request.pooling,
        text: list[str] | None = None,
        label: str = Request.label,
        kind: str = Request.kind,
    ) -> Iterator[dict]:
        """Fine-tunes and scores one point; sends how it stands, and at last the run. Cancelling stops the run."""
        how = {"seed": seed, "recipe": recipe, "pooling": pooling}
        columns = {"text": tuple(text or ()), "label": label, "kind": kind}
        request = Request(model, task, strategy, n_dropped, tuple(layers or ()), **how, **columns)
        caller = secrets.token_hex(8)
        job = with_message(lambda: jobs.submit(request, caller))
        try:
            for job in jobs.watch(job):
                if job.state == FAILED:
                    raise gr.Error(job.error, print_exception=False)
                yield describe_event(job)
        finally:
            if not job.ended:
                jobs.cancel(job.id, caller)

    return run


def describe_event(job: Job) -> dict:
    """The run where it is done, else how the job stands."""
    if job.state == DONE:
        return json.loads(to_json(job.run))
    progress = asdict(job.progress) if job.progress else {}
    return {"job": job.id, "state": job.state, "position": job.position} | progress


def with_message(ask: Callable[[], Any]) -> Any:
    """What `ask` returns; the core's errors reach the caller as they are worded."""
    try:
        return ask()
    except PROBLEMS as error:
        raise gr.Error(str(error), print_exception=False) from error
