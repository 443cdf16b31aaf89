"""The worker process: its end, its streams, and what it says of errors."""

import json
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from processes import is_gone, worker_of
from tiny import save_tiny

from pruning.jobs import CANCELLED, JobQueue
from pruning.plan import Request
from pruning.progress import explain
from pruning.store import Store

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny("bert", tmp_path_factory.mktemp("models") / "tiny"))


APP = """
import sys, time
from pathlib import Path
from pruning.jobs import JobQueue
from pruning.plan import Request
from pruning.store import Store
queue = JobQueue(Store(Path(sys.argv[3]), Path(sys.argv[3])))
if sys.argv[1] == "training":
    job = queue.submit(Request(sys.argv[2], "movie-reviews", "top", 1, seed=999, recipe="paper"), "a visitor")
    next(j for j in queue.watch(job, 0.05) if j.ended or j.progress.step > 2)
else:
    queue.warm_up()
print(sorted({"torch", "transformers", "gradio"} & set(sys.modules)), flush=True)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["starting", "training"])
def test_the_worker_ends_with_the_app_even_when_that_is_killed(tmp_path, model, moment):
    store, command = Store(tmp_path), [sys.executable, "-c", APP, moment, model, str(tmp_path)]
    app = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    imported = app.stdout.readline()
    worker = worker_of(store, app.pid)
    app.send_signal(signal.SIGKILL)
    app.communicate()
    assert imported == "[]\n"  # the app itself has none of the heavy libraries
    assert is_gone(worker, 5)
    assert [r for r in store.runs() if r.seed == 999] == []


@pytest.mark.slow
def test_close_ends_the_worker_its_jobs_and_its_thread(model, tmp_path):
    quick = Request(model, "movie-reviews", "top", 0)
    threads = threading.active_count()
    queue = JobQueue(Store(tmp_path))
    jobs = [queue.submit(replace(quick, n_dropped=k), "a visitor") for k in (0, 1)]
    watching = queue.watch(jobs[1])
    next(watching)
    worker = worker_of(queue.store)
    queue.close()
    queue.close()  # twice does no harm
    assert is_gone(worker, 0)
    assert threading.active_count() == threads
    assert [j.state for j in (*map(queue.get, (j.id for j in jobs)), *watching)] == [CANCELLED] * 3
    with pytest.raises(RuntimeError, match="the job queue is closed"):
        queue.submit(quick, "a visitor")


def test_nothing_a_library_prints_or_reads_meets_the_protocol():
    code = """
import os, sys
from pruning.store import Store
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


@pytest.mark.slow
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


def test_a_request_crosses_to_the_worker_unchanged():
    request = Request("m", "tweets", "custom", layers=(0, 2), seed=3)
    assert Request.from_dict(json.loads(json.dumps(asdict(request)))) == request
