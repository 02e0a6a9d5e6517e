"""Calls of the API: counted per caller and minute, answered once per key, forgotten in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.store import calls, removal
from app.store.calls import GIVEN_UP, KEPT, Kept, Request, Standing
from app.store.database import Database, Purpose
from app.store.models import CallAnswer, CallCount
from tests.store.factories import NOW, together

MINUTE = timedelta(minutes=1)


def count(database: Database, caller: str = "token:1", *, at: int = 0) -> int:
    """`at` counts minutes."""
    with database.system(Purpose.SIGN_IN) as session:
        return calls.count(session, caller, NOW + at * MINUTE)


def begin(database: Database, *, key: str = "k", content: bytes = b"body", caller: str = "token:1", **ago: int) -> Kept:
    asked = Request(caller=caller, key=key, content=content)
    with database.system(Purpose.SIGN_IN) as session:
        return calls.begin(session, asked, NOW + timedelta(**ago))


def keep(database: Database, taken: Kept, answer: str = '{"status": 200}', desk_id: int | None = None) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        calls.keep(session, taken, answer, desk_id)


def test_calls_are_counted_by_caller_and_minute(database: Database) -> None:
    counted = [count(database), count(database), count(database, "token:2"), count(database, at=1)]

    assert counted == [1, 2, 1, 1]


def test_calls_at_once_are_all_counted(database: Database) -> None:
    counted = together(4, lambda _: count(database))

    assert sorted(counted) == [1, 2, 3, 4]


def test_of_two_calls_at_once_one_is_carried_out(database: Database) -> None:
    found = together(4, lambda _: begin(database).standing)

    assert sorted(found) == [Standing.BUSY] * 3 + [Standing.NEW]


def test_the_answer_is_kept_sealed_and_told_again(database: Database) -> None:
    keep(database, begin(database), "the answer")

    again = begin(database)

    assert (again.standing, again.answer) == (Standing.ANSWERED, "the answer")
    with database.system(Purpose.SIGN_IN, read=True) as session:
        row = session.scalars(select(CallAnswer)).one()
    assert b"the answer" not in (row.sealed_answer or b"")
    assert row.key_hash != "k"


@pytest.mark.parametrize(("other", "standing"), [({"content": b"else"}, "other"), ({"caller": "token:2"}, "new")])
def test_a_key_belongs_to_one_caller_and_one_call(database: Database, other: dict[str, bytes], standing: str) -> None:
    keep(database, begin(database))

    assert begin(database, **other).standing == standing  # type: ignore[arg-type]  # of either kind


def test_a_key_that_was_given_back_is_as_new(database: Database) -> None:
    taken = begin(database)
    with database.system(Purpose.SIGN_IN) as session:
        calls.give_back(session, taken)

    assert begin(database, content=b"corrected").standing is Standing.NEW


def test_a_call_whose_process_died_is_not_taken_on_again_while_it_is_kept(database: Database) -> None:
    died = begin(database)
    soon = begin(database, seconds=int(GIVEN_UP.total_seconds()) - 1)
    later = begin(database, seconds=int(GIVEN_UP.total_seconds()))
    last = begin(database, seconds=int(KEPT.total_seconds()) - 1)
    anew = begin(database, seconds=int(KEPT.total_seconds()))
    keep(database, died, "too late")

    assert (soon.standing, later.standing, last.standing) == (Standing.BUSY, Standing.UNKNOWN, Standing.UNKNOWN)
    assert anew.standing is Standing.NEW
    assert begin(database, seconds=int(KEPT.total_seconds())).standing is Standing.BUSY


def test_a_call_that_broke_off_is_known_as_such_at_once(database: Database) -> None:
    broken = begin(database)
    with database.system(Purpose.SIGN_IN) as session:
        calls.lose(session, broken)

    assert begin(database).standing is Standing.UNKNOWN


def test_an_answer_is_kept_for_a_day(database: Database) -> None:
    keep(database, begin(database))

    almost = begin(database, seconds=int(KEPT.total_seconds()) - 1)
    after = begin(database, seconds=int(KEPT.total_seconds()))

    assert (almost.standing, after.standing) == (Standing.ANSWERED, Standing.NEW)


def test_what_is_old_is_forgotten_and_the_rest_stays(database: Database) -> None:
    keep(database, begin(database, key="old"))
    keep(database, begin(database, key="new", hours=1))
    count(database)
    count(database, "token:2", at=60)

    with database.system(Purpose.OPERATE) as session:
        calls.forget(session, NOW + KEPT)

    with database.system(Purpose.OPERATE, read=True) as session:
        assert len(session.scalars(select(CallAnswer)).all()) == 1
        assert session.scalars(select(CallCount.caller)).all() == ["token:2"]


def test_answers_go_with_their_desk(database: Database, desk_id: int) -> None:
    keep(database, begin(database, key="of the desk"), desk_id=desk_id)
    keep(database, begin(database, key="of none"))

    with database.system(Purpose.OPERATE) as session:
        removal.remove(session, desk_id)

    with database.system(Purpose.OPERATE, read=True) as session:
        assert session.scalars(select(CallAnswer.desk_id)).all() == [None]
