"""Turns of scheduled jobs: any number of schedulers, one run per turn, and no burst after a pause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.store import slots
from app.store.database import Database, Purpose
from app.store.models import Slot
from tests.store.factories import DAY, HOUR, MINUTE, NOW, all_rows, together


def take(database: Database, now: datetime = NOW, job: str = "sweep", every: timedelta = HOUR) -> datetime | None:
    with database.system(Purpose.OPERATE) as session:
        return slots.take(session, job, every, now)


def test_a_turn_is_taken_once(database: Database) -> None:
    assert take(database) == NOW
    assert take(database, NOW + 59 * MINUTE) is None
    assert take(database, NOW + HOUR) == NOW + HOUR


def test_of_schedulers_at_once_one_wins(database: Database) -> None:
    taken = together(6, lambda _: take(database))

    assert [moment for moment in taken if moment is not None] == [NOW]


def test_jobs_have_turns_of_their_own(database: Database) -> None:
    assert take(database, job="sweep") == take(database, job="forget") == NOW


def test_turns_missed_are_not_caught_up(database: Database) -> None:
    take(database)

    after_a_day = [take(database, NOW + DAY) for _ in range(3)]

    assert after_a_day == [NOW + DAY, None, None]


@pytest.mark.parametrize(
    "moment", [datetime(2026, 3, 29, 1, 59, 59, tzinfo=UTC), datetime(2026, 10, 25, 0, 59, tzinfo=UTC)]
)
def test_turns_are_cut_in_utc_whatever_the_clocks_on_walls_do(moment: datetime) -> None:
    assert slots.slot_start(moment, HOUR) == moment.replace(minute=0, second=0)
    assert slots.slot_start(moment + HOUR, HOUR) - slots.slot_start(moment, HOUR) == HOUR


def test_a_clock_put_back_runs_no_turn_twice(database: Database) -> None:
    take(database, NOW + HOUR)
    take(database)

    assert take(database, NOW + HOUR) is None


def test_a_turn_that_ended_says_when(database: Database) -> None:
    take(database)

    with database.system(Purpose.OPERATE) as session:
        slots.finish(session, "sweep", NOW, NOW + MINUTE)
        last = slots.last(session, "sweep")

    assert last is not None
    assert (last.slot_at, last.taken_at, last.done_at) == (NOW, NOW, NOW + MINUTE)


def test_a_turn_given_back_may_be_taken_again(database: Database) -> None:
    take(database)
    with database.system(Purpose.OPERATE) as session:
        slots.give_back(session, "sweep", NOW)

    assert take(database) == NOW


def test_a_turn_that_was_run_is_not_given_back(database: Database) -> None:
    take(database)
    with database.system(Purpose.OPERATE) as session:
        slots.finish(session, "sweep", NOW, NOW)
        slots.give_back(session, "sweep", NOW)

    assert take(database) is None


def test_turns_long_past_are_forgotten(database: Database) -> None:
    take(database, NOW - 8 * DAY)
    take(database)

    with database.system(Purpose.OPERATE) as session:
        slots.forget(session, NOW - 7 * DAY)

    assert [slot.slot_at for slot in all_rows(database, Slot)] == [NOW]
