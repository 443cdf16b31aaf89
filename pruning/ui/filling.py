"""Filling the curve: the runs that its strategies still lack, one after the other as the visitor looks on."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from .. import frames
from ..plan import Request
from ..runs import Run
from ..store import Store
from ..strategies import STRATEGIES, kept_layers
from ..sweep import duration
from ..uploads import Upload
from .choice import Choice, Subject, as_request, offered_strategies, settle
from .topics import Topic
from .view import look_up, version

MOST_SEEDS = 100
NOTHING = "Fill the curve: nothing is left to run"


def offer(
    choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple
) -> tuple[tuple[Request, ...], str]:
    """What the button runs, and its text. `store` is scoped as the topic is, `stored` its version.

    One request per stack that the drawn strategies keep and that was not run, all with one seed: the chosen one, else
    the first that lacks any. Contribution is left out while its similarities are not measured.
    """
    any_point = replace(choice, n_dropped=0, layers="", budget=Choice.budget)  # the point looked at plays no part
    return plan_filling(any_point, subject, topic, store, stored)


@lru_cache(maxsize=64)
def plan_filling(
    choice: Choice, subject: Subject, topic: Topic, store: Store, stored: tuple
) -> tuple[tuple[Request, ...], str]:
    if not subject.n_layers or not topic.has_texts or subject.error or topic.problem:
        return (), NOTHING
    found, _, _ = look_up(choice, subject, topic, store, stored)
    similarity = found.similarity and found.similarity.mean
    for seed in range(MOST_SEEDS) if choice.seed is None else [choice.seed]:
        lacking = stacks_without_run(choice, subject, similarity, [run for run in found.runs if run.seed == seed])
        if lacking:
            points = lacking.values()
            requests = [as_request(replace(choice, strategy=name, n_dropped=n), topic, seed) for name, n in points]
            begun = not found.runs or any(run.seed == seed for run in found.runs)
            what = "Fill the curve" if begun else f"Add seed {seed} to the curve"
            return tuple(requests), f"{what}: {describe_filling(requests, subject, topic, store)}"
    return (), NOTHING


def make_missing(choice: Choice, store: Store, own: Sequence[Upload] = ()) -> tuple[Request, ...]:
    """The runs of the offer for any choice; ValueError where there are none. `own` are the visitor's files."""
    choice, subject, topic, _ = settle(choice, store, own)
    store = store.scoped(topic.scope)
    requests, text = offer(choice, subject, topic, store, version(store))
    if not requests:
        raise ValueError(f"{text}; choose another seed, strategy or task")
    return requests


def stacks_without_run(
    choice: Choice, subject: Subject, similarity: Sequence[float] | None, runs: Sequence[Run]
) -> dict[tuple[int, ...], tuple[str, int]]:
    """kept -> a strategy and number that keep it; few dropped layers first, so that the curve grows from the left."""
    done, lacking = {run.kept for run in runs}, {}
    for n_dropped in range(subject.n_layers):
        for name in dict.fromkeys([choice.strategy, *choice.compare]):
            row = STRATEGIES[name]
            known = row.needs != "layers" and (row.needs != "similarity" or similarity)
            if not known or name not in offered_strategies(subject) or n_dropped > row.most(subject.n_layers):
                continue
            kept = kept_layers(name, subject.n_layers, n_dropped, similarity)
            if kept not in done:
                lacking.setdefault(kept, (name, n_dropped))
    return lacking


def describe_filling(requests: Sequence[Request], subject: Subject, topic: Topic, store: Store) -> str:
    """How many runs, with which seed, and how long their training takes where that is known."""
    runs, seconds = store.runs(subject.key, latest=frames.LATEST), []
    for request in requests:
        n_kept = subject.n_layers - request.n_dropped
        known = frames.train_time(
            runs, topic.key, request.recipe, n_kept, lambda run: not store.is_shipped(run), topic.n_train
        )
        seconds += [known[0]] if known else []
    lasts = f", about {duration(sum(seconds))}" if len(seconds) == len(requests) else ""
    n = len(requests)
    return f"{n} run{'s' * (n != 1)} with seed {requests[0].seed}{lasts}"
