"""Where alerts and notices go: which addresses and names are right, and how they are shown. Not an action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError

from app.protocols.actions.base import Planning


def check_only_one(data: Mapping[str, Any], ways: Sequence[str], instead: str) -> None:
    """Raises ValidationError at the second of several ways."""
    given = [way for way in ways if data.get(way)]
    if len(given) > 1:
        raise ValidationError(f"must not be given beside {given[0]}; {instead}", given[1])


def check_webhook(data: Mapping[str, Any], way: str) -> None:
    """Raises ValidationError for what can be no webhook."""
    if data.get(way) and not is_webhook(data[way]):
        raise ValidationError("must be an https address or the name of a webhook", way)


def is_address(text: str) -> bool:
    """Whether it looks like one e-mail address."""
    local, at, domain = text.rpartition("@")
    plain = not any(letter.isspace() or letter in ',;<>()"' for letter in text)
    return bool(at and local and "." in domain.strip(".") and "@" not in local and plain)


def is_webhook(text: str) -> bool:
    """An https address or a name. Whether the address is reachable and allowed is checked when it is called."""
    if "://" not in text:
        return all(letter.isalnum() or letter in " _-." for letter in text)
    try:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def shown(webhook: str) -> str:
    """The host alone: a webhook's path is often its password."""
    return urlsplit(webhook).hostname or "" if "://" in webhook else webhook


def payload(event: str, planning: Planning) -> dict[str, str | int | None]:
    """A webhook's JSON body about the case, without a word of the customer's."""
    case = planning.case
    return {
        "event": event,
        "ticket_id": planning.ticket.id,
        "protocol": case.protocol,
        "score": case.score,
        "state": case.state and str(case.state),
        "cause": str(case.cause),
        "case_url": case.url,
        "at": planning.now.isoformat(),
    }
