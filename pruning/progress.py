"""What long work says of itself while it runs, and when it fails."""

import traceback
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
SHARED_TRAINING, SCORING_STACKS = "training every stack", "scoring every stack"
FULL_MODEL = "full model"  # its stages come first in a run on a fine-tuned one, as "full model: training"


@dataclass(frozen=True)
class Progress:
    stage: str  # one of the constants above
    step: int = 0
    steps: int = 0  # 0: not known
    loss: float | None = None  # training loss of this step
    seconds_left: float | None = None  # of this stage


def explain(error: Exception) -> str:
    """What the user reads. Our own errors are sentences already; of all others the log gets the traceback."""
    sentences = ValueError | OSError | LookupError | FloatingPointError
    if isinstance(error, sentences) and not isinstance(error, KeyError | IndexError):
        return str(error)
    traceback.print_exception(error)
    if isinstance(error, MemoryError) or "ried to allocate" in str(error):  # torch's is a RuntimeError
        return "there was not enough memory; choose a smaller model, or close other programs and try again"
    return f"the work stopped on an unexpected {type(error).__name__}: {error}; the log of the app says where"
