"""Scope: a desk's transaction is alone with its own rows, on both databases; a purpose is named or there is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, exists, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from app.store.database import Database, Purpose, WrongDesk
from app.store.models import Desk, Message, Slot, TrackedTicket
from tests.store.factories import NOW, add_desk, add_message, add_ticket, all_rows, ticket

RAW = text("SELECT ticket_id FROM tracked_ticket ORDER BY ticket_id")


@pytest.fixture
def ours(database: Database, desk_id: int) -> int:
    return add_ticket(database, desk_id, ticket_id="ours")


@pytest.fixture
def other_desk(database: Database) -> int:
    return add_desk(database, "Other shop")


@pytest.fixture
def theirs(database: Database, other_desk: int) -> int:
    return add_ticket(database, other_desk, ticket_id="theirs")


def test_the_purposes_that_look_across_desks_are_these() -> None:
    assert {purpose.value for purpose in Purpose} == {"route", "dispatch", "sign_in", "operate"}


def test_row_policies_know_every_purpose(on_postgres: Database) -> None:
    add_ticket(on_postgres, add_desk(on_postgres))

    for purpose in Purpose:
        with on_postgres.system(purpose, read=True) as session:
            assert session.execute(RAW).all() != []


READINGS: dict[str, Callable[[Session], list[str]]] = {
    "entities": lambda session: [row.ticket_id for row in session.scalars(select(TrackedTicket))],
    "columns": lambda session: list(session.scalars(select(TrackedTicket.ticket_id))),
    "alias": lambda session: list(session.scalars(select(aliased(TrackedTicket).ticket_id))),
    "subquery": lambda session: list(session.scalars(select(select(TrackedTicket.ticket_id).subquery().c.ticket_id))),
    "cte": lambda session: list(session.scalars(select(select(TrackedTicket.ticket_id).cte().c.ticket_id))),
    "exists": lambda session: list(
        session.scalars(select(Desk.subdomain).where(exists().where(TrackedTicket.ticket_id == "theirs")))
    ),
    "maximum": lambda session: [found for found in session.scalars(select(func.max(TrackedTicket.ticket_id))) if found],
    "query": lambda session: [row.ticket_id for row in session.query(TrackedTicket)],
}


@pytest.mark.parametrize("reading", READINGS)
def test_a_desk_reads_only_its_own(database: Database, ours: int, theirs: int, desk_id: int, reading: str) -> None:
    with database.desk(desk_id, read=True) as session:
        found = READINGS[reading](session)

    assert set(found) <= {"ours"}


def test_a_desk_counts_only_its_own(database: Database, ours: int, theirs: int, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session:
        assert session.scalar(select(func.count()).select_from(TrackedTicket)) == 1


def test_a_join_reaches_only_the_own_side(database: Database, other_desk: int, theirs: int, desk_id: int) -> None:
    add_message(database, other_desk, theirs)

    with database.desk(desk_id, read=True) as session:
        joined = select(Message.id).join(TrackedTicket, TrackedTicket.id == Message.tracked_id)
        assert session.scalars(joined).all() == []


def test_a_key_of_another_desk_gets_nothing(database: Database, desk_id: int, theirs: int) -> None:
    with database.desk(desk_id) as session:
        assert session.get(TrackedTicket, theirs) is None


def test_a_desk_changes_only_its_own(database: Database, desk_id: int, ours: int, theirs: int) -> None:
    with database.desk(desk_id) as session:
        session.execute(update(TrackedTicket).values(status="solved"))

    assert (ticket(database, ours).status, ticket(database, theirs).status) == ("solved", None)


def test_a_change_by_a_subquery_reaches_only_its_own(database: Database, desk_id: int, ours: int, theirs: int) -> None:
    with database.desk(desk_id) as session:
        everyone = select(TrackedTicket.id).scalar_subquery()
        session.execute(update(TrackedTicket).where(TrackedTicket.id.in_(everyone)).values(status="solved"))

    assert ticket(database, theirs).status is None


def test_a_desk_deletes_only_its_own(database: Database, desk_id: int, ours: int, theirs: int) -> None:
    with database.desk(desk_id) as session:
        session.execute(delete(TrackedTicket))

    assert [row.id for row in all_rows(database, TrackedTicket)] == [theirs]


def test_a_desk_knows_of_no_other_desk(database: Database, desk_id: int, other_desk: int) -> None:
    with database.desk(desk_id, read=True) as session:
        assert [desk.id for desk in session.scalars(select(Desk))] == [desk_id]
        assert session.get(Desk, other_desk) is None


def test_a_desk_changes_no_other_desk(database: Database, desk_id: int, other_desk: int) -> None:
    with database.desk(desk_id) as session:
        session.execute(update(Desk).values(reason="ours"))

    assert {desk.id: desk.reason for desk in all_rows(database, Desk)} == {desk_id: "ours", other_desk: None}


def test_a_row_of_another_desk_is_not_stored(database: Database, desk_id: int, other_desk: int) -> None:
    with pytest.raises(WrongDesk, match=f"TrackedTicket of desk {other_desk}"), database.desk(desk_id) as session:
        session.add(TrackedTicket(desk_id=other_desk, ticket_id="smuggled"))

    assert all_rows(database, TrackedTicket) == []


def test_a_row_does_not_move_to_another_desk(database: Database, desk_id: int, other_desk: int, ours: int) -> None:
    with pytest.raises(WrongDesk), database.desk(desk_id) as session:
        session.get_one(TrackedTicket, ours).desk_id = other_desk

    assert ticket(database, ours).desk_id == desk_id


def test_a_row_brought_along_from_another_desk_is_not_deleted(database: Database, desk_id: int, theirs: int) -> None:
    brought = ticket(database, theirs)

    with pytest.raises(WrongDesk), database.desk(desk_id) as session:
        session.delete(brought)

    assert ticket(database, theirs).id == theirs


PASSING_BY: dict[str, Callable[[Session, int, int], object]] = {
    "without the ORM": lambda session, _desk, _row: session.execute(select(TrackedTicket.__table__)),
    "text": lambda session, _desk, _row: session.execute(RAW),
    "an insert": lambda session, desk, _row: session.execute(insert(TrackedTicket).values(desk_id=desk, ticket_id="x")),
    "by keys": lambda session, _desk, row: session.execute(update(TrackedTicket), [{"id": row, "status": "solved"}]),
    "a move": lambda session, desk, _row: session.execute(update(TrackedTicket).values(desk_id=desk)),
}


@pytest.mark.parametrize("way", PASSING_BY)
def test_what_would_pass_by_the_scope_is_refused(
    database: Database, desk_id: int, other_desk: int, theirs: int, ours: int, way: str
) -> None:
    with pytest.raises(WrongDesk), database.desk(desk_id) as session:
        PASSING_BY[way](session, other_desk, theirs)

    assert {row.id: (row.desk_id, row.status) for row in all_rows(database, TrackedTicket)} == {
        ours: (desk_id, None),
        theirs: (other_desk, None),
    }


def test_what_belongs_to_no_desk_may_be_inserted(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        session.execute(insert(Slot).values(job="sweep", slot_at=NOW, taken_at=NOW))

    assert len(all_rows(database, Slot)) == 1


def test_a_named_purpose_looks_across_desks(database: Database, ours: int, theirs: int) -> None:
    with database.system(Purpose.DISPATCH, read=True) as session:
        assert set(session.scalars(select(TrackedTicket.id))) == {ours, theirs}


@pytest.fixture
def two_desks(on_postgres: Database) -> tuple[int, int]:
    """Two desks with a ticket each, "1" and "2"."""
    first, second = add_desk(on_postgres), add_desk(on_postgres, "Other shop")
    add_ticket(on_postgres, first, ticket_id="1")
    add_ticket(on_postgres, second, ticket_id="2")
    return first, second


def test_plain_sql_sees_only_the_desk(on_postgres: Database, two_desks: tuple[int, int]) -> None:
    with on_postgres.desk(two_desks[1], read=True) as session:
        assert session.connection().execute(RAW).scalars().all() == ["2"]


def test_plain_sql_without_a_scope_sees_nothing(on_postgres: Database, two_desks: tuple[int, int]) -> None:
    with on_postgres.engine.connect() as connection:
        assert connection.execute(RAW).all() == []


def test_a_scope_ends_with_its_transaction(on_postgres: Database, two_desks: tuple[int, int]) -> None:
    with on_postgres.desk(two_desks[0]) as session:
        used = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()

    with on_postgres.engine.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() == used
        assert connection.execute(RAW).all() == []


def test_plain_sql_cannot_store_for_another_desk(on_postgres: Database, two_desks: tuple[int, int]) -> None:
    stolen = text("UPDATE tracked_ticket SET desk_id = :desk")

    with pytest.raises(DBAPIError, match="row-level security"), on_postgres.desk(two_desks[0]) as session:
        session.connection().execute(stolen, {"desk": two_desks[1]})


def test_plain_sql_changes_nothing_of_another_desk(on_postgres: Database, two_desks: tuple[int, int]) -> None:
    with on_postgres.desk(two_desks[0]) as session:
        session.connection().execute(text("UPDATE tracked_ticket SET status = 'solved'"))
        session.connection().execute(text("DELETE FROM tracked_ticket WHERE ticket_id = '2'"))

    assert {row.ticket_id: row.status for row in all_rows(on_postgres, TrackedTicket)} == {"1": "solved", "2": None}
