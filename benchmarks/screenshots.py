"""Pictures of the page for the README: `make screenshots`. Starts the app on shipped results alone, on a free port.

Needs a Chromium and the development requirements. Writes assets/screenshots/tradeoff-{light,dark}[-narrow].png.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from pruning.installs import Installs  # found once the project's folder is on the path
from pruning.jobs import JobQueue
from pruning.store import Store
from pruning.ui.app import build_app
from pruning.ui.look import launch_options

FOLDER = ROOT / "assets" / "screenshots"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
SIZES = {"": (1440, 1010), "-narrow": (390, 844)}
THEMES = ("light", "dark")
DRAWN = "#lp-curve .lp-plot[data-drawn]"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as nothing_of_the_users, sync_playwright() as playwright:
        store = Store(Path(nothing_of_the_users))
        jobs = JobQueue(store)
        demo = build_app(store, jobs, Installs())
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for theme in THEMES:
            for suffix, size in SIZES.items():
                take(browser, url, theme, size, FOLDER / f"tradeoff-{theme}{suffix}.png")
        browser.close()
        demo.close()
        jobs.close()


def take(browser: Browser, url: str, theme: str, size: tuple[int, int], path: Path) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    page.goto(url)
    page.wait_for_selector(DRAWN)
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)  # the last transition
    page.screenshot(path=path)
    page.close()
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
