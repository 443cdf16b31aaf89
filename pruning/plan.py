"""From what a person asks (model, task, strategy, number of layers) to the RunSpec that answers it.

Needs no torch: a plan is made in the app's own process.
"""

import re
from dataclasses import dataclass, fields, replace
from pathlib import Path

from .models import Weights, home, is_hosted, resolve
from .own_data import check_own, is_own, load_own
from .recipes import get_recipe
from .runs import AS_IS, POOLINGS, PRE_TRAINED, STARTS, RunSpec, Similarity
from .store import VISITORS, Store
from .strategies import get_strategy, kept_layers
from .tasks import TASKS, TaskData, get_task, load_task

MOST_SEED = 2**32 - 1  # that numpy takes
SCOPE = re.compile("[0-9a-f]{32}")

# what can be done with a request; all but `run` may need that run first
RUN, SIMILARITY, PROBE, DRIFT, LANDSCAPE, TRY, DISAGREE, EXPORT = ACTIONS = (
    *("run", "similarity", "probe", "drift", "landscape"),  # all but the first are keys of analyses.ANALYSES
    *("try", "disagree", "export"),
)
COMMANDS = (RUN, SIMILARITY, PROBE, DRIFT, LANDSCAPE, EXPORT)  # those that the command line has too


@dataclass(frozen=True)
class Request:
    """One point as a person names it; `layers` (the ones to drop) belongs to strategy custom alone.

    `text`, `label` and `kind` say what a file of one's own holds where that should not be guessed.
    """

    model: str
    task: str  # a registered name, or the path of a file
    strategy: str = "top"
    n_dropped: int | None = None
    layers: tuple[int, ...] = ()
    seed: int = 0
    recipe: str = "quick"
    pooling: str = "sentence"  # which similarity strategy contribution goes by
    start: str = PRE_TRAINED  # a key of STARTS
    text: tuple[str, ...] = ()  # one column, or two for pairs
    label: str = ""  # column
    kind: str = ""  # classification or regression
    scope: str = ""  # of the visitor who uploaded the file: the run is stored there and nowhere else
    max_train: int | None = None  # at most so many training texts, in place of the recipe's number

    @classmethod
    def from_dict(cls, values: dict) -> "Request":
        """The request of those fields; ValueError names a field that does not exist or is missing."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r}; allowed: {', '.join(f.name for f in fields(cls))}")
        if missing := {"model", "task"} - set(values):
            raise ValueError(f"the field {sorted(missing)[0]!r} is missing; a request names at least model and task")
        lists = {name: values.get(name) or () for name in ("layers", "text")}
        return cls(**values | {name: tuple(v) if isinstance(v, list) else v for name, v in lists.items()})


def full_request(request: Request) -> Request:
    """The full model of the same task, recipe and seed, which every loss is counted from."""
    return replace(request, strategy="top", n_dropped=0, layers=(), start=PRE_TRAINED)


class NeedsSimilarityError(LookupError):
    """Strategy contribution was asked for, and this model's layers were not yet compared on this task."""


def check(request: Request) -> None:
    """ValueError where a name or a number is not one there is; how many layers can go needs the model (see `plan`)."""
    for name in ("model", "task", "strategy", "recipe", "pooling", "start"):
        if not isinstance(value := getattr(request, name), str):
            raise ValueError(f"{name} {value!r} is not allowed; give its name as text")
    check_task(request)
    get_strategy(request.strategy)
    get_recipe(request.recipe)
    if request.pooling not in POOLINGS:
        raise ValueError(f"unknown similarity {request.pooling!r}; choose one of: {', '.join(POOLINGS)}")
    if request.start not in STARTS:
        raise ValueError(f"unknown start {request.start!r}; choose one of: {', '.join(STARTS)}")
    if not is_whole(request.seed) or not 0 <= request.seed <= MOST_SEED:
        raise ValueError(f"seed {request.seed!r} is not allowed; choose a whole number from 0 to {MOST_SEED}")
    if request.max_train is not None and not (is_whole(request.max_train) and request.max_train > 0):
        raise ValueError(f"cannot train on {request.max_train!r} texts; give a whole number from 1")
    if request.n_dropped is not None and not is_whole(request.n_dropped):
        raise ValueError(f"cannot drop {request.n_dropped!r} layers; give a whole number")
    if not isinstance(request.layers, tuple) or not all(map(is_whole, request.layers)):
        raise ValueError(f"layers {request.layers!r} are not allowed; give whole numbers, such as 0, 2 and 5")


