"""How fast the analyses are, and the tabs that show stored ones.

    python benchmarks/analyses.py passes [--model minilm-l6] [--task movie-reviews] [--pairs 3]
    python benchmarks/analyses.py tabs [--times 50]

`passes` measures contribution, both matrices and probes of every state: as the program does it, from one pass over the
validation texts, and with a pass of its own for every state, as hidden states are usually read. Both run in turn, each
in a process of its own. `tabs` opens each tab in headless Chromium: from the click to the drawn figure, on shipped
results, and the size of what is sent. Run it on a quiet machine.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the project is not installed, it is run from its folder

TABS = {  # name -> a part whose drawing, or text, ends the wait
    "Trade-off": "#lp-curve .lp-plot[data-drawn]",
    "Similarity": "#lp-drift .lp-plot[data-drawn]",
    "Probes": "#lp-probes .lp-plot[data-drawn]",
    "Budget": "#lp-worth-parameters .lp-plot[data-drawn]",
    "Try it": "#lp-try-hint .lp-hint",
    "Export": "#lp-export-story b",
}
WAYS = ("one pass", "a pass per state")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["passes", "tabs", *WAYS])
    parser.add_argument("--model", default="minilm-l6")
    parser.add_argument("--task", default="movie-reviews")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--times", type=int, default=50)
    options = parser.parse_args()
    if options.what == "tabs":
        time_tabs(options.times)
    elif options.what == "passes":
        compare_ways(options)
    else:
        print(json.dumps(measure(options.what, options.model, options.task)))


def compare_ways(options: argparse.Namespace) -> None:
    found = {way: [] for way in WAYS}
    for _ in range(options.pairs):
        for way in WAYS:
            command = [sys.executable, __file__, way, "--model", options.model, "--task", options.task]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[way].append(json.loads(done.stdout))
    for way, rows in found.items():
        for name in ("states_s", "probes_s", "all_s", "peak_mb"):
            values = [row[name] for row in rows]
            print(f"{way:18}{name:10}{statistics.median(values):9.1f}  ({min(values):.1f} to {max(values):.1f})")
    for name in ("states_s", "all_s"):
        ratios = [slow[name] / fast[name] for fast, slow in zip(*found.values(), strict=True)]
        print(f"ratio {name}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def measure(way: str, model: str, task: str) -> dict:
    """Seconds without loading, and the peak of the whole process."""
    from pruning.execute import CALIBRATION_TEXTS, calibration
    from pruning.models import load_model, resolve
    from pruning.probes import probe
    from pruning.representations import represent
    from pruning.similarity import layer_records
    from pruning.tasks import load_task

    weights, data = resolve(model), load_task(task)
    loaded, encoded = load_model(weights, data.task.n_labels, seed=0), calibration(weights, data)
    started = time.perf_counter()
    found = list(represent(loaded, encoded))[-1] if way == WAYS[0] else per_state(loaded, encoded)
    origin = dict.fromkeys(("model", "revision", "task", "data"), "")
    list(layer_records(found, origin))
    states = time.perf_counter()
    labels = data.validation.first(CALIBRATION_TEXTS).labels
    for pooled in found.pooled.values():
        list(probe(pooled, labels, data.task))
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"states_s": states - started, "probes_s": ended - states, "all_s": ended - started, "peak_mb": peak}


def per_state(model, encoded):
    """The same values, each state read by a pass of its own over all texts in their order, its tokens kept."""
    import numpy as np
    import torch
    from torch.nn.functional import cosine_similarity, normalize

    from pruning.families import get_family
    from pruning.layers import count_layers
    from pruning.representations import Representations, pool

    family, n = get_family(model.config.model_type), len(encoded.lengths)
    batches = [range(start, min(start + 32, n)) for start in range(0, n, 32)]
    states, masks = [], []
    for state in range(count_layers(model) + 1):
        tokens = []
        for batch in (encoded.pad(indices) for indices in batches):
            with torch.inference_mode():
                tokens.append(model(**batch, output_hidden_states=True).hidden_states[state])
            masks += [batch["attention_mask"]] if not state else []
        states.append(tokens)
    pooled, contribution, cosines = {}, {}, {}
    for name in ("sentence", "mean"):
        pooled[name] = np.stack(
            [np.concatenate([pool(t, m, family)[name].numpy() for t, m in zip(s, masks, strict=True)]) for s in states],
            1,
        )
        pairs = zip(states, states[1:])
        contribution[name] = np.stack([over_texts(a, b, masks, family, name, cosine_similarity) for a, b in pairs], 1)
        unit = [[normalize(t, dim=-1) for t in s] for s in states]
        means = [[over_texts(a, b, masks, family, name, dot_product).mean() for b in unit] for a in unit]
        cosines[name] = np.array(means, dtype="float32")
    return Representations(contribution, cosines, pooled)


def dot_product(a, b, dim: int):
    return (a * b).sum(dim)


def over_texts(a: list, b: list, masks: list, family, pooling: str, measure):
    import numpy as np

    from pruning.representations import pool

    values = (pool(measure(x, y, dim=-1), m, family)[pooling] for x, y, m in zip(a, b, masks, strict=True))
    return np.concatenate([value.numpy() for value in values])


def time_tabs(times: int) -> None:
    """Every tab in turn, each from another tab; a choice differs from visit to visit, so that views are made anew."""
    from playwright.sync_api import sync_playwright

    from pruning.installs import Installs
    from pruning.jobs import JobQueue
    from pruning.store import Store
    from pruning.ui.app import build_app
    from pruning.ui.look import launch_options

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["PRUNING_HOME"] = home
        store = Store(Path(home))
        jobs, installs = JobQueue(store), Installs()
        demo = build_app(store, jobs, installs)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, place in TABS.items():
            seconds, sizes = time_tab(
                browser.new_page(viewport={"width": 1440, "height": 1010}), url, name, place, times
            )
            ordered = sorted(seconds)
            late, largest = ordered[int(0.95 * len(ordered)) - 1], max(sizes, default=0)
            middle = 1000 * statistics.median(seconds)
            print(f"{name:12} median {middle:5.0f} ms, 95th percentile {1000 * late:5.0f} ms of {len(seconds)}; "
                  f"at most {largest / 1000:.0f} kB sent")  # fmt: skip
        browser.close()
        demo.close()
        jobs.close()
        installs.close()


def time_tab(page, url: str, name: str, place: str, times: int) -> tuple[list[float], list[int]]:
    other, found, sizes = ("Probes" if name == "Trade-off" else "Trade-off"), [], []
    page.on("response", lambda r: sizes.append(len(r.body())) if "/gradio_api/run/" in r.url and r.ok else None)
    page.goto(url)
    page.wait_for_selector(TABS["Trade-off"])
    slider = page.locator("#lp-drop input[type=range]")
    for turn in range(times):
        page.get_by_role("tab", name=other, exact=True).click()
        slider.press("Home" if turn % 6 == 5 else "ArrowRight")
        page.wait_for_timeout(150)
        page.evaluate("place => document.querySelector(place)?.removeAttribute('data-drawn')", place.partition("[")[0])
        started = time.perf_counter()
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_selector(place)
        found.append(time.perf_counter() - started)
        page.wait_for_timeout(50)
    page.close()
    return found, sizes


if __name__ == "__main__":
    main()
