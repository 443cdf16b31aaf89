"""Architecture families whose layers can be dropped: everything that depends on the architecture stands here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    model_type: str  # as config.json names it
    label: str
    layers: str  # path of the layer list inside the classification model
    count: str  # config field with the number of layers
    sentence_token: int = 0  # position of the token that stands for the text: 0 first, -1 last
    sequence_first: bool = False  # the layers' tensors are (tokens, texts, hidden), not (texts, tokens, hidden)


FAMILIES = {
    f.model_type: f
    for f in (
        Family("bert", "BERT", "bert.encoder.layer", "num_hidden_layers"),
        Family("roberta", "RoBERTa", "roberta.encoder.layer", "num_hidden_layers"),
        Family("distilbert", "DistilBERT", "distilbert.transformer.layer", "n_layers"),
        Family("electra", "ELECTRA", "electra.encoder.layer", "num_hidden_layers"),
        Family("xlnet", "XLNet", "transformer.layer", "n_layer", sentence_token=-1, sequence_first=True),
        Family("mpnet", "MPNet", "mpnet.encoder.layer", "num_hidden_layers"),
    )
}


def get_family(model_type: object) -> Family:
    """The family of that `model_type`; ValueError lists the supported architectures."""
    if not isinstance(model_type, str) or model_type not in FAMILIES:
        labels = ", ".join(f.label for f in FAMILIES.values())
        raise ValueError(
            f"layers of architecture {model_type!r} cannot be dropped here yet; use a model of one of: {labels}"
        )
    return FAMILIES[model_type]
