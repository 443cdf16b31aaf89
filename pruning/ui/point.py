"""The point that is shown, as something to do work on: what a tab's buttons do to it, how long that takes."""

from dataclasses import replace

from .. import checkpoints
from ..models import MODELS
from ..plan import COMMANDS, DRIFT, EXPORT, LANDSCAPE, PROBE, RUN, SIMILARITY, TRY, Request, full_request, plan
from ..runs import PRE_TRAINED
from ..store import Store
from ..tasks import TASKS
from .action import expected_time
from .choice import Choice, as_command, as_python, as_request
from .shown import Shown
from .view import look_up

DOES = {
    SIMILARITY: "Similarity: one pass of the model before fine-tuning over at most 2,000 validation texts.",
    DRIFT: "Drift: one pass of that and of the fine-tuned model over the same texts.",
    PROBE: "Probes: two passes over at most 2,000 validation texts, and regressions on every state.",
    LANDSCAPE: "Trains two models in which all stacks of layers share their weights, and scores every stack; together "
    "that takes about four to five times as long as the full model's run. What is stored is not estimated again.",
    TRY: "Compares the full model, fine-tuned with the same recipe and seed, with the pruned one.",
    EXPORT: "Writes the fine-tuned model of this point.",
}


def analysis_action(shown: Shown, *actions: str) -> dict:
    """What the buttons of a tab do to the point that is shown, how long that takes, and the same to copy.

    The command and the Python code are those of the first action that has them.
    """
    if not shown.topic.has_texts:
        return {
            "text": f"{shown.topic.label} is published only; choose a task with texts here.",
            "command": [],
            "problem": True,
        }
    try:
        request = request_of(shown, actions[0])
    except ValueError as error:
        return {"text": str(error), "command": [], "problem": True}
    text = what_comes_first(shown) + " ".join(DOES[action] for action in actions)
    trains = any(action not in (SIMILARITY, LANDSCAPE) for action in actions)
    told = {"text": f"{text} {describe_weights(shown, both=TRY in actions)}" if trains else text}
    choice = ordered(shown.choice, actions[0])
    command = as_command(choice, shown.topic, request.seed, actions[0]) if actions[0] in COMMANDS else []
    return told | {"command": command, "python": as_python(request, actions[0])}


def what_comes_first(shown: Shown) -> str:
    """What has to be fetched, '' for nothing."""
    model, task = shown.choice.model, TASKS.get(shown.topic.key)
    size = f" ({MODELS[model].download_mb} MB)" if model in MODELS else ""
    fetched = [] if shown.subject.installed else [f"{shown.subject.label}{size}"]
    fetched += [f"the texts of {task.label} from the hub, which needs the network"] if task and task.hub else []
    return f"Fetches {' and '.join(fetched)} first. " if fetched else ""


def request_of(shown: Shown, action: str = RUN) -> Request:
    """The point that is shown, with a seed that it was run with; a landscape has its own. ValueError: impossible."""
    found, dropped, problem = look_up(*shown.scene)
    if problem:
        raise ValueError(problem)
    seeds = [run.seed for run in found.runs if run.dropped == dropped and action != LANDSCAPE]
    seed = min(seeds, default=0) if shown.choice.seed is None else shown.choice.seed
    return as_request(ordered(shown.choice, action), shown.topic, seed)


def ordered(choice: Choice, action: str) -> Choice:
    """A landscape is of stacks that are dropped first, whatever order is looked at."""
    return replace(choice, start=PRE_TRAINED) if action == LANDSCAPE else choice


def describe_weights(shown: Shown, both: bool = False) -> str:
    """Whether fine-tuned weights are kept here, or how long training takes; `both`: of the full model too."""
    request = request_of(shown)
    asked = {"this point": (request, shown.dropped)}
    if both and shown.dropped != ():
        asked["the full model"] = (full_request(request), ())
    missing = {name: dropped for name, (one, dropped) in asked.items() if not is_kept(one, shown.store)}
    seed = f"seed {request.seed}" + (" (as it was run)" if look_up(*shown.scene)[0].runs else "")
    if not missing:
        return f"Weights of {' and of '.join(asked)} with {seed} are kept here, so it starts at once."
    times = [
        f"{name}: {expected_time(shown.choice, shown.subject, shown.topic, dropped, shown.store).rstrip('.')}"
        for name, dropped in missing.items()
    ]
    return f"Takes {seed}. No weights of it are kept here, so it is trained first; {'; '.join(times)}."


def is_kept(request: Request, store: Store) -> bool:
    """False also where only the worker can find out: hub tasks need the network, own files may be large."""
    if request.task not in TASKS or TASKS[request.task].hub:
        return False
    try:
        return checkpoints.folder(store, plan(request, store)[0].key) is not None
    except (ValueError, OSError, LookupError):
        return False
