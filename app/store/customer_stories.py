"""Customers' stories: what one person went through on all of their tickets, as one timeline with opened words.

Read only, for pages. The messages themselves are each ticket's own story (`stories.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.store import promised, protocols
from app.store.customers import Customer
from app.store.database import vault_of
from app.store.models import Answer, Deviation, Invitation, RatingRow, RecoveryCase, ScoreRow, TrackedTicket
from app.store.promised import Promise
from app.store.queue import OVER
from app.words import CaseStage

TICKETS = 30  #: on one page, the newest
MOST_SCORES = 2_000  #: of one page's tickets, the newest


class Kind(StrEnum):
    """What an entry is; of what happened at the same moment, causes come before effects."""

    OPENED = "opened"
    PROMISE = "promise"
    STATE = "state"
    RATING = "rating"
    CASE = "case"
    REMEDY = "remedy"
    CASE_OVER = "case_over"
    SURVEY = "survey"
    ANSWER = "answer"
    SOLVED = "solved"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `row` is of the kind's table; `text` is opened words, None where there are none."""

    at: datetime
    kind: Kind
    ticket_id: str
    row: Any = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """One ticket of the person."""

    ticket: TrackedTicket
    subject: str
    solved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerStory:
    """One person's tickets, newest first, and what happened on them, newest first."""

    tickets: Sequence[TicketLine]
    total: int  #: tickets of the person, shown or not
    unsolved: int  #: of those
    stages: Mapping[CaseStage, int]  #: how many of their cases are in each stage, on shown tickets or not
    older: int | None  #: where the next page goes on; None on the last one
    entries: Sequence[Entry]
    promises: Sequence[Promise]

    def waiting(self, now: datetime) -> Sequence[Promise]:
        """Promises whose customer has not heard from us since, the most urgent first."""
        return sorted((one for one in self.promises if one.followed_at is None), key=lambda one: one.due_at)


def of(session: Session, customer: Customer, *, before: int | None = None) -> CustomerStory:
    """The story on the newest tickets; `before` is the `older` of the page before this one."""
    own = TrackedTicket.person_id.in_(customer.ids)
    page = select(TrackedTicket).where(own).order_by(TrackedTicket.id.desc()).limit(TICKETS + 1)
    found = session.scalars(page if before is None else page.where(TrackedTicket.id < before)).all()
    tickets = {ticket.id: ticket for ticket in found[:TICKETS]}
    made = promised.of_tickets(session, list(tickets))
    cases = _cases(session, tickets)
    entries = [*_lives(session, tickets), *_turns(session, tickets), *_ratings(session, tickets)]
    entries += [*_recoveries(session, cases, tickets), *_surveys(session, cases, tickets)]
    entries += [Entry(at=one.at, kind=Kind.PROMISE, ticket_id=one.ticket_id, row=one, text=one.words) for one in made]
    entries.sort(key=lambda entry: (entry.at, _ORDER[entry.kind]), reverse=True)
    return CustomerStory(
        tickets=[_line(session, ticket) for ticket in tickets.values()],
        total=_count(session, own),
        unsolved=_count(session, own, or_(TrackedTicket.status.is_(None), TrackedTicket.status.not_in(OVER))),
        stages=_stages(session, customer),
        older=min(tickets) if len(found) > TICKETS else None,
        entries=entries,
        promises=made,
    )


_ORDER = {kind: position for position, kind in enumerate(Kind)}
_Tickets = dict[int, TrackedTicket]


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(TrackedTicket.id)).where(*conditions)) or 0


def _stages(session: Session, customer: Customer) -> Mapping[CaseStage, int]:
    own = RecoveryCase.person_id.in_(customer.ids)
    counted = select(RecoveryCase.stage, func.count(RecoveryCase.id)).where(own).group_by(RecoveryCase.stage)
    rows = session.execute(counted)
    return {stage: number for stage, number in rows}


def _line(session: Session, ticket: TrackedTicket) -> TicketLine:
    return TicketLine(
        ticket=ticket, subject=_opened(session, ticket.sealed_subject) or "", solved=ticket.status in OVER
    )


