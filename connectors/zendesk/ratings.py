"""Zendesk's two kinds of customer ratings as one: the legacy good/bad on the ticket, and answers to CSAT surveys.

Only one of them is active in an account, but both may have left ratings.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import ValidationError, fields, post_load

from connectors.ticket import Rating
from connectors.wire import InstantField, TextField, VendorSchema

_LEGACY = {"good": 1.0, "bad": 0.0}
_CATEGORY = {"bad": 0.0, "neutral": 0.5, "good": 1.0}
_SIZES = (2, 3, 5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MomentField(InstantField):
    """A moment as text, or in milliseconds since 1970, which is how the survey API counts in its filters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return super()._deserialize(value, attr, data)
        try:
            return _EPOCH + timedelta(milliseconds=value)
        except (OverflowError, ValueError) as error:
            raise ValidationError("not a time in milliseconds") from error


class LegacyRatingSchema(VendorSchema):
    """What a ticket says about its own rating; its times are missing on most accounts."""

    id = fields.Raw(load_default=None, allow_none=True)
    score = TextField()
    comment = TextField()
    created_at = MomentField(load_default=None, allow_none=True)
    updated_at = MomentField(load_default=None, allow_none=True)


class QuestionSchema(VendorSchema):
    sub_type = TextField()
    options = fields.List(fields.Raw(), load_default=None, allow_none=True)


class AnswerSchema(VendorSchema):
    type = TextField()
    rating = fields.Integer(strict=True, load_default=None, allow_none=True)
    rating_category = TextField()
    value = fields.Raw(load_default=None, allow_none=True)
    question = fields.Nested(QuestionSchema, load_default=None, allow_none=True)
    created_at = MomentField(load_default=None, allow_none=True)
    updated_at = MomentField(load_default=None, allow_none=True)


class SurveyResponseSchema(VendorSchema):
    """One offered survey; loads into a `Rating`, or None while nobody has rated."""

    id = fields.String(required=True)
    answers = fields.List(fields.Nested(AnswerSchema), load_default=None, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Rating | None:
        answers = data["answers"] or []
        scale = next((answer for answer in answers if _rates_satisfaction(answer)), None)
        if scale is None:
            return None
        value, size = _normalised(scale)
        at = scale["updated_at"] or scale["created_at"]
        if value is None or at is None:
            return None
        return Rating(
            id=data["id"],
            value=value,
            original=str(scale["rating"]) if scale["rating"] is not None else scale["rating_category"],
            scale=f"1-{size}" if size else "category",
            at=at,
            comment=_comment(answers),
        )


_LEGACY_RATING, _SURVEY_RESPONSE = LegacyRatingSchema(), SurveyResponseSchema()


def read_legacy_rating(ticket: Mapping[str, Any], *, ticket_id: str, updated_at: datetime) -> Rating | None:
    """The good or bad on a ticket object; None where none was given yet.

    The vendor tells no time with it, so that of the ticket's last change stands in: it is never too early.
    """
    body = ticket.get("satisfaction_rating")
    if not isinstance(body, Mapping):
        return None
    return _legacy(_LEGACY_RATING.load(body), f"legacy-{ticket_id}", updated_at)


def read_rating_row(row: Any) -> Rating | None:
    """A row of the list of legacy ratings, which tells its own times; None for an offer."""
    data: dict[str, Any] = _LEGACY_RATING.load(row)
    if data["id"] is None or not (data["updated_at"] or data["created_at"]):
        return None
    return _legacy(data, str(data["id"]), _EPOCH)


def _legacy(data: Mapping[str, Any], id_without: str, at_without: datetime) -> Rating | None:
    # The list can be filtered by "good_with_comment"; should a row say that, it means good.
    word = data["score"].lower().removesuffix("_with_comment")
    if word not in _LEGACY:
        return None
    return Rating(
        id=str(data["id"] or id_without),
        value=_LEGACY[word],
        original=data["score"].lower(),
        scale="good_bad",
        at=data["updated_at"] or data["created_at"] or at_without,
        comment=data["comment"],
    )


def read_survey_rating(response: Any) -> Rating | None:
    """The rating in one survey response; None for one that is unanswered or skipped."""
    rating: Rating | None = _SURVEY_RESPONSE.load(response)
    return rating


def _rates_satisfaction(answer: Mapping[str, Any]) -> bool:
    kind = (answer["question"] or {}).get("sub_type") or "customer_satisfaction"
    return answer["type"] == "rating_scale" and kind == "customer_satisfaction"


def _normalised(answer: Mapping[str, Any]) -> tuple[float | None, int | None]:
    """The rating in [0, 1] and the number of points on its scale; both None where there is no rating."""
    rating, category = answer["rating"], answer["rating_category"].lower()
    if rating is None:
        return _CATEGORY.get(category), None
    size = _size(rating, category, (answer["question"] or {}).get("options"))
    if size is None:
        return _CATEGORY.get(category), None
    return (rating - 1) / (size - 1), size


def _size(rating: int, category: str, options: list[Any] | None) -> int | None:
    """Points on the scale: as told, else the one on which this rating falls into this category.

    Responses do not name their scale. Five points read 1-2 bad, 3 neutral, 4-5 good; three read bad, neutral, good;
    two read bad, good. A rating of 1 is the worst on each.
    """
    if rating < 1 or rating > 5:
        return None
    told = len(options or ())
    if told in _SIZES and rating <= told:
        return told
    return {(2, "good"): 2, (2, "neutral"): 3, (3, "good"): 3}.get((rating, category), 5)


def _comment(answers: list[dict[str, Any]]) -> str:
    return next((str(answer["value"]) for answer in answers if answer["type"] == "open_ended" and answer["value"]), "")
