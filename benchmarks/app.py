"""How fast the app is, where it says so against a bare Gradio page in turn.

    python benchmarks/app.py start --pairs 5      # process start to the first HTTP 200
    python benchmarks/app.py figure --pairs 5     # opening the page in Chromium to its first drawn figure
    python benchmarks/app.py updates --times 100  # the server's time for a changed choice
    python benchmarks/app.py visitors --pairs 1   # 100 visitors for a minute, each changing something every 1 to 5 s
    python benchmarks/app.py memory               # 10,000 changes: how the server's memory grows
    python benchmarks/app.py first-run            # the imports that the first live run after the start waits for

Run it on a quiet machine. All but `figure` talk HTTP to a running app as the page does; the bare page has a dropdown
and echoes it.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the project is not installed, it is run from its folder

from pruning.ui.choice import Choice

BARE = """import gradio as gr
with gr.Blocks() as demo:
    choice, echo = gr.Dropdown(["a", "b"], elem_id="lp-strategy"), gr.Textbox()
    choice.input(lambda value: value, choice, echo, queue=False)
demo.launch(quiet=True)"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SETTLE_SECONDS = 20  # until the worker is warm
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(MEASURES))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--visitors", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    MEASURES[options.what](options)


def compare_starts(options: argparse.Namespace) -> None:
    """Process start to the first HTTP 200, seconds; the first pair warms the disk and is not counted."""
    found = []
    for _ in range(options.pairs + 1):
        found.append((start_seconds(["-c", BARE]), start_seconds(["app.py"])))
    ratios = [ours / bare for bare, ours in found[1:]]
    for name, values in zip(("bare", "app"), zip(*found[1:], strict=True), strict=True):
        print(f"{name:5} {spread(values)} s")
    print(f"ratio {spread(ratios)}")


def start_seconds(command: list[str]) -> float:
    with started(command) as (_, seconds, _):
        return seconds


def compare_figures(options: argparse.Namespace) -> None:
    """Opening the page in a new browser to the first drawn figure, or of the bare page to its dropdown, seconds."""
    found = []
    with started(["-c", BARE]) as (bare, _, _), started(["app.py"]) as (app, _, _):
        for _ in range(options.pairs + 1):
            found.append((drawn_seconds(bare, "input"), drawn_seconds(app, "#lp-curve .lp-plot[data-drawn]")))
    for name, values in zip(("bare", "app"), zip(*found[1:], strict=True), strict=True):
        print(f"{name:5} {spread(values)} s")


def drawn_seconds(url: str, selector: str) -> float:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        begun = time.perf_counter()
        page.goto(url)
        page.wait_for_selector(selector)
        return time.perf_counter() - begun


def time_updates(options: argparse.Namespace) -> None:
    """The request that a change of strategy sends, milliseconds from sending it to the whole answer."""
    with started(["app.py"]) as (url, _, _):
        bodies = change_bodies(url)[: options.times]
        for what in ("looked at for the first time", "looked at before"):
            found, size = [], 0
            for body in bodies:
                begun = time.perf_counter()
                size = len(post(url + "/gradio_api/run/predict", body))
                found.append(1000 * (time.perf_counter() - begun))
            print(f"{what}: {in_ms(found)}; {size / 1000:.0f} kB")


def compare_visitors(options: argparse.Namespace) -> None:
    """Milliseconds per change with many visitors at once, errors, and how the server's memory grew."""
    for _ in range(options.pairs):
        p95 = {}
        for name, command in (("bare", ["-c", BARE]), ("app", ["app.py"])):
            with started(command) as (url, _, process):
                time.sleep(SETTLE_SECONDS)
                bodies = change_bodies(url)
                before = megabytes(process)
                found, errors = asyncio.run(load(url, bodies, options.visitors, options.seconds))
                grown = megabytes(process) - before
            p95[name] = statistics.quantiles(found, n=20)[-1]
            print(f"{name:5} {in_ms(found)}, {errors} errors, memory {before:.0f} MB {grown:+.0f} MB")
        print(f"ratio of the 95th percentiles {p95['app'] / p95['bare']:.2f}")


