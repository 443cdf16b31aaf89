"""The queue and its worker: a real worker process that fine-tunes tiny real models.

The tests share one queue, because a worker takes some seconds to start, and each makes requests of its own.
"""

import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pruning.jobs import CANCELLED, DONE, FAILED, KEPT_JOBS, RUNNING, WAITING, Job, JobQueue, QueueFullError
from pruning.plan import Request
from pruning.progress import LOADING, SCORING, TIMING, TRAINING
from pruning.recipes import get_recipe
from pruning.store import Store
from pruning.worker import explain

PROJECT = Path(__file__).parent.parent
SEEDS = itertools.count()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """PRUNING_HOME of all the tests here and of the workers; these get one thread, more only slow tiny models down."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("PRUNING_HOME", str(folder))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield folder


@pytest.fixture(scope="module")
def queue(folder):
    queue = JobQueue(max_waiting=3)
    queue.warm_up()
    yield queue
    queue.close()


@pytest.fixture(scope="module")
def model(tmp_path_factory, queue):
    """A tiny BERT of four layers, made while the worker warms up."""
    from tiny import save_tiny

    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def quick(model):
    """A request nobody has made before; it takes about two seconds."""
    return Request(model, "movie-reviews", "top", 1, seed=next(SEEDS))


@pytest.fixture(scope="module")
def done(queue, model):
    """A job that has run: the baseline."""
    return wait(queue, queue.submit(Request(model, "movie-reviews", "top", 0, seed=next(SEEDS))))


@pytest.fixture
def busy(queue, quick):
    """Somebody else's job, in the middle of a long training; stopped when the test is over."""
    job = until_training(queue, queue.submit(replace(quick, recipe="paper")))
    yield job
    queue.cancel(job.id)
    wait(queue, job)


def until_training(queue: JobQueue, job: Job) -> Job:
    return next(j for j in queue.watch(job, 0.02) if j.ended or (j.progress and j.progress.step > 2))


def wait(queue: JobQueue, job: Job) -> Job:
    *_, last = queue.watch(job, 0.05)
    return last


def worker_of(folder: Path, app: int | None = None) -> psutil.Process:
    """The worker with that PRUNING_HOME that the app, by default this process, has started."""
    (found,) = (c for c in psutil.Process(app).children() if c.environ().get("PRUNING_HOME") == str(folder))
    return found


