"""The governor: a helpdesk that asked us to wait is left alone, and a call beyond our budget never leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import real_now
from app.governor import DEFAULT_WAIT, LONGEST_WAIT, SHORTEST_WAIT, Budget, Governor, Lane
from app.settings import new_key
from app.store import schema, tracked_tickets
from app.store.database import Database, Purpose
from app.store.models import Desk
from app.vault import Vault
from connectors.base import CallLimits
from connectors.errors import OverBudget
from connectors.zendesk import ZENDESK
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


def test_a_helpdesk_that_is_short_of_something_else_is_called_as_before(database: Database, desk_id: int) -> None:
    Governor(database).rate_limited(desk_id, timedelta(minutes=9), frozenset({"per-ticket-updates"}))

    assert [desk.blocked_until for desk in all_rows(database, Desk)] == [None]


def test_calls_are_counted_by_desk_direction_and_answer(database: Database) -> None:
    governor = Governor(database)
    for method, status in (("GET", 200), ("HEAD", 200), ("PUT", 200), ("POST", 429), ("GET", 503)):
        governor.observer(1)(method, "/api", status, ())
    governor.observer(2)("GET", "/api", 200, ())

    assert governor.calls() == {
        (1, "read", 200): 2,
        (1, "write", 200): 1,
        (1, "write", 429): 1,
        (1, "read", 503): 1,
        (2, "read", 200): 1,
    }


TICKET = "/api/v2/tickets/5.json"


def budget_of(desk_id: int, share: float = 0.6) -> Budget:
    return Budget(desk_id=desk_id, allowances=ZENDESK.allowances, share=share)


def told(bucket: str, total: int, remaining: int) -> CallLimits:
    return CallLimits(bucket=bucket, total=total, remaining=remaining, resets_in=timedelta(seconds=40))


def test_a_call_beyond_the_budget_is_refused_with_the_time_to_wait(database: Database) -> None:
    governor, budget = Governor(database), budget_of(1)
    gate, observe = governor.gate(budget, lambda: Lane.LIVE), governor.observer(1, budget.allowances)
    gate("GET", TICKET)
    observe("GET", TICKET, 200, [told("account", 200, 0)])

    with pytest.raises(OverBudget, match="live") as caught:
        gate("GET", TICKET)

    assert caught.value.retry_after is not None
    assert timedelta(seconds=35) < caught.value.retry_after <= timedelta(seconds=41)
    assert not caught.value.sent


def test_the_lane_of_a_call_is_that_of_its_moment(database: Database) -> None:
    governor, budget, lanes = Governor(database), budget_of(1), [Lane.BACKFILL]
    gate, observe = governor.gate(budget, lambda: lanes[-1]), governor.observer(1, budget.allowances)
    gate("GET", TICKET)
    observe("GET", TICKET, 200, [told("account", 200, 80)])
    with pytest.raises(OverBudget):
        gate("GET", TICKET)

    lanes.append(Lane.LIVE)

    gate("GET", TICKET)
    assert governor.calls() == {(1, "read", 200): 1}


def test_a_ticket_that_was_written_too_often_waits_alone(database: Database) -> None:
    governor, budget = Governor(database), budget_of(1)
    gate, observe = governor.gate(budget, lambda: Lane.LIVE), governor.observer(1, budget.allowances)
    gate("PUT", TICKET)
    observe("PUT", TICKET, 200, [told("per-ticket-updates", 30, 0)])

    with pytest.raises(OverBudget):
        gate("PUT", TICKET)

    gate("PUT", TICKET.replace("5", "6"))
    gate("GET", TICKET)


def test_a_lane_that_is_out_of_calls_rests_on_that_desk(database: Database) -> None:
    governor, budget = Governor(database), budget_of(1)
    observe = governor.observer(1, budget.allowances)
    governor.gate(budget, lambda: Lane.LIVE)("GET", TICKET)
    observe("GET", TICKET, 200, [told("account", 200, 20)])
    before = governor.resting(Lane.RESCORING)

    with pytest.raises(OverBudget):
        governor.gate(budget, lambda: Lane.RESCORING)("GET", TICKET)

    assert before == frozenset()
    assert governor.resting(Lane.RESCORING) == {1}
    assert governor.resting(Lane.LIVE) == frozenset()


@pytest.mark.parametrize(
    ("lane", "left", "room"),
    [(Lane.LIVE, 199, 107), (Lane.BACKFILL, 199, 35), (Lane.LIVE, 50, 38), (Lane.BACKFILL, 50, 0)],
)
def test_how_many_calls_a_lane_has(database: Database, lane: Lane, left: int, room: int) -> None:
    governor, budget = Governor(database), budget_of(1)
    unknown = governor.room(budget, lane)
    governor.gate(budget, lambda: Lane.LIVE)("GET", TICKET)

    governor.observer(1, budget.allowances)("GET", TICKET, 200, [told("account", 200, left)])

    assert governor.room(budget, lane) == room
    assert unknown > 0


def test_what_the_budget_refused_is_tried_again_soon_and_not_all_at_once(database: Database) -> None:
    governor, before = Governor(database), real_now()

    times = {governor.over_budget(timedelta(seconds=20)) for _ in range(20)}

    assert min(times) >= before + timedelta(seconds=20)
    assert max(times) <= real_now() + timedelta(seconds=23)
    assert len(times) > 10
