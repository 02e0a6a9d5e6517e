"""The sandbox's sqlite file: one connection, one writer, one committed transaction per effect. No nouns live here."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from connectors.sandbox import schema

Db = sqlite3.Connection
Row = sqlite3.Row


class FileInUse(RuntimeError):
    """Another sandbox runs on the same file; two of them would deliver every webhook twice."""


class File:
    """Safe against kill -9: WAL, and a write is wholly there or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._guard = _lock(path)
        self._mutex = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._listeners: list[Callable[[], None]] = []
        try:
            self._prepare(path)
        except BaseException:
            self.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, schema.VERSION):
            raise RuntimeError(f"{path} was written by another version of the sandbox; move it away to start afresh")
        self._db.executescript(f"BEGIN; {schema.STATEMENTS} PRAGMA user_version = {schema.VERSION}; COMMIT;")

    @contextmanager
    def writing(self, *, quiet: bool = False) -> Iterator[Db]:
        """One transaction; committed when the block ends, rolled back when it raises. `quiet` tells no listener."""
        with self._mutex:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        for listener in () if quiet else self._listeners:
            listener()

    @contextmanager
    def reading(self) -> Iterator[Db]:
        """The database without a transaction; nobody writes meanwhile."""
        with self._mutex:
            yield self._db

    def after_commit(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def close(self) -> None:
        with self._mutex:
            self._db.close()
        self._guard.close()


def _lock(path: Path) -> IO[str]:
    guard = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        guard.close()
        raise FileInUse(f"another sandbox is running on {path}") from error
    return guard


def start_ids(db: Db, first: int) -> None:
    """Where the ids of a fresh file begin."""
    insert(db, "sequence", name="id", value=first - 1)


def next_id(db: Db, name: str = "id", first: int = 1) -> int:
    """The next number of a sequence; numbers are never given twice."""
    row = db.execute(
        "INSERT INTO sequence (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + 1"
        " RETURNING value",
        (name, first),
    ).fetchone()
    return int(row[0])


def insert(db: Db, table: str, **columns: Any) -> None:
    """One new row; a column that exists already for this key is an error."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))


def find_setting(db: Db, name: str, default: Any = None) -> Any:
    row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row[0])


def put_setting(db: Db, name: str, value: Any) -> None:
    db.execute(
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )


def add_to_counter(db: Db, name: str, amount: int = 1) -> None:
    db.execute(
        "INSERT INTO counter (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (name, amount),
    )


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
