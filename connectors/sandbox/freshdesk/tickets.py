"""The ticket endpoints: show, list, create, update, conversations, reply, notes, trash and spam, merge, bulk update."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import acts, people, tickets
from connectors.sandbox.changes import Change
from connectors.sandbox.freshdesk import wanted
from connectors.sandbox.freshdesk.answers import Listing, actor, answer, body, chosen, desk, included, only, paged
from connectors.sandbox.freshdesk.errors import Fault, Wrong
from connectors.sandbox.freshdesk.shapes import (
    conversation_json,
    embedded,
    show_conversation,
    ticket_json,
    whole_ticket_json,
)
from connectors.sandbox.freshdesk.wanted import CREATABLE, Reading
from connectors.sandbox.refusals import Missing
from connectors.sandbox.stamps import iso, read_iso
from connectors.sandbox.store import Db, Row
from connectors.sandbox.tickets import Ticket, ticket_of

api = Blueprint("freshdesk_tickets", __name__)

#: Lists without `updated_since` show what was made in this time only.
_RECENT = timedelta(days=30)
_LISTED = frozenset(
    {
        "filter",
        "requester_id",
        "email",
        "company_id",
        "updated_since",
        "order_by",
        "order_type",
        "include",
        "page",
        "per_page",
    }
)
_FILTERS = ("new_and_my_open", "watching", "spam", "deleted")
_ORDERS = ("created_at", "due_by", "updated_at", "status")
_EMBEDDED = ("conversations", "requester", "company", "stats")
_LIST_EMBEDDED = ("requester", "company", "stats", "description")


@api.get("/tickets/<int:ticket_id>")
def show(ticket_id: int) -> Response:
    """Deleted ones and spam too, with their flags."""
    only({"include"})
    names = included(_EMBEDDED)
    with desk().file.reading() as db:
        ticket = _any(db, ticket_id)
        return answer({**whole_ticket_json(db, ticket), **embedded(db, ticket, names)})


def _any(db: Db, ticket_id: int) -> Ticket:
    """Raises Missing; a deleted ticket is there."""
    ticket = tickets.find(db, ticket_id)
    if ticket is None:
        raise Missing(f"no ticket {ticket_id}")
    return ticket


@api.get("/tickets")
def index() -> Response:
    only(_LISTED)
    names = included(_LIST_EMBEDDED)
    order = f"{chosen('order_by', _ORDERS, 'created_at')} {chosen('order_type', ('asc', 'desc'), 'desc')}"
    # Nothing falls due in the sandbox, so that order is the one of making.
    order = order.replace("due_by", "created_at")

    def listed(db: Db, row: Row) -> dict[str, Any]:
        ticket = ticket_of(row)
        return {**ticket_json(db, ticket), **embedded(db, ticket, names)}

    with desk().file.reading() as db:
        where, params = _condition(db)
        return paged(db, Listing(table="ticket", show=listed, where=where, params=params, order=f"{order}, id"))


def _condition(db: Db) -> tuple[str, tuple[Any, ...]]:
    """The sql condition that the query's filters make. Raises Wrong."""
    which = chosen("filter", (*_FILTERS, ""), "")
    parts: list[tuple[str, list[Any]]] = [_sort(which)]
    if request.args.get("updated_since"):
        parts.append(("updated_at >= ?", [_moment("updated_since")]))
    elif which not in ("spam", "deleted"):
        parts.append(("created_at >= ?", [iso(desk().clock() - _RECENT)]))
    if request.args.get("requester_id"):
        parts.append(("requester_id = ?", [request.args["requester_id"]]))
    if request.args.get("company_id"):
        parts.append(("organization_id = ?", [request.args["company_id"]]))
    if request.args.get("email"):
        person = people.find_by_email(db, request.args["email"])
        parts.append(("requester_id = ?", [0 if person is None else person.id]))
    return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


def _sort(which: str) -> tuple[str, list[Any]]:
    if which == "spam":
        return "is_spam", []
    if which == "deleted":
        return "status = 'deleted' AND NOT is_spam", []
    if which == "new_and_my_open":
        return "status = 'open' AND coalesce(assignee_id, ?) = ?", [actor().id, actor().id]
    # Nobody watches a ticket in the sandbox.
    return ("0", []) if which == "watching" else ("status != 'deleted'", [])


def _moment(name: str) -> str:
    try:
        return iso(read_iso(request.args[name]))
    except ValueError as error:
        message = "The value set is of type String.It should be a/an Date in the ISO8601 format"
        raise Wrong([Fault(field=name, message=message, code="invalid_date")]) from error


