"""Other processes: workers of a queue, and installs of a model to be stopped, killed, or run beside each other."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil

from pruning.models import Model
from pruning.store import Store

# installs a model, registered first if its row is given, and prints its steps or its error
SCRIPT = """
import json, sys
from pruning.install import install
from pruning.models import MODELS, Model
name, row = sys.argv[1], json.loads(sys.argv[2])
if row:
    MODELS[name] = Model(**row)
try:
    for progress in install(name):
        print(progress.step, progress.steps, flush=True)
except (OSError, ValueError) as error:
    print(f"{type(error).__name__}: {error}")
"""


def start(model: Model | str, **environment: str) -> subprocess.Popen:
    name, row = (model.name, asdict(model)) if isinstance(model, Model) else (model, None)
    command = [sys.executable, "-c", SCRIPT, name, json.dumps(row)]
    root = Path(__file__).parent.parent
    return subprocess.Popen(command, cwd=root, env=os.environ | environment, stdout=subprocess.PIPE, text=True)


def printed(process: subprocess.Popen) -> str:
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    return output


def wait_until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def worker_of(store: Store, app: int | None = None) -> psutil.Process:
    """The worker with that store that the app, by default this process, has started; waits for it: a process bears
    its command only some time after its start, on a busy machine."""
    found = []

    def look() -> bool:
        found[:] = [child for child in psutil.Process(app).children() if names(child, str(store.folder))]
        return len(found) == 1

    wait_until(look)
    return found[0]


def names(process: psutil.Process, folder: str) -> bool:
    """Whether its command names that folder; one that has just ended names nothing."""
    try:
        return folder in process.cmdline()
    except psutil.Error:
        return False


def is_gone(process: psutil.Process, seconds: float) -> bool:
    """Whether it ends within that time; an ended process nobody has asked about yet is gone too."""
    deadline = time.monotonic() + seconds
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
