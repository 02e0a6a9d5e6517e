"""Ticket, comment and audit rows as values. How a ticket may change is in `changes`, vendor JSON in `zendesk`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.sandbox.refusals import Missing
from connectors.sandbox.store import Db, Row, insert, next_id, to_json

FieldValue = str | int | float | bool | list[str] | None

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
UNSOLVED = ("new", "open", "pending", "hold")
PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("problem", "incident", "question", "task")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    id: int
    external_id: str | None = None
    subject: str
    description: str
    status: str  #: one of STATUSES, or "deleted"
    priority: str | None = None
    type: str | None = None
    requester_id: int
    submitter_id: int
    assignee_id: int | None = None
    group_id: int | None = None
    tags: tuple[str, ...] = ()  #: sorted
    fields: Mapping[str, FieldValue] = field(default_factory=dict)  #: custom field id, as text -> value
    cc_ids: tuple[int, ...] = ()
    channel: str = "web"
    is_public: bool = True
    created_at: str
    updated_at: str
    generated: int = 0  #: grows with every change; what the incremental export is ordered by
    organization_id: int | None = None  #: the requester's, as it was when the ticket came
    is_spam: bool = False  #: of a deleted ticket: it was marked as spam
    ended_from: str | None = None  #: the status before it was deleted, for restoring it


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    id: int
    ticket_id: int
    audit_id: int
    author_id: int
    body: str
    public: bool
    channel: str
    client: str
    custom: Mapping[str, Any]
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    id: int
    ticket_id: int
    author_id: int
    channel: str
    client: str
    custom: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    created_at: str


def ticket_of(row: Row) -> Ticket:
    values = dict(row)
    values["tags"] = tuple(json.loads(row["tags"]))
    values["fields"] = json.loads(row["fields"])
    values["cc_ids"] = tuple(json.loads(row["cc_ids"]))
    values["is_public"], values["is_spam"] = bool(row["is_public"]), bool(row["is_spam"])
    return Ticket(**values)


def comment_of(row: Row) -> Comment:
    return Comment(**{**dict(row), "public": bool(row["public"]), "custom": json.loads(row["custom"])})


def audit_of(row: Row) -> Audit:
    return Audit(**{**dict(row), "custom": json.loads(row["custom"]), "events": tuple(json.loads(row["events"]))})


def find(db: Db, ticket_id: int) -> Ticket | None:
    row = db.execute("SELECT * FROM ticket WHERE id = ?", (ticket_id,)).fetchone()
    return None if row is None else ticket_of(row)


def get(db: Db, ticket_id: int) -> Ticket:
    """Raises Missing, also for a deleted ticket: the vendor's API does not show those."""
    ticket = find(db, ticket_id)
    if ticket is None or ticket.status == "deleted":
        raise Missing(f"no ticket {ticket_id}")
    return ticket


def save(db: Db, ticket: Ticket) -> None:
    values = asdict(ticket)
    for name in ("tags", "fields", "cc_ids"):
        values[name] = to_json(values[name])
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    db.execute(f"INSERT OR REPLACE INTO ticket ({names}) VALUES ({marks})", tuple(values.values()))


def add_comment(db: Db, comment: Comment) -> None:
    values = asdict(comment)
    insert(db, "comment", **{**values, "custom": to_json(values["custom"])})


def add_audit(db: Db, audit: Audit) -> None:
    values = asdict(audit)
    insert(db, "audit", **{**values, "custom": to_json(values["custom"]), "events": to_json(values["events"])})


def comments(db: Db, ticket_id: int) -> list[Comment]:
    rows = db.execute("SELECT * FROM comment WHERE ticket_id = ? ORDER BY id", (ticket_id,))
    return [comment_of(row) for row in rows]


def count_comments(db: Db, ticket_id: int) -> int:
    return int(db.execute("SELECT count(*) FROM comment WHERE ticket_id = ?", (ticket_id,)).fetchone()[0])


def audits(db: Db, ticket_id: int) -> list[Audit]:
    rows = db.execute("SELECT * FROM audit WHERE ticket_id = ? ORDER BY id", (ticket_id,))
    return [audit_of(row) for row in rows]


def next_ticket_id(db: Db) -> int:
    """Small and counting up, as people know their ticket numbers; every other id is large."""
    return next_id(db, "ticket", first=1)


def next_generation(db: Db) -> int:
    return next_id(db, "generation", first=1)
