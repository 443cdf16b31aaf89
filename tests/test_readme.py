"""The README says only what is true: its names are those of the tables, its commands those of the program."""

import re
from pathlib import Path

import pytest

from pruning.__main__ import build_parser
from pruning.families import FAMILIES
from pruning.models import MODELS
from pruning.store import SHIPPED, Store
from pruning.strategies import STRATEGIES
from pruning.tasks import TASKS
from pruning.ui.start import HALVED
from pruning.ui.view import make_view

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"python -m pruning (.+)", README)


@pytest.mark.parametrize("row", [*STRATEGIES.values(), *TASKS.values()], ids=lambda row: row.name)
def test_every_strategy_and_task_is_named_as_the_program_names_it(row):
    assert f"`{row.name}`" in README and row.label in README


def test_what_a_strategy_drops_is_told_as_in_the_menu():
    assert all(f"| `{s.name}` | {s.label} | {s.drops} |" in README for s in STRATEGIES.values())


def test_every_architecture_and_installable_model_is_named():
    assert all(family.label in README for family in FAMILIES.values())
    assert all(f"`{name}`" in README for name, model in MODELS.items() if model.wheels)


def test_every_source_file_has_its_line():
    files = [*ROOT.glob("pruning/**/*.py"), *ROOT.glob("benchmarks/*.py"), ROOT / "app.py"]
    missing = [f.relative_to(ROOT).as_posix() for f in files if f.name != "__init__.py"]
    assert [name for name in missing if f"`{name}`" not in README] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one_that_the_program_takes(command):
    for one in command.split("|") if "|" in command else [command]:
        build_parser().parse_args(one.split())


def test_the_commands_were_found():
    assert len(COMMANDS) >= 8


def test_it_starts_with_the_front_matter_that_spaces_need():
    _, front, _ = README.split("---\n", 2)
    values = dict(line.split(": ", 1) for line in front.splitlines())
    assert (values["sdk"], values["app_file"], values["license"]) == ("gradio", "app.py", "apache-2.0")
    assert f"gradio>={values['sdk_version'].rsplit('.', 1)[0]}" in (ROOT / "requirements.txt").read_text()


def test_links_to_files_lead_somewhere():
    for link in re.findall(r"\]\((?!http)([^)]+)\)", README):
        path, _, heading = link.partition("#")
        assert (ROOT / path).exists(), path
        if heading:
            heads = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [head.lower().replace(" ", "-") for head in heads]


def test_the_finding_is_what_the_shipped_rows_say(tmp_path):
    told = make_view(HALVED, Store(tmp_path, SHIPPED)).story
    assert f"{told['lead']} {told['text']} {told['unknown']}" in " ".join(README.split())
