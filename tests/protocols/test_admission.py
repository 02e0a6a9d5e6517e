"""Who is let in when there is not room for every case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.protocols.admission import Room, day_begins, deferred, expected_benefit

DAY = Room(limit=5, taken=5, of="cases a day")


def room(taken: int) -> Room:
    return Room(limit=5, taken=taken, of="cases a day")


@pytest.mark.capability("CRI-05")
def test_five_of_nine_are_let_in() -> None:
    taken = 0
    for _ in range(9):
        taken += deferred((room(taken),), ahead=0) is None

    assert taken == 5


@pytest.mark.capability("CRI-05")
@pytest.mark.parametrize(("taken", "ahead", "admitted"), [(4, 0, True), (4, 1, False), (3, 1, True), (0, 5, False)])
def test_those_with_more_to_gain_go_first(taken: int, ahead: int, admitted: bool) -> None:
    assert (deferred((room(taken),), ahead) is None) is admitted


def test_the_fullest_room_decides() -> None:
    reason = deferred((room(0), Room(limit=1, taken=1, of='open cases of the team "Recovery"')), ahead=0)

    assert reason == 'Deferred: capacity. The criteria hold; all 1 open cases of the team "Recovery" are taken.'


def test_without_a_limit_everybody_is_let_in() -> None:
    assert deferred((), ahead=1_000) is None


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"p_satisfied": 0.4}, {"p_satisfied": 0.1}),
        ({"p_satisfied": 0.3}, {"p_satisfied": 0.3, "churn_risk": 0.5}),
        ({"p_satisfied": 0.3, "customer_value": 10}, {"p_satisfied": 0.3, "customer_value": 10_000}),
        ({"p_satisfied": 0.9, "churn_risk": 0.1}, {}),
    ],
)
def test_there_is_more_to_gain_where_more_is_at_stake(less: dict[str, Any], more: dict[str, Any]) -> None:
    assert expected_benefit(less) < expected_benefit(more)


def test_there_is_always_something_to_gain() -> None:
    assert expected_benefit({"p_satisfied": 1.0, "customer_value": -5}) > 0


@pytest.mark.parametrize(
    ("now", "zone", "begun"),
    [
        ("2026-03-02T09:00", None, "2026-03-02T00:00"),
        ("2026-03-02T23:30", "Europe/Berlin", "2026-03-02T23:00"),
        ("2026-03-29T12:00", "Europe/Berlin", "2026-03-28T23:00"),  # the day on which the clocks go forward
    ],
)
def test_a_day_begins_by_the_clocks_of_the_desk(now: str, zone: str | None, begun: str) -> None:
    at, wanted = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, begun))

    assert day_begins(at, zone) == wanted
