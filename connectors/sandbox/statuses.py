"""The statuses a ticket of this account may have: the vendor's own, and custom ones with their codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.store import Db, Row, insert


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    word: str  #: as stored with a ticket, and as the control surface takes it
    code: int  #: as an API with numbers has it
    label: str  #: as people see it


def status_of(row: Row) -> Status:
    return Status(**dict(row))


def find(db: Db, word: Any) -> Status | None:
    row = db.execute("SELECT * FROM status WHERE word = ?", (str(word),)).fetchone()
    return None if row is None else status_of(row)


def find_by_code(db: Db, code: int) -> Status | None:
    row = db.execute("SELECT * FROM status WHERE code = ?", (code,)).fetchone()
    return None if row is None else status_of(row)


def everything(db: Db) -> list[Status]:
    """By code."""
    return [status_of(row) for row in db.execute("SELECT * FROM status ORDER BY code")]


def label(db: Db, word: str) -> str:
    """As people see it; a deleted ticket's has no row of its own."""
    found = find(db, word)
    return word if found is None else found.label


def put(db: Db, statuses: Iterable[Status]) -> None:
    for status in statuses:
        insert(db, "status", word=status.word, code=status.code, label=status.label)
