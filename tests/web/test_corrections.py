"""A person's word on what went wrong, from the ticket's page, the case's page and the sidebar."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.clock import real_now
from app.store import launches, tracked_tickets
from app.store.database import Database
from app.store.models import Role, TrackedTicket
from app.words import Cause, FaultSide
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn


@pytest.fixture
def bearer(database: Database, desk_id: int) -> str:
    """Of a sidebar that was opened on the desk."""
    with database.desk(desk_id) as session:
        found = launches.open_launch(session, desk_id, token_id="t", agent_id="4001", now=real_now())
    assert found is not None
    return found


def row(database: Database, story: Seeded) -> TrackedTicket:
    with database.desk(story.desk_id, read=True) as session:
        found = tracked_tickets.find_by_ticket(session, story.ticket_id)
    assert found is not None
    return found


@pytest.mark.capability("DET-17")
def test_an_agent_corrects_the_cause_on_the_tickets_page(
    person: Callable[..., SignedIn], story: Seeded, database: Database
) -> None:
    agent = person(Role.AGENT)
    before = row(database, story).dirty

    answer = agent.post(f"/tickets/{story.ticket_id}/cause", **{"cause": "billing", "fault": "customer"})

    found = row(database, story)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/tickets/{story.ticket_id}?corrected=1"
    assert (found.cause, found.fault_side, found.cause_by) == (Cause.BILLING, FaultSide.CUSTOMER, "account 1")
    assert found.dirty == before + 1
    page = agent.get(answer.headers["Location"]).text
    assert "Billing or refund" in page
    assert "named by a person" in page
    assert "Protocols look at the ticket again" in page
    told = ("account:1", "cause.corrected", f"ticket:{story.ticket_id}")
    assert seeds.on_record(database, story.desk_id) == [told]


def test_from_a_case_one_comes_back_to_the_case(admin: SignedIn, story: Seeded) -> None:
    answer = admin.post(f"/tickets/{story.ticket_id}/cause", cause="platform", case=str(story.case_id))

    assert answer.headers["Location"] == f"/cases/{story.case_id}?said=corrected"
    assert "Protocols look at the ticket again" in admin.get(answer.headers["Location"]).text


@pytest.mark.capability("DET-17")
def test_an_agent_corrects_the_cause_in_the_sidebar(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    answer = stranger.post(
        f"/sidebar/zendesk/ticket/{story.ticket_id}/cause",
        data={"cause": "unknown", "fault": ""},
        headers={"Authorization": f"Bearer {bearer}"},
    )

    found = row(database, story)
    assert answer.status_code == 200
    assert "Cause not known" in answer.text
    assert (found.cause, found.cause_by, found.fault_by) == (Cause.UNKNOWN, "agent 4001", None)
    assert found.fault_side is FaultSide.VENDOR
    told = ("agent:4001", "cause.corrected", f"ticket:{story.ticket_id}")
    assert seeds.on_record(database, story.desk_id) == [told]


@pytest.mark.parametrize(
    ("form", "status"),
    [({"cause": "weather"}, 400), ({"cause": "billing", "fault": "moon"}, 400), ({}, 400), ({"cause": "billing"}, 303)],
)
def test_what_there_is_not_is_refused(admin: SignedIn, story: Seeded, form: dict[str, str], status: int) -> None:
    assert admin.post(f"/tickets/{story.ticket_id}/cause", **form).status_code == status


def test_what_there_is_not_is_refused_in_the_sidebar(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    path, headers = f"/sidebar/zendesk/ticket/{story.ticket_id}/cause", {"Authorization": f"Bearer {bearer}"}

    answers = [
        stranger.post(path, data={"cause": "weather"}, headers=headers).status_code,
        stranger.post("/sidebar/zendesk/ticket/999/cause", data={"cause": "billing"}, headers=headers).status_code,
        stranger.post(path, data={"cause": "billing"}).status_code,
    ]

    assert answers == [400, 404, 401]


def test_a_ticket_of_another_desk_is_not_there(admin: SignedIn, story: Seeded, database: Database) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"), prefix="9")

    assert admin.post(f"/tickets/{other.ticket_id}/cause", **{"cause": "billing"}).status_code == 404


@pytest.mark.capability("DET-15")
def test_pages_say_cause_fault_turning_point_and_churn_risk(admin: SignedIn, story: Seeded) -> None:
    for path in (f"/tickets/{story.ticket_id}", f"/cases/{story.case_id}"):
        page = admin.get(path).text

        for words in (
            "31, down 27 since the last message: not the first contact about this",
            "Late delivery", "The vendor, Brightlamp", "57 of 100", "On the verge of leaving", "tag: subscription",
            "Here the conversation turned.", 'id="turned"', "English", "Quality of the resolution",
        ):  # fmt: skip
            assert words in page, words


def test_the_numbers_of_a_page_add_up(admin: SignedIn, story: Seeded) -> None:
    page = admin.get(f"/tickets/{story.ticket_id}").text

    assert 'value="0.31"' in page
    assert ">31.00</td>" in page


def test_a_ticket_that_began_poor_points_to_the_earlier_one(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        session.merge(row(database, story)).turning_ticket_id = story.quiet_ticket_id

    page = admin.get(f"/tickets/{story.ticket_id}").text

    assert f'It began poor because of <a href="/tickets/{story.quiet_ticket_id}">' in page
    assert "Here the conversation turned." not in page
