"""Tracked tickets as work: claimed fairly, held by one fence at a time, settled, postponed, given up, revived."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.store import tracked_tickets
from app.store.database import Database, Purpose
from app.store.desks import NotFound
from app.store.models import DeliveryState, Desk, DeskState, TrackedTicket
from app.store.tracked_tickets import Claim, Rule
from tests.store.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    add_delivery,
    add_desk,
    add_ticket,
    change,
    delivery,
    ticket,
    together,
)

LEASE = timedelta(seconds=180)
RULE = Rule(lease=LEASE, limit=10, per_desk=5, max_attempts=3)
LATER = NOW + LEASE + timedelta(seconds=1)


def claim(database: Database, *, now: datetime = NOW, business_now: datetime = NOW, rule: Rule = RULE) -> list[Claim]:
    with database.system(Purpose.DISPATCH) as session:
        return list(tracked_tickets.claim_due(session, now, business_now, rule))


def claim_one(database: Database, now: datetime = NOW) -> Claim:
    (only,) = claim(database, now=now)
    return only


def begin(database: Database, found: Claim, now: datetime = NOW) -> bool:
    with database.desk(found.desk_id) as session:
        return tracked_tickets.begin(session, found.tracked_id, found.fence, now, LEASE) is not None


def settle(database: Database, found: Claim, *, seen: int = 1, due_at: datetime | None = None) -> bool:
    with database.desk(found.desk_id) as session:
        row = session.get_one(TrackedTicket, found.tracked_id)
        row.fence = found.fence
        session.expunge(row)
        return tracked_tickets.settle(session, row, seen=seen, due_at=due_at)


def postpone(database: Database, found: Claim, *, until: datetime = NOW + MINUTE, counts: bool = True) -> bool:
    with database.desk(found.desk_id) as session:
        return tracked_tickets.postpone(session, found.tracked_id, found.fence, until=until, error="503", counts=counts)


def bury_exhausted(database: Database, now: datetime = NOW) -> list[tuple[int, int]]:
    with database.system(Purpose.DISPATCH) as session:
        return list(tracked_tickets.bury_exhausted(session, now, RULE.max_attempts))


def any_due(database: Database, now: datetime = NOW) -> bool:
    with database.system(Purpose.DISPATCH, read=True) as session:
        return tracked_tickets.any_due(session, now, now)


# Claiming


def test_a_due_ticket_is_claimed_under_a_lease_and_a_fence(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)

    found = claim_one(database)

    assert found == Claim(desk_id=desk_id, tracked_id=tracked_id, fence=1, look=True)
    assert (ticket(database, tracked_id).lease_until, ticket(database, tracked_id).fence) == (NOW + LEASE, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"due_at": NOW + MINUTE},
        {"due_at": None},
        {"dead_at": NOW},
        {"lease_until": NOW + MINUTE},
        {"attempts": RULE.max_attempts},
    ],
    ids=["not yet", "never", "given up", "held", "tried too often"],
)
def test_what_is_not_to_be_had_is_not_claimed(database: Database, desk_id: int, columns: dict[str, object]) -> None:
    add_ticket(database, desk_id, **columns)

    assert claim(database) == []


def test_nothing_due_is_nothing_claimed(database: Database) -> None:
    assert claim(database) == []
    assert not any_due(database)


def test_a_lease_that_ran_out_is_claimed_with_a_higher_fence(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id)
    first = claim_one(database)

    second = claim_one(database, LATER)

    assert (first.fence, second.fence) == (1, 2)


def test_a_long_backlog_starves_no_other_desk(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        session.add_all(
            TrackedTicket(desk_id=desk_id, ticket_id=str(n), dirty=1, due_at=NOW - HOUR) for n in range(500)
        )
    quiet_desk = add_desk(database, "Quiet shop")
    quiet = add_ticket(database, quiet_desk, due_at=NOW)

    found = claim(database)

    assert quiet in {one.tracked_id for one in found}
    assert [one.desk_id for one in found].count(desk_id) == RULE.per_desk


def test_desks_share_a_turn_that_is_too_short_for_all(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other shop")
    for _ in range(4):
        add_ticket(database, desk_id, due_at=NOW - HOUR)
        add_ticket(database, other, due_at=NOW)

    found = claim(database, rule=replace(RULE, limit=4))

    assert sorted(one.desk_id for one in found) == sorted([desk_id, desk_id, other, other])


def test_the_longest_overdue_of_a_desk_comes_first(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, due_at=NOW - MINUTE)
    oldest = add_ticket(database, desk_id, due_at=NOW - HOUR)

    (found,) = claim(database, rule=replace(RULE, limit=1))

    assert found.tracked_id == oldest


def test_what_somebody_wrote_comes_before_what_only_grew_older(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, due_at=None, rescore_at=NOW - DAY)
    written = add_ticket(database, desk_id, due_at=NOW)

    (found,) = claim(database, rule=replace(RULE, limit=1))

    assert found.tracked_id == written


@pytest.mark.parametrize(
    "columns",
    [{"state": DeskState.PAUSED}, {"blocked_until": NOW + MINUTE}],
    ids=["paused", "asked to wait"],
)
def test_a_desk_that_is_not_to_be_called_is_left_alone(
    database: Database, desk_id: int, columns: dict[str, object]
) -> None:
    add_ticket(database, desk_id)
    change(database, desk_id, Desk, desk_id, **columns)

    assert claim(database) == []
    assert not any_due(database)


def test_a_desk_whose_wait_is_over_is_served_again(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id)
    change(database, desk_id, Desk, desk_id, blocked_until=NOW)

    assert len(claim(database)) == 1


def test_waiting_alone_makes_a_ticket_due_in_business_time(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, due_at=None, rescore_at=NOW + DAY)

    early = claim(database)
    found = claim(database, business_now=NOW + DAY)

    assert early == []
    assert found == [Claim(desk_id=desk_id, tracked_id=tracked_id, fence=1, look=False)]


def test_an_event_still_being_gathered_does_not_make_a_rescore_a_look(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, due_at=NOW + MINUTE, rescore_at=NOW)

    assert [one.look for one in claim(database)] == [False]


def test_dispatchers_at_once_never_claim_the_same_ticket(database: Database, desk_id: int) -> None:
    tickets = {add_ticket(database, desk_id) for _ in range(24)}
    rule = replace(RULE, limit=4, per_desk=4)

    def run(_: int) -> list[Claim]:
        return [found for _ in range(6) for found in claim(database, rule=rule)]

    claimed = [found.tracked_id for turn in together(4, run) for found in turn]

    assert sorted(claimed) == sorted(tickets)


def test_a_ticket_that_somebody_is_claiming_is_passed_over(on_postgres: Database) -> None:
    desk_id = add_desk(on_postgres)
    add_ticket(on_postgres, desk_id)
    with on_postgres.system(Purpose.DISPATCH) as session:
        tracked_tickets.claim_due(session, NOW, NOW, RULE)

        # The first has not committed yet; a second that waited for it would hang here.
        assert claim(on_postgres) == []


# Beginning


def test_an_attempt_counts_when_the_work_begins(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    found = claim_one(database)
    before = ticket(database, tracked_id).attempts

    begun = begin(database, found, NOW + MINUTE)

    row = ticket(database, tracked_id)
    assert begun
    assert (before, row.attempts, row.lease_until) == (0, 1, NOW + MINUTE + LEASE)


def test_a_hint_that_comes_twice_begins_once(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id)
    found = claim_one(database)

    assert sorted(together(3, lambda _: begin(database, found))) == [False, False, True]


def test_a_hint_that_comes_late_begins_nothing(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id)
    stale = claim_one(database)
    claim_one(database, LATER)

    assert not begin(database, stale, LATER)


def test_a_hint_after_its_lease_begins_nothing(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id)

    assert not begin(database, claim_one(database), LATER)


def test_only_the_present_fence_holds_the_ticket(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    found = claim_one(database)

    with database.desk(desk_id) as session:
        assert tracked_tickets.held(session, tracked_id, found.fence, NOW) is not None
        assert tracked_tickets.held(session, tracked_id, found.fence - 1, NOW) is None
        assert tracked_tickets.held(session, tracked_id, found.fence, LATER) is None


# Ending


def test_settling_ends_the_claim_and_forgives_earlier_failures(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, attempts=2, last_error="503", first_dirty_at=NOW)
    found = claim_one(database)

    assert settle(database, found, due_at=NOW + HOUR)

    row = ticket(database, tracked_id)
    assert (row.done, row.due_at, row.lease_until) == (1, NOW + HOUR, None)
    assert (row.attempts, row.last_error, row.first_dirty_at) == (0, None, None)


def test_what_arrived_meanwhile_stays_due(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    found = claim_one(database)
    arrived = NOW + timedelta(seconds=5)
    change(database, desk_id, TrackedTicket, tracked_id, dirty=2, due_at=arrived, first_dirty_at=NOW)

    settle(database, found, seen=1)

    row = ticket(database, tracked_id)
    assert (row.dirty, row.done, row.due_at, row.first_dirty_at) == (2, 1, arrived, NOW)


def test_a_fence_that_has_moved_on_changes_nothing(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    stale = claim_one(database)
    current = claim_one(database, LATER)

    with database.desk(desk_id) as session:
        buried = tracked_tickets.bury(session, tracked_id, stale.fence, now=LATER, error="late")
    outcomes = settle(database, stale), postpone(database, stale), buried

    row = ticket(database, tracked_id)
    assert outcomes == (False, False, False)
    assert (row.fence, row.done, row.dead_at, row.last_error) == (current.fence, 0, None, None)


def test_postponing_keeps_the_count_of_attempts(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, attempts=1)
    found = claim_one(database)
    begin(database, found)

    assert postpone(database, found)

    row = ticket(database, tracked_id)
    assert (row.attempts, row.due_at, row.lease_until, row.last_error) == (2, NOW + MINUTE, None, "503")


def test_postponing_without_blame_takes_the_attempt_back(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, attempts=1)
    found = claim_one(database)
    begin(database, found)

    postpone(database, found, counts=False)

    assert ticket(database, tracked_id).attempts == 1


def test_a_hint_that_was_never_handed_out_takes_no_attempt_back(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, attempts=1)

    postpone(database, claim_one(database), counts=False)

    assert ticket(database, tracked_id).attempts == 1


def test_burying_keeps_the_reason(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, rescore_at=NOW + DAY)
    found = claim_one(database)

    with database.desk(desk_id) as session:
        assert tracked_tickets.bury(session, tracked_id, found.fence, now=NOW, error="refused" * 200)

    row = ticket(database, tracked_id)
    assert (row.dead_at, row.due_at, row.rescore_at, row.lease_until) == (NOW, None, None, None)
    assert row.last_error is not None
    assert row.last_error.startswith("refused")
    assert len(row.last_error) == 500


# Giving up


def test_a_ticket_that_kills_its_worker_comes_to_an_end(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, ticket_id="7")
    poison = add_delivery(database, desk_id, ticket_id="7")
    now = NOW
    for _ in range(RULE.max_attempts):
        begin(database, claim_one(database, now), now)
        now = now + 2 * LEASE

    buried = bury_exhausted(database, now)

    row, letter = ticket(database, tracked_id), delivery(database, poison)
    assert buried == [(desk_id, tracked_id)]
    assert claim(database, now=now) == []
    assert (row.dead_at, row.due_at, row.last_error) == (now, None, "the worker died while handling it")
    assert (letter.state, letter.reason) == (DeliveryState.DEAD, "its ticket could not be handled")


def test_a_ticket_given_up_keeps_its_last_error(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, attempts=RULE.max_attempts, last_error="KeyError")

    bury_exhausted(database)

    assert ticket(database, tracked_id).last_error == "KeyError"


def test_a_rescore_that_kills_its_worker_comes_to_an_end_too(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, due_at=None, rescore_at=NOW, attempts=RULE.max_attempts)
    assert any_due(database)

    assert bury_exhausted(database) == [(desk_id, tracked_id)]
    assert not any_due(database)


def test_giving_up_leaves_other_tickets_and_other_desks_alone(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other shop")
    add_ticket(database, desk_id, ticket_id="7", attempts=RULE.max_attempts)
    theirs = add_delivery(database, other, ticket_id="7")
    settled = add_delivery(database, desk_id, ticket_id="7", state=DeliveryState.SETTLED)
    sound = add_ticket(database, desk_id, attempts=RULE.max_attempts - 1)

    bury_exhausted(database)

    assert delivery(database, theirs).state is DeliveryState.RECEIVED
    assert delivery(database, settled).state is DeliveryState.SETTLED
    assert ticket(database, sound).dead_at is None


def test_a_ticket_that_is_held_is_not_given_up_yet(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, attempts=RULE.max_attempts, lease_until=NOW)

    assert bury_exhausted(database) == []


def test_waking_revives_a_ticket_that_was_given_up(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, due_at=None, dead_at=NOW, attempts=RULE.max_attempts)

    with database.desk(desk_id) as session:
        tracked_tickets.wake(session, tracked_id, NOW)

    row = ticket(database, tracked_id)
    assert (row.dead_at, row.attempts, row.dirty, row.due_at) == (None, 0, 2, NOW)
    assert claim_one(database).tracked_id == tracked_id


def test_waking_brings_a_later_time_forward_and_leaves_an_earlier_one(database: Database, desk_id: int) -> None:
    late = add_ticket(database, desk_id, due_at=NOW + DAY, attempts=2)
    overdue = add_ticket(database, desk_id, due_at=NOW - DAY)

    with database.desk(desk_id) as session:
        for tracked_id in (late, overdue):
            tracked_tickets.wake(session, tracked_id, NOW)

    assert (ticket(database, late).due_at, ticket(database, late).attempts) == (NOW, 2)
    assert ticket(database, overdue).due_at == NOW - DAY


# Looking


def test_work_under_way_and_work_to_come_are_counted(database: Database, desk_id: int) -> None:
    add_ticket(database, desk_id, lease_until=NOW + MINUTE, due_at=None)
    add_ticket(database, desk_id, due_at=NOW + MINUTE)
    add_ticket(database, desk_id, due_at=None, rescore_at=NOW)
    add_ticket(database, desk_id, due_at=None)
    add_ticket(database, desk_id, due_at=NOW, dead_at=NOW)

    with database.system(Purpose.DISPATCH, read=True) as session:
        assert tracked_tickets.leased(session, NOW) == 1
        assert tracked_tickets.pending(session, NOW, NOW) == 3


def test_a_ticket_is_found_by_its_id_or_not_at_all(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, ticket_id="7")

    with database.desk(desk_id, read=True) as session:
        found = tracked_tickets.find_by_ticket(session, "7")
        assert found is tracked_tickets.get(session, tracked_id)
        assert tracked_tickets.find_by_ticket(session, "8") is None
        with pytest.raises(NotFound, match="tracked ticket 4711"):
            tracked_tickets.get(session, 4711)
