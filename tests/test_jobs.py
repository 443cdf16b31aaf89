"""The queue and its worker: a real worker process that fine-tunes tiny real models.

The tests share one queue, because a worker takes some seconds to start, and each makes requests of its own.
"""

import itertools
import time
from dataclasses import replace

import pytest
from files import save, table
from processes import is_gone, worker_of

from pruning.jobs import CANCELLED, DONE, FAILED, KEPT_JOBS, RUNNING, WAITING, Job, JobQueue, QueueFullError
from pruning.models import home
from pruning.plan import Request
from pruning.progress import LOADING, SCORING, TIMING, TRAINING
from pruning.recipes import get_recipe
from pruning.store import VISITORS, Store

SEEDS = itertools.count()
ANN, BOB = "ann", "bob"  # two visitors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    """The store of the queue and of its worker: neither the folder of PRUNING_HOME nor the rows that ship."""
    folder = tmp_path_factory.mktemp("home")
    return Store(folder / "own", shipped=folder / "none")


@pytest.fixture(scope="module")
def queue(store):
    queue = JobQueue(store, max_waiting=3)
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
    return wait(queue, queue.submit(Request(model, "movie-reviews", "top", 0, seed=next(SEEDS)), ANN))


@pytest.fixture
def busy(queue, quick):
    """Somebody else's job, in the middle of a long training; stopped when the test is over."""
    job = until_training(queue, queue.submit(replace(quick, recipe="paper"), ANN))
    yield job
    queue.cancel(job.id, ANN)
    wait(queue, job)


def until_training(queue: JobQueue, job: Job) -> Job:
    return next(j for j in queue.watch(job, 0.02) if j.ended or (j.progress and j.progress.step > 2))


def wait(queue: JobQueue, job: Job) -> Job:
    *_, last = queue.watch(job, 0.05)
    return last


def test_a_job_is_watched_from_its_start_to_its_stored_run(queue, store, quick):
    seen = list(queue.watch(queue.submit(quick, ANN), 0.01))
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
    assert last.run == store.run(last.run.key)
    assert (last.run.kept, last.run.seed) == ((0, 1, 2), quick.seed)
    assert last.started < last.ended


def test_an_ended_job_is_found_again_by_its_id(queue, done):
    """A reloaded page knows no more than the id."""
    assert done.state == DONE
    assert queue.get(done.id) == done
    assert list(queue.watch(done)) == [done]


def test_jobs_run_one_at_a_time_first_come_first_served(queue, quick, busy):
    first, second = (queue.submit(replace(quick, n_dropped=k), ANN) for k in (1, 2))
    assert [(j.state, j.position) for j in (queue.get(busy.id), first, second)] == [
        (RUNNING, 0),
        (WAITING, 1),
        (WAITING, 2),
    ]
    queue.cancel(busy.id, ANN)
    first, second, stopped = wait(queue, first), wait(queue, second), queue.get(busy.id)
    assert [j.state for j in (stopped, first, second)] == [CANCELLED, DONE, DONE]
    assert stopped.ended <= first.started < first.ended <= second.started


def test_a_stored_run_is_done_at_once_whatever_else_runs(queue, done, busy):
    assert queue.submit(done.request, BOB).id == done.id
    same_layers = queue.submit(replace(done.request, strategy="bottom"), ANN)
    assert (same_layers.state, same_layers.run, same_layers.started) == (DONE, done.run, None)
    assert queue.get(busy.id).state == RUNNING


def test_a_run_on_an_upload_is_stored_for_its_visitor_alone(queue, store, quick):
    scope = "a" * 32
    folder = home() / VISITORS / scope / "files"
    folder.mkdir(parents=True)
    path = str(save(table(200), folder / "mine.csv"))
    job = wait(queue, queue.submit(replace(quick, task=path, strategy="contribution", scope=scope), ANN))
    assert job.state == DONE, job.error
    mine = store.scoped(scope)
    assert [run.task for run in mine.runs()] == ["own:mine"] and len(mine.similarities()) == 2
    assert store.runs(task="own:mine") == [] and store.similarities() == []
    with pytest.raises(ValueError, match="mine.csv is not among your uploads"):
        queue.plan(replace(job.request, scope="b" * 32))
    assert queue.plan(job.request)["kept"] == list(job.run.kept)


