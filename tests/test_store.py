import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rows import make_run as make_row
from rows import save_shipped

from pruning.runs import Run, Similarity, to_json
from pruning.store import Store

PROJECT = Path(__file__).parent.parent
SIMILARITY = Similarity("m", "r", "tweets", "d", "mean", (0.9, 0.8), (0.0, 0.1), 100, created_at="2026-01-01")


def make_run(seed: int = 0, model: str = "m", task: str = "tweets", score: float = 80.0) -> Run:
    """Later seeds were measured later."""
    created_at = f"2026-01-01T00:00:{seed % 60:02}+00:00"
    return make_row((0, 1), score, seed, model=model, task=task, created_at=created_at)


@pytest.fixture
def shipped(tmp_path):
    """`shipped(kind, *records)` writes a file of rows as they ship; gives the folder of all kinds."""

    def write(kind, *records, name="rows.jsonl"):
        file = tmp_path / "shipped" / kind / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(to_json(r) + "\n" for r in records), encoding="utf-8")
        return tmp_path / "shipped"

    return write


@pytest.fixture
def store(tmp_path):
    """Nothing shipped, and a folder that is not there yet."""
    return Store(tmp_path / "not" / "there", shipped=tmp_path / "none")


def start_writer(
    folder: Path, first_seed: int, n_runs: int, before: str = "pass", padding: int = 0
) -> subprocess.Popen:
    """Another process that stores `n_runs` rows, one seed after the other, and prints each when it is stored."""
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from dataclasses import replace
from pathlib import Path
from test_store import Store, make_run
{before}
store = Store(Path({str(folder)!r}), shipped=Path("none"))
for seed in range({first_seed}, {first_seed + n_runs}):
    store.add(replace(make_run(seed), device="x" * {padding}))
    print(seed, flush=True)
"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, **pipes)


def test_a_visitor_reads_and_writes_own_rows_beside_the_shipped_ones(tmp_path, shipped):
    store = Store(tmp_path / "home", shipped=shipped("run", make_run(1)))
    ann, bob = store.scoped("a" * 32), store.scoped("b" * 32)
    ann.add(make_run(2))
    assert [len(s.runs()) for s in (store, ann, bob)] == [1, 2, 1]
    assert store.scoped("") == store and store.scoped("a" * 32) == ann != bob


def test_a_store_nobody_wrote_to_is_empty_and_leaves_no_trace(store):
    assert (store.runs(), store.similarities(), store.run("key")) == ([], [], None)
    assert not store.folder.exists()


def test_what_was_added_is_there_for_the_next_store_of_the_folder(store):
    store.add(make_run())
    store.add(SIMILARITY)
    again = Store(store.folder, shipped=store.shipped)
    assert again.runs() == [make_run()]
    assert again.run(make_run().key) == make_run()
    assert again.similarities() == [SIMILARITY]
    assert again.run("no such key") is None


def test_the_users_folder_is_the_one_that_pruning_home_names(home):
    assert Store().folder == home


def test_rows_come_by_model_and_task_oldest_first(store):
    rows = [make_run(2), make_run(0), make_run(1, model="n"), make_run(3, task="movie-reviews")]
    for row in rows:
        store.add(row)
    assert [r.seed for r in store.runs()] == [0, 1, 2, 3]
    assert [r.seed for r in store.runs(model="m")] == [0, 2, 3]
    assert [r.seed for r in store.runs(task="tweets")] == [0, 1, 2]
    assert [r.seed for r in store.runs("m", "movie-reviews")] == [3]
    assert store.runs("nobody") == []


def test_shipped_rows_come_first_and_then_the_users_own(tmp_path, shipped):
    shipped("run", make_run(5), name="b.jsonl")
    shipped("run", make_run(6), name="a.jsonl")
    store = Store(tmp_path / "home", shipped=shipped("similarity", SIMILARITY))
    store.add(make_run(1))
    assert [r.seed for r in store.runs()] == [6, 5, 1]
    assert [store.is_shipped(r) for r in store.runs()] == [True, True, False]
    assert [r.seed for r in store.runs("m", "tweets")] == [6, 5, 1]
    assert store.runs("n") == []
    assert store.similarities() == [SIMILARITY]
    assert store.run(make_run(5).key) == make_run(5)


