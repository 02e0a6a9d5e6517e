"""Who sees to a case, as its own page shows it and has it changed."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.store import accounts, handling
from app.store.database import Database, Purpose
from app.store.models import Role
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn

Person = Callable[..., SignedIn]


def fields(page: str) -> dict[str, str]:
    """What the first form of the section sends, beside its button."""
    form = page.split('id="holding"')[1].split("<form")[1].split("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(case|version-[0-9]+)" value="([0-9]+)"', form))


def key_of(database: Database, email: str) -> str:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        found = accounts.find_by_email(session, email)
        assert found is not None
        return f"account:{found.id}"


def holder(database: Database, story: Seeded) -> str | None:
    with database.desk(story.desk_id, read=True) as session:
        return handling.of_case(session, story.case_id).holder


def test_a_case_is_claimed_on_its_own_page(person: Person, story: Seeded, database: Database) -> None:
    agent = person(Role.AGENT, email="omar@example.com")
    path = f"/cases/{story.case_id}"
    page = agent.get(path).text

    answer = agent.post(f"/queue?on={story.case_id}", do="claim", **fields(page))

    assert f'action="/queue?on={story.case_id}"' in page
    assert answer.headers["Location"] == f"{path}?said=claim"
    assert holder(database, story) == key_of(database, "omar@example.com")
    assert "You have it." in agent.get(path).text


def test_a_lead_hands_a_case_over_on_its_own_page(person: Person, story: Seeded, database: Database) -> None:
    person(Role.AGENT, email="omar@example.com")
    lead, to = person(Role.LEAD), key_of(database, "omar@example.com")
    page = lead.get(f"/cases/{story.case_id}").text

    lead.post(f"/queue?on={story.case_id}", do="hand_over", to=to, **fields(page))

    assert f'<option value="{to}">' in page
    assert "omar@example.com has it." in lead.get(f"/cases/{story.case_id}").text


def test_a_stale_page_leads_back_to_the_case(person: Person, story: Seeded, database: Database) -> None:
    lead = person(Role.LEAD)
    page = lead.get(f"/cases/{story.case_id}").text
    with database.desk(story.desk_id) as session:
        handling.claim(session, story.case_id, "account:999", seeds.NOW)

    answer = lead.post(f"/queue?on={story.case_id}", do="snooze", span="1d", reason="Away", **fields(page))

    assert answer.status_code == 409
    assert f'<a href="/cases/{story.case_id}">Back to the case</a>' in answer.text
    assert f'action="/queue?on={story.case_id}"' in answer.text


def test_who_may_not_change_it_is_offered_no_button(person: Person, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        handling.claim(session, story.case_id, "account:999", seeds.NOW)

    for role in (Role.AGENT, Role.AUDITOR):
        page = person(role, email=f"{role}@example.com").get(f"/cases/{story.case_id}").text
        section = page.split('id="holding"')[1].split("</section>")[0]
        assert "<button" not in section
        assert '<a href="/queue">In the queue</a>' in section
