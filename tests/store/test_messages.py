"""Messages: stored once with their readings, words sealed."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.store import messages
from app.store.database import Database
from tests.store.factories import HOUR, NOW, add_message, add_ticket, message


def test_a_message_is_stored_sealed(database: Database, desk_id: int) -> None:
    row = message(database, add_message(database, desk_id, add_ticket(database, desk_id), "Where is my parcel?"))

    assert b"parcel" not in bytes(row.sealed_text or b"") + bytes(row.sealed_readings or b"")
    assert (row.author, row.author_id, row.public, row.at) == ("customer", "55", True, NOW)
    with database.desk(desk_id, read=True) as session:
        assert messages.text_of(session, row) == "Where is my parcel?"


@pytest.mark.parametrize("text", ["", "\x00", "\ud83d", "приветствие 📦"])
def test_any_text_comes_back_as_it_was(database: Database, desk_id: int, text: str) -> None:
    row = message(database, add_message(database, desk_id, add_ticket(database, desk_id), text))

    with database.desk(desk_id, read=True) as session:
        assert messages.text_of(session, row) == text


def test_messages_are_listed_oldest_first(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_message(database, desk_id, tracked_id, id="2", at=NOW + HOUR)
    add_message(database, desk_id, tracked_id, id="1", at=NOW)

    with database.desk(desk_id, read=True) as session:
        assert [row.message_id for row in messages.of_ticket(session, tracked_id)] == ["1", "2"]


def test_known_messages_are_told_from_new_ones(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_message(database, desk_id, tracked_id, id="1")

    with database.desk(desk_id, read=True) as session:
        assert messages.known_ids(session, tracked_id, ["1", "2"]) == {"1"}
        assert messages.known_ids(session, tracked_id, []) == set()


def test_the_database_refuses_a_message_twice(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_message(database, desk_id, tracked_id, id="1")

    with pytest.raises(IntegrityError):
        add_message(database, desk_id, tracked_id, id="1")
