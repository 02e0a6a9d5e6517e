"""Time alone: a ticket nobody answers turns poor at the minute foretold, in the desk's hours, without any webhook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.scoring.hours import BusinessHours
from app.scoring.waits import ENOUGH_REPLIES
from app.store import tracked_tickets
from app.store.database import Purpose
from app.store.models import Desk, Message, TrackedTicket
from app.words import SatState
from connectors.ticket import Author
from tasks import upkeep
from tests.tasks.stage import Stage

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = {
    "zone": "Europe/Berlin",
    "week": {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    "holidays": ["2026-04-03", "2026-04-06"],
}
OFFICE = BusinessHours(zone="Europe/Berlin", week=(((540, 1020),),) * 5 + ((), ()))
BEFORE_SPRING = datetime(2026, 3, 27, 16, 29, tzinfo=BERLIN)  #: a Friday; the clocks go forward on the Sunday
BEFORE_AUTUMN = datetime(2026, 10, 23, 16, 29, tzinfo=BERLIN)
MINUTE = timedelta(minutes=1)


def set_clock(stage: Stage, at: datetime) -> None:
    stage.parts.clock.step(at.astimezone(UTC))


def waiting(stage: Stage, ticket: str) -> Iterator[datetime]:
    """Every moment at which the ticket is due because of time alone, in turn; the caller works it."""
    while (due := stage.tracked(ticket).rescore_at) is not None:
        set_clock(stage, due - MINUTE)
        assert stage.claim() == [], "it was found a minute too early"
        set_clock(stage, due)
        yield due


@pytest.mark.parametrize("friday", [BEFORE_SPRING, BEFORE_AUTUMN], ids=["forward", "back"])
@pytest.mark.capability("DET-01")
@pytest.mark.capability("DET-05")
def test_a_ticket_nobody_answers_turns_poor_and_worsening_at_the_minute_foretold(
    stage: Stage, friday: datetime
) -> None:
    stage.settings(calendar=CALENDAR)
    stage.publish()
    set_clock(stage, friday)
    ticket = stage.opens("My lamp flickers.")
    stage.drain()
    told, seen = len(stage.deliveries(ticket)), [(stage.now, stage.tracked(ticket).state)]

    for due in waiting(stage, ticket):
        (claim,) = stage.claim()
        stage.work(claim)
        seen.append((due, stage.tracked(ticket).state))
        stage.drain()

    turned = next(at for at, state in seen if state is SatState.POOR_WORSENING)
    monday = (friday + timedelta(days=3)).replace(hour=9, minute=0).astimezone(UTC)
    assert seen[0][1] is SatState.GOOD_IMPROVING
    assert seen[-1][1] is SatState.POOR_WORSENING
    assert turned > monday, "the weekend cost nothing"
    assert all(OFFICE.between(at - MINUTE, at) > 0 for at, _ in seen[1:]), "only while the desk works"
    assert (len(stage.deliveries(ticket)), stage.scores(ticket)[-1].because) == (told, "time")


@pytest.mark.capability("DET-05")
def test_a_question_of_friday_afternoon_is_due_on_monday_and_on_friday_night_without_a_calendar(stage: Stage) -> None:
    stage.publish()
    set_clock(stage, BEFORE_SPRING)
    plain = stage.opens("My lamp flickers.")
    stage.drain()
    by_calendar = stage.tracked(plain).rescore_at
    stage.settings(calendar=CALENDAR)
    set_clock(stage, BEFORE_SPRING)
    desk = stage.opens("My lamp flickers.", email="other@example.com")
    stage.drain()

    by_desk = stage.tracked(desk).rescore_at

    assert by_calendar is not None
    assert by_desk is not None
    assert by_calendar.astimezone(BERLIN).weekday() in (4, 5)
    assert (by_desk.astimezone(BERLIN).weekday(), by_desk.astimezone(BERLIN).hour >= 9) == (0, True)


def test_holidays_are_kept_too(stage: Stage) -> None:
    stage.settings(calendar=CALENDAR)
    stage.publish()
    set_clock(stage, datetime(2026, 4, 2, 16, 29, tzinfo=BERLIN))
    ticket = stage.opens("My lamp flickers.")
    stage.drain()

    due = stage.tracked(ticket).rescore_at

    assert due is not None
    assert due.astimezone(BERLIN).date().isoformat() == "2026-04-07"


def test_the_dispatcher_finds_what_is_due_by_the_business_clock(stage: Stage) -> None:
    stage.settings(calendar=CALENDAR)
    set_clock(stage, BEFORE_SPRING)
    ticket = stage.opens("My lamp flickers.")
    stage.drain()
    due = stage.tracked(ticket).rescore_at
    assert due is not None

    with stage.parts.database.system(Purpose.DISPATCH, read=True) as session:
        found = [tracked_tickets.any_due(session, datetime.now(UTC), moment) for moment in (due - MINUTE, due)]

    assert found == [False, True]


def answered(stage: Stage, count: int) -> None:
    """Conversations of the past, each with a first reply after two hours and another after one."""
    with stage.parts.database.desk(stage.desk_id) as session:
        for number in range(count):
            row = TrackedTicket(desk_id=stage.desk_id, ticket_id=f"old-{number}")
            session.add(row)
            session.flush()
            for at, author in ((0, Author.CUSTOMER), (2, Author.AGENT), (3, Author.CUSTOMER), (4, Author.AGENT)):
                session.add(
                    Message(
                        desk_id=stage.desk_id,
                        tracked_id=row.id,
                        message_id=f"{number}-{at}",
                        author=author.value,
                        author_id="1",
                        public=True,
                        at=stage.now + timedelta(hours=at),
                    )
                )


@pytest.mark.parametrize(
    ("count", "usual"),
    [
        (ENOUGH_REPLIES - 1, {"first_reply": None, "next_reply": None}),
        (ENOUGH_REPLIES, {"first_reply": 2.0, "next_reply": 1.0}),
    ],
)
def test_upkeep_counts_the_desks_own_norm_from_enough_replies_on(
    stage: Stage, count: int, usual: dict[str, float | None]
) -> None:
    answered(stage, count)

    upkeep.norms()

    assert stage.desk().usual == usual


def test_a_quick_desk_is_measured_by_its_own_norm(stage: Stage) -> None:
    stage.publish()
    patient = stage.opens("My lamp flickers.")
    stage.drain()
    with stage.parts.database.desk(stage.desk_id) as session:
        session.get_one(Desk, stage.desk_id).usual = {"first_reply": 1.0, "next_reply": None}
    quick = stage.opens("My lamp flickers.", email="other@example.com")
    stage.drain()

    spans = [
        stage.tracked(ticket).rescore_at - stage.tracked(ticket).scored_at  # type: ignore[operator]
        for ticket in (patient, quick)
    ]

    assert spans[1] < spans[0] / 3
