"""The shipped runs that a finding is about: of one model, task and recipe, dropped before fine-tuning."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .findings import kept_by
from .frames import by_stack, comparable, matching
from .models import MODELS
from .runs import Run
from .store import Store
from .tasks import TASKS

FINDING_RECIPES = ("standard", "subset")  # a quick run is a demonstration


@dataclass(frozen=True)
class Line:
    """Comparable runs of a model, the full one and two stacks of layers or more; what a curve is drawn from."""

    model: str
    task: str
    recipe: str
    runs: Sequence[Run]
    similarity: Sequence[float] | None  # cosine of each layer's input and output; None: not measured

    @property
    def n_layers(self) -> int:
        return self.runs[0].n_layers

    @property
    def n_half(self) -> int:
        """How many layers are dropped where half of them are."""
        return self.n_layers // 2

    @property
    def full(self) -> list[Run]:
        return [run for run in self.runs if not run.n_dropped]

    @property
    def label(self) -> str:
        return f"{MODELS[self.model].label}, {TASKS[self.task].label.lower()}"

    def kept(self, strategy: str, n_dropped: int) -> tuple[int, ...] | None:
        """The layers that strategy keeps; None where it cannot drop so many."""
        return kept_by(strategy, self.n_layers, n_dropped, self.similarity)

    def of_stack(self, kept: tuple[int, ...] | None) -> list[Run]:
        """The runs that keep these layers, one per seed."""
        return [run for run in self.runs if run.kept == kept]


def find_lines(store: Store) -> Iterator[Line]:
    """In the order of models, recipes and tasks."""
    for model in MODELS:
        for recipe in FINDING_RECIPES:
            for task in TASKS:
                runs = comparable(store.runs(model, task), recipe)
                similarity = matching(store.similarities(model, task), runs, "sentence")
                line = Line(model, task, recipe, runs, similarity and similarity.mean)
                if len(by_stack(runs)) > 2 and line.full:
                    yield line


def grouped(lines: Sequence[Line]) -> dict[tuple[str, str], list[Line]]:
    """(model, recipe) -> its lines."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.model, line.recipe), []).append(line)
    return found
