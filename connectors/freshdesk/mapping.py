"""Freshdesk's tickets, conversations and people as neutral values. No requests are made here and nothing is written.

Field names and quirks: https://developers.freshdesk.com/api/#tickets, #conversations, #agents, #contacts.
Every reader raises marshmallow's ValidationError, whose messages name fields and never quote a customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import fields, post_load

from connectors.freshdesk import marks
from connectors.freshdesk.statuses import Statuses
from connectors.ticket import Author, Customer, Group, Message, Person, Priority, Ticket, TicketStatus
from connectors.wire import IdField, InstantField, TextField, VendorSchema, clean, optional_id, plain_text

PRIORITIES = {1: Priority.LOW, 2: Priority.NORMAL, 3: Priority.HIGH, 4: Priority.URGENT}
#: https://developers.freshdesk.com/api/#ticket_attributes
_SOURCES = {1: "email", 2: "web", 3: "phone", 5: "twitter", 6: "facebook", 7: "chat", 9: "widget", 10: "outbound_email"}
#: Tickets of this source begin with an agent's words to the customer.
_OUTBOUND = 10
_CONVERSATIONS = {0: "email", 2: "note", 5: "twitter", 6: "survey", 7: "facebook", 8: "forward", 9: "phone"}
#: Senders that are mail servers, whoever's contact Freshdesk made of them.
_MACHINES = re.compile(r"(^|<)\s*(mailer-daemon|postmaster)@", re.IGNORECASE)
_MERGED = re.compile(r"merged into ticket\D{0,6}(\d{1,19})", re.IGNORECASE)


class RequesterSchema(VendorSchema):
    """A requester as a ticket includes it."""

    id = optional_id()
    name = TextField()
    email = TextField()


class TicketSchema(VendorSchema):
    """A ticket, in the shape of API v2 or of its older lists; loads into a `TicketBody`."""

    id = IdField(required=True)
    subject = TextField()
    description = TextField()
    description_text = TextField()
    status = fields.Integer(strict=True, load_default=2, allow_none=True)
    priority = fields.Integer(strict=True, load_default=None, allow_none=True)
    source = fields.Integer(strict=True, load_default=None, allow_none=True)
    requester_id = IdField(required=True)
    requester = fields.Nested(RequesterSchema, load_default=None, allow_none=True)
    responder_id = optional_id()
    group_id = optional_id()
    company_id = optional_id()
    product_id = optional_id()
    tags = fields.List(fields.String(), load_default=None, allow_none=True)
    custom_fields = fields.Dict(load_default=None, allow_none=True)
    spam = fields.Boolean(load_default=False, allow_none=True)
    deleted = fields.Boolean(load_default=False, allow_none=True)
    archived = fields.Boolean(load_default=False, allow_none=True)
    created_at = InstantField(required=True)
    updated_at = InstantField(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketBody:
    """A ticket as the vendor has it: what its number for a status means is another list's to say."""

    ticket: Ticket
    status: int
    description: Message  #: its first message
    html: str  #: of the description


