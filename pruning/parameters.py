"""How many parameters a model has, read from the headers of its safetensors, and how many are allowed.

PRUNING_MAX_PARAMETERS is for the operator of a hosted app: a whole number such as 150000000, or 150M, or 1.5B.
"""

import json
import math
import os
import re
from pathlib import Path

UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}
MAX_HEADER = 100_000_000  # bytes; the safetensors library's own limit


class TooLargeError(ValueError):
    """A model has more parameters than PRUNING_MAX_PARAMETERS allows."""


def max_parameters() -> int | None:
    """The limit that PRUNING_MAX_PARAMETERS sets; None: no limit. ValueError where it cannot be read."""
    text = os.environ.get("PRUNING_MAX_PARAMETERS", "").strip()
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)([KMB]?)", text.upper(), re.ASCII)
    limit = round(float(found[1]) * UNITS[found[2]]) if found else 0
    if limit < 1:
        raise ValueError(
            f"PRUNING_MAX_PARAMETERS is {text!r}; set it to a number of parameters such as 150000000, 150M or 1.5B, "
            "or unset it"
        )
    return limit


def check_parameters(n_parameters: int, model: str) -> None:
    """TooLargeError where these are more than allowed."""
    limit = max_parameters()
    if limit is not None and n_parameters > limit:
        raise TooLargeError(
            f"{model} has {in_words(n_parameters)} parameters, and PRUNING_MAX_PARAMETERS allows {in_words(limit)} "
            "here; choose a smaller model, or run the project on your own machine"
        )


def in_words(n_parameters: int) -> str:
    """The number in millions, or in thousands where it is small: '22.7 M', '110 M', '84 K'."""
    unit, name = (10**6, "M") if n_parameters >= 10**6 else (10**3, "K")
    return f"{n_parameters / unit:,.{1 if n_parameters < 100 * unit else 0}f} {name}"


def stored_parameters(weights: list[Path]) -> int:
    """The parameters in a model's safetensors; where the whole and its shards lie together, those of the whole."""
    whole = [path for path in weights if path.name == "model.safetensors"]
    return sum(math.prod(tensor["shape"]) for path in whole or weights for tensor in read_header(path).values())


def read_header(path: Path) -> dict[str, dict]:
    """What a safetensors file says of its tensors, by name. ValueError where it is damaged."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        text = file.read(size) if size <= MAX_HEADER else b""
        n_bytes = file.seek(0, os.SEEK_END) - 8 - size
    try:
        tensors = {name: tensor for name, tensor in json.loads(text).items() if name != "__metadata__"}
        if not all(type(n) is int and n >= 0 for tensor in tensors.values() for n in tensor["shape"]):
            raise ValueError("a tensor without a shape")
        if (told := max((tensor["data_offsets"][1] for tensor in tensors.values()), default=0)) != n_bytes:
            raise ValueError(f"it holds {n_bytes:,} bytes of weights and should hold {told:,}")
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError) as error:
        raise ValueError(
            f"{path} is no safetensors file or damaged ({error}); fetch or save the model again, as safetensors"
        ) from error
    return tensors
