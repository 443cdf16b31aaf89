"""Fine-tuned weights kept on disk: one folder per run key, in `weights` beside the run's store.

The newest stay. Where all of them, of every store under PRUNING_HOME, exceed PRUNING_WEIGHTS_GB, those used longest ago
go. Weights can always be trained again from their run, so they are never worth an error.
"""

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .models import home, load_model
from .store import VISITORS, Store
from .weights import read_folder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DEFAULT_GB = 2
UNFINISHED_SECONDS = 3600  # a hidden folder older than this was left by a process that was killed


def limit_bytes() -> int:
    """What PRUNING_WEIGHTS_GB allows; 0 keeps none. ValueError where it cannot be read."""
    text = os.environ.get("PRUNING_WEIGHTS_GB", "").strip() or str(DEFAULT_GB)
    try:
        limit = int(float(text) * 1e9)
    except (ValueError, OverflowError):  # of 'two', and of 'inf'
        limit = -1
    if limit < 0:
        raise ValueError(
            f"PRUNING_WEIGHTS_GB is {text!r}; set it to a number of gigabytes such as 2 or 0.5, to 0 to keep no "
            "fine-tuned weights, or unset it"
        )
    return limit


def folder(store: Store, key: str) -> Path | None:
    """The folder of that run's model with its tokenizer, complete; None where they are not kept, or not any more."""
    path = store.folder / "weights" / key
    return path if path.is_dir() else None


def load(store: Store, key: str, n_labels: int) -> "PreTrainedModel | None":
    """The kept model in eval mode, or None; one that is damaged is removed. It counts as used now."""
    path = folder(store, key)
    if path is None:
        return None
    try:
        os.utime(path)
        return load_model(read_folder(path, key), n_labels, seed=0)
    except (OSError, ValueError) as error:
        if not isinstance(error.__cause__, MemoryError | RuntimeError):  # for want of memory, not damaged
            remove(path)
        return None


def keep(store: Store, key: str, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Keeps them, in the place of older ones where there is no room. False, and nothing is left of them, where they
    are larger than the limit, the disk is full or the folder cannot be written."""
    from safetensors import SafetensorError

    limit, n_bytes = limit_bytes(), sum(tensor.nbytes for tensor in model.state_dict().values())
    if n_bytes > limit:
        return False
    place = store.folder / "weights"
    with suppress(OSError, SafetensorError):
        place.mkdir(parents=True, exist_ok=True)
        make_room(place, limit - n_bytes)
        with tempfile.TemporaryDirectory(prefix=".", dir=place, ignore_cleanup_errors=True) as unfinished:
            model.save_pretrained(unfinished)
            tokenizer.save_pretrained(unfinished)
            if size(Path(unfinished)) > limit:
                return False
            make_room(place, limit - size(Path(unfinished)))
            Path(unfinished).rename(place / key)  # fails where another process has just kept the same
    return folder(store, key) is not None


def make_room(place: Path, n_bytes: int) -> None:
    """Removes those used longest ago until the others take up no more than that, and what was never finished.

    All stores share one disk and one limit: counted are this place, the user's and every visitor's.
    """
    places = {place, home() / "weights", *home().glob(f"{VISITORS}/*/weights")}
    found = []
    for path in (path for one in places for path in one.glob("*")):
        with suppress(OSError):  # another process has just removed it
            found.append((path.stat().st_mtime, path, size(path)))
    total = sum(taken for _, path, taken in found if not is_unfinished(path))
    for used, path, taken in sorted(found):
        if is_unfinished(path):
            if time.time() - used > UNFINISHED_SECONDS:
                remove(path)
        elif total > n_bytes:
            remove(path)
            total -= taken


def is_unfinished(path: Path) -> bool:
    """Being written or removed by some process."""
    return path.name.startswith(".")


def size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.iterdir())


def remove(path: Path) -> None:
    """Hidden first, so that nobody finds it half removed."""
    with suppress(OSError):
        shutil.rmtree(path.rename(path.with_name(f".{path.name}.removed")))
