"""What comes next on a case, who did what on it, and turning it round: read again, or undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.store import audit, tracked_tickets
from app.store.database import Database
from app.store.models import (
    AuditEntry,
    Desk,
    DeskState,
    Deviation,
    Label,
    RecoveryCase,
    Role,
    ScoreRow,
    StepRow,
    StepState,
    TrackedTicket,
)
from app.words import SatState
from tasks.parts import Parts
from tests import seeds
from tests.seeds import NOW, Seeded
from tests.web.people import SignedIn

REASON = "It was the wrong customer's parcel."


@pytest.fixture
def lead(person: Callable[..., SignedIn]) -> SignedIn:
    return person(Role.LEAD)


@pytest.fixture
def changed(database: Database, story: Seeded) -> None:
    """The case's steps have set a tag and a priority at the helpdesk."""
    change = {"before": {"priority": "low"}, "after": {"priority": "high", "tags": ["recovery_vip"]}}
    with database.desk(story.desk_id) as session:
        row = session.scalars(select(StepRow).where(StepRow.state == StepState.DONE)).first()
        assert row is not None
        row.change, row.receipt = change, "audit-1"


def logged(database: Database, story: Seeded) -> list[str]:
    with database.desk(story.desk_id, read=True) as session:
        return [row.did for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_what_comes_next_is_told_with_its_time(
    admin: SignedIn, story: Seeded, database: Database, joined: Parts
) -> None:
    with database.desk(story.desk_id) as session:
        case = session.get_one(RecoveryCase, story.case_id)
        case.touch_due_at = joined.clock.now() + timedelta(hours=1)
        case.recover_due_at = joined.clock.now() + timedelta(hours=5)
        case.snoozed_at, case.snoozed_until = joined.clock.now(), joined.clock.now() + timedelta(hours=2)
        session.get_one(TrackedTicket, case.tracked_id).rescore_at = joined.clock.now() + timedelta(hours=3)
        session.execute(update(StepRow).values(state=StepState.WAITING, due_at=joined.clock.now() + timedelta(hours=4)))

    page = admin.get(f"/cases/{story.case_id}").text

    coming = page[page.index("What comes next") :]
    told = [
        "The first word to the customer is due",
        "The case comes back",
        "because of the waiting",
        "A person's to do",
        "The case should be solved",
    ]
    places = [coming.index(words) for words in told]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("until", "state"),
    [(timedelta(hours=-1), SatState.POOR_IMPROVING), (timedelta(hours=1), SatState.POOR_WORSENING)],
    ids=["its time is over", "it got worse"],
)
def test_a_case_that_is_back_is_not_said_to_come_back(
    admin: SignedIn, story: Seeded, database: Database, joined: Parts, until: timedelta, state: SatState
) -> None:
    now = joined.clock.now()
    with database.desk(story.desk_id) as session:
        case = session.get_one(RecoveryCase, story.case_id)
        case.snoozed_at, case.snoozed_until = now - timedelta(hours=2), now + until
        ticket = session.get_one(TrackedTicket, case.tracked_id)
        ticket.state, ticket.state_since = state, now - timedelta(hours=1)

    assert "The case comes back" not in admin.get(f"/cases/{story.case_id}").text


def test_a_case_of_somebody_who_has_left_is_not_said_to_be_nobodys(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.get_one(RecoveryCase, story.case_id).holder = "account:999"

    page = admin.get(f"/cases/{story.case_id}").text

    assert "somebody who has left" in page
    assert "Nobody yet" not in page


def test_a_case_with_nothing_planned_says_what_it_waits_for(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(StepRow).values(state=StepState.DONE))

    assert "Nothing is planned." in admin.get(f"/cases/{story.case_id}").text


def test_a_helpdesk_that_does_not_answer_is_said_with_how_old_the_page_is(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(TrackedTicket).values(last_error="no answer within 10 s", attempts=2))
        session.get_one(Desk, story.desk_id).state = DeskState.PAUSED

    page = admin.get(f"/cases/{story.case_id}").text

    assert "could not be read or written at the last try: no answer within 10 s." in page
    assert "The desk is paused" in page
    assert "As read from the helpdesk" in page


def test_reading_again_wakes_the_ticket_and_has_it_decided_anew(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(TrackedTicket).values(facts_digest="as before"))

    answer = admin.post(f"/cases/{story.case_id}/look")

    with database.desk(story.desk_id, read=True) as session:
        ticket = tracked_tickets.find_by_ticket(session, story.ticket_id)
        assert ticket is not None
        assert (ticket.facts_digest, ticket.dirty > ticket.done) == (None, True)
    assert "The ticket is read again" in admin.get(answer.location).text
    assert logged(database, story) == ["case.looked_again"]


def test_an_erased_ticket_is_not_read_again(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(TrackedTicket).values(erased_at=NOW))

    answer = admin.post(f"/cases/{story.case_id}/look")

    assert answer.location.endswith("said=late")
    assert logged(database, story) == []


@pytest.mark.usefixtures("changed")
def test_the_page_says_what_undoing_sets_back(lead: SignedIn, story: Seeded) -> None:
    page = lead.get(f"/cases/{story.case_id}").text

    assert "Tag recovery_vip" in page
    assert ">Priority<" in page


@pytest.mark.usefixtures("changed")
def test_a_lead_undoes_a_case(lead: SignedIn, story: Seeded, database: Database) -> None:
    answer = lead.post(f"/cases/{story.case_id}/undo", reason=REASON)

    page = lead.get(answer.location).text
    assert "What it changed is set back in a moment" in page
    assert "lena@example.com had the case undone" in page
    assert "Set back what was changed" in page
    assert logged(database, story) == ["case.undone"]


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001])
def test_a_reason_that_cannot_be_kept_undoes_nothing(
    lead: SignedIn, story: Seeded, database: Database, reason: str
) -> None:
    answer = lead.post(f"/cases/{story.case_id}/undo", reason=reason)

    assert answer.status_code == 422
    assert 'id="reason-undo-trouble"' in answer.text
    assert logged(database, story) == []
    with database.desk(story.desk_id, read=True) as session:
        assert session.get_one(RecoveryCase, story.case_id).open_key is not None


