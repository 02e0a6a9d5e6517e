"""Pages of tickets that were merged, followed up, or went on elsewhere, and of people in copy."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, update

from app.store.database import Database
from app.store.models import Participant, RecoveryCase, TrackedTicket
from tests.seeds import Seeded
from tests.web.people import SignedIn

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_merged_ticket_leads_to_the_one_it_ended_in(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(TrackedTicket).values(merged_into="99", follow_up_of="98"))

    page = admin.get("/tickets/4711").text

    assert 'Merged into</dt><dd><a href="/tickets/99">' in page
    assert 'Goes on from</dt><dd><a href="/tickets/98">' in page


def test_a_case_leads_to_the_ticket_it_began_on_and_that_one_to_the_case(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(RecoveryCase).values(moved_from="98", follow_up_ticket_id="99"))
        session.add(TrackedTicket(desk_id=story.desk_id, ticket_id="98", tags=[]))

    case, ticket = admin.get(f"/cases/{story.case_id}").text, admin.get("/tickets/98").text

    assert 'Began on</dt><dd><a href="/tickets/98">' in case
    assert 'Goes on in</dt><dd><a href="/tickets/99">' in case
    assert "Went on elsewhere" in ticket
    assert f'href="/cases/{story.case_id}"' in ticket


def test_somebody_in_copy_has_a_score_of_their_own(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        tracked = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == story.ticket_id)).one()
        for helpdesk_id, score, messages in (("5", 23, 1), ("6", None, 1), ("7", 88, 3)):
            row = Participant(
                desk_id=story.desk_id,
                tracked_id=tracked.id,
                helpdesk_id=helpdesk_id,
                messages=messages,
                score=score,
                at=AT,
            )
            session.add(row)

    page = admin.get("/tickets/4711").text

    assert "A score of 23 by 1 message of their own" in page
    assert "A score of 88 by 3 messages of their own" in page
    assert page.count("In copy") == 2
