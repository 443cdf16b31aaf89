"""What a visitor has chosen: made possible where it is not, and as a link, a request and a command to copy."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import urlencode

from .. import program, published
from ..curve import MEASURED
from ..figures import BUDGETS
from ..models import MODELS, NotInstalledError, installed_folder, resolve
from ..plan import EXPORT, MOST_SEED, RUN, SIMILARITY, Request, is_whole
from ..recipes import RECIPES
from ..runs import POOLINGS, PRE_TRAINED, STARTS
from ..store import Store
from ..strategies import STRATEGIES, check_layers, kept_layers, parse_layers
from ..uploads import Upload
from .topics import Topic, find_topic, task_names

COMPARED = tuple(name for name, strategy in STRATEGIES.items() if strategy.needs != "layers")
UNKNOWN_LAYERS = 12  # what the slider offers while a model's number of layers is not known


@dataclass(frozen=True)
class Choice:
    model: str = next(iter(MODELS))
    task: str = ""  # name of a Topic; empty: the first
    source: str = ""  # MEASURED or a key of published.SOURCES; empty: the first there is
    strategy: str = "top"
    compare: tuple[str, ...] = COMPARED
    n_dropped: int = 2
    layers: str = ""  # to drop, as typed, for strategy custom
    budget: float = 2
    recipe: str = next(iter(RECIPES))
    seed: int | None = None  # None: the next one not run yet
    pooling: str = next(iter(POOLINGS))
    start: str = PRE_TRAINED


@dataclass(frozen=True)
class Subject:
    """The model of a choice: what is known of it without loading it."""

    key: str  # its name in stored rows
    label: str
    n_layers: int | None = None  # None: not known before it is fetched
    revision: str = ""
    published: str = ""
    installed: bool = False
    shared: bool = False  # its layers share one set of weights: only their number can change
    note: str = ""  # what to know of its architecture
    error: str = ""  # why it cannot be used


def find_subject(model: str) -> Subject:
    """A registered model, a hub id or a folder; an impossible one comes back with the reason."""
    row = MODELS.get(model)
    try:
        weights = resolve(model) if not row or installed_folder(model).exists() else None
    except NotInstalledError:
        weights = None
    except (ValueError, OSError) as error:
        return Subject(model, row.label if row else Path(model).name or "?", row and row.n_layers, error=str(error))
    if row:
        known = weights.revision if weights else row.sha256
        return Subject(model, row.label, row.n_layers, known, row.published, bool(weights))
    if weights:
        about = {"shared": weights.family.shared, "note": weights.family.note}
        return Subject(weights.name, weights.name, weights.n_layers, weights.revision, installed=True, **about)
    return Subject(model, model)


def labelled_sources(names: list[str]) -> list[tuple[str, str]]:
    labels = {name: source.label for name, source in published.SOURCES.items()}
    return [(labels.get(name, "measured here"), name) for name in names]


def source_names(subject: Subject, topic: Topic, has_runs: bool) -> list[str]:
    """Where numbers for this model and task come from; the first is shown unless another is chosen."""
    names = published.sources(subject.published, topic.published) if subject.published else []
    return names + [MEASURED] if has_runs or not names else names


def has_runs(subject: Subject, topic: Topic, store: Store) -> bool:
    return topic.has_texts and store.scoped(topic.scope).has_runs(subject.key, topic.key)


def task_with_numbers(choice: Choice, store: Store, own: Sequence[Upload]) -> str:
    """The chosen task where the model has numbers on it or it is the visitor's own, else '': the first."""
    subject, topic = find_subject(choice.model), find_topic(choice.task, own)
    known = topic.scope or published.sources(subject.published, topic.published) or has_runs(subject, topic, store)
    return choice.task if known else ""


def offered_strategies(subject: Subject) -> list[str]:
    """Of layers that share their weights only the number can change, which is what `top` does."""
    return ["top"] if subject.shared else list(STRATEGIES)


def most_layers(choice: Choice, n_layers: int | None) -> int:
    return STRATEGIES[choice.strategy].most(n_layers or UNKNOWN_LAYERS)