def test_what_cannot_be_undone_says_why_and_keeps_what_was_typed(lead: SignedIn, story: Seeded) -> None:
    page = lead.get(f"/cases/{story.case_id}").text

    answer = lead.post(f"/cases/{story.case_id}/undo", reason=REASON)

    assert "It cannot be undone." in page
    assert answer.status_code == 422
    assert "words cannot be taken back" in answer.text
    assert REASON.replace("'", "&#39;") in answer.text


@pytest.mark.usefixtures("changed")
def test_an_agent_may_read_again_and_not_undo(person: Callable[..., SignedIn], story: Seeded) -> None:
    agent = person(Role.AGENT)

    assert "Undo what this case did" not in agent.get(f"/cases/{story.case_id}").text
    assert agent.post(f"/cases/{story.case_id}/undo", reason=REASON).status_code == 403
    assert agent.post(f"/cases/{story.case_id}/look").status_code == 303


@pytest.mark.parametrize("what", ["look", "undo"])
def test_a_case_of_another_desk_is_not_there(lead: SignedIn, database: Database, story: Seeded, what: str) -> None:
    theirs = seeds.add_story(database, seeds.add_desk(database, "Other shop"), prefix="9")

    assert lead.post(f"/cases/{theirs.case_id}/{what}", reason=REASON).status_code == 404


def test_what_people_did_stands_on_the_timeline(lead: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        case = session.get_one(RecoveryCase, story.case_id)
        score = session.scalars(select(ScoreRow).where(ScoreRow.tracked_id == case.tracked_id)).first()
        assert score is not None
        what = f"case:{case.id}"
        audit.record(session, by="agent:77", did="case.handed_over", what=what, detail={"to": "token:3"}, at=NOW)
        audit.record(session, by="account:999", did="case.claimed", what=what, at=NOW)
        audit.record(session, by="operator", did="case.claimed", what="case:999", at=NOW)
        own = {"desk_id": case.desk_id, "at": NOW}
        of_score = {"tracked_id": case.tracked_id, "score_id": score.id, "inputs": {}}
        session.add(Label(by="agent:55", agrees=False, satisfied=False, **own, **of_score))
        session.add(Deviation(case_id=case.id, kind="other_step", sealed_reason=None, by="mo@example.com", **own))

    page = lead.get(f"/cases/{story.case_id}").text

    assert "agent 77 handed the case over to a program (token 3)" in page
    assert "a former colleague took the case" in page
    assert "agent 55 disagreed with the score" in page
    assert "mo@example.com did something that the protocol does not name" in page
    assert "the operator" not in page


def test_a_case_leads_to_its_customer(lead: SignedIn, story: Seeded) -> None:
    page = lead.get(f"/cases/{story.case_id}").text

    address = page.split('href="/customers/')[1].split('"')[0]
    assert "Mira Muster" in lead.get(f"/customers/{address}").text


def test_decisions_on_steps_are_on_record(lead: SignedIn, story: Seeded, database: Database) -> None:
    lead.post(f"/cases/steps/{story.stuck_step_id}/confirm")
    lead.post(f"/cases/steps/{story.stuck_step_id}/confirm", case=str(story.case_id))

    assert logged(database, story) == ["step.confirmed"]
    assert "lena@example.com marked a step as sent" in lead.get(f"/cases/{story.case_id}").text
