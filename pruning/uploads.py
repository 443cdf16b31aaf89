"""Files that visitors bring to the app: each in its uploader's own folder, for a day.

A visitor is a secret token. The folder's name is a hash of it, and every function goes by that folder alone: who has
another token finds nothing, also with the right name of an upload. What a file holds is found by a process of its own
(examine.py), since neither 50 MB nor a hostile file should touch the app.
"""

import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread

from .models import home
from .store import EXPORTS, VISITORS

NAME = re.compile("upload:([0-9a-f]{16})")
MAX_FILES = 20  # of one visitor
MAX_MB = 200
LEAST_FREE_MB = 500  # of the disk, whoever brings how much
KEPT_SECONDS = 86400
EXAMINE_SECONDS = 120
ROOT = Path(__file__).parent.parent

EXAMINING = BoundedSemaphore(2)  # processes at a time; the others wait
FILES = Lock()  # held while files are moved or removed: a visitor may have two tabs


@dataclass(frozen=True)
class Upload:
    name: str  # upload: and 16 hex digits, of the content and the file's name
    path: Path  # absolute; its last part is the name that the visitor's file had, made safe
    text: tuple[str, ...]  # columns that the visitor chose; empty: guessed
    label: str
    kind: str
    seen: dict  # what examine.py found

    @property
    def scope(self) -> str:
        """Its visitor's, as `scope_of` gives it."""
        return self.path.parents[2].name  # SCOPE/files/HEX/NAME

    @property
    def until(self) -> float:
        """When it is removed, in seconds since 1970; 0 where it already was."""
        try:
            return self.path.parent.stat().st_mtime + KEPT_SECONDS
        except OSError:
            return 0


def scope_of(visitor: str) -> str:
    """The name of that visitor's folder: 32 hex digits. ValueError where there is no token."""
    if not visitor or not isinstance(visitor, str):
        raise ValueError("this page is not loaded yet; wait a moment, or load it again")
    return hashlib.sha256(visitor.encode("utf-8", "replace")).hexdigest()[:32]


def add(visitor: str, file: Path, name: str) -> Upload:
    """Takes a copy of the file and looks into it; the same one again is one upload.

    An upload may have a problem in `seen` that another choice of columns solves. ValueError: the visitor has too much
    already, or the file holds no columns at all, and is not kept. OSError: it cannot be stored.
    """
    file, name = Path(file), safe_name(name)
    remove_old()
    with sentence_on_disk():
        key = digest(file, name)
        folder = visitor_files(visitor) / key
        copy_in(file, folder / name)
    upload_name = f"upload:{key}"
    try:
        return find(visitor, upload_name) or look_into(Upload(upload_name, folder / name, (), "", "", {}))
    except (ValueError, OSError):
        with FILES:
            remove_folder(folder)
        raise


def choose(visitor: str, upload_name: str, text: tuple[str, ...] = (), label: str = "", kind: str = "") -> Upload:
    """The upload looked into anew with these columns and kind; empty: guessed. ValueError: none of these there are."""
    from .columns import KINDS

    upload = find(visitor, upload_name)
    if not upload:
        raise ValueError("this file is not kept any more; upload it again")
    if len(text) > 2 or not {*text, label} <= {*upload.seen["columns"], ""} or kind not in ("", *KINDS):
        raise ValueError(f"{upload.path.name} has no such columns, or no such kind of task; choose from the lists")
    return look_into(replace(upload, text=tuple(text), label=label, kind=kind))


