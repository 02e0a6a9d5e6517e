"""A ticket's page: its scores, and why nothing is done."""

from __future__ import annotations

import pytest

from tests.seeds import Seeded
from tests.web.people import SignedIn


def test_a_ticket_without_a_case_says_why_nothing_is_done(admin: SignedIn, story: Seeded) -> None:
    page = admin.get(f"/tickets/{story.quiet_ticket_id}").text

    assert "Not eligible: it wants state is poor_worsening" in page
    assert "Did not hold:" in page


def test_a_ticket_that_was_not_scored_says_why(admin: SignedIn, story: Seeded) -> None:
    assert "the customer has not written anything" in admin.get("/tickets/4713").text


def test_a_ticket_links_its_cases(admin: SignedIn, story: Seeded) -> None:
    assert f'href="/cases/{story.case_id}"' in admin.get(f"/tickets/{story.ticket_id}").text


@pytest.mark.parametrize("ticket_id", ["999", "no such", "x" * 300])
def test_a_ticket_that_nobody_watches_is_not_found(admin: SignedIn, ticket_id: str) -> None:
    assert admin.get(f"/tickets/{ticket_id}").status_code == 404
