"""What ships, counted from the rows."""

from dataclasses import replace

from rows import make_halves, make_minilm_run, save_runs

from pruning.inventory import inventory
from pruning.runs import AS_IS
from pruning.store import Store


def test_every_kind_of_run_is_counted_in_the_order_of_models_and_recipes(tmp_path):
    as_is = replace(make_minilm_run((0, 1, 2)), start=AS_IS, key="as it is", train_seconds=7200.0)
    store = Store(tmp_path / "home", save_runs(tmp_path / "shipped", [*make_halves(90), make_minilm_run(), as_is]))
    rows = [line for line in inventory(store).splitlines() if line.startswith(("| MiniLM", "| MPNet", "| all"))]
    assert rows == [
        "| MiniLM | Movie reviews | quick | 1,500 | drop, then fine-tune | 1 | 1 | 0 | under 0.1 |",
        "| MiniLM | Movie reviews | quick | 1,500 | fine-tune, then drop: no further training | 1 | 1 | 0 | 2.0 |",
        "| MiniLM | Movie reviews | subset | 1,500 | drop, then fine-tune | 2 | 1 | 0, 1 | under 0.1 |",
        "| MPNet-base | Movie reviews | subset | 1,500 | drop, then fine-tune | 4 | 2 | 0, 1 | 0.1 |",
        "| all |  |  |  |  | 8 |  |  | 2.1 |",
    ]


def test_without_rows_there_is_no_table(tmp_path):
    assert inventory(Store(tmp_path, tmp_path / "none")) == ""
