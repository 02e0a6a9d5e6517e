"""Zendesk's tickets, comments and users as neutral values. No requests are made here and nothing is written.

Field names and quirks: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and ticket_comments/.
Every reader raises marshmallow's ValidationError, whose messages name fields and never quote a customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import fields, post_load

from connectors.http import USER_AGENT
from connectors.ticket import Author, Customer, Group, Macro, Message, Person, Priority, Ticket, TicketStatus
from connectors.wire import IdField, InstantField, TextField, VendorSchema, clean, optional_id

#: The key under which our markers stand in a change's own metadata ("audit.metadata.custom" at the vendor).
MARKER_KEY = "kintsugi"

_STATUSES = {
    **{status.value: status for status in TicketStatus},
    "archived": TicketStatus.CLOSED,  # closed long ago and moved to the vendor's archive
    "scrubbed": TicketStatus.DELETED,  # deleted for good: only its id is left
    "suspended": TicketStatus.SPAM,
}
#: Channels in which nobody spoke to us: rules write by themselves, side conversations are with somebody else.
_SYSTEM_CHANNELS = frozenset({"rule", "side_conversation"})
_VOICE = frozenset({"VoiceComment", "TpeVoiceComment"})


class ViaSchema(VendorSchema):
    """How a ticket, a comment or an audit came about."""

    channel = TextField()


class UserSchema(VendorSchema):
    """A user; loads into a `Person`."""

    id = IdField(required=True)
    name = TextField()
    email = fields.String(load_default=None, allow_none=True)
    role = TextField()
    suspended = fields.Boolean(load_default=False, allow_none=True)
    active = fields.Boolean(load_default=True, allow_none=True)
    locale = fields.String(load_default=None, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Person:
        return Person(
            id=data["id"] or "0",
            name=data["name"],
            email=data["email"] or None,
            is_staff=data["role"] in ("agent", "admin"),
            # A deleted user is as unreachable as a suspended one.
            suspended=bool(data["suspended"]) or data["active"] is False,
            locale=data["locale"],
        )


class CustomFieldSchema(VendorSchema):
    id = IdField(required=True)
    value = fields.Raw(load_default=None, allow_none=True)


class TicketSchema(VendorSchema):
    """A ticket; loads into a `Ticket` without messages, whose requester is known by id only."""

    id = IdField(required=True)
    subject = TextField()
    status = TextField()
    priority = TextField()
    via = fields.Nested(ViaSchema, load_default=None, allow_none=True)
    requester_id = IdField(required=True)
    assignee_id = optional_id()
    group_id = optional_id()
    organization_id = optional_id()
    brand_id = optional_id()
    tags = fields.List(fields.String(), load_default=None, allow_none=True)
    custom_fields = fields.List(fields.Nested(CustomFieldSchema), load_default=None, allow_none=True)
    created_at = InstantField(required=True)
    updated_at = InstantField(required=True)

    @post_load(pass_original=True)
    def build(self, data: dict[str, Any], original: Mapping[str, Any], **_: Any) -> Ticket:
        ids = ("assignee_id", "group_id", "organization_id", "brand_id", "created_at", "updated_at", "subject")
        return Ticket(
            id=data["id"] or "0",
            status=_STATUSES.get(data["status"].lower(), TicketStatus.OPEN),
            priority=_priority(data["priority"]),
            channel=_channel(data["via"]),
            requester=Person(id=data["requester_id"] or "0"),
            tags=frozenset(clean(tag) for tag in data["tags"] or ()),
            custom_fields={entry["id"]: _value(entry["value"]) for entry in data["custom_fields"] or ()},
            stamp=original["updated_at"],  # sent back as it was written
            **{name: data[name] for name in ids},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentBody:
    """A comment as the vendor has it; whose words they are is known only beside the ticket's people."""

    id: str
    author_id: str
    public: bool
    text: str
    at: datetime
    channel: str
    ours: bool  #: our own write: it carries our marker or our User-Agent


