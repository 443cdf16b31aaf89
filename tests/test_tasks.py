import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pruning.tasks import TASKS, Split, fingerprint, get_task, load_task, read_embedded

EMBEDDED = [task.name for task in TASKS.values() if task.file]
HUB = [task.name for task in TASKS.values() if task.hub]


@pytest.mark.parametrize(  # as assets/data/README.md says
    "name, n_sentences, n_by_split, n_clear, share_positive",
    [
        ("movie-reviews", 10603, (6349, 1080, 3174), 10070, 0.496),
        ("product-reviews", 3697, (2242, 356, 1099), 2977, 0.586),
        ("tweets", 4200, (2525, 448, 1227), 3432, 0.683),
    ],
)
def test_the_embedded_tasks_hold_what_the_data_card_says(name, n_sentences, n_by_split, n_clear, share_positive):
    everything = read_embedded(replace(get_task(name), classes=()))  # as a regression nothing is left out
    assert tuple(len(everything[split].texts) for split in ("train", "validation", "test")) == n_by_split
    assert sum(n_by_split) == n_sentences
    data = load_task(name)
    labels = np.concatenate([split.labels for split in (data.train, data.validation, data.test)])
    assert len(labels) == n_clear
    assert labels.mean() == pytest.approx(share_positive, abs=0.0005)


@pytest.mark.parametrize("name", EMBEDDED)
def test_no_text_stands_in_two_splits_or_twice_in_one(name):
    data = load_task(name)
    texts = [*data.train.texts, *data.validation.texts, *data.test.texts]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("name", EMBEDDED)
def test_labels_are_classes_or_ratings(name):
    task, split = get_task(name), load_task(name).test
    assert len(split.texts) == len(split.labels)
    if task.classes:
        assert split.labels.dtype == np.int64 and set(split.labels.tolist()) == {0, 1}
    else:
        assert split.labels.dtype == np.float32 and -4 <= split.labels.min() < -2 < 2 < split.labels.max() <= 4


def test_movie_intensity_keeps_the_ratings_that_movie_reviews_cuts_in_two():
    intensity, sentiment = load_task("movie-intensity").test, load_task("movie-reviews").test
    rating = dict(zip(intensity.texts, intensity.labels.tolist(), strict=True))
    assert [rating[text] > 0 for text in sentiment.texts] == [label == 1 for label in sentiment.labels]
    weak = set(intensity.texts) - set(sentiment.texts)
    assert weak and all(abs(rating[text]) < 0.5 for text in weak)


@pytest.mark.parametrize(  # stored results carry them: another value makes every stored run a stranger
    "name, expected",
    [
        ("movie-reviews", "f7c5d3e030982833"),
        ("product-reviews", "55b569951ca791d8"),
        ("tweets", "0590300d6d412f8b"),
        ("movie-intensity", "7591946123ae4750"),
    ],
)
def test_the_fingerprint_of_the_embedded_data_never_changes(name, expected):
    load_task.cache_clear()
    assert load_task(name).fingerprint == expected


def test_a_fingerprint_changes_with_a_text_a_label_the_order_and_the_split():
    def of(texts, labels, name="train"):
        return fingerprint({name: Split(texts, np.array(labels))})

    changed = [of(["a", "c"], [0, 1]), of(["a", "b"], [0, 0]), of(["b", "a"], [1, 0]), of(["a", "b"], [0, 1], "test")]
    assert of(["a", "b"], [0, 1]) == of(["a", "b"], [0, 1])
    assert len({of(["a", "b"], [0, 1]), *changed}) == 5


def test_first_is_a_fixed_random_subset_and_the_smaller_lies_in_the_larger():
    split = load_task("movie-reviews").train
    hundred, thousand = split.first(100), split.first(1000)
    assert hundred.texts == thousand.texts[:100] and hundred.labels.tolist() == thousand.labels[:100].tolist()
    assert len(set(thousand.texts)) == 1000 and thousand.texts != split.texts[:1000]
    label = dict(zip(split.texts, split.labels.tolist(), strict=True))
    assert [label[text] for text in thousand.texts] == thousand.labels.tolist()
    assert 0.45 < thousand.labels.mean() < 0.55


@pytest.mark.parametrize("n", [None, 3, 4])
def test_the_first_of_all_are_the_split_as_it_is(n):
    split = Split(["a", "b", "c"], np.array([0, 1, 0]))
    assert split.first(n) is split


def test_an_unknown_task_lists_the_tasks_there_are():
    with pytest.raises(ValueError, match="unknown task 'imdb'; choose one of: movie-reviews, product-reviews, tweets"):
        load_task("imdb")


@pytest.mark.parametrize("name", HUB)
def test_a_hub_task_with_no_network_names_the_tasks_that_are_here(name):
    with pytest.raises(ConnectionError, match=f"task {name} is fetched .* out of reach .*: movie-reviews, product"):
        load_task(name)


def test_a_hub_that_does_not_answer_is_not_asked_twice_and_nothing_is_printed():
    code = "from pruning.tasks import load_task\ntry: load_task('sst2')\nexcept ConnectionError as error: print(error)"
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
    )
    assert time.monotonic() - begun < 15  # almost all of it is for importing `datasets`; asking again would take 23
    assert done.stdout.startswith("task sst2 is fetched from the Hugging Face hub") and done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_threads_may_read_hub_tasks_at_once():
    """A worker plans while it runs. Each reading switches `datasets` to offline and back, for the whole process."""
    code = f"""
import datasets
from concurrent.futures import ThreadPoolExecutor
from pruning.tasks import load_task
def load(name):
    try: load_task(name)
    except ConnectionError: pass
with ThreadPoolExecutor(8) as threads: list(threads.map(load, {HUB * 5}))
print(datasets.config.HF_HUB_OFFLINE)
"""
    nowhere = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    project = Path(__file__).parent.parent
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=project, env=nowhere, capture_output=True, text=True)
    assert time.monotonic() - begun < 15  # one switched back by another in the middle asks for 23 seconds
    assert done.stdout == "False\n"  # as it was before


def test_a_pair_task_is_read_as_the_hub_lays_it_out(tmp_path, monkeypatch):
    folder = tmp_path / "nyu-mll" / "glue"
    folder.mkdir(parents=True)
    files = [("train", 400), ("validation", 30), ("test", 20)]
    for split, n in files:
        rows = {"sentence1": [f"{split} {i}" for i in range(n)], "sentence2": ["same"] * n, "idx": range(n)}
        pd.DataFrame(rows | {"label": [-1 if split == "test" else i % 2 for i in range(n)]}).to_parquet(
            folder / f"{split}.parquet"
        )
    listed = "".join(f"  - split: {split}\n    path: {split}.parquet\n" for split, _ in files)
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: mrpc\n  data_files:\n{listed}---\n")
    monkeypatch.chdir(tmp_path)  # `datasets` takes a folder of that name before the hub
    load_task.cache_clear()
    data = load_task("mrpc")
    assert (data.test.texts[1], data.test.labels[1]) == (("validation 1", "same"), 1)
    assert len(data.test.texts) == 30 and len(data.train.texts) + len(data.validation.texts) == 400
    assert 5 <= len(data.validation.texts) <= 40  # one in twenty, by the md5 of the texts
    assert all(label == int(text[0].split()[1]) % 2 for text, label in zip(data.train.texts, data.train.labels))
    assert data.validation.first(3).texts[0] in data.validation.texts
    load_task.cache_clear()
