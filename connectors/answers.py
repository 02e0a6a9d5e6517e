"""What every reader of a helpdesk's answers shares: sense or nonsense, whose trouble it was, and ids as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from marshmallow import ValidationError

from connectors.errors import ConnectorError, NotFound, Refused, Unavailable


@contextmanager
def sensible(*, sent: bool = False, also: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn an answer of the wrong shape into Unavailable; readers fail in many ways on one, a client's own `also`.

    `sent` says that the answer was to a write, which has taken effect all the same.
    """
    wrong: tuple[type[Exception], ...] = (AttributeError, LookupError, TypeError, ValueError, *also)
    try:
        yield
    except ValidationError as error:
        raise Unavailable(f"the helpdesk's answer makes no sense: {_fields(error)}", sent=sent) from error
    except wrong as error:
        raise Unavailable(f"the helpdesk's answer makes no sense: {type(error).__name__}", sent=sent) from error


@contextmanager
def named(what: str) -> Iterator[None]:
    """Say what it was that the helpdesk refused or did not find."""
    try:
        yield
    except ConnectorError as error:
        error.args = (f"{what}: {error}",)
        raise


def number(text: str) -> int:
    """The vendor's number for an id of ours. Raises NotFound for an id that it cannot have."""
    if not _is_number(text):
        raise NotFound(f"{text[:40]!r} cannot be an id of the helpdesk's")
    return int(text)


def number_of(what: str, text: str) -> int:
    """The vendor's number for an id that a change names. Raises Refused for one that it cannot be."""
    if not _is_number(text):
        raise Refused(f"{what} {text[:40]!r}: not an id of the helpdesk's")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _fields(error: ValidationError) -> str:
    return ", ".join(sorted(map(str, error.messages))) if isinstance(error.messages, dict) else "not an object"
