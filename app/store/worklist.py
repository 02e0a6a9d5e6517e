"""The recovery queue as people work on it: open cases in the order in which to see to them, filtered, page by page.

All open cases of a desk are ranked for every page, so only what the order needs is read of them; words are opened for
the page alone. The order itself is `app.protocols.ranking`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.protocols.ranking import Rank, Standing, rank, why
from app.store import handling
from app.store.database import vault_of
from app.store.handling import Holding
from app.store.models import (
    Invitation,
    ProtocolRow,
    ProtocolVersion,
    RecoveryCase,
    StepRow,
    TeamRow,
    TrackedTicket,
)
from app.store.queue import OVER, STUCK_INVITATIONS, STUCK_STEPS, waiting_since
from app.words import Arm, CaseStage, Cause, SatState

PAGE = 50
NOBODY = "nobody"  #: as a holder that is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which open cases are asked for; None means any."""

    state: SatState | None = None
    stage: CaseStage | None = None
    cause: Cause | None = None
    protocol_id: int | None = None
    group_id: str | None = None  #: the helpdesk's group that has the ticket
    holder: str | None = None  #: a holder's key, or `NOBODY`
    stuck: bool = False  #: only those that wait for a person's decision
    snoozed: bool = False  #: those that are out of sight, instead of all others
    page: int = 1  #: counted from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One open case as a row of the queue."""

    case_id: int
    ticket_id: str
    subject: str
    state: SatState | None
    provisional: bool
    score: int | None
    cause: Cause
    protocol: str
    stage: CaseStage
    rank: Rank
    why: tuple[str, ...]  #: it stands where it stands
    due_at: datetime | None  #: the first promised time that is not kept yet; business time, as all moments
    waiting_since: datetime | None  #: the first customer message that nobody has answered
    holding: Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the queue. `stamp` is another one as soon as anything on it is, but for the passing of time."""

    items: Sequence[Item]
    total: int
    page: int
    stamp: str

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be asked for on this desk."""

    protocols: Sequence[tuple[int, str]]  #: those with open cases: id and name
    groups: Sequence[tuple[str, str]]  #: of stored teams: the helpdesk's id and the name


