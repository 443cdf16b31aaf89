"""How fast one fine-tuning is, against `transformers.Trainer` and against the machine's limit.

    python benchmarks/finetune.py [--model minilm-l6] [--task movie-reviews] [--texts 1500] [--batch 32] [--pairs 5]

Six ways, in turn, each in a process of its own, with the same model, head, texts, epoch, batch size and dropout:

ours            the loop of pruning/finetune.py
plain           Trainer, dynamic padding, batches grouped by length: the best plain recipe
plain-bf16      the same with bf16=True: in the precision that ours takes where the processor has it
authors         Trainer, every text padded to 128 tokens, as the paper's scripts do
limit           texts per second if every operation of forward and backward pass, without any padding, went at the rate
                of a large float32 matrix multiplication, measured in the same process
limit-bf16      the same at the rate of a large bfloat16 matrix multiplication

Prints texts per second, ratios pair by pair, the share of the limit, peak memory, and the test score with its interval:
speed bought with score does not count. Run it on a quiet machine.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder

WAYS = ("ours", "plain", "plain-bf16", "authors", "limit", "limit-bf16")
MAX_TOKENS, RATE = 128, 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=WAYS, help="only this one, in this process")
    parser.add_argument("--model", default="minilm-l6")
    parser.add_argument("--task", default="movie-reviews")
    parser.add_argument("--texts", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options)))
        return
    found = {way: [] for way in WAYS}
    for _ in range(options.pairs):
        for way in WAYS:
            same = [
                "--model",
                options.model,
                "--task",
                options.task,
                "--texts",
                options.texts,
                "--batch",
                options.batch,
            ]
            command = [sys.executable, __file__, "--way", way, *map(str, same)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[way].append(json.loads(done.stdout.splitlines()[-1]))
    report(found)


def report(found: dict[str, list[dict]]) -> None:
    for way, rows in found.items():
        speeds = [row["texts_per_s"] for row in rows]
        more = ""
        if "score" in rows[0]:
            low, high = rows[0]["interval"]
            more = f"  {rows[0]['peak_mb']:6.0f} MB  score {rows[0]['score']:.1f} ({low:.1f} to {high:.1f})"
        print(f"{way:9}{statistics.median(speeds):8.1f} texts/s ({min(speeds):.1f} to {max(speeds):.1f}){more}")
    ours = [row["texts_per_s"] for row in found["ours"]]
    for way in WAYS[1:]:
        ratios = [mine / other["texts_per_s"] for mine, other in zip(ours, found[way], strict=True)]
        print(f"ours / {way}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def measure(options: argparse.Namespace) -> dict:
    from pruning.batches import encode
    from pruning.models import load_model, load_tokenizer, resolve
    from pruning.tasks import load_task

    weights, data = resolve(options.model), load_task(options.task)
    model, tokenizer = load_model(weights, data.task.n_labels, seed=0), load_tokenizer(weights)
    train = data.train.first(options.texts)
    encoded = encode(tokenizer, train.texts, MAX_TOKENS)
    if options.way.startswith("limit"):
        return {"texts_per_s": len(encoded.lengths) / seconds_at_the_limit(model, encoded, options.way)}
    started = time.perf_counter()
    if options.way == "ours":
        train_ours(model, encoded, train.labels, options.batch)
    else:
        train_with_trainer(model, tokenizer, encoded, train.labels, options)
    seconds = time.perf_counter() - started
    return {"texts_per_s": len(train.texts) / seconds} | scored(model, tokenizer, data) | {
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    }  # fmt: skip


def train_ours(model, encoded, labels, batch: int) -> None:
    from pruning.finetune import finetune
    from pruning.recipes import Recipe

    for _ in finetune(model, encoded, labels, Recipe("benchmark", "", 1, RATE, batch, None, None), seed=0):
        pass


def train_with_trainer(model, tokenizer, encoded, labels, options: argparse.Namespace) -> None:
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    rows = [features | {"labels": label} for features, label in zip(encoded.features, labels.tolist(), strict=True)]
    padding = {"padding": "max_length", "max_length": MAX_TOKENS} if options.way == "authors" else {"padding": True}
    sampling = "random" if options.way == "authors" else "group_by_length"
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=1,
            learning_rate=RATE,
            per_device_train_batch_size=options.batch,
            warmup_steps=0.1,
            weight_decay=0.01,
            train_sampling_strategy=sampling,
            save_strategy="no",
            logging_strategy="no",
            use_cpu=True,
            bf16=options.way == "plain-bf16",
            dataloader_pin_memory=False,
            disable_tqdm=True,
            seed=0,
        )
        collate = DataCollatorWithPadding(tokenizer, **padding)
        Trainer(model, arguments, train_dataset=rows, data_collator=collate).train()


def scored(model, tokenizer, data) -> dict:
    from pruning.batches import encode
    from pruning.execute import judge
    from pruning.finetune import as_predictions, predict

    test = data.test.first(1000)
    *_, logits = predict(model, encode(tokenizer, test.texts, MAX_TOKENS))
    found = judge(data.task, test.labels, as_predictions(logits))
    return {"score": found["score"], "interval": found["interval"]}


def seconds_at_the_limit(model, encoded, way: str) -> float:
    """Forward operations of every text at its own length, three times (the backward pass is twice the forward one)."""
    import numpy as np
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    lengths, counts = np.unique(encoded.lengths, return_counts=True)
    total = 0
    for length, count in zip(lengths, counts, strict=True):
        (first, *_) = np.flatnonzero(encoded.lengths == length)
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            model(**encoded.pad([first]))
        total += 3 * counter.get_total_flops() * int(count)
    return total / multiplication_rate(torch.bfloat16 if way == "limit-bf16" else torch.float32)


def multiplication_rate(dtype, size: int = 1536, times: int = 12) -> float:
    """Operations per second: the best of several large matrix multiplications."""
    import torch

    a, b = torch.randn(size, size, dtype=dtype), torch.randn(size, size, dtype=dtype)
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds)


if __name__ == "__main__":
    main()
