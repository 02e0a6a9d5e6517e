"""Access: one turn to renew at a time, and tokens that only ever take the place of those they were made from."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.store import access
from app.store.access import Turn
from app.store.database import Database
from app.store.models import DeskAccess
from connectors.base import Tokens
from tests.store.factories import NOW, add_desk, together

LEASE = timedelta(seconds=30)


def pair(number: int) -> Tokens:
    return Tokens(access=f"access-{number}", refresh=f"refresh-{number}", expires_at=NOW + timedelta(minutes=number))


def begin(database: Database, desk_id: int, *, later: timedelta = timedelta(0)) -> Turn | None:
    with database.desk(desk_id) as session:
        return access.begin(session, desk_id, NOW + later, LEASE)


def put(database: Database, desk_id: int, number: int) -> None:
    with database.desk(desk_id) as session:
        access.put(session, desk_id, pair(number), NOW)


def keep(database: Database, desk_id: int, turn: Turn, number: int) -> bool:
    with database.desk(desk_id) as session:
        return access.renewed(session, turn, pair(number), NOW)


def held(database: Database, desk_id: int) -> str | None:
    with database.desk(desk_id, read=True) as session:
        found = access.find(session)
    return found.access if found else None


def test_tokens_come_back_as_they_were_kept(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)

    with database.desk(desk_id, read=True) as session:
        found = access.find(session)

    assert found == pair(1)


def test_tokens_are_sealed_at_rest(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)

    with database.desk(desk_id, read=True) as session:
        sealed = session.scalars(select(DeskAccess.sealed_tokens)).one()

    assert sealed
    assert b"access-1" not in sealed
    assert b"refresh-1" not in sealed


def test_a_desk_without_tokens_has_none(database: Database, desk_id: int) -> None:
    assert held(database, desk_id) is None


def test_a_desk_never_sees_the_tokens_of_another(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)

    assert held(database, add_desk(database, "Other shop")) is None


def test_one_of_many_gets_the_turn(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)

    turns = together(4, lambda _: begin(database, desk_id))

    assert sum(turn is not None for turn in turns) == 1


def test_a_turn_says_what_the_new_tokens_take_the_place_of(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)

    turn = begin(database, desk_id)

    assert turn is not None
    assert (turn.held, turn.unsettled) == (pair(1), 0)


def test_the_turn_of_a_process_that_died_is_free_after_its_lease_and_counted(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)
    begin(database, desk_id)

    too_early = begin(database, desk_id, later=LEASE - timedelta(seconds=1))
    in_time = begin(database, desk_id, later=LEASE)

    assert too_early is None
    assert in_time is not None
    assert in_time.unsettled == 1


def test_new_tokens_end_the_turn_and_all_doubt(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)
    begin(database, desk_id)
    turn = begin(database, desk_id, later=LEASE)
    assert turn is not None

    assert keep(database, desk_id, turn, 2)

    after = begin(database, desk_id)
    assert after is not None
    assert (after.held, after.unsettled) == (pair(2), 0)


def test_what_a_slow_process_was_given_is_kept_although_its_lease_ended(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)
    slow, quick = begin(database, desk_id), begin(database, desk_id, later=LEASE)
    assert slow is not None
    assert quick is not None

    assert keep(database, desk_id, slow, 2)

    assert held(database, desk_id) == "access-2"
    assert not keep(database, desk_id, quick, 3)
    assert held(database, desk_id) == "access-2"


def test_giving_back_frees_the_turn(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)
    for settled, doubts in ((True, 0), (False, 1)):
        turn = begin(database, desk_id)
        assert turn is not None
        with database.desk(desk_id) as session:
            access.give_back(session, turn, settled=settled)
            standing = access.standing(session)
        assert standing is not None
        assert standing.unsettled == doubts


def test_other_credentials_start_afresh_whoever_is_renewing(database: Database, desk_id: int) -> None:
    put(database, desk_id, 1)
    turn = begin(database, desk_id)
    assert turn is not None

    put(database, desk_id, 5)

    assert not keep(database, desk_id, turn, 2)
    assert held(database, desk_id) == "access-5"
    assert begin(database, desk_id) is not None
