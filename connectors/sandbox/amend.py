"""The rules by which a ticket's attributes may change, and what follows from a reply. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.sandbox import people, statuses
from connectors.sandbox.refusals import Invalid
from connectors.sandbox.store import Db
from connectors.sandbox.tickets import PRIORITIES, TYPES, Comment, Ticket

if TYPE_CHECKING:
    from connectors.sandbox.changes import Change


def amended(db: Db, ticket: Ticket, change: Change) -> Ticket:
    """The ticket with the wanted values. Raises Invalid with every field that is wrong."""
    wrong = _wrong_values(db, ticket, change.values) | _wrong_fields(db, change.fields)
    if wrong:
        raise Invalid(wrong)
    after = replace(
        ticket,
        **change.values,
        fields={**ticket.fields, **change.fields},
        cc_ids=tuple(dict.fromkeys((*ticket.cc_ids, *change.cc_ids))),
    )
    tags = (set(after.tags) | set(change.add_tags)) - set(change.remove_tags)
    return _assigned(db, ticket, replace(after, tags=tuple(sorted(tags))), change.values)


def _wrong_values(db: Db, ticket: Ticket, values: Mapping[str, Any]) -> dict[str, str]:
    wrong = {}
    for name, value in values.items():
        check = _CHECKS.get(name)
        sentence = check(db, ticket, value) if check else None
        if sentence:
            wrong[name] = sentence
    return wrong


def _status(db: Db, ticket: Ticket, value: Any) -> str | None:
    if statuses.find(db, value) is None:
        return f"Status: {value} is not a valid status"
    if value == "new" and ticket.status != "new":
        return "Status: cannot become new again"
    return None


def _priority(_: Db, __: Ticket, value: Any) -> str | None:
    return None if value is None or value in PRIORITIES else f"Priority: {value} is not a valid priority"


def _type(_: Db, __: Ticket, value: Any) -> str | None:
    return None if value is None or value in TYPES else f"Type: {value} is not a valid type"


def _group(db: Db, _: Ticket, value: Any) -> str | None:
    known = value is None or people.find_group_name(db, value) is not None
    return None if known else f"Group: {value} is not a group"


def _requester(db: Db, _: Ticket, value: Any) -> str | None:
    known = value is not None and value > 0 and people.find(db, value) is not None
    return None if known else f"Requester: {value} is not a user"


def _assignee(db: Db, _: Ticket, value: Any) -> str | None:
    if value is None:
        return None
    agent = people.find(db, value) if value > 0 else None
    return None if agent and agent.is_staff and not agent.suspended else f"Assignee: {value} is not an agent"


_CHECKS: Mapping[str, Callable[[Db, Ticket, Any], str | None]] = {
    "status": _status,
    "priority": _priority,
    "type": _type,
    "group_id": _group,
    "requester_id": _requester,
    "assignee_id": _assignee,
}


def _wrong_fields(db: Db, fields: Mapping[str, Any]) -> dict[str, str]:
    known = {str(row[0]) for row in db.execute("SELECT id FROM ticket_field")} if fields else set()
    return {name: f"Custom field: {name} is not a ticket field" for name in fields if name not in known}


def _assigned(db: Db, before: Ticket, after: Ticket, values: Mapping[str, Any]) -> Ticket:
    """Bring assignee, group and status into line with each other, as the vendor does."""
    agent_id = after.assignee_id
    if agent_id is None:
        return after
    if after.group_id is None:
        after = replace(after, group_id=people.find_default_group(db, agent_id))
    if after.group_id is not None and not people.is_member(db, agent_id, after.group_id):
        if values.get("assignee_id") is not None:
            raise Invalid({"assignee_id": "Assignee: is not a member of the ticket's group"})
        return replace(after, assignee_id=None)
    if after.status == "new" and before.assignee_id != after.assignee_id:
        return replace(after, status="open")
    return after


def answered(db: Db, ticket: Ticket, comment: Comment, *, explicit: bool) -> Ticket:
    """A public word from an end user opens a waiting or solved ticket again, unless a status was given."""
    author = people.get(db, comment.author_id)
    if explicit or not comment.public or author.is_staff or ticket.status in ("new", "open"):
        return ticket
    return replace(ticket, status="open")
