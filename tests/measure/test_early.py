"""How early bad ratings were seen coming."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.measure.early import FEW, Rated, Share, early

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rated(rating: float, *, hours: float | None = None, messages: int = 0) -> Rated:
    """A ticket rated at noon, flagged poor so many hours before."""
    poor_at = None if hours is None else NOON - timedelta(hours=hours)
    return Rated(rating=rating, rated_at=NOON, poor_at=poor_at, messages_left=messages)


@pytest.mark.capability("SCO-06")
def test_bad_ratings_are_parted_by_how_early_they_were_flagged() -> None:
    tickets = [
        rated(0.0, hours=10, messages=3), rated(0.25, hours=5, messages=1), rated(0.0, hours=1), rated(0.0),
        rated(1.0, hours=8), rated(1.0), rated(0.75), rated(0.5),
    ]  # fmt: skip

    found = early(tickets, hours=4, messages=1)

    assert (found.flagged.count, found.flagged.of) == (3, 4)
    assert (found.in_time.count, found.in_time.of) == (2, 4)
    assert (found.false_alarms.count, found.false_alarms.of) == (1, 4)
    assert (found.lead_hours.count, found.lead_hours.p10, found.lead_hours.p50, found.lead_hours.p90) == (3, 1, 5, 10)
    assert found.lead_messages.p50 == 1


@pytest.mark.parametrize(("hours", "messages", "count"), [(0, 0, 2), (2, 0, 1), (0, 2, 1), (2, 3, 0), (9, 0, 0)])
def test_both_leads_have_to_hold(hours: float, messages: int, count: int) -> None:
    tickets = [rated(0.0, hours=1, messages=5), rated(0.0, hours=8, messages=1)]

    assert early(tickets, hours=hours, messages=messages).in_time.count == count


@pytest.mark.capability("SCO-06")
def test_without_ratings_there_is_nothing_to_say() -> None:
    found = early([], hours=4, messages=0)

    assert found.flagged.value is None
    assert found.flagged.interval is None
    assert found.lead_hours.p50 is None
    assert found.few


def test_few_bad_ratings_are_said_to_be_few() -> None:
    assert early([rated(0.0)] * (FEW - 1) + [rated(1.0)] * 100, hours=4, messages=0).few
    assert not early([rated(0.0)] * FEW, hours=4, messages=0).few


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (81, 263, 0.255, 0.366)],
)
def test_intervals_are_those_of_wilson(count: int, of: int, low: float, high: float) -> None:
    assert Share(count=count, of=of).interval == pytest.approx((low, high), abs=1e-3)
