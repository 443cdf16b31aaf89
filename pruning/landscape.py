"""The landscape of a model and a task: what every stack of layers would score, for the price of a few fine-tunings.

Estimates, never mixed with runs: `landscape_frames` holds them against the runs there are and says how far off they
are. Test texts never choose a stack; a search goes by validation texts.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from .batches import encode
from .checkpoints import keep, load
from .device import default_device, describe_device, training_precision
from .execute import origin, planned
from .finetune import as_predictions
from .layers import count_layers
from .metrics import value
from .models import Weights, load_model, load_tokenizer
from .plan import Request, load_data
from .progress import LOADING, Progress
from .recipes import Recipe
from .runs import PRE_TRAINED, Landscape, Record, RunSpec, Similarity
from .shared_training import SharedModels, can_be_shared, score_stacks, train_shared
from .stacks import Stack
from .store import Store
from .strategies import STRATEGIES, describe_layers, kept_layers
from .tasks import Split, TaskData

SMALL = 8  # layers up to which every stack is scored: 255 of them
BEAM, BEAM_TEXTS = 3, 500  # of larger models the search goes on from so many stacks, scored on so many validation texts


def landscape(request: Request, store: Store) -> Iterator[Progress | Record | list[Landscape]]:
    """Yields progress, and at last, in a list, the landscape of the request's model, task, recipe and seed, stored.

    The stack that the request keeps is among its stacks, unless it is a single lower layer. ValueError: the family's
    layers cannot be moved, or the weights for one more stack are gone.
    """
    spec, weights = yield from planned(replace(request, start=PRE_TRAINED), store)
    data, found = load_data(request), find_landscape(store, spec)
    if found is None:
        found = yield from make(spec, weights, data, store)
    elif spec.kept not in found.stacks and can_be_shared(spec.kept, weights.n_layers):
        found = yield from scored_too(found, spec, weights, data, store)
    yield [found]


def find_landscape(store: Store, spec: RunSpec) -> Landscape | None:
    """The stored landscape of the spec's model, task, recipe and seed."""
    asked = (spec.revision, spec.data, spec.recipe, spec.seed)
    found = store.records("landscape", spec.model, spec.task)
    return next((one for one in found if (one.revision, one.data, one.recipe, one.seed) == asked), None)


def make(spec: RunSpec, weights: Weights, data: TaskData, store: Store) -> Generator[Progress, None, Landscape]:
    """Trains, scores and stores; the weights are kept where there is room, for stacks that are asked for later."""
    yield Progress(LOADING)
    started = time.perf_counter()
    recipe, tokenizer = Recipe(label="", **spec.recipe), load_tokenizer(weights)
    similarities = [s for s in store.similarities(weights.name, spec.task) if s.revision == weights.revision]
    named = named_stacks(weights.n_layers, similarities)
    model = load_model(weights, data.task.n_labels, spec.seed).to(default_device())
    train = data.train.first(recipe.max_train)
    encoded = encode(tokenizer, train.texts, recipe.max_tokens)
    for event in train_shared(model, encoded, train.labels, recipe, spec.seed, named):
        if isinstance(event, Progress):
            yield event
    models = event
    stacks = {*(yield from chosen_stacks(models, weights, data, recipe, named)), spec.kept}
    record = Landscape(
        **origin(weights, data),
        recipe=spec.recipe,
        seed=spec.seed,
        n_layers=weights.n_layers,
        metric=data.task.metrics[0],
        **(yield from scores(models, load_tokenizer(weights), data, recipe, stacks)),
        cost=models.cost,
        seconds=time.perf_counter() - started,
        device=describe_device(models.upper.device),
        precision=training_precision(weights.family),
    )
    store.add(record)
    if weights.n_layers > SMALL:
        for part in ("upper", "lower"):
            keep(store, f"{record.key}-{part}", getattr(models, part), tokenizer)
    return record


def scored_too(
    found: Landscape, spec: RunSpec, weights: Weights, data: TaskData, store: Store
) -> Generator[Progress, None, Landscape]:
    """The landscape with one stack more, from the weights that were kept."""
    parts = [load(store, f"{found.key}-{part}", data.task.n_labels) for part in ("upper", "lower")]
    if None in parts:
        raise ValueError(
            f"layers {describe_layers(spec.kept)} were not estimated, and the weights for that are not kept here any "
            "more; run that point instead"
        )
    models = SharedModels(*(part.to(default_device()) for part in parts))
    recipe, tokenizer = Recipe(label="", **spec.recipe), load_tokenizer(weights)
    more = yield from scores(models, tokenizer, data, recipe, [spec.kept])
    joined = {name: getattr(found, name) + more[name] for name in ("stacks", "scores", "validation")}
    record = replace(found, **joined)
    store.replace(record)
    return record


def named_stacks(n_layers: int, similarities: Sequence[Similarity]) -> list[Stack]:
    """What the strategies keep, each once; contribution's where the similarities are known."""
    stacks = set()
    for name, strategy in STRATEGIES.items():
        known = [s.mean for s in similarities] if strategy.needs == "similarity" else [None]
        if strategy.needs != "layers":
            for mean in known:
                stacks |= {kept_layers(name, n_layers, n, mean) for n in range(strategy.most(n_layers) + 1)}
    return sorted(stacks)


def chosen_stacks(
    models: SharedModels, weights: Weights, data: TaskData, recipe: Recipe, named: list[Stack]
) -> Generator[Progress, None, list[Stack]]:
    """Of a small model every stack, else the strategies' and what a search finds."""
    layers = range(weights.n_layers)
    if weights.n_layers <= SMALL:
        return [stack for n in range(1, weights.n_layers + 1) for stack in combinations(layers, n)]
    encoded = encode(load_tokenizer(weights), data.validation.first(BEAM_TEXTS).texts, recipe.max_tokens)
    found, beam = set(named), [tuple(layers)]
    while len(beam[0]) > 1:
        shorter = {stack[:i] + stack[i + 1 :] for stack in beam for i in range(len(stack))}
        known = yield from judged(models, encoded, data.validation.first(BEAM_TEXTS), data, shorter)
        beam = sorted(known, key=known.get, reverse=True)[:BEAM]
        found |= set(beam)
        if not beam:
            break
    return sorted(found)


def scores(models: SharedModels, tokenizer, data: TaskData, recipe: Recipe, stacks) -> Generator[Progress, None, dict]:
    """The fields of a landscape that hold those of the stacks that can be estimated, and their scores."""
    test = data.test.first(recipe.max_test)
    of_test = yield from judged(models, encode(tokenizer, test.texts, recipe.max_tokens), test, data, stacks)
    rest = data.validation.first(recipe.max_test)
    of_rest = yield from judged(models, encode(tokenizer, rest.texts, recipe.max_tokens), rest, data, stacks)
    known = sorted(of_test, key=lambda stack: (-len(stack), stack))
    return {
        "stacks": tuple(known),
        "scores": tuple(of_test[stack] for stack in known),
        "validation": tuple(of_rest[stack] for stack in known),
        "n_eval": len(test.texts),
        "n_validation": len(rest.texts),
    }


def judged(
    models: SharedModels, encoded, split: Split, data: TaskData, stacks
) -> Generator[Progress, None, dict[Stack, float]]:
    """Score in percent of each stack that can be estimated."""
    n_layers = count_layers(models.upper)
    for event in score_stacks(models, encoded, [stack for stack in stacks if can_be_shared(stack, n_layers)]):
        if isinstance(event, Progress):
            yield event
    name = data.task.metrics[0]
    return {stack: value(name, split.labels, as_predictions(logits)) for stack, logits in event.items()}
