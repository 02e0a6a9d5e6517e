"""What an agent does to a person's step from the sidebar: tick it off, or have the engine do it. No routes.

A step that the engine does for a person goes through the outbox of all steps, so two clicks write once.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import audit, chores, desks, steps, tracked_tickets
from app.store.models import StepRow
from app.web.context import parts

#: What the engine may do in a person's stead: what an agent would otherwise do by hand at the helpdesk.
RUNNABLE = frozenset({"macro", "draft"})


def press(desk_id: int, ticket_id: str, step_id: int, what: str, *, by: str) -> bool:
    """Do `what` ("done" or "run") to a step of this ticket's. False where the ticket has no such step.

    Where the step does not wait any more nothing is changed: somebody was faster.
    """
    with parts().database.desk(desk_id) as session:
        row = _step(session, ticket_id, step_id)
        if row is None or (what == "run" and row.do not in RUNNABLE):
            return False
        if _changed(session, row, what, by) is None:
            return True
        did = "step.ticked" if what == "done" else "step.delegated"
        audit.record(session, by=by, did=did, what=f"step:{step_id}", at=real_now())
    log.get("web").info("casework", done=did, step_id=step_id, by=by)
    return True


def _step(session: Session, ticket_id: str, step_id: int) -> StepRow | None:
    tracked = tracked_tickets.find_by_ticket(session, ticket_id)
    if tracked is not None:
        # Before anything of the ticket's is changed, as every worker does.
        tracked_tickets.lock_all(session, [tracked.id])
    try:
        row = steps.get(session, step_id)
    except desks.NotFound:
        return None
    return row if tracked is not None and row.tracked_id == tracked.id else None


def _changed(session: Session, row: StepRow, what: str, by: str) -> int | None:
    if what == "done":
        return chores.tick(session, row.id, by, parts().clock.now())
    case_id = chores.delegate(session, row.id, by)
    if case_id is not None:
        tracked_tickets.wake(session, row.tracked_id, real_now())
    return case_id
