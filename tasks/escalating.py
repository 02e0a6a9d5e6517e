"""Alerts that nobody has acknowledged in time: the next one in the chain is told, until somebody takes it.

The query is open-ended, so that an outage of any length is caught up. Sending is `alerting.py`'s.
"""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import alert_chains, cases, protocols, steps, tracked_tickets
from app.store.models import AlertCall, RecoveryCase
from app.words import CaseStage
from tasks import documents, own_steps, ticketwise
from tasks.parts import current

LOG = log.get("alerts")

_SOLVED = frozenset({CaseStage.RESOLVED, CaseStage.RESURVEYED})


@shared_task(name="escalating.sweep")
def sweep() -> None:
    """Go on with every chain of every desk whose time is up."""
    parts = current()
    now = parts.clock.now()

    def find(session: Session) -> list[tuple[int, int]]:
        return [(cases.get(session, call.case_id).tracked_id, call.id) for call in alert_chains.due(session, now)]

    for desk_id in ticketwise.desk_ids(parts.database):
        ticketwise.each(
            desk_id, find, lambda session, call_id: _go_on(session, session.get_one(AlertCall, call_id), now)
        )


def _go_on(session: Session, call: AlertCall, now: datetime) -> bool:
    if call.settled_at is not None or call.due_at is None or call.due_at > now:
        return False  # somebody has taken it meanwhile, or has more time
    call.settled_at = now
    case = cases.get(session, call.case_id)
    if _is_over(case) or alert_chains.is_taken(session, call.chain_id):
        return True
    first = steps.get(session, call.chain_id)
    protocol = documents.read_cached(protocols.version(session, first.version_id).document)
    chain = dict(protocol.steps)[first.action].params.then
    if call.position < len(chain):
        position = call.position + 1
        planned = steps.Planned(
            action=f"{first.action}-{position}",
            do=own_steps.ESCALATE,
            params={"of": first.action, "chain_id": first.id, "position": position},
        )
    else:
        action = f"{own_steps.TELL_UNTAKEN}-{first.id}"
        planned = steps.Planned(
            action=action, do=own_steps.TELL_UNTAKEN, params={"step": first.action, "chain_id": first.id}
        )
    steps.plan(session, case, [planned], now)
    tracked_tickets.wake(session, case.tracked_id, real_now())
    LOG.info("alert_escalated", case_id=case.id, step_id=first.id, do=planned.do)
    return True


def _is_over(case: RecoveryCase) -> bool:
    """Whether there is nothing to take any more: the case is closed, halted, or its ticket solved."""
    return case.open_key is None or case.halted_at is not None or case.stage in _SOLVED
