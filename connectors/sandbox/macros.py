"""Macros, ticket fields and what a macro would do to a ticket. Nothing here changes a ticket."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from connectors.sandbox.refusals import Missing
from connectors.sandbox.store import Db, Row, insert, next_id, to_json
from connectors.sandbox.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    id: int
    title: str
    active: bool
    actions: tuple[dict[str, Any], ...]  #: {"field", "value"}
    created_at: str
    updated_at: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketField:
    id: int
    type: str
    title: str
    tag: str | None
    options: tuple[dict[str, Any], ...]
    removable: bool
    created_at: str
    updated_at: str
    agent_description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a macro would make of a ticket."""

    ticket: Ticket
    text: str | None  #: the comment it would write
    public: bool


def macro_of(row: Row) -> Macro:
    return Macro(**{**dict(row), "active": bool(row["active"]), "actions": tuple(json.loads(row["actions"]))})


def field_of(row: Row) -> TicketField:
    values = {**dict(row), "removable": bool(row["removable"]), "options": tuple(json.loads(row["options"]))}
    return TicketField(**values)


def get(db: Db, macro_id: int) -> Macro:
    """Raises Missing."""
    row = db.execute("SELECT * FROM macro WHERE id = ?", (macro_id,)).fetchone()
    if row is None:
        raise Missing(f"no macro {macro_id}")
    return macro_of(row)


def add(db: Db, *, title: str, actions: Sequence[dict[str, Any]], now: str, description: str | None = None) -> Macro:
    macro_id = next_id(db)
    columns = {"id": macro_id, "title": title, "active": 1, "actions": to_json(list(actions))}
    insert(db, "macro", **columns, created_at=now, updated_at=now, description=description)
    return get(db, macro_id)


def change(db: Db, macro: Macro) -> Macro:
    """Store a changed macro. Raises Missing."""
    get(db, macro.id)
    db.execute(
        "UPDATE macro SET title = ?, active = ?, actions = ?, description = ?, updated_at = ? WHERE id = ?",
        (macro.title, macro.active, to_json(list(macro.actions)), macro.description, macro.updated_at, macro.id),
    )
    return get(db, macro.id)


def change_field(db: Db, changed: TicketField) -> TicketField:
    """Store a changed ticket field; its type stays. Raises Missing."""
    get_field(db, changed.id)
    db.execute(
        "UPDATE ticket_field SET title = ?, options = ?, agent_description = ?, updated_at = ? WHERE id = ?",
        (changed.title, to_json(list(changed.options)), changed.agent_description, changed.updated_at, changed.id),
    )
    return get_field(db, changed.id)


def get_field(db: Db, field_id: int) -> TicketField:
    """Raises Missing."""
    row = db.execute("SELECT * FROM ticket_field WHERE id = ?", (field_id,)).fetchone()
    if row is None:
        raise Missing(f"no ticket field {field_id}")
    return field_of(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewField:
    title: str
    type: str
    tag: str | None = None
    options: Sequence[dict[str, Any]] = ()
    removable: bool = True
    agent_description: str | None = None


def add_field(db: Db, wanted: NewField, now: str) -> TicketField:
    field_id = next_id(db)
    columns = {**asdict(wanted), "id": field_id, "options": to_json(list(wanted.options))}
    insert(db, "ticket_field", **{**columns, "removable": int(wanted.removable)}, created_at=now, updated_at=now)
    return get_field(db, field_id)


def effect(macro: Macro, ticket: Ticket) -> Effect:
    """Apply the macro's actions in order to a copy. Side conversations and the like change no ticket."""
    text, public = None, True
    for action in macro.actions:
        name, value = action["field"], action["value"]
        if name in ("comment_value", "comment_value_html"):
            text = value[-1] if isinstance(value, list) else str(value)
        elif name == "comment_mode_is_public":
            public = str(value).lower() == "true"
        else:
            ticket = _with_action(ticket, name, value)
    return Effect(ticket=ticket, text=text, public=public)


def _with_action(ticket: Ticket, name: str, value: Any) -> Ticket:
    if name in ("current_tags", "set_tags", "remove_tags"):
        return replace(ticket, tags=_tags(ticket, name, set(str(value).split())))
    if name in ("status", "priority", "type"):
        return _with(ticket, name, value or None)
    if name in ("group_id", "assignee_id"):
        return _with(ticket, name, int(value) if value else None)
    if name.startswith("custom_fields_"):
        return replace(ticket, fields={**ticket.fields, name.removeprefix("custom_fields_"): value})
    return ticket


def _with(ticket: Ticket, name: str, value: Any) -> Ticket:
    values: dict[str, Any] = {name: value}
    return replace(ticket, **values)


def _tags(ticket: Ticket, name: str, words: set[str]) -> tuple[str, ...]:
    if name == "set_tags":
        return tuple(sorted(words))
    found = set(ticket.tags) - words if name == "remove_tags" else set(ticket.tags) | words
    return tuple(sorted(found))