def _cases(session: Session, tickets: _Tickets) -> Sequence[RecoveryCase]:
    return session.scalars(
        select(RecoveryCase).where(RecoveryCase.tracked_id.in_(tickets)).order_by(RecoveryCase.id)
    ).all()


def _lives(session: Session, tickets: _Tickets) -> Iterator[Entry]:
    """When tickets were opened, solved, and gone."""
    for ticket in tickets.values():
        moments = ((Kind.OPENED, ticket.opened_at), (Kind.SOLVED, ticket.solved_at), (Kind.GONE, ticket.gone_at))
        subject = _opened(session, ticket.sealed_subject)
        for kind, at in moments:
            if at is not None:
                text = subject if kind is Kind.OPENED else None
                yield Entry(at=at, kind=kind, ticket_id=ticket.ticket_id, row=ticket, text=text)


def _turns(session: Session, tickets: _Tickets) -> Iterator[Entry]:
    """Where the state of a ticket changed, its first one included."""
    columns = (ScoreRow.tracked_id, ScoreRow.at, ScoreRow.score, ScoreRow.state, ScoreRow.provisional, ScoreRow.because)
    newest = select(*columns).where(ScoreRow.tracked_id.in_(tickets)).order_by(ScoreRow.at.desc()).limit(MOST_SCORES)
    rows = sorted(session.execute(newest), key=lambda row: (row.tracked_id, row.at))
    for tracked_id, scores in groupby(rows, key=lambda row: row.tracked_id):
        before = None
        for row in scores:
            if row.state is not before:
                yield Entry(at=row.at, kind=Kind.STATE, ticket_id=tickets[tracked_id].ticket_id, row=row)
            before = row.state


def _ratings(session: Session, tickets: _Tickets) -> Iterator[Entry]:
    for row in session.scalars(select(RatingRow).where(RatingRow.tracked_id.in_(tickets))):
        text = _opened(session, row.sealed_comment)
        yield Entry(at=row.at, kind=Kind.RATING, ticket_id=tickets[row.tracked_id].ticket_id, row=row, text=text)


def _recoveries(session: Session, cases: Sequence[RecoveryCase], tickets: _Tickets) -> Iterator[Entry]:
    """Cases from their opening to their end, and what was given in another way than the protocol says."""
    ticket_of = {case.id: tickets[case.tracked_id].ticket_id for case in cases}
    names = {version_id: protocols.name_of(session, version_id) for version_id in {case.version_id for case in cases}}
    for case in cases:
        name, ticket_id = names[case.version_id], ticket_of[case.id]
        yield Entry(at=case.opened_at, kind=Kind.CASE, ticket_id=ticket_id, row=case, text=name)
        if case.closed_at is not None:
            yield Entry(at=case.closed_at, kind=Kind.CASE_OVER, ticket_id=ticket_id, row=case, text=case.reason)
    given = select(Deviation).where(Deviation.case_id.in_(ticket_of), Deviation.kind == "other_remedy")
    for row in session.scalars(given):
        text = _opened(session, row.sealed_reason)
        yield Entry(at=row.at, kind=Kind.REMEDY, ticket_id=ticket_of[row.case_id], row=row, text=text)


def _surveys(session: Session, cases: Sequence[RecoveryCase], tickets: _Tickets) -> Iterator[Entry]:
    ticket_of = {case.id: tickets[case.tracked_id].ticket_id for case in cases}
    sent = select(Invitation).where(Invitation.case_id.in_(ticket_of), Invitation.sent_at.is_not(None))
    for row in session.scalars(sent):
        if row.sent_at is not None:
            yield Entry(at=row.sent_at, kind=Kind.SURVEY, ticket_id=ticket_of[row.case_id], row=row)
    for answer in session.scalars(select(Answer).where(Answer.case_id.in_(ticket_of))):
        text = _opened(session, answer.sealed_comment)
        yield Entry(at=answer.at, kind=Kind.ANSWER, ticket_id=ticket_of[answer.case_id], row=answer, text=text)


def _opened(session: Session, sealed: bytes | None) -> str | None:
    return vault_of(session).open(sealed) if sealed else None
