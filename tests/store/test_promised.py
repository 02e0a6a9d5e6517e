"""Promises: read from our public replies, with our next word on the same ticket."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.store import promised
from app.store.database import Database, vault_of
from app.store.models import Message
from tests.store.factories import HOUR, NOW, add_ticket

PROMISE = "Sorry for that. We will call you within 3 hours."


def say(
    database: Database, desk_id: int, tracked_id: int, text: str | None, at: datetime, *, public: bool = True
) -> None:
    with database.desk(desk_id) as session:
        session.add(
            Message(
                desk_id=desk_id,
                tracked_id=tracked_id,
                message_id=f"{at:%d%H%M}",
                author="agent",
                author_id="9",
                public=public,
                at=at,
                sealed_text=vault_of(session).seal(text) if text is not None else None,
            )
        )


def told(database: Database, desk_id: int, *tracked_ids: int) -> list[promised.Promise]:
    with database.desk(desk_id, read=True) as session:
        return list(promised.of_tickets(session, tracked_ids))


def test_a_promise_has_its_words_and_its_time(database: Database, desk_id: int) -> None:
    ticket = add_ticket(database, desk_id, ticket_id="7")
    say(database, desk_id, ticket, PROMISE, NOW)

    (one,) = told(database, desk_id, ticket)

    assert (one.ticket_id, one.words) == ("7", "We will call you within 3 hours")
    assert (one.at, one.due_at, one.followed_at) == (NOW, NOW + 3 * HOUR, None)
    assert one.open(NOW)


@pytest.mark.parametrize(("after", "overdue"), [(1, False), (3, False), (4, True)])
def test_our_next_word_tells_whether_it_came_in_time(
    database: Database, desk_id: int, after: int, overdue: bool
) -> None:
    ticket = add_ticket(database, desk_id)
    say(database, desk_id, ticket, PROMISE, NOW)
    say(database, desk_id, ticket, "Here is your answer.", NOW + after * HOUR)

    (one,) = told(database, desk_id, ticket)

    assert one.followed_at == NOW + after * HOUR
    assert (one.overdue(NOW + timedelta(days=9)), one.open(NOW)) == (overdue, False)


def test_notes_and_erased_words_promise_nothing(database: Database, desk_id: int) -> None:
    ticket = add_ticket(database, desk_id)
    say(database, desk_id, ticket, PROMISE, NOW, public=False)
    say(database, desk_id, ticket, None, NOW + HOUR)

    assert told(database, desk_id, ticket) == []


def test_another_tickets_word_follows_nothing_up(database: Database, desk_id: int) -> None:
    first, second = add_ticket(database, desk_id), add_ticket(database, desk_id)
    say(database, desk_id, first, PROMISE, NOW)
    say(database, desk_id, second, "Something else.", NOW + HOUR)

    (one,) = told(database, desk_id, first, second)

    assert one.followed_at is None


def test_no_tickets_have_no_promises(database: Database, desk_id: int) -> None:
    assert told(database, desk_id) == []
