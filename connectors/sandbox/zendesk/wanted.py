"""Reads the ticket object of a request into a `Change`. Types are checked here; values by `amend`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.changes import Change, NewComment
from connectors.sandbox.people import Person
from connectors.sandbox.refusals import Malformed
from connectors.sandbox.zendesk.answers import number

_TAGS = re.compile(r"<[^>]+>")


def _text(value: Any, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise Malformed(f"{name} must be text")


def _id(value: Any, name: str) -> int | None:
    return None if value in (None, "") else number(value, name)


def tags(value: Any, name: str = "tags") -> tuple[str, ...]:
    """A list of tags, or one text with spaces between; lower case, as the vendor stores them. Raises Malformed."""
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Malformed(f"{name} must be a list of texts")
    return tuple(sorted({word.strip().lower() for word in words if word.strip()}))


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "subject": _text,
    "status": _text,
    "priority": _text,
    "type": _text,
    "external_id": _text,
    "group_id": _id,
    "assignee_id": _id,
    "requester_id": _id,
    "tags": tags,
}


def change(wanted: Mapping[str, Any], actor: Person, *, client: str, deltas: bool, channel: str = "api") -> Change:
    """Raises Malformed. `deltas` says whether additional_tags and remove_tags count."""
    return Change(
        actor_id=actor.id,
        channel=channel,
        client=client,
        values={name: read(wanted[name], name) for name, read in _READERS.items() if name in wanted},
        add_tags=tags(wanted.get("additional_tags", []), "additional_tags") if deltas else (),
        remove_tags=tags(wanted.get("remove_tags", []), "remove_tags") if deltas else (),
        fields=_fields(wanted),
        comment=_comment(wanted.get("comment")),
        custom=_custom(wanted.get("metadata")),
        stamp=stamp(wanted),
    )


def stamp(wanted: Mapping[str, Any]) -> str | None:
    """The stamp of a safe update. The vendor takes `safe_update: false` for true, so its presence is what counts."""
    if "safe_update" not in wanted:
        return None
    value = wanted.get("updated_stamp")
    if not isinstance(value, str):
        raise Malformed("safe_update needs an updated_stamp")
    return value


def _fields(wanted: Mapping[str, Any]) -> dict[str, Any]:
    items = wanted.get("custom_fields", wanted.get("fields")) or []
    if isinstance(items, dict):
        items = [{"id": name, "value": value} for name, value in items.items()]
    if not isinstance(items, list) or not all(isinstance(item, dict) and "id" in item for item in items):
        raise Malformed("custom_fields must be a list of {id, value}")
    return {str(number(item["id"], "custom_fields id")): item.get("value") for item in items}


def _comment(wanted: Any) -> NewComment | None:
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise Malformed("comment must be an object")
    plain = _text(wanted.get("body"), "comment body")
    marked_up = _text(wanted.get("html_body"), "comment html_body")
    public = wanted.get("public", True)
    if not isinstance(public, bool):
        raise Malformed("comment public must be true or false")
    text = _TAGS.sub("", marked_up) if marked_up else plain or ""
    return NewComment(text=text, public=public, author_id=_id(wanted.get("author_id"), "comment author_id"))


def _custom(metadata: Any) -> dict[str, Any]:
    """What the caller wants kept in the audit; given as the value of `metadata`, with or without `custom` around it."""
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        raise Malformed("metadata must be an object")
    inner = metadata.get("custom")
    return dict(inner) if isinstance(inner, dict) else dict(metadata)
