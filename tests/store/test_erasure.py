"""Erasure: after their time nothing that customers wrote can be read any more; the numbers stay."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.scoring.conversation import Running
from app.store import erasure, messages, ratings, scores
from app.store.database import Database
from app.store.models import Answer, RatingRow, TrackedTicket
from tests.store.factories import (
    DAY,
    MINUTE,
    NOW,
    add_delivery,
    add_invitation,
    add_message,
    add_score,
    add_ticket,
    all_rows,
    change,
    delivery,
    given,
    invitation,
    message,
    score_row,
    ticket,
)

OLD = NOW - 100 * DAY
BEFORE = NOW - 90 * DAY
SAID = "third time I write"


def strip(running: dict[str, Any]) -> dict[str, Any]:
    """As the upkeep task has it."""
    return Running.from_json(running).without_words().to_json()


def erase(database: Database, desk_id: int) -> int:
    with database.desk(desk_id) as session:
        return erasure.erase_words(session, BEFORE, now=NOW, strip=strip)


def running(database: Database, tracked_id: int) -> Running:
    return Running.from_json(json.loads(database.vault.open(ticket(database, tracked_id).sealed_running or b"")))


@pytest.fixture
def old_ticket(database: Database, desk_id: int) -> int:
    """A ticket on which something was said long ago, and quoted since."""
    aggregates = Running(customer_turns=3, evidence={"tone": SAID}, said=((1, 2),), replied=((3,),), pending=(4,))
    columns = {
        "sealed_subject": database.vault.seal("My parcel"),
        "sealed_running": database.vault.seal(json.dumps(aggregates.to_json())),
    }
    return add_ticket(database, desk_id, **columns)


def test_words_past_their_time_are_gone(database: Database, desk_id: int, old_ticket: int) -> None:
    row_id = add_message(database, desk_id, old_ticket, SAID, at=OLD)

    assert erase(database, desk_id) == 1

    row = message(database, row_id)
    assert (row.sealed_text, row.sealed_readings) == (None, None)
    with database.desk(desk_id, read=True) as session:
        assert messages.text_of(session, row) is None
    assert ticket(database, old_ticket).sealed_subject is None


def test_words_within_their_time_stay(database: Database, desk_id: int, old_ticket: int) -> None:
    row_id = add_message(database, desk_id, old_ticket, SAID, at=BEFORE)

    assert erase(database, desk_id) == 0

    assert message(database, row_id).sealed_text is not None
    assert running(database, old_ticket).evidence == {"tone": SAID}
    assert ticket(database, old_ticket).sealed_subject is not None


def test_numbers_stay_where_the_reasons_go(database: Database, desk_id: int, old_ticket: int) -> None:
    add_message(database, desk_id, old_ticket, SAID, id="1", at=OLD)
    row_id = add_score(database, desk_id, old_ticket, "1", at=OLD)

    erase(database, desk_id)

    row = score_row(database, row_id)
    with database.desk(desk_id, read=True) as session:
        reasons = scores.reasons(session, row)
    assert (row.sealed_reasons, row.score, row.factors) == (None, 31, {"tone": -1.2})
    assert [(part.signal, part.logit, part.evidence) for part in reasons] == [("tone", -1.2, "")]


def test_a_later_score_quotes_nothing_either(database: Database, desk_id: int, old_ticket: int) -> None:
    add_message(database, desk_id, old_ticket, SAID, at=OLD)
    later = add_score(database, desk_id, old_ticket, at=NOW)

    erase(database, desk_id)

    assert score_row(database, later).sealed_reasons is None


def test_running_aggregates_lose_their_words_and_keep_their_numbers(
    database: Database, desk_id: int, old_ticket: int
) -> None:
    add_message(database, desk_id, old_ticket, SAID, at=OLD)

    erase(database, desk_id)

    left = running(database, old_ticket)
    assert (left.evidence, left.said, left.replied, left.pending) == ({}, (), (), None)
    assert left.customer_turns == 3


def test_another_ticket_keeps_its_reasons(database: Database, desk_id: int, old_ticket: int) -> None:
    add_message(database, desk_id, old_ticket, SAID, at=OLD)
    other = add_ticket(database, desk_id)
    add_message(database, desk_id, other, SAID, id="1", at=NOW)
    kept = add_score(database, desk_id, other, "1")

    erase(database, desk_id)

    assert score_row(database, kept).sealed_reasons is not None


def test_a_ticket_that_is_worked_on_is_left_for_the_next_time(
    database: Database, desk_id: int, old_ticket: int
) -> None:
    row_id = add_message(database, desk_id, old_ticket, SAID, at=OLD)
    change(database, desk_id, TrackedTicket, old_ticket, lease_until=NOW + MINUTE)

    meanwhile = erase(database, desk_id)
    change(database, desk_id, TrackedTicket, old_ticket, lease_until=None)
    afterwards = erase(database, desk_id)

    assert (meanwhile, afterwards) == (0, 1)
    assert message(database, row_id).sealed_text is None


def test_a_long_backlog_is_erased_in_turns(database: Database, desk_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "BATCH", 2)
    for _ in range(3):
        add_message(database, desk_id, add_ticket(database, desk_id), at=OLD)

    assert [erase(database, desk_id) for _ in range(3)] == [2, 1, 0]


def test_comments_beside_ratings_and_answers_go_too(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    row = invitation(database, add_invitation(database, desk_id))
    comment = database.vault.seal("never again")
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        ratings.record(session, tracked, given(at=OLD))
        ratings.record(session, tracked, given(rating_id="r2", at=NOW))
        session.add(
            Answer(
                desk_id=desk_id,
                invitation_id=row.id,
                case_id=row.case_id,
                value=0.0,
                original="1",
                sealed_comment=comment,
                at=OLD,
            )
        )

    with database.desk(desk_id) as session:
        erased = erasure.erase_comments(session, BEFORE)

    assert erased == 2
    assert [row.sealed_comment for row in all_rows(database, Answer)] == [None]
    assert {row.at: row.sealed_comment is None for row in all_rows(database, RatingRow)} == {OLD: True, NOW: False}


def test_bodies_of_deliveries_go_by_the_time_they_came(database: Database, desk_id: int) -> None:
    old = add_delivery(database, desk_id, received_at=OLD)
    new = add_delivery(database, desk_id, received_at=NOW)

    with database.desk(desk_id) as session:
        assert erasure.erase_bodies(session, BEFORE) == 1

    assert delivery(database, old).sealed_body is None
    assert delivery(database, old).event_id.startswith("event-")
    assert delivery(database, new).sealed_body == b"sealed"
