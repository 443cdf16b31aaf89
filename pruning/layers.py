"""Dropping layers: a new, smaller model from a changed config and copied weights."""

import copy

import torch
from torch import Tensor
from torch.nn import ModuleList
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel
from transformers.utils import logging

from .families import get_family
from .models import Weights

logging.disable_progress_bar()
logging.set_verbosity_error()  # that a new head is untrained is known here, and no news


def find_layers(model: PreTrainedModel) -> ModuleList:
    """The model's layers, nearest the embeddings first; one, where all share their weights.

    ValueError for an architecture that is not supported.
    """
    return model.get_submodule(get_family(model.config.model_type).layers)


def count_layers(model: PreTrainedModel) -> int:
    return getattr(model.config, get_family(model.config.model_type).count)


def drop_layers(model: PreTrainedModel, kept: tuple[int, ...]) -> PreTrainedModel:
    """A new model with the kept layers of `model`, which stays as it was: no tensor is shared.

    `kept`: ascending indices, at least one; the first ones, where all layers share their weights. The new model is
    built by `from_pretrained`, as a reloaded one is, so what is evaluated and what is saved cannot differ.
    """
    family, n_layers = get_family(model.config.model_type), count_layers(model)
    if not kept or list(kept) != sorted(set(kept)) or kept[0] < 0 or kept[-1] >= n_layers:
        raise ValueError(f"cannot keep layers {kept}; give one or more of 0 to {n_layers - 1}, ascending, each once")
    if family.shared and kept != tuple(range(len(kept))):
        raise ValueError(f"cannot keep layers {kept} of {family.label}: {family.note}; keep the first ones")
    state = kept_state(model, kept)
    if family.repair:
        family.repair(state, family.layers + ".", kept, model.config)
    pruned, report = type(model).from_pretrained(
        None,
        config=with_layers(model.config, kept),
        state_dict=state,
        dtype=model.dtype,
        attn_implementation=model.config._attn_implementation,
        output_loading_info=True,
    )
    if report["missing_keys"] or report["unexpected_keys"] or report["mismatched_keys"]:
        raise ValueError(f"{family.label} does not rebuild from its own weights: {report}; report this model, please")
    return pruned.to(model.device).train(model.training)


def kept_state(model: PreTrainedModel, kept: tuple[int, ...]) -> dict[str, Tensor]:
    """Copies of the model's weights without the dropped layers', the kept layers renumbered from 0."""
    family = get_family(model.config.model_type)
    prefix = family.layers + "."
    new_index = {str(old): str(new) for new, old in enumerate(kept)}
    state = {}
    for name, tensor in model.state_dict().items():
        if name.startswith(prefix) and not family.shared:
            index, rest = name.removeprefix(prefix).split(".", 1)
            if index not in new_index:
                continue
            name = f"{prefix}{new_index[index]}.{rest}"
        state[name] = tensor.detach().clone()
    return state


def with_layers(config, kept: tuple[int, ...]):
    """A copy of the config for those layers alone."""
    family, config = get_family(config.model_type), copy.deepcopy(config)
    for name in family.per_layer:
        if getattr(config, name, None) is not None:
            setattr(config, name, [getattr(config, name)[i] for i in kept])
    setattr(config, family.count, len(kept))
    return config


def count_parameters(model: PreTrainedModel) -> int:
    return sum(p.numel() for p in model.parameters())


def planned_models(weights: Weights, n_labels: int, kept: tuple[int, ...]) -> tuple[PreTrainedModel, PreTrainedModel]:
    """The classifier with every layer, and with the kept ones, as shapes alone; no weights are read."""
    config = AutoConfig.from_pretrained(weights.folder, num_labels=n_labels, local_files_only=True)
    with torch.device("meta"):
        configs = (with_layers(config, layers) for layers in (tuple(range(weights.n_layers)), kept))
        # float32 as in `load_model`: from_config sets the process-wide default dtype for a moment
        before, after = (AutoModelForSequenceClassification.from_config(c, dtype=torch.float32) for c in configs)
    return before, after
