"""The sandbox's own pages: inbox, ticket with the sidebar app, and the customers' mail. Thin: see `acts`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as BaseResponse

from connectors.sandbox import acts, launch, mail, people, tickets
from connectors.sandbox.calls import desk
from connectors.sandbox.changes import Change
from connectors.sandbox.control import ticket_state
from connectors.sandbox.refusals import Malformed, Missing, Refusal
from connectors.sandbox.store import Db

site = Blueprint("pages", __name__)

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


@site.before_request
def _own_forms_only() -> Response | None:
    """A form on a stranger's page must not write here; browsers name the page a form came from."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin is not None and urlsplit(origin).netloc != request.host:
        return _problem("This form was sent from another site.", 403)
    return None


@site.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    status = 404 if isinstance(refusal, Missing) else 422
    return _problem(str(refusal), status)


def _problem(message: str, status: int) -> Response:
    return page("problem.html", status=status, message=message)


def page(name: str, *, status: int = 200, frame: str | None = None, **values: Any) -> Response:
    """A rendered page under a strict policy; `frame` is the one foreign origin it may show and post to."""
    frames, targets = (frame, f"'self' {frame}") if frame else ("'none'", "'self'")
    response = make_response(render_template(name, **values), status)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        f"frame-src {frames}; form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not stricter: the launch of the sidebar has to carry its Origin.
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


@site.app_template_filter("linked")
def linked(text: str) -> Markup:
    """Plain text with its web addresses as links."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(match[0]))
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


@site.get("/")
def inbox() -> Response:
    with desk().file.reading() as db:
        rows = db.execute("SELECT * FROM ticket WHERE status != 'deleted' ORDER BY generated DESC LIMIT 200").fetchall()
        shown = [ticket_state(db, tickets.ticket_of(row), full=False) for row in rows]
    return page("inbox.html", tickets=shown)


@site.post("/tickets")
def write() -> BaseResponse:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        outcome = acts.open_ticket(helpdesk, db, request.form.to_dict())
    return redirect(url_for("pages.ticket", ticket_id=outcome.ticket.id), 303)


@site.get("/tickets/<int:ticket_id>")
def short(ticket_id: int) -> BaseResponse:
    return redirect(url_for("pages.ticket", ticket_id=ticket_id))


@site.get("/agent/tickets/<int:ticket_id>")
def ticket(ticket_id: int) -> Response:
    """Under the same path as at the vendor, so that links to a ticket work here too."""
    helpdesk = desk()
    with helpdesk.file.reading() as db:
        found = tickets.get(db, ticket_id)
        agent = people.get(db, acts.agent_of(db, helpdesk, found))
        sidebar_url = helpdesk.setting(db, "sidebar_url")
        values: dict[str, Any] = {
            "ticket": ticket_state(db, found, full=True),
            "agent": agent,
            "agents": people.staff(db),
            "groups": [(row["id"], row["name"]) for row in db.execute("SELECT id, name FROM team ORDER BY id")],
            "priorities": tickets.PRIORITIES,
            "account": helpdesk.account,
            "closed_is_final": helpdesk.vendor.closed_is_final,
        }
    started = _launch(sidebar_url, agent.id) if sidebar_url else None
    return page("ticket.html", frame=started.origin if started else None, launch=started, **values)


def _launch(sidebar_url: str, agent_id: int) -> launch.Launch:
    origin = request.host_url.rstrip("/")
    return launch.make_launch(desk().account, sidebar_url=sidebar_url, page_origin=origin, agent_id=agent_id)


@site.post("/agent/tickets/<int:ticket_id>/reply")
def reply(ticket_id: int) -> BaseResponse:
    form = request.form
    wanted = {"as": form.get("as", "customer"), "text": form.get("text"), "public": form.get("kind") != "note"}
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        acts.say(helpdesk, db, ticket_id, wanted)
    return _back(ticket_id)


@site.post("/agent/tickets/<int:ticket_id>/act")
def act(ticket_id: int) -> BaseResponse:
    """One of the buttons: solve, reopen, close, rate good, rate bad, delete."""
    perform = _BUTTONS.get(request.form.get("act", ""))
    if perform is None:
        raise Malformed("there is no such button")
    with desk().file.writing() as db:
        perform(db, ticket_id)
    return _back(ticket_id) if request.form["act"] != "delete" else redirect(url_for("pages.inbox"), 303)


def _set_status(db: Db, ticket_id: int, status: str) -> None:
    helpdesk = desk()
    agent_id = acts.agent_of(db, helpdesk, tickets.get(db, ticket_id))
    helpdesk.update(db, ticket_id, Change(actor_id=agent_id, channel="web", values={"status": status}))


def _rate(db: Db, ticket_id: int, *, good: bool) -> None:
    helpdesk = desk()
    survey = helpdesk.setting(db, "csat") == "survey"
    score: Any = (5 if good else 1) if survey else ("good" if good else "bad")
    acts.rate(helpdesk, db, ticket_id, score=score, comment=request.form.get("comment", ""))


def _delete(db: Db, ticket_id: int) -> None:
    helpdesk = desk()
    helpdesk.remove(db, ticket_id, actor_id=acts.agent_of(db, helpdesk, tickets.get(db, ticket_id)))


_BUTTONS: dict[str, Callable[[Db, int], None]] = {
    "solve": lambda db, ticket_id: _set_status(db, ticket_id, "solved"),
    "reopen": lambda db, ticket_id: _set_status(db, ticket_id, "open"),
    "pending": lambda db, ticket_id: _set_status(db, ticket_id, "pending"),
    "rate_good": lambda db, ticket_id: _rate(db, ticket_id, good=True),
    "rate_bad": lambda db, ticket_id: _rate(db, ticket_id, good=False),
    "delete": _delete,
}


@site.post("/agent/tickets/<int:ticket_id>/properties")
def properties(ticket_id: int) -> BaseResponse:
    """Group, assignee, priority and tags; what the form leaves empty stays as it is."""
    form, helpdesk = request.form, desk()
    values: dict[str, Any] = {
        name: int(form[name]) for name in ("group_id", "assignee_id") if form.get(name, "").isdigit()
    }
    if form.get("priority"):
        values["priority"] = form["priority"]
    with helpdesk.file.writing() as db:
        agent_id = acts.agent_of(db, helpdesk, tickets.get(db, ticket_id))
        change = Change(
            actor_id=agent_id,
            channel="web",
            values=values,
            add_tags=tuple(form.get("add_tags", "").lower().split()),
            remove_tags=tuple(form.get("remove_tags", "").lower().split()),
        )
        helpdesk.update(db, ticket_id, change)
    return _back(ticket_id)


def _back(ticket_id: int) -> BaseResponse:
    return redirect(url_for("pages.ticket", ticket_id=ticket_id), 303)


@site.get("/mail")
def show_mail() -> Response:
    to = request.args.get("to") or None
    with desk().file.reading() as db:
        return page("mail.html", mails=mail.received(db, to=to), to=to)


@site.get("/sandbox/zaf_sdk.js")
def zaf_sdk() -> Response:
    """The app framework's client, for sidebars that cannot reach the vendor's."""
    return current_app.send_static_file("zaf_sdk.js")
