"""The findings are made from rows alone, and README and Method say what the shipped rows say."""

from dataclasses import replace
from pathlib import Path

import pytest
from rows import make_minilm_run

from pruning import report
from pruning.recipes import RECIPES
from pruning.runs import to_json
from pruning.store import SHIPPED, Store


@pytest.fixture
def store(tmp_path) -> Store:
    """The default model on one task, three seeds: whole, and every half that a strategy but contribution keeps."""
    scores = {(0, 1, 2, 3, 4, 5): 88, (0, 1, 2): 84, (3, 4, 5): 80, (0, 2, 4): 83, (1, 3, 5): 82, (0, 1, 5): 83.5}
    runs = [
        make_minilm_run(kept, score + (seed + (kept != (0, 1, 2))) % 3 / 10, seed)
        for kept, score in scores.items()
        for seed in (0, 1, 2)
    ]
    runs = [replace(run, recipe=RECIPES["standard"].values(), key=f"{n}") for n, run in enumerate(runs)]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "minilm-l6.jsonl").write_text("".join(f"{to_json(run)}\n" for run in runs))
    return Store(tmp_path / "home", tmp_path)


def test_the_report_says_who_wins_what_a_loss_buys_and_what_the_paper_says(store):
    text, _ = report.report(store)
    assert "| 3 | Top 84.1 (−4.0); +0.5 on Symmetric; sure |" in text
    assert "| MiniLM, movie reviews | standard | 3 of 6 | none | none | none |" in text
    assert (
        "better than Bottom | DistilBERT +11.2 | MiniLM, movie reviews, standard | +4.0 (+3.6 to +4.4) | agrees |"
        in text
    )


def test_rows_of_the_users_own_are_no_findings(store):
    before = report.report(store)
    for run in store.runs():
        store.add(replace(run, score=run.score + 9, seed=run.seed + 7, key=f"own {run.key}"))
    assert report.report(store) == before


def test_without_rows_of_its_recipes_there_is_nothing_to_report(tmp_path):
    assert report.report(Store(tmp_path / "home", tmp_path / "none")) == ("", "")


def test_it_is_written_between_its_marks_and_nothing_else_changes(store, tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    monkeypatch.setattr(report, "README", readme)
    monkeypatch.setattr(report, "FINDINGS", tmp_path / "FINDINGS.md")
    readme.write_text(f"before\n{report.BEGIN}old\n{report.END}\nafter\n")
    report.write(store)
    first, details = report.report(store)
    assert readme.read_text() == f"before\n{report.BEGIN}{first}{report.END}\nafter\n"
    assert (tmp_path / "FINDINGS.md").read_text() == first + details and "### What ships\n" in details
    readme.write_text("no place for it")
    with pytest.raises(OSError, match="has no place for the findings"):
        report.write(store)
    assert readme.read_text() == "no place for it"


def test_readme_and_method_say_what_the_shipped_rows_say(tmp_path):
    text, details = report.report(Store(tmp_path / "home", SHIPPED))
    assert f"{report.BEGIN}{text}{report.END}" in Path(report.README).read_text(encoding="utf-8")
    assert report.FINDINGS.read_text(encoding="utf-8") == text + details
