"""What a line of `kintsugi score` states of its ticket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.scoring.conversation import TicketFacts
from app.scoring.lines import score_line
from app.scoring.stated import Stated, read_stated
from tests.scoring.conversations import PRIOR

OFFICE = {"zone": "Europe/Berlin", "week": dict.fromkeys(("monday", "friday"), "09:00-17:00")}
FRIDAY, MONDAY = "2026-03-27T16:30:00+01:00", "2026-03-30T09:30:00+02:00"
WHOLE: dict[str, Any] = {
    "solved": True,
    "solved_at": MONDAY,
    "failed": True,
    "reopens": 1,
    "reassignments": 2,
    "rating": 0.25,
    "priority": "high",
    "channel": "email",
    "vendor": "Example Lamps",
    "hold_minutes": 12,
    "earlier_ratings": [0, 1],
    "segment_rating": 0.5,
    "segment_ratings": 7,
    "mild_tickets": 2,
    "mild_around": 3,
    "earlier_failures": 1,
    "same_topic_days": 2.5,
}


def test_every_fact_can_be_stated() -> None:
    stated = read_stated(WHOLE)

    assert stated.ending == TicketFacts(
        **WHOLE | {"solved_at": datetime(2026, 3, 30, 7, 30, tzinfo=UTC), "earlier_ratings": (0.0, 1.0)}
    )


def test_how_it_ended_was_not_known_at_the_start() -> None:
    opening = read_stated(WHOLE).opening

    assert (opening.solved, opening.solved_at, opening.failed, opening.rating) == (False, None, False, None)
    assert (opening.reopens, opening.reassignments) == (0, 0)
    assert (opening.mild_tickets, opening.earlier_failures, opening.hold_minutes) == (2, 1, 12)


@pytest.mark.parametrize("ticket", [None, {}, {"rating": None, "calendar": None}])
def test_nothing_has_to_be_stated(ticket: dict[str, Any] | None) -> None:
    assert read_stated(ticket) == Stated()


@pytest.mark.capability("DET-05")
def test_a_calendar_counts_the_waits_of_a_line_in_business_hours() -> None:
    turns = [
        {"role": "customer", "text": "My lamp flickers.", "at": FRIDAY},
        {"role": "agent", "text": "We look into it.", "at": MONDAY},
        {"role": "customer", "text": "And?", "at": MONDAY},
    ]

    def last(ticket: dict[str, Any]) -> dict[str, str]:
        turn = score_line({"id": "1", "turns": turns, "ticket": ticket}, PRIOR)["turns"][-1]
        return {part["signal"]: part["evidence"] for part in turn["contributions"]}

    assert last({})["waiting.first_reply"] == "the first reply took 64 h"
    assert last({"calendar": OFFICE})["waiting.first_reply"] == "the first reply took 64 h, 1 h of it in business hours"
