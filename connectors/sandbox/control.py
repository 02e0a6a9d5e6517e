"""The control surface under /sandbox/: playing people and staging trouble, in JSON. Not counted as API calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import acts, faults, mail, organizations, outbox, people, profiles, statuses, tickets
from connectors.sandbox.calls import answer, desk, payload, refuse
from connectors.sandbox.refusals import Invalid, Malformed, Refusal
from connectors.sandbox.store import Db
from connectors.sandbox.zendesk import wanted

api = Blueprint("control", __name__, url_prefix="/sandbox")
api.register_error_handler(Refusal, refuse)


@api.before_request
def _json_only() -> None:
    """A page of another origin can post a form here, but not JSON."""
    if request.method == "POST" and request.content_length and request.mimetype != "application/json":
        raise Malformed("send application/json")


def _body() -> dict[str, Any]:
    return payload() if request.content_length else {}


@api.post("/tickets")
def create() -> Response:
    body, helpdesk = _body(), desk()
    with helpdesk.file.writing() as db:
        outcome = acts.open_ticket(helpdesk, db, body)
    return answer({"id": outcome.ticket.id, "requester_id": outcome.ticket.requester_id}, 201)


@api.post("/tickets/<int:ticket_id>/comments")
def comment(ticket_id: int) -> Response:
    body, helpdesk = _body(), desk()
    with helpdesk.file.writing() as db:
        outcome = acts.say(helpdesk, db, ticket_id, body)
    return answer({"id": None if outcome.comment is None else outcome.comment.id, "status": outcome.ticket.status}, 201)


@api.post("/tickets/<int:ticket_id>/update")
def update(ticket_id: int) -> Response:
    """As an agent; takes what a ticket object of the vendor's API takes, and `agent_id`."""
    body, helpdesk = _body(), desk()
    with helpdesk.file.writing() as db:
        agent_id = acts.agent_of(db, helpdesk, tickets.get(db, ticket_id), body.get("agent_id"))
        change = wanted.change(body, people.get(db, agent_id), client="", deltas=True, channel="web")
        outcome = helpdesk.update(db, ticket_id, change)
    return answer({"id": ticket_id, "status": outcome.ticket.status, "tags": list(outcome.ticket.tags)})


@api.post("/tickets/<int:ticket_id>/rating")
def rating(ticket_id: int) -> Response:
    body, helpdesk = _body(), desk()
    with helpdesk.file.writing() as db:
        acts.rate(helpdesk, db, ticket_id, score=body.get("score"), comment=str(body.get("comment") or ""))
    return answer({"id": ticket_id}, 201)


@api.post("/tickets/<int:ticket_id>/redeliver")
def redeliver(ticket_id: int) -> Response:
    body, helpdesk = _body(), desk()
    with helpdesk.file.writing() as db:
        same, by_customer = bool(body.get("same_event")), bool(body.get("by_customer"))
        event_id = acts.redeliver(helpdesk, db, ticket_id, same_event=same, by_customer=by_customer)
    return answer({"event_id": event_id}, 202)


@api.post("/tickets/<int:ticket_id>/spam", defaults={"spam": True})
@api.post("/tickets/<int:ticket_id>/delete", defaults={"spam": False})
def remove(ticket_id: int, spam: bool) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        agent_id = acts.agent_of(db, helpdesk, tickets.get(db, ticket_id))
        helpdesk.remove(db, ticket_id, actor_id=agent_id, spam=spam)
    return answer({"id": ticket_id, "status": "deleted"})


@api.post("/tickets/<int:ticket_id>/restore")
def restore(ticket_id: int) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        outcome = helpdesk.restore(db, ticket_id, actor_id=helpdesk.account.agent_ids[0])
    return answer({"id": ticket_id, "status": outcome.ticket.status})


@api.post("/organizations")
def organization() -> Response:
    """`{name, domains}`; customers whose address has one of the domains belong to it from then on."""
    body, helpdesk = _body(), desk()
    domains = acts.words(body.get("domains"), "domains")
    with helpdesk.file.writing() as db:
        made = organizations.add(db, name=acts.required(body, "name"), domains=domains, now=helpdesk.now())
    return answer({"id": str(made.id)}, 201)


@api.post("/profiles/<int:owner_id>")
def profile(owner_id: int) -> Response:
    """`{fields}`: the fields of a customer or an organisation, by their keys."""
    body, helpdesk = _body(), desk()
    fields = body.get("fields")
    if not isinstance(fields, dict):
        raise Invalid({"fields": "Fields: must be an object"})
    with helpdesk.file.writing() as db:
        profiles.put(db, owner_id, fields)
    return answer({"id": str(owner_id)}, 201)


@api.post("/tickets/<int:ticket_id>/close")
def close(ticket_id: int) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        acts.close(helpdesk, db, ticket_id)
    return answer({"id": ticket_id, "status": "closed"})


@api.post("/tickets/<int:ticket_id>/merge")
def merge(ticket_id: int) -> Response:
    body, helpdesk = _body(), desk()
    with helpdesk.file.writing() as db:
        acts.merge(helpdesk, db, ticket_id, body.get("into"))
    return answer({"id": ticket_id, "status": "closed"})