def page(session: Session, wanted: Wanted, now: datetime) -> Page:
    """One page, what presses most first. Cases that are held out for comparison are nobody's to see to. A page beyond
    the last is the last. `now` is business time."""
    rows = session.execute(_lean().where(*_conditions(wanted, now))).all()
    stuck = _stuck(session)
    ranked = sorted(((_standing(row, row.id in stuck), row) for row in rows), key=lambda pair: _place(pair, now))
    number = min(max(wanted.page, 1), max(1, -(-len(ranked) // PAGE)))
    shown = ranked[(number - 1) * PAGE : number * PAGE]
    items = _items(session, shown, now)
    return Page(items=items, total=len(ranked), page=number, stamp=_stamp(items, len(ranked)))


def choices(session: Session) -> Choices:
    """What the queue's filters offer."""
    protocols = session.execute(
        select(ProtocolRow.id, ProtocolRow.name)
        .join(ProtocolVersion, ProtocolVersion.protocol_id == ProtocolRow.id)
        .join(RecoveryCase, RecoveryCase.version_id == ProtocolVersion.id)
        .where(RecoveryCase.open_key.is_not(None))
        .distinct()
        .order_by(ProtocolRow.name)
    )
    return Choices(protocols=[(id_, name) for id_, name in protocols], groups=groups(session))


def groups(session: Session) -> Sequence[tuple[str, str]]:
    """The stored teams by name: the helpdesk's id of the group and the name."""
    rows = session.execute(select(TeamRow.group_id, TeamRow.name).order_by(TeamRow.name))
    return [(group_id, name) for group_id, name in rows]


def count_asleep(session: Session, now: datetime) -> int:
    """How many open cases are out of sight now (business time)."""
    joined = select(func.count(RecoveryCase.id)).join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
    treated = (RecoveryCase.open_key.is_not(None), RecoveryCase.arm == Arm.TREATMENT)
    return session.scalar(joined.where(*treated, handling.asleep(now))) or 0


#: Of each open case what its place depends on.
_LEAN: tuple[Any, ...] = (
    RecoveryCase.id,
    TrackedTicket.state,
    TrackedTicket.p_satisfied,
    TrackedTicket.churn_risk,
    TrackedTicket.customer_value,
    RecoveryCase.touch_due_at,
    RecoveryCase.contacted_at,
    RecoveryCase.recover_due_at,
    RecoveryCase.resolved_at,
)

_WHOLE: tuple[Any, ...] = (
    RecoveryCase.id,
    RecoveryCase.tracked_id,
    RecoveryCase.cause,
    RecoveryCase.stage,
    TrackedTicket.ticket_id,
    TrackedTicket.sealed_subject,
    TrackedTicket.status,
    TrackedTicket.provisional,
    TrackedTicket.score,
    ProtocolRow.name.label("protocol"),
)


def _lean() -> Select[Any]:
    return (
        select(*_LEAN)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .where(RecoveryCase.open_key.is_not(None), RecoveryCase.arm == Arm.TREATMENT)
    )


def _conditions(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    asleep = handling.asleep(now)
    found: list[ColumnElement[bool]] = [asleep if wanted.snoozed else ~asleep]
    for column, value in (
        (TrackedTicket.state, wanted.state),
        (TrackedTicket.group_id, wanted.group_id),
        (RecoveryCase.stage, wanted.stage),
        (RecoveryCase.cause, wanted.cause),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.protocol_id is not None:
        versions = select(ProtocolVersion.id).where(ProtocolVersion.protocol_id == wanted.protocol_id)
        found.append(RecoveryCase.version_id.in_(versions))
    if wanted.holder is not None:
        nobody = wanted.holder == NOBODY
        found.append(RecoveryCase.holder.is_(None) if nobody else RecoveryCase.holder == wanted.holder)
    if wanted.stuck:
        found.append(_is_stuck())
    return found


def _is_stuck() -> ColumnElement[bool]:
    steps = select(StepRow.id).where(StepRow.case_id == RecoveryCase.id, StepRow.state.in_(STUCK_STEPS))
    surveys = select(Invitation.id).where(
        Invitation.case_id == RecoveryCase.id, Invitation.state.in_(STUCK_INVITATIONS)
    )
    return or_(steps.exists(), surveys.exists())


def _stuck(session: Session) -> frozenset[int]:
    """The open cases of which something waits for a person's decision."""
    is_open = RecoveryCase.open_key.is_not(None)
    steps = select(StepRow.case_id).join(RecoveryCase, RecoveryCase.id == StepRow.case_id)
    surveys = select(Invitation.case_id).join(RecoveryCase, RecoveryCase.id == Invitation.case_id)
    return frozenset(
        (
            *session.scalars(steps.where(is_open, StepRow.state.in_(STUCK_STEPS))),
            *session.scalars(surveys.where(is_open, Invitation.state.in_(STUCK_INVITATIONS))),
        )
    )


def _standing(row: Any, stuck: bool) -> Standing:
    return Standing(
        state=row.state,
        p_satisfied=row.p_satisfied,
        churn_risk=row.churn_risk,
        customer_value=row.customer_value,
        touch_due_at=row.touch_due_at,
        contacted_at=row.contacted_at,
        recover_due_at=row.recover_due_at,
        resolved_at=row.resolved_at,
        stuck=stuck,
    )


def _place(pair: tuple[Standing, Any], now: datetime) -> tuple[float, int]:
    """What is sorted by: of equal ranks the older case first."""
    standing, row = pair
    return (-rank(standing, now).value, row.id)


def _items(session: Session, shown: Sequence[tuple[Standing, Any]], now: datetime) -> Sequence[Item]:
    standings = {row.id: standing for standing, row in shown}
    whole = {row.id: row for row in session.execute(_whole(list(standings)))}
    holdings = handling.of_cases(session, list(standings))
    waiting = waiting_since(session, [row.tracked_id for row in whole.values() if row.status not in OVER])
    return [
        _item(session, whole[case_id], standing, holdings[case_id], waiting, now)
        for case_id, standing in standings.items()
    ]


def _whole(case_ids: Sequence[int]) -> Select[Any]:
    return (
        select(*_WHOLE)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .join(ProtocolVersion, ProtocolVersion.id == RecoveryCase.version_id)
        .join(ProtocolRow, ProtocolRow.id == ProtocolVersion.protocol_id)
        .where(RecoveryCase.id.in_(case_ids))
    )


def _item(
    session: Session, row: Any, standing: Standing, holding: Holding, waiting: Mapping[int, datetime], now: datetime
) -> Item:
    return Item(
        case_id=row.id,
        ticket_id=row.ticket_id,
        subject=vault_of(session).open(row.sealed_subject) if row.sealed_subject else "",
        state=standing.state,
        provisional=row.provisional,
        score=row.score,
        cause=row.cause,
        protocol=row.protocol,
        stage=row.stage,
        rank=rank(standing, now),
        why=why(standing, now),
        due_at=standing.due_at,
        waiting_since=waiting.get(row.tracked_id),
        holding=holding,
    )


def _stamp(items: Sequence[Item], total: int) -> str:
    told = [
        (one.case_id, one.score, one.state, one.stage, one.waiting_since, one.holding.version, one.why) for one in items
    ]
    return hashlib.sha256(repr((total, told)).encode()).hexdigest()[:32]
