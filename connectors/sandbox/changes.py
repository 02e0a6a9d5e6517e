"""How a ticket comes to be and changes: the rules, the audit, and what happened as a list. No HTTP, no vendor JSON.

Everything here runs inside the caller's transaction, so that an effect and its events are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.sandbox import amend, people, tickets
from connectors.sandbox.refusals import Invalid, Missing, Stale
from connectors.sandbox.stamps import read_iso
from connectors.sandbox.store import Db, next_id
from connectors.sandbox.tickets import Audit, Comment, FieldValue, Ticket

#: The vendor's own ceiling.
MAX_COMMENTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    text: str
    public: bool = True
    author_id: int | None = None  #: None = the actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One wanted change, already read and of the right types. What is not named stays as it is."""

    actor_id: int
    channel: str = "api"
    rule: str = ""  #: title of the automation or trigger that makes the change; empty where a user does
    client: str = ""  #: the caller's User-Agent; ends up in the audit
    values: Mapping[str, Any] = field(default_factory=dict)  #: attributes of Ticket to set
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    comment: NewComment | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)  #: kept in the audit, for the caller to find again
    stamp: str | None = None  #: the `updated_at` the caller saw; None = change it whatever happened since
    cc_ids: tuple[int, ...] = ()  #: users to put in copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    before: Ticket | None  #: None for a new ticket
    ticket: Ticket
    audit: Audit
    comment: Comment | None
    actor_id: int


def create(db: Db, change: Change, *, requester_id: int, subject: str, now: str, status: str = "new") -> Outcome:
    """A new ticket; `change.comment` is its description. Raises Invalid."""
    if change.comment is None or not change.comment.text.strip():
        raise Invalid({"base": "Description: cannot be blank"})
    ticket = Ticket(
        id=tickets.next_ticket_id(db),
        subject=subject or change.comment.text.strip()[:60],
        description=change.comment.text,
        status=status,
        requester_id=requester_id,
        organization_id=people.get(db, requester_id).organization_id,
        submitter_id=change.actor_id,
        channel=change.channel,
        is_public=change.comment.public,
        created_at=now,
        updated_at=now,
        generated=tickets.next_generation(db),
    )
    ticket = amend.amended(db, ticket, change)
    audit_id = next_id(db)
    comment = _comment(db, ticket, change, audit_id, now)
    audit = _audit(db, change, audit_id, None, ticket, comment)
    tickets.save(db, ticket)
    return Outcome(before=None, ticket=ticket, audit=audit, comment=comment, actor_id=change.actor_id)


def update(db: Db, ticket_id: int, change: Change, *, now: str, closed_is_final: bool = True) -> Outcome:
    """Raises Missing, Invalid (also for a closed ticket where that is final), Stale."""
    before = tickets.get(db, ticket_id)
    if closed_is_final and before.status == "closed":
        raise Invalid({"status": "Status: closed prevents ticket update"})
    _check_stamp(before, change.stamp)
    after = amend.amended(db, before, change)
    audit_id = next_id(db)
    comment = _comment(db, after, change, audit_id, now)
    if comment is not None:
        after = amend.answered(db, after, comment, explicit="status" in change.values)
    if comment is not None or after != before:
        after = replace(after, updated_at=max(now, before.updated_at), generated=tickets.next_generation(db))
        tickets.save(db, after)
    audit = _audit(db, change, audit_id, before, after, comment)
    return Outcome(before=before, ticket=after, audit=audit, comment=comment, actor_id=change.actor_id)


def remove(db: Db, ticket_id: int, *, actor_id: int, now: str, spam: bool = False) -> Outcome:
    """Soft-delete the ticket. Raises Missing."""
    before = tickets.get(db, ticket_id)
    after = replace(
        before,
        status="deleted",
        is_spam=spam,
        ended_from=before.status,
        updated_at=max(now, before.updated_at),
        generated=tickets.next_generation(db),
    )
    tickets.save(db, after)
    change = Change(actor_id=actor_id, channel="web")
    audit = _audit(db, change, next_id(db), before, after, None)
    return Outcome(before=before, ticket=after, audit=audit, comment=None, actor_id=actor_id)