def test_runs_that_follow_one_another_let_those_that_wait_go_first_and_end_with_a_cancel(queue, quick):
    seed = next(SEEDS)
    runs = [replace(quick, n_dropped=k, seed=seed) for k in (1, 2, 3)]
    first = queue.submit(runs[0], ANN, rest=tuple(runs[1:]))
    other = queue.submit(replace(quick, seed=next(SEEDS)), BOB)
    second = queue.get(wait(queue, first).next)
    assert (second.request, second.rest) == (runs[1], (runs[2],)) and second.state == WAITING
    wait(queue, other)
    third = queue.get(wait(queue, second).next)
    queue.cancel(third.id, ANN)
    ended = wait(queue, third)
    assert ended.state == CANCELLED and not ended.next


def test_a_cancel_that_comes_too_late_for_its_run_still_stops_those_that_would_follow(store, quick):
    queue = JobQueue(store)
    job = Job("late", quick, RUNNING, rest=(replace(quick, n_dropped=1),))
    queue._jobs, queue._holders = {job.id: job}, {job.id: set()}  # its last holder has just left
    with queue._changed:
        queue._end(job.id, DONE)
    assert queue.get(job.id).state == DONE and not queue.get(job.id).next
    queue.close()


def test_a_waiting_job_is_cancelled_at_once_and_the_others_move_up(queue, quick, busy):
    jobs = [queue.submit(replace(quick, n_dropped=k), ANN) for k in (0, 1, 2)]
    assert queue.cancel(jobs[1].id, ANN).state == CANCELLED
    assert [queue.get(j.id).position for j in (jobs[0], jobs[2])] == [1, 2]
    for job in jobs:
        queue.cancel(job.id, ANN)
    assert [wait(queue, j).started for j in jobs] == [None] * 3


def test_a_running_job_stops_within_a_step_and_stores_nothing(queue, store, busy):
    before = [r.key for r in store.runs()]
    asked = time.time()
    assert queue.cancel(busy.id, ANN).stopping
    stopped = wait(queue, busy)
    assert (stopped.state, stopped.run, stopped.error) == (CANCELLED, None, "")
    assert stopped.progress.step < stopped.progress.steps / 2
    assert stopped.ended - asked < 1
    assert [r.key for r in store.runs()] == before


def test_an_ended_job_cannot_be_cancelled(queue, done):
    assert queue.cancel(done.id, ANN) == done == queue.get(done.id)


def test_an_equal_request_joins_the_job_that_waits_or_runs(queue, quick, busy):
    waiting = queue.submit(quick, ANN)
    assert queue.submit(replace(quick), BOB).id == waiting.id
    assert queue.submit(busy.request, BOB).id == busy.id
    other = queue.submit(replace(quick, seed=next(SEEDS)), ANN)
    assert other.id != waiting.id
    for job, holder in ((waiting, ANN), (waiting, BOB), (other, ANN), (busy, BOB)):
        queue.cancel(job.id, holder)


def test_a_joined_job_goes_on_until_its_last_visitor_cancels(queue, quick, busy):
    for job in (queue.submit(quick, ANN), busy):
        queue.submit(job.request, BOB)
        assert queue.cancel(job.id, ANN).state == job.state
        time.sleep(0.2)  # longer than a step
        assert queue.get(job.id).state == job.state
        queue.cancel(job.id, BOB)
        assert wait(queue, job).state == CANCELLED


def test_to_cancel_twice_or_what_one_never_asked_for_takes_nothing_from_others(queue, quick, busy):
    for job in (queue.submit(quick, ANN), busy):
        queue.submit(job.request, BOB)
        for holder in (ANN, ANN, "stranger"):
            queue.cancel(job.id, holder)
        time.sleep(0.2)
        assert queue.get(job.id).state == job.state
        queue.cancel(job.id, BOB)
        assert wait(queue, job).state == CANCELLED


def test_to_ask_twice_is_to_hold_it_once(queue, quick, busy):
    for job in (queue.submit(quick, ANN), busy):
        assert queue.submit(job.request, ANN).id == job.id
        queue.cancel(job.id, ANN)
        assert wait(queue, job).state == CANCELLED


