"""The ticket endpoints: show, list, create, update, tags, comments, audits, metrics, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import fates, organizations, people, profiles, ratings, tickets
from connectors.sandbox.changes import Change, Outcome
from connectors.sandbox.refusals import Malformed
from connectors.sandbox.store import Db
from connectors.sandbox.zendesk import metrics, wanted
from connectors.sandbox.zendesk.answers import Listing, actor, answer, desk, ids_argument, number, paged, payload
from connectors.sandbox.zendesk.shapes import (
    audit_json,
    organization_json,
    show_audit,
    show_comment,
    show_ticket,
    ticket_json,
    user_json,
)

api = Blueprint("zendesk_tickets", __name__)


def with_rating(db: Db, ticket: tickets.Ticket) -> dict[str, Any]:
    """The ticket with what is told of it one by one: its rating, its follow-ups, and the ticket it goes on from."""
    body = ticket_json(ticket, ratings.find_legacy(db, ticket.id)) | {"followup_ids": fates.follow_ups(db, ticket.id)}
    source_id = fates.source_of(db, ticket.id)
    if source_id is not None:
        body["via"] = {"channel": ticket.channel, "source": {"from": {"ticket_id": source_id}, "rel": "follow_up"}}
    return body


def _written(outcome: Outcome, db: Db, status: int = 200) -> Response:
    return answer({"ticket": with_rating(db, outcome.ticket), "audit": audit_json(outcome.audit)}, status)


def read_change(body: dict[str, Any], db: Db) -> Change:
    """The change a ticket object asks for. Raises Malformed."""
    deltas = bool(desk().setting(db, "single_put_tag_deltas"))
    return wanted.change(body, actor(), client=request.user_agent.string, deltas=deltas)


@api.get("/tickets")
def index() -> Response:
    external = request.args.get("external_id")
    where = "status != 'deleted'" if external is None else "status != 'deleted' AND external_id = ?"
    params = () if external is None else (external,)
    with desk().file.reading() as db:
        return answer(paged(db, Listing(name="tickets", table="ticket", show=show_ticket, where=where, params=params)))


@api.get("/tickets/show_many")
def show_many() -> Response:
    ids, include = ids_argument(), request.args.get("include", "").split(",")
    with desk().file.reading() as db:
        kept = [ticket for one in ids if (ticket := tickets.find(db, one)) and ticket.status != "deleted"]
        shown = [with_rating(db, ticket) for ticket in kept]
        if "comment_count" in include:
            shown = [{**one, "comment_count": tickets.count_comments(db, one["id"])} for one in shown]
        body: dict[str, Any] = {"tickets": shown, "next_page": None, "previous_page": None, "count": len(shown)}
        if "users" in include:
            ids = sorted({who for one in kept for who in (one.requester_id, one.submitter_id, one.assignee_id) if who})
            body["users"] = _people(db, ids)
        if "organizations" in include:
            body["organizations"] = _homes(db, sorted({one.organization_id for one in kept if one.organization_id}))
    return answer(body)


def _people(db: Db, ids: list[int]) -> list[dict[str, Any]]:
    return [user_json(one) | {"user_fields": profiles.of(db, one.id)} for one in people.many(db, ids)]


def _homes(db: Db, ids: list[int]) -> list[dict[str, Any]]:
    found = organizations.many(db, ids)
    return [organization_json(one) | {"organization_fields": profiles.of(db, one.id)} for one in found]


@api.get("/tickets/<int:ticket_id>")
def show(ticket_id: int) -> Response:
    with desk().file.reading() as db:
        ticket = tickets.get(db, ticket_id)
        body: dict[str, Any] = {"ticket": with_rating(db, ticket)}
        include = request.args.get("include", "").split(",")
        if "users" in include:
            ids = [ticket.requester_id, ticket.submitter_id, *([ticket.assignee_id] if ticket.assignee_id else [])]
            body["users"] = _people(db, ids)
        if "organizations" in include:
            body["organizations"] = _homes(db, [ticket.organization_id] if ticket.organization_id else [])
    return answer(body)


@api.post("/tickets")
def create() -> Response:
    body = payload("ticket")
    # A description is the older way to give the first comment.
    if "comment" not in body and isinstance(body.get("description"), str):
        body = {**body, "comment": {"body": body["description"]}}
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        change = read_change(body, db)
        requester_id = _requester(db, body)
        comment = change.comment
        if comment is not None and comment.author_id is None:
            comment = replace(comment, author_id=requester_id)
        source_id = number(body["via_followup_source_id"], "via_followup_source_id") if _follows(body) else None
        if source_id is not None:
            fates.check_source(db, source_id)
        values = {name: value for name, value in change.values.items() if name not in ("requester_id", "subject")}
        outcome = helpdesk.create(
            db,
            replace(change, values=values, comment=comment, stamp=None),
            requester_id=requester_id,
            subject=change.values.get("subject") or "",
        )
        if source_id is not None:
            fates.follow_up(db, outcome.ticket.id, source_id)
        return _written(outcome, db, 201)


def _follows(body: dict[str, Any]) -> bool:
    return body.get("via_followup_source_id") is not None


def _requester(db: Db, body: dict[str, Any]) -> int:
    """The requester by id or by name and address (made where unknown); without either, the caller. Raises Malformed."""
    given = body.get("requester")
    if isinstance(given, dict):
        email = given.get("email")
        if not isinstance(email, str) or "@" not in email:
            raise Malformed("requester needs an email")
        return people.customer(db, name=str(given.get("name") or ""), email=email, now=desk().now()).id
    if body.get("requester_id"):
        return people.get(db, number(body["requester_id"], "requester_id")).id
    return actor().id


@api.put("/tickets/<int:ticket_id>")
def update(ticket_id: int) -> Response:
    body = payload("ticket")
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        return _written(helpdesk.update(db, ticket_id, read_change(body, db)), db)


@api.delete("/tickets/<int:ticket_id>")
def delete(ticket_id: int) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        helpdesk.remove(db, ticket_id, actor_id=actor().id)
    return Response(status=204)


@api.put("/tickets/<int:ticket_id>/mark_as_spam")
def mark_as_spam(ticket_id: int) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        helpdesk.remove(db, ticket_id, actor_id=actor().id, spam=True)
    return answer({})


#: The vendor leaves out tags that nobody used for 60 days; here none are left out.
_TAGS = """(SELECT ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, value) AS id, value AS name, COUNT(*) AS count
    FROM ticket, json_each(ticket.tags) GROUP BY value)"""


@api.get("/tags")
def index_tags() -> Response:
    """The tags in use, the most used first."""
    with desk().file.reading() as db:
        listing = Listing(name="tags", table=_TAGS, show=lambda row: {"name": row["name"], "count": row["count"]})
        return answer(paged(db, listing))


@api.get("/tickets/<int:ticket_id>/tags")
def show_tags(ticket_id: int) -> Response:
    with desk().file.reading() as db:
        return answer({"tags": list(tickets.get(db, ticket_id).tags)})


@api.route("/tickets/<int:ticket_id>/tags", methods=["POST", "PUT", "DELETE"])
def change_tags(ticket_id: int) -> Response:
    """POST sets, PUT adds, DELETE removes; each takes the two members of a safe update."""
    body = payload()
    given = wanted.tags(body.get("tags"))
    asked = {
        "POST": {"values": {"tags": given}},
        "PUT": {"add_tags": given},
        "DELETE": {"remove_tags": given},
    }[request.method]
    change = Change(actor_id=actor().id, client=request.user_agent.string, stamp=wanted.stamp(body), **asked)  # type: ignore[arg-type]
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        outcome = helpdesk.update(db, ticket_id, change)
    return answer({"tags": list(outcome.ticket.tags)}, 201 if request.method == "POST" else 200)


@api.get("/tickets/<int:ticket_id>/comments")
def comments(ticket_id: int) -> Response:
    with desk().file.reading() as db:
        tickets.get(db, ticket_id)
        body = paged(
            db, Listing(name="comments", table="comment", show=show_comment, where="ticket_id = ?", params=(ticket_id,))
        )
        if "users" in request.args.get("include", "").split(","):
            ids = sorted({comment["author_id"] for comment in body["comments"]})
            body["users"] = [user_json(person) for person in people.many(db, ids)]
    return answer(body)


@api.get("/tickets/<int:ticket_id>/comments/count")
def comments_count(ticket_id: int) -> Response:
    with desk().file.reading() as db:
        tickets.get(db, ticket_id)
        return answer({"count": {"value": tickets.count_comments(db, ticket_id), "refreshed_at": desk().now()}})


@api.get("/tickets/<int:ticket_id>/audits")
def audits(ticket_id: int) -> Response:
    with desk().file.reading() as db:
        tickets.get(db, ticket_id)
        listing = Listing(name="audits", table="audit", show=show_audit, where="ticket_id = ?", params=(ticket_id,))
        return answer(paged(db, listing))


@api.get("/tickets/<int:ticket_id>/metrics")
def show_metrics(ticket_id: int) -> Response:
    with desk().file.reading() as db:
        ticket = tickets.get(db, ticket_id)
        body = metrics.measured(ticket, tickets.audits(db, ticket_id), _staff_comments(db, ticket_id))
    return answer({"ticket_metric": body})


def _staff_comments(db: Db, ticket_id: int) -> list[tuple[tickets.Comment, bool]]:
    """Every comment with whether an agent wrote it."""
    return [(comment, people.get(db, comment.author_id).is_staff) for comment in tickets.comments(db, ticket_id)]
