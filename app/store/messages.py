"""Messages of a ticket, with the readings that were made of each one once. Words are sealed; `erasure` forgets them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import Message, TrackedTicket
from connectors.ticket import Message as Spoken

MOST_IDS = 500  #: in one statement


def known_ids(session: Session, tracked_id: int, ids: Sequence[str]) -> set[str]:
    """Which of these messages are stored already."""
    if not ids:
        return set()
    found = session.scalars(
        select(Message.message_id).where(Message.tracked_id == tracked_id, Message.message_id.in_(ids))
    )
    return set(found)


def ids_of(session: Session, tracked_ids: Sequence[int]) -> Mapping[int, frozenset[str]]:
    """The ids of all stored messages of these tickets."""
    found: dict[int, set[str]] = {}
    for place in range(0, len(tracked_ids), MOST_IDS):
        some = tracked_ids[place : place + MOST_IDS]
        rows = session.execute(select(Message.tracked_id, Message.message_id).where(Message.tracked_id.in_(some)))
        for tracked_id, message_id in rows:
            found.setdefault(tracked_id, set()).add(message_id)
    return {tracked_id: frozenset(ids) for tracked_id, ids in found.items()}


def record(session: Session, tracked: TrackedTicket, spoken: Spoken, readings: list[dict[str, Any]]) -> Message:
    """Store one message with its readings (plain JSON; their evidence may quote it)."""
    vault = vault_of(session)
    row = Message(
        desk_id=tracked.desk_id,
        tracked_id=tracked.id,
        message_id=spoken.id,
        author=spoken.author.value,
        author_id=spoken.author_id,
        public=spoken.public,
        at=spoken.at,
        sealed_text=vault.seal(spoken.text),
        sealed_readings=vault.seal(json.dumps(readings)),
    )
    session.add(row)
    return row


def authors(session: Session, tracked_id: int) -> set[str]:
    """Whose messages the ticket has, as kinds of author."""
    return set(session.scalars(select(Message.author).where(Message.tracked_id == tracked_id).distinct()))


def text_of(session: Session, message: Message) -> str | None:
    """The words, or None once they were erased."""
    return vault_of(session).open(message.sealed_text) if message.sealed_text else None


def of_ticket(session: Session, tracked_id: int) -> Sequence[Message]:
    """Oldest first."""
    return session.scalars(
        select(Message).where(Message.tracked_id == tracked_id).order_by(Message.at, Message.id)
    ).all()