async def load(url: str, bodies: list[dict], n_visitors: int, seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each change of all visitors, who have the page open already, and how many failed."""
    import httpx

    found, errors, end = [], 0, 0.0

    async def visit(number: int, client: httpx.AsyncClient) -> None:
        nonlocal errors
        dice = random.Random(number)
        while True:
            await asyncio.sleep(dice.uniform(1, 5))
            if time.perf_counter() > end:
                return
            body = dice.choice(bodies) | {"session_hash": f"visitor{number}"}
            begun = time.perf_counter()
            answer = await client.post("/gradio_api/run/predict", json=body)
            found.append(1000 * (time.perf_counter() - begun))
            errors += answer.status_code != 200

    limits = httpx.Limits(max_connections=n_visitors, max_keepalive_connections=n_visitors)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        for number in range(n_visitors):
            await client.post("/gradio_api/run/predict", json=bodies[0] | {"session_hash": f"visitor{number}"})
        end = time.perf_counter() + seconds
        await asyncio.gather(*(visit(number, client) for number in range(n_visitors)))
    return found, errors


def watch_memory(options: argparse.Namespace) -> None:
    """The server's memory after so many changes of 100 visitors, one after the other."""
    with started(["app.py"]) as (url, _, process):
        time.sleep(SETTLE_SECONDS)
        bodies = change_bodies(url)
        for number in range(10_001):
            if number % 2000 == 0:
                print(f"{number} changes: {megabytes(process):.0f} MB", flush=True)
            post(url + "/gradio_api/run/predict", bodies[number % len(bodies)] | {"session_hash": f"v{number % 100}"})


def time_first_run(options: argparse.Namespace) -> None:
    """Seconds from the first HTTP 200 until the worker has imported everything, and of the first run's own loading."""
    with started(["app.py"]) as (url, _, process):
        begun = time.perf_counter()
        time.sleep(SETTLE_SECONDS)
        first = run_seconds(url, 4)
        second = run_seconds(url, 5)
        print(f"first run {first:.1f} s, the same again with another seed {second:.1f} s: {first - second:+.1f} s; "
              f"{time.perf_counter() - begun:.0f} s after the start")  # fmt: skip


def run_seconds(url: str, seed: int) -> float:
    """Of a run of the smallest stack, from asking for it to its end."""
    from gradio_client import Client

    client = Client(url, verbose=False, analytics_enabled=False)
    begun = time.perf_counter()
    client.predict("minilm-l6", "movie-reviews", "top", 5, seed=seed, api_name="/run")
    return time.perf_counter() - begun


def change_bodies(url: str) -> list[dict]:
    """The requests that changes of strategy send: to the app with choices of every kind, to the bare page its own."""
    config = json.loads(urllib.request.urlopen(url + "/config").read())
    strategy = next(c for c in config["components"] if c["props"].get("elem_id") == "lp-strategy")
    event = next(d for d in config["dependencies"] if [strategy["id"], "input"] in map(list, d["targets"]))
    body = {"fn_index": event["id"], "session_hash": "bench", "trigger_id": strategy["id"]}
    names = [value for _, value in strategy["props"]["choices"] if value != "custom"]
    if len(event["inputs"]) == 1:
        return [body | {"data": [name]} for name in names]
    tasks = ("movie-reviews", "product-reviews", "tweets")
    choices = [
        Choice("minilm-l6", task, "measured", name, n_dropped=n_dropped, budget=budget)
        for name, task, n_dropped, budget in itertools.product(names, tasks, range(4), (1, 2, 3))
    ]
    random.Random(0).shuffle(choices)
    return [body | {"data": ["a visitor", *(getattr(c, f.name) for f in fields(Choice))]} for c in choices]


def megabytes(process: subprocess.Popen) -> float:
    """Of the server alone, without its worker."""
    import psutil

    return psutil.Process(process.pid).memory_info().rss / 1e6


def in_ms(found: list[float]) -> str:
    p95 = statistics.quantiles(found, n=20)[-1]
    return f"median {statistics.median(found):.0f} ms, 95th percentile {p95:.0f} ms of {len(found)}"


def post(url: str, body: dict) -> bytes:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=60).read()


@contextmanager
def started(command: list[str]) -> Iterator[tuple[str, float, subprocess.Popen]]:
    """(url, seconds from process start to the first HTTP 200, process) of Python that serves a Gradio page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, begun = f"http://127.0.0.1:{port}", time.perf_counter()
    environment = os.environ | QUIET | {"GRADIO_SERVER_PORT": str(port)}
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(url, timeout=10).read()
                break
            except (urllib.error.URLError, ConnectionError):
                if process.poll() is not None:
                    raise RuntimeError(f"{command} ended with status {process.returncode} before it served") from None
                time.sleep(0.02)
        seconds = time.perf_counter() - begun
        yield url, seconds, process
    finally:
        process.terminate()
        process.wait()


def spread(values) -> str:
    return f"median {statistics.median(values):.2f} (min {min(values):.2f}, max {max(values):.2f})"


MEASURES = {
    "start": compare_starts,
    "figure": compare_figures,
    "updates": time_updates,
    "visitors": compare_visitors,
    "memory": watch_memory,
    "first-run": time_first_run,
}

if __name__ == "__main__":
    main()
