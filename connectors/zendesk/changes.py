"""A neutral `Write` as the body of one Zendesk update, and a macro as a neutral `Write`. No requests are made here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.answers import number_of
from connectors.errors import Conflict, Refused
from connectors.ticket import Comment, Priority, Ticket, TicketStatus, Write
from connectors.wire import clean, plain_text
from connectors.zendesk.mapping import MARKER_KEY


def tags_after(ticket: Ticket, write: Write) -> frozenset[str]:
    """All the tags that the ticket will have."""
    return (ticket.tags | write.add_tags) - write.remove_tags


def changed_fields(ticket: Ticket, write: Write) -> dict[str, Any]:
    """The vendor's fields to send: only what differs from the ticket as read, so that nothing else can be undone.

    Tags are the whole new set: adding and removing within one update is documented for bulk updates only, and the
    safe update that carries them refuses to overwrite tags that somebody else has changed since.
    Raises Refused for an id that is not one of the vendor's.
    """
    body: dict[str, Any] = {name: None for name in sorted(write.clear) if getattr(ticket, name) is not None}
    if write.group_id and write.group_id != ticket.group_id:
        body["group_id"] = number_of("group", write.group_id)
    if write.assignee_id and write.assignee_id != ticket.assignee_id:
        body["assignee_id"] = number_of("assignee", write.assignee_id)
    if write.priority and write.priority != ticket.priority:
        body["priority"] = write.priority.value
    if write.status and write.status != ticket.status:
        body["status"] = write.status.value
    if tags_after(ticket, write) != ticket.tags:
        body["tags"] = sorted(tags_after(ticket, write))
    custom = {key: value for key, value in write.custom_fields.items() if ticket.custom_fields.get(key) != value}
    if custom:
        body["custom_fields"] = custom_fields(custom)
    if write.comment:
        body["comment"] = {"body": write.comment.text, "public": write.comment.public}
    return body


def custom_fields(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Custom fields as the vendor lists them; an update merges them by id."""
    return [{"id": number_of("custom field", key), "value": value} for key, value in values.items()]


def metadata(markers: Sequence[str]) -> dict[str, str]:
    """What is stored with the change. Raises Refused for a marker that could not be told apart again."""
    if any(marker.split() != [marker] for marker in markers):
        raise Refused("markers: must not be empty or hold white space")
    return {MARKER_KEY: " ".join(markers) or "-"}


def lost_tags(audit: Mapping[str, Any], ticket: Ticket, write: Write) -> tuple[frozenset[str], frozenset[str]]:
    """Tags to put back and to take off again, where the update replaced tags that were not those we had read.

    The vendor compares stamps by the second, so a safe update does not notice an edit within the second of the stamp;
    but its audit tells what the update replaced.
    """
    for event in audit.get("events") or ():
        if event.get("field_name") == "tags" and isinstance(event.get("previous_value"), list):
            replaced = frozenset(map(str, event["previous_value"]))
            return replaced - ticket.tags - write.remove_tags, ticket.tags - replaced - write.add_tags
    return frozenset(), frozenset()


@dataclass(slots=True)
class _Delta:
    """A macro's changes while they are being collected."""

    ticket: Ticket
    effect: Mapping[str, Any]  #: the ticket as the vendor says it would become; empty where it was not asked
    values: dict[str, Any] = field(default_factory=dict)
    add_tags: set[str] = field(default_factory=set)
    remove_tags: set[str] = field(default_factory=set)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    public: bool | None = None

    def write(self) -> Write:
        return Write(
            add_tags=frozenset(self.add_tags - self.remove_tags),
            remove_tags=frozenset(self.remove_tags),
            custom_fields=self.custom_fields,
            comment=Comment(text=self.text, public=self.public is not False) if self.text.strip() else None,
            **self.values,
        )


