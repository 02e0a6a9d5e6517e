"""Zendesk's words for a refusal: the status and the error body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.refusals import Forbidden, Invalid, Malformed, Missing, Refusal, Stale, TooMany


def error_body(refusal: Refusal) -> tuple[int, dict[str, Any]]:
    """Status and JSON body, as in `422, {"error": "RecordInvalid", ...}`."""
    return _SHAPES[type(refusal)](refusal)


def _missing(_: Any) -> tuple[int, dict[str, Any]]:
    return 404, {"error": "RecordNotFound", "description": "Not found"}


def _malformed(refusal: Any) -> tuple[int, dict[str, Any]]:
    return 400, {"error": {"title": "Invalid attribute", "message": str(refusal)}}


def _invalid(refusal: Any) -> tuple[int, dict[str, Any]]:
    details = {name: [{"description": sentence}] for name, sentence in refusal.details.items()}
    return 422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}


def _stale(_: Any) -> tuple[int, dict[str, Any]]:
    return 409, {
        "error": "UpdateConflict",
        "description": "Safe Update prevented the update due to outdated ticket data. "
        "Please fetch the latest ticket data and try again.",
    }


def _forbidden(_: Any) -> tuple[int, dict[str, Any]]:
    return 403, {"error": "Forbidden", "description": "You do not have access to this page"}


def _too_many(refusal: Any) -> tuple[int, dict[str, Any]]:
    return 400, {"error": "TooManyValues", "description": str(refusal), "max_count": refusal.limit}


_SHAPES: Mapping[type[Refusal], Callable[[Any], tuple[int, dict[str, Any]]]] = {
    Missing: _missing,
    Malformed: _malformed,
    Invalid: _invalid,
    Stale: _stale,
    Forbidden: _forbidden,
    TooMany: _too_many,
}
