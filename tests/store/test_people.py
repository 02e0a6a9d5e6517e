"""Customers: one row each, their names and addresses sealed, found by a keyed hash."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import people
from app.store.database import Database
from app.store.models import Person
from tests.store.factories import add_desk, add_person, all_rows, known_person, person, together


def record(database: Database, desk_id: int, **values: Any) -> Person:
    return person(database, add_person(database, desk_id, **values))


def test_a_person_is_stored_sealed_and_opened_for_a_message(database: Database, desk_id: int) -> None:
    row = record(database, desk_id, name="Mira Muster", email=" Mira@Example.com ")

    with database.desk(desk_id, read=True) as session:
        contact = people.contact(session, row)
    assert b"Mira" not in bytes(row.sealed_name or b"") + bytes(row.sealed_email or b"")
    assert (contact.name, contact.email, contact.locale) == ("Mira Muster", "mira@example.com", "en")
    assert (contact.person_id, contact.suspended, contact.opted_out) == (row.id, False, False)


def test_what_did_not_change_is_not_sealed_again(database: Database, desk_id: int) -> None:
    first = record(database, desk_id)

    again = record(database, desk_id)

    assert (again.id, again.sealed_name, again.sealed_email) == (first.id, first.sealed_name, first.sealed_email)


@pytest.mark.parametrize(
    ("changed", "column"),
    [({"name": "Mira Neu"}, "sealed_name"), ({"email": "neu@example.com"}, "sealed_email")],
)
def test_what_changed_is_sealed_anew(database: Database, desk_id: int, changed: dict[str, str], column: str) -> None:
    first = record(database, desk_id)

    again = record(database, desk_id, **changed)

    assert again.id == first.id
    assert getattr(again, column) != getattr(first, column)


def test_an_address_is_found_by_its_hash_however_it_is_written(database: Database, desk_id: int) -> None:
    first = record(database, desk_id, helpdesk_id="55", email="mira@example.com")
    second = record(database, desk_id, helpdesk_id="56", email="MIRA@example.com")

    assert first.email_hash == second.email_hash == database.vault.fingerprint("email", "mira@example.com")


def test_an_address_taken_away_is_forgotten(database: Database, desk_id: int) -> None:
    record(database, desk_id)

    row = record(database, desk_id, email=None, suspended=True, locale=None)

    with database.desk(desk_id, read=True) as session:
        assert people.contact(session, row).email is None
    assert (row.email_hash, row.sealed_email, row.suspended, row.locale) == (None, None, True, None)


def test_a_person_without_a_name_is_a_person(database: Database, desk_id: int) -> None:
    row = record(database, desk_id, name="")

    with database.desk(desk_id, read=True) as session:
        assert people.contact(session, row).name == ""


def test_one_helpdesk_id_at_two_desks_is_two_people(database: Database, desk_id: int) -> None:
    first = record(database, desk_id)

    second = record(database, add_desk(database, "Other shop"))

    assert first.id != second.id


def test_two_tickets_of_a_person_read_at_once_make_one_row(database: Database, desk_id: int) -> None:
    def run(_: int) -> int:
        with database.desk(desk_id) as session:
            return people.record(session, desk_id, known_person()).id

    assert len(set(together(6, run))) == 1
    assert len(all_rows(database, Person)) == 1


def test_a_person_that_is_not_there_is_none(database: Database, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session:
        assert people.get(session, 4711) is None