class ConversationSchema(VendorSchema):
    """A reply or a note; loads into a `Conversation`."""

    id = IdField(required=True)
    body = TextField()
    body_text = TextField()
    incoming = fields.Boolean(load_default=False, allow_none=True)
    private = fields.Boolean(load_default=False, allow_none=True)
    user_id = optional_id()
    source = fields.Integer(strict=True, load_default=None, allow_none=True)
    from_email = TextField()
    created_at = InstantField(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Conversation:
        return Conversation(
            id=data["id"] or "0",
            author_id=data["user_id"],
            incoming=bool(data["incoming"]),
            public=not data["private"],
            text=text_of(data["body_text"], data["body"]),
            html=data["body"],
            from_email=data["from_email"],
            channel=_CONVERSATIONS.get(data["source"], "web"),
            at=data["created_at"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A reply or a note as the vendor has it; whose words they are is known only beside the ticket."""

    id: str
    author_id: str | None
    incoming: bool  #: it came from outside, so from a customer
    public: bool
    text: str
    html: str
    from_email: str
    channel: str
    at: datetime


class ContactSchema(VendorSchema):
    """A contact, or the contact part of an agent."""

    id = optional_id()
    name = TextField()
    email = TextField()
    language = TextField()
    agent = fields.Dict(load_default=None, allow_none=True)
    deleted = fields.Boolean(load_default=False, allow_none=True)
    blocked = fields.Boolean(load_default=False, allow_none=True)


class AgentSchema(VendorSchema):
    """An agent; loads into a `Person`."""

    id = IdField(required=True)
    contact = fields.Nested(ContactSchema, load_default=None, allow_none=True)
    deactivated = fields.Boolean(load_default=False, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Person:
        contact = data["contact"] or {}
        return Person(
            id=data["id"] or "0",
            name=contact.get("name", ""),
            email=contact.get("email") or None,
            is_staff=True,
            # A contact's `active` only says that the address was verified.
            suspended=bool(data["deactivated"]),
            locale=contact.get("language") or None,
        )


class GroupSchema(VendorSchema):
    """A group of agents; loads into a `Group`."""

    id = IdField(required=True)
    name = TextField()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Group:
        return Group(id=data["id"] or "0", name=data["name"])


_TICKET, _CONVERSATION = TicketSchema(), ConversationSchema()
_AGENT, _CONTACT, _GROUP = AgentSchema(), ContactSchema(), GroupSchema()


def read_ticket_body(body: Any) -> TicketBody:
    """One ticket object. Its status reads as if the account had no statuses of its own; see `with_status`."""
    data: dict[str, Any] = _TICKET.load(_modern(body))
    number = data["status"] or 2
    ticket = Ticket(
        id=data["id"] or "0",
        subject=data["subject"],
        status=_status(data, Statuses()),
        priority=PRIORITIES.get(data["priority"]),
        channel=_SOURCES.get(data["source"], "web"),
        requester=_requester(data),
        assignee_id=data["responder_id"],
        group_id=data["group_id"],
        organization_id=data["company_id"],
        brand_id=data["product_id"],
        tags=frozenset(clean(tag) for tag in data["tags"] or ()),
        custom_fields={str(name): _value(value) for name, value in (data["custom_fields"] or {}).items()},
        created_at=data["created_at"],
        updated_at=data["updated_at"],
        stamp=str(body["updated_at"]),
    )
    return TicketBody(ticket=ticket, status=number, description=_description(data), html=data["description"])


def _modern(body: Any) -> Any:
    """Older lists name some members otherwise, and tell the description's text and HTML the other way round."""
    if not isinstance(body, Mapping) or "description_html" not in body:
        return body
    renamed = {"custom_fields": body.get("custom_field"), "description": body["description_html"]}
    return {**body, **renamed, "description_text": body.get("description")}


def status_of(body: TicketBody, statuses: Statuses) -> TicketStatus:
    """The ticket's neutral status, where the account's own statuses are known."""
    kept = (TicketStatus.DELETED, TicketStatus.SPAM, TicketStatus.CLOSED)
    return body.ticket.status if body.ticket.status in kept else statuses.neutral(body.status)


def _status(data: Mapping[str, Any], statuses: Statuses) -> TicketStatus:
    if data["deleted"]:
        return TicketStatus.DELETED
    if data["spam"]:
        return TicketStatus.SPAM
    if data["archived"]:
        return TicketStatus.CLOSED  # the only end that takes no more changes
    return statuses.neutral(data["status"] or 2)


def _requester(data: Mapping[str, Any]) -> Person:
    told = data["requester"] or {}
    return Person(id=data["requester_id"] or "0", name=told.get("name", ""), email=told.get("email") or None)


def description_id(ticket_id: str) -> str:
    """The id of a ticket's first message, which has none of its own at the vendor."""
    return f"description-{ticket_id}"


def _description(data: Mapping[str, Any]) -> Message:
    author, author_id = Author.CUSTOMER, data["requester_id"] or "0"
    if marks.is_ours(data["description"]):
        author, author_id = Author.SYSTEM, "-1"
    elif data["source"] == _OUTBOUND:
        author, author_id = Author.AGENT, data["responder_id"] or "-1"
    return Message(
        id=description_id(data["id"] or "0"),
        author_id=author_id,
        author=author,
        public=True,
        text=text_of(data["description_text"], data["description"]),
        at=data["created_at"],
        channel=_SOURCES.get(data["source"], "web"),
    )


def read_conversation(body: Any) -> Conversation:
    """One conversation object."""
    conversation: Conversation = _CONVERSATION.load(body)
    return conversation


#: A company's fields that Freshdesk itself brings: https://developers.freshdesk.com/api/#companies
_OF_A_COMPANY = ("account_tier", "health_score", "industry")


def read_customer(contact: Mapping[str, Any], company: Mapping[str, Any]) -> Customer:
    """A contact and their company, either of them empty where it is not known."""
    own = {name: company.get(name) for name in _OF_A_COMPANY if company.get(name) is not None}
    return Customer(
        fields=_values(contact.get("custom_fields")),
        organization=clean(str(company.get("name") or "")),
        organization_fields={**_values(own), **_values(company.get("custom_fields"))},
    )


def _values(fields: Any) -> dict[str, str | int | float | bool | None]:
    return {str(name): _value(value) for name, value in fields.items()} if isinstance(fields, Mapping) else {}


def build_message(conversation: Conversation, requester: Person, own_ids: Iterable[str]) -> Message:
    """The conversation with its author's part in the ticket."""
    return Message(
        id=conversation.id,
        author_id=conversation.author_id or "-1",
        author=_author(conversation, requester, own_ids),
        public=conversation.public,
        text=conversation.text,
        at=conversation.at,
        channel=conversation.channel,
    )


def _author(conversation: Conversation, requester: Person, own_ids: Iterable[str]) -> Author:
    author_id = conversation.author_id
    if _MACHINES.search(conversation.from_email):
        return Author.SYSTEM
    if not conversation.incoming:
        # Rules and bots write without a user, or with one that is no person's.
        program = author_id is None or author_id.startswith("-") or author_id in own_ids
        return Author.SYSTEM if program or marks.is_ours(conversation.html) else _staff(author_id, requester)
    if author_id is None:
        known = (requester.email or "").lower()
        return Author.CUSTOMER if known and known in conversation.from_email.lower() else Author.PARTICIPANT
    return Author.CUSTOMER if author_id == requester.id else Author.PARTICIPANT


def _staff(author_id: str | None, requester: Person) -> Author:
    """An agent may ask for help as well, and is the customer of that ticket then."""
    return Author.CUSTOMER if author_id == requester.id else Author.AGENT


def merged_into(messages: Iterable[Message]) -> str | None:
    """The ticket that this one ended in, by the private note that merging leaves behind (English accounts)."""
    for message in reversed(tuple(messages)):
        found = _MERGED.search(message.text[:200]) if not message.public else None
        if found and message.author in (Author.AGENT, Author.SYSTEM):
            return found[1]
    return None


def read_agent(body: Any) -> Person:
    """One agent object."""
    person: Person = _AGENT.load(body)
    return person


def read_contact(body: Any) -> Person:
    """One contact object."""
    data: dict[str, Any] = _CONTACT.load(body)
    return Person(
        id=data["id"] or "0",
        name=data["name"],
        email=data["email"] or None,
        is_staff=data["agent"] is not None,
        suspended=bool(data["blocked"] or data["deleted"]),
        locale=data["language"] or None,
    )


def read_group(body: Any) -> Group:
    """One group object."""
    group: Group = _GROUP.load(body)
    return group


def text_of(text: str, html: str) -> str:
    """A body's words: as the vendor tells them, else out of its HTML."""
    return (text or plain_text(html)).replace("\xa0", " ")


def _value(value: Any) -> str | int | float | bool | None:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):  # a field of several choices
        return ",".join(clean(str(item)) for item in value)
    return value if isinstance(value, int | float) else None
