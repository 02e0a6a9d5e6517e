"""One ticket under watch, with or without a case: its scores, and what protocols decided on it and why not."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app.connect import KINDS
from app.store import desks, stories, tracked_tickets
from app.store.models import Role
from app.web.access import requires
from app.web.context import desk_id, parts

blueprint = Blueprint("tickets", __name__, url_prefix="/tickets")


@blueprint.get("/<ticket_id>")
@requires(Role.AGENT)
def show(ticket_id: str) -> ResponseReturnValue:
    """By the helpdesk's own ticket id."""
    with parts().database.desk(desk_id(), read=True) as session:
        tracked = tracked_tickets.find_by_ticket(session, ticket_id)
        if tracked is None:
            abort(404)
        story = stories.of_ticket(session, tracked)
        decisions = stories.last_decisions(session, tracked.id)
        desk = desks.get(session, desk_id())
    return render_template(
        "tickets/show.html",
        story=story,
        decisions=decisions,
        ticket_url=KINDS[desk.kind].ticket_url(
            subdomain=desk.subdomain, base_url=desk.base_url, ticket_id=tracked.ticket_id
        ),
        now=parts().clock.now(),
    )
