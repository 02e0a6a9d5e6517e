"""What an agent wants to know of a customer before the next word (GUI-06): the last contacts with their ratings, what
we promised and offered. Read only, bounded however many tickets there are, from what is stored alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.protocols.suggestions import Record
from app.scoring import offered
from app.store import promised
from app.store.database import vault_of
from app.store.models import Message, ProtocolVersion, RatingRow, RecoveryCase, TrackedTicket
from app.store.promised import Promise
from app.words import Arm, CaseStage, SatState
from connectors.ticket import Author

CONTACTS = 5
MOST_REPLIES = 50  #: the newest that are read for offers
MOST_TOLD = 3
MOST_CASES = 500  #: the newest closed cases of a protocol that its record counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSeen:
    """One earlier ticket of the same person, as it stands."""

    ticket_id: str
    subject: str  #: empty once it was erased
    at: datetime  #: business time of its last score
    state: SatState | None
    score: int | None
    solved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One rating that the person gave."""

    ticket_id: str
    at: datetime
    value: float  #: in [0, 1]
    original: str  #: as the helpdesk has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One sentence of ours that offers something."""

    ticket_id: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The person behind a ticket; newest first throughout."""

    contacts: Sequence[ContactSeen]  #: the last five on other tickets
    ratings: Sequence[Rated]  #: the last five, this ticket's too
    waiting: Sequence[Promise]  #: promises nobody has followed up on, of all these tickets that are not solved
    others: Sequence[Promise]  #: the newest of the other promises
    offers: Sequence[Offered]


def of_ticket(session: Session, tracked: TrackedTicket) -> Dossier:
    """What is known of a ticket's person, the ticket itself included where that is said."""
    earlier = _earlier(session, tracked)
    known = [tracked, *earlier]
    waiting, others = _promises(session, known)
    return Dossier(
        contacts=[_contact(session, row) for row in earlier],
        ratings=_ratings(session, tracked),
        waiting=waiting,
        others=others,
        offers=_offers(session, known),
    )


def record_of(session: Session, version_id: int) -> Record:
    """How the newest closed cases of a version's protocol ended, over all its versions; held-out customers were not
    treated, so they do not count."""
    asked = select(ProtocolVersion.protocol_id).where(ProtocolVersion.id == version_id).scalar_subquery()
    versions = select(ProtocolVersion.id).where(ProtocolVersion.protocol_id == asked)
    ended = (
        select(RecoveryCase.stage)
        .where(RecoveryCase.version_id.in_(versions), RecoveryCase.closed_at.is_not(None))
        .where(RecoveryCase.arm == Arm.TREATMENT)
        .order_by(RecoveryCase.closed_at.desc())
        .limit(MOST_CASES)
        .subquery()
    )
    rows = session.execute(select(ended.c.stage, func.count()).group_by(ended.c.stage))
    counted: dict[CaseStage, int] = {stage: number for stage, number in rows}
    return Record(closed=sum(counted.values()), recovered=counted.get(CaseStage.RECOVERED, 0))


def replied_at(session: Session, tracked_id: int) -> datetime | None:
    """When our side last wrote to the customer on a ticket; None while it has not."""
    return session.scalar(
        select(func.max(Message.at)).where(
            Message.tracked_id == tracked_id, Message.author == Author.AGENT.value, Message.public.is_(True)
        )
    )


def _earlier(session: Session, tracked: TrackedTicket) -> Sequence[TrackedTicket]:
    """Other tickets on which the person has said something; tickets nobody wrote on are no contacts."""
    if tracked.person_id is None:
        return ()
    same = (TrackedTicket.person_id == tracked.person_id, TrackedTicket.id != tracked.id)
    newest = select(TrackedTicket).where(*same, TrackedTicket.scored_at.is_not(None))
    return session.scalars(newest.order_by(TrackedTicket.scored_at.desc()).limit(CONTACTS)).all()


def _contact(session: Session, row: TrackedTicket) -> ContactSeen:
    assert row.scored_at is not None
    return ContactSeen(
        ticket_id=row.ticket_id,
        subject=vault_of(session).open(row.sealed_subject) if row.sealed_subject else "",
        at=row.scored_at,
        state=row.state,
        score=row.score,
        solved=row.solved_at is not None,
    )


def _ratings(session: Session, tracked: TrackedTicket) -> Sequence[Rated]:
    theirs = RatingRow.tracked_id == tracked.id
    if tracked.person_id is not None:
        theirs = RatingRow.person_id == tracked.person_id
    rows = session.execute(
        select(RatingRow, TrackedTicket.ticket_id)
        .join(TrackedTicket, TrackedTicket.id == RatingRow.tracked_id)
        .where(theirs)
        .order_by(RatingRow.at.desc(), RatingRow.id.desc())
        .limit(CONTACTS)
    )
    return [Rated(ticket_id=ticket_id, at=row.at, value=row.value, original=row.original) for row, ticket_id in rows]


def _promises(session: Session, known: Sequence[TrackedTicket]) -> tuple[Sequence[Promise], Sequence[Promise]]:
    """Those the customer still waits for, and others. A promise on a ticket that was solved is over."""
    solved = {row.id for row in known if row.solved_at is not None}
    found = promised.of_tickets(session, [row.id for row in known])
    waiting = [one for one in found if one.followed_at is None and one.tracked_id not in solved]
    others = [one for one in found if one not in waiting]
    return waiting[::-1], others[::-1][: max(0, MOST_TOLD - len(waiting))]


def _offers(session: Session, known: Sequence[TrackedTicket]) -> Sequence[Offered]:
    rows = session.execute(
        select(Message, TrackedTicket.ticket_id)
        .join(TrackedTicket, TrackedTicket.id == Message.tracked_id)
        .where(Message.tracked_id.in_([row.id for row in known]), Message.public.is_(True))
        .where(Message.author == Author.AGENT.value, Message.sealed_text.is_not(None))
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(MOST_REPLIES)
    )
    vault = vault_of(session)
    found = [
        Offered(ticket_id=ticket_id, at=message.at, words=words)
        for message, ticket_id in rows
        for words in offered.offers(vault.open(message.sealed_text or b""))
    ]
    return found[:MOST_TOLD]
