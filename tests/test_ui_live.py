"""A live run: whose it is, how it is told, and what the page does with it."""

from dataclasses import replace

import pytest
from rows import make_minilm_run, save_shipped

from pruning.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job, JobQueue
from pruning.plan import Request
from pruning.progress import Progress
from pruning.store import Store
from pruning.ui.choice import Choice
from pruning.ui.live import LiveRuns, describe_job
from pruning.ui.updates import CHOICES, LIVE, VIEWS, all_updates

REQUEST = Request("minilm-l6", "tweets", "top", 2, seed=1)


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


NAME = "Top · drop 2, seed 1 · MiniLM on Tweets"


@pytest.mark.parametrize(
    "job, told",
    [
        (Job("1", REQUEST, WAITING, position=2), ("Waiting", "2 before you", None, True)),
        (Job("1", REQUEST, RUNNING), ("Starting", NAME, None, True)),
        (
            Job("1", REQUEST, RUNNING, progress=Progress("training", 47, 94, 0.5123, 12.4)),
            ("Training", f"step 47 of 94 · loss 0.512 · 12 s left · {NAME}", 50, True),
        ),
        (Job("1", REQUEST, RUNNING, progress=Progress("timing")), ("Timing", NAME, None, True)),
        (
            Job("1", REQUEST, RUNNING, progress=Progress("training", 47, 94, 0.5123, 12.4), stopping=True),
            ("Cancelling", f"{NAME}: stops within one step", None, True),
        ),
        (Job("1", REQUEST, CANCELLED), ("Cancelled", f"{NAME}: nothing was stored.", None, False)),
        (Job("1", REQUEST, FAILED, error="the hub is out of reach"),
         ("This run failed", "the hub is out of reach", None, False)),
        (
            Job("1", REQUEST, DONE, run=make_minilm_run((0, 1, 2, 3), 78.04)),
            (f"Done: {NAME} → 78.0",
             "95% interval 77.0 to 79.0; trained in 40 s; starred on the curve.", None, False),
        ),
    ],
    ids=["waiting", "starting", "training", "timing", "cancelling", "cancelled", "failed", "done"],
)  # fmt: skip
def test_a_live_run_is_told_in_words(store, job, told):
    assert tuple(describe_job(job, store)[name] for name in ("title", "detail", "percent", "running")) == told


def test_a_stored_run_that_was_asked_for_again_is_said_to_be_shipped(store):
    job = Job("1", REQUEST, DONE, run=store.runs()[0])
    assert describe_job(job, store)["detail"].endswith("shipped with this program.")


@pytest.fixture
def jobs(store):
    queue = JobQueue(store)
    yield queue
    queue.close()


MINE, OTHER = (Request("owner/name", "movie-reviews", "top", n) for n in (1, 2))  # nothing of it is on this machine


def test_a_visitor_has_one_job_at_a_time_whichever_tab_asks(jobs):
    live = LiveRuns(jobs)
    first = live.start("visitor", MINE)
    assert live.start("visitor", OTHER).request == MINE
    assert live.start("somebody else", OTHER).id != first.id
    assert live.find("visitor").id == first.id and live.find("nobody") is None


def test_a_job_of_two_visitors_ends_with_the_second_cancel(jobs):
    live = LiveRuns(jobs)
    live.start("somebody else", OTHER)
    job = live.start("visitor", MINE)
    assert live.start("a third", MINE).id == job.id
    live.stop("visitor")
    live.stop("visitor")
    live.stop("nobody")
    assert live.find("a third").state != CANCELLED
    live.stop("a third")
    assert live.find("a third").state == CANCELLED


def test_of_runs_that_follow_one_another_the_present_one_is_the_visitors(store):
    class Jobs:
        known = {"a": Job("a", MINE, DONE, next="b"), "b": Job("b", OTHER, DONE, next="c"), "c": Job("c", MINE)}

        def submit(self, *asked):
            return self.known["a"]

        def get(self, job_id):
            return self.known[job_id]

    live = LiveRuns(Jobs())
    live.start("visitor", MINE)
    assert live.find("visitor").id == "c"


def test_after_its_end_a_visitor_may_start_another(jobs):
    live = LiveRuns(jobs)
    live.start("somebody else", MINE)
    live.start("visitor", OTHER)
    live.stop("visitor")
    assert live.find("visitor").state == CANCELLED
    assert live.start("visitor", replace(MINE, seed=1)).request.seed == 1


def test_a_page_without_its_token_starts_nothing(jobs):
    with pytest.raises(ValueError, match="not loaded yet"):
        LiveRuns(jobs).start("", MINE)


@pytest.mark.parametrize("state, interactive", [(WAITING, False), (RUNNING, False), (DONE, True), (CANCELLED, True)])
def test_the_run_button_rests_while_the_visitors_job_goes_on(store, state, interactive):
    ended = 1.0 if state in (DONE, CANCELLED) else None
    job = Job("1", REQUEST, state, run=make_minilm_run(), ended=ended)
    assert all_updates(Choice(), (), job, store)[-1]["interactive"] is interactive


def test_a_damaged_store_leaves_the_shipped_rows_and_says_what_is_wrong(store):
    store.folder.mkdir(parents=True)
    store.path.write_bytes(b"no database " * 1000)
    for told in (LIVE + CHOICES + VIEWS, VIEWS):
        updates = all_updates(Choice(n_dropped=1), (), None, store, told)
        views = dict(zip(VIEWS, updates[-len(VIEWS) :], strict=True))
        assert views["tiles"]["tiles"][0]["number"] == "Top · drop 1 → 79.5"
        assert "is damaged" in views["action"]["text"] and views["action"]["problem"]
        assert not views["run"]["interactive"]
