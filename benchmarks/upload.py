"""How fast a file of one's own is there: from the upload in the browser to the drawn preview, and a run on it.

    python benchmarks/upload.py [--rows 3000] [--megabytes 50] [--model minilm-l6]

Starts the app with a home of its own (the model is taken from PRUNING_HOME), opens it in headless Chromium, uploads a
CSV of `--rows` rows and runs one point on it; then one of `--megabytes`, during which another visitor changes choices.
Prints seconds, and the peak memory of all the app's processes above what they had before. Run it on a quiet machine.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from pruning.installs import Installs  # found once the project's folder is on the path
from pruning.jobs import JobQueue
from pruning.models import installed_folder
from pruning.store import Store
from pruning.tasks import load_task
from pruning.ui.app import build_app
from pruning.ui.look import launch_options

DRAWN = "#lp-lengths .lp-plot[data-drawn]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--model", default="minilm-l6")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        home, model = Path(scratch) / "home", installed_folder(options.model)
        shutil.copytree(model, home / "models" / model.name)
        os.environ["PRUNING_HOME"] = str(home)
        store, installs = Store(home), Installs()
        jobs = JobQueue(store)
        demo = build_app(store, jobs, installs)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        jobs.warm_up()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page, other = (browser.new_page() for _ in range(2))
        for visitor in (page, other):
            visitor.goto(f"{url}?model={options.model}&drop=3")
            visitor.wait_for_selector("#lp-tiles .lp-number")
        time_small(page, write_csv(Path(scratch) / "small.csv", options.rows), options.rows)
        time_large(page, other, write_large(Path(scratch) / "large.csv", options.megabytes))
        browser.close()
        demo.close()
        jobs.close()
        installs.close()


def write_csv(path: Path, n_rows: int) -> Path:
    """Movie reviews with their labels, of every split."""
    data = load_task("movie-reviews")
    rows = [pd.DataFrame({"text": s.texts, "label": s.labels}) for s in (data.train, data.validation, data.test)]
    pd.concat(rows).sample(n_rows, random_state=0).to_csv(path, index=False)
    return path


def write_large(path: Path, megabytes: int) -> Path:
    """The same reviews again and again, each with a number, until the file is that large."""
    train, lines = load_task("movie-reviews").train, ["text,label\n"]
    size, most, number = 0, megabytes * 2**20 - 1000, 0
    while size < most:
        i = number % len(train.texts)
        lines.append(f'"{train.texts[i].replace(chr(34), chr(39))} {number}",{train.labels[i]}\n')
        size, number = size + len(lines[-1].encode()), number + 1
    path.write_text("".join(lines), encoding="utf-8")
    return path


def time_small(page: Page, path: Path, n_rows: int) -> None:
    print(f"{n_rows} rows: {upload(page, path):.1f} s from the upload to the drawn preview")
    page.locator("#lp-use").click()
    page.locator("#lp-action", has_text=path.name).wait_for()
    started = time.perf_counter()
    page.locator("#lp-run").click()
    page.locator("#lp-job", has_text="Done").wait_for(timeout=600_000)
    print(f"{n_rows} rows: {time.perf_counter() - started:.1f} s from the click to the run's point: ", end="")
    print(page.locator("#lp-tiles .lp-number").first.inner_text())


def time_large(page: Page, other: Page, path: Path) -> None:
    with Memory() as memory:
        page.get_by_role("tab", name="Your data").click()
        started = time.perf_counter()
        page.locator("#lp-file input[type=file]").set_input_files(path)
        answers = []
        while not page.locator("#lp-preview", has_text=path.name).count():
            answers.append(change_choice(other))
        seconds = time.perf_counter() - started
    size = path.stat().st_size / 2**20
    print(
        f"{size:.1f} MB: {seconds:.1f} s from the upload to the preview, {memory.peak / 2**20:.0f} MiB more at the peak"
    )
    if answers:
        most, middle = max(answers), statistics.median(answers)
        print(
            f"meanwhile another visitor's choice took {middle:.2f} s (median of {len(answers)}), at most {most:.2f} s"
        )


def upload(page: Page, path: Path) -> float:
    page.get_by_role("tab", name="Your data").click()
    started = time.perf_counter()
    page.locator("#lp-file input[type=file]").set_input_files(path)
    page.wait_for_selector(DRAWN, timeout=120_000)
    return time.perf_counter() - started


def change_choice(page: Page) -> float:
    """Seconds until the answer to another number of layers is shown."""
    before = page.locator("#lp-tiles .lp-number").first.inner_text()
    started = time.perf_counter()
    page.locator("#lp-drop input[type=range]").press("Home" if "drop" in before else "ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('#lp-tiles .lp-number').innerText !== before", arg=before, timeout=60_000
    )
    return time.perf_counter() - started


class Memory:
    """The most resident memory that this process and its children other than the browser take, above the start's."""

    def __enter__(self) -> "Memory":
        self.start, self.peak, self.done = self.now(), 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.done.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.done.wait(0.05):
            self.peak = max(self.peak, self.now() - self.start)

    def now(self) -> int:
        """Bytes."""
        found, me = 0, psutil.Process()
        for process in [me, *me.children(recursive=True)]:
            try:
                if process.pid == me.pid or "pruning." in " ".join(process.cmdline()):
                    found += process.memory_info().rss
            except psutil.Error:
                continue
        return found


if __name__ == "__main__":
    main()
