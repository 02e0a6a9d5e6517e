"""What Zendesk's 4xx answers mean to us. Their texts can repeat what a person typed, so little of them gets through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import Closed, Conflict, ConnectorError, NotFound, Refused
from connectors.http import refused

#: Fields whose error sentences speak of our own values: ids, tags and states.
_OURS = ("base", "status", "priority", "group", "group_id", "assignee", "assignee_id", "tags", "safe_update")


def zendesk_refusal(status: int, body: Mapping[str, Any] | None) -> ConnectorError:
    """The error to raise for a 4xx answer; `body` is its JSON object, if it was one."""
    if body is None:
        return refused(status, None)
    said = f"the helpdesk answered {status}: {_code(body)}"
    if status == 404:
        return NotFound(said)
    if status == 409:
        return Conflict(said)
    details = dict(_details(body))
    reasons = "; ".join(_reason(name, text) for name, text in sorted(details.items()))
    said = f"{said} ({reasons})" if reasons else said
    if status == 422 and "closed" in details.get("status", "").lower():
        return Closed(said)
    return Refused(said, auth=status == 401)


def _code(body: Mapping[str, Any]) -> str:
    """The vendor's name for the error: a word, a title in an object, or the code of the first in a list."""
    error, errors = body.get("error"), body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        error = error or errors[0].get("code")  # how surveys are refused
    if isinstance(error, Mapping):
        error = error.get("title")
    return re.sub(r"[^\w .,'-]", "", str(error or "no reason given"))[:60]


def _details(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Field names with the vendor's first sentence on each."""
    details = body.get("details")
    for name, entries in (details if isinstance(details, Mapping) else {}).items():
        first = entries[0] if isinstance(entries, list) and entries else {}
        text = first.get("description") if isinstance(first, Mapping) else None
        yield str(name)[:40], str(text or "")


def _reason(name: str, text: str) -> str:
    quotable = name in _OURS and text
    return f"{name}: {text[:120]}" if quotable else name