@api.get("/tickets")
def index() -> Response:
    """All tickets by number, or with `newest` only so many, the last changed first."""
    external, newest = request.args.get("external_id"), request.args.get("newest", type=int)
    where, params = ("external_id = ?", (external,)) if external is not None else ("1", ())
    with desk().file.reading() as db:
        order = "id" if newest is None else f"generated DESC LIMIT {newest:d}"
        rows = db.execute(f"SELECT * FROM ticket WHERE {where} ORDER BY {order}", params).fetchall()
        found = [ticket_state(db, tickets.ticket_of(row), full=False) for row in rows]
    return answer({"tickets": found})


@api.get("/tickets/<int:ticket_id>.json")
def show(ticket_id: int) -> Response:
    with desk().file.reading() as db:
        ticket = tickets.find(db, ticket_id)
        if ticket is None:
            tickets.get(db, ticket_id)
        assert ticket is not None
        return answer(ticket_state(db, ticket, full=True))


def ticket_state(db: Db, ticket: tickets.Ticket, *, full: bool) -> dict[str, Any]:
    """Everything about a ticket, deleted ones too, with names. Large ids are text, for JavaScript's sake."""
    requester = people.get(db, ticket.requester_id)
    assignee = people.find(db, ticket.assignee_id) if ticket.assignee_id else None
    state: dict[str, Any] = {
        "id": ticket.id,
        "external_id": ticket.external_id,
        "subject": ticket.subject,
        "status": ticket.status,
        "status_label": statuses.label(db, ticket.status),
        "is_spam": ticket.is_spam,
        "organization_id": _text(ticket.organization_id),
        "priority": ticket.priority,
        "tags": list(ticket.tags),
        "custom_fields": dict(ticket.fields),
        "group_id": _text(ticket.group_id),
        "group": people.find_group_name(db, ticket.group_id) if ticket.group_id else None,
        "assignee_id": _text(ticket.assignee_id),
        "assignee": assignee.name if assignee else None,
        "requester": {"id": str(requester.id), "name": requester.name, "email": requester.email},
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }
    if full:
        state |= {"comments": _comments(db, ticket), "ratings": desk().vendor.ratings(db, ticket.id)}
    return state


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _comments(db: Db, ticket: tickets.Ticket) -> list[dict[str, Any]]:
    shown = []
    for item in tickets.comments(db, ticket.id):
        author = people.get(db, item.author_id)
        shown.append(
            {
                "id": str(item.id),
                "author_id": str(author.id),
                "author": author.name,
                "role": _role(ticket, author),
                "public": item.public,
                "text": item.body,
                "at": item.created_at,
                "custom": dict(item.custom),
            }
        )
    return shown


def _role(ticket: tickets.Ticket, author: people.Person) -> str:
    if author.id == people.SYSTEM_ID:
        return "bot"
    if author.is_staff:
        return "agent"
    return "customer" if author.id == ticket.requester_id else "copied"


@api.get("/outbox")
def show_outbox() -> Response:
    with desk().file.reading() as db:
        return answer(outbox.counts(db))


@api.get("/stats")
def stats() -> Response:
    """Calls of the vendor's API since the file was made; `deliveries` are webhook requests that arrived."""
    with desk().file.reading() as db:
        rows = {row["name"]: row["value"] for row in db.execute("SELECT * FROM counter ORDER BY name")}
        delivered = outbox.counts(db)["delivered"]
    by_call = {name.removeprefix("call:"): value for name, value in rows.items() if name.startswith("call:")}
    counts = {"reads": rows.get("reads", 0), "writes": rows.get("writes", 0), "deliveries": delivered}
    return answer({**counts, "by_call": by_call})


@api.get("/mail")
@api.get("/mail.json")
def show_mail() -> Response:
    with desk().file.reading() as db:
        return answer({"mail": [asdict(item) for item in mail.received(db, to=request.args.get("to"))]})


@api.get("/limits")
def show_limits() -> Response:
    return answer(asdict(desk().limits.plan))


@api.post("/limits")
def set_limits() -> Response:
    helpdesk = desk()
    plan = helpdesk.limits.change(_body())
    with helpdesk.file.writing() as db:
        helpdesk.keep_limits(db)
    return answer(asdict(plan))


@api.get("/faults")
def show_faults() -> Response:
    return answer({"faults": desk().faults.waiting()})


@api.post("/faults")
def plant_fault() -> Response:
    fault = faults.read(_body())
    desk().faults.plant(fault)
    return answer(asdict(fault), 201)


@api.delete("/faults")
def clear_faults() -> Response:
    desk().faults.clear()
    return Response(status=204)


@api.get("/settings")
def show_settings() -> Response:
    helpdesk = desk()
    with helpdesk.file.reading() as db:
        return answer(helpdesk.settings(db))


@api.post("/settings")
def set_settings() -> Response:
    body, helpdesk = _body(), desk()
    with helpdesk.file.writing() as db:
        _check_settings(body)
        for name, value in body.items():
            helpdesk.set(db, name, value)
        return answer(helpdesk.settings(db))


_RIGHT: Mapping[str, Any] = {
    "sidebar_url": lambda value: (
        value is None or (isinstance(value, str) and value.startswith(("http://", "https://")))
    ),
    "single_put_tag_deltas": lambda value: isinstance(value, bool),
    "csat": lambda value: value in ("survey", "legacy"),
    "rating_points": lambda value: value in (2, 3, 5, 7),
}


def _check_settings(body: Mapping[str, Any]) -> None:
    wrong = {
        name: f"{name}: is not a setting, or {value!r} is not right for it"
        for name, value in body.items()
        if name not in _RIGHT or not _RIGHT[name](value)
    }
    if wrong:
        raise Invalid(wrong)
