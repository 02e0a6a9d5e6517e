"""The page behind an alert's link takes it when its button is pressed, at a visit never, and names no customer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import links
from app.store import alert_chains, cases, steps, vendor_items
from app.store.database import Database, Purpose
from app.store.models import AlertCall, RecoveryCase, StepRow, TrackedTicket
from tests.seeds import Seeded
from tests.web.people import SignedIn

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def token(database: Database, story: Seeded) -> str:
    """The link of an alert that was told and waits."""
    made = links.make_token(database.vault, links.ACKNOWLEDGE)
    with database.system(Purpose.OPERATE) as session:
        case = session.get_one(RecoveryCase, story.case_id)
        planned = steps.Planned(action="9-alert", do="alert", params={})
        (step,) = steps.plan(session, case, [planned], NOW)
        alert_chains.begin(session, step, step.id, 0, made)
        alert_chains.told(session, step.id, NOW, NOW)
    return made[0]


def call_of(database: Database) -> AlertCall:
    with database.system(Purpose.OPERATE, read=True) as session:
        return session.scalars(select(AlertCall)).one()


@pytest.mark.capability("TEA-01")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_visit_takes_nothing(stranger: FlaskClient, database: Database, token: str, method: str) -> None:
    answer = stranger.open(f"/a/{token}", method=method)

    assert answer.status_code == 200
    assert call_of(database).acknowledged_at is None


@pytest.mark.capability("TEA-01")
def test_the_button_takes_it(stranger: FlaskClient, database: Database, token: str) -> None:
    answer = stranger.post(f"/a/{token}")

    call = call_of(database)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/a/{token}")
    assert (call.acknowledged_by, call.settled_at) == ("link", call.acknowledged_at)
    assert b"is taken" in stranger.get(f"/a/{token}").data


def test_taking_it_twice_keeps_the_first_moment(stranger: FlaskClient, database: Database, token: str) -> None:
    stranger.post(f"/a/{token}")
    first = call_of(database).acknowledged_at

    again = stranger.post(f"/a/{token}")

    assert again.status_code == 303
    assert call_of(database).acknowledged_at == first


def test_the_ticket_is_looked_at_again(stranger: FlaskClient, database: Database, token: str) -> None:
    def dirty() -> int:
        with database.system(Purpose.OPERATE, read=True) as session:
            tracked = select(TrackedTicket.dirty).join(RecoveryCase, RecoveryCase.tracked_id == TrackedTicket.id)
            return sum(session.scalars(tracked.join(AlertCall, AlertCall.case_id == RecoveryCase.id)))

    before = dirty()

    stranger.post(f"/a/{token}")

    assert dirty() == before + 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_of_another_kind_opens_nothing(
    stranger: FlaskClient, database: Database, token: str, method: str
) -> None:
    survey, _ = links.make_token(database.vault)
    unknown, _ = links.make_token(database.vault, links.ACKNOWLEDGE)

    answers = [stranger.open(f"/a/{one}", method=method) for one in (survey, unknown, token[:-1] + "!", "x")]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.data for answer in answers}) == 1
    assert call_of(database).acknowledged_at is None


def test_a_closed_case_has_nothing_to_take(stranger: FlaskClient, database: Database, token: str) -> None:
    with database.system(Purpose.OPERATE) as session:
        cases.get(session, session.scalars(select(AlertCall.case_id)).one()).open_key = None

    shown, pressed = stranger.get(f"/a/{token}"), stranger.post(f"/a/{token}")

    assert (shown.status_code, pressed.status_code) == (410, 303)
    assert call_of(database).acknowledged_at is None


def test_the_page_is_no_search_engines_and_no_caches_business(stranger: FlaskClient, token: str) -> None:
    answer = stranger.get(f"/a/{token}")

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_the_page_names_the_ticket_and_nobody(stranger: FlaskClient, database: Database, token: str) -> None:
    page = stranger.get(f"/a/{token}").get_data(as_text=True)

    with database.system(Purpose.OPERATE, read=True) as session:
        step = session.scalars(select(StepRow).where(StepRow.action == "9-alert")).one()
        ticket_id = session.get_one(TrackedTicket, step.tracked_id).ticket_id
    assert f"ticket {ticket_id}" in page
    assert "@" not in page


class TestOnTheCasesPage:
    @pytest.mark.capability("TEA-01")
    def test_a_waiting_alert_can_be_taken_there_too(
        self, admin: SignedIn, database: Database, story: Seeded, token: str
    ) -> None:
        page = admin.get(f"/cases/{story.case_id}").text

        answer = admin.post(f"/cases/{story.case_id}/acknowledge")

        assert "I take it" in page
        assert answer.headers["Location"].endswith("said=taken")
        assert (call_of(database).acknowledged_by or "") not in ("", "link")
        assert "I take it" not in admin.get(f"/cases/{story.case_id}").text

    def test_what_was_taken_meanwhile_is_said_to_be_late(
        self, admin: SignedIn, stranger: FlaskClient, story: Seeded, token: str
    ) -> None:
        stranger.post(f"/a/{token}")

        answer = admin.post(f"/cases/{story.case_id}/acknowledge")

        assert answer.headers["Location"].endswith("said=late")

    def test_a_case_of_another_desk_is_not_there(self, admin: SignedIn, database: Database, token: str) -> None:
        answer = admin.post("/cases/4711/acknowledge")

        assert answer.status_code == 404
        assert call_of(database).acknowledged_at is None

    @pytest.mark.capability("TEA-07")
    def test_vendor_items_are_listed_with_their_tickets(
        self, admin: SignedIn, database: Database, story: Seeded
    ) -> None:
        with database.desk(story.desk_id) as session:
            case = session.get_one(RecoveryCase, story.case_id)
            planned = [
                steps.Planned(action=f"{number}-vendor_notice", do="vendor_notice", params={}) for number in (7, 8)
            ]
            by_ticket, by_mail = steps.plan(session, case, planned, NOW)
            vendor_items.record(session, by_ticket, vendor="Lamp works", way="ticket", ticket_id="815", now=NOW)
            vendor_items.record(session, by_mail, vendor="", way="email", ticket_id=None, now=NOW)

        page = " ".join(admin.get(f"/cases/{story.case_id}").text.split())

        assert "ticket #815 in the helpdesk" in page
        assert "The vendor: told by e-mail" in page
