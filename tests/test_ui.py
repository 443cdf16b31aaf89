"""The app as a program sees it: its endpoints, its start, its texts; on a store of explicit rows."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from gradio_client import Client
from rows import save_shipped
from tiny import save_tiny

from pruning.installs import Installs
from pruning.jobs import CANCELLED, JobQueue
from pruning.store import Store
from pruning.strategies import STRATEGIES
from pruning.tasks import TASKS
from pruning.ui.app import build_app
from pruning.ui.look import launch_options
from pruning.ui.method import describe_method

ROOT = Path(__file__).parent.parent


@pytest.fixture
def store(tmp_path, home):
    return Store(home, save_shipped(tmp_path / "shipped"))


def test_the_method_names_every_strategy_task_and_recipe():
    text = describe_method()
    rows = [*STRATEGIES.values(), *TASKS.values()]
    assert all(f"| {row.label} |" in text for row in rows) and "Data card" in text
    assert "threshold" in text  # where the rules differ from the paper's


@pytest.fixture
def jobs(store):
    queue = JobQueue(store)
    yield queue
    queue.close()


@pytest.fixture
def client(store, jobs):
    demo = build_app(store, jobs, Installs())
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield Client(url, verbose=False, analytics_enabled=False)
    demo.close()


def test_programs_find_plan_results_and_run(client, store):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/plan", "/results", "/run"}
    rows = client.predict("minilm-l6", "movie-reviews", api_name="/results")
    assert [row["key"] for row in rows] == [run.key for run in store.runs()]
    assert client.predict("minilm-l6", "tweets", api_name="/results") == []


@pytest.mark.parametrize(
    "arguments, problem",
    [
        ({"model": "no such model", "strategy": "top", "n_dropped": 1}, "unknown model 'no such model'"),
        ({"model": "minilm-l6", "strategy": "sideways", "n_dropped": 1}, "unknown strategy 'sideways'"),
    ],
)
def test_an_impossible_plan_is_answered_with_a_sentence(client, arguments, problem):
    with pytest.raises(Exception, match=problem.replace("'", ".*")):
        client.predict(**arguments, api_name="/plan")


@pytest.mark.slow
def test_a_run_of_a_program_streams_its_progress_and_ends_with_the_run(client, tmp_path):
    folder = str(save_tiny("bert", tmp_path / "tiny-bert"))
    planned = client.predict(model=folder, strategy="top", n_dropped=3, api_name="/plan")
    assert planned["kept"] == [0] and planned["parameters"]["after"] < planned["parameters"]["before"]
    job = client.submit(model=folder, task="movie-reviews", strategy="top", n_dropped=3, api_name="/run")
    events = list(job)
    assert {event.get("stage") for event in events[:-1]} >= {"loading", "training"}
    assert (events[-1]["kept"], events[-1]["task"], events[-1]["n_eval"]) == ([0], "movie-reviews", 1000)
    with pytest.raises(Exception, match="cannot drop 4 of 4 layers"):
        client.predict(model=folder, task="movie-reviews", strategy="top", n_dropped=4, api_name="/run")


@pytest.mark.slow
def test_a_run_that_a_program_cancels_is_stopped_and_not_stored(client, jobs, store, tmp_path):
    folder = str(save_tiny("bert", tmp_path / "tiny-bert"))
    n_stored = len(store.runs())
    job = client.submit(
        model=folder, task="movie-reviews", strategy="top", n_dropped=1, recipe="standard", api_name="/run"
    )
    wait_until(lambda: any(event.get("stage") == "training" for event in job.outputs()))
    job.cancel()
    stopped = job.outputs()[0]["job"]
    wait_until(lambda: jobs.get(stopped).ended)
    assert jobs.get(stopped).state == CANCELLED and len(store.runs()) == n_stored


def wait_until(holds, seconds=240):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_looking_at_results_imports_nothing_heavy(tmp_path):
    code = """
import sys
from pruning.installs import Installs
from pruning.jobs import JobQueue
from pruning.store import Store
from pruning.ui.app import build_app
from pruning.ui.choice import Choice
from pruning.ui.view import make_view
build_app(Store(), JobQueue(Store()), Installs())
make_view(Choice(), Store())
make_view(Choice(model="bert-base-uncased"), Store())
heavy = {"torch", "transformers", "datasets", "evaluate", "sklearn", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_the_entry_point_serves_the_page_and_its_own_files_only(home):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | {"GRADIO_SERVER_PORT": str(port)})
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and status(address) != 200:
            time.sleep(0.1)
        assert status(address) == 200
        assert status(f"{address}/lp/page/app.js") == 200 and status(f"{address}/lp/plotly/plotly.min.js") == 200
        assert status(f"{address}/lp/page/..%2f..%2fapp.py") == 404
        assert status(f"{address}/monitoring") == 403
    finally:
        app.terminate()
        app.wait(30)


def status(address: str) -> int | None:
    """HTTP status; None while nobody answers."""
    try:
        return urllib.request.urlopen(address, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
