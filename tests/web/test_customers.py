"""Customers: found without their address in any URL, and one person's history on one timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.store import customer_stories
from app.store.database import Database, vault_of
from app.store.models import Message, Person, RecoveryCase, Role, TrackedTicket
from app.words import Arm
from tests import seeds
from tests.seeds import NOW, Seeded
from tests.web.people import SignedIn

EMAIL = "mira@example.org"


@pytest.fixture
def person_id(database: Database, story: Seeded) -> int:
    """The customer of the seeded tickets, known by their address."""
    with database.desk(story.desk_id) as session:
        row = session.scalars(select(Person)).one()
        row.email_hash = vault_of(session).fingerprint("email", EMAIL)
        return row.id


def says(database: Database, story: Seeded, text: str, *, hours_ago: float) -> None:
    """An agent's public reply on the seeded ticket."""
    with database.desk(story.desk_id) as session:
        ticket = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == story.ticket_id)).one()
        session.add(
            Message(
                desk_id=story.desk_id,
                tracked_id=ticket.id,
                message_id=f"said-{hours_ago}",
                author="agent",
                author_id="9",
                public=True,
                at=NOW - timedelta(hours=hours_ago),
                sealed_text=vault_of(session).seal(text),
            )
        )


@pytest.mark.parametrize("typed", [EMAIL, f"  {EMAIL.upper()} "])
def test_an_address_leads_to_the_person_and_into_no_url(admin: SignedIn, person_id: int, typed: str) -> None:
    answer = admin.post("/customers", who=typed)

    assert (answer.status_code, answer.location) == (303, f"/customers/{person_id}")


def test_the_helpdesks_id_leads_there_too(admin: SignedIn, person_id: int, database: Database, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session:
        helpdesk_id = session.get_one(Person, person_id).helpdesk_id

    assert admin.post("/customers", who=helpdesk_id).location == f"/customers/{person_id}"


@pytest.mark.parametrize(
    "typed", ["nobody@example.org", "424242", "  ", "", "a" * 5000, f"{'a' * 300}@x.example", "\x01"]
)
def test_who_is_not_known_is_said_at_the_field(admin: SignedIn, story: Seeded, typed: str) -> None:
    answer = admin.post("/customers", who=typed)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_what_was_typed_stays_in_the_field(admin: SignedIn, story: Seeded) -> None:
    assert 'value="nobody@example.org"' in admin.post("/customers", who="nobody@example.org").text


def test_the_list_names_everybody_in_recovery_once(admin: SignedIn, story: Seeded, person_id: int) -> None:
    page = admin.get("/customers").text

    assert page.count(f'href="/customers/{person_id}"') == 1
    assert "Mira Muster" in page
    assert "Poor, worsening" in page


def test_an_empty_desk_says_what_can_be_done(admin: SignedIn) -> None:
    assert "Nobody is being won back" in admin.get("/customers").text


@pytest.mark.capability("GUI-06")
def test_one_timeline_has_tickets_turns_ratings_cases_surveys_and_promises(
    admin: SignedIn, story: Seeded, person_id: int, database: Database
) -> None:
    says(database, story, "I will write to you within 2 days.", hours_ago=0.5)

    page = admin.get(f"/customers/{person_id}").text

    told = [
        "Opened <a",
        "Good, worsening",
        "Poor, worsening",
        "opened <span",
        "Answered our survey: 2",
        "Rated the service on",
        "We promised something on",
    ]
    timeline = page[page.index("What happened") :]
    places = [timeline.rindex(words) for words in told]
    assert places == sorted(places, reverse=True)


def test_a_promise_that_waits_is_named_first(
    admin: SignedIn, story: Seeded, person_id: int, database: Database
) -> None:
    says(database, story, "Thanks. I will write to you within 2 days.", hours_ago=100 * 24)

    page = admin.get(f"/customers/{person_id}").text

    assert "Overdue:" not in page  # somebody has written since, though too late
    assert "Our next word came too late" in page


def test_a_promise_nobody_followed_up_is_overdue(
    admin: SignedIn, story: Seeded, person_id: int, database: Database
) -> None:
    says(database, story, "I will write to you within 2 hours.", hours_ago=0)

    page = admin.get(f"/customers/{person_id}").text

    assert "Promised, and not heard from us since" in page
    assert "<q>I will write to you within 2 hours</q>" in page
    assert "Overdue:" in page


def test_words_that_were_erased_are_not_shown(
    admin: SignedIn, story: Seeded, person_id: int, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(TrackedTicket).values(sealed_subject=None))
        session.execute(update(Person).values(sealed_name=None, sealed_email=None, helpdesk_id="erased-1"))

    page = admin.get(f"/customers/{person_id}").text

    assert "A customer who was erased" in page
    assert "Where is my parcel?" not in page
    assert "erased-1" not in page


def test_one_address_under_two_ids_is_one_customer(
    admin: SignedIn, story: Seeded, person_id: int, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        known = session.get_one(Person, person_id)
        twin = Person(desk_id=story.desk_id, helpdesk_id="second", email_hash=known.email_hash, sealed_name=None)
        session.add(twin)
        session.flush()
        twin_id = twin.id

    page = admin.get(f"/customers/{twin_id}").text

    assert "Mira Muster" in page
    assert ">#4711<" in page


def test_many_tickets_are_shown_page_by_page(
    admin: SignedIn, story: Seeded, person_id: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_stories, "TICKETS", 2)

    page = admin.get(f"/customers/{person_id}").text
    before = page.split("before=")[1].split('"')[0]
    older = admin.get(f"/customers/{person_id}?before={before}").text

    assert [f">#{number}<" in page for number in (4711, 4712, 4713)] == [False, True, True]
    assert [f">#{number}<" in older for number in (4711, 4712, 4713)] == [True, False, False]
    assert "Earlier tickets" not in older


def test_counts_are_over_all_tickets_also_those_on_later_pages(
    admin: SignedIn, story: Seeded, person_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_stories, "TICKETS", 1)

    page = admin.get(f"/customers/{person_id}").text

    assert "<dd>3, 3 not solved</dd>" in page
    assert "<dd>1 assigned</dd>" in page


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "%01"])
def test_a_place_that_is_none_shows_the_first_page(admin: SignedIn, person_id: int, before: str) -> None:
    assert ">#4711<" in admin.get(f"/customers/{person_id}?before={before}").text


def test_a_customer_of_another_desk_is_not_there(
    admin: SignedIn, database: Database, person: Callable[..., SignedIn]
) -> None:
    elsewhere = seeds.add_desk(database, "Other shop")
    seeds.add_story(database, elsewhere)
    with database.desk(elsewhere, read=True) as session:
        theirs = session.scalars(select(RecoveryCase.person_id)).one()

    assert admin.get(f"/customers/{theirs}").status_code == 404


def test_an_agent_may_look_a_customer_up(person: Callable[..., SignedIn], person_id: int) -> None:
    agent = person(Role.AGENT)

    assert agent.post("/customers", who=EMAIL).status_code == 303
    assert agent.get(f"/customers/{person_id}").status_code == 200


def test_a_customer_who_is_held_out_is_not_listed_as_in_recovery(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    listed = f'/cases/{story.case_id}"'
    before = admin.get("/customers").text
    with database.desk(story.desk_id) as session:
        session.execute(update(RecoveryCase).values(arm=Arm.HOLDOUT))

    after = admin.get("/customers").text

    assert listed in before
    assert listed not in after