def settle(choice: Choice, store: Store, own: Sequence[Upload] = ()) -> tuple[Choice, Subject, Topic, list[str]]:
    """The choice, with what does not go together replaced by the nearest that does; its model, task and sources.

    `own` are the visitor's files.
    """
    subject = find_subject(choice.model)
    names = task_names(subject.published, own)
    task = choice.task if choice.task in names else names[0]
    topic = find_topic(task, own)
    sources = source_names(subject, topic, has_runs(subject, topic, store))
    strategy = choice.strategy if choice.strategy in offered_strategies(subject) else "top"
    choice = replace(
        choice, task=task, strategy=strategy, source=choice.source if choice.source in sources else sources[0]
    )
    most = most_layers(choice, subject.n_layers)
    return replace(choice, n_dropped=min(max(choice.n_dropped, 0), most)), subject, topic, sources


def dropped_layers(choice: Choice, n_layers: int | None, similarity: Sequence[float] | None) -> tuple[int, ...] | None:
    """The layers this choice drops; None where that is not known. ValueError: impossible custom layers."""
    row = STRATEGIES[choice.strategy]
    if not n_layers and row.needs == "layers":
        layers = parse_layers(choice.layers)
        return check_layers(layers, n_layers=max(layers, default=0) + 2)  # whether they exist is seen once it is here
    if not n_layers:
        return None
    if row.needs == "similarity" and not similarity:
        return () if not choice.n_dropped else None
    layers = parse_layers(choice.layers) if row.needs == "layers" else None
    kept = kept_layers(choice.strategy, n_layers, None if layers else choice.n_dropped, similarity, layers)
    return tuple(i for i in range(n_layers) if i not in kept)


def pick_point(choice: Choice, point: Mapping) -> Choice:
    """The choice turned to a point that was clicked, as the page reports it; what cannot be one changes nothing."""
    strategy, n_dropped, layers = (point.get(name) for name in ("strategy", "n_dropped", "layers"))
    if not isinstance(strategy, str) or strategy not in STRATEGIES or not is_whole(n_dropped):
        return choice
    if STRATEGIES[strategy].needs != "layers":
        return replace(choice, strategy=strategy, n_dropped=n_dropped)
    if not isinstance(layers, list) or len(layers) != n_dropped or not all(map(is_whole, layers)):
        return choice
    return replace(choice, strategy=strategy, n_dropped=n_dropped, layers=",".join(map(str, layers)))


def choose_layers(choice: Choice, layers: object, n_layers: int | None) -> Choice:
    """Strategy custom with those layers dropped; what a page must not ask, all of them included, changes nothing."""
    if not n_layers or not isinstance(layers, list) or not all(is_whole(i) and 0 <= i < n_layers for i in layers):
        return choice
    layers = sorted(set(layers))
    if len(layers) == n_layers:
        return choice
    if not layers:
        return replace(choice, strategy="top", n_dropped=0, layers="")
    return replace(choice, strategy="custom", n_dropped=len(layers), layers=",".join(map(str, layers)))


def as_request(choice: Choice, topic: Topic, seed: int) -> Request:
    """ValueError: the custom layers cannot be read. Where nothing is dropped there is no order to choose."""
    custom = STRATEGIES[choice.strategy].needs == "layers"
    return Request(
        model=choice.model,
        task=topic.file or choice.task,
        strategy=choice.strategy,
        n_dropped=None if custom else choice.n_dropped,
        layers=parse_layers(choice.layers) if custom else (),
        seed=seed,
        recipe=choice.recipe,
        pooling=choice.pooling,
        start=choice.start if custom or choice.n_dropped else PRE_TRAINED,
        text=topic.text,
        label=topic.label_column,
        kind=topic.kind,
        scope=topic.scope,
    )


def as_command(choice: Choice, topic: Topic, seed: int, action: str = RUN) -> list[str]:
    """The same on the command line, in pieces that a line should not break; defaults are left out.

    `action` is one of plan.COMMANDS. A visitor's file goes by its name alone: where it lay before is not known.
    """
    options = {"model": choice.model, "task": Path(topic.file).name or choice.task}
    options |= {"label": topic.label_column} if topic.label_column else {}
    options |= {"kind": topic.kind} if topic.kind else {}
    options["strategy"] = choice.strategy
    if STRATEGIES[choice.strategy].needs == "layers":
        options["layers"] = choice.layers.replace(" ", "")
    else:
        options["drop"] = choice.n_dropped
    defaults = Choice()
    options |= {"seed": seed} if seed else {}
    options |= {"recipe": choice.recipe} if choice.recipe != defaults.recipe else {}
    options |= {"similarity": choice.pooling} if choice.pooling != defaults.pooling else {}
    options |= {"start": choice.start} if choice.start != defaults.start and options.get("drop") != 0 else {}
    if action == SIMILARITY:
        options = {name: options[name] for name in ("model", "task", "label", "kind") if name in options}
    options |= {"to": "my-smaller-model"} if action == EXPORT else {}
    pieces = [f"--{name} {shlex.quote(str(value))}" for name, value in options.items()]
    text = [f"--text {shlex.join(topic.text)}"] if topic.text else []
    return [f"{program()} {action}", *pieces[:2], *text, *pieces[2:]]


