"""The first page: how things stand, what to do next, and the switch between desks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, update

from app.store import desks
from app.store.database import Database, Purpose
from app.store.models import Delivery, Desk, Role, TrackedTicket
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn, sign_in


def test_an_empty_desk_says_what_to_do_first(admin: SignedIn) -> None:
    page = admin.get("/").text

    assert "No protocol is in force" in page
    assert "No unsolved ticket is in trouble" in page


def test_a_busy_desk_shows_its_numbers_and_who_waits(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/").text

    assert "2 steps wait" in page
    assert f"/cases/{story.case_id}" in page
    assert f"/tickets/{story.quiet_ticket_id}" in page


def test_where_every_ticket_in_trouble_has_a_case_the_overview_says_so(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(
            update(TrackedTicket).where(TrackedTicket.ticket_id == story.quiet_ticket_id).values(state=None)
        )

    page = admin.get("/").text

    assert 'Every ticket in trouble has a case. <a href="/queue">' in page
    assert "No unsolved ticket is in trouble" not in page


def test_only_a_helpdesk_that_never_called_is_said_to_be_silent(
    admin: SignedIn, story: Seeded, database: Database, desk_id: int
) -> None:
    called = admin.get("/").text
    with database.desk(desk_id) as session:
        session.execute(delete(Delivery))

    silent = admin.get("/").text

    assert "has not sent anything yet" not in called
    assert "has not sent anything yet" in silent


def test_a_paused_desk_is_the_first_thing_to_know(admin: SignedIn, database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        desks.pause(session, desk_id, "the helpdesk refused our credentials")

    assert "This desk is paused: the helpdesk refused our credentials" in admin.get("/").text


def test_a_person_without_a_desk_is_told_so(web_app: Flask, database: Database) -> None:
    nobody = web_app.test_client()
    token = seeds.add_link(database, Role.ADMIN)
    nobody.post(f"/sign-in/{token}", headers={"Origin": "http://localhost"})

    answer = nobody.get("/cases")

    assert answer.status_code == 200
    assert "No desk yet" in answer.text


def test_one_desk_needs_no_switch(admin: SignedIn) -> None:
    assert "Switch" not in admin.get("/").text


@pytest.fixture
def second_desk(database: Database) -> int:
    return seeds.add_desk(database, "Second shop")


def test_switching_shows_the_other_desk(web_app: Flask, database: Database, desk_id: int, second_desk: int) -> None:
    both = sign_in(web_app, seeds.add_link(database, Role.ADMIN))
    assert "on Example shop" in both.get("/").text

    answer = both.post("/desk", desk=str(second_desk), next="/cases")

    assert answer.location == "/cases"
    assert "on Second shop" in both.get("/").text


def test_one_cannot_switch_to_a_desk_of_others(person: Callable[..., SignedIn], second_desk: int) -> None:
    agent = person(Role.AGENT)

    assert agent.post("/desk", desk=str(second_desk)).status_code == 404


def test_a_planted_desk_cookie_opens_no_other_desk(person: Callable[..., SignedIn], second_desk: int) -> None:
    agent = person(Role.AGENT)
    agent.client.set_cookie("kintsugi_desk", str(second_desk))

    assert "on Example shop" in agent.get("/").text


def test_a_helpdesk_that_asked_us_to_wait_is_mentioned(admin: SignedIn, database: Database, desk_id: int) -> None:
    with database.system(Purpose.OPERATE) as session:
        desk = session.get(Desk, desk_id)
        assert desk is not None
        desk.blocked_until = datetime.now(UTC) + timedelta(minutes=5)

    assert "asked us to wait" in admin.get("/").text
