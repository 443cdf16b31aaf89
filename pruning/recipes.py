"""How a model is fine-tuned: one frozen row per recipe. Every value is part of a run's key."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Recipe:
    name: str  # key on the command line; never changes
    label: str
    epochs: int
    learning_rate: float  # peak, after the warm-up; chosen on validation splits, see benchmarks/learning_rate.py
    batch_size: int
    max_train: int | None  # at most so many training texts, a fixed random subset; None: all
    max_test: int | None  # at most so many test texts, a fixed random subset; None: all
    max_tokens: int = 128  # longer texts are cut
    warm_up: float = 0.1  # share of the steps in which the rate climbs linearly; then it falls linearly to 0
    weight_decay: float = 0.01
    dropout: float | None = None  # of every part of the model while it trains; None: as the model's config says

    def values(self) -> dict:
        """Everything that changes a result, and the name; the label does not."""
        return {key: value for key, value in asdict(self).items() if key != "label"}


RECIPES = {
    r.name: r
    for r in (
        Recipe("quick", "Quick: 1,500 texts once", 1, 1e-4, 8, 1500, 1000, dropout=0.0),
        Recipe("standard", "Standard: all texts, 3 epochs", 3, 1e-4, 32, None, None),
        Recipe("subset", "Subset: 2,000 texts, 3 epochs", 3, 1e-4, 32, 2000, None),
        Recipe("paper", "Paper: as Sajjad et al. (for a GPU)", 3, 2e-5, 32, None, None),
    )
}


def get_recipe(name: str) -> Recipe:
    """The row of that name; ValueError lists the names there are."""
    if name not in RECIPES:
        raise ValueError(f"unknown recipe {name!r}; choose one of: {', '.join(RECIPES)}")
    return RECIPES[name]
