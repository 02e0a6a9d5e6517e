"""Freshdesk's customer ratings as neutral ones. Which calls that takes is the client's.

103, 102, 101 happy, 100 neutral, -101, -102, -103 unhappy, on scales of 2, 3, 5 or 7 of these.
https://developers.freshdesk.com/api/#satisfaction-ratings
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields

from connectors.ticket import Rating
from connectors.wire import IdField, InstantField, TextField, VendorSchema, optional_id

#: From the worst to the best, on the longest scale.
CODES = (-103, -102, -101, 100, 101, 102, 103)
#: What every scale agrees on, so that nobody has to be asked about it.
_AGREED = frozenset({-103, 100, 103})
_QUESTION = "default_question"


class RatingSchema(VendorSchema):
    """One answer to a survey, with its ratings as a map by question or as a list."""

    id = IdField(required=True)
    survey_id = optional_id()
    ticket_id = optional_id()
    feedback = TextField()
    ratings = fields.Raw(load_default=None, allow_none=True)
    rating = fields.Raw(load_default=None, allow_none=True)
    created_at = InstantField(required=True)
    updated_at = InstantField(load_default=None, allow_none=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A rating as the vendor has it: how good its code is depends on the survey's scale."""

    id: str
    ticket_id: str | None
    survey_id: str | None
    code: int
    comment: str
    at: datetime

    @property
    def needs_scale(self) -> bool:
        """Whether only the survey can tell how good this code is."""
        return self.code not in _AGREED


_RATING = RatingSchema()


def read_given(body: Any) -> Given | None:
    """One rating; None where the question of satisfaction was left out. Raises ValidationError for what is no code."""
    data: dict[str, Any] = _RATING.load(body)
    code = _code(data["ratings"] if data["ratings"] is not None else data["rating"])
    if code is None:
        return None
    return Given(
        id=data["id"] or "0",
        ticket_id=data["ticket_id"],
        survey_id=data["survey_id"],
        code=code,
        comment=data["feedback"],
        at=data["updated_at"] or data["created_at"],
    )


def read_all(bodies: Iterable[Any]) -> list[Given]:
    """Every rating that makes sense. One that does not is left out: a ticket is more than its rating, and
    `kintsugi desk check` tells of it."""
    found = []
    for body in bodies:
        try:
            given = read_given(body)
        except ValidationError:
            continue
        if given is not None:
            found.append(given)
    return found


def read_scales(surveys: Iterable[Any]) -> dict[str, tuple[int, ...]]:
    """The codes that each survey's question of satisfaction accepts, the worst first, by survey id."""
    found = {}
    for survey in surveys:
        questions = survey.get("questions") if isinstance(survey, Mapping) else None
        for question in questions if isinstance(questions, list) else []:
            accepted = question.get("accepted_ratings") if isinstance(question, Mapping) else None
            if isinstance(accepted, list) and (question.get("default") or question.get("id") == _QUESTION):
                found[str(survey.get("id"))] = tuple(sorted(code for code in accepted if isinstance(code, int)))
    return found


def build_rating(given: Given, scales: Mapping[str, tuple[int, ...]]) -> Rating | None:
    """The neutral rating: its place on the survey's scale, or on the longest one where that is not known.

    None for a code that stands on neither.
    """
    scale = scales.get(given.survey_id or "", ())
    known = len(scale) > 1 and given.code in scale
    places = scale if known else CODES
    if given.code not in places:
        return None
    return Rating(
        id=given.id,
        value=places.index(given.code) / (len(places) - 1),
        original=str(given.code),
        scale=f"1-{len(places)}" if known else "freshdesk",
        at=given.at,
        comment=given.comment,
    )


def _code(ratings: Any) -> int | None:
    """The code of the question of satisfaction, among those of other questions."""
    if isinstance(ratings, list):
        ratings = dict(_pair(entry) for entry in ratings)
    if isinstance(ratings, Mapping):
        ratings = ratings.get(_QUESTION)
    if ratings is None:
        return None
    code = int(ratings) if isinstance(ratings, str) and ratings.strip().lstrip("-").isdecimal() else ratings
    if isinstance(code, bool) or not isinstance(code, int):
        raise ValidationError("not a rating code", "ratings")
    return code


def _pair(entry: Any) -> tuple[str, Any]:
    """A question's key and its code, out of one entry of a list."""
    if not isinstance(entry, Mapping):
        return _QUESTION, entry
    if len(entry) == 1:
        name, code = next(iter(entry.items()))
        return (_QUESTION, code) if name in ("rating", "value") else (str(name), code)
    name = entry.get("question_id", entry.get("question", entry.get("id", _QUESTION)))
    default = bool(entry.get("default")) or name in (None, _QUESTION)
    return _QUESTION if default else str(name), entry.get("rating", entry.get("value"))
