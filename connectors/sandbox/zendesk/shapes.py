"""Zendesk's JSON for tickets, comments, audits, users and groups. Ids are numbers and states lower case here."""

from __future__ import annotations

import html
import zlib
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.organizations import Organization
from connectors.sandbox.people import Person
from connectors.sandbox.store import Row
from connectors.sandbox.tickets import Audit, Comment, Ticket, audit_of, comment_of, ticket_of
from connectors.sandbox.zendesk.answers import api_url, desk


def via(channel: str, *, rule: str = "") -> dict[str, Any]:
    """How something came about; of an automation with its title."""
    if not rule:
        return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}
    origin = {"deleted": False, "title": rule, "id": zlib.crc32(rule.encode())}
    return {"channel": channel, "source": {"from": origin, "to": {}, "rel": "automation"}}


#: What every ticket has at the vendor, and none can change here.
_FIXED: Mapping[str, Any] = {
    "recipient": None,
    "follower_ids": [],
    "forum_topic_id": None,
    "problem_id": None,
    "has_incidents": False,
    "due_at": None,
    "sharing_agreement_ids": [],
    "custom_status_id": None,
    "followup_ids": [],
    "allow_channelback": False,
    "allow_attachments": True,
    "from_messaging_channel": False,
}


def ticket_json(ticket: Ticket, rating: dict[str, Any] | None = None) -> dict[str, Any]:
    """`rating` is the legacy satisfaction rating; None reads as one that was not offered."""
    account = desk().account
    custom = _custom_fields(ticket)
    return {
        **_FIXED,
        "url": api_url(f"tickets/{ticket.id}.json"),
        "id": ticket.id,
        "external_id": ticket.external_id,
        "via": via(ticket.channel),
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "type": ticket.type,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.description,
        "priority": ticket.priority,
        "status": ticket.status,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.submitter_id,
        "assignee_id": ticket.assignee_id,
        "group_id": ticket.group_id,
        "organization_id": ticket.organization_id,
        "collaborator_ids": list(ticket.cc_ids),
        "email_cc_ids": list(ticket.cc_ids),
        "is_public": ticket.is_public,
        "tags": list(ticket.tags),
        "custom_fields": custom,
        "satisfaction_rating": rating or {"score": "unoffered"},
        "fields": custom,
        "ticket_form_id": account.form_id,
        "brand_id": account.brand_id,
        "generated_timestamp": ticket.generated,
    }


def _custom_fields(ticket: Ticket) -> list[dict[str, Any]]:
    """Every custom field of the account, also those without a value, and no other."""
    with desk().file.reading() as db:
        rows = db.execute("SELECT id FROM ticket_field WHERE removable ORDER BY id").fetchall()
    return [{"id": row["id"], "value": ticket.fields.get(str(row["id"]))} for row in rows]


def show_ticket(row: Row) -> dict[str, Any]:
    return ticket_json(ticket_of(row))


def comment_json(comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.body,
        "html_body": _as_html(comment.body),
        "plain_body": comment.body,
        "public": comment.public,
        "attachments": [],
        "audit_id": comment.audit_id,
        "via": via(comment.channel),
        "created_at": comment.created_at,
        "metadata": {"system": _system(comment.client), "custom": dict(comment.custom)},
    }


def show_comment(row: Row) -> dict[str, Any]:
    return comment_json(comment_of(row))


def audit_json(audit: Audit) -> dict[str, Any]:
    return {
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "created_at": audit.created_at,
        "author_id": audit.author_id,
        "metadata": {"system": _system(audit.client), "custom": dict(audit.custom)},
        "events": [_event_json(dict(event)) for event in audit.events],
        "via": via(audit.channel, rule=next((event["rule"] for event in audit.events if "rule" in event), "")),
    }


def show_audit(row: Row) -> dict[str, Any]:
    return audit_json(audit_of(row))


def _event_json(event: dict[str, Any]) -> dict[str, Any]:
    rule = event.pop("rule", "")
    if rule:
        event["via"] = via("rule", rule=rule)
    if event["type"] == "Comment":
        event |= {"html_body": _as_html(event["body"]), "plain_body": event["body"]}
    return event


def _system(client: str) -> dict[str, Any]:
    return {"client": client, "ip_address": "127.0.0.1"} if client else {}


def _as_html(text: str) -> str:
    paragraphs = "".join(f'<p dir="auto">{html.escape(part)}</p>' for part in text.split("\n\n"))
    return f'<div class="zd-comment" dir="auto">{paragraphs}</div>'


def user_json(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "url": api_url(f"users/{person.id}.json"),
        "name": person.name,
        "email": person.email,
        "created_at": person.created_at,
        "updated_at": person.updated_at,
        "time_zone": "Etc/UTC",
        "iana_time_zone": "Etc/UTC",
        "phone": None,
        "locale": person.locale,
        "locale_id": 1,
        "organization_id": person.organization_id,
        "role": person.role,
        "role_type": {"admin": 4, "agent": 0}.get(person.role),
        "custom_role_id": None,
        "verified": True,
        "external_id": None,
        "tags": [],
        "alias": None,
        "active": True,
        "shared": False,
        "shared_agent": False,
        "suspended": person.suspended,
        "only_private_comments": False,
        "restricted_agent": False,
        "ticket_restriction": None if person.is_staff else "requested",
        "moderator": person.role == "admin",
        "user_fields": {},
    }


def group_json(row: Row) -> dict[str, Any]:
    return {
        "url": api_url(f"groups/{row['id']}.json"),
        "id": row["id"],
        "is_public": True,
        "name": row["name"],
        "description": "",
        "default": row["name"] == "Support",
        "deleted": False,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }


def organization_json(organization: Organization) -> dict[str, Any]:
    return {
        "url": api_url(f"organizations/{organization.id}.json"),
        "id": organization.id,
        "name": organization.name,
        "domain_names": list(organization.domains),
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "details": None,
        "notes": None,
        "group_id": None,
        "tags": [],
        "organization_fields": {},
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    }


def membership_json(row: Row) -> dict[str, Any]:
    return {
        "url": api_url(f"group_memberships/{row['id']}.json"),
        "id": row["id"],
        "user_id": row["user_id"],
        "group_id": row["group_id"],
        "default": bool(row["is_default"]),
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }
