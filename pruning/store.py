"""Where results are: rows shipped with the project (read only) and the user's own (SQLite), as one.

The database is in WAL mode: several processes may read and write at once, a row is there whole or not at all,
and a write that fails leaves every earlier row as it was.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from .models import home
from .runs import KINDS, Record, Run, Similarity, from_json, to_json

SHIPPED = Path(__file__).parent.parent / "assets" / "results"
FINDINGS = SHIPPED / "FINDINGS.md"  # what the shipped rows show, written by `results report`
VISITORS = "visitors"  # of the folders of those who brought data
EXPORTS = "exports"  # of the zips that the app offers for download

WAIT_SECONDS = 30  # for another process that is writing
SCHEMA = """create table if not exists records (
    kind text not null, key text not null, model text not null, task text not null,
    created_at text not null, body text not null, primary key (kind, key)) without rowid;
create index if not exists by_model_and_task on records (kind, model, task, created_at);"""


@dataclass(frozen=True)
class Store:
    """Read and add records. `shipped` is a folder of JSON lines (`KIND/*.jsonl`), `folder` holds the database."""

    folder: Path = field(default_factory=home)
    shipped: Path = SHIPPED

    def scoped(self, scope: str) -> "Store":
        """The same shipped rows and those of one visitor's own data; without a scope this store."""
        return Store(self.folder / VISITORS / scope, self.shipped) if scope else self

    def runs(self, model: str | None = None, task: str | None = None, latest: int | None = None) -> list[Run]:
        """Shipped runs first, then the user's own, oldest first; a key comes once. `latest`: at most so many own."""
        return self.records("run", model, task, latest)

    def models(self) -> set[str]:
        """The models that have runs."""
        own = self._select("select distinct model from records where kind = 'run'")
        return {run.model for run in read_shipped(self.shipped, "run").values()} | {model for (model,) in own}

    def has_runs(self, model: str, task: str) -> bool:
        """Whether any run of that model and task is stored, of whatever recipe."""
        shipped = read_shipped(self.shipped, "run").values()
        query = "select 1 from records where kind = 'run' and model = ? and task = ? limit 1"
        return any((run.model, run.task) == (model, task) for run in shipped) or bool(self._select(query, model, task))

    def similarities(self, model: str | None = None, task: str | None = None) -> list[Similarity]:
        return self.records("similarity", model, task)

    def run(self, key: str) -> Run | None:
        """The run of that key, or None where it was never measured."""
        shipped = read_shipped(self.shipped, "run").get(key)
        if shipped:
            return shipped
        rows = self._select("select body from records where kind = 'run' and key = ?", key)
        return self._read("run", rows[0][0]) if rows else None

    def without_own(self) -> "Store":
        """The same shipped rows and none of the user's own, for when these cannot be read."""
        return Store(Path(os.devnull), self.shipped)  # a folder that holds nothing, and never will

    def is_shipped(self, run: Run) -> bool:
        return run.key in read_shipped(self.shipped, "run")

    def add(self, record: Record) -> None:
        """Stores one record for good. A key that is already there keeps its first row. OSError says what to do."""
        kind = next(name for name, cls in KINDS.items() if isinstance(record, cls))
        row = (kind, record.key, record.model, record.task, record.created_at, to_json(record))
        with self._connect() as database:
            database.execute("insert or ignore into records values (?, ?, ?, ?, ?, ?)", row)

    def replace(self, record: Record) -> None:
        """Puts a record in the place of the user's own one of its key. OSError says what to do."""
        with self._connect() as database:
            database.execute("update records set body = ? where key = ?", (to_json(record), record.key))

    def prepare(self) -> None:
        """Makes sure that rows can be added, before long work is done for one. OSError says what to do."""
        with self._connect() as database:
            database.execute("begin immediate")

    @property
    def path(self) -> Path:
        return self.folder / "runs.sqlite"

    def records(self, kind: str, model: str | None = None, task: str | None = None, latest: int | None = None) -> list:
        """The records of that kind (a key of KINDS) in the order of `runs`."""
        found = {
            key: record
            for key, record in read_shipped(self.shipped, kind).items()
            if model in (None, record.model) and task in (None, record.task)
        }
        asked = {"model": model, "task": task}
        where = "".join(f" and {name} = ?" for name, value in asked.items() if value is not None)
        values = [value for value in asked.values() if value is not None]
        # the index alone finds and sorts the keys; of a large store few bodies are read
        keys = f"select key from records where kind = ?1{where} order by created_at desc limit ?"
        query = f"select key, body from records where kind = ?1 and key in ({keys}) order by created_at"
        for key, body in self._select(query, kind, *values, -1 if latest is None else latest):
            found.setdefault(key, self._read(kind, body))
        return list(found.values())

    def _read(self, kind: str, body: str) -> Record:
        try:
            return parse(kind, body)
        except ValueError as error:
            raise OSError(
                f"a row of {self.path} cannot be read: {error}; put a copy of the file back, or move it away"
            ) from error

    def _select(self, query: str, *values: str | int) -> list[tuple]:
        """Rows of the user's own database, which is only read: a folder that cannot be written may hold it."""
        with self._worded():
            if not self.path.exists():
                return []
            try:
                return select(self.path, "mode=ro", query, values)
            except sqlite3.OperationalError:
                # WAL needs small files beside the database; where they cannot be made, nobody writes either
                wal = self.path.with_name(f"{self.path.name}-wal")
                if wal.exists() and wal.stat().st_size:
                    raise
                return select(self.path, "immutable=1", query, values)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction: committed at the end, rolled back on any error, always closed."""
        with self._worded():
            self.folder.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=WAIT_SECONDS)) as database, database:
                set_up(database)
                yield database

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            raise OSError(
                f"cannot use the results in {self.folder}: {error}; nothing stored before is lost. "
                "Free some disk space, make the folder writable, or set PRUNING_HOME to another folder"
            ) from error
        except sqlite3.Error as error:
            raise OSError(
                f"{self.path} is damaged: {error}; put a copy of it back, or move it away to start with no results"
            ) from error


def select(path: Path, how: str, query: str, values: tuple[str | int, ...]) -> list[tuple]:
    """The rows; none where the table is not there yet."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=WAIT_SECONDS)) as database:
        if database.execute("select 1 from sqlite_master where name = 'records'").fetchone():
            return database.execute(query, values).fetchall()
    return []


def set_up(database: sqlite3.Connection) -> None:
    """WAL mode and the table. sqlite itself waits for others, but not to change the mode of a file that is in use."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            database.executescript("pragma journal_mode = wal; " + SCHEMA)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@lru_cache(maxsize=5_000)
def parse(kind: str, body: str) -> Record:
    """A row that was read before is not taken apart again; nobody may change what is in a record's dicts."""
    return from_json(KINDS[kind], body)


@lru_cache(maxsize=8)
def read_shipped(folder: Path, kind: str) -> dict[str, Record]:
    """key -> record, from every `*.jsonl` of the kind's folder, read once. ValueError names a damaged file."""
    found = {}
    for path in sorted((folder / kind).glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    record = from_json(KINDS[kind], line)
                except ValueError as error:
                    raise ValueError(f"{path.name}, line {number}: {error}") from error
                found[record.key] = record
    return found
