"""People's steps as stored: which of them are late."""

from __future__ import annotations

from app.store import chores
from app.store.database import Database
from app.store.models import RecoveryCase
from tests.store.conftest import NOW
from tests.store.factories import add_step, change, step


def test_what_people_had_to_do_in_an_ended_case_is_not_overdue(database: Database, desk_id: int) -> None:
    ended_id, open_id = (add_step(database, desk_id, waits=True, owner="agent", due_at=NOW) for _ in range(2))
    change(database, desk_id, RecoveryCase, step(database, ended_id).case_id, open_key=None)

    with database.desk(desk_id, read=True) as session:
        found = [row.id for row in chores.overdue(session, NOW)]

    assert found == [open_id]