def needs_effect(actions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether only the vendor can tell what the macro does to this ticket: placeholders, or "the current user"."""
    return any(
        str(action.get("field", "")).startswith("comment_")
        or (action.get("field") in ("assignee_id", "group_id") and not str(action.get("value")).isdigit())
        for action in actions
    )


def require_expressible(title: str, actions: Sequence[Mapping[str, Any]]) -> None:
    """Raise Refused for an action that a ticket update cannot express; half a macro is never performed."""
    for name in (str(action.get("field", "")) for action in actions):
        if name.startswith("side_conversation"):
            raise Refused(f"macro {title!r}: it starts a side conversation, which no ticket update can do")
        if _action(name) is None:
            raise Refused(f"macro {title!r}: its action {name!r} cannot be performed by a ticket update here")


def macro_delta(title: str, actions: Sequence[Mapping[str, Any]], effect: Mapping[str, Any], ticket: Ticket) -> Write:
    """What an expressible macro changes, and nothing else. Raises Refused for a value that makes no sense."""
    delta = _Delta(ticket, effect)
    for action in actions:
        name = str(action.get("field", ""))
        try:
            if apply := _action(name):
                apply(delta, name, action.get("value"))
        except ValueError as error:
            raise Refused(f"macro {title!r}: its action {name!r} has a value that cannot be used") from error
    return delta.write()


def _status(delta: _Delta, _: str, value: Any) -> None:
    delta.values["status"] = TicketStatus(str(value))


def _priority(delta: _Delta, _: str, value: Any) -> None:
    delta.values["priority"] = Priority(str(value))


def _person(delta: _Delta, name: str, value: Any) -> None:
    known = value if str(value).isdigit() else delta.effect.get(name)
    if not str(known).isdigit():
        raise ValueError("it names nobody")
    delta.values[name] = str(known)


def _add_tags(delta: _Delta, _: str, value: Any) -> None:
    delta.add_tags |= _tags(value)


def _set_tags(delta: _Delta, _: str, value: Any) -> None:
    delta.add_tags |= _tags(value) - delta.ticket.tags
    delta.remove_tags |= delta.ticket.tags - _tags(value)


def _remove_tags(delta: _Delta, _: str, value: Any) -> None:
    delta.remove_tags |= _tags(value)


def _comment(delta: _Delta, name: str, value: Any) -> None:
    rendered = delta.effect.get("comment")
    rendered = rendered if isinstance(rendered, Mapping) else {}
    words = value[-1] if isinstance(value, list) and value else value
    html = rendered.get("html_body") or (str(words) if name.endswith("_html") and words else "")
    text = rendered.get("body") or (plain_text(html) if html else words)
    delta.text = clean(str(text or ""))
    if delta.public is None and isinstance(rendered.get("public"), bool):
        delta.public = rendered["public"]


def _mode(delta: _Delta, _: str, value: Any) -> None:
    delta.public = str(value).lower() != "false"


def _custom_field(delta: _Delta, name: str, value: Any) -> None:
    key = name.removeprefix("custom_fields_")
    if not re.fullmatch(r"[0-9]{1,19}", key) or not isinstance(value, str | int | float | bool | None):
        raise ValueError("not a plain field value")
    delta.custom_fields[key] = value


#: https://developer.zendesk.com/documentation/ticketing/reference-guides/actions-reference/
_ACTIONS: Mapping[str, Callable[[_Delta, str, Any], None]] = {
    "status": _status,
    "priority": _priority,
    "group_id": _person,
    "assignee_id": _person,
    "current_tags": _add_tags,
    "set_tags": _set_tags,
    "remove_tags": _remove_tags,
    "comment_value": _comment,
    "comment_value_html": _comment,
    "comment_mode_is_public": _mode,
}


def _action(name: str) -> Callable[[_Delta, str, Any], None] | None:
    return _ACTIONS.get(name) or (_custom_field if name.startswith("custom_fields_") else None)


def _tags(value: Any) -> set[str]:
    return set(str(value or "").split())


def require_unchanged(seen: Ticket, current: Ticket) -> None:
    """Raise Conflict unless everything that a write could overwrite is as it was seen."""
    names = ("stamp", "status", "priority", "group_id", "assignee_id", "tags", "custom_fields")
    changed = [name for name in names if getattr(seen, name) != getattr(current, name)]
    if changed:
        raise Conflict(f"ticket {seen.id}: changed since it was read: {', '.join(changed)}")
