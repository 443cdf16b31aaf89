"""What the run button would do, and the command that does the same."""

from collections.abc import Sequence

from .. import frames
from ..models import MODELS
from ..recipes import RECIPES, Recipe
from ..runs import Run
from ..store import Store
from ..strategies import STRATEGIES, describe_layers
from ..sweep import duration
from .choice import Choice, Subject, as_command, as_python, as_request
from .topics import Topic


def describe_action(
    choice: Choice,
    subject: Subject,
    topic: Topic,
    runs: Sequence[Run],
    dropped: tuple[int, ...] | None,
    error: str,
    store: Store,
) -> dict:
    """What the run button would do and how long it takes, and the command that does the same.

    `runs` are the ones in the choice's line, `dropped` the layers it drops (None: not known yet).
    """
    if not topic.has_texts:
        text = f"{topic.label} is published only; choose a task such as SST-2 or Movie reviews to run a point live."
        return {"text": text, "command": []}
    if error:
        return {"text": error, "command": [], "problem": True}
    seed = next_seed(choice, runs, dropped)
    recipe = RECIPES[choice.recipe]
    texts = describe_texts(recipe, topic)
    times = {1: "once", 2: "twice"}.get(recipe.epochs, f"{recipe.epochs} times")
    lasts = expected_time(choice, subject, topic, dropped, store)
    text = f"{describe_dropping(choice, dropped)}, trains {texts} {times} with seed {seed}: {lasts} Can be cancelled."
    text += f" Note: {subject.note}." if subject.note else ""
    if not subject.installed:
        size = f" ({MODELS[choice.model].download_mb} MB)" if choice.model in MODELS else ""
        text = f"Fetches {subject.label} first{size}. {text}"
    command = as_command(choice, topic, seed)
    return {"text": text, "command": command, "python": as_python(as_request(choice, topic, seed))}


def describe_texts(recipe: Recipe, topic: Topic) -> str:
    if topic.n_train and topic.n_train <= (recipe.max_train or topic.n_train):
        return f"all {topic.n_train:,} training texts"
    return f"at most {recipe.max_train:,} texts" if recipe.max_train else "all training texts"


def describe_dropping(choice: Choice, dropped: tuple[int, ...] | None) -> str:
    strategy = STRATEGIES[choice.strategy]
    if dropped is not None:
        return f"Drops {describe_layers(dropped)}" if dropped else "Drops nothing"
    if strategy.needs == "similarity":
        return f"Compares the layers first, drops the {choice.n_dropped} that contribute least"
    return f"Drops {choice.n_dropped} layer{'s' * (choice.n_dropped != 1)} ({strategy.label})"


def next_seed(choice: Choice, runs: Sequence[Run], dropped: tuple[int, ...] | None) -> int:
    """The chosen seed, else the first one that these layers were not run with."""
    if choice.seed is not None:
        return choice.seed
    done = {run.seed for run in runs if run.dropped == dropped}
    return next(seed for seed in range(len(done) + 1) if seed not in done)


def expected_time(choice: Choice, subject: Subject, topic: Topic, dropped: tuple[int, ...] | None, store: Store) -> str:
    if not subject.n_layers:
        return "how long that takes is not known before the model is here."
    n_dropped = choice.n_dropped if dropped is None else len(dropped)
    runs = store.runs(subject.key, latest=frames.LATEST)
    known = frames.train_time(
        runs,
        topic.key,
        choice.recipe,
        subject.n_layers - n_dropped,
        lambda run: not store.is_shipped(run),
        topic.n_train,
    )
    if not known:
        return "how long that takes is not known, nothing of this size was run yet."
    seconds, basis = known
    return f"training takes about {duration(seconds)} (median of {basis})."
