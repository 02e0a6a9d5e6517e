"""A ticket's page: its scores, and why nothing is done."""

from __future__ import annotations

import pytest

from app.protocols.evaluation import Evaluation, Snapshot
from app.store import evaluations, tracked_tickets
from app.store.database import Database
from tests.seeds import NOW, Seeded
from tests.web.people import SignedIn


def test_a_ticket_without_a_case_says_why_nothing_is_done(admin: SignedIn, story: Seeded) -> None:
    page = admin.get(f"/tickets/{story.quiet_ticket_id}").text

    assert "Not eligible: it wants satisfaction state is “Poor, worsening”" in page
    assert "Did not hold:" in page


def test_a_ticket_that_was_not_scored_says_why(admin: SignedIn, story: Seeded) -> None:
    assert "the customer has not written anything" in admin.get("/tickets/4713").text


def test_a_ticket_links_its_cases(admin: SignedIn, story: Seeded) -> None:
    assert f'href="/cases/{story.case_id}"' in admin.get(f"/tickets/{story.ticket_id}").text


@pytest.mark.parametrize("ticket_id", ["999", "no such", "x" * 300])
def test_a_ticket_that_nobody_watches_is_not_found(admin: SignedIn, ticket_id: str) -> None:
    assert admin.get(f"/tickets/{ticket_id}").status_code == 404


@pytest.fixture
def known(database: Database, story: Seeded) -> Seeded:
    """Something is known of the quiet ticket."""
    facts = {"state": "poor_improving", "score": 38, "cause": "shipping_delay"}
    with database.desk(story.desk_id) as session:
        quiet = tracked_tickets.find_by_ticket(session, story.quiet_ticket_id)
        assert quiet is not None
        seen = Evaluation(
            tracked_id=quiet.id, ticket_id=quiet.ticket_id, at=NOW, as_of=NOW, facts=facts, ticket=Snapshot()
        )
        evaluations.record(session, quiet, seen)
    return story


@pytest.mark.capability("N15")
class TestWhy:
    def test_a_tickets_page_leads_to_its_explanation(self, admin: SignedIn, known: Seeded):
        path = f"/tickets/{known.quiet_ticket_id}/why"

        assert f'href="{path}"' in admin.get(f"/tickets/{known.quiet_ticket_id}").text
        assert admin.get(path).status_code == 200

    def test_shows_each_condition_and_why_no_step_was_taken(self, admin: SignedIn, known: Seeded):
        page = admin.get(f"/tickets/{known.quiet_ticket_id}/why").text

        assert page.count("Did not hold:") == 1
        assert "(it was “Poor, improving”)" in page
        assert "Not planned" in page
        told = "Not eligible: it wants satisfaction state is “Poor, worsening” (it is “Poor, improving”)."
        assert page.count(told) >= 4

    def test_explains_the_version_that_is_chosen(self, admin: SignedIn, known: Seeded):
        page = admin.get(f"/tickets/{known.quiet_ticket_id}/why?of={known.protocol_id}.1").text

        assert f'<option value="{known.protocol_id}.1" selected>' in page

    def test_says_where_nothing_is_known(self, admin: SignedIn, known: Seeded):
        assert "Nothing is known of this ticket yet" in admin.get("/tickets/4713/why").text

    @pytest.mark.parametrize("path", ["/tickets/999/why", "/tickets/4712/why?of=99.1", "/tickets/4712/why?of=nonsense"])
    def test_what_there_is_not_is_not_found(self, admin: SignedIn, known: Seeded, path: str):
        assert admin.get(path).status_code == 404
