"""The first page: how things stand and what to do next; and the switch between one's desks."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.clock import real_now
from app.store import deliveries, desks, protocols, queue
from app.store.models import Desk, DeskState, Role, VersionState
from app.web import sessions
from app.web.access import requires, signed_in
from app.web.context import Visitor, desk_id, parts, visitor
from app.web.paths import local
from app.words import CaseStage

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something a person should do next."""

    text: str
    link: str | None = None
    urgent: bool = False


@blueprint.get("/")
@requires(Role.AGENT)
def index() -> ResponseReturnValue:
    with parts().database.desk(desk_id(), read=True) as session:
        desk = desks.get(session, desk_id())
        stages = queue.count_by_stage(session)
        attention = queue.attention(session)
        page = {
            "desk": desk,
            "stages": stages,
            "open_cases": sum(stages[stage] for stage in queue.open_stages()),
            "recovered": stages[CaseStage.RECOVERED],
            "states": queue.count_by_state(session),
            "at_risk": queue.at_risk(session),
            "stuck": queue.stuck_cases(session),
            "coverage": queue.coverage(session),
            "advice": _advice(session, desk, attention, visitor()),
            "now": parts().clock.now(),
        }
    return render_template("home/index.html", **page)


@blueprint.post("/desk")
@signed_in
def switch() -> ResponseReturnValue:
    """Work on another of one's desks."""
    wanted = request.form.get("desk", "")
    place = next((place for place in visitor().places if str(place.desk_id) == wanted), None)
    if place is None:
        abort(404)
    response = make_response(redirect(local(request.form.get("next")), 303))
    sessions.choose_desk(response, place.desk_id)
    return response


def _advice(session: Session, desk: Desk, attention: queue.Attention, who: Visitor) -> list[Advice]:
    """What stands in the way first, then what waits for a person, then how to go on."""
    found: list[Advice] = []
    if desk.state is DeskState.PAUSED:
        found.append(
            Advice(text=f"This desk is paused: {desk.reason or 'no reason given'}.", link="/desks", urgent=True)
        )
    elif desk.blocked_until and desk.blocked_until > real_now():
        found.append(Advice(text="The helpdesk asked us to wait before calling it again.", link="/desks"))
    if attention.steps or attention.invitations:
        number = attention.steps + attention.invitations
        found.append(
            Advice(
                text=f"{number} {'step waits' if number == 1 else 'steps wait'} for a person's word.",
                link="#stuck",
                urgent=True,
            )
        )
    if attention.dead_tickets and who.sees(Role.ADMIN):
        text = f"{attention.dead_tickets} tickets were given up after repeated errors."
        found.append(Advice(text=text, link="/deliveries?state=dead", urgent=True))
    return found + _beginnings(session)


def _beginnings(session: Session) -> list[Advice]:
    if not any(version.state is VersionState.PUBLISHED for _row, version in protocols.all_of(session)):
        return [Advice(text="No protocol is in force, so nothing will be done yet. Publish one.", link="/protocols")]
    if deliveries.last_received_at(session) is None:
        return [
            Advice(text="The helpdesk has not sent anything yet. Check its webhook, or write a ticket.", link="/desks")
        ]
    return []
