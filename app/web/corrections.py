"""A person's word on what went wrong with a ticket, from a page or from the sidebar."""

from __future__ import annotations

from collections.abc import Mapping

from app import log
from app.clock import real_now
from app.store import audit, insights, tracked_tickets
from app.web.context import parts
from app.words import FaultSide


def correct(desk_id: int, ticket_id: str, form: Mapping[str, str], *, by: str) -> bool:
    """Store a correction and have the ticket looked at again, since protocols may go by it. False for no such ticket.

    `by` is "account 7" or "agent 4001"; with a colon between, the audit log knows them.
    Raises ValueError for a class or a side that there is not.
    """
    wanted = form.get("fault", "")
    if wanted and wanted not in set(FaultSide):
        raise ValueError(f"fault: must be one of {', '.join(FaultSide)}: {wanted[:60]!r}")
    side = FaultSide(wanted) if wanted else None
    with parts().database.desk(desk_id) as session:
        row = tracked_tickets.find_by_ticket(session, ticket_id)
        if row is None:
            return False
        insights.correct(session, row, form.get("cause", ""), side, by=by)
        learned = insights.learn(session, row, parts().clock.now())
        tracked_tickets.wake(session, row.id, real_now())
        tracked_id = row.id
        told = {"cause": row.cause_class, "fault": side}
        whose, what = by.replace(" ", ":", 1), f"ticket:{ticket_id}"
        audit.record(session, by=whose, did="cause.corrected", what=what, detail=told, at=real_now())
    log.get("web").info("cause_corrected", desk_id=desk_id, tracked_id=tracked_id, by=by, learned=learned)
    return True
