"""When time alone turns a condition, and when a protocol may act again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.protocols import rules
from app.protocols.decide import PastCase, Standing
from app.protocols.moments import FARTHEST, free, later, next_ready, next_turn, turned
from app.protocols.protocol import Condition, Criteria
from app.scoring.hours import BusinessHours
from tests.protocols.make import published

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)  #: a Friday
OFFICE = BusinessHours(zone="UTC", week=(((540, 1020),),) * 5 + ((), ()))  #: weekdays 9 to 17
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def criteria(field: str, operator: str, value: Any) -> Criteria:
    return Criteria(all=(Condition(field=field, operator=operator, value=value),))


def turn(field: str, operator: str, value: Any, now: float, **circumstances: Any) -> datetime | None:
    given_ = {"waiting": True, **circumstances}
    return next_turn([criteria(field, operator, value)], {field: now}, NOON, **given_)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("at_least", NOON + 3 * HOUR),
        ("below", NOON + 3 * HOUR),
        ("is", NOON + 3 * HOUR),
        ("is_not", NOON + 3 * HOUR),
        ("above", NOON + 3 * HOUR + SECOND),
        ("at_most", NOON + 3 * HOUR + SECOND),
    ],
)
@pytest.mark.capability("CRI-02")
def test_every_comparison_turns_at_its_own_moment(operator: str, expected: datetime) -> None:
    assert turn("waiting_hours", operator, 4, 1.0) == expected


def test_what_has_turned_before_does_not_turn_again() -> None:
    assert turn("age_hours", "at_least", 4, 4.0) is None
    assert turn("age_hours", "above", 4, 5.0) is None


def test_a_value_that_is_just_reached_turns_beyond_it() -> None:
    assert turn("age_hours", "above", 4, 4.0) == NOON + SECOND


def test_minutes_in_a_state_count_in_minutes() -> None:
    assert turn("minutes_in_state", "at_least", 90, 30.0) == NOON + HOUR


def test_a_wait_grows_in_the_desks_hours_alone() -> None:
    # Five hours are left of Friday, so the sixth is Monday's first.
    assert turn("waiting_hours", "at_least", 6, 0.0, hours=OFFICE) == datetime(2026, 3, 9, 10, 0, tzinfo=UTC)


def test_nobody_is_woken_for_a_wait_while_the_turn_is_the_customers() -> None:
    assert turn("waiting_hours", "at_least", 4, 0.0, waiting=False) is None


def test_an_age_grows_whosever_turn_it_is() -> None:
    assert turn("age_hours", "at_least", 1, 0.0, waiting=False) == NOON + HOUR


def test_what_is_not_known_does_not_turn() -> None:
    assert next_turn([criteria("waiting_hours", "at_least", 4)], {}, NOON, waiting=True) is None


def test_what_does_not_grow_with_time_wakes_nobody() -> None:
    assert turn("score", "at_most", 40, 60) is None


def test_a_turn_more_than_a_year_away_is_left_to_a_later_look() -> None:
    assert turn("age_hours", "at_least", FARTHEST / HOUR + 1, 0.0) is None


def test_a_wait_beyond_the_end_of_the_calendar_never_turns() -> None:
    assert turn("waiting_hours", "at_least", 10_000_000, 0.0, hours=OFFICE) is None


def test_the_first_of_several_turns_counts() -> None:
    both = [criteria("waiting_hours", "at_least", 8), criteria("age_hours", "at_least", 5)]

    found = next_turn(both, {"waiting_hours": 1.0, "age_hours": 2.0}, NOON, waiting=True)

    assert found == NOON + 3 * HOUR


@given(
    operator=some.sampled_from(["at_least", "at_most", "above", "below", "is", "is_not"]),
    value=some.one_of(some.integers(0, 200), some.floats(0, 200)),
    now=some.floats(0, 200),
    field=some.sampled_from(["waiting_hours", "age_hours", "minutes_in_state"]),
)
def test_at_the_moment_it_has_turned_and_a_moment_before_it_had_not(
    operator: str, value: float, now: float, field: str
) -> None:
    condition = Condition(field=field, operator=operator, value=value)
    facts = {field: now}

    moment = next_turn([Criteria(all=(condition,))], facts, NOON, waiting=True)

    if moment is None:
        return
    then, before = (later(facts, NOON, at, waiting=True) for at in (moment, moment - 3 * SECOND))
    assert rules.holds(condition, then) is not rules.holds(condition, facts)
    assert moment - 3 * SECOND <= NOON or rules.holds(condition, before) is rules.holds(condition, facts)


def test_a_fact_that_is_no_clock_stays_as_it_was() -> None:
    assert later({"score": 40, "age_hours": 1.0}, NOON, NOON + HOUR, waiting=True) == {"score": 40, "age_hours": 2.0}


def test_a_condition_has_turned_when_it_holds_with_one_and_not_with_the_other() -> None:
    wants = [criteria("waiting_hours", "at_least", 4)]

    assert turned(wants, {"waiting_hours": 3.9}, {"waiting_hours": 4.1})
    assert not turned(wants, {"waiting_hours": 4.1}, {"waiting_hours": 9.0})


def standing(closed_at: datetime | None, protocol: str = "Example") -> Standing:
    return Standing(cases=(PastCase(protocol=protocol, version_id=1, opened_at=NOON - 5 * HOUR, closed_at=closed_at),))


def rails(**guardrails: Any) -> list[Any]:
    return [published(guardrails=guardrails)]


def test_a_protocol_is_ready_again_when_its_cooldown_is_over() -> None:
    assert next_ready(rails(cooldown_hours=3), standing(NOON - HOUR), NOON) == NOON + 2 * HOUR


def test_a_protocol_that_waits_longer_by_itself_has_two_such_moments() -> None:
    waits = rails(cooldown_hours=3, rearm="after_hours", rearm_hours=9)

    assert next_ready(waits, standing(NOON - HOUR), NOON) == NOON + 2 * HOUR
    assert next_ready(waits, standing(NOON - HOUR), NOON + 2 * HOUR) == NOON + 8 * HOUR


def test_nothing_gets_ready_while_a_case_is_open() -> None:
    assert next_ready(rails(cooldown_hours=3), standing(None), NOON) is None


def test_nothing_gets_ready_on_a_ticket_without_cases() -> None:
    assert next_ready(rails(cooldown_hours=3), Standing(), NOON) is None


def test_a_protocol_is_free_once_no_wait_keeps_it() -> None:
    waits = rails(cooldown_hours=3)

    assert free(waits, standing(NOON - HOUR), NOON) == frozenset()
    assert free(waits, standing(NOON - HOUR), NOON + 2 * HOUR) == {"Example"}
