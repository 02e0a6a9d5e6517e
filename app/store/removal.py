"""Removal of a desk with everything that belongs to it. Erasing customers' words alone is `erasure.py`."""

from __future__ import annotations

from sqlalchemy import CursorResult, Delete, delete
from sqlalchemy.orm import Session

from app.store.models import Base, Desk


def remove(session: Session, desk_id: int) -> int:
    """Erase the desk's rows in every table, then the desk; returns how many. For a session that looks across desks."""
    erased = 0
    # Children before their parents.
    for table in reversed(Base.metadata.sorted_tables):
        if "desk_id" in table.c:
            erased += _run(session, delete(table).where(table.c.desk_id == desk_id))
    return erased + _run(session, delete(Desk).where(Desk.id == desk_id))


def _run(session: Session, statement: Delete) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
