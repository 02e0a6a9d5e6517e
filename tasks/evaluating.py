"""What was known at a look, kept so that any version can be replayed on it; and waking a ticket at the moment at which
time alone turns a condition. Deciding is in `deciding.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.protocols import moments
from app.protocols.actions.registry import ACTIONS
from app.protocols.decide import Published, Standing
from app.protocols.evaluation import CustomFields, Evaluation, Snapshot
from app.protocols.facts import Facts
from app.protocols.rollout import Rollout
from app.scoring.context import Hours
from app.store import evaluations
from app.store.models import TrackedTicket
from app.words import Score
from connectors.ticket import Ticket
from tasks.look import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What is known at a moment, as far as time moves it."""

    facts: Facts
    at: datetime  #: up to which the facts count waits and ages
    waiting: bool  #: the turn is ours, so the customer's wait grows
    hours: Hours | None  #: the desk's working hours


def keep_look(
    session: Session, row: TrackedTicket, look: Look, facts: Facts, rollout: Rollout, *, decided: bool
) -> None:
    """Store what a look brought, where anything but time is different from last time or something is decided."""
    assert look.score is not None
    seen = Snapshot(
        group_id=look.ticket.group_id,
        assignee_id=look.ticket.assignee_id,
        priority=look.ticket.priority,
        status=look.ticket.status,
        channel=look.ticket.channel,
        tags=look.ticket.tags,
        custom_fields=_fields_used(look.ticket, rollout.all),
        waiting=look.waiting,
        named=bool(look.ticket.requester.name.strip()),
        reasoned=_lowered(look.score),
    )
    known = Evaluation(
        tracked_id=row.id,
        ticket_id=row.ticket_id,
        at=look.now,
        as_of=look.score.at,
        facts=facts,
        ticket=seen,
        in_force=_named(rollout),
        decided=decided,
    )
    evaluations.record(session, row, known)


def keep_time(session: Session, row: TrackedTicket, score: Score, rollout: Rollout, stand: Stand) -> None:
    """Store what is different after time alone has passed; the ticket itself is as it was seen last."""
    before = evaluations.newest(session, row.id)
    if before is not None:
        seen = replace(before.ticket, waiting=stand.waiting, reasoned=_lowered(score))
        known = replace(
            before,
            at=stand.at,
            as_of=stand.at,
            facts=stand.facts,
            ticket=seen,
            in_force=_named(rollout),
            decided=False,
        )
        evaluations.record(session, row, known)


def wake(row: TrackedTicket, rollout: Rollout, standing: Standing, stand: Stand) -> None:
    """Have the ticket scored again no later than when time alone turns a decision."""
    criteria = [one.protocol.criteria for one in rollout.all]
    turn = moments.next_turn(criteria, stand.facts, stand.at, waiting=stand.waiting, hours=stand.hours)
    ready = moments.next_ready(rollout.acting, standing, stand.at)
    row.rescore_at = min((one for one in (row.rescore_at, turn, ready) if one is not None), default=None)


def _lowered(score: Score) -> bool:
    return any(part.logit < 0 for part in score.contributions)


def _named(rollout: Rollout) -> tuple[tuple[int, int], ...]:
    return tuple((one.version_id, one.order) for one in rollout.acting)


def _fields_used(ticket: Ticket, protocols: Iterable[Published]) -> CustomFields:
    """Those custom fields that an action of these protocols sets."""
    wanted = {
        str(action.params.field)
        for one in protocols
        for action in one.protocol.actions
        if action.do in ACTIONS and getattr(action.params, "field", None)
    }
    return {name: value for name, value in ticket.custom_fields.items() if name in wanted}
