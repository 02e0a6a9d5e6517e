"""Early warnings: open tickets that are about to turn, with the time that is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.store.database import Database
from app.store.models import Role, TrackedTicket
from app.words import Level, SatState
from tasks.parts import Parts
from tests.seeds import Seeded
from tests.web.people import SignedIn


@pytest.fixture
def agent(person: Callable[..., SignedIn]) -> SignedIn:
    return person(Role.AGENT)


def turn(database: Database, story: Seeded, turns_poor_at: datetime | None, *, group_id: str = "1") -> None:
    """Have the story's quiet ticket be good and get worse."""
    with database.desk(story.desk_id) as session:
        row = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == story.quiet_ticket_id)).one()
        row.state, row.level, row.score = SatState.GOOD_WORSENING, Level.GOOD, 55
        row.turns_poor_at, row.group_id = turns_poor_at, group_id


@pytest.mark.capability("PRV-01")
def test_a_ticket_about_to_turn_is_listed_with_the_time_that_is_left(
    agent: SignedIn, story: Seeded, database: Database, joined: Parts
) -> None:
    turn(database, story, joined.clock.now() + timedelta(hours=3, minutes=30))

    page = agent.get("/warnings").text

    assert f"#{story.quiet_ticket_id}" in page
    assert "A question about sizes" in page
    assert "in 3 h</time> if nobody answers" in page


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(timedelta(minutes=-1), "Turns poor any moment"), (None, "Not by waiting alone: what is said next decides")],
)
def test_what_waiting_does_not_tell_is_said(
    agent: SignedIn, story: Seeded, database: Database, joined: Parts, ahead: timedelta | None, said: str
) -> None:
    turn(database, story, joined.clock.now() + ahead if ahead else None)

    assert said in agent.get("/warnings").text


def test_a_ticket_with_an_open_case_is_in_the_queue_and_not_here(agent: SignedIn, story: Seeded) -> None:
    page = agent.get("/warnings").text

    assert f"#{story.ticket_id}" not in page
    assert "Nobody is about to turn" in page


def test_warnings_of_one_team_alone(agent: SignedIn, story: Seeded, database: Database) -> None:
    turn(database, story, None, group_id="2")

    assert f"#{story.quiet_ticket_id}" in agent.get("/warnings?team=2").text
    assert "Nobody in this team is about to turn" in agent.get("/warnings?team=3&page=x").text
