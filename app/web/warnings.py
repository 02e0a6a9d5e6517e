"""Early warnings: open tickets that are about to turn, and how long there is to act before they do."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.store import desks, outlooks, worklist
from app.store.models import Role
from app.web import case_page
from app.web.access import requires
from app.web.context import desk_id, parts

blueprint = Blueprint("warnings", __name__, url_prefix="/warnings")


@blueprint.get("")
@requires(Role.AGENT)
def index() -> ResponseReturnValue:
    team, page = request.args.get("team", "")[:64], request.args.get("page", "")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
    with parts().database.desk(desk_id(), read=True) as session:
        found = outlooks.about_to_turn(session, group_id=team or None, page=number)
        groups = worklist.groups(session)
        desk = desks.get(session, desk_id())
    return render_template(
        "warnings/index.html",
        found=found,
        groups=groups,
        team=team,
        ticket_url=lambda ticket_id: case_page.ticket_url(desk, ticket_id),
        now=parts().clock.now(),
    )
