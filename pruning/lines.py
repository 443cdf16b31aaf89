"""The shipped runs that a finding is about: of one model, task and recipe, dropped before fine-tuning."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .frames import by_stack, comparable, matching
from .models import MODELS
from .runs import Run
from .store import Store
from .tasks import TASKS

RECIPES = ("standard", "subset")  # whose runs are findings; a quick run is a demonstration


@dataclass(frozen=True)
class Line:
    """With the full model among the runs."""

    model: str
    task: str
    recipe: str
    runs: Sequence[Run]
    similarity: Sequence[float] | None

    @property
    def n_layers(self) -> int:
        return self.runs[0].n_layers

    @property
    def every(self) -> tuple[int, ...]:
        return tuple(range(self.n_layers))

    @property
    def full(self) -> list[Run]:
        return [run for run in self.runs if not run.n_dropped]

    @property
    def label(self) -> str:
        return f"{MODELS[self.model].label}, {TASKS[self.task].label.lower()}"


def find_lines(store: Store) -> Iterator[Line]:
    """In the order of models, recipes and tasks; those with the full model and two stacks more."""
    for model in MODELS:
        for recipe in RECIPES:
            for task in TASKS:
                runs = comparable(store.runs(model, task), recipe)
                similarity = matching(store.similarities(model, task), runs, "sentence")
                line = Line(model, task, recipe, runs, similarity and similarity.mean)
                if len(by_stack(runs)) > 2 and line.full:
                    yield line
