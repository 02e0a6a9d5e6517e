"""What a ticket's person and organisation went through on other tickets: a few indexed rows, however many there are.

What they mean is scoring's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.store.models import Message, RatingRow, TrackedTicket
from app.words import Cause
from connectors.ticket import Author

MOST_TICKETS = 200
MOST_RATINGS = 200
MOST_CONVERSATIONS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another ticket of the same person, or of their organisation. Moments are business time."""

    own: bool  #: the same person's
    solved_at: datetime | None
    lowest_p: float | None
    lowest_at: datetime | None
    failed_at: datetime | None
    topic: tuple[int, ...]
    cause: Cause | None


def neighbours(
    session: Session, tracked: TrackedTicket, now: datetime, *, own: timedelta, around: timedelta
) -> Sequence[Neighbour]:
    """Other tickets last scored within `own` (the person's) or `around` (their organisation's) before now."""
    same_person = and_(TrackedTicket.person_id == tracked.person_id, TrackedTicket.scored_at > now - own)
    wanted = same_person
    if tracked.organization_id is not None:
        colleagues = TrackedTicket.organization_id == tracked.organization_id
        wanted = or_(same_person, and_(colleagues, TrackedTicket.scored_at > now - around))
    rows = session.execute(
        select(
            TrackedTicket.person_id,
            TrackedTicket.solved_at,
            TrackedTicket.lowest_p,
            TrackedTicket.lowest_at,
            TrackedTicket.failed_at,
            TrackedTicket.topic,
            TrackedTicket.cause,
        )
        .where(TrackedTicket.id != tracked.id, wanted)
        .order_by(TrackedTicket.scored_at.desc())
        .limit(MOST_TICKETS)
    )
    return [
        Neighbour(
            own=row.person_id == tracked.person_id,
            solved_at=row.solved_at,
            lowest_p=row.lowest_p,
            lowest_at=row.lowest_at,
            failed_at=row.failed_at,
            topic=tuple(row.topic or ()),
            cause=row.cause,
        )
        for row in rows
    ]


def segment_ratings(session: Session, tracked: TrackedTicket) -> Sequence[tuple[datetime, float]]:
    """Ratings by others of the same organisation with their times, newest first, at most 200."""
    if tracked.organization_id is None:
        return ()
    rows = session.execute(
        select(RatingRow.at, RatingRow.value)
        .where(RatingRow.organization_id == tracked.organization_id)
        .where(or_(RatingRow.person_id.is_(None), RatingRow.person_id != tracked.person_id))
        .order_by(RatingRow.at.desc())
        .limit(MOST_RATINGS)
    )
    return [(at, value) for at, value in rows]


def conversations(session: Session) -> Iterator[list[tuple[bool, datetime]]]:
    """The desk's newest conversations, each as (whether the message is ours, when), oldest message first."""
    newest = select(TrackedTicket.id).order_by(TrackedTicket.id.desc()).limit(MOST_CONVERSATIONS)
    rows = session.execute(
        select(Message.tracked_id, Message.author, Message.at)
        .where(Message.tracked_id.in_(newest), Message.public.is_(True))
        .where(Message.author.in_([Author.CUSTOMER.value, Author.AGENT.value]))
        .order_by(Message.tracked_id, Message.at, Message.id)
    )
    for _, said in groupby(rows, key=lambda row: row.tracked_id):
        yield [(row.author == Author.AGENT.value, row.at) for row in said]
