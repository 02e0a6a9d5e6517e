"""Canned responses as macros: an action list that stands in the title, and words that go to the customer.

Freshdesk's own scenario automations run in its pages only; no call performs one. So a macro is a canned response, whose
title may end in what else is to be done: "Acknowledge [do: priority=high, +recovery_acknowledged, note]". Agents see
that title, and can change it. No requests are made here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import fields

from connectors.errors import Refused
from connectors.ticket import Comment, Macro, Priority, Ticket, TicketStatus, Write
from connectors.wire import IdField, TextField, VendorSchema, plain_text

_ACTIONS = re.compile(r"\s*\[\s*do:(?P<actions>[^\]]*)\]\s*$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAMES = {"priority": "priority", "status": "status", "group": "group_id", "agent": "assignee_id"}


class CannedSchema(VendorSchema):
    """A canned response."""

    id = IdField(required=True)
    title = TextField()
    content = TextField()
    content_html = TextField()
    attachments = fields.List(fields.Raw(), load_default=None, allow_none=True)
    deleted = fields.Boolean(load_default=False, allow_none=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """A canned response: its title without the action list, the list as it was written, and its words."""

    id: str
    title: str
    actions: str
    text: str
    attachments: int


@dataclass(slots=True)
class _Delta:
    """A macro's changes while they are being collected."""

    values: dict[str, Any] = field(default_factory=dict)
    add_tags: set[str] = field(default_factory=set)
    remove_tags: set[str] = field(default_factory=set)
    custom_fields: dict[str, str] = field(default_factory=dict)
    public: bool = True


_CANNED = CannedSchema()


def read_canned(body: Any) -> Canned:
    """One canned response."""
    data: dict[str, Any] = _CANNED.load(body)
    found = _ACTIONS.search(data["title"])
    return Canned(
        id=data["id"] or "0",
        title=_ACTIONS.sub("", data["title"]),
        actions=found["actions"] if found else "",
        text=plain_text(data["content_html"]) if data["content_html"] else data["content"].strip(),
        attachments=len(data["attachments"] or ()),
    )


def read_macro(body: Any) -> Macro:
    """One canned response's identity, under the title that people know it by."""
    canned = read_canned(body)
    return Macro(id=canned.id, title=canned.title)


def title_of(title: str, write: Write) -> str:
    """The title under which a canned response does what this write does. Raises Refused for what it cannot say."""
    words = [
        *(f"+{tag}" for tag in sorted(write.add_tags)),
        *(f"-{tag}" for tag in sorted(write.remove_tags)),
        *(f"{name}={value}" for name, attribute in _NAMES.items() if (value := getattr(write, attribute))),
        *(f"{name}={value}" for name, value in sorted(write.custom_fields.items())),
        *(["note"] if write.comment and not write.comment.public else []),
    ]
    if any(re.search(r"[\],]", word) for word in words):
        raise Refused(f"macro {title!r}: a tag or a value holds a comma or a bracket")
    return f"{title} [do: {', '.join(words)}]" if words else title


def macro_delta(canned: Canned, ticket: Ticket) -> Write:
    """What the macro changes, with its words as this customer will read them.

    Raises Refused for an action that is none, a placeholder that only Freshdesk can fill in, or an attached file: half
    a macro is never performed.
    """
    if canned.attachments:
        raise Refused(f"macro {canned.title!r}: it has a file attached, which cannot be sent from here")
    delta = _Delta()
    for word in filter(None, (word.strip() for word in canned.actions.split(","))):
        _apply(delta, word, canned.title)
    text = _filled(canned, ticket)
    return Write(
        add_tags=frozenset(delta.add_tags),
        remove_tags=frozenset(delta.remove_tags),
        custom_fields=delta.custom_fields,
        comment=Comment(text=text, public=delta.public) if text.strip() else None,
        **delta.values,
    )


def _apply(delta: _Delta, word: str, title: str) -> None:
    name, equals, value = (part.strip() for part in word.partition("="))
    if word == "note":
        delta.public = False
    elif word[0] in "+-" and len(word) > 1:
        (delta.add_tags if word[0] == "+" else delta.remove_tags).add(word[1:].strip())
    elif equals and name.startswith("cf_"):
        delta.custom_fields[name] = value
    elif equals and name in _READERS:
        try:
            delta.values[_NAMES[name]] = _READERS[name](value)
        except ValueError as error:
            raise Refused(f"macro {title!r}: {word[:60]!r} has a value that cannot be used") from error
    else:
        raise Refused(f"macro {title!r}: {word[:60]!r} is no action")


def _id(value: str) -> str:
    if not value.isdecimal():
        raise ValueError("not an id")
    return value


_READERS: Mapping[str, Callable[[str], object]] = {
    "priority": Priority,
    "status": TicketStatus,
    "group": _id,
    "agent": _id,
}


def _filled(canned: Canned, ticket: Ticket) -> str:
    """The words with their placeholders filled in. Raises Refused for one whose value only Freshdesk knows."""
    if "{%" in canned.text:
        raise Refused(f"macro {canned.title!r}: its words have conditions, which only Freshdesk can follow")

    def fill(found: re.Match[str]) -> str:
        value = _VALUES[found[1].lower()](ticket) if found[1].lower() in _VALUES else ""
        if not value:
            raise Refused(f"macro {canned.title!r}: its placeholder {found[1][:60]!r} cannot be filled in from here")
        return value

    return _PLACEHOLDER.sub(fill, canned.text)


def _first_name(ticket: Ticket) -> str:
    return ticket.requester.name.split(" ")[0]


def _last_name(ticket: Ticket) -> str:
    return ticket.requester.name.rpartition(" ")[2]


#: https://support.freshdesk.com/en/support/solutions/articles/50000003647: what a ticket as read can tell.
_VALUES: Mapping[str, Callable[[Ticket], str]] = {
    "ticket.id": lambda ticket: ticket.id,
    "ticket.subject": lambda ticket: ticket.subject,
    "ticket.requester.name": lambda ticket: ticket.requester.name,
    "ticket.requester.firstname": _first_name,
    "ticket.requester.lastname": _last_name,
    "ticket.requester.email": lambda ticket: ticket.requester.email or "",
    "ticket.from_email": lambda ticket: ticket.requester.email or "",
}
