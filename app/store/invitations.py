"""Survey invitations as work, and the answers to them. Link tokens are sealed; only their hash is looked up."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import CursorResult, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.store import people, tracked_tickets
from app.store.database import vault_of
from app.store.models import Answer, Desk, DeskState, Invitation, InvitationState, OfferState, RecoveryCase

WAITING = (InvitationState.SCHEDULED, InvitationState.SENDING)


class AnswerOutcome(Enum):
    RECORDED = "recorded"
    ALREADY = "already"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """What a survey page may know; no name, no address, no ticket text."""

    kind: str
    locale: str | None
    answered: bool
    expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When and how to ask."""

    kind: str
    channel: str
    good_from: float
    due_at: datetime  #: business time
    expires_at: datetime  #: business time
    token: str
    token_hash: str
    by_helpdesk: bool = False  #: by the helpdesk's own survey, where it has one


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    desk_id: int
    invitation_id: int
    fence: int


def schedule(session: Session, case: RecoveryCase, when: Schedule) -> Invitation | None:
    """Plan one survey for this round of a case; None when it is planned already."""
    known = select(Invitation.id).where(
        Invitation.case_id == case.id, Invitation.kind == when.kind, Invitation.round == case.round
    )
    if session.scalar(known) is not None:
        return None
    row = Invitation(
        desk_id=case.desk_id,
        case_id=case.id,
        tracked_id=case.tracked_id,
        person_id=case.person_id,
        kind=when.kind,
        round=case.round,
        channel=when.channel,
        good_from=when.good_from,
        token_hash=when.token_hash,
        sealed_token=vault_of(session).seal(when.token),
        marker=f"kintsugi-{secrets.token_hex(12)}",
        offer=OfferState.WANTED if when.by_helpdesk else None,
        due_at=when.due_at,
        expires_at=when.expires_at,
    )
    session.add(row)
    session.flush()
    return row


def token_of(session: Session, row: Invitation) -> str:
    return vault_of(session).open(row.sealed_token)


def _due(now: datetime, business_now: datetime) -> Select[int]:
    """The surveys that somebody may take: due, not held, of a desk at work."""
    return (
        select(Invitation.id)
        .join(Desk, Desk.id == Invitation.desk_id)
        .where(
            Invitation.state.in_(WAITING),
            Invitation.due_at <= business_now,
            or_(Invitation.not_before.is_(None), Invitation.not_before <= now),
            or_(Invitation.lease_until.is_(None), Invitation.lease_until < now),
            Desk.state == DeskState.ACTIVE,
        )
    )


def any_due(session: Session, now: datetime, business_now: datetime) -> bool:
    """Whether a turn of claiming is worth a write transaction."""
    return session.scalar(_due(now, business_now).limit(1)) is not None


def claim_due(session: Session, now: datetime, business_now: datetime, lease: timedelta, limit: int) -> Sequence[Claim]:
    """Take surveys that are due to be sent, or whose sender died."""
    # Locked first and taken then: a limit inside the update's own subquery may be carried out more than once.
    in_order = _due(now, business_now).order_by(Invitation.due_at, Invitation.id).limit(limit)
    due = in_order.with_for_update(skip_locked=True, of=Invitation)
    ids = session.scalars(due).all()
    rows = session.execute(
        update(Invitation)
        .where(Invitation.id.in_(ids))
        .values(lease_until=now + lease, fence=Invitation.fence + 1, attempts=Invitation.attempts + 1)
        .returning(Invitation.desk_id, Invitation.id, Invitation.fence)
        .execution_options(synchronize_session=False)
    )
    return [Claim(desk_id=desk_id, invitation_id=row_id, fence=fence) for desk_id, row_id, fence in rows]


def pending(session: Session, now: datetime, business_now: datetime) -> int:
    """Surveys that are due or being sent, for replay and tests to wait on."""
    busy = or_(
        and_(Invitation.state.in_(WAITING), Invitation.due_at <= business_now),
        and_(Invitation.state.in_(WAITING), Invitation.lease_until >= now),
    )
    return session.scalar(select(func.count()).select_from(Invitation).where(busy)) or 0


def held(session: Session, invitation_id: int, fence: int, now: datetime) -> Invitation | None:
    """The invitation if this fence still holds it; None also when it was called off or answered meanwhile."""
    return session.scalar(
        select(Invitation)
        .where(
            Invitation.id == invitation_id,
            Invitation.fence == fence,
            Invitation.lease_until >= now,
            Invitation.state.in_(WAITING),
        )
        .with_for_update()
    )