def test_a_key_comes_once_and_its_first_row_stays(tmp_path, shipped):
    store = Store(tmp_path / "home", shipped=shipped("run", make_run(1, score=70.0)))
    for score in (80.0, 90.0):
        store.add(make_run(1, score=score))
        store.add(make_run(2, score=score))
    assert [(r.seed, r.score) for r in store.runs()] == [(1, 70.0), (2, 80.0)]
    assert store.run(make_run(1).key).score == 70.0
    assert store.run(make_run(2).key).score == 80.0


def test_similarities_of_one_model_in_both_poolings_are_two_rows(store):
    both = [SIMILARITY, replace(SIMILARITY, pooling="sentence", created_at="2026-01-02")]
    for row in (*both, replace(SIMILARITY, mean=(0.1, 0.1))):
        store.add(row)
    assert store.similarities("m", "tweets") == both


@pytest.mark.parametrize(
    "line, reason",
    [
        ("{", "Expecting property name"),
        ("", "Expecting value"),
        ("[]", "not a Run record"),
        (json.dumps({"key": "k"}), "not a Run record: .* missing"),
    ],
)
def test_a_damaged_shipped_file_is_named_with_its_line(tmp_path, shipped, line, reason):
    folder = shipped("run", make_run(1), make_run(2), name="tiny-tweets.jsonl")
    with (folder / "run" / "tiny-tweets.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=f"^tiny-tweets.jsonl, line 3: {reason}"):
        Store(tmp_path / "home", shipped=folder).runs()


def test_an_empty_shipped_file_has_no_rows(tmp_path, shipped):
    assert Store(tmp_path / "home", shipped=shipped("run")).runs() == []


def test_a_line_separator_inside_a_name_does_not_end_the_row(tmp_path, shipped):
    row = make_run(model="a\u2028b")
    store = Store(tmp_path / "home", shipped=shipped("run", row))
    store.add(make_run(1, model="a\u2028b"))
    assert store.runs() == [row, make_run(1, model="a\u2028b")]


def test_threads_may_write_and_read_at_once(store):
    def write(first):
        for seed in range(first, first + 20):
            store.add(make_run(seed))
            assert store.run(make_run(seed).key) == make_run(seed)

    with ThreadPoolExecutor() as threads:
        list(threads.map(write, (0, 10)))  # half of the rows are the same; what fails in a thread fails here
    assert sorted(r.seed for r in store.runs()) == list(range(30))


def test_processes_may_write_at_once_into_a_folder_that_is_not_there_yet(store):
    writers = [start_writer(store.folder, first, 50) for first in (0, 50, 100, 150)]
    errors = [writer.communicate()[1] for writer in writers]
    assert errors == [""] * 4
    assert sorted(r.seed for r in store.runs()) == list(range(200))


def test_a_store_that_another_process_is_just_creating_is_waited_for(store):
    store.folder.mkdir(parents=True)
    other = sqlite3.connect(store.path, check_same_thread=False)
    other.execute("begin immediate")  # in a file without WAL mode, sqlite would not wait for this at all
    threading.Timer(0.5, other.close).start()
    store.add(make_run())
    assert store.runs() == [make_run()]


@pytest.mark.parametrize("n_stored", [1, 7, 23])
def test_a_writer_killed_in_the_middle_leaves_whole_rows_and_a_usable_store(store, n_stored):
    writer = start_writer(store.folder, 0, 100_000, padding=100_000)  # long rows: it is writing nearly all the time
    told = [int(writer.stdout.readline()) for _ in range(n_stored)]
    time.sleep(0.003 * n_stored)
    writer.send_signal(signal.SIGKILL)
    told += [int(seed) for seed in writer.communicate()[0].split()]
    stored = [r.seed for r in store.runs()]
    assert set(told) <= set(stored) and len(stored) <= len(told) + 1  # one may be stored and not told
    assert all(r == replace(make_run(r.seed), device="x" * 100_000) for r in store.runs())
    store.add(make_run(-1))
    assert store.run(make_run(-1).key) == make_run(-1)
    with sqlite3.connect(store.path) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_a_full_disk_is_told_and_every_earlier_row_stays(store):
    """A limit on the size of files stands for the disk: the system refuses to write more, in the middle of a row."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
    out, error = start_writer(store.folder, 0, 1000, before=limit, padding=20_000).communicate()
    told = [int(seed) for seed in out.split()]
    assert 0 < len(told) < 20
    assert f"OSError: cannot use the results in {store.folder}: " in error
    assert "nothing stored before is lost. Free some disk space" in error
    assert [r.seed for r in store.runs()] == told
    store.add(make_run(1000))
    assert [r.seed for r in store.runs()] == [*told, 1000]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "home", shipped=tmp_path / "none")
    assert store.runs() == []
    with pytest.raises(OSError, match=r"file/home: .*make the folder writable, or set PRUNING_HOME to another folder"):
        store.add(make_run())


def test_rows_are_read_where_nothing_can_be_written():
    """Neither root nor the writer reads here; of the three files of a WAL only the database itself is there."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are root's alone, all the way down
        store = Store(Path(folder), shipped=Path(folder) / "none")
        store.add(make_run())
        Path(folder).chmod(0o555)
        with unprivileged():
            assert store.runs() == [make_run()]
            assert store.run(make_run().key) == make_run()
            with pytest.raises(OSError, match="make the folder writable, or set PRUNING_HOME to another folder"):
                store.add(make_run(1))
        Path(folder).chmod(0o755)


def test_a_folder_that_cannot_even_be_looked_into_is_told():
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "home")
        Path(folder).chmod(0)
        with unprivileged(), pytest.raises(OSError, match="cannot use the results in .*home: .*Permission denied.*; "):
            store.runs()
        Path(folder).chmod(0o755)


