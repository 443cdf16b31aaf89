"""Architecture families whose layers can be dropped: everything that depends on the architecture stands here."""

from collections.abc import Callable
from dataclasses import dataclass

FIRST, LAST = 0, -1  # position of the token that stands for the text


def rescale_queries(state: dict, prefix: str, kept: tuple[int, ...], config) -> None:
    """GPT-2 can divide a layer's attention scores by its number: what a new number changes goes into the queries."""
    if not config.scale_attn_by_inverse_layer_idx:
        return
    for new, old in enumerate(kept):
        for name in ("weight", "bias"):  # (hidden, 3 x hidden) and (3 x hidden,): queries, keys, values
            state[f"{prefix}{new}.attn.c_attn.{name}"][..., : config.hidden_size] *= (new + 1) / (old + 1)


def drop_first_norm(state: dict, prefix: str, kept: tuple[int, ...], config) -> None:
    """ModernBERT's first layer has no norm before its attention, whichever layer comes first."""
    for name in ("weight", "bias"):
        state.pop(f"{prefix}0.attn_norm.{name}", None)


@dataclass(frozen=True)
class Family:
    model_type: str  # as config.json names it
    label: str
    layers: str  # path of the layer list inside the classification model
    count: str = "num_hidden_layers"  # config field with the number of layers
    sentence_token: int = FIRST
    padding_side: str = "right"
    sequence_first: bool = False  # the layers' tensors are (tokens, texts, hidden), not (texts, tokens, hidden)
    per_layer: tuple[str, ...] = ()  # config lists with an entry per layer
    shared: bool = False  # one set of weights for all layers: only their number can change
    repair: Callable | None = None  # (state of the new model, prefix of its layers, kept, config): mends it in place
    bfloat16: bool = True  # its training works in it
    fixed: str = ""  # why a layer cannot be moved to another place without mending its weights
    fixed_if: str = ""  # a config switch under which that is so
    note: str = ""  # what a user should know


SHARED_NOTE = "all layers share one set of weights: only their number can change, and no parameter is saved"
NORM_NOTE = "the first kept layer works without a norm before its attention, as the first layer always does"
TYPES = ("layer_types",)

FAMILIES = {
    f.model_type: f
    for f in (
        Family("bert", "BERT", "bert.encoder.layer"),
        Family("roberta", "RoBERTa", "roberta.encoder.layer"),
        Family("xlm-roberta", "XLM-RoBERTa", "roberta.encoder.layer"),
        Family("camembert", "CamemBERT", "roberta.encoder.layer"),
        Family("distilbert", "DistilBERT", "distilbert.transformer.layer", count="n_layers"),
        Family("electra", "ELECTRA", "electra.encoder.layer"),
        Family(
            "xlnet",
            "XLNet",
            "transformer.layer",
            count="n_layer",
            sentence_token=LAST,
            padding_side="left",
            sequence_first=True,
        ),
        Family("mpnet", "MPNet", "mpnet.encoder.layer"),
        Family("deberta", "DeBERTa", "deberta.encoder.layer", bfloat16=False),  # its mask is a float32 number
        Family("deberta-v2", "DeBERTa-v2/v3", "deberta.encoder.layer", fixed_if="conv_kernel_size"),
        Family(
            "albert",
            "ALBERT",
            "albert.encoder.albert_layer_groups",
            shared=True,
            note=SHARED_NOTE,
            fixed="all layers share one set of weights",
        ),
        Family(
            "modernbert",
            "ModernBERT",
            "model.layers",
            per_layer=TYPES,
            repair=drop_first_norm,
            note=NORM_NOTE,
            fixed="the first layer has no norm before its attention, the others have",
        ),
        Family("ernie", "ERNIE", "ernie.encoder.layer"),
        Family("megatron-bert", "Megatron-BERT", "bert.encoder.layer"),
        Family("rembert", "RemBERT", "rembert.encoder.layer"),
        Family("roformer", "RoFormer", "roformer.encoder.layer"),
        Family(
            "gpt2",
            "GPT-2",
            "transformer.h",
            count="n_layer",
            sentence_token=LAST,
            repair=rescale_queries,
            fixed_if="scale_attn_by_inverse_layer_idx",
        ),
        Family("gpt_neox", "GPT-NeoX", "gpt_neox.layers", sentence_token=LAST),
        Family("opt", "OPT", "model.decoder.layers", sentence_token=LAST),
        Family("llama", "Llama", "model.layers", sentence_token=LAST),
        Family("mistral", "Mistral", "model.layers", sentence_token=LAST),
        Family("phi3", "Phi-3", "model.layers", sentence_token=LAST),
        Family("qwen2", "Qwen2", "model.layers", sentence_token=LAST, per_layer=TYPES),
        Family("qwen3", "Qwen3", "model.layers", sentence_token=LAST, per_layer=TYPES),
        Family("gemma", "Gemma", "model.layers", sentence_token=LAST),
        Family("gemma2", "Gemma 2", "model.layers", sentence_token=LAST, per_layer=TYPES),
    )
}

ENCODER_DECODER = "it has an encoder and a decoder, whose layers belong together"
PARALLEL_LISTS = "the parts of a layer stand in four separate lists"
REFUSED = {  # model type -> why its layers are not dropped
    **dict.fromkeys(("bart", "mbart", "t5", "mt5", "umt5", "led", "bigbird_pegasus", "plbart", "mvp"), ENCODER_DECODER),
    **dict.fromkeys(("xlm", "flaubert"), PARALLEL_LISTS),
    "funnel": "its layers form blocks that shorten the text one after the other",
}


def get_family(model_type: object) -> Family:
    """The family of that `model_type`; ValueError says why it is refused and lists the supported architectures."""
    if not isinstance(model_type, str) or model_type not in FAMILIES:
        labels = ", ".join(f.label for f in FAMILIES.values())
        why = REFUSED.get(str(model_type), "nobody has proven yet that a model without some of them is right")
        raise ValueError(
            f"layers of architecture {model_type!r} cannot be dropped: {why}; use a model of one of: {labels}"
        )
    return FAMILIES[model_type]
