"""What Freshdesk's 4xx answers mean to us. Their texts can repeat what a person typed, so little of them gets through.

https://developers.freshdesk.com/api/#error
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import Closed, Conflict, ConnectorError, NotFound, Refused, Unavailable

#: Fields whose error sentences speak of our own values, by the name that we give them.
_OURS = {
    "status": "status",
    "priority": "priority",
    "group_id": "group",
    "responder_id": "assignee",
    "tags": "tags",
    "requester_id": "requester",
    "parent_id": "parent",
}


class Nowhere(Unavailable):
    """404 without a word: the thing is gone, or there is no such account. Only a second question can tell."""


def freshdesk_refusal(status: int, body: Mapping[str, Any] | None) -> ConnectorError:
    """The error to raise for a 4xx answer; `body` is its JSON object, if it was one."""
    said = f"the helpdesk answered {status}"
    if body is None:
        return Nowhere(said) if status == 404 else _refused(said, status)
    said = f"{said}: {_code(body)}"
    if status in (404, 410):
        return NotFound(said)
    reasons = "; ".join(sorted(_reasons(body)))
    said = f"{said} ({reasons})" if reasons else said
    if status == 409:
        return Conflict(said)
    if "archived" in str(body.get("code") or ""):
        return Closed(said)
    return _refused(said, status)


def _refused(said: str, status: int) -> Refused:
    return Refused(said, auth=status == 401)


def _code(body: Mapping[str, Any]) -> str:
    """The vendor's name for the error: a code, or the sentence that stands in its place."""
    word = body.get("code") or body.get("description") or body.get("message") or "no reason given"
    return re.sub(r"[^\w .,'-]", "", str(word))[:60]


def _reasons(body: Mapping[str, Any]) -> Iterator[str]:
    """The fields that were wrong, with the vendor's sentence where it cannot quote anybody."""
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, Mapping):
            name = str(error.get("field") or "")[:60]
            ours = _OURS.get(name)
            yield f"{ours}: {str(error.get('message') or '')[:120]}" if ours else name
