"""What scoring may know of a ticket beside its messages, gathered from what is stored: a few queries per look.

Every fact is as it was known at the time of the message that is scored, never later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.scoring import history
from app.scoring.conversation import Running, TicketFacts
from app.store import histories, ratings
from app.store.models import TrackedTicket
from app.words import Score
from connectors.ticket import Ticket

EARLIER = 50  #: of a person's ratings on other tickets, the newest
LONGEST_VENDOR = 100
LONGEST_HOLD = 7 * 24 * 60.0  #: minutes; more than a week on hold is no measurement

Dated = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What went before on other tickets, read once per transaction."""

    present: history.Present
    threshold: float  #: p_satisfied from which the model calls a level good
    ratings: Dated = ()  #: this person's, newest first
    segment: Dated = ()  #: those of others in their organisation
    tickets: Sequence[history.Earlier] = ()

    @classmethod
    def of(cls, session: Session, row: TrackedTicket, now: datetime, threshold: float) -> Past:
        """The past of a ticket's person; empty where the helpdesk names none."""
        present = history.Present(opened_at=row.opened_at, topic=tuple(row.topic or ()), cause=row.cause)
        if row.person_id is None:
            return cls(present=present, threshold=threshold)
        found = histories.neighbours(session, row, now, own=history.WINDOW, around=history.FORTNIGHT)
        return cls(
            present=present,
            threshold=threshold,
            ratings=ratings.history(session, row.person_id, row.id),
            segment=histories.segment_ratings(session, row),
            tickets=[
                history.Earlier(
                    own=one.own,
                    solved_at=one.solved_at,
                    lowest_p=one.lowest_p,
                    lowest_at=one.lowest_at,
                    failed_at=one.failed_at,
                    topic=one.topic,
                    cause=one.cause,
                )
                for one in found
            ],
        )


def at_message(row: TrackedTicket, past: Past, at: datetime) -> TicketFacts:
    """What was known when a message came: the ticket was open then, and not rated."""
    segment = [value for given_at, value in past.segment if given_at < at]
    facts = TicketFacts(
        reopens=row.reopens,
        priority=row.priority,
        channel=row.channel,
        reassignments=row.reassignments,
        hold_minutes=row.hold_minutes,
        vendor=row.vendor_field,
        earlier_ratings=tuple(value for given_at, value in past.ratings if given_at < at)[:EARLIER],
        segment_rating=sum(segment) / len(segment) if segment else None,
        segment_ratings=len(segment),
        failed=row.failed_at is not None and row.failed_at <= at,
    )
    return history.with_history(facts, past.present, past.tickets, at, past.threshold)


def standing(session: Session, row: TrackedTicket, past: Past, running: Running, now: datetime) -> TicketFacts:
    """What is known of the ticket as it stands; notes on the row since when it has been a bad experience."""
    rating = ratings.newest(session, row.id)
    facts = replace(
        at_message(row, past, now),
        solved=row.solved_at is not None,
        solved_at=row.solved_at,
        rating=rating.value if rating else None,
        rated_at=rating.at if rating else None,
    )
    row.failed_at = row.failed_at or history.failed_at(running, facts, now)
    row.earlier_failures = facts.earlier_failures
    return replace(facts, failed=row.failed_at is not None)


def remember(row: TrackedTicket, score: Score) -> None:
    """Keep how low it went, for the tickets that come after it."""
    if row.lowest_p is None or score.p_satisfied < row.lowest_p:
        row.lowest_p, row.lowest_at = score.p_satisfied, score.at


def describe(row: TrackedTicket, ticket: Ticket, fields: Mapping[str, str]) -> None:
    """Store what a ticket's own fields say; `fields` maps our names to the desk's custom fields, by their ids."""
    row.organization_id = ticket.organization_id
    row.reassignments += _handed_over(row, ticket)
    row.hold_minutes = _minutes(_field(ticket, fields, "hold_minutes"))
    row.vendor_field = _words(_field(ticket, fields, "vendor"))
    if row.topic is None:
        row.topic = list(history.topic_of(ticket.subject))


def _field(ticket: Ticket, fields: Mapping[str, str], name: str) -> Any:
    return ticket.custom_fields.get(fields[name]) if name in fields else None


def _handed_over(row: TrackedTicket, ticket: Ticket) -> bool:
    """Somebody else has the ticket now. Our own assignments are on the row already when the ticket is read again."""
    pairs = ((row.assignee_id, ticket.assignee_id), (row.group_id, ticket.group_id))
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _minutes(value: Any) -> float | None:
    try:
        minutes = float(value)
    except (TypeError, ValueError):
        return None
    return minutes if 0 <= minutes <= LONGEST_HOLD else None


def _words(value: Any) -> str | None:
    said = str(value).strip()[:LONGEST_VENDOR] if isinstance(value, str | int | float) else ""
    return said or None
