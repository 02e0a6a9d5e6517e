"""Protocol documents: YAML, or the same as plain values, to a RecoveryProtocol and back. Every error has a path."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from app.protocols.actions.registry import ACTIONS
from app.protocols.errors import DocumentError, FieldError
from app.protocols.protocol import RecoveryProtocol
from app.protocols.schema import (
    ConditionSchema,
    CriteriaSchema,
    FollowUpSchema,
    GuardrailsSchema,
    ProtocolSchema,
    TargetsSchema,
    WorkSchema,
)
from app.protocols.yaml_text import check_size, join, read_yaml, write_yaml

MAX_ERRORS = 100
QUOTED = 60  #: characters of an offending value that are shown

#: marshmallow's own sentences in our words.
_OURS = {
    "Missing data for required field.": "is missing",
    "Field may not be null.": "must not be empty",
    "Not a valid list.": "must be a list",
    "Invalid input type.": "must be a mapping of names to values",
    "Unknown field.": "is not a known field",
}
_SCHEMAS: tuple[type[Schema], ...] = (
    ProtocolSchema,
    CriteriaSchema,
    ConditionSchema,
    WorkSchema,
    GuardrailsSchema,
    TargetsSchema,
    FollowUpSchema,
    *(kind.schema for kind in ACTIONS.values()),
)
#: Every key that a document may have somewhere, for those that are misspelt.
_KNOWN = sorted({"do"}.union(*(schema().fields for schema in _SCHEMAS)))


def read_document(document: str | Mapping[str, Any]) -> RecoveryProtocol:
    """The protocol of a YAML text of at most 256 KiB, or of the same shape as plain values (from JSON).

    Raises DocumentError with everything that is wrong; what is not YAML at all has one error.
    """
    given = read_yaml(document) if isinstance(document, str) else dict(document)
    check_size(given)
    if not isinstance(given, Mapping):
        raise DocumentError((FieldError(path="", message="must be a mapping of names to values", value=quote(given)),))
    try:
        return _loaded(given)
    except ValidationError as error:
        found = list(_errors(error.messages, "", given))
    more = len(found) - MAX_ERRORS
    if more > 0:
        found[MAX_ERRORS:] = [FieldError(path="", message=f"has {more} more errors")]
    raise DocumentError(tuple(found)) from None


def write_document(protocol: RecoveryProtocol) -> str:
    """The protocol as a YAML document; `read_document` gives an equal protocol back."""
    return write_yaml(plain_document(protocol))


def plain_document(protocol: RecoveryProtocol) -> dict[str, Any]:
    """The document as plain values, ready for JSON: what is not set is left out."""
    dumped: dict[str, Any] = _without_nothing(ProtocolSchema().dump(protocol))
    return dumped


def _loaded(given: Mapping[str, Any]) -> RecoveryProtocol:
    protocol: RecoveryProtocol = ProtocolSchema().load(given)
    return protocol


def _without_nothing(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: _without_nothing(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in (None, [], {})}
    return [_without_nothing(one) for one in value] if isinstance(value, list | tuple) else value


def _errors(messages: Any, path: str, given: Any) -> Iterator[FieldError]:
    """marshmallow's nested messages as lines, each with the value found at its path."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            if key == "_schema":
                yield from _errors(inner, path, given)
            else:
                yield from _errors(inner, join(path, key), _under(given, key))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield _error(path, str(message), given)


def _error(path: str, message: str, given: Any) -> FieldError:
    said = _OURS.get(message, message)
    if message == "Unknown field.":
        close = difflib.get_close_matches(path.rpartition(".")[2], _KNOWN, n=1, cutoff=0.65)
        said += f"; did you mean {close[0]}?" if close else ""
    shown = None if said.startswith("is missing") else quote(given)
    return FieldError(path=path, message=said, value=shown)


def _under(given: Any, key: Any) -> Any:
    """What the document has there; a single word stands for a list of itself."""
    if isinstance(given, Mapping):
        return given.get(key)
    if isinstance(given, list | tuple) and isinstance(key, int):
        return given[key]
    return given


def quote(value: Any) -> str:
    """A value as people see it: JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


__all__ = ["DocumentError", "FieldError", "RecoveryProtocol", "plain_document", "read_document", "write_document"]