def find(visitor: str, upload_name: str) -> Upload | None:
    """That visitor's upload of this name; None for any other, and for one that was removed."""
    match = NAME.fullmatch(upload_name) if isinstance(upload_name, str) else None
    if not match or not visitor:
        return None
    folder = visitor_files(visitor) / match[1]
    try:
        kept = json.loads(note_of(folder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Upload(upload_name, folder / kept["file"], tuple(kept["text"]), kept["label"], kept["kind"], kept["seen"])


def uploads(visitor: str) -> list[Upload]:
    """That visitor's uploads, newest first."""
    if not visitor:
        return []
    names = [f"upload:{note.stem}" for note in visitor_files(visitor).glob("*.json")]
    found = [upload for name in names if (upload := find(visitor, name))]
    return sorted(found, key=lambda upload: upload.until, reverse=True)


def remove(visitor: str, upload_name: str) -> None:
    """Removes that visitor's upload, if there is one of this name."""
    if upload := find(visitor, upload_name):
        with FILES, sentence_on_disk():
            remove_folder(upload.path.parent)


def remove_old(seconds: float = KEPT_SECONDS) -> None:
    """Removes visitors' files and exports that are older, as far as the disk allows it; results stay."""
    before = time.time() - seconds
    with FILES:
        for folder in (home() / VISITORS).glob("*/files/*/"):
            with suppress(OSError):
                if folder.stat().st_mtime < before:
                    remove_folder(folder)
        for folder in (home() / EXPORTS).glob("*/"):
            with suppress(OSError):
                if folder.stat().st_mtime < before:
                    shutil.rmtree(folder)


def keep_removing(every: float = 600) -> None:
    """Calls `remove_old` again and again, seconds apart, in a thread that ends with the program."""

    def go_on() -> None:
        while True:
            remove_old()
            time.sleep(every)

    Thread(target=go_on, name="remove old uploads", daemon=True).start()


def visitor_files(visitor: str) -> Path:
    return (home() / VISITORS / scope_of(visitor) / "files").resolve()


def note_of(folder: Path) -> Path:
    """What is known of the file in that folder: beside it, where no file's name can be its own."""
    return folder.with_name(f"{folder.name}.json")


def safe_name(name: str) -> str:
    """The last part of a path, without what is not printable and without leading dots; at most 100 characters."""
    last = re.split(r"[/\\]", name)[-1]
    stem, ending = os.path.splitext("".join(c for c in last if c.isprintable()).strip().lstrip(".") or "file")
    stem = stem[:80].encode()[:160].decode(errors="ignore")  # a file system counts bytes
    return stem + ending[:20]


def digest(file: Path, name: str) -> str:
    """16 hex digits of the content and the name; read block by block."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256")
    found.update(name.encode())
    return found.hexdigest()[:16]


def copy_in(file: Path, target: Path) -> None:
    """Whole or not at all: another tab may be reading the same. ValueError where there is no room for it."""
    folder, files = target.parent, target.parent.parent
    files.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.mkdir(exist_ok=True)
    part = files / f".{secrets.token_hex(8)}"
    size = file.stat().st_size
    if shutil.disk_usage(files).free - size < LEAST_FREE_MB << 20:
        raise ValueError("there is no room for files on this machine now; try again later, or with a smaller one")
    try:
        shutil.copyfile(file, part)
        with FILES:
            check_room(folder, size)
            folder.mkdir(exist_ok=True)
            os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def check_room(folder: Path, size: int) -> None:
    """ValueError where the visitor's other files leave no room for one of that size in `folder`."""
    others = [path.stat().st_size for path in folder.parent.glob("*/*") if path.parent != folder]
    if len(others) >= MAX_FILES:
        raise ValueError(f"you have {len(others)} files here, {MAX_FILES} are allowed; remove one first")
    if (total := sum(others) + size) > MAX_MB << 20:
        raise ValueError(f"your files would take {total >> 20} MB, {MAX_MB} are allowed; remove one first")


def look_into(upload: Upload) -> Upload:
    """With what is found in it now, and the columns kept for the next time; errors as `add`."""
    with EXAMINING:
        seen = examined(upload)
    with FILES, sentence_on_disk():
        if not upload.path.is_file():
            raise ValueError(f"{upload.path.name} was removed meanwhile; upload it again")
        if not seen["columns"]:
            if not upload.seen:
                raise ValueError(seen["problem"])
            seen = upload.seen | {"report": None, "problem": seen["problem"]}  # it took too long, this time
        kept = {"file": upload.path.name, "text": upload.text, "label": upload.label, "kind": upload.kind, "seen": seen}
        part = note_of(upload.path.parent).with_suffix(".part")
        part.write_text(json.dumps(kept), encoding="utf-8")
        os.replace(part, note_of(upload.path.parent))
    return replace(upload, seen=seen)


def examined(upload: Upload, seconds: float = EXAMINE_SECONDS) -> dict:
    """The document of examine.py; one with a problem where that process takes longer or dies."""
    name = upload.path.name
    asked = {"path": str(upload.path), "text": upload.text, "label": upload.label, "kind": upload.kind}
    command = [sys.executable, "-m", "pruning.examine"]
    try:
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, timeout=seconds, cwd=ROOT
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
        logging.getLogger(__name__).error("examining an upload failed (%s)\n%s", done.returncode, done.stderr[-4000:])
        problem = f"{name} cannot be read; take a sample of its rows, or save it again as CSV (UTF-8)"
    except subprocess.TimeoutExpired:
        problem = f"{name} takes longer than {seconds:g} seconds to read; take a sample of its rows"
    return {"columns": [], "problem": problem}


def remove_folder(folder: Path) -> None:
    """What is known of a file first: without that the file is found no more."""
    note_of(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sentence_on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"your file cannot be kept here ({reason}); tell the one who runs this app") from error
