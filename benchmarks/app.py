"""How fast the app is: its start against a bare Gradio page, and the server's time for a changed choice.

    python benchmarks/app.py start --pairs 5
    python benchmarks/app.py updates --times 100

Run it on a quiet machine. `start` runs the two in turn and prints the ratio pair by pair; `updates` talks HTTP to a
running app as the page does.
"""

import argparse
import json
import os
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

BARE = "import gradio as gr\nwith gr.Blocks() as demo:\n    gr.Markdown('bare')\ndemo.launch(quiet=True)"
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["start", "updates"])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    if options.what == "start":
        compare_starts(options.pairs)
    else:
        time_updates(options.times)


def compare_starts(pairs: int) -> None:
    """Process start to the first HTTP 200, seconds; the first pair warms the disk and is not counted."""
    found = []
    for _ in range(pairs + 1):
        found.append((start_seconds(["-c", BARE]), start_seconds(["app.py"])))
    ratios = [ours / bare for bare, ours in found[1:]]
    for name, values in zip(("bare", "app"), zip(*found[1:], strict=True), strict=True):
        print(f"{name:5} {spread(values)} s")
    print(f"ratio {spread(ratios)}")


def start_seconds(command: list[str]) -> float:
    with started(command) as (_, seconds):
        return seconds


def time_updates(times: int) -> None:
    """The request that a change of strategy sends, milliseconds from sending it to the whole answer."""
    with started(["app.py"]) as (url, _):
        config = json.loads(urllib.request.urlopen(url + "/config").read())
        strategy = next(c for c in config["components"] if c["props"].get("elem_id") == "lp-strategy")
        event = next(d for d in config["dependencies"] if [strategy["id"], "input"] in map(list, d["targets"]))
        names = [value for _, value in strategy["props"]["choices"] if value != "custom"]
        found, size = [], 0
        for i in range(times + 5):  # the first five fill the caches
            choice = Choice("minilm-l6", "movie-reviews", "measured", names[i % 6], n_dropped=i % 4, budget=1 + i % 3)
            data = ["a visitor", *(getattr(choice, field.name) for field in fields(Choice))]
            body = {"fn_index": event["id"], "data": data, "session_hash": "bench", "trigger_id": strategy["id"]}
            begun = time.perf_counter()
            size = len(post(url + "/gradio_api/run/predict", body))
            found.append(1000 * (time.perf_counter() - begun))
    found = found[5:]
    p95 = statistics.quantiles(found, n=20)[-1]
    median = statistics.median(found)
    print(f"update median {median:.0f} ms, 95th percentile {p95:.0f} ms of {times}; {size / 1000:.0f} kB")


def post(url: str, body: dict) -> bytes:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=60).read()


@contextmanager
def started(command: list[str]) -> Iterator[tuple[str, float]]:
    """(url, seconds from process start to the first HTTP 200) of a Python process that serves a Gradio page."""
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
        yield url, seconds
    finally:
        process.terminate()
        process.wait()


def spread(values) -> str:
    return f"median {statistics.median(values):.2f} (min {min(values):.2f}, max {max(values):.2f})"


if __name__ == "__main__":
    main()