class CommentSchema(VendorSchema):
    """A comment, written or by voice; loads into a `CommentBody`."""

    id = IdField(required=True)
    type = TextField()
    author_id = optional_id()
    public = fields.Boolean(load_default=True)
    plain_body = TextField()
    body = TextField()
    data = fields.Dict(load_default=None, allow_none=True)
    via = fields.Nested(ViaSchema, load_default=None, allow_none=True)
    metadata = fields.Dict(load_default=None, allow_none=True)
    created_at = InstantField(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> CommentBody:
        text = data["plain_body"] or data["body"]
        if data["type"] in _VOICE or not text:
            # The body of a call is the vendor's own account of it: numbers, times, where the recording is.
            text = _transcript(data["data"])
        return CommentBody(
            id=data["id"] or "0",
            author_id=data["author_id"] or "-1",
            public=data["public"],
            # The vendor makes plain_body from HTML and leaves this one entity in it.
            text=text.replace("&nbsp;", " "),
            at=data["created_at"],
            channel=_channel(data["via"]),
            ours=is_ours(data["metadata"]),
        )


class GroupSchema(VendorSchema):
    """A group of agents; loads into a `Group`."""

    id = IdField(required=True)
    name = TextField()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Group:
        return Group(id=data["id"] or "0", name=data["name"])


class MacroSchema(VendorSchema):
    """A macro's identity; loads into a `Macro`, or None where agents cannot use it any more."""

    id = IdField(required=True)
    title = TextField()
    active = fields.Boolean(load_default=True, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Macro | None:
        return None if data["active"] is False else Macro(id=data["id"] or "0", title=data["title"])


_TICKET, _COMMENT, _USER = TicketSchema(), CommentSchema(), UserSchema()
_GROUP, _MACRO = GroupSchema(), MacroSchema()


def read_ticket_body(body: Any) -> Ticket:
    """One ticket object as a `Ticket` without messages and ratings."""
    ticket: Ticket = _TICKET.load(body)
    return ticket


def read_comment(body: Any) -> CommentBody:
    """One comment object."""
    comment: CommentBody = _COMMENT.load(body)
    return comment


def read_person(body: Any) -> Person:
    """One user object."""
    person: Person = _USER.load(body)
    return person


def read_group(body: Any) -> Group:
    """One group object."""
    group: Group = _GROUP.load(body)
    return group


def read_macro(body: Any) -> Macro | None:
    """One macro object; None for an inactive one."""
    macro: Macro | None = _MACRO.load(body)
    return macro


def read_people(body: Mapping[str, Any]) -> dict[str, Person]:
    """The users side-loaded into an answer, by id."""
    return {person.id: person for person in map(read_person, body.get("users") or ())}


def read_customer(body: Mapping[str, Any], ticket: Ticket) -> Customer:
    """The requester's own fields and their organisation's, as side-loaded into an answer.

    https://developer.zendesk.com/api-reference/ticketing/users/user_fields/ and organizations/organization_fields/
    """
    user = _with_id(body.get("users"), ticket.requester.id)
    organization = _with_id(body.get("organizations"), ticket.organization_id)
    return Customer(
        fields=_values(user.get("user_fields")),
        organization=clean(str(organization.get("name") or "")),
        organization_fields=_values(organization.get("organization_fields")),
    )


def _with_id(bodies: Any, wanted: str | None) -> Mapping[str, Any]:
    listed = bodies if isinstance(bodies, list) and wanted else []
    return next((one for one in listed if isinstance(one, Mapping) and str(one.get("id")) == wanted), {})


def _values(fields: Any) -> dict[str, str | int | float | bool | None]:
    return {str(key): _value(value) for key, value in fields.items()} if isinstance(fields, Mapping) else {}


def build_message(comment: CommentBody, requester_id: str, people: Mapping[str, Person], own_ids: set[str]) -> Message:
    """The comment with its author's part in the conversation."""
    ours = comment.ours or comment.author_id in own_ids
    return Message(
        id=comment.id,
        author_id=comment.author_id,
        author=Author.SYSTEM if ours else _author(comment, requester_id, people.get(comment.author_id)),
        public=comment.public,
        text=comment.text,
        at=comment.at,
        channel=comment.channel,
    )


def _author(comment: CommentBody, requester_id: str, person: Person | None) -> Author:
    if comment.author_id.startswith("-") or comment.channel in _SYSTEM_CHANNELS:
        return Author.SYSTEM
    if comment.author_id == requester_id:
        # Also through the API: that is how web forms hand in what a customer typed.
        return Author.CUSTOMER
    if person is None:
        return Author.PARTICIPANT if comment.public else Author.AGENT  # an end user cannot write an internal note
    if not person.is_staff:
        return Author.PARTICIPANT
    return Author.SYSTEM if comment.channel == "api" else Author.AGENT


def is_ours(metadata: Any) -> bool:
    """Whether a comment's or audit's metadata says that this product wrote it."""
    if not isinstance(metadata, Mapping):
        return False
    custom, system = metadata.get("custom"), metadata.get("system")
    marked = isinstance(custom, Mapping) and MARKER_KEY in custom
    return marked or (isinstance(system, Mapping) and str(system.get("client") or "").startswith(USER_AGENT))


def markers_in(metadata: Any) -> frozenset[str]:
    """The markers that were stored with a change; empty for other people's changes."""
    custom = metadata.get("custom") if isinstance(metadata, Mapping) else None
    value = custom.get(MARKER_KEY) if isinstance(custom, Mapping) else None
    return frozenset(value.split()) if isinstance(value, str) else frozenset()


def _priority(text: str) -> Priority | None:
    try:
        return Priority(text.lower())
    except ValueError:
        return None


def _channel(via: Mapping[str, Any] | None) -> str:
    return (via or {}).get("channel") or "web"


def _transcript(data: Mapping[str, Any] | None) -> str:
    text = (data or {}).get("transcription_text")
    return clean(text) if isinstance(text, str) else ""


def _value(value: Any) -> str | int | float | bool | None:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):  # a multi-select field
        return ",".join(clean(str(item)) for item in value)
    return value if isinstance(value, int | float) else None
