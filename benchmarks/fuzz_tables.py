"""Damaged and made-up files for the readers of a user's data: each gives a task or one sentence, never another error.

    python benchmarks/fuzz_tables.py --inputs 20000 --seed 0

Each input is a good file of one of the formats that is cut, repeated, mixed and overwritten, or made of awkward
pieces. A batch runs in a process of its own with 4 GB of memory, so that a crash or a bomb is seen and counted too.
Prints how often each outcome came and the slowest input; exit status 1 where anything else came.
"""

import argparse
import multiprocessing
import os
import random
import re
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent))  # the project is not installed, it is run from its folder
BATCH = 500
MEMORY = 4 << 30
ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
WORDS = (
    'good bad fine awful great poor nice dull sharp slow quick loud soft warm cold café 😀 "so" it\'s a,b x;y'.split()
)
PIECES = [
    *(
        b'"',
        b'""',
        b",",
        b"\t",
        b";",
        b"|",
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x81",
        b"\xe9",
    ),
    *(b"\xed\xa0\x80", b"nan", b"1e999", b"-0.0", b"true", b"null", b"{", b"}", b"[", b"]", b'{"a":', b'"\\ud800"'),
    *(
        b"\\",
        b"'",
        b"text",
        b"label",
        b"PAR1",
        b"PK\3\4",
        b"\x1f\x8b",
        b"\xe2\x80\xa8",
        b"\x1a",
        b"=1+1",
        b"0x1f",
        b"1_0",
    ),
    *(b"9" * 5000, b"a" * 70_000, b"," * 3000, b"[" * 3000),
]


def good_table(chance: random.Random) -> pd.DataFrame:
    """Texts, or pairs, with classes or ratings, some cells missing."""
    n = chance.choice([0, 1, 20, 80, 120, 120, 120])
    names = chance.choice(
        [["text", "label"], ["sentence1", "sentence2", "score"], ["id", "review", "stars"], ["a", "b"]]
    )
    columns = {}
    for name in names:
        kind = chance.choice(["texts", "classes", "numbers", "whole"]) if name in "ab" else "texts"
        kind = {"label": "classes", "score": "numbers", "stars": "whole", "id": "whole"}.get(name, kind)
        columns[name] = [
            {
                "texts": lambda: " ".join(chance.choices(WORDS, k=chance.randint(1, 8))),
                "classes": lambda: chance.choice(["pos", "neg", "<i>so-so</i>"]),
                "numbers": lambda: chance.uniform(-2, 5),
                "whole": lambda: chance.randint(1, 5),
            }[kind]()
            if chance.random() > 0.02
            else None
            for _ in range(n)
        ]
    return pd.DataFrame(columns)


def good_bytes(chance: random.Random, ending: str, folder: Path) -> bytes:
    rows, encoding = good_table(chance), chance.choice(["utf-8"] * 5 + ["utf-8-sig", "utf-16", "utf-16-le"])
    if ending == ".parquet":
        path = folder / "good.parquet"
        rows.to_parquet(path, compression=chance.choice([None, "snappy", "zstd", "gzip"]))
        return path.read_bytes()
    if ending == ".jsonl":
        return rows.to_json(orient="records", lines=True, force_ascii=chance.random() < 0.5).encode(encoding)
    return rows.to_csv(index=chance.random() < 0.2, sep=chance.choice(",;\t|")).encode(encoding)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Up to six changes: bytes overwritten, pieces put in, parts cut out, repeated or moved."""
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 6])):
        place, length = chance.randint(0, len(content)), chance.choice([0, 1, 1, 2, 8, 64, 1000])
        part = content[place : place + length]
        new = {
            "overwrite": lambda: chance.randbytes(len(part)),
            "overtype": lambda: bytes(chance.choices(b' ,;"\n\t{}:01ab', k=len(part))),
            "insert": lambda: chance.choice(PIECES) + part,
            "cut": lambda: b"",
            "repeat": lambda: part * chance.choice([2, 3, 50]),
            "flip": lambda: bytes(byte ^ (1 << chance.randrange(8)) for byte in part[:1]) + part[1:],
        }[chance.choice(["overwrite", "overtype", "overtype", "insert", "insert", "cut", "repeat", "flip"])]()
        content = content[:place] + new + content[place + length :]
        if chance.random() < 0.05:
            content = content[chance.randint(0, len(content)) :] + content[:place]
    return content


def made_up(chance: random.Random) -> bytes:
    return b"".join(chance.choices(PIECES[:-4], k=chance.randint(0, 60)))


def outcome(path: Path, chance: random.Random) -> str:
    """'task', the sentence with its names and numbers left out, or 'ERROR' with what came instead."""
    from pruning.own_data import load_own, read_own

    read_own.cache_clear()
    kind = chance.choice(["", "", "", "classification", "regression"])
    label = chance.choice([""] * 18 + ["label", "text"])
    try:
        report = load_own(str(path), label=label, kind=kind).report
        return "task" if report["used"] >= 50 else "ERROR: a task of too few rows"
    except ValueError as error:
        text = str(error)
        if type(error) is ValueError and "; " in text and "\n" not in text and len(text) < 600:
            return re.sub(r"'.*'|\".*\"|[\d,.]*\d|\bfuzz\.\w+", "…", text)[:70]
        return f"ERROR: {type(error).__name__}: {text[:200]!r}"
    except Exception:
        return f"ERROR: {traceback.format_exc()[-600:]}"


def batch(seeds: range, folder: str, results: multiprocessing.SimpleQueue) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    counts, slowest, folder = Counter(), (0.0, -1), Path(folder)
    for seed in seeds:
        chance = random.Random(seed)
        ending = chance.choice(ENDINGS)
        content = made_up(chance) if chance.random() < 0.15 else damaged(good_bytes(chance, ending, folder), chance)
        if chance.random() < 0.03:
            ending = chance.choice(ENDINGS)
        path = folder / f"fuzz{ending}"
        path.write_bytes(content)
        begun = time.perf_counter()
        found = outcome(path, chance)
        slowest = max(slowest, (time.perf_counter() - begun, seed))
        counts[(ending, f"{found} (seed {seed})" if found.startswith("ERROR") else found)] += 1
    results.put((counts, slowest))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first input; the others follow")
    options = parser.parse_args()
    os.environ.pop("SPACE_ID", None)
    spawn, begun, slowest = multiprocessing.get_context("spawn"), time.perf_counter(), (0.0, -1)
    counts: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for start in range(options.seed, options.seed + options.inputs, BATCH):
            seeds = range(start, min(start + BATCH, options.seed + options.inputs))
            results = spawn.SimpleQueue()
            process = spawn.Process(target=batch, args=(seeds, folder, results))
            process.start()
            process.join()
            if process.exitcode:
                counts[("any", f"ERROR: the process of seeds {seeds} ended with {process.exitcode}")] += 1
                continue
            found, slow = results.get()
            counts.update(found)
            slowest = max(slowest, slow)
    return summarise(counts, slowest, time.perf_counter() - begun)


def summarise(counts: Counter, slowest: tuple[float, int], seconds: float) -> int:
    for (ending, found), n in counts.most_common():
        print(f"{n:7,}  {ending:8}  {found}")
    errors = sum(n for (_, found), n in counts.items() if found.startswith("ERROR"))
    tasks = sum(n for (_, found), n in counts.items() if found == "task")
    sentences = counts.total() - tasks - errors
    print(f"{counts.total():,} inputs in {seconds:.0f} s: {tasks:,} tasks, {sentences:,} sentences, {errors} others;")
    print(f"slowest: {slowest[0]:.2f} s (seed {slowest[1]})")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
