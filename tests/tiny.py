"""Real transformers models of a few kilobytes, saved with their tokenizer: what the tests use where a user has BERT."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

from pruning.tasks import load_task

# special tokens in the order of their ids; RoBERTa and MPNet count positions from the padding's id, which must be 1
BERT_TOKENS = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
ROBERTA_TOKENS = {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>", "mask": "<mask>"}
XLNET_TOKENS = {"unk": "<unk>", "pad": "<pad>", "sep": "<sep>", "cls": "<cls>", "mask": "<mask>"}

TOKENS = {
    "bert": BERT_TOKENS,
    "distilbert": BERT_TOKENS,
    "electra": BERT_TOKENS,
    "roberta": ROBERTA_TOKENS,
    "mpnet": ROBERTA_TOKENS,
    "xlnet": XLNET_TOKENS,
}
TEMPLATES = {  # one text, and a pair; the number after the colon is the token's type
    "bert": ("cls $A sep", "cls:0 $A:0 sep:0 $B:1 sep:1"),
    "roberta": ("cls $A sep", "cls:0 $A:0 sep:0 sep:0 $B:0 sep:0"),
    "xlnet": ("$A sep cls:2", "$A:0 sep:0 $B:1 sep:1 cls:2"),
}
WIDTHS = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 132}
SIZES = {  # where a family has other names for them
    "distilbert": {"dim": 16, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 132},
    "electra": WIDTHS | {"embedding_size": 8},
    "xlnet": {"d_model": 16, "n_head": 2, "d_inner": 32},
}


def save_tiny(model_type: str, folder: Path, n_layers: int = 4) -> Path:
    """Saves a classifier of that family, 16 wide, and its tokenizer in `folder`; the same bytes every time.

    Its weights are drawn from N(0, 0.3), so wide that a dropped, doubled or misplaced layer shows in the logits.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    tokenizer = tiny_tokenizer(model_type)
    config = AutoConfig.for_model(
        model_type,
        vocab_size=len(tokenizer),
        num_hidden_layers=n_layers,
        initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id,
        **SIZES.get(model_type, WIDTHS),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForSequenceClassification.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Path(folder)


def tiny_tokenizer(model_type: str):
    """A fast tokenizer of 2,000 words, with the special tokens, token types and padding side of the family."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = TOKENS[model_type]
    vocabulary = {word: number for number, word in enumerate((*special.values(), *frequent_words()))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=special["unk"]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    kind = {"mpnet": "roberta", "distilbert": "bert", "electra": "bert"}.get(model_type, model_type)
    single, pair = (re.sub("cls|sep", lambda name: special[name[0]], text) for text in TEMPLATES[kind])
    ids = [(special[name], vocabulary[special[name]]) for name in ("cls", "sep")]
    tokenizer.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=ids)
    types = [] if model_type in ("roberta", "mpnet", "distilbert") else ["token_type_ids"]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", *types, "attention_mask"],
        model_max_length=128,
        padding_side="left" if model_type == "xlnet" else "right",
        **{f"{name}_token": token for name, token in special.items()},
    )


@lru_cache(maxsize=1)
def frequent_words(n: int = 2000) -> tuple[str, ...]:
    """The n most frequent words and signs of the movie reviews, most frequent first."""
    counts = Counter(
        word for text in load_task("movie-reviews").train.texts for word in re.findall(r"\w+|[^\w\s]+", text.lower())
    )
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:n])
