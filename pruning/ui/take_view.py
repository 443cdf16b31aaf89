"""Everything the tabs Try it and Export show, as plain values."""

from pathlib import Path

import pandas as pd

from ..jobs import DONE
from ..plan import DISAGREE, EXPORT, TRY
from ..strategies import describe_layers
from ..tasks import TASKS
from .live import name_point
from .point import analysis_action, request_of
from .shown import Shown
from .view import as_table, look_up

NOTHING = {"title": "", "subtitle": "", "numbers": None}


def try_hint(shown: Shown) -> dict:
    """What the buttons compare, and whether it has to be trained first."""
    return analysis_action(shown, TRY) | {"command": [], "python": ""}


def try_view(shown: Shown) -> dict[str, dict]:
    """story and rows, of the visitor's last comparison."""
    job = shown.job
    if not job or job.action not in (TRY, DISAGREE) or job.state != DONE:
        text = "the full model and the pruned one, on a text of yours or on test texts."
        return {"story": {"lead": "Side by side:", "text": text, "unknown": ""}, "rows": NOTHING}
    document = job.result
    numbers = as_table(pd.DataFrame([describe_row(row, document["classes"]) for row in document["rows"]]), "try.csv")
    task = TASKS[job.request.task].label if job.request.task in TASKS else Path(job.request.task).name
    subtitle = f"{job.request.model} on {task}, {name_point(job.request)}; kept {describe_layers(document['kept'])}"
    title = "Where the two disagree most" if job.action == DISAGREE else "Side by side"
    rows = {"title": title, "subtitle": subtitle, "numbers": numbers}
    return {"story": tell_disagreement(document) if job.action == DISAGREE else tell_speed(document), "rows": rows}


def describe_row(row: dict, classes: list[str]) -> dict:
    """A line of the table: what each model says, and how far apart they are."""
    text = row["text"] if isinstance(row["text"], str) else " ‖ ".join(row["text"])
    found = {"Text": text}
    if row["label"] is not None:
        found["Label"] = classes[row["label"]] if classes else round(row["label"], 2)
    for name, values in (("Full model", row["full"]), ("Pruned model", row["pruned"])):
        found[name] = describe_prediction(values, classes)
    apart = max(abs(a - b) for a, b in zip(row["full"], row["pruned"], strict=True))
    return found | {"Apart": f"{100 * apart:.1f} points" if classes else round(apart, 2)}


def describe_prediction(values: list[float], classes: list[str]) -> str | float:
    """positive 93.1%, or the number."""
    if not classes:
        return round(values[0], 2)
    best = max(range(len(values)), key=values.__getitem__)
    return f"{classes[best]} {100 * values[best]:.1f}%"


def tell_speed(document: dict) -> dict:
    full, pruned = (document["latency_ms"][name] for name in ("full", "pruned"))
    text = f"one text takes {full:.1f} ms in full and {pruned:.1f} ms pruned, {full / pruned:.2f} times as fast."
    return {"lead": "Measured on this machine just now:", "text": text, "unknown": "Medians of repeated passes."}


def tell_disagreement(document: dict) -> dict:
    n = document["n_texts"]
    if not document["classes"]:
        text = f"over {n:,} test texts their numbers are {document['mean_difference']:.2f} apart on average."
        return {"lead": "How far apart:", "text": text, "unknown": ""}
    text = f"on {document['n_differ']:,} of {n:,} test texts. "
    text += f"There the full model alone is right {document['full_right_alone']:,} times, the pruned one alone "
    text += f"{document['pruned_right_alone']:,} times."
    return {"lead": "They disagree", "text": text, "unknown": ""}


def describe_export(shown: Shown) -> dict[str, dict]:
    """story and action."""
    action = analysis_action(shown, EXPORT)
    if action.get("problem"):
        return {"story": {"lead": "Nothing to export:", "text": action["text"], "unknown": ""}, "action": action}
    kept = [i for i in range(shown.subject.n_layers or 0) if i not in (shown.dropped or ())]
    lead = f"{shown.subject.label} for {shown.topic.label}, kept {describe_layers(kept)}:"
    text = (
        "a folder that transformers loads offline: config, safetensors, tokenizer, and a model card whose numbers come "
    )
    text += "from the run. The weights are scored once more before they are written."
    return {"story": {"lead": lead, "text": text, "unknown": describe_score(shown)}, "action": action}


def describe_score(shown: Shown) -> str:
    """What the seed that is exported scored, beside the others."""
    seed = request_of(shown).seed
    scores = {run.seed: run.score for run in look_up(*shown.scene)[0].runs if run.dropped == shown.dropped}
    if seed not in scores:
        return f"It takes seed {seed}, which was not run yet."
    told = f"It takes seed {seed}, which scored {scores[seed]:.1f}"
    others = ", ".join(f"seed {other}: {score:.1f}" for other, score in sorted(scores.items()) if other != seed)
    return f"{told}; {others}. Another seed can be chosen under Recipe and seed." if others else f"{told}."


def export_file(shown: Shown) -> dict | None:
    """file, name, megabytes and earlier (of which other point it is, or '') of the last export, while it is there."""
    job = shown.job
    if not job or job.action != EXPORT or job.state != DONE or not Path(job.result["file"]).exists():
        return None
    try:
        earlier = "" if job.request == request_of(shown) else "the one made earlier, "
    except ValueError:
        earlier = "the one made earlier, "
    return job.result | {"name": Path(job.result["file"]).name, "earlier": earlier}
