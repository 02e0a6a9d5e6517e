"""Agents say in the sidebar whether they agree with a score."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.scoring import engine
from app.scoring.conversation import Running, Utterance
from app.store.database import Database
from app.store.models import Label, ScoreRow, TrackedTicket
from tests import seeds
from tests.seeds import Seeded
from tests.web.launching import sidebar_settings, signed
from tests.web.test_sidebar import bearer_of, launch, look


@pytest.fixture
def desk_id(database: Database) -> int:
    return seeds.add_desk(database, **sidebar_settings())


@pytest.fixture
def bearer(stranger: FlaskClient, desk_id: int) -> str:
    return bearer_of(launch(stranger, signed()))


@pytest.fixture
def score_id(database: Database, story: Seeded) -> int:
    """The newest score of the story's ticket, whose conversation is kept in numbers."""
    with database.desk(story.desk_id) as session:
        row = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == story.ticket_id)).one()
        said = Utterance(id="1", role="customer", public=True, text="I am furious!", at=seeds.NOW)
        running, _ = engine.observe(Running.start(), said)
        row.sealed_running = database.vault.seal(json.dumps(running.to_json()))
        newest = (
            select(ScoreRow.id).where(ScoreRow.tracked_id == row.id).order_by(ScoreRow.at.desc(), ScoreRow.id.desc())
        )
        return session.scalars(newest).first() or 0


def say(client: FlaskClient, bearer: str, ticket_id: str, **form: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {bearer}"}
    return client.post(f"/sidebar/zendesk/ticket/{ticket_id}/opinion", data=form, headers=headers)


def stored(database: Database, desk_id: int) -> list[Label]:
    with database.desk(desk_id, read=True) as session:
        return list(session.scalars(select(Label)))


def test_an_agent_is_asked_for_an_opinion(stranger: FlaskClient, story: Seeded, bearer: str, score_id: int) -> None:
    page = look(stranger, bearer, story.ticket_id).text

    assert "Do you agree with the score?" in page
    assert page.count('aria-pressed="false"') == 2


def test_an_opinion_is_kept_with_the_conversation_in_numbers(
    stranger: FlaskClient, database: Database, story: Seeded, bearer: str, score_id: int
) -> None:
    answer = say(stranger, bearer, story.ticket_id, score=str(score_id), agrees="no")

    (label,) = stored(database, story.desk_id)
    assert "Thank you, noted." in answer.text
    assert answer.text.count('aria-pressed="true"') == 1
    assert (label.score_id, label.agrees, label.satisfied, label.by) == (score_id, False, True, "agent:4001")
    assert label.inputs["acts.anger/last"] > 0
    told = ("agent:4001", "opinion.given", f"ticket:{story.ticket_id}")
    assert seeds.on_record(database, story.desk_id) == [told]


def test_an_agent_may_think_again(
    stranger: FlaskClient, database: Database, story: Seeded, bearer: str, score_id: int
) -> None:
    say(stranger, bearer, story.ticket_id, score=str(score_id), agrees="no")

    say(stranger, bearer, story.ticket_id, score=str(score_id), agrees="yes")

    assert [label.agrees for label in stored(database, story.desk_id)] == [True]


def test_a_score_that_is_not_the_newest_any_more_gets_none(
    stranger: FlaskClient, database: Database, story: Seeded, bearer: str, score_id: int
) -> None:
    answer = say(stranger, bearer, story.ticket_id, score=str(score_id - 1), agrees="no")

    assert answer.status_code == 200
    assert stored(database, story.desk_id) == []


@pytest.mark.parametrize("answer", ["", "maybe"])
def test_an_answer_is_yes_or_no(stranger: FlaskClient, story: Seeded, bearer: str, answer: str) -> None:
    assert say(stranger, bearer, story.ticket_id, score="1", agrees=answer).status_code == 400


def test_nobody_speaks_without_a_launch(stranger: FlaskClient, story: Seeded, score_id: int) -> None:
    assert say(stranger, "made-up", story.ticket_id, score=str(score_id), agrees="yes").status_code == 401


def test_a_ticket_that_is_not_known_has_no_score(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    assert say(stranger, bearer, "999", score="1", agrees="yes").status_code == 404
