"""What long work says of itself while it runs."""

from dataclasses import dataclass

FETCHING, LOADING, COMPARING, PROBING, TRAINING, SCORING, TIMING = (
    "fetching the model",
    "loading",
    "comparing layers",
    "probing layers",
    "training",
    "scoring",
    "timing",
)
FULL_MODEL = "full model"  # its stages come first in a run on a fine-tuned one, as "full model: training"


@dataclass(frozen=True)
class Progress:
    stage: str  # one of the constants above
    step: int = 0
    steps: int = 0  # 0: not known
    loss: float | None = None  # training loss of this step
    seconds_left: float | None = None  # of this stage
