"""Freshdesk's JSON for tickets, conversations, agents, contacts, companies and groups. Ids are numbers throughout."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from connectors.sandbox import organizations, people, tickets
from connectors.sandbox.freshdesk import markup
from connectors.sandbox.freshdesk.codes import priority_code, source_code, status_code
from connectors.sandbox.freshdesk.fields import field_names
from connectors.sandbox.organizations import Organization
from connectors.sandbox.people import Person
from connectors.sandbox.store import Db, Row
from connectors.sandbox.tickets import Comment, Ticket, comment_of

#: Conversations that a ticket embeds; the rest are a call of their own.
EMBEDDED = 10

#: What every ticket has at the vendor, and none can change here.
_FIXED: Mapping[str, Any] = {
    "fwd_emails": [],
    "reply_cc_emails": [],
    "ticket_cc_emails": [],
    "fr_escalated": False,
    "email_config_id": None,
    "association_type": None,
    "support_email": None,
    "to_emails": None,
    "product_id": None,
    "is_escalated": False,
    "due_by": None,
    "fr_due_by": None,
}


def ticket_json(db: Db, ticket: Ticket) -> dict[str, Any]:
    """As a list has it: without the words. `deleted` is there only where it is true."""
    return {
        **_FIXED,
        "id": ticket.id,
        "subject": ticket.subject,
        "status": status_code(db, ticket),
        "priority": priority_code(ticket.priority),
        "source": source_code(ticket.channel),
        "type": ticket.type.capitalize() if ticket.type else None,
        "requester_id": ticket.requester_id,
        "responder_id": ticket.assignee_id,
        "group_id": ticket.group_id,
        "company_id": ticket.organization_id,
        "cc_emails": [people.get(db, one).email for one in ticket.cc_ids],
        "spam": ticket.is_spam,
        **({"deleted": True} if ticket.status == "deleted" and not ticket.is_spam else {}),
        "tags": list(ticket.tags),
        "custom_fields": {name: ticket.fields.get(str(number)) for number, name in field_names(db).items()},
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }


def whole_ticket_json(db: Db, ticket: Ticket) -> dict[str, Any]:
    """With its words, which are its first message."""
    return {**ticket_json(db, ticket), **described(db, ticket), "attachments": []}


def described(db: Db, ticket: Ticket) -> dict[str, Any]:
    """The description as HTML and as text."""
    row = db.execute("SELECT * FROM comment WHERE ticket_id = ? ORDER BY id LIMIT 1", (ticket.id,)).fetchone()
    first = None if row is None else comment_of(row)
    text = ticket.description if first is None else first.body
    return {"description": markup.as_html(text) if first is None else _html(first), "description_text": text}


def _html(comment: Comment) -> str:
    """What its writer sent, where that still is what it says: words can be redacted."""
    sent = comment.custom.get("html")
    return sent if isinstance(sent, str) and markup.as_text(sent) == comment.body else markup.as_html(comment.body)


def conversation_json(db: Db, comment: Comment) -> dict[str, Any]:
    author = people.get(db, comment.author_id)
    is_note = not comment.public or bool(comment.custom.get("note"))
    return {
        "id": comment.id,
        "ticket_id": comment.ticket_id,
        # What rules write has nobody behind it.
        "user_id": None if author.id == people.SYSTEM_ID else author.id,
        "body": _html(comment),
        "body_text": comment.body,
        "incoming": not author.is_staff,
        "private": not comment.public,
        "source": 2 if is_note or author.id == people.SYSTEM_ID else 0,
        "support_email": None,
        "from_email": None if is_note else author.email,
        "to_emails": [],
        "cc_emails": [],
        "bcc_emails": [],
        "attachments": [],
        "created_at": comment.created_at,
        "updated_at": comment.created_at,
    }


def show_conversation(db: Db, row: Row) -> dict[str, Any]:
    return conversation_json(db, comment_of(row))


def embedded(db: Db, ticket: Ticket, names: Collection[str]) -> dict[str, Any]:
    """What the query's `include` asked for."""
    found: dict[str, Any] = {}
    if "conversations" in names:
        said = tickets.comments(db, ticket.id)[1 : EMBEDDED + 1]
        found["conversations"] = [conversation_json(db, comment) for comment in said]
    if "requester" in names:
        person = people.get(db, ticket.requester_id)
        found["requester"] = {name: getattr(person, name) for name in ("id", "name", "email")}
        found["requester"] |= {"mobile": None, "phone": None}
    if "company" in names:
        home = organizations.find(db, ticket.organization_id) if ticket.organization_id else None
        found["company"] = {"id": home.id, "name": home.name} if home else {}
    if "stats" in names:
        found["stats"] = stats_json(db, ticket)
    if "description" in names:
        found |= described(db, ticket)
    return found


