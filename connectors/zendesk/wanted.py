"""What a Zendesk account should have, in the vendor's own members, and how one is compared with another. No calls.

Conditions and actions: https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.installing import Thing, Wanted
from connectors.ticket import Write
from connectors.zendesk.webhook import SUBSCRIPTIONS

#: The subscription of a webhook that only triggers call.
TRIGGERED = "conditional_ticket_events"
WEBHOOK = "deliveries"

_FIELD_TYPES = {"score": "integer", "state": "text", "cause": "text"}
_ABOUT_FIELDS = {
    "score": "The satisfaction that Kintsugi predicts for this ticket, 0 to 100, as of its last change here.",
    "state": "How satisfied the customer is, and where that is heading.",
    "cause": "What went wrong, as far as Kintsugi can tell or a person has said.",
}
#: Word in the trigger's body -> what people read, and when it fires.
_RULES: Mapping[str, tuple[str, list[dict[str, str]]]] = {
    "created": ("tell of a new ticket", [{"field": "update_type", "operator": "is", "value": "Create"}]),
    "changed": ("tell of a changed ticket", [{"field": "update_type", "operator": "is", "value": "Change"}]),
    "rating": (
        "tell of a rating",
        [
            {"field": "update_type", "operator": "is", "value": "Change"},
            {"field": "satisfaction_score", "operator": "changed", "value": ""},
        ],
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One wanted thing. `members` and `fits` are given the id of the webhook, which is made first."""

    thing: Thing
    key: str
    title: str
    members: Callable[[str], dict[str, Any]]
    fits: Callable[[Mapping[str, Any], str], bool]  #: whether what is there does what it is for


def mark(marker: str, key: str) -> str:
    """What stands in a thing's description, so that it is found again."""
    return f"[{marker}/{key}]"


def items(wanted: Wanted) -> Iterator[Item]:
    """Everything that is wanted, in the order of making."""
    yield _webhook(wanted)
    if wanted.by_rule:
        yield from (_rule(wanted, word) for word in _RULES)
    yield from (_field(wanted, key, title) for key, title in wanted.fields.items())
    yield from (_view(wanted, tag, title) for tag, title in wanted.views.items())
    yield from (_macro(wanted, title, write) for title, write in wanted.macros.items())


def _webhook(wanted: Wanted) -> Item:
    subscriptions = [TRIGGERED] if wanted.by_rule else list(SUBSCRIPTIONS)
    about = "Tells Kintsugi that something happened to a ticket; Kintsugi then reads the ticket."
    members = {
        "name": "Kintsugi",
        "description": _about(wanted, WEBHOOK, about),
        "endpoint": wanted.endpoint,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": subscriptions,
    }

    def fits(body: Mapping[str, Any], _: str) -> bool:
        same = body.get("endpoint") == wanted.endpoint and body.get("status") == "active"
        return same and set(subscriptions) <= set(body.get("subscriptions") or ())

    return Item(thing=Thing.WEBHOOK, key=WEBHOOK, title="Kintsugi", members=lambda _: members, fits=fits)


def _rule(wanted: Wanted, word: str) -> Item:
    told, conditions = _RULES[word]
    # Ids only: words in a placeholder can break the JSON.
    body = {
        "kintsugi": 1,
        "ticket_id": "{{ticket.id}}",
        "updated_at": "{{ticket.updated_at_with_timestamp}}",
        "actor_id": "{{current_user.id}}",
        "trigger": word,
    }

    def members(webhook_id: str) -> dict[str, Any]:
        return {
            "title": f"Kintsugi: {told}",
            "description": _about(wanted, word, "Calls the webhook of Kintsugi."),
            "active": True,
            "conditions": {"all": conditions, "any": []},
            "actions": [{"field": "notification_webhook", "value": [webhook_id, json.dumps(body)]}],
        }

    def fits(there: Mapping[str, Any], webhook_id: str) -> bool:
        called = [action.get("value") for action in there.get("actions") or () if isinstance(action, Mapping)]
        ours = any(isinstance(value, list) and value[:1] == [webhook_id] for value in called)
        return ours and there.get("active") is not False

    return Item(thing=Thing.RULE, key=word, title=f"Kintsugi: {told}", members=members, fits=fits)


def _field(wanted: Wanted, key: str, title: str) -> Item:
    # Plain text and not a drop-down: a drop-down's options are tags of the ticket, and ours are set as tags already.
    about = _ABOUT_FIELDS[key]
    if key == "state":
        told = ", ".join(f"{tag} ({words})" for tag, words in wanted.state_tags.items())
        about = f"{about} The same is told by one tag: {told}."
    members = {
        "type": _FIELD_TYPES[key],
        "title": title,
        "agent_description": _about(wanted, key, about),
        "visible_in_portal": False,
        "editable_in_portal": False,
        "required": False,
    }
    return Item(thing=Thing.FIELD, key=key, title=title, members=lambda _: members, fits=_always)


def _view(wanted: Wanted, tag: str, title: str) -> Item:
    conditions = [
        {"field": "status", "operator": "less_than", "value": "solved"},
        {"field": "current_tags", "operator": "includes", "value": tag},
    ]
    about = _about(wanted, tag, f"Unsolved tickets with the tag {tag}.")

    def members(_: str) -> dict[str, Any]:
        # The lists stand in the view itself when it is written, and in `conditions` when it is read.
        columns = {"columns": ["status", "subject", "requester", "updated", "group", "assignee"]}
        return {"title": title, "description": about, "active": True, "all": conditions, "any": [], "output": columns}

    def fits(body: Mapping[str, Any], _: str) -> bool:
        return tag in json.dumps(body.get("conditions"))

    return Item(thing=Thing.VIEW, key=tag, title=title, members=members, fits=fits)


def _macro(wanted: Wanted, title: str, write: Write) -> Item:
    key = title.lower().replace(" ", "_")[:60]
    members = {"title": title, "description": _about(wanted, key, "Made by Kintsugi."), "actions": _actions(write)}
    return Item(thing=Thing.MACRO, key=key, title=title, members=lambda _: members, fits=_always)


def _actions(write: Write) -> list[dict[str, Any]]:
    """A change as a macro's actions."""
    actions: list[dict[str, Any]] = []
    if write.comment is not None:
        actions.append({"field": "comment_value", "value": write.comment.text})
        actions.append({"field": "comment_mode_is_public", "value": str(write.comment.public).lower()})
    if write.add_tags:
        actions.append({"field": "current_tags", "value": " ".join(sorted(write.add_tags))})
    if write.remove_tags:
        actions.append({"field": "remove_tags", "value": " ".join(sorted(write.remove_tags))})
    if write.priority is not None:
        actions.append({"field": "priority", "value": write.priority.value})
    if write.status is not None:
        actions.append({"field": "status", "value": write.status.value})
    return actions


def _about(wanted: Wanted, key: str, words: str) -> str:
    return f"{words} {mark(wanted.marker, key)}"


def _always(*_: Any) -> bool:
    return True


#: What people can change in each sort, and what is compared to find out whether they have.
_CONTENTS: Mapping[Thing, tuple[str, ...]] = {
    Thing.WEBHOOK: ("endpoint", "subscriptions", "http_method"),
    Thing.RULE: ("title", "conditions", "actions"),
    Thing.FIELD: ("title", "type"),
    Thing.VIEW: ("title", "conditions"),
    Thing.MACRO: ("title", "actions"),
}


def contents(thing: Thing, body: Mapping[str, Any]) -> dict[str, Any]:
    """What counts of a thing, without the vendor's own additions and order."""
    return {name: _plain(body.get(name)) for name in _CONTENTS[thing]}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items() if inner not in (None, [], "")}
    if isinstance(value, list | tuple):
        return sorted((_plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return None if value is None else str(value)
