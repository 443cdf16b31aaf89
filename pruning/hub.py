"""What the Hugging Face hub says of a model before it is fetched. HF_TOKEN counts, but not where strangers ask."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .families import Family
from .models import is_hosted
from .parameters import check_parameters
from .weights import check_config

HUB_SECONDS = 3  # without an answer for so long, the hub is out of reach
INVALID_TOKEN = "Invalid credentials in Authorization header"  # any other 401 means: not there, or not for you
MAX_CONFIG = 1_000_000  # bytes of a config.json that is read
MAX_OTHER = 50_000_000  # bytes of any file but the weights

# all that `transformers` needs of a model's folder: no pickles, no code, no copies in other formats
NEEDED = re.compile(
    r"config\.json|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json"
    r"|(tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json|vocab\.txt|merges\.txt"
    r"|(spiece|spm|sentencepiece\.bpe)\.model"
)


@dataclass(frozen=True)
class HubModel:
    hub_id: str  # without a revision
    commit: str
    sizes: dict[str, int]  # bytes of each file that is needed, by its name
    family: Family
    n_layers: int
    parameters: int  # as the hub counts them, else by the size of the weights
    license: str  # as its page names it; '' where it names none

    @property
    def download_mb(self) -> int:
        return round(sum(self.sizes.values()) / 1_000_000)


def look_up(model: str) -> HubModel:
    """The model of a hub id, with or without @revision, that this program can use and this user may read.

    ValueError: it cannot be used, or there is no such model or revision. ConnectionError: the hub is out of reach.
    """
    from huggingface_hub import HfApi

    hub_id, _, revision = model.partition("@")
    with explained(hub_id, revision):
        api = HfApi(token=token())
        info = api.model_info(hub_id, revision=revision or None, timeout=HUB_SECONDS, files_metadata=True)
    sizes = needed_files(model, {file.rfilename: file.size or 0 for file in info.siblings or ()})
    with explained(hub_id, revision):
        text = read_config(hub_id, info.sha)  # refused where the files are, though the listing is not
    try:
        config = json.loads(text)
        if not isinstance(config, dict):
            raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"the config.json of {model} is damaged ({error}); choose another model or revision"
        ) from error
    family, n_layers = check_config(config, f"the config.json of {model}")
    n_parameters = info.safetensors.total if info.safetensors else estimate_parameters(sizes, config)
    check_parameters(n_parameters, model)
    tags = [tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")]
    return HubModel(hub_id, info.sha, sizes, family, n_layers, n_parameters, ", ".join(tags))


def needed_files(model: str, sizes: dict[str, int]) -> dict[str, int]:
    """Those of a repository's files that are fetched; ValueError where it has no weights or config to use."""
    needed = {name: size for name, size in sizes.items() if NEEDED.fullmatch(name)}
    if "model.safetensors" in needed:  # some have the same weights once more, in shards
        needed = {name: size for name, size in needed.items() if not name.startswith("model-")}
    elif not any(name.endswith(".safetensors") for name in needed):
        raise ValueError(
            f"{model} has no safetensors on the hub; choose a model that has, or a revision such as {model}@refs/pr/1 "
            "if somebody has offered them there, or save it as safetensors"
        )
    for name, size in needed.items():
        if size > MAX_OTHER and not name.endswith(".safetensors"):
            raise ValueError(
                f"{name} of {model} has {size // 10**6} MB, which no tokenizer needs; choose another model"
            )
    if not 0 < needed.get("config.json", 0) <= MAX_CONFIG:
        raise ValueError(f"{model} has no config.json of a usual size on the hub; choose another model or revision")
    return needed


def estimate_parameters(sizes: dict[str, int], config: dict) -> int:
    """From the size of the weights, and the number type that the config names."""
    n_bytes = sum(size for name, size in sizes.items() if name.endswith(".safetensors"))
    return n_bytes // (2 if "16" in str(config.get("dtype") or config.get("torch_dtype")) else 4)


def token() -> bool | None:
    """None: the user's own, HF_TOKEN or that of a login. On a hosted app none: its models are not its visitors'."""
    return False if is_hosted() else None


def read_config(hub_id: str, commit: str) -> bytes:
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    url = hf_hub_url(hub_id, "config.json", revision=commit)
    answer = get_session().get(url, headers=build_hf_headers(token=token()), timeout=HUB_SECONDS)
    hf_raise_for_status(answer)
    return answer.content


@contextmanager
def explained(hub_id: str, revision: str) -> Iterator[None]:
    """The hub's refusals as sentences, and all else that can go wrong as ConnectionError."""
    from huggingface_hub import constants
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        page = f"{constants.ENDPOINT}/{hub_id}"
        do = f"accept its terms on {page}, then set HF_TOKEN to a token of that account"
        if is_hosted():
            do = "run the project on your own machine for it"
        raise ValueError(f"{hub_id} is gated, its owner asks to accept terms first; {do}") from error
    except RevisionNotFoundError as error:
        raise ValueError(
            f"{hub_id} has no revision {revision!r} on the hub; give a branch, a tag or a commit, "
            "or leave it out for the main branch"
        ) from error
    except Exception as error:  # huggingface_hub lets its HTTP library's own kinds through
        answer = getattr(error, "response", None)
        refused = answer is not None and answer.status_code == 401
        if refused and answer.headers.get("X-Error-Message") == INVALID_TOKEN:
            raise ConnectionError(
                f"cannot fetch {hub_id}: the Hugging Face hub refuses your token; set HF_TOKEN to a valid one, "
                "or unset it"
            ) from error
        if refused or isinstance(error, HFValidationError | RepositoryNotFoundError):
            do = "" if is_hosted() else ", and if it is private set HF_TOKEN to a token that may read it"
            raise ValueError(f"the Hugging Face hub has no model {hub_id!r} for you; check the name{do}") from error
        raise ConnectionError(
            f"cannot fetch {hub_id}: the Hugging Face hub is out of reach ({' '.join(str(error).split())}); "
            "connect to the network, or choose a model that is on this machine"
        ) from error
