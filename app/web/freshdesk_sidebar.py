"""What the Freshworks app shows of a ticket: read-only, as JSON that its page writes out as text.

Freshworks signs nothing, and its page runs in an agent's browser. So nobody's word for who is asking counts: the app's
request template proves which desk it is by that desk's key. It gets no customer's words: the ticket's number comes from
the browser, and which tickets that agent may see is not known here.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import log
from app.store import desks, stories
from app.store.database import Purpose
from app.store.sign_ins import hashed
from app.store.stories import Standing
from app.web.access import bearer, public
from app.web.context import parts
from app.web.wording import STAGES, STATES, STEPS, reason, step_line

blueprint = Blueprint("freshdesk_sidebar", __name__, url_prefix="/sidebar/freshdesk")

REASONS = 3


@blueprint.post("")
@public
def show() -> ResponseReturnValue:
    """The score of the ticket that the body names as `ticket_id`, if it is one of this desk's."""
    desk_id = _desk_of(bearer() or "")
    if desk_id is None:
        log.get("web").warning("launch_refused", reason="no desk has this key")
        return {"error": "this app's key belongs to no desk"}, 401
    given = request.get_json(silent=True)
    ticket_id = str(given.get("ticket_id", "")) if isinstance(given, dict) else ""
    if not (ticket_id.isascii() and ticket_id.isdigit() and len(ticket_id) < 20):
        return {"error": "ticket_id: not a ticket's number"}, 400
    with parts().database.desk(desk_id, read=True) as session:
        standing = stories.standing(session, ticket_id)
        if standing is None:
            return {"error": "not under watch yet"}, 404
        return _told(standing)


def _desk_of(key: str) -> int | None:
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        desk = desks.find_by_sidebar_key(session, hashed(key))
        return None if desk is None else desk.id


def _told(standing: Standing) -> dict[str, Any]:
    ticket = standing.ticket
    told: dict[str, Any] = {
        "ticket_id": ticket.ticket_id,
        "state": STATES[ticket.state] if ticket.state else "Not scored yet",
        "mood": ticket.state or "unknown",
        "score": None,
        "change": None,
        "sentence": ticket.unscored_reason or "The first reading is on its way.",
        "reasons": [],
        "case": _case(standing),
    }
    if standing.scores:
        last = standing.scores[-1]
        told |= {"score": last.score, "change": last.change, "sentence": ""}
        told["reasons"] = [{"text": reason(part.signal), "lowers": part.logit < 0} for part in last.reasons[:REASONS]]
    return told


def _case(standing: Standing) -> dict[str, Any] | None:
    if standing.case is None:
        return None
    return {
        "protocol": standing.protocol,
        "stage": STAGES[standing.case.stage],
        "steps": [{"text": step_line(step), "state": STEPS[step.state]} for step in standing.steps],
    }