@api.post("/tickets")
def create() -> Response:
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        reading = Reading(db, given, CREATABLE)
        subject, description = reading.required("subject"), reading.required("description")
        if given.get("requester_id") is None and "email" not in given:
            reading.faults.append(
                Fault(field="requester_id", message="Any one of them is required", code="missing_field")
            )
        channel = reading.source(given.get("source", 2))
        values = reading.ticket().values
        requester_id = values.pop("requester_id", None) or _contact(db, given)
        values.pop("subject", None)
        comment, custom = wanted.words(description, public=True, author_id=requester_id, note=False)
        change = Change(
            actor_id=actor().id,
            channel=channel,
            client=request.user_agent.string,
            cc_ids=tuple(_contact(db, {"email": email}) for email in given.get("cc_emails") or ()),
            values=values,
            fields=reading.fields,
            comment=comment,
            custom=custom,
        )
        outcome = helpdesk.create(db, change, requester_id=requester_id, subject=subject)
        return answer(whole_ticket_json(db, outcome.ticket), 201)


def _contact(db: Db, given: dict[str, Any]) -> int:
    return people.customer(db, name=str(given.get("name") or ""), email=str(given["email"]), now=desk().now()).id


@api.put("/tickets/<int:ticket_id>")
def update(ticket_id: int) -> Response:
    """There is no lock: whoever writes last is right, about the whole list of tags as well."""
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        tickets.get(db, ticket_id)
        outcome = helpdesk.update(db, ticket_id, wanted.change(db, given, actor(), request.user_agent.string))
        return answer(whole_ticket_json(db, outcome.ticket))


@api.delete("/tickets/<int:ticket_id>")
def delete(ticket_id: int) -> Response:
    return _ended(ticket_id, spam=False)


@api.put("/tickets/<int:ticket_id>/spam")
def spam(ticket_id: int) -> Response:
    return _ended(ticket_id, spam=True)


def _ended(ticket_id: int, *, spam: bool) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        helpdesk.remove(db, ticket_id, actor_id=actor().id, spam=spam)
    return Response(status=204)


@api.put("/tickets/<int:ticket_id>/restore")
@api.put("/tickets/<int:ticket_id>/unspam")
def restore(ticket_id: int) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        helpdesk.restore(db, ticket_id, actor_id=actor().id)
    return Response(status=204)


@api.get("/tickets/<int:ticket_id>/conversations")
def conversations(ticket_id: int) -> Response:
    """Oldest first; the ticket's first message is its description, and not among them."""
    only({"page", "per_page"})
    after_first = "ticket_id = ? AND id > (SELECT min(id) FROM comment WHERE ticket_id = ?)"
    with desk().file.reading() as db:
        _any(db, ticket_id)
        listing = Listing(table="comment", show=show_conversation, where=after_first, params=(ticket_id, ticket_id))
        return paged(db, listing)


@api.post("/tickets/<int:ticket_id>/reply")
def reply(ticket_id: int) -> Response:
    """Mailed to the requester at the vendor."""
    given = body()
    known = {"body", "from_email", "user_id", "cc_emails", "bcc_emails"}
    return _say(ticket_id, given, known, public=True)


@api.post("/tickets/<int:ticket_id>/notes")
def note(ticket_id: int) -> Response:
    """Private unless it says otherwise."""
    given = body()
    private = given.get("private", True)
    return _say(ticket_id, given, {"body", "private", "incoming", "notify_emails", "user_id"}, public=private is False)


def _say(ticket_id: int, given: dict[str, Any], known: set[str], *, public: bool) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        tickets.get(db, ticket_id)
        reading = Reading(db, given, known)
        text = reading.required("body")
        if "private" in given:
            reading.typed("private", given["private"], bool)
        author_id = reading.agent("user_id", given.get("user_id")) or actor().id
        reading.stop_if_wrong()
        comment, custom = wanted.words(text, public=public, author_id=author_id, note="private" in known)
        change = Change(actor_id=actor().id, client=request.user_agent.string, comment=comment, custom=custom)
        outcome = helpdesk.update(db, ticket_id, change)
        if outcome.comment is None:
            raise Wrong([Fault(field="body", message="It should not be blank as this is a mandatory field")])
        return answer(conversation_json(db, outcome.comment), 201)


@api.put("/tickets/merge")
def merge() -> Response:
    """The secondary ones are closed, each with a note of where it went."""
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        reading = Reading(db, given, {"primary_id", "ticket_ids", "note_in_primary", "note_in_secondary"})
        reading.typed("primary_id", given.get("primary_id"), int)
        reading.typed("ticket_ids", given.get("ticket_ids"), list)
        reading.stop_if_wrong()
        for ticket_id in given["ticket_ids"]:
            acts.merge(helpdesk, db, ticket_id, given["primary_id"])
    return Response(status=204)
