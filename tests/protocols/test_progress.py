"""People's steps, deadlines, done-checks, targets, and when automation keeps still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.protocols import progress
from app.protocols.progress import Seen
from app.protocols.protocol import Action, Condition, Criteria, DoneWhen, Guardrails, Owner, RecoveryProtocol, Targets
from app.scoring.calendars import read_calendar

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
MORNINGS = read_calendar({"zone": "UTC", "week": {"monday": "09:00-11:00", "tuesday": "09:00-11:00"}})


def action(do: str = "note", **values: Any) -> Action:
    return Action(do=do, params=None, **values)


def protocol(**values: Any) -> RecoveryProtocol:
    return RecoveryProtocol(name="Rescue", criteria=Criteria(), **values)


@pytest.mark.parametrize(
    ("one", "persons"),
    [
        (action(), False),
        (action(owner=Owner.AGENT), True),
        (action("task"), True),
        (action("alert", owner=Owner.LEAD), False),  # whoever it is for, it is we who send it
    ],
)
def test_whose_step_it_is(one: Action, persons: bool) -> None:
    assert progress.is_persons(one) is persons


@pytest.mark.parametrize(
    ("hours", "calendar", "due"),
    [
        (None, None, None),
        (3, None, NOW + 3 * HOUR),
        (2, MORNINGS, NOW + 2 * HOUR),
        (3, MORNINGS, NOW + 25 * HOUR),
        (9_000_000, MORNINGS, NOW + 9_000_000 * HOUR),  # beyond the end of any calendar every hour counts
    ],
)
def test_a_deadline_counts_the_hours_of_the_desk(hours: float | None, calendar: Any, due: datetime | None) -> None:
    assert progress.deadline(action(within_hours=hours), NOW, calendar) == due


@pytest.mark.parametrize(
    ("check", "seen", "done"),
    [
        (None, Seen(replied_at=NOW, solved_at=NOW, assigned=True, acknowledged_at=NOW), False),
        (DoneWhen.TICKED, Seen(replied_at=NOW, solved_at=NOW, assigned=True), False),
        (DoneWhen.PUBLIC_REPLY, Seen(), False),
        (DoneWhen.PUBLIC_REPLY, Seen(replied_at=NOW - HOUR), False),
        (DoneWhen.PUBLIC_REPLY, Seen(replied_at=NOW), True),
        (DoneWhen.SOLVED, Seen(solved_at=NOW - HOUR), False),
        (DoneWhen.SOLVED, Seen(solved_at=NOW + HOUR), True),
        (DoneWhen.ASSIGNED, Seen(), False),
        (DoneWhen.ASSIGNED, Seen(assigned=True), True),
        (DoneWhen.ACKNOWLEDGED, Seen(acknowledged_at=NOW + HOUR), True),
    ],
)
@pytest.mark.capability("PRO-04")
def test_a_step_is_done_by_what_happened_after_it_was_planned(check: DoneWhen | None, seen: Seen, done: bool) -> None:
    assert progress.is_done(check, seen, NOW) is done


@pytest.mark.capability("TEA-10")
def test_the_default_protocol_always_has_a_clock() -> None:
    assert progress.targets_of(protocol(cause="unknown")) == progress.DEFAULT_TARGETS
    assert progress.targets_of(protocol(cause="billing")) == Targets()


def test_a_target_of_its_own_comes_before_the_default() -> None:
    own = progress.targets_of(protocol(cause="unknown", targets=Targets(first_touch_minutes=15)))

    assert own == Targets(first_touch_minutes=15, recovery_hours=progress.DEFAULT_TARGETS.recovery_hours)


def test_targets_are_moments_of_business_time() -> None:
    due = progress.due(Targets(first_touch_minutes=60, recovery_hours=3), NOW, MORNINGS)

    assert (due.touch_at, due.recover_at) == (NOW + HOUR, NOW + 25 * HOUR)


STOP = Guardrails(
    stop_when=(
        Condition(field="status", operator="is", value="pending"),
        Condition(field="score", operator="above", value=80),
    )
)


@pytest.mark.parametrize("facts", [{}, {"status": "pending"}, {"status": "pending", "score": 80}])
def test_a_protocol_goes_on_until_all_its_stop_conditions_hold(facts: dict[str, Any]) -> None:
    assert progress.stops(STOP, facts) is None


def test_a_protocol_that_stops_says_why() -> None:
    why = progress.stops(STOP, {"status": "pending", "score": 90})

    assert why == "the protocol stops when status is pending (it is pending), score is above 80 (it is 90)"


def test_a_protocol_without_stop_conditions_never_stops() -> None:
    assert progress.stops(Guardrails(), {"score": 1}) is None


@pytest.mark.parametrize(("number", "out"), [(1, False), (5, False), (6, True)])
def test_rounds_are_counted_from_one(number: int, out: bool) -> None:
    assert progress.out_of_rounds(Guardrails(max_rounds=5), number) is out


@pytest.mark.capability("N10")
@pytest.mark.parametrize(
    ("repeat", "failed", "why"),
    [
        (False, 0, None),
        (True, 0, "this is not the customer's first bad experience within 90 days"),
        (False, 1, "an earlier recovery of this customer failed"),
        (True, 2, "an earlier recovery of this customer failed"),
    ],
)
def test_the_second_failure_brakes_automation(repeat: bool, failed: int, why: str | None) -> None:
    assert progress.brake(repeat_failure=repeat, failed_recoveries=failed) == why


@pytest.mark.capability("N10")
@pytest.mark.parametrize(
    ("do", "held"), [("reply", True), ("macro", True), ("status", True), ("assign", False), ("alert", False)]
)
def test_a_braked_case_still_reaches_its_people(do: str, held: bool) -> None:
    assert progress.held_back(do) is held