def restore(db: Db, ticket_id: int, *, actor_id: int, now: str) -> Outcome:
    """The deleted ticket as it was before. Raises Missing unless there is such a ticket."""
    before = tickets.find(db, ticket_id)
    if before is None or before.ended_from is None:
        raise Missing(f"no deleted ticket {ticket_id}")
    after = replace(
        before,
        status=before.ended_from,
        is_spam=False,
        ended_from=None,
        updated_at=max(now, before.updated_at),
        generated=tickets.next_generation(db),
    )
    tickets.save(db, after)
    audit = _audit(db, Change(actor_id=actor_id, channel="web"), next_id(db), before, after, None)
    return Outcome(before=before, ticket=after, audit=audit, comment=None, actor_id=actor_id)


def touch(db: Db, ticket: Ticket, change: Change, *, now: str) -> Outcome:
    """The ticket with a new time and an audit, and nothing else changed."""
    after = replace(ticket, updated_at=max(now, ticket.updated_at), generated=tickets.next_generation(db))
    tickets.save(db, after)
    audit = _audit(db, change, next_id(db), ticket, after, None)
    return Outcome(before=ticket, ticket=after, audit=audit, comment=None, actor_id=change.actor_id)


def _check_stamp(ticket: Ticket, stamp: str | None) -> None:
    if stamp is None:
        return
    try:
        seen = read_iso(stamp)
    except ValueError as error:
        raise Invalid({"updated_stamp": f"updated_stamp: {stamp} is not a time"}) from error
    # Whole seconds, as at the vendor: two changes inside one second do not see each other.
    if seen.replace(microsecond=0) != read_iso(ticket.updated_at):
        raise Stale("the ticket has changed since it was read")


def _comment(db: Db, ticket: Ticket, change: Change, audit_id: int, now: str) -> Comment | None:
    wanted = change.comment
    # The vendor takes an update with an empty comment and simply adds none.
    if wanted is None or not wanted.text.strip():
        return None
    if tickets.count_comments(db, ticket.id) >= MAX_COMMENTS:
        raise Invalid({"base": f"Comment limit reached: a ticket can have at most {MAX_COMMENTS} comments"})
    author_id = change.actor_id if wanted.author_id is None else wanted.author_id
    if people.find(db, author_id) is None:
        raise Invalid({"author_id": f"Author: {author_id} is not a user"})
    comment = Comment(
        id=next_id(db),
        ticket_id=ticket.id,
        audit_id=audit_id,
        author_id=author_id,
        body=wanted.text,
        public=wanted.public,
        channel=change.channel,
        client=change.client,
        custom=change.custom,
        created_at=now if now > ticket.updated_at else ticket.updated_at,
    )
    tickets.add_comment(db, comment)
    return comment


#: Attributes an audit speaks of, in its order.
_AUDITED = ("subject", "status", "priority", "type", "requester_id", "assignee_id", "group_id", "external_id", "tags")


def _audit(
    db: Db, change: Change, audit_id: int, before: Ticket | None, after: Ticket, comment: Comment | None
) -> Audit:
    events = _comment_events(db, comment) + _change_events(db, before, after)
    if change.rule:
        events = [{**event, "rule": change.rule} for event in events]
    audit = Audit(
        id=audit_id,
        ticket_id=after.id,
        author_id=change.actor_id,
        channel=change.channel,
        client=change.client,
        custom=change.custom,
        events=tuple(events),
        created_at=after.updated_at,
    )
    tickets.add_audit(db, audit)
    return audit


def _comment_events(db: Db, comment: Comment | None) -> list[dict[str, Any]]:
    if comment is None:
        return []
    return [
        {
            "id": comment.id,
            "type": "Comment",
            "author_id": comment.author_id,
            "body": comment.body,
            "public": comment.public,
            "attachments": [],
            "audit_id": comment.audit_id,
        }
    ]


def _change_events(db: Db, before: Ticket | None, after: Ticket) -> list[dict[str, Any]]:
    events = []
    for name, value in _audited(after).items():
        previous = None if before is None else _audited(before).get(name)
        if value == previous or (before is None and value in (None, [])):
            continue
        event = {"id": next_id(db), "type": "Create", "field_name": name, "value": value}
        if before is not None:
            event |= {"type": "Change", "previous_value": previous}
        events.append(event)
    return events


def _audited(ticket: Ticket) -> dict[str, Any]:
    """What an audit compares: ids as text and tags as a list, as the vendor writes them."""
    plain = {name: getattr(ticket, name) for name in _AUDITED}
    shown: dict[str, Any] = {
        name: str(value) if name.endswith("_id") and value is not None else value for name, value in plain.items()
    }
    return {**shown, "tags": list(ticket.tags), **ticket.fields}