def settle(session: Session, row: Invitation, state: InvitationState, *, reason: str | None = None) -> bool:
    """End the claim in this state; False when the fence has moved on."""
    values = {
        "state": state,
        "reason": reason[:500] if reason else row.reason,
        "lease_until": None,
        "sent_at": row.sent_at,
    }
    return _under_fence(session, row, values)


def postpone(session: Session, row: Invitation, *, until: datetime, reason: str) -> bool:
    """Try again then (mechanism time); nothing was sent."""
    values = {"state": InvitationState.SCHEDULED, "not_before": until, "reason": reason[:500], "lease_until": None}
    return _under_fence(session, row, values)


def _under_fence(session: Session, row: Invitation, values: Mapping[str, object]) -> bool:
    session.flush()
    result = session.execute(
        update(Invitation)
        .where(Invitation.id == row.id, Invitation.fence == row.fence)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def cancel_unsent(session: Session, case_id: int, reason: str) -> int:
    """Call off what was not sent yet."""
    result = session.execute(
        update(Invitation)
        .where(Invitation.case_id == case_id, Invitation.state == InvitationState.SCHEDULED)
        .values(state=InvitationState.CANCELLED, reason=reason[:500])
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def last_sent_to(session: Session, person_id: int, except_id: int) -> datetime | None:
    """When this person was last asked anything (business time)."""
    return session.scalar(
        select(func.max(Invitation.sent_at)).where(Invitation.person_id == person_id, Invitation.id != except_id)
    )


def of_case(session: Session, case_id: int) -> Sequence[Invitation]:
    return session.scalars(select(Invitation).where(Invitation.case_id == case_id).order_by(Invitation.id)).all()


def find(session: Session, token_hash: str, now: datetime) -> InvitationView | None:
    """What the page of this link may show; `now` is business time."""
    row = session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))
    if row is None:
        return None
    person = people.get(session, row.person_id) if row.person_id else None
    return InvitationView(
        kind=row.kind,
        locale=person.locale if person else None,
        answered=row.state is InvitationState.ANSWERED,
        expired=row.expires_at <= now or row.state is InvitationState.CANCELLED,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a person answered: `value` in [0, 1], `original` as they chose it."""

    value: float
    original: str
    comment: str


def answer(session: Session, token_hash: str, reply: Reply, *, now: datetime, woken_at: datetime) -> AnswerOutcome:
    """Record an answer once, and have the ticket looked at; `now` is business time, `woken_at` mechanism time."""
    row = session.scalar(select(Invitation).where(Invitation.token_hash == token_hash).with_for_update())
    if row is None:
        return AnswerOutcome.UNKNOWN
    if row.state is InvitationState.ANSWERED:
        return AnswerOutcome.ALREADY
    if row.expires_at <= now or row.state is InvitationState.CANCELLED:
        return AnswerOutcome.EXPIRED
    take(session, row, reply, now)
    tracked_tickets.wake(session, row.tracked_id, woken_at)
    return AnswerOutcome.RECORDED


def take(session: Session, row: Invitation, reply: Reply, now: datetime) -> None:
    """Store the one answer to a locked invitation, given at `now` (business time), wherever it was given."""
    session.add(
        Answer(
            desk_id=row.desk_id,
            invitation_id=row.id,
            case_id=row.case_id,
            value=reply.value,
            original=reply.original,
            sealed_comment=vault_of(session).seal(reply.comment) if reply.comment else None,
            at=now,
        )
    )
    # An answer proves that the invitation arrived, also where our own send never learnt of it.
    row.state = InvitationState.ANSWERED
    row.answered_at = now
    row.sent_at = row.sent_at or now
    row.lease_until = row.sealed_offer = None


def opt_out(session: Session, token_hash: str, now: datetime) -> bool:
    """No more surveys for the person behind this link; False for an unknown link."""
    row = session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))
    if row is None:
        return False
    if row.person_id is not None:
        people.opt_out(session, row.person_id, now)
    return True


def unanswered(session: Session, business_now: datetime) -> Sequence[RecoveryCase]:
    """Open cases whose last survey has expired without an answer."""
    waiting = exists().where(
        Invitation.case_id == RecoveryCase.id,
        Invitation.expires_at > business_now,
        Invitation.state != InvitationState.CANCELLED,
    )
    asked = exists().where(Invitation.case_id == RecoveryCase.id, Invitation.state == InvitationState.SENT)
    return session.scalars(select(RecoveryCase).where(RecoveryCase.open_key.is_not(None), asked, ~waiting)).all()


def unsure(session: Session) -> Sequence[Invitation]:
    """Surveys of which nobody knows whether they left."""
    return session.scalars(select(Invitation).where(Invitation.state == InvitationState.NEEDS_REVIEW)).all()