def is_gone(process: psutil.Process, seconds: float) -> bool:
    """Whether it ends within that time; an ended process nobody has asked about yet is gone too."""
    deadline = time.monotonic() + seconds
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_job_is_watched_from_its_start_to_its_stored_run(queue, quick):
    seen = list(queue.watch(queue.submit(quick), 0.01))
    stages = list(dict.fromkeys(job.progress.stage for job in seen if job.progress))
    assert stages == [LOADING, TRAINING, SCORING, TIMING]
    assert [job.state for job in seen[:-1]] == [RUNNING] * (len(seen) - 1)
    training = [job.progress for job in seen if job.progress and job.progress.stage == TRAINING]
    assert [p.step for p in training] == sorted(p.step for p in training)
    recipe = get_recipe(quick.recipe)
    assert training[-1].steps == -(-recipe.max_train // recipe.batch_size)
    assert training[-1].loss > 0 and training[-1].seconds_left >= 0
    last = seen[-1]
    assert (last.state, last.error, last.position) == (DONE, "", 0)
    assert last.run == Store().run(last.run.key)
    assert (last.run.kept, last.run.seed) == ((0, 1, 2), quick.seed)
    assert last.created <= last.started < last.ended


def test_an_ended_job_is_found_again_by_its_id(queue, done):
    """A reloaded page knows no more than the id."""
    assert done.state == DONE
    assert queue.get(done.id) == done
    assert list(queue.watch(done)) == [done]
    assert queue.jobs().count(done) == 1


def test_jobs_run_one_at_a_time_first_come_first_served(queue, quick, busy):
    first, second = (queue.submit(replace(quick, n_dropped=k)) for k in (1, 2))
    assert [(j.state, j.position) for j in (queue.get(busy.id), first, second)] == [
        (RUNNING, 0),
        (WAITING, 1),
        (WAITING, 2),
    ]
    assert [j.id for j in queue.jobs()][-3:] == [busy.id, first.id, second.id]
    queue.cancel(busy.id)
    first, second, stopped = wait(queue, first), wait(queue, second), queue.get(busy.id)
    assert [j.state for j in (stopped, first, second)] == [CANCELLED, DONE, DONE]
    assert stopped.ended <= first.started < first.ended <= second.started


def test_a_stored_run_is_done_at_once_whatever_else_runs(queue, done, busy):
    assert queue.submit(done.request).id == done.id
    same_layers = queue.submit(replace(done.request, strategy="bottom"))
    assert (same_layers.state, same_layers.run, same_layers.started) == (DONE, done.run, None)
    assert queue.get(busy.id).state == RUNNING


def test_a_waiting_job_is_cancelled_at_once_and_the_others_move_up(queue, quick, busy):
    jobs = [queue.submit(replace(quick, n_dropped=k)) for k in (0, 1, 2)]
    assert queue.cancel(jobs[1].id).state == CANCELLED
    assert [queue.get(j.id).position for j in (jobs[0], jobs[2])] == [1, 2]
    for job in jobs:
        queue.cancel(job.id)
    assert [wait(queue, j).started for j in jobs] == [None] * 3


def test_a_running_job_stops_within_a_step_and_stores_nothing(queue, busy):
    before = [r.key for r in Store().runs()]
    asked = time.time()
    queue.cancel(busy.id)
    stopped = wait(queue, busy)
    assert (stopped.state, stopped.run, stopped.error) == (CANCELLED, None, "")
    assert stopped.progress.step < stopped.progress.steps / 2
    assert stopped.ended - asked < 1
    assert [r.key for r in Store().runs()] == before


def test_an_ended_job_cannot_be_cancelled(queue, done):
    assert queue.cancel(done.id) == done == queue.get(done.id)


def test_an_equal_request_joins_the_job_that_waits_or_runs(queue, quick, busy):
    waiting = queue.submit(quick)
    assert queue.submit(replace(quick)).id == waiting.id
    assert queue.submit(busy.request).id == busy.id
    other = queue.submit(replace(quick, seed=next(SEEDS)))
    assert other.id != waiting.id
    for job in (waiting, waiting, other, busy):
        queue.cancel(job.id)


def test_a_joined_job_goes_on_until_its_last_visitor_cancels(queue, quick, busy):
    for job in (queue.submit(quick), busy):
        queue.submit(job.request)
        assert queue.cancel(job.id).state == job.state
        time.sleep(0.2)  # longer than a step
        assert queue.get(job.id).state == job.state
        queue.cancel(job.id)
        assert wait(queue, job).state == CANCELLED


def test_a_job_that_is_being_stopped_is_not_joined(queue, busy):
    queue.cancel(busy.id)
    again = queue.submit(busy.request)
    assert again.id != busy.id
    assert until_training(queue, again).state == RUNNING
    queue.cancel(again.id)
    assert wait(queue, again).state == CANCELLED


def test_a_full_queue_says_how_many_wait_and_what_to_do(queue, quick, busy):
    jobs = [queue.submit(replace(quick, n_dropped=k)) for k in (0, 1, 2)]
    with pytest.raises(QueueFullError, match="3 runs are waiting, no more can; try again when one of them is done"):
        queue.submit(replace(quick, n_dropped=3))
    assert queue.submit(jobs[2].request).id == jobs[2].id  # joining takes no place
    for job in (jobs[0], jobs[1], jobs[2], jobs[2]):
        queue.cancel(job.id)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"n_dropped": 4}, "top cannot drop 4 of 4 layers; choose 0 to 3"),
        ({"task": "poems"}, "unknown task 'poems'; choose one of: "),
        ({"model": "minilm-7"}, "unknown model 'minilm-7'; choose one of: "),
        ({"strategy": "contribution", "n_dropped": -1}, "contribution cannot drop -1 of 4 layers; choose 0 to 3"),
    ],
)
def test_an_impossible_request_is_refused_before_it_waits(queue, quick, change, sentence):
    before = queue.jobs()
    for ask in (queue.submit, queue.plan):
        with pytest.raises(ValueError, match=f"^{sentence}"):
            ask(replace(quick, **change))
    assert queue.jobs() == before


def test_what_goes_wrong_in_the_worker_is_told_in_its_sentence(queue, quick):
    failed = wait(queue, queue.submit(replace(quick, task="rte")))
    assert (failed.state, failed.run) == (FAILED, None)
    assert failed.error.startswith("task rte is fetched from the Hugging Face hub, which is out of reach")


def test_similarities_that_contribution_needs_are_measured_first(queue, quick):
    job = queue.submit(replace(quick, strategy="contribution", n_dropped=2))
    done = wait(queue, job)
    assert done.state == DONE
    (similarity,) = (s for s in Store().similarities(done.run.model, "movie-reviews") if s.pooling == "sentence")
    kept = sorted(range(4), key=lambda i: (similarity.mean[i], i))[:2]
    assert done.run.kept == tuple(sorted(kept))


def test_a_plan_is_answered_in_the_middle_of_a_training(queue, quick, busy):
    assert queue.plan(replace(quick, strategy="symmetric", n_dropped=2)) == {
        "model": "tiny",
        "strategy": "symmetric",
        "n_layers": 4,
        "n_dropped": 2,
        "kept": [0, 3],
        "dropped": [1, 2],
        "parameters": {"before": 43458, "after": 39010},
    }
    assert queue.get(busy.id).state == RUNNING


def test_a_plan_is_made_once(queue, quick, busy):
    first = queue.plan(quick)
    asked = time.monotonic()
    assert queue.plan(replace(quick)) is first
    assert time.monotonic() - asked < 0.1


