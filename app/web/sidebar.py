"""The agent's sidebar inside the helpdesk. Opened by the helpdesk's signed token, then a bearer from the page's memory;
no cookie anywhere. What it advises is in `advice`; what its buttons do to steps in `sidebar_steps`.
"""

from __future__ import annotations

from flask import Blueprint, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from app import log
from app.clock import real_now
from app.scoring import reply_check
from app.settings import is_loopback
from app.store import desks, insights, launches, stories, tracked_tickets
from app.store.database import Purpose
from app.store.models import Desk
from app.web import advice, corrections, headers, opinions, sidebar_steps
from app.web.access import public, requires_launch
from app.web.context import launched, parts
from app.web.launch_token import BadLaunch, address_of, verify

blueprint = Blueprint("sidebar", __name__, url_prefix="/sidebar/zendesk")

LONGEST_TICKET_ID = 20  #: digits

#: Seconds between two looks at a ticket; a sandbox is watched by somebody who waits for something to happen.
EVERY, EVERY_ON_SANDBOX = 15, 3


@blueprint.get("")
@public
def explain() -> ResponseReturnValue:
    """For a person who opens the address by hand."""
    return render_template("sidebar/explain.html")


@blueprint.post("")
@public
def launch() -> ResponseReturnValue:
    token = request.form.get("token", "")
    try:
        address = address_of(token)
        with parts().database.system(Purpose.SIGN_IN, read=True) as session:
            desk = desks.find_by_installation(session, address.installation_id, address.subdomain)
        if desk is None:
            raise BadLaunch("no such installation")
        g.frame_origin = launches.frame_origin(desk.subdomain, desk.base_url)
        verified = verify(token, str(desk.sidebar.get("public_key", "")), address)
    except BadLaunch as error:
        return _refuse(str(error))
    with parts().database.desk(desk.id) as session:
        bearer = launches.open_launch(
            session, desk.id, token_id=verified.token_id, agent_id=verified.agent_id, now=real_now()
        )
    return _refuse("used before") if bearer is None else _shell(desk, bearer)


@blueprint.get("/ticket/<ticket_id>")
@requires_launch
def ticket(ticket_id: str) -> ResponseReturnValue:
    """What is known of one ticket of the launch's own desk, as a fragment of HTML."""
    with parts().database.desk(launched().desk_id, read=True) as session:
        standing = stories.standing(session, ticket_id)
        if standing is None:
            abort(404)
        now = parts().clock.now()
        page = render_template(
            "sidebar/ticket.html",
            standing=standing,
            classes=insights.classes(session, launched().desk_id),
            opinion=opinions.asked(session, standing.ticket, _agent()),
            advice=advice.of(session, standing, now),
            now=now,
        )
    answer = make_response(page)
    answer.add_etag()
    return answer.make_conditional(request)


@blueprint.post("/ticket/<ticket_id>/watch")
@requires_launch
def watch(ticket_id: str) -> ResponseReturnValue:
    """An agent looks at a ticket that nobody has told us of: it is read now. The page looks again until it was."""
    if not (ticket_id.isascii() and ticket_id.isdigit() and len(ticket_id) < LONGEST_TICKET_ID):
        abort(404)
    with parts().database.desk(launched().desk_id) as session:
        noticed = tracked_tickets.notice(session, launched().desk_id, ticket_id, real_now())
    if noticed:
        log.get("web").info("ticket_noticed", desk_id=launched().desk_id, by=_agent())
    return "", 202


@blueprint.post("/check")
@requires_launch
def check() -> ResponseReturnValue:
    """What a draft of a reply misses, as a fragment; the draft is read and forgotten."""
    checked = reply_check.check(request.form.get("reply", ""))
    return render_template("sidebar/check.html", checked=checked)


@blueprint.post("/ticket/<ticket_id>/steps/<id:step_id>/<any(done, run):what>")
@requires_launch
def step(ticket_id: str, step_id: int, what: str) -> ResponseReturnValue:
    """The agent ticks their step off, or has it done; the fragment as it is then, also where somebody was faster."""
    if not sidebar_steps.press(launched().desk_id, ticket_id, step_id, what, by=_agent()):
        abort(404)
    return ticket(ticket_id)


@blueprint.post("/ticket/<ticket_id>/cause")
@requires_launch
def correct(ticket_id: str) -> ResponseReturnValue:
    """The agent says what went wrong; the fragment as it is then. The bearer is what no other site can send."""
    try:
        known = corrections.correct(launched().desk_id, ticket_id, request.form, by=f"agent {launched().agent_id}")
    except ValueError:
        abort(400)
    if not known:
        abort(404)
    return ticket(ticket_id)


@blueprint.post("/ticket/<ticket_id>/opinion")
@requires_launch
def opine(ticket_id: str) -> ResponseReturnValue:
    """The agent agrees with the score or does not; the fragment as it is then, maybe with a newer score."""
    try:
        opinions.give(launched().desk_id, ticket_id, request.form, by=_agent())
    except ValueError:
        abort(400)
    return ticket(ticket_id)


def _agent() -> str:
    return f"agent:{launched().agent_id}"


def _refuse(why: str) -> ResponseReturnValue:
    log.get("web").warning("launch_refused", reason=why)
    return render_template("sidebar/refused.html"), 401


def _shell(desk: Desk, bearer: str) -> ResponseReturnValue:
    sandbox = desk.base_url is not None and is_loopback(desk.base_url)
    sdk = f"{desk.base_url}/sandbox/zaf_sdk.js" if sandbox else parts().settings.zaf_sdk_url
    g.zaf_sdk_url = headers.script_source(sdk)
    return render_template("sidebar/shell.html", bearer=bearer, sdk=sdk, every=EVERY_ON_SANDBOX if sandbox else EVERY)
