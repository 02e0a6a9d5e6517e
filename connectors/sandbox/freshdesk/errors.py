"""Freshdesk's words for a refusal: the status and the error body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.refusals import Forbidden, Invalid, Malformed, Missing, Refusal, Stale, TooMany

#: What the sandbox calls an attribute -> what Freshdesk calls it.
_NAMES: Mapping[str, str] = {"assignee_id": "responder_id", "base": "description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a request."""

    field: str
    message: str
    code: str = "invalid_value"


class Wrong(Refusal):
    """The request fails Freshdesk's own validation; nothing was changed."""

    def __init__(self, faults: Sequence[Fault], *, status: int = 400) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults, self.status = tuple(faults), status


class BrokenJson(Refusal):
    """The body is no JSON."""


def validation(faults: Sequence[Fault]) -> dict[str, Any]:
    errors = [{"field": fault.field, "message": fault.message, "code": fault.code} for fault in faults]
    return {"description": "Validation failed", "errors": errors}


def error_body(refusal: Refusal) -> tuple[int, dict[str, Any] | None]:
    """Status and JSON body; no body where Freshdesk sends none."""
    return _SHAPES[type(refusal)](refusal)


def _wrong(refusal: Any) -> tuple[int, dict[str, Any]]:
    return refusal.status, validation(refusal.faults)


def _invalid(refusal: Any) -> tuple[int, dict[str, Any]]:
    faults = [Fault(field=_NAMES.get(name, name), message=text) for name, text in refusal.details.items()]
    return 400, validation(faults)


def _malformed(refusal: Any) -> tuple[int, dict[str, Any]]:
    return 400, validation([Fault(field="request", message=str(refusal), code="invalid_field")])


def _too_many(refusal: Any) -> tuple[int, dict[str, Any]]:
    fault = Fault(field="ids", message=f"Has more than the allowed {refusal.limit} items")
    return 400, validation([fault])


def _missing(_: Any) -> tuple[int, None]:
    return 404, None


def _forbidden(_: Any) -> tuple[int, dict[str, Any]]:
    return 403, {"code": "access_denied", "message": "You are not authorized to perform this action."}


def _broken(_: Any) -> tuple[int, dict[str, Any]]:
    return 400, {"code": "invalid_json", "message": "Request body has invalid json format"}


_SHAPES: Mapping[type[Refusal], Callable[[Any], tuple[int, dict[str, Any] | None]]] = {
    Wrong: _wrong,
    BrokenJson: _broken,
    Missing: _missing,
    Malformed: _malformed,
    Invalid: _invalid,
    # Freshdesk has no safe update, so nobody can ask for one here.
    Stale: _malformed,
    Forbidden: _forbidden,
    TooMany: _too_many,
}
