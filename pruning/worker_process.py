"""The app's end of its worker: starts `pruning.worker`, sends it lines of JSON and reads what it says."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .store import Store


class WorkerProcess:
    """A started `pruning.worker` and the thread that reads what it says. It ends when this process does.

    It computes with `n_threads`; without a number with as many as torch finds good.
    """

    def __init__(
        self,
        store: Store,
        on_message: Callable[[dict], None],
        on_end: Callable[[int], None],
        n_threads: int | None = None,
    ):
        root = str(Path(__file__).parent.parent)
        paths = [root, os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [root]
        threads = {name: str(n_threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")} if n_threads else {}
        self._process = subprocess.Popen(
            # -P: never import from the folder the user is in
            [sys.executable, "-P", "-m", "pruning.worker", str(store.folder), str(store.shipped)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | threads,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            bufsize=1,
            start_new_session=True,  # control-C in the terminal is for the app, whose end ends the worker
        )
        self._on_message, self._on_end = on_message, on_end
        self._reader = threading.Thread(target=self._read, name="worker-reader", daemon=True)
        self._reader.start()

    def send(self, message: dict) -> None:
        with suppress(OSError, ValueError):  # where it has just ended, the reader finds that out and says so
            self._process.stdin.write(json.dumps(message) + "\n")

    def close(self) -> None:
        """Ends the process and waits for both."""
        self._process.kill()
        self._reader.join()

    def _read(self) -> None:
        with self._process.stdout as lines:
            for line in lines:
                if line.endswith("\n"):  # else it was killed while it wrote
                    self._on_message(json.loads(line))
        status = self._process.wait()
        with suppress(OSError):  # what was written last is lost with the process
            self._process.stdin.close()
        self._on_end(status)
