"""What people do at the helpdesk: write, reply, rate, solve, delete. For the control surface and the pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from connectors.sandbox import outbox, people, tickets
from connectors.sandbox.changes import Change, NewComment, Outcome
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.outbox import Letter
from connectors.sandbox.refusals import Malformed, Missing
from connectors.sandbox.store import Db
from connectors.sandbox.tickets import Ticket


def open_ticket(helpdesk: Helpdesk, db: Db, wanted: Mapping[str, Any]) -> Outcome:
    """A customer writes for the first time: name, email, subject, text, perhaps external_id and tags."""
    email, text = required(wanted, "email"), required(wanted, "text")
    if "@" not in email:
        raise Malformed("email must be an address")
    person = people.customer(db, name=str(wanted.get("name") or ""), email=email, now=helpdesk.now())
    values = {"external_id": str(wanted["external_id"])} if wanted.get("external_id") else {}
    change = Change(
        actor_id=person.id,
        channel="web",
        values=values,
        add_tags=words(wanted.get("tags")),
        comment=NewComment(text=text),
    )
    return helpdesk.create(db, change, requester_id=person.id, subject=str(wanted.get("subject") or ""))


def say(helpdesk: Helpdesk, db: Db, ticket_id: int, wanted: Mapping[str, Any]) -> Outcome:
    """A comment as the customer (or a person in copy), as an agent, or as the bot."""
    ticket, text = tickets.get(db, ticket_id), required(wanted, "text")
    role, public = wanted.get("as", "customer"), wanted.get("public", True)
    if not isinstance(public, bool):
        raise Malformed("public must be true or false")
    if role == "customer":
        author_id, copied = _customer(helpdesk, db, ticket, wanted)
        change = Change(actor_id=author_id, channel="email", comment=NewComment(text=text), cc_ids=copied)
    elif role == "agent":
        author_id = agent_of(db, helpdesk, ticket, wanted.get("agent_id"))
        change = Change(actor_id=author_id, channel="web", comment=NewComment(text=text, public=public))
    elif role == "bot":
        change = Change(actor_id=people.SYSTEM_ID, channel="rule", comment=NewComment(text=text, public=public))
    else:
        raise Malformed("as must be customer, agent or bot")
    return helpdesk.update(db, ticket_id, change)


def _customer(helpdesk: Helpdesk, db: Db, ticket: Ticket, wanted: Mapping[str, Any]) -> tuple[int, tuple[int, ...]]:
    email = wanted.get("author_email")
    if not email:
        return ticket.requester_id, ()
    person = people.customer(db, name="", email=str(email), now=helpdesk.now())
    return person.id, () if person.id == ticket.requester_id else (person.id,)


def agent_of(db: Db, helpdesk: Helpdesk, ticket: Ticket, agent_id: Any = None) -> int:
    """The agent who acts: the one named, else the assignee, else the first of all."""
    if agent_id is None:
        return ticket.assignee_id or helpdesk.account.agent_ids[0]
    if not isinstance(agent_id, int | str) or not str(agent_id).isdigit():
        raise Malformed("agent_id must be a whole number")
    agent = people.find(db, int(agent_id))
    if agent is None or not agent.is_staff:
        raise Missing(f"no agent {agent_id}")
    return agent.id


def rate(helpdesk: Helpdesk, db: Db, ticket_id: int, *, score: Any, comment: str) -> None:
    """The customer rates, as the account's rating system has it. Raises Malformed, or Invalid for another system's."""
    helpdesk.vendor.rate(db, helpdesk, tickets.get(db, ticket_id), score, comment)


def redeliver(helpdesk: Helpdesk, db: Db, ticket_id: int, *, same_event: bool, by_customer: bool = False) -> str:
    """Send the ticket's last event once more: the very same, or the same under a new id. Returns the event id.

    `by_customer` takes the last one that the customer caused, and so no echo of an integration's own write.
    """
    last = _last_event(db, ticket_id, by_customer=by_customer)
    event_id, body = last.event_id, last.body
    if not same_event:
        event_id = str(uuid.uuid4())
        body = helpdesk.vendor.again(event_id, body)
    letter = Letter(
        webhook_id=last.webhook_id, ticket_id=ticket_id, event_id=event_id, event_type=last.event_type, body=body
    )
    outbox.enqueue(db, letter, helpdesk.now())
    return event_id


def _last_event(db: Db, ticket_id: int, *, by_customer: bool) -> outbox.Delivery:
    actor_id = tickets.get(db, ticket_id).requester_id if by_customer else None
    last = outbox.find_last(db, ticket_id, actor_id=actor_id)
    if last is None:
        raise Missing(f"ticket {ticket_id} has no event that a webhook heard of")
    return last


def merge(helpdesk: Helpdesk, db: Db, ticket_id: int, into: Any) -> Outcome:
    """The ticket ends in another one: closed, with tag and private words as the vendor leaves them. Emits merged."""
    if not isinstance(into, int) or isinstance(into, bool) or into == ticket_id:
        raise Malformed("into must be the number of another ticket")
    target = tickets.get(db, into)
    agent_id = agent_of(db, helpdesk, target)
    change = Change(
        actor_id=agent_id,
        channel="web",
        values={"status": "closed"},
        add_tags=helpdesk.vendor.merge_tags,
        comment=NewComment(text=helpdesk.vendor.merged_into.format(target.id), public=False),
    )
    outcome = helpdesk.update(db, ticket_id, change)
    told = NewComment(text=helpdesk.vendor.merged_from.format(ticket_id), public=False)
    helpdesk.update(db, target.id, Change(actor_id=agent_id, channel="web", comment=told))
    helpdesk.tell(db, outcome, "merged", {"target_ticket_id": str(target.id)})
    return outcome


def close(helpdesk: Helpdesk, db: Db, ticket_id: int) -> Outcome:
    """Solved long ago: from now on the ticket takes no more changes."""
    return helpdesk.update(
        db, ticket_id, Change(actor_id=people.SYSTEM_ID, channel="rule", values={"status": "closed"})
    )


def required(wanted: Mapping[str, Any], name: str) -> str:
    """Raises Malformed unless it is text, and not empty."""
    value = wanted.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"{name} must be text, and not empty")
    return value


def words(given: Any, name: str = "tags") -> tuple[str, ...]:
    """Lower-case words from a list of texts, none from nothing. Raises Malformed."""
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise Malformed(f"{name} must be a list of texts")
    return tuple(item.strip().lower() for item in given if item.strip())
