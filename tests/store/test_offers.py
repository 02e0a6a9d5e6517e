"""Offers of the helpdesk's own survey: their link is sealed, and a rating answers one once, while it may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.store import offers
from app.store.database import Database
from app.store.invitations import Reply
from app.store.models import Answer, Invitation, InvitationState, OfferState
from tests.store.factories import DAY, NOW, add_desk, add_invitation, all_rows, invitation

URL = "https://desk.example.com/hc/en-us/survey_responses/01R?access_token=canary"
GOOD = Reply(value=1.0, original="5", comment="Thank you")


def offered(database: Database, desk_id: int, **columns: Any) -> int:
    row_id = add_invitation(database, desk_id, by_helpdesk=True)
    with database.desk(desk_id) as session:
        row = session.get_one(Invitation, row_id)
        offers.made(session, row, "01R", URL)
        for name, value in columns.items():
            setattr(row, name, value)
    return row_id


def answer(database: Database, desk_id: int, rating_id: str = "01R", at: datetime = NOW + DAY) -> int | None:
    with database.desk(desk_id) as session:
        row = offers.answer(session, rating_id, GOOD, at)
        return row.id if row else None


def test_the_link_is_sealed_and_opens_for_the_message(database: Database, desk_id: int) -> None:
    row = invitation(database, offered(database, desk_id))

    with database.desk(desk_id, read=True) as session:
        opened = offers.link(session, row)

    assert opened == URL
    assert b"canary" not in bytes(row.sealed_offer or b"")


def test_an_invitation_that_the_helpdesk_has_no_survey_for_has_no_link_and_a_reason(
    database: Database, desk_id: int
) -> None:
    row_id = offered(database, desk_id)
    with database.desk(desk_id) as session:
        offers.not_here(session.get_one(Invitation, row_id), "x" * 900)

    row = invitation(database, row_id)

    with database.desk(desk_id, read=True) as session:
        assert offers.link(session, row) is None
    assert (row.offer, row.offer_reason) == (OfferState.NOT_HERE, "x" * 500)


def test_a_rating_of_the_offer_answers_its_invitation_at_the_time_it_was_given(
    database: Database, desk_id: int
) -> None:
    row_id = offered(database, desk_id, state=InvitationState.SENT, sent_at=NOW)

    found = answer(database, desk_id)

    row, (given,) = invitation(database, row_id), all_rows(database, Answer)
    assert found == row_id
    assert (row.state, row.answered_at, row.sealed_offer) == (InvitationState.ANSWERED, NOW + DAY, None)
    assert (given.value, given.original, given.at) == (1.0, "5", NOW + DAY)


def test_a_second_rating_of_it_is_no_second_answer(database: Database, desk_id: int) -> None:
    offered(database, desk_id)

    found = [answer(database, desk_id), answer(database, desk_id)]

    assert found[1] is None
    assert len(all_rows(database, Answer)) == 1


@pytest.mark.parametrize(
    ("rating_id", "state", "at"),
    [
        ("01OTHER", InvitationState.SENT, NOW + DAY),
        ("01R", InvitationState.CANCELLED, NOW + DAY),
        ("01R", InvitationState.SENT, NOW + 30 * DAY),
    ],
)
def test_other_ratings_and_late_ones_answer_nothing(
    database: Database, desk_id: int, rating_id: str, state: InvitationState, at: datetime
) -> None:
    offered(database, desk_id, state=state)

    assert answer(database, desk_id, rating_id, at) is None
    assert all_rows(database, Answer) == []


def test_an_offer_of_one_desk_is_not_answered_at_another(database: Database, desk_id: int) -> None:
    offered(database, desk_id)

    assert answer(database, add_desk(database, "Other")) is None
