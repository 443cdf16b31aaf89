"""Runs in several processes: all are stored, none twice, and a process that is killed costs only its unfinished run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tiny import save_tiny

from pruning.plan import Request
from pruning.pool import count_cores, next_ready, run_in_processes
from pruning.runs import AS_IS, FINE_TUNED
from pruning.store import Store

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny-bert"))


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "home", shipped=tmp_path / "nothing")


def requests(model, *drops, **fields) -> list[Request]:
    return [Request(model, "tweets", n_dropped=n, **fields) for n in drops]


def workers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "pruning.worker" in p.cmdline()]


def test_every_run_is_stored_once_and_computed_with_its_share_of_the_cores(model, store):
    asked = requests(model, 0, 1, 2, 3)
    ended = list(run_in_processes(asked, store, 2))
    assert {request for request, error in ended if not error} == set(asked)
    assert sorted(run.n_dropped for run in store.runs()) == [0, 1, 2, 3]
    n_threads = max(1, count_cores() // 2)
    assert all(run.device.startswith(f"cpu: {n_threads} threads") for run in store.runs())
    assert not workers()


def test_a_run_that_fails_is_told_and_the_others_go_on(model, store):
    asked = [*requests(model, 1), Request(model + "-gone", "tweets", n_dropped=1), *requests(model, 2)]
    errors = dict(run_in_processes(asked, store, 2))
    assert "there is no folder" in errors[asked[1]]
    assert not errors[asked[0]] and not errors[asked[2]]
    assert len(store.runs()) == 2


def test_a_process_killed_from_outside_has_its_run_tried_again(model, store):
    ended, before = [], set()
    for outcome in run_in_processes(requests(model, 0, 1, 2, 3), store, 2):
        if not ended:
            before = set(workers())
            for worker in before:  # one has just ended its run, the other is busy
                worker.send_signal(signal.SIGKILL)
        ended.append(outcome)
    assert len(before) == 2 and [error for _, error in ended] == [""] * 4
    assert len(store.runs()) == 4


def test_of_runs_on_a_fine_tuned_model_the_first_of_a_seed_goes_ahead(model):
    class Busy:
        running, led = {}, set()

    first, second = requests(model, 1, 2, start=AS_IS)
    other_seed, other_start = requests(model, 1, seed=1, start=AS_IS) + requests(model, 1, start=FINE_TUNED)
    assert next_ready([first, second], Busy) == first
    Busy.running = {"1": first}
    assert next_ready([second], Busy) is None
    assert next_ready([second, other_seed], Busy) == other_seed
    assert next_ready([second, other_start], Busy) == other_start
    assert next_ready([second, *requests(model, 1)], Busy).start != AS_IS
    Busy.running, Busy.led = {}, {(AS_IS, 0)}
    assert next_ready([second], Busy) == second


def test_a_sweep_killed_in_the_middle_loses_nothing_and_repeats_nothing(model, tmp_path):
    command = [sys.executable, "-m", "pruning", "sweep", "--model", model, "--task", "tweets", "--workers", "2"]
    command += ["--strategies", "top", "bottom", "--drops", "0", "1", "2", "3"]
    environment = os.environ | {"PRUNING_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    store = Store(tmp_path / "home", shipped=tmp_path / "nothing")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(store.runs()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    children = psutil.Process(process.pid).children()
    process.kill()
    psutil.wait_procs(children, timeout=30)
    assert not any(child.is_running() for child in children)
    before = {run.key: run for run in store.runs()}
    assert 2 <= len(before) < 7
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert f"8 points, 7 distinct runs, {len(before)} stored, {7 - len(before)} left, about" in done.stderr
    after = {run.key: run for run in store.runs()}
    assert len(after) == 7 and all(after[key] == run for key, run in before.items())