def check_task(request: Request) -> None:
    """ValueError where there is no such task or file, or columns are named for a task that has its own."""
    if is_own(request.task):
        check_place(request)
        check_own(request.task, request.text, request.label, request.kind)
    else:
        get_task(request.task)
        if request.text or request.label or request.kind:
            raise ValueError(f"task {request.task} has its own columns; name text, label and kind for a file only")


def check_place(request: Request) -> None:
    """ValueError where that file is not for the one who asks.

    With a scope it has to be among that visitor's uploads. Without one any file will do, but not on a hosted Space:
    strangers share that machine, and a path would tell what lies on it.
    """
    if not request.scope and not is_hosted():
        return
    folder = home() / VISITORS / request.scope
    if not SCOPE.fullmatch(request.scope) or not Path(request.task).resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"{Path(request.task).name} is not among your uploads, or was removed after a day; "
            f"upload it under Your data, or choose one of: {', '.join(TASKS)}"
        )


def load_data(request: Request) -> TaskData:
    """Texts and labels of the request's task, registered or in a file; errors as `load_task` and `load_own` have."""
    if is_own(request.task):
        return load_own(request.task, request.text, request.label, request.kind).data
    return load_task(request.task)


def is_whole(value: object) -> bool:
    """True for 3, False for 3.0, '3' and True, which would be other keys for the same request."""
    return isinstance(value, int) and not isinstance(value, bool)


def plan(request: Request, store: Store) -> tuple[RunSpec, Weights]:
    """What that request would run, and on which weights.

    ValueError: impossible as asked. NotInstalledError: the model has to be fetched first.
    NeedsSimilarityError: the similarities have to be measured first. ConnectionError: a hub task without the hub.
    """
    check(request)
    weights = resolve(request.model)
    data = load_data(request)
    task, fingerprint = data.task.name, data.fingerprint
    similarity = None
    if get_strategy(request.strategy).needs == "similarity":
        similarity = find_similarity(store, weights, task, fingerprint, request.pooling)
        # the allowed numbers do not depend on the similarities: refuse the impossible before measuring
        kept_layers(request.strategy, weights.n_layers, request.n_dropped, [0.0] * weights.n_layers, request.layers)
        if similarity is None:
            raise NeedsSimilarityError(f"contribution needs the similarities of {weights.name} on {task}")
    kept = kept_layers(
        request.strategy, weights.n_layers, request.n_dropped, similarity and similarity.mean, request.layers
    )
    if weights.family.shared and kept != tuple(range(len(kept))):
        raise ValueError(f"{weights.name} is an {weights.family.label}: {weights.family.note}; use strategy top")
    recipe = get_recipe(request.recipe).values()
    n_texts = len(data.train.texts)
    if request.max_train and min(request.max_train, n_texts) != min(recipe["max_train"] or n_texts, n_texts):
        recipe["max_train"] = request.max_train if request.max_train < n_texts else None
    # of a fine-tuned model nothing is dropped from, and which is not trained on, every weight is as it was
    unchanged = request.start == AS_IS and len(kept) == weights.n_layers
    start = PRE_TRAINED if unchanged else request.start
    return RunSpec(weights.name, weights.revision, task, fingerprint, kept, request.seed, recipe, start), weights


def find_similarity(store: Store, weights: Weights, task: str, data: str, pooling: str) -> Similarity | None:
    """The stored similarities of exactly these weights and texts, or None."""
    found = [
        s
        for s in store.similarities(weights.name, task)
        if (s.revision, s.data, s.pooling) == (weights.revision, data, pooling)
    ]
    return found[-1] if found else None