def test_reading_writes_nothing_so_a_full_disk_does_not_matter(store):
    store.add(make_run())
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    code = f"{full}; from pathlib import Path; from pruning.store import Store; "
    code += f"print(len(Store(Path({str(store.folder)!r}), Path('none')).runs()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_reading_leaves_the_file_as_it_is_and_makes_no_table(store):
    store.folder.mkdir(parents=True)
    store.path.touch()  # another process is about to create it
    assert store.runs() == []
    assert store.path.read_bytes() == b""


@pytest.mark.parametrize("name", ["a b?c=d#e", "100%41"])
def test_a_folder_may_have_any_name(tmp_path, name):
    store = Store(tmp_path / name, shipped=tmp_path / "none")
    store.add(make_run())
    assert store.runs() == [make_run()]
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_store_without_the_users_own_rows_has_the_shipped_ones(tmp_path, shipped):
    store = Store(tmp_path / "home", shipped=shipped("run", make_run(1)))
    store.add(make_run(2))
    store.path.write_bytes(b"damaged " * 100)
    assert store.without_own().runs() == [make_run(1)]
    with pytest.raises(OSError, match="cannot use the results"):
        store.without_own().add(make_run(3))


@contextmanager
def unprivileged():
    """For as long as it lasts this process may not do more than any user: root may write in every folder."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("use", [Store.runs, lambda s: s.run("key"), lambda s: s.add(make_run(1))])
@pytest.mark.parametrize("damage", ["no database at all, but some text that is long enough to be one", "pages"])
def test_a_damaged_database_is_told_and_left_as_it_is(store, use, damage):
    store.add(make_run())
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100) if damage == "pages" else damage.encode() * 20)
    damaged = store.path.read_bytes()
    with pytest.raises(OSError, match="runs.sqlite is damaged: .*; put a copy of it back, or move it away"):
        use(store)
    assert store.path.read_bytes() == damaged


def test_a_row_that_is_no_run_is_told_and_shipped_rows_are_still_there(tmp_path):
    store = Store(tmp_path / "home", shipped=tmp_path / "shipped")
    store.prepare()
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute("insert into records values ('run', 'k', 'm', 't', '', '[1]')")
    with pytest.raises(OSError, match="a row of .*runs.sqlite cannot be read: .*; put a copy of the file back"):
        store.runs()
    assert store.without_own().runs() == []


def test_models_with_runs_and_whether_there_are_any_are_known_without_reading_them(tmp_path):
    store = Store(tmp_path / "home", save_shipped(tmp_path / "shipped"))
    store.add(make_row(model="mine", task="tweets"))
    assert store.models() == {run.model for run in store.runs()}
    assert store.has_runs("mine", "tweets") and not store.has_runs("mine", "movie-reviews")
    assert store.has_runs("minilm-l6", "movie-reviews") and not store.has_runs("nothing", "tweets")


def test_the_latest_of_many_own_runs_come_oldest_first(tmp_path):
    store = Store(tmp_path / "home", tmp_path / "nothing")
    for day in (3, 1, 2, 4):
        store.add(make_row(seed=day, created_at=f"2026-11-0{day}"))
    assert [run.seed for run in store.runs("tiny", latest=2)] == [3, 4]
    assert [run.seed for run in store.runs("tiny")] == [1, 2, 3, 4]
