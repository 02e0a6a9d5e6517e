"""What has become of a score since our last reply."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.scoring.since import since_reply

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.mark.capability("GUI-07")
def test_the_change_is_counted_from_the_score_that_stood_at_our_reply() -> None:
    scores = [(at(0), 60), (at(1), 52), (at(3), 45), (at(4), 38)]

    assert since_reply(scores, at(2)) == -14


def test_a_reply_that_helped_shows_a_rise() -> None:
    assert since_reply([(at(0), 40), (at(2), 61)], at(1)) == 21


def test_nothing_has_changed_when_the_score_is_the_same() -> None:
    assert since_reply([(at(0), 40), (at(2), 40)], at(1)) == 0


@pytest.mark.parametrize(
    ("scores", "replied_at"),
    [
        ([(at(0), 40)], None),
        ([], at(1)),
        ([(at(0), 40)], at(1)),
        ([(at(2), 40)], at(1)),
    ],
    ids=["no reply", "no score", "nothing scored since", "no score before it"],
)
def test_without_both_ends_there_is_no_change(scores: list[tuple[datetime, int]], replied_at: datetime | None) -> None:
    assert since_reply(scores, replied_at) is None
