"""A folder that holds a model: its config and its safetensors, checked without loading them."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import program
from .families import Family, get_family
from .parameters import check_parameters, max_parameters, stored_parameters

HUB_COMMIT = "hub-commit.txt"  # beside the weights of a hub model that is no row of MODELS
HUB_LICENSE = "hub-license.txt"  # beside it, the licence that its page names


@dataclass(frozen=True)
class Weights:
    """A model whose files are on this machine."""

    name: str  # as `stored_name` gives it
    folder: Path
    revision: str  # hub commit, or sha256 of the safetensors
    family: Family
    n_layers: int


def read_folder(folder: Path, name: str, sha256: str = "") -> Weights:
    """Checks a folder with a transformers model. ValueError says what is missing, refused, damaged or too large.

    `sha256` is what the weights of a registered model must have.
    """
    family, n_layers = read_architecture(folder)
    weights = find_weights(folder)
    if max_parameters() is not None:
        check_parameters(stored_parameters(weights), name)
    digest = weights_sha256(tuple(weights), tuple((p.stat().st_size, p.stat().st_mtime_ns) for p in weights))
    if sha256 and digest != sha256:
        raise ValueError(
            f"the weights of {name} are damaged: sha256 {digest[:12]}…, expected {sha256[:12]}…; "
            f"fetch them again with: {program()} models install {name}"
        )
    return Weights(name, folder, read_revision(folder) or digest, family, n_layers)


def find_weights(folder: Path) -> list[Path]:
    """Its safetensors in the order of their names; ValueError where there are none."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        pickles = [p.name for pattern in ("*.bin", "*.pt", "*.ckpt", "*.h5", "*.msgpack") for p in folder.glob(pattern)]
        found = f"only {pickles[0]}, which may run code when opened" if pickles else "no weights"
        raise ValueError(f"{folder} holds {found}; save the model with save_pretrained, which writes model.safetensors")
    return weights


def read_architecture(folder: Path) -> tuple[Family, int]:
    """Family and number of layers of the model in that folder, from its config; ValueError where that cannot be."""
    return check_config(read_config(folder), str(folder / "config.json"))


def check_config(config: dict, where: str) -> tuple[Family, int]:
    """Family and number of layers that a config names; ValueError where there is no such family or number."""
    family = get_family(config.get("model_type"))
    n_layers = config.get(family.count)
    if type(n_layers) is not int or n_layers < 1:
        raise ValueError(f"{where} does not say how many layers there are ({family.count}); add it, as a whole number")
    return family, n_layers


def read_config(folder: Path) -> dict:
    path = folder / "config.json"
    if not path.exists():
        raise ValueError(f"{folder} has no config.json; give a folder written by save_pretrained")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON ({error}); write it again with save_pretrained") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} is not a model's config; write it again with save_pretrained")
    return config


def read_revision(folder: Path) -> str:
    """The hub commit that `models install` noted beside an unregistered hub model, else ''."""
    note = folder / HUB_COMMIT
    return note.read_text(encoding="utf-8").strip() if note.exists() else ""


@lru_cache(maxsize=64)
def weights_sha256(paths: tuple[Path, ...], stamps: tuple[tuple[int, int], ...]) -> str:
    """sha256 over the files in order; `stamps` (size, modification time) lets a changed file be read anew."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
