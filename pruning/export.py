"""A pruned, fine-tuned model to take home: a folder that `transformers` loads, with a card; as zip; to the hub."""

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi
from safetensors import SafetensorError
from transformers import PreTrainedModel

from .batches import encode
from .card import license_of, model_card
from .execute import origin, predicted, trained
from .metrics import score
from .models import home, load_tokenizer, resolve, stored_name
from .own_data import PREFIX, stored_task
from .plan import Request, load_data
from .progress import Progress
from .recipes import Recipe
from .runs import PRE_TRAINED, Run
from .store import EXPORTS, Store
from .tasks import Task

LEAST_FREE = 2 * 10**9  # bytes of the disk, before a zip is made for download
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)  # owner/name


def export(request: Request, to: Path, store: Store) -> Iterator[Progress | Path]:
    """Yields progress, and at last the folder `to`, which is there whole or not at all.

    A run that is not stored is made first. ValueError: `to` holds something already. OSError: it cannot be written.
    """
    to = to.absolute()
    check_target(to)
    for event in trained(request, store):
        if isinstance(event, Progress):
            yield event
    run, model = event
    weights, data, recipe = resolve(request.model), load_data(request), Recipe(label="", **run.recipe)
    tokenizer, test = load_tokenizer(weights), data.test.first(recipe.max_test)
    predictions = yield from predicted(model, encode(tokenizer, test.texts, recipe.max_tokens))
    again = score((run.metric,), test.labels, predictions)[run.metric]
    name_classes(model, data.task)
    tokenizer.model_max_length = min(tokenizer.model_max_length, recipe.max_tokens)
    card = model_card(run, full_run(run, store), data.task, license_of(weights), again, origin(weights, data))
    with written_whole(to) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        (folder / "README.md").write_text(card, encoding="utf-8")
    yield to


def name_classes(model: PreTrainedModel, task: Task) -> None:
    """What the model's config calls its outputs: the task's classes, in their order."""
    names = task.classes or ("value",)
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: number for number, name in enumerate(names)}


def full_run(run: Run, store: Store) -> Run | None:
    """The full model's run of the same weights, texts, recipe and seed."""
    same = (run.revision, run.data, run.recipe, run.seed, PRE_TRAINED)
    runs = (r for r in store.runs(run.model, run.task) if not r.n_dropped)
    return next((r for r in runs if (r.revision, r.data, r.recipe, r.seed, r.start) == same), None)


def check_target(to: Path) -> None:
    """ValueError where something is there already; OSError where nothing can be written. Before the long work."""
    with explained(to):
        taken = to.is_symlink() or to.is_file() or to == Path.cwd() or (to.is_dir() and any(to.iterdir()))
    if taken:
        raise ValueError(f"{to} exists already and is no empty folder; name a new one")
    with explained(to):
        to.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=f".{to.name}-", dir=to.parent).cleanup()


@contextmanager
def written_whole(to: Path) -> Iterator[Path]:
    """A hidden folder beside `to`, which takes its place at the end; on any error it vanishes."""
    with explained(to):
        with tempfile.TemporaryDirectory(
            prefix=f".{to.name}-", dir=to.parent, ignore_cleanup_errors=True
        ) as unfinished:
            yield Path(unfinished)
            Path(unfinished).chmod(0o755)  # as any folder, not for this user alone
            for file in Path(unfinished).iterdir():
                file.chmod(0o644)
            Path(unfinished).rename(to)


@contextmanager
def explained(to: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:  # the second where the disk is full
        raise OSError(
            f"cannot write {to}: {error}; free some disk space, or name a folder that can be written"
        ) from error


def export_zip(request: Request, store: Store) -> Iterator[Progress | dict]:
    """Yields progress, and at last {"file", "megabytes"}: a zip for download, in EXPORTS under PRUNING_HOME."""
    place = home() / EXPORTS
    with explained(place):
        place.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(place).free < LEAST_FREE:
            raise OSError(f"less than {LEAST_FREE // 10**9} GB are free")
        folder = Path(tempfile.mkdtemp(dir=place))
    try:
        for event in export(request, folder / zip_name(request), store):
            if isinstance(event, Progress):
                yield event
        target = zip_folder(event)
        shutil.rmtree(event)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    yield {"file": str(target), "megabytes": max(1, round(target.stat().st_size / 1e6))}


def zip_name(request: Request) -> str:
    """minilm-l6-tweets-top-2, in letters that every file system takes."""
    dropped = "-".join(map(str, request.layers or (request.n_dropped,)))
    names = (stored_name(request.model), stored_task(request.task).removeprefix(PREFIX), request.strategy, dropped)
    return re.sub(r"[^\w.-]+", "-", "-".join(names), flags=re.ASCII).strip("-.")[:120] or "model"


def zip_folder(folder: Path) -> Path:
    """FOLDER.zip beside the folder, which it holds under its own name; not packed tighter, since weights hardly can."""
    target = folder.with_name(f"{folder.name}.zip")
    with explained(target), tempfile.TemporaryDirectory(prefix=".", dir=target.absolute().parent) as unfinished:
        part = Path(unfinished) / target.name
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, Path(folder.name) / path.relative_to(folder))
        os.replace(part, target)
    return target


def check_repository(repository: str, token: str) -> None:
    """ValueError where nothing could be sent to that place."""
    if not REPOSITORY.fullmatch(repository):
        raise ValueError(f"{repository!r} is no place on the hub; name it as owner/name")
    if not token:
        raise ValueError("sending to the hub needs a token that may write; set HF_TOKEN to one")


def push(folder: Path, repository: str, token: str) -> str:
    """Sends the folder's files to the hub and returns the address of their page; a repository it makes is private."""
    check_repository(repository, token)
    try:
        api = HfApi(token=token)
        api.create_repo(repository, private=True, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder)
    except Exception as error:  # huggingface_hub lets its HTTP library's own kinds through
        raise ConnectionError(
            f"cannot send {folder} to {repository}: {error}; the folder stays as it is. Check the network, the name "
            "and that the token may write there, then try again"
        ) from error
    return f"{api.endpoint}/{repository}"
