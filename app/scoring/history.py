"""What a person went through on other tickets: mild trouble, bad experiences, the same topic again.

The definitions, in one place, and what follows from them at a moment. Values only; the tickets are looked up elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.scoring.conversation import Running, TicketFacts
from app.scoring.signals.effort import hashed_words
from app.scoring.signals.history import TOPIC_DAYS
from app.words import Cause, Level

WINDOW = timedelta(days=90)  #: in which bad experiences are counted
FORTNIGHT = timedelta(days=14)  #: in which mild tickets add up
MILD_BAND = 0.10  #: a ticket that came this close to poor, in p_satisfied, was mild trouble
TOPIC_WINDOW = timedelta(days=TOPIC_DAYS)  #: after which the same topic is a new matter
POOR_RATING = 0.5  #: a rating below it, in [0, 1], is a bad experience
ALIKE = 0.5  #: words in common, as a share of all words of both, from which two subjects are one topic
MOST_WORDS = 30  #: words kept of a subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Another ticket of the person, or of somebody else in their organisation, as far as it matters here."""

    own: bool  #: the same person's
    solved_at: datetime | None = None
    lowest_p: float | None = None  #: the lowest p_satisfied it came to
    lowest_at: datetime | None = None
    failed_at: datetime | None = None  #: since when it has been a bad experience
    topic: tuple[int, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The ticket whose history is asked for."""

    opened_at: datetime | None = None
    topic: tuple[int, ...] = ()
    cause: Cause | None = None


def topic_of(subject: str) -> tuple[int, ...]:
    """The telling words of a subject as hashes, enough to compare and too little to read.

    Tags are no part of it: helpdesks put a person's own tags on every ticket of theirs.
    """
    return hashed_words(subject)[:MOST_WORDS]


def is_mild(ticket: Earlier, at: datetime, threshold: float) -> bool:
    """Whether a ticket was mild trouble in the fortnight before: close to poor or below, yet no bad experience.

    `threshold` is the p_satisfied from which the model calls a level good.
    """
    if ticket.lowest_p is None or ticket.lowest_at is None or not at - FORTNIGHT < ticket.lowest_at <= at:
        return False
    return ticket.lowest_p < threshold + MILD_BAND and not _failed_by(ticket, at)


def failed_at(running: Running, facts: TicketFacts, now: datetime) -> datetime | None:
    """Since when the ticket is a bad experience, or None: rated poor, solved while poor, or opened again for more than
    a word of thanks."""
    if facts.rating is not None and facts.rating < POOR_RATING:
        return facts.rated_at or now
    if facts.solved and running.memory.level is Level.POOR and facts.rating is None:
        return facts.solved_at or now
    if facts.reopens and not running.closed_by_customer:
        return running.last_at or now
    return None


def with_history(
    facts: TicketFacts, present: Present, earlier: Sequence[Earlier], at: datetime, threshold: float
) -> TicketFacts:
    """The facts with what the other tickets say at a moment; nothing that happened after it counts."""
    mild = [ticket.own for ticket in earlier if is_mild(ticket, at, threshold)]
    return replace(
        facts,
        mild_tickets=sum(mild),
        mild_around=len(mild) - sum(mild),
        earlier_failures=sum(ticket.own and _failed_by(ticket, at, WINDOW) for ticket in earlier),
        same_topic_days=_same_topic_days(present, earlier),
    )


def _failed_by(ticket: Earlier, at: datetime, within: timedelta | None = None) -> bool:
    if ticket.failed_at is None or ticket.failed_at > at:
        return False
    return within is None or ticket.failed_at > at - within


def _same_topic_days(present: Present, earlier: Iterable[Earlier]) -> float | None:
    """Days from the latest solution of the same matter to this ticket."""
    if present.opened_at is None:
        return None
    ages = [
        present.opened_at - ticket.solved_at
        for ticket in earlier
        if ticket.own and ticket.solved_at is not None and _same_topic(present, ticket)
    ]
    within = [age / timedelta(days=1) for age in ages if timedelta(0) <= age < TOPIC_WINDOW]
    return min(within, default=None)


def _same_topic(present: Present, ticket: Earlier) -> bool:
    if present.cause not in {None, Cause.UNKNOWN} and present.cause is ticket.cause:
        return True
    both = len(set(present.topic) & set(ticket.topic))
    return both >= ALIKE * (len(present.topic) + len(ticket.topic) - both) > 0
