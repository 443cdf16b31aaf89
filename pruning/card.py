"""The model card of an exported model: README.md with the hub's front matter. Every number comes from the run."""

from contextlib import suppress
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, ModelCardData, metadata_load

from .models import HUB_ID, MODELS
from .parameters import in_words
from .runs import STARTS, Run
from .strategies import describe_layers
from .tasks import HUB_ID as GLUE_ID
from .tasks import Task
from .weights import HUB_LICENSE, Weights

HUB_METRICS = {"matthews": "matthews_correlation", "pearson": "pearsonr", "spearman": "spearmanr"}  # as the hub says
SEE_BASE = "see the base model"


def model_card(run: Run, full: Run | None, task: Task, license_name: str, again: float, made: dict) -> str:
    """The text of README.md.

    `full` is the full model's run with the same seed, where there is one; `again` is what the exported weights score on
    the run's own test texts; `made` holds the versions and the time of the export.
    """
    parts = (
        f"---\n{front_matter(run, task, license_name).to_yaml()}\n---",
        f"# {base_label(run)} with {len(run.kept)} of {run.n_layers} layers, for {task.label}",
        opening(run, task),
        "## What was measured",
        numbers(run, full),
        notes(run, full, again),
        "## How it was made",
        "\n".join(f"- {name}: {value}" for name, value in recipe_lines(run, task, made)),
        "## Use",
        usage(run, task),
        "## Licence",
        f"The weights derive from {base_link(run)}. Its licence: {license_name or SEE_BASE}.",
    )
    return "\n\n".join(parts) + "\n"


def license_of(weights: Weights) -> str:
    """The licence of a base model, '' where it is not known."""
    return MODELS[weights.name].license if weights.name in MODELS else read_license(weights.folder)


def read_license(folder: Path) -> str:
    """The licence of a base model, as the hub or the README.md beside its weights names it; '' where neither does."""
    with suppress(OSError):
        return (folder / HUB_LICENSE).read_text(encoding="utf-8").strip()
    with suppress(OSError, ValueError, yaml.YAMLError):
        found = (metadata_load(folder / "README.md") or {}).get("license")
        return found if isinstance(found, str) else ""
    return ""


def base_hub_id(run: Run) -> str:
    """'' for a model from a folder."""
    name, _, _ = run.model.partition("@")
    return MODELS[name].hub_id if name in MODELS else name if HUB_ID.fullmatch(name) else ""


def base_label(run: Run) -> str:
    return MODELS[run.model].label if run.model in MODELS else run.model


def base_link(run: Run) -> str:
    hub_id = base_hub_id(run)
    return f"[{hub_id}](https://huggingface.co/{hub_id})" if hub_id else f"`{run.model}`, a model from a folder"


def front_matter(run: Run, task: Task, license_name: str) -> ModelCardData:
    name = f"{base_label(run)}, {len(run.kept)} of {run.n_layers} layers, {task.label}"
    dataset = {"dataset_type": GLUE_ID, "dataset_config": task.hub} if task.hub else {"dataset_type": run.task}
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_name=task.label,
            dataset_split="test" if not task.hub else task.test_split,
            metric_type=HUB_METRICS.get(metric, metric),
            metric_name=f"{metric}, percent",
            metric_value=round(value, 2),
            **dataset,
        )
        for metric, value in run.metrics.items()
    ]
    return ModelCardData(
        base_model=base_hub_id(run) or None,
        license=license_name or None,
        pipeline_tag="text-classification",
        library_name="transformers",
        tags=["layer-pruning"],
        metrics=[HUB_METRICS.get(metric, metric) for metric in run.metrics],
        model_name=name,
        eval_results=results,
    )


def opening(run: Run, task: Task) -> str:
    kind = f"It tells {', '.join(task.classes)} apart" if task.classes else "It predicts a number"
    dropped = f"without its layers {describe_layers(run.dropped)}" if run.dropped else "with every layer"
    return f"{base_link(run)} {dropped} (counted from 0, nearest the embeddings), fine-tuned. {kind}."


def numbers(run: Run, full: Run | None) -> str:
    """A table: this model, and the full one where it was run."""
    columns = [full, run] if full else [run]
    rows = [
        ("", *(["full model"] if full else []), "this model"),
        ("---",) + ("---:",) * len(columns),
        (f"{run.metric}, percent (95% interval)", *(interval(r) for r in columns)),
        *((name, *(f"{r.metrics[name]:.2f}" for r in columns)) for name in run.metrics if name != run.metric),
        ("layers", *(str(len(r.kept)) for r in columns)),
        ("parameters", *(f"{r.parameters:,} ({in_words(r.parameters)})" for r in columns)),
        *((part, *(parts_in_words(r, part) for r in columns)) for part in run.parts),
        *((f"latency, batch of {n}, ms", *(f"{r.latency_ms[n]:.2f}" for r in columns)) for n in run.latency_ms),
        ("device of the latency", *(r.latency_device for r in columns)),
    ]  # fmt: skip
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def parts_in_words(run: Run, part: str) -> str:
    """Parameters and megabytes of a part; rows of older versions have none."""
    if part not in run.parts:
        return "–"
    parameters, n_bytes = run.parts[part]
    return f"{in_words(parameters)}, {n_bytes / 1e6:.1f} MB"


def interval(run: Run) -> str:
    return f"{run.score:.2f} ({run.interval[0]:.2f} to {run.interval[1]:.2f})"


def notes(run: Run, full: Run | None, again: float) -> str:
    """What the numbers mean, and whether these weights are the ones they were measured on."""
    loss = (
        f"The loss is {full.score - run.score:.2f} points. " if full else "The full model was not run with this seed. "
    )
    same = f"{again:.2f}" == f"{run.score:.2f}"
    weights = (
        "The weights in this folder were scored again before they were written, with the same result."
        if same
        else f"The weights in this folder, scored again before they were written, reach **{again:.2f}**: they were "
        "trained or scored with other threads, libraries or another processor than the run's. The other numbers are "
        "the run's."
    )
    return (
        f"{loss}One seed; the interval is a bootstrap over {run.n_eval:,} test texts, which were never trained on. "
        f"Latency is the median of one forward pass of texts of median length. {weights}"
    )


def recipe_lines(run: Run, task: Task, made: dict) -> list[tuple[str, str]]:
    values = ", ".join(f"{name} {value}" for name, value in run.recipe.items() if name != "name" and value is not None)
    return [
        ("kept layers", describe_layers(run.kept)),
        ("order", STARTS[run.start]),
        ("recipe", f"{run.recipe['name']} ({values})"),
        ("seed", str(run.seed)),
        ("texts", f"{task.label}, {run.n_train:,} to train; source: {task.source}; fingerprint `{run.data}`"),
        ("base weights", f"`{run.revision}`"),
        ("versions", in_line(run.versions)),
        ("run", f"`{run.key}`, {run.created_at}"),
        (
            "these weights",
            f"written {made['created_at']} with {in_line(made['versions'])}; trained again for it where the "
            "run's own were not kept",
        ),
    ]


def in_line(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def usage(run: Run, task: Task) -> str:
    text = '"A text."' if len(task.columns) == 1 else '{"text": "One text.", "text_pair": "The other."}'
    return (
        "```python\nfrom transformers import pipeline\n\n"
        'classify = pipeline("text-classification", "this-folder")\n'
        f"print(classify({text}, truncation=True))\n```\n\n"
        f"With `truncation=True` a text is cut to {run.recipe['max_tokens']} tokens, as it was in training; "
        "without it a text that is "
        "longer than the model's positions fails."
    )