PYTHON = {
    RUN: ("execute", "execute", "*_, run = execute({request}, Store())\nprint(run.score, run.interval)"),
    EXPORT: ("export", "export", '*_, folder = export({request}, Path("my-smaller-model"), Store())'),
}


def as_python(request: Request, action: str = RUN) -> str:
    """The same in Python, from the project's folder."""
    values = {f.name: getattr(request, f.name) for f in fields(Request)}
    values["task"] = Path(request.task).name if request.scope else request.task  # where it lay before is not known
    given = [repr(value) for name, value in values.items() if name in ("model", "task", "strategy")]
    rest = (f.name for f in fields(Request) if f.name not in ("model", "task", "strategy", "scope"))
    given += [f"{name}={values[name]!r}" for name in rest if values[name] != getattr(Request, name)]
    analysis = ("analyses", "ANALYSES", f'*_, records = ANALYSES["{action}"]({{request}}, Store())')
    module, names, work = PYTHON.get(action, analysis)
    lines = ["from pathlib import Path", ""] if action == EXPORT else []
    lines += [
        f"from pruning.{module} import {names}",
        "from pruning.plan import Request",
        "from pruning.store import Store",
    ]
    return "\n".join([*lines, "", work.format(request=f"Request({', '.join(given)})")])


def as_query(choice: Choice) -> str:
    """The choice as a link's query; what equals its default is left out, but for the first four."""
    values = {"model": choice.model, "task": choice.task, "strategy": choice.strategy, "drop": choice.n_dropped}
    defaults = Choice()
    values |= {
        n: getattr(choice, n)
        for n in ("budget", "recipe", "pooling", "start")
        if getattr(choice, n) != getattr(defaults, n)
    }
    values |= {"seed": choice.seed} if choice.seed is not None else {}
    values |= {"layers": choice.layers} if choice.layers and choice.strategy == "custom" else {}
    values |= {"compare": ",".join(choice.compare)} if set(choice.compare) != set(COMPARED) else {}
    values |= {"source": choice.source} if choice.model in MODELS and MODELS[choice.model].published else {}
    return urlencode(values)


def from_query(query: Mapping[str, str]) -> Choice:
    """The choice a link stands for."""
    compare = {"compare": query["compare"].split(",")} if "compare" in query else {}
    return read({**query, "n_dropped": query.get("drop"), **compare})


def read(given: Mapping[str, object]) -> Choice:
    """The choice that values of a page or a link stand for; what they cannot mean is passed over.

    `settle` does the rest. A page is not to be trusted either: anyone can send anything in its name.
    """
    texts = {name: value for name, value in given.items() if isinstance(value, str) and is_writable(value)}
    values = {name: texts[name].strip() for name in ("model", "task", "source", "strategy", "layers") if name in texts}
    tables = {"recipe": RECIPES, "pooling": POOLINGS, "start": STARTS}
    values |= {name: texts[name] for name, table in tables.items() if texts.get(name) in table}
    if isinstance(given.get("compare"), list | tuple):
        values["compare"] = tuple(name for name in COMPARED if name in given["compare"])
    numbers = {name: whole(given.get(name)) for name in ("n_dropped", "seed", "budget")}
    values |= {n: v for n, v in numbers.items() if v is not None and (n != "budget" or v in BUDGETS)}
    return Choice(**values)


def whole(value: object) -> int | None:
    """The whole number from 0 to MOST_SEED that the value is, or says in digits; None where it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(MOST_SEED)):
        value = int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value <= MOST_SEED and value % 1 == 0 else None


def is_writable(text: str) -> bool:
    """Half of a character, which a page can send, cannot be written into a link."""
    return text.encode("utf-8", "ignore").decode() == text


def marked_models(store: Store) -> list[tuple[str, str]]:
    """(text, name) of every registered model, with its layers and what there is to see of it."""
    measured = store.models()

    def mark(name: str) -> str:
        kinds = ["measured"] * (name in measured) + ["published"] * bool(MODELS[name].published)
        return ", ".join(kinds) or "live only"

    return [(f"{m.label} · {m.n_layers} layers · {mark(name)}", name) for name, m in MODELS.items()]
