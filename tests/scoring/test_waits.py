"""Waits in calendar and in working hours, against the desk's own norm, and when a wait alone changes a score."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scoring.context import PLAIN, Context, Usual
from app.scoring.conversation import Running, Utterance
from app.scoring.engine import next_rescore_at, observe, score, ticket_readings
from app.scoring.hours import BusinessHours
from app.scoring.signals.waiting import FULL, fullest_at, norm_of, silence, strain
from app.scoring.waits import ENOUGH_REPLIES, Waits, usual_of
from app.words import SatState
from tests.scoring.conversations import NO_FACTS, PRIOR, hear, says

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessHours(zone="Europe/Berlin", week=(((540, 1020),),) * 5 + ((), ()))
DESK = Context(hours=OFFICE)
FRIDAY = datetime(2026, 3, 27, 16, 30, tzinfo=BERLIN).astimezone(UTC)  #: the clocks go forward on Sunday
MONDAY = datetime(2026, 3, 30, 9, 30, tzinfo=BERLIN).astimezone(UTC)
MINUTE = timedelta(minutes=1)


def told(at: datetime, text: str = "My lamp flickers.", role: str = "customer") -> Utterance:
    return Utterance(id=at.isoformat(), role=role, public=True, text=text, at=at)  # type: ignore[arg-type]


def heard(*said: Utterance, context: Context = DESK) -> Running:
    running = Running.start()
    for one in said:
        running, _ = observe(running, one, context)
    return running


def evidence(running: Running, now: datetime, context: Context = DESK) -> dict[str, str]:
    return {found.signal: found.evidence for found in ticket_readings(running, NO_FACTS, now, context)}


@pytest.mark.capability("DET-05")
def test_a_wait_is_told_in_calendar_and_business_hours() -> None:
    running = heard(told(FRIDAY))

    found = evidence(running, MONDAY + timedelta(hours=1))

    assert found["waiting.silence"] == "waiting for a first reply for 65 h, 2 h of it in business hours"


@pytest.mark.capability("DET-05")
def test_nothing_gets_worse_while_the_desk_is_closed() -> None:
    running = heard(told(FRIDAY))

    closing, monday = (
        score(running, NO_FACTS, PRIOR, FRIDAY + timedelta(hours=hours), DESK)[0].p_satisfied for hours in (0.5, 63)
    )
    later = score(running, NO_FACTS, PRIOR, FRIDAY + timedelta(hours=68), DESK)[0].p_satisfied

    assert closing == monday > later


@pytest.mark.capability("DET-05")
def test_every_reply_is_timed_in_both_times_and_the_clock_stops_on_the_customers_turn() -> None:
    running = heard(
        told(FRIDAY),
        told(MONDAY, "We are on it.", "agent"),
        told(MONDAY + timedelta(days=2), "It still flickers."),
        told(MONDAY + timedelta(days=2, hours=3), "Hello?"),
        told(MONDAY + timedelta(days=3), "A new one is on its way.", "agent"),
    )

    waits = running.waits

    # The clocks went forward on Sunday, so the weekend was an hour shorter.
    assert (waits.first_reply, waits.next_reply, waits.total) == (64, 24, 88)
    assert (waits.first_worked, waits.next_worked, waits.total_worked) == (1, 8, 9)
    assert evidence(running, MONDAY + timedelta(days=9)) == {
        "waiting.first_reply": "the first reply took 64 h, 1 h of it in business hours",
        "waiting.next_reply": "the latest reply took 24 h, 8 h of it in business hours",
        "waiting.total": "waited 4 days in all, 9 h of it in business hours",
    }


def test_business_hours_weigh_where_there_are_any() -> None:
    running = heard(told(FRIDAY), told(MONDAY, "We are on it.", "agent"))

    by_desk = {found.signal: found.value for found in ticket_readings(running, NO_FACTS, FRIDAY, DESK)}
    plain = {found.signal: found.value for found in ticket_readings(running, NO_FACTS, FRIDAY, PLAIN)}

    assert by_desk["waiting.first_reply"] == strain(1)
    assert plain["waiting.first_reply"] == strain(64)


def test_waits_from_before_there_was_a_calendar_keep_their_calendar_hours() -> None:
    before = Waits().asked(FRIDAY).answered(FRIDAY + timedelta(hours=2), None)

    after = before.asked(FRIDAY).answered(MONDAY, OFFICE)
    without_again = after.asked(FRIDAY).answered(FRIDAY + timedelta(hours=1), None)

    assert (before.first_worked, before.total_worked) == (None, None)
    assert (after.first_worked, after.next_worked, after.total_worked) == (None, 1, 3)
    assert (without_again.next_worked, without_again.total_worked) == (None, 4)


def test_aggregates_stored_before_business_hours_still_load() -> None:
    document = hear(says("Where is it?"), says("Here.", "agent", minutes=60)).to_json()
    for name in ("first_worked", "next_worked", "total_worked"):
        del document["waits"][name]

    loaded = Running.from_json(document)

    assert loaded.waits == Waits(first_reply=1, total=1)
    assert Running.from_json(loaded.to_json()) == loaded


def test_a_wait_is_measured_by_the_desks_own_norm() -> None:
    running = heard(told(FRIDAY), context=PLAIN)
    now = FRIDAY + timedelta(hours=6)

    values = [
        silence(running.waits, now, Context(usual=Usual(first_reply=hours))) for hours in (0.1, 2.0, None, 8.0, 500.0)
    ]

    assert values == [strain(6, 1), strain(6, 2), strain(6, 4), strain(6, 8), strain(6, 12)]
    assert values == sorted(values, reverse=True)


def test_later_replies_have_a_norm_of_their_own() -> None:
    running = heard(told(FRIDAY), told(FRIDAY, "Yes?", "agent"), told(FRIDAY), context=PLAIN)
    usual = Context(usual=Usual(first_reply=1, next_reply=8))

    assert silence(running.waits, FRIDAY + timedelta(hours=6), usual) == strain(6, 8)


def test_a_wait_as_long_as_the_norm_weighs_the_same_at_every_desk() -> None:
    assert strain(2, norm_of(2)) == strain(4, norm_of(None)) == pytest.approx(strain(11.0, norm_of(11.0)))
    assert strain(FULL * 2, norm_of(2)) == 1


def test_the_norm_is_the_median_of_what_was_asked_and_answered() -> None:
    conversations = [
        [
            (False, FRIDAY),
            (False, FRIDAY + MINUTE),
            (True, MONDAY + timedelta(hours=number / 10)),
            (True, MONDAY + timedelta(hours=5)),
            (False, MONDAY + timedelta(hours=5.5)),
            (True, MONDAY + timedelta(hours=7.5)),
        ]
        for number in range(ENOUGH_REPLIES + 1)
    ]

    usual, plain = usual_of(conversations, OFFICE), usual_of(conversations, None)

    assert usual.first_reply == pytest.approx(2.5)
    assert plain.first_reply == pytest.approx(65.5)
    assert plain.next_reply == 2


def test_few_replies_make_no_norm() -> None:
    conversations = [[(False, FRIDAY), (True, FRIDAY + MINUTE)]] * (ENOUGH_REPLIES - 1)

    assert usual_of(conversations, None) == Usual()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40 * 24 * 60), st.integers(0, 20 * 24 * 60), st.booleans())
def test_the_next_rescore_is_the_first_minute_that_matters_also_with_business_hours(
    asked: int, passed: int, closed: bool
) -> None:
    hours = BusinessHours(zone=OFFICE.zone, week=OFFICE.week, holidays=frozenset({date(2026, 3, 30)} if closed else ()))
    context = Context(hours=hours)
    running = heard(told(FRIDAY + asked * MINUTE), context=context)
    now = FRIDAY + (asked + passed) * MINUTE
    present, running = score(running, NO_FACTS, PRIOR, now, context)

    due = next_rescore_at(running, NO_FACTS, PRIOR, now, context)

    if due is None:
        latest = score(running, NO_FACTS, PRIOR, now + timedelta(days=60), context)[0]
        assert not _moved(present.score, present.state, latest.score, latest.state)
        return
    at, before = (score(running, NO_FACTS, PRIOR, due - early, context)[0] for early in (0 * MINUTE, MINUTE))
    assert _moved(present.score, present.state, at.score, at.state)
    assert not _moved(present.score, present.state, before.score, before.state)
    assert hours.between(due - MINUTE, due) > 0, "it is due while the desk works, when the wait grows"


def _moved(score_before: int, state_before: SatState, score_after: int, state_after: SatState) -> bool:
    return score_before - score_after >= PRIOR.rescore_points or state_before is not state_after


def test_a_wait_weighs_in_full_after_so_many_working_hours() -> None:
    running = heard(told(FRIDAY))

    moment = fullest_at(running.waits, DESK)

    assert moment is not None
    assert silence(running.waits, moment - MINUTE, DESK) < 1
    assert silence(running.waits, moment, DESK) == pytest.approx(1)
    assert fullest_at(Waits(), DESK) is None


@pytest.mark.parametrize("context", [PLAIN, DESK])
def test_a_message_from_the_end_of_time_is_no_error(context: Context) -> None:
    running = heard(told(datetime.max.replace(tzinfo=UTC)), context=context)

    found, running = score(running, NO_FACTS, PRIOR, FRIDAY, context)

    assert found.p_satisfied > 0
    assert next_rescore_at(running, NO_FACTS, PRIOR, FRIDAY, context) is None


def test_finding_the_next_rescore_costs_little_more_with_a_calendar() -> None:
    running = heard(told(FRIDAY))
    _, running = score(running, NO_FACTS, PRIOR, FRIDAY, DESK)

    def spent(context: Context) -> float:
        next_rescore_at(running, NO_FACTS, PRIOR, FRIDAY, context)
        began = time.thread_time()
        for _ in range(100):
            next_rescore_at(running, NO_FACTS, PRIOR, FRIDAY, context)
        return time.thread_time() - began

    assert spent(DESK) < 3 * spent(PLAIN)