def test_a_job_that_is_being_stopped_is_not_joined(queue, busy):
    queue.cancel(busy.id, ANN)
    again = queue.submit(busy.request, ANN)
    assert again.id != busy.id
    assert until_training(queue, again).state == RUNNING
    queue.cancel(again.id, ANN)
    assert wait(queue, again).state == CANCELLED


def test_a_full_queue_says_how_many_wait_and_what_to_do(queue, quick, busy):
    jobs = [queue.submit(replace(quick, n_dropped=k), ANN) for k in (0, 1, 2)]
    with pytest.raises(QueueFullError, match="3 runs are waiting, no more can; try again when one of them is done"):
        queue.submit(replace(quick, n_dropped=3), ANN)
    assert queue.submit(jobs[2].request, ANN).id == jobs[2].id  # joining takes no place
    for job in jobs:
        queue.cancel(job.id, ANN)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"n_dropped": 4}, "top cannot drop 4 of 4 layers; choose 0 to 3"),
        ({"task": "poems"}, "unknown task 'poems'; choose one of: "),
        ({"model": "minilm-7"}, "unknown model 'minilm-7'; choose one of: "),
        ({"strategy": "contribution", "n_dropped": -1}, "contribution cannot drop -1 of 4 layers; choose 0 to 3"),
    ],
)
def test_an_impossible_request_is_refused_before_it_waits(queue, quick, busy, change, sentence):
    for ask in (lambda request: queue.submit(request, ANN), queue.plan):
        with pytest.raises(ValueError, match=f"^{sentence}"):
            ask(replace(quick, **change))
    following = queue.submit(quick, ANN)
    assert following.position == 1  # after the one that runs; the refused one has no place
    queue.cancel(following.id, ANN)


def test_what_goes_wrong_in_the_worker_is_told_in_its_sentence(queue, quick):
    failed = wait(queue, queue.submit(replace(quick, task="rte"), ANN))
    assert (failed.state, failed.run) == (FAILED, None)
    assert failed.error.startswith("task rte is fetched from the Hugging Face hub, which is out of reach")


def test_similarities_that_contribution_needs_are_measured_first(queue, store, quick):
    job = queue.submit(replace(quick, strategy="contribution", n_dropped=2), ANN)
    done = wait(queue, job)
    assert done.state == DONE
    (similarity,) = (s for s in store.similarities(done.run.model, "movie-reviews") if s.pooling == "sentence")
    kept = sorted(range(4), key=lambda i: (similarity.mean[i], i))[:2]
    assert done.run.kept == tuple(sorted(kept))


def test_a_plan_is_answered_in_the_middle_of_a_training(queue, quick, busy):
    document = queue.plan(replace(quick, strategy="symmetric", n_dropped=2))
    assert document.pop("parts")["after"]["layers"] == {"parameters": 4448, "bytes": 17792}
    assert document == {
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
        ids.append(queue.submit(replace(quick, seed=next(SEEDS)), ANN).id)
        queue.cancel(ids[-1], ANN)
    assert [queue.get(job_id).state for job_id in (busy.id, *ids[1:])] == [RUNNING] + [CANCELLED] * KEPT_JOBS
    with pytest.raises(LookupError, match=f"there is no job '{ids[0]}' any more"):
        queue.get(ids[0])


def test_a_killed_worker_fails_its_job_and_the_next_one_runs(queue, quick, busy, store):
    following = queue.submit(quick, ANN)
    worker_of(store).kill()
    failed = wait(queue, busy)
    assert (failed.state, failed.run) == (FAILED, None)
    assert failed.error.startswith(
        "the worker was ended by signal 9, perhaps for want of memory; nothing unfinished was stored."
    )
    assert wait(queue, following).state == DONE


def test_a_worker_killed_while_nothing_runs_is_replaced(queue, store):
    worker = worker_of(store)
    worker.kill()
    assert is_gone(worker, 5)
    time.sleep(0.2)  # the queue notices
    queue.warm_up()
    assert worker_of(store).pid != worker.pid
