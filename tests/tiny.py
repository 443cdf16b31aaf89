"""Real transformers models of a few kilobytes, saved with their tokenizer: what the tests use where a user has BERT."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

from pruning.families import FAMILIES, LAST
from pruning.tasks import load_task

# special tokens in the order of their ids; RoBERTa and MPNet count positions from the padding's id, which must be 1
BERT_TOKENS = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
ROBERTA_TOKENS = {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>", "mask": "<mask>"}
XLNET_TOKENS = {"unk": "<unk>", "pad": "<pad>", "sep": "<sep>", "cls": "<cls>", "mask": "<mask>"}
END_TOKENS = {"pad": "<pad>", "unk": "<unk>", "sep": "</s>"}  # decoders: a text ends, and has no sentence token

KINDS = {  # families whose tokenizer is not BERT's
    **dict.fromkeys(("roberta", "xlm-roberta", "camembert", "mpnet"), "roberta"),
    "xlnet": "xlnet",
    **{name: "decoder" for name, family in FAMILIES.items() if family.sentence_token == LAST and name != "xlnet"},
}
TOKENS = {"bert": BERT_TOKENS, "roberta": ROBERTA_TOKENS, "xlnet": XLNET_TOKENS, "decoder": END_TOKENS}
TEMPLATES = {  # one text, and a pair; the number after the colon is the token's type
    "bert": ("cls $A sep", "cls:0 $A:0 sep:0 $B:1 sep:1"),
    "roberta": ("cls $A sep", "cls:0 $A:0 sep:0 sep:0 $B:0 sep:0"),
    "xlnet": ("$A sep cls:2", "$A:0 sep:0 $B:1 sep:1 cls:2"),
    "decoder": ("$A sep", "$A:0 sep:0 $B:0 sep:0"),
}
TYPED = ("bert", "electra", "xlnet", "deberta", "deberta-v2", "albert", "ernie", "megatron-bert", "rembert", "roformer")
WIDTHS = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 132}
RELATIVE = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "type_vocab_size": 2}
DROPOUT = {"attention_dropout": 0.1}  # where it is 0 unless a config says otherwise
GROUPED = WIDTHS | DROPOUT | {"num_key_value_heads": 1, "head_dim": 8}
SLIDING = {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 2}
SIZES = {  # where a family has other names for them, or parts of its own
    "distilbert": {"dim": 16, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 132},
    "electra": WIDTHS | {"embedding_size": 8},
    "xlnet": {"d_model": 16, "n_head": 2, "d_inner": 32},
    "deberta": WIDTHS | RELATIVE,
    "deberta-v2": WIDTHS | RELATIVE | {"position_buckets": 8, "norm_rel_ebd": "layer_norm", "share_att_key": True},
    "albert": WIDTHS | {"embedding_size": 8},
    "modernbert": WIDTHS | DROPOUT | {"local_attention": 4, "cls_token_id": 2, "sep_token_id": 3},
    "rembert": WIDTHS | {"input_embedding_size": 8},
    "roformer": WIDTHS | {"embedding_size": 8},
    "gpt2": {"n_embd": 16, "n_head": 2, "n_positions": 132},
    "gpt_neox": WIDTHS | DROPOUT,
    "opt": {"hidden_size": 16, "num_attention_heads": 2, "ffn_dim": 32, "word_embed_proj_dim": 16}
    | {"max_position_embeddings": 132},
    "llama": GROUPED,
    "mistral": GROUPED | {"sliding_window": 4},
    "phi3": WIDTHS | DROPOUT | {"num_key_value_heads": 1},
    "qwen2": WIDTHS | DROPOUT | {"num_key_value_heads": 1},
    "qwen3": GROUPED,
    "gemma": GROUPED,
    "gemma2": GROUPED | {"sliding_window": 4, "query_pre_attn_scalar": 8},
}
VARIANTS = {  # name -> (family, what its config says besides): parts that only some models of a family have
    **{name: (name, {}) for name in FAMILIES},
    "deberta-v2-convolution": ("deberta-v2", {"conv_kernel_size": 3, "conv_act": "gelu"}),
    "gpt2-inverse-scaling": ("gpt2", {"scale_attn_by_inverse_layer_idx": True}),
    "qwen2-sliding": ("qwen2", SLIDING),
    "qwen3-sliding": ("qwen3", SLIDING),
}


def save_tiny(variant: str, folder: Path, n_layers: int = 4) -> Path:
    """Saves a classifier of that variant, 16 wide, and its tokenizer in `folder`; the same bytes every time.

    Its weights are drawn from N(0, 0.3), so wide that a dropped, doubled or misplaced layer shows in the logits.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    model_type, extra = VARIANTS[variant]
    tokenizer = tiny_tokenizer(model_type)
    config = AutoConfig.for_model(
        model_type,
        vocab_size=len(tokenizer),
        num_hidden_layers=n_layers,
        initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id,
        **SIZES.get(model_type, WIDTHS) | extra,
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

    kind = KINDS.get(model_type, "bert")
    special = TOKENS[kind]
    vocabulary = {word: number for number, word in enumerate((*special.values(), *frequent_words()))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=special["unk"]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    single, pair = (re.sub("cls|sep", lambda name: special[name[0]], text) for text in TEMPLATES[kind])
    ids = [(special[name], vocabulary[special[name]]) for name in ("cls", "sep") if name in special]
    tokenizer.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=ids)
    types = ["token_type_ids"] if model_type in TYPED else []
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", *types, "attention_mask"],
        model_max_length=128,
        padding_side=FAMILIES[model_type].padding_side,
        eos_token=special["sep"],
        **{f"{name}_token": token for name, token in special.items()},
    )


@lru_cache(maxsize=1)
def frequent_words(n: int = 2000) -> tuple[str, ...]:
    """The n most frequent words and signs of the movie reviews, most frequent first."""
    counts = Counter(
        word for text in load_task("movie-reviews").train.texts for word in re.findall(r"\w+|[^\w\s]+", text.lower())
    )
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:n])
