"""Recorded bodies of a helpdesk: how a file is read, and how its meaning is written out. No vendor here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from connectors.errors import BadBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One body as somebody kept it, with what else was kept of the exchange."""

    raw: bytes
    body: Any  #: the body as JSON; None for an empty one
    headers: Mapping[str, str] = field(default_factory=dict)  #: with lower-case names
    status: int | None = None  #: of an answer; None for a request, or where it is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What a mapping makes of one recorded body: its sort in a word, and the neutral value, if it has one."""

    sort: str  #: "ticket", "tickets", "comments", "user", "delivery", "error", "other" ...
    value: object  #: neutral values, alone or in lists; a ConnectorError; for "other", the names of its members


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A thing of the helpdesk that we have no value for beyond its identity, such as a trigger or a view."""

    id: str
    name: str


def read_recorded(raw: bytes) -> Recorded:
    """A body, or a whole exchange `{"request": {...}, "response": {...}}` of which the answer counts, if it has one.

    Raises BadBody for what is not JSON.
    """
    document = read_json(raw)
    if not isinstance(document, Mapping):
        return Recorded(raw=raw, body=document)
    if isinstance(document.get("request"), Mapping) and "response" in document:
        answer = document["response"]
        kept = _half(answer) if isinstance(answer, Mapping) else Recorded(raw=b"", body=None)
        if kept.body is not None or (kept.status or 0) >= 400:
            return kept
        return _half(document["request"])
    if "headers" in document and ("body" in document or "payload" in document):
        return _half(document)
    return Recorded(raw=raw, body=document)


def read_json(raw: bytes) -> Any:
    """A JSON document; None where there is nothing. Raises BadBody, saying where it goes wrong and never quoting it."""
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_constant=_not_json) if text.strip() else None
    except UnicodeDecodeError as error:
        raise BadBody(f"body: not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise BadBody("body: nested too deeply") from error
    except json.JSONDecodeError as error:
        raise BadBody(f"body: not JSON at line {error.lineno}, column {error.colno}") from error
    except ValueError as error:
        # Python reads whole numbers of up to 4,300 digits.
        raise BadBody("body: holds a number that is too long") from error


def _not_json(word: str) -> NoReturn:
    raise BadBody(f"body: {word} is not JSON")


def _half(kept: Mapping[str, Any]) -> Recorded:
    """One side of an exchange: status, headers and body, or the body alone."""
    if not {"status", "headers", "body", "payload", "method"} & set(kept):
        return Recorded(raw=json.dumps(kept).encode(), body=kept)
    body = kept.get("body", kept.get("payload"))
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    raw = text.encode("utf-8", "replace")
    status = kept.get("status")
    return Recorded(
        raw=raw,
        body=read_json(raw),
        headers=_headers(kept.get("headers")),
        status=status if isinstance(status, int) else None,
    )


def _headers(kept: Any) -> dict[str, str]:
    """Headers with lower-case names, kept as an object or as a list of keys with values."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(kept, Mapping):
        pairs = list(kept.items())
    elif isinstance(kept, list):
        pairs = [(one.get("key"), one.get("value")) for one in kept if isinstance(one, Mapping)]
    return {str(name).lower(): _joined(value) for name, value in pairs}


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def plain(value: object) -> Any:
    """A neutral value as JSON takes it: values as objects, times in UTC, sets in order, errors by their type."""
    if isinstance(value, Exception):
        return {"type": type(value).__name__, "message": str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(plain(one) for one in value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(one) for one in value]
    return value
