"""What our side has promised customers by a time, read from the public replies while their words are kept.

Whether a promise was kept nobody can tell from words alone; whether anybody has written to the customer since, and by
when, can be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.scoring import promises
from app.store.database import vault_of
from app.store.models import Message, TrackedTicket
from connectors.ticket import Author

MOST_REPLIES = 200  #: the newest, over all the tickets that are asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One reply that promises something by a time. Moments are business time."""

    tracked_id: int
    ticket_id: str
    message_id: str
    at: datetime
    due_at: datetime
    words: str  #: the sentences about what will happen
    followed_at: datetime | None  #: our next public word on the ticket, whatever it said

    def overdue(self, now: datetime) -> bool:
        """Nobody has written by the time that was promised."""
        return self.due_at < (self.followed_at or now)

    def open(self, now: datetime) -> bool:
        """The customer still waits for it."""
        return self.followed_at is None and now <= self.due_at


def of_tickets(session: Session, tracked_ids: Sequence[int]) -> Sequence[Promise]:
    """The promises on these tickets, oldest first; those whose words were erased are gone with them."""
    if not tracked_ids:
        return []
    rows = session.execute(
        select(Message, TrackedTicket.ticket_id)
        .join(TrackedTicket, TrackedTicket.id == Message.tracked_id)
        .where(Message.tracked_id.in_(tracked_ids), Message.author == Author.AGENT.value, Message.public.is_(True))
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(MOST_REPLIES)
    )
    vault, later, found = vault_of(session), dict[int, datetime](), list[Promise]()
    for message, ticket_id in rows:
        text = vault.open(message.sealed_text) if message.sealed_text else ""
        due = promises.due_at(text, message.at)
        if due is not None:
            found.append(_promise(message, ticket_id, due, text, later.get(message.tracked_id)))
        later[message.tracked_id] = message.at
    return found[::-1]


def _promise(message: Message, ticket_id: str, due: datetime, text: str, followed: datetime | None) -> Promise:
    return Promise(
        tracked_id=message.tracked_id,
        ticket_id=ticket_id,
        message_id=message.message_id,
        at=message.at,
        due_at=due,
        words=promises.words_of(text, message.at),
        followed_at=followed,
    )
