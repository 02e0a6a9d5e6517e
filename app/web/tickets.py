"""One ticket under watch, with or without a case: its scores, and what protocols decided on it and why not."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import why
from app.connect import KINDS
from app.store import desks, insights, stories, tracked_tickets
from app.store.models import ProtocolRow, ProtocolVersion, Role
from app.web import corrections
from app.web.access import requires
from app.web.context import desk_id, parts, visitor

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
        classes = insights.classes(session, desk.id)
    return render_template(
        "tickets/show.html",
        story=story,
        decisions=decisions,
        classes=classes,
        said="Saved. Protocols look at the ticket again in a moment." if "corrected" in request.args else "",
        ticket_url=KINDS[desk.kind].ticket_url(
            subdomain=desk.subdomain, base_url=desk.base_url, ticket_id=tracked.ticket_id
        ),
        now=parts().clock.now(),
    )


@blueprint.get("/<ticket_id>/why")
@requires(Role.AGENT)
def explain(ticket_id: str) -> ResponseReturnValue:
    """Why and why not: every protocol by default, else the version that the address names (`of=3.2`)."""
    wanted = request.args.get("of", "")
    with parts().database.desk(desk_id(), read=True) as session:
        known = why.versions(session)
        chosen = next(
            ((row.name, version.number) for row, all_ in known for version in all_ if wanted == of(row, version)), None
        )
        if wanted and chosen is None:
            abort(404)
        name, number = chosen or (None, None)
        try:
            answer = why.ask(session, ticket_id, parts().clock.now(), protocol=name, version=number)
        except why.Unknown:
            abort(404)
    return render_template("tickets/why.html", answer=answer, known=known, wanted=wanted, of=of)


def of(row: ProtocolRow, version: ProtocolVersion) -> str:
    """A version as an address names it."""
    return f"{row.id}.{version.number}"


@blueprint.post("/<ticket_id>/cause")
@requires(Role.AGENT)
def correct(ticket_id: str) -> ResponseReturnValue:
    """A person says what went wrong; back to the page it was said on."""
    try:
        known = corrections.correct(desk_id(), ticket_id, request.form, by=f"account {visitor().account_id}")
    except ValueError:
        abort(400)
    if not known:
        abort(404)
    case = request.form.get("case", "")
    if case.isdecimal() and len(case) <= 18:
        return redirect(url_for("cases.show", case_id=int(case), said="corrected"), 303)
    return redirect(url_for("tickets.show", ticket_id=ticket_id, corrected=1), 303)
