"""Turning a case round: its ticket is read again and decided on anew, or what the case changed is set back."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import cases, desks, tracked_tickets
from app.store.models import RecoveryCase, Role
from app.web import case_page
from app.web.access import requires
from app.web.case_page import Trouble
from app.web.context import desk_id, parts, visitor
from tasks import undoing
from tasks.undoing import CannotUndo

blueprint = Blueprint("case_turns", __name__, url_prefix="/cases")


@blueprint.post("/<id:case_id>/look")
@requires(Role.AGENT)
def look_again(case_id: int) -> ResponseReturnValue:
    """Read the ticket at the helpdesk again, and have every protocol decide, also on facts that are as they were."""
    with parts().database.desk(desk_id()) as session:
        case = _case(session, case_id)
        tracked_tickets.lock(session, case.tracked_id)
        ticket = tracked_tickets.get(session, case.tracked_id)
        gone = ticket.erased_at is not None
        if not gone:
            ticket.facts_digest = None
            session.flush()
            tracked_tickets.wake(session, ticket.id, real_now())
            case_page.record(session, "case.looked_again", case_id)
    return _said("late" if gone else "looking", case_id)


@blueprint.post("/<id:case_id>/undo")
@requires(Role.LEAD)
def undo(case_id: int) -> ResponseReturnValue:
    """End the case and set back what it changed, with a reason."""
    reason = request.form.get("reason", "")
    trouble = case_page.reason_trouble("undo", reason)
    if trouble is None:
        trouble = _undone(case_id, reason)
    if trouble is not None:
        return case_page.render(case_id, trouble=trouble), 422
    return _said("undone", case_id)


def _undone(case_id: int, reason: str) -> Trouble | None:
    """None once it is; else what is in the way."""
    try:
        with parts().database.desk(desk_id()) as session:
            case = _case(session, case_id)
            tickets = undoing.undo(session, case, reason=reason, by=visitor().email, now=parts().clock.now())
            case_page.record(session, "case.undone", case_id, tickets=tickets)
    except CannotUndo as error:
        return Trouble(form="undo", message=str(error), reason=reason)
    return None


def _case(session: Session, case_id: int) -> RecoveryCase:
    try:
        return cases.get(session, case_id)
    except desks.NotFound:
        abort(404)


def _said(what: str, case_id: int) -> ResponseReturnValue:
    log.get("web").info("case_turned", turn=what, case_id=case_id, account_id=visitor().account_id)
    return redirect(url_for("cases.show", case_id=case_id, said=what), 303)
