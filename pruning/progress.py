"""What long work says of itself while it runs."""

from dataclasses import dataclass

FETCHING, LOADING, COMPARING, TRAINING, SCORING, TIMING = (
    "fetching the model",
    "loading",
    "comparing layers",
    "training",
    "scoring",
    "timing",
)


@dataclass(frozen=True)
class Progress:
    stage: str  # one of the constants above
    step: int = 0
    steps: int = 0  # 0: not known
    loss: float | None = None  # training loss of this step
    seconds_left: float | None = None  # of this stage
