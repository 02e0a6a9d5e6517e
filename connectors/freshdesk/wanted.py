"""What a Freshdesk account should have, in the vendor's own members, and how an admin makes by hand what no call makes.

Whether an account lets its automation rules be made by API, and in which form, nobody has confirmed; views cannot be
made by any call. https://developers.freshdesk.com/api/#automations, #ticket_fields, #canned_responses
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.freshdesk import macros, marks
from connectors.freshdesk.webhook import SECRET
from connectors.installing import Thing, Wanted
from connectors.ticket import Write

CREATION, UPDATES = 1, 4  #: the two lists of automation rules

_FIELD_TYPES = {"score": "custom_number", "state": "custom_text", "cause": "custom_text"}
#: Rule -> its list, what people read, and what sets it off.
_RULES: Mapping[str, tuple[int, str, list[dict[str, str]]]] = {
    "created": (CREATION, "tell of a new ticket", []),
    "changed": (
        UPDATES,
        "tell of a changed ticket",
        [
            {"field_name": "reply_sent", "value": "--"},
            {"field_name": "note_type", "value": "--"},
            {"field_name": "status", "from": "--", "to": "--"},
            {"field_name": "priority", "from": "--", "to": "--"},
            {"field_name": "responder_id", "from": "--", "to": "--"},
            {"field_name": "group_id", "from": "--", "to": "--"},
            {"field_name": "customer_feedback", "value": "--"},
        ],
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One wanted thing: where it is listed and made, what it is called there, and what to do where no call makes it."""

    thing: Thing
    key: str
    title: str
    path: str  #: empty where no call makes it
    mark: str = ""  #: what makes it ours, wherever in it that stands
    members: dict[str, Any] = field(default_factory=dict, repr=False)  #: a rule's hold the webhook's secret
    by_hand: str = ""  #: exact instructions


def items(wanted: Wanted) -> Iterator[Item]:
    """Everything that is wanted, in the order of making: rules last, since an account may refuse them."""
    yield from (_field(wanted, key, title) for key, title in wanted.fields.items())
    yield from (_view(tag, title) for tag, title in wanted.views.items())
    yield from (_macro(wanted, title, write) for title, write in wanted.macros.items())
    yield from (_rule(wanted, key) for key in _RULES)


def content() -> str:
    """The body of our rules' webhook. Ids only: a comment's words would break the JSON around them."""
    body = {
        "kintsugi": 1,
        "ticket_id": "{{ticket.id}}",
        "triggered_event": "{{triggered_event}}",
        "modified_on": "{{ticket.modified_on}}",
        "actor_email": "{{event_performer.email}}",
    }
    return json.dumps(body)


def _rule(wanted: Wanted, key: str) -> Item:
    number, told, events = _RULES[key]
    mark = f"[{wanted.marker}/{key}]"
    title = f"Kintsugi: {told} {mark}"
    action = {
        "field_name": "trigger_webhook",
        "request_type": "POST",
        "url": wanted.endpoint,
        "content_type": "JSON",
        "content_layout": "2",
        "content": content(),
        "custom_headers": {"X-Webhook-Secret": wanted.secret},
    }
    members: dict[str, Any] = {"name": title, "active": True, "actions": [action]}
    if events:
        members |= {"performer": {"type": 3}, "events": events}
    where = "Ticket Creation" if number == CREATION else "Ticket Updates, performed by agent or requester"
    when = "for every ticket" if number == CREATION else "when a reply, note, rating or one of its properties changes"
    by_hand = (
        f"Admin > Automations > {where}: a rule named {title!r}, {when}, with the action Trigger Webhook: "
        f"POST {wanted.endpoint}, custom header {SECRET.title()} with this desk's webhook secret, "
        f"JSON, Advanced, content: {content()}"
    )
    path = f"automations/{number}/rules"
    return Item(thing=Thing.RULE, key=key, title=title, path=path, mark=mark, members=members, by_hand=by_hand)


def _field(wanted: Wanted, key: str, title: str) -> Item:
    mark = f"[{wanted.marker}/{key}]"
    members = {
        "label": title,
        # Which no customer ever sees.
        "label_for_customers": f"{title} {mark}",
        "type": _FIELD_TYPES[key],
        "displayed_to_customers": False,
        "customers_can_edit": False,
        "required_for_agents": False,
    }
    by_hand = f"Admin > Ticket Fields: a field {title!r} of type {_FIELD_TYPES[key]}, not shown to customers"
    path = "admin/ticket_fields"
    return Item(thing=Thing.FIELD, key=key, title=title, path=path, mark=mark, members=members, by_hand=by_hand)


def _view(tag: str, title: str) -> Item:
    by_hand = f"Tickets: filter by tag {tag!r} and all unresolved statuses, then save the view as {title!r}"
    return Item(thing=Thing.VIEW, key=tag, title=title, path="", by_hand=by_hand)


def _macro(wanted: Wanted, title: str, write: Write) -> Item:
    full = macros.title_of(title, write)
    text = write.comment.text if write.comment else ""
    # An agent may use it too, so it must not begin as our own words do.
    mark = f"made-{marks.mark(f'{wanted.marker}/{title}')}"
    html = f'<div style="font-family:{mark},sans-serif">{marks.plain_html(text)}</div>'
    members = {"title": full, "content_html": html, "visibility": 0}
    by_hand = f"Admin > Canned Responses: a response titled {full!r}"
    key = title.lower().replace(" ", "_")[:60]
    path = "canned_responses"
    return Item(thing=Thing.MACRO, key=key, title=full, path=path, mark=mark, members=members, by_hand=by_hand)