def test_a_plan_that_fails_in_the_worker_is_told(queue, quick):
    with pytest.raises(ValueError, match="contribution needs the similarities of tiny on tweets"):
        queue.plan(replace(quick, strategy="contribution", task="tweets"))


def test_the_newest_ended_jobs_are_kept(queue, quick, busy):
    ids = []
    for _ in range(KEPT_JOBS + 1):
        ids.append(queue.submit(replace(quick, seed=next(SEEDS))).id)
        queue.cancel(ids[-1])
    assert [j.id for j in queue.jobs()] == [busy.id, *ids[1:]]
    with pytest.raises(LookupError, match=f"there is no job '{ids[0]}' any more"):
        queue.get(ids[0])


def test_a_killed_worker_fails_its_job_and_the_next_one_runs(queue, quick, busy, folder):
    following = queue.submit(quick)
    worker_of(folder).kill()
    failed = wait(queue, busy)
    assert (failed.state, failed.run) == (FAILED, None)
    assert failed.error.startswith("the worker was ended by signal 9, perhaps for want of memory; nothing was stored.")
    assert wait(queue, following).state == DONE


def test_a_worker_killed_while_nothing_runs_is_replaced(queue, folder):
    worker = worker_of(folder)
    worker.kill()
    assert is_gone(worker, 5)
    time.sleep(0.2)  # the queue notices
    queue.warm_up()
    assert worker_of(folder).pid != worker.pid


APP = """
import sys, time
from pruning.jobs import JobQueue
from pruning.plan import Request
queue = JobQueue()
if sys.argv[1] == "training":
    job = queue.submit(Request(sys.argv[2], "movie-reviews", "top", 1, seed=999, recipe="paper"))
    next(j for j in queue.watch(job, 0.05) if j.ended or j.progress.step > 2)
else:
    queue.warm_up()
print(sorted({"torch", "transformers", "gradio"} & set(sys.modules)), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("moment", ["starting", "training"])
def test_the_worker_ends_with_the_app_even_when_that_is_killed(folder, model, moment):
    app = subprocess.Popen([sys.executable, "-c", APP, moment, model], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    imported = app.stdout.readline()
    worker = worker_of(folder, app.pid)
    app.send_signal(signal.SIGKILL)
    app.communicate()
    assert imported == "[]\n"  # the app itself has none of the heavy libraries
    assert is_gone(worker, 5)
    assert [r for r in Store().runs() if r.seed == 999] == []


def test_close_ends_the_worker_its_jobs_and_its_thread(quick, tmp_path, monkeypatch):
    monkeypatch.setenv("PRUNING_HOME", str(tmp_path))
    threads = threading.active_count()
    queue = JobQueue()
    jobs = [queue.submit(replace(quick, n_dropped=k)) for k in (0, 1)]
    watching = queue.watch(jobs[1])
    next(watching)
    worker = worker_of(tmp_path)
    queue.close()
    queue.close()  # twice does no harm
    assert is_gone(worker, 0)
    assert threading.active_count() == threads
    assert [j.state for j in (*queue.jobs(), *watching)] == [CANCELLED] * 3
    with pytest.raises(RuntimeError, match="the job queue is closed"):
        queue.submit(quick)


def test_nothing_a_library_prints_or_reads_meets_the_protocol():
    code = """
import os, sys
from pruning.worker import take_streams
lines_in, lines_out = take_streams()
print("a print")
os.system("echo a child; cat")
print("it reads", repr(sys.stdin.read()), file=sys.stderr)
print(lines_in.readline().strip() + " answered", file=lines_out, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, input="a line\n", capture_output=True, text=True)
    assert done.stdout == "a line answered\n"
    assert done.stderr.splitlines() == ["a print", "a child", "it reads ''"]


def test_a_worker_without_an_app_ends_at_once():
    done = subprocess.run([sys.executable, "-m", "pruning.worker"], cwd=PROJECT, input="", capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize(
    "error, sentence",
    [
        (ValueError("a sentence"), "a sentence"),
        (ConnectionError("a sentence"), "a sentence"),
        (LookupError("a sentence"), "a sentence"),
        (MemoryError(), "there was not enough memory; choose a smaller model, or close other programs and try again"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
            "there was not enough memory; choose a smaller model, or close other programs and try again",
        ),
        (KeyError("x"), "the work stopped on an unexpected KeyError: 'x'; the log of the app says where"),
        (
            TypeError("not a number"),
            "the work stopped on an unexpected TypeError: not a number; the log of the app says where",
        ),
    ],
)
def test_every_error_becomes_a_sentence(error, sentence, capsys):
    assert explain(error) == sentence
    logged = capsys.readouterr().err
    assert (type(error).__name__ in logged) == (sentence != "a sentence")  # our own sentences need no traceback


def test_a_request_crosses_to_the_worker_unchanged(quick):
    request = replace(quick, strategy="custom", n_dropped=None, layers=(0, 2))
    assert Request.from_dict(json.loads(json.dumps(request.__dict__))) == request
