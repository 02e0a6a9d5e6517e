"""The governor: a helpdesk that asked us to wait is left alone by every worker, and its answers are counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import real_now
from app.governor import DEFAULT_WAIT, LONGEST_WAIT, SHORTEST_WAIT, Governor
from app.settings import new_key
from app.store import schema, tracked_tickets
from app.store.database import Database, Purpose
from app.store.models import Desk
from app.vault import Vault
from connectors.base import CallLimits
from tests.store.factories import add_desk, add_ticket, all_rows


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'kintsugi.sqlite'}", vault=Vault([new_key()]))
    schema.migrate(database)
    yield database
    database.close()


@pytest.fixture
def desk_id(database: Database) -> int:
    return add_desk(database)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (timedelta(seconds=93), timedelta(seconds=93)),
        (None, DEFAULT_WAIT),
        (timedelta(days=1), LONGEST_WAIT),
        (timedelta(0), SHORTEST_WAIT),
        (timedelta(seconds=-5), SHORTEST_WAIT),
    ],
    ids=["as asked", "not said", "too long", "none", "in the past"],
)
def test_a_helpdesk_is_left_alone_for_as_long_as_it_asked(
    database: Database, desk_id: int, asked: timedelta | None, kept: timedelta
) -> None:
    before = real_now()

    until = Governor(database).rate_limited(desk_id, asked)

    assert before + kept <= until <= real_now() + kept
    assert [desk.blocked_until for desk in all_rows(database, Desk)] == [until]


def test_every_worker_stays_away(database: Database, desk_id: int) -> None:
    now = real_now()
    add_ticket(database, desk_id, due_at=now)
    other = Database(database.url.render_as_string(), vault=database.vault)
    rule = tracked_tickets.Rule(lease=timedelta(minutes=3), limit=9, per_desk=9, max_attempts=3)

    until = Governor(database).rate_limited(desk_id, timedelta(seconds=30))

    with other.system(Purpose.DISPATCH) as session:
        assert tracked_tickets.claim_due(session, now, now, rule) == []
        assert len(tracked_tickets.claim_due(session, until, until, rule)) == 1
    other.close()


def test_a_second_answer_does_not_shorten_the_wait(database: Database, desk_id: int) -> None:
    governor = Governor(database)

    until = governor.rate_limited(desk_id, timedelta(seconds=90))
    governor.rate_limited(desk_id, timedelta(seconds=5))

    assert [desk.blocked_until for desk in all_rows(database, Desk)] == [until]


def test_another_desk_is_called_as_before(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other shop")

    Governor(database).rate_limited(desk_id, None)

    assert {desk.id: desk.blocked_until is None for desk in all_rows(database, Desk)} == {desk_id: False, other: True}


def test_calls_are_counted_by_desk_direction_and_answer(database: Database) -> None:
    governor = Governor(database)
    for method, status in (("GET", 200), ("HEAD", 200), ("PUT", 200), ("POST", 429), ("GET", 503)):
        governor.observer(1)(method, "/api", status, ())
    governor.observer(2)("GET", "/api", 200, ())

    assert governor.calls == {
        (1, "read", 200): 2,
        (1, "write", 200): 1,
        (1, "write", 429): 1,
        (1, "read", 503): 1,
        (2, "read", 200): 1,
    }


def test_limits_are_remembered_as_last_seen(database: Database) -> None:
    governor = Governor(database)
    first, second = (CallLimits(bucket="account", total=700, remaining=left, resets_in=None) for left in (9, 8))

    governor.observer(1)("GET", "/api", 200, (first,))
    governor.observer(1)("GET", "/api", 200, (second,))

    assert governor.limits == {(1, "account"): second}