def stats_json(db: Db, ticket: Ticket) -> dict[str, Any]:
    """When who last did what; times of states from the ticket's log."""
    said = [(comment, people.get(db, comment.author_id)) for comment in tickets.comments(db, ticket.id)]
    replies = [comment.created_at for comment, author in said if author.is_staff and comment.public and author.id > 0]
    asked = [comment.created_at for comment, author in said[1:] if author.id == ticket.requester_id]
    entered = _entered(db, ticket.id)
    return {
        "agent_responded_at": replies[-1] if replies else None,
        "requester_responded_at": asked[-1] if asked else None,
        "first_responded_at": replies[0] if replies else None,
        "status_updated_at": max(entered.values(), default=ticket.created_at),
        "reopened_at": entered.get("open"),
        "resolved_at": entered.get("solved") or entered.get("closed"),
        "closed_at": entered.get("closed"),
        "pending_since": entered.get("pending") if ticket.status == "pending" else None,
    }


def _entered(db: Db, ticket_id: int) -> dict[str, str]:
    """Status -> when the ticket last came into it, the first one aside."""
    found = {}
    for audit in tickets.audits(db, ticket_id):
        for event in audit.events:
            if event["type"] == "Change" and event.get("field_name") == "status":
                found[str(event["value"])] = audit.created_at
    return found


def agent_json(db: Db, person: Person) -> dict[str, Any]:
    rows = db.execute("SELECT group_id FROM membership WHERE user_id = ? ORDER BY group_id", (person.id,))
    times = {"created_at": person.created_at, "updated_at": person.updated_at}
    return {
        "id": person.id,
        "available": True,
        "occasional": False,
        "type": "support_agent",
        "ticket_scope": 1,
        "signature": None,
        "group_ids": [row["group_id"] for row in rows],
        "role_ids": [1 if person.role == "admin" else 2],
        "deactivated": person.suspended,
        "available_since": None,
        **times,
        "contact": {
            "active": not person.suspended,
            "email": person.email,
            "job_title": None,
            "language": person.locale.split("-")[0],
            "last_login_at": None,
            "mobile": None,
            "name": person.name,
            "phone": None,
            "time_zone": "Etc/UTC",
            **times,
        },
    }


def contact_json(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "active": True,
        "blocked": person.suspended,
        "address": None,
        "company_id": person.organization_id,
        "view_all_tickets": False,
        "custom_fields": {},
        "deleted": False,
        "description": None,
        "job_title": None,
        "language": person.locale.split("-")[0],
        "mobile": None,
        "phone": None,
        "time_zone": "Etc/UTC",
        "twitter_id": None,
        "other_emails": [],
        "tags": [],
        "created_at": person.created_at,
        "updated_at": person.updated_at,
    }


def company_json(company: Organization) -> dict[str, Any]:
    return {
        "id": company.id,
        "name": company.name,
        "description": None,
        "note": None,
        "domains": list(company.domains),
        "custom_fields": {},
        "health_score": None,
        "account_tier": None,
        "renewal_date": None,
        "industry": None,
        "created_at": company.created_at,
        "updated_at": company.updated_at,
    }


def group_json(db: Db, row: Row) -> dict[str, Any]:
    rows = db.execute("SELECT user_id FROM membership WHERE group_id = ? ORDER BY user_id", (row["id"],))
    return {
        "id": row["id"],
        "name": row["name"],
        "description": "",
        "escalate_to": None,
        "unassigned_for": None,
        "business_hour_id": None,
        "group_type": "support_agent_group",
        "agent_ids": [found["user_id"] for found in rows],
        "auto_ticket_assign": 0,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }


def satisfaction_json(row: Row, survey_id: int) -> dict[str, Any]:
    names = ("id", "user_id", "agent_id", "group_id", "ticket_id", "feedback", "created_at", "updated_at")
    return {
        **{name: row[name] for name in names},
        "survey_id": survey_id,
        "ratings": {"default_question": row["code"]},
    }


def automation_json(row: Row) -> dict[str, Any]:
    known = ("id", "name", "position", "created_at", "updated_at")
    shown = {name: row[name] for name in known} | {"active": bool(row["active"])}
    return {**json.loads(row["body"]), **shown}
