"""The person behind a ticket: last contacts, ratings, promises, offers, and how a protocol's cases ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.store import dossiers, ratings, tracked_tickets
from app.store.database import Database
from app.store.dossiers import Dossier
from app.store.models import Message, RecoveryCase, TrackedTicket
from app.words import Arm, CaseStage, SatState
from connectors.ticket import Author
from tests.store.conftest import NOW
from tests.store.factories import (
    add_case,
    add_desk,
    add_message,
    add_person,
    add_ticket,
    add_version,
    change,
    given,
    together,
)


@pytest.fixture
def person_id(database: Database, desk_id: int) -> int:
    return add_person(database, desk_id)


@pytest.fixture
def tracked_id(database: Database, desk_id: int, person_id: int) -> int:
    return add_ticket(database, desk_id, ticket_id="100", person_id=person_id, scored_at=NOW)


def dossier(database: Database, desk_id: int, tracked_id: int) -> Dossier:
    with database.desk(desk_id, read=True) as session:
        return dossiers.of_ticket(session, session.get_one(TrackedTicket, tracked_id))


def reply(database: Database, desk_id: int, tracked_id: int, text: str, *, hours: float = 0.0, **values: Any) -> None:
    """A public reply of ours, so many hours after NOW."""
    said = {"author": Author.AGENT, "author_id": "9", "at": NOW + timedelta(hours=hours)} | values
    add_message(database, desk_id, tracked_id, text, **said)


@pytest.mark.capability("GUI-06")
def test_the_last_five_contacts_are_there_newest_first(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    for day in range(1, 8):
        add_ticket(
            database, desk_id, ticket_id=str(day), person_id=person_id, scored_at=NOW - timedelta(days=day),
            state=SatState.GOOD_IMPROVING, score=80 - day, solved_at=NOW if day == 1 else None,
        )  # fmt: skip

    contacts = dossier(database, desk_id, tracked_id).contacts

    assert [one.ticket_id for one in contacts] == ["1", "2", "3", "4", "5"]
    assert [one.solved for one in contacts] == [True, False, False, False, False]
    assert (contacts[0].score, contacts[0].state) == (79, SatState.GOOD_IMPROVING)


def test_a_ticket_on_which_nobody_said_anything_is_no_contact(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    add_ticket(database, desk_id, ticket_id="1", person_id=person_id, scored_at=None)

    assert dossier(database, desk_id, tracked_id).contacts == []


def test_subjects_are_opened_and_missing_ones_are_empty(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    sealed = database.vault.seal("Where is my lamp?")
    add_ticket(database, desk_id, ticket_id="1", person_id=person_id, scored_at=NOW, sealed_subject=sealed)
    add_ticket(database, desk_id, ticket_id="2", person_id=person_id, scored_at=NOW - timedelta(days=1))

    subjects = [one.subject for one in dossier(database, desk_id, tracked_id).contacts]

    assert subjects == ["Where is my lamp?", ""]


def test_other_people_and_other_desks_stay_out(database: Database, desk_id: int, tracked_id: int) -> None:
    stranger = add_person(database, desk_id, helpdesk_id="77", email="other@example.com")
    add_ticket(database, desk_id, ticket_id="1", person_id=stranger, scored_at=NOW)
    elsewhere = add_desk(database, "Second shop")
    add_ticket(database, elsewhere, ticket_id="2", scored_at=NOW)

    assert dossier(database, desk_id, tracked_id).contacts == []


def test_a_ticket_of_nobody_has_a_dossier_of_its_own_alone(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, person_id=None, scored_at=NOW)
    reply(database, desk_id, tracked_id, "I will call you within two days.")

    known = dossier(database, desk_id, tracked_id)

    assert (list(known.contacts), list(known.ratings), len(known.waiting)) == ([], [], 1)


@pytest.mark.capability("GUI-06")
def test_ratings_of_all_tickets_are_there_newest_first(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    earlier = add_ticket(database, desk_id, ticket_id="1", person_id=person_id, scored_at=NOW)
    with database.desk(desk_id) as session:
        older, here = session.get_one(TrackedTicket, earlier), session.get_one(TrackedTicket, tracked_id)
        ratings.record(session, older, given(rating_id="r1", at=NOW - timedelta(days=9)))
        ratings.record(session, here, given(rating_id="r2", original="good", value=1.0))

    rated = dossier(database, desk_id, tracked_id).ratings

    assert [(one.ticket_id, one.original) for one in rated] == [("100", "good"), ("1", "bad")]


@pytest.mark.capability("GUI-06")
def test_open_promises_are_told_apart_from_those_that_somebody_followed_up_on(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    earlier = add_ticket(database, desk_id, ticket_id="1", person_id=person_id, scored_at=NOW)
    reply(database, desk_id, earlier, "I will send the invoice within two days.", hours=-48)
    reply(database, desk_id, tracked_id, "We will write to you within three days.", hours=-20)
    reply(database, desk_id, tracked_id, "Here is the label.", hours=-10)

    known = dossier(database, desk_id, tracked_id)

    assert [one.ticket_id for one in known.waiting] == ["1"]
    assert [one.ticket_id for one in known.others] == ["100"]


def test_a_promise_on_a_solved_ticket_is_no_open_one(
    database: Database, desk_id: int, person_id: int, tracked_id: int
) -> None:
    solved = add_ticket(database, desk_id, ticket_id="1", person_id=person_id, scored_at=NOW, solved_at=NOW)
    for number in range(5):
        reply(database, desk_id, solved, "I will send the invoice within two days.", hours=number)
    reply(database, desk_id, tracked_id, "We will write to you within three days.", hours=-20)

    known = dossier(database, desk_id, tracked_id)

    assert [one.ticket_id for one in known.waiting] == ["100"]
    assert [one.ticket_id for one in known.others] == ["1", "1"]


@pytest.mark.capability("GUI-06")
def test_offers_are_told_newest_first(database: Database, desk_id: int, tracked_id: int) -> None:
    reply(database, desk_id, tracked_id, "We can refund it.", hours=-5)
    reply(database, desk_id, tracked_id, "I have sent you a voucher for 10 €.", hours=-1)
    reply(database, desk_id, tracked_id, "We could refund it, but keep that to yourself.", hours=0, public=False)

    offers = dossier(database, desk_id, tracked_id).offers

    assert [one.words for one in offers] == ["I have sent you a voucher for 10 €.", "We can refund it."]


def test_erased_words_promise_and_offer_nothing(database: Database, desk_id: int, tracked_id: int) -> None:
    reply(database, desk_id, tracked_id, "I will send you a voucher for 10 € within two days.")
    with database.desk(desk_id) as session:
        for row in session.query(Message):
            row.sealed_text = None

    known = dossier(database, desk_id, tracked_id)

    assert (list(known.waiting), list(known.others), list(known.offers)) == ([], [], [])


def test_our_last_public_word_is_the_last_reply(database: Database, desk_id: int, tracked_id: int) -> None:
    reply(database, desk_id, tracked_id, "Hello.", hours=-5)
    reply(database, desk_id, tracked_id, "A note.", hours=-1, public=False)
    add_message(database, desk_id, tracked_id, "Hm.", at=NOW)

    with database.desk(desk_id, read=True) as session:
        assert dossiers.replied_at(session, tracked_id) == NOW - timedelta(hours=5)


def test_a_record_counts_how_treated_cases_ended(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)
    endings = [
        (CaseStage.RECOVERED, Arm.TREATMENT),
        (CaseStage.LOST, Arm.TREATMENT),
        (CaseStage.RECOVERED, Arm.HOLDOUT),
        (None, Arm.TREATMENT),
    ]
    for stage, arm in endings:
        case_id = add_case(database, desk_id, version_id=version_id, arm=arm)
        if stage is not None:
            change(database, desk_id, RecoveryCase, case_id, stage=stage, closed_at=NOW, open_key=None)
    other = add_case(database, desk_id, version_id=add_version(database, desk_id, name="Other"))
    change(database, desk_id, RecoveryCase, other, stage=CaseStage.RECOVERED, closed_at=NOW, open_key=None)

    with database.desk(desk_id, read=True) as session:
        record = dossiers.record_of(session, version_id)

    assert (record.closed, record.recovered) == (2, 1)


def test_a_ticket_that_two_agents_open_at_once_is_noticed_once(database: Database, desk_id: int) -> None:

    def notice(_: int) -> bool:
        with database.desk(desk_id) as session:
            return tracked_tickets.notice(session, desk_id, "815", NOW)

    assert sorted(together(4, notice)) == [False, False, False, True]
