"""What all tests share. The environment is set before anything of the project is imported: offline, nothing sent
to anyone, and everything written goes to a folder that is deleted afterwards.
"""

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.mkdtemp(prefix="pruning-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
# where `make test` installed the default model; empty: the default folder. Set once: several workers inherit it
USERS_HOME = os.environ.setdefault("PRUNING_TESTS_USERS_HOME", os.environ.get("PRUNING_HOME", ""))
os.environ |= {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_TEMP_DIR": str(SCRATCH / "gradio"),
    "HF_HOME": str(SCRATCH / "huggingface"),
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",  # two threads on a tiny model only wait for each other
    "PRUNING_HOME": str(SCRATCH / "home"),
}

import pytest  # noqa: E402  the environment comes first

from pruning.models import MODELS, Model, NotInstalledError, resolve  # noqa: E402

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
GRADIOS_OWN = re.compile(  # what its own scripts write to the console while all is well
    r"Method not implemented\.|\[svelte-i18n\] Message with id \"label\" must be of type"  # an upload; a value "label"
)
LAST = ("slow", "browser")  # marks whose tests run after all others, in this order


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    config.addinivalue_line("markers", "browser: needs a Chromium")


def pytest_collection_modifyitems(items):
    """The fast tests come first, so that a mistake shows early."""
    items.sort(key=lambda item: max((LAST.index(m.name) + 1 for m in item.iter_markers() if m.name in LAST), default=0))


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A PRUNING_HOME of its own, empty; commands started by the test inherit it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("PRUNING_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Folder of the default model as the user has it installed. Read it, never write there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRUNING_HOME", USERS_HOME)  # '' means the default folder
        try:
            return resolve("minilm-l6").folder
        except NotInstalledError:
            pytest.fail("the default model is not on this machine; run make test, which installs it")


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> dict[str, bytes]:
    """The files of a tiny BERT, by name."""
    from tiny import save_tiny

    folder = save_tiny("bert", tmp_path_factory.mktemp("tiny"))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """The folder that pip takes for its package index, through its own settings."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def row(files, monkeypatch) -> Model:
    """A registered model that lies in one wheel."""
    digest = hashlib.sha256(files["model.safetensors"]).hexdigest()
    row = Model("tiny", "Tiny", "a/tiny", 4, wheels=("tiny-model==1.0",), folder="tiny_model/model/", sha256=digest)
    monkeypatch.setitem(MODELS, row.name, row)
    return row


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
        try:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        except Error as error:
            reason = f"no Chromium: neither {', '.join(CHROMIUMS)} nor playwright's own ({error})"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Address of the app on explicit rows, with a home of its own, and a folder with a tiny model."""
    from rows import make_minilm_run, save_shipped
    from tiny import save_tiny

    from pruning.installs import Installs
    from pruning.jobs import JobQueue
    from pruning.store import Store
    from pruning.ui.app import build_app
    from pruning.ui.look import launch_options

    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRUNING_HOME", str(folder / "home"))
        store = Store(folder / "home", save_shipped(folder / "shipped", ("movie-reviews", "tweets"), landscape=True))
        store.add(make_minilm_run((0, 2, 3, 5), 77.0, task="tweets"))  # layers that no strategy drops
        jobs = JobQueue(store)
        installs = Installs()
        demo = build_app(store, jobs, installs)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        yield url, save_tiny("bert", folder / "tiny-bert")
        demo.close()
        jobs.close()
        installs.close()


@pytest.fixture
def page(browser, app):
    """A fresh visitor. Afterwards: nothing was asked of another host, and the console is free of errors."""
    context = browser.new_context(viewport={"width": 1440, "height": 1010})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    foreign = re.compile(rf"^(?!{re.escape(app[0])}|data:|blob:)")
    page.on("request", lambda request: problems.append(request.url) if foreign.match(request.url) else None)
    yield page
    context.close()
    problems = [text for text in problems if not GRADIOS_OWN.match(text)]
    assert not problems, "\n".join(problems)
