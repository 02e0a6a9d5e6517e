"""Both of Zendesk's rating systems as one number between 0 and 1, with the vendor's own word kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from connectors.ticket import Rating
from connectors.zendesk.ratings import read_legacy_rating, read_rating_row, read_survey_rating
from tests.connectors.zendesk.bodies import ticket_body

UPDATED = datetime(2026, 3, 2, 8, 59, tzinfo=UTC)


def answer(**changed: Any) -> dict[str, Any]:
    body = {
        "type": "rating_scale",
        "rating": 4,
        "rating_category": "good",
        "question": {"id": "01Q", "type": "rating_scale_numeric", "sub_type": "customer_satisfaction"},
        "created_at": "2026-03-01T12:00:00.000Z",
        "updated_at": "2026-03-01T12:05:00.000Z",
    }
    return {**body, **changed}


def response(*answers: dict[str, Any]) -> dict[str, Any]:
    return {"id": "01R", "responder_id": 5, "survey": {"id": "01S"}, "answers": list(answers)}


def legacy(rating: Any) -> Rating | None:
    return read_legacy_rating(ticket_body(satisfaction_rating=rating), ticket_id="35", updated_at=UPDATED)


class TestSurveys:
    def test_an_answer_is_read_with_its_words(self) -> None:
        words = {"type": "open_ended", "value": "Took three letters.", "question": {"id": "01W"}}
        closed = {"type": "closed_ended", "selections": [{"option_id": "01O"}], "question": None}

        rating = read_survey_rating(response(closed, answer(), words))

        assert rating == Rating(
            id="01R",
            value=0.75,
            original="4",
            scale="1-5",
            at=datetime(2026, 3, 1, 12, 5, tzinfo=UTC),
            comment="Took three letters.",
        )

    @pytest.mark.parametrize(
        ("rating", "category", "value", "scale"),
        [
            (1, "bad", 0.0, "1-5"),
            (2, "bad", 0.25, "1-5"),
            (3, "neutral", 0.5, "1-5"),
            (5, "good", 1.0, "1-5"),
            (2, "neutral", 0.5, "1-3"),
            (3, "good", 1.0, "1-3"),
            (2, "good", 1.0, "1-2"),
            (7, "good", 1.0, "category"),
            (0, "bad", 0.0, "category"),
            (None, "neutral", 0.5, "category"),
        ],
    )
    def test_scales_of_two_three_and_five_become_one(
        self, rating: int | None, category: str, value: float, scale: str
    ) -> None:
        found = read_survey_rating(response(answer(rating=rating, rating_category=category)))

        assert found
        assert (found.value, found.scale) == (value, scale)
        assert found.original == (category if rating is None else str(rating))

    def test_times_may_be_milliseconds_since_1970(self) -> None:
        found = read_survey_rating(response(answer(created_at=1772366400000, updated_at=1772366700500)))

        assert found
        assert found.at == datetime(2026, 3, 1, 12, 5, 0, 500000, tzinfo=UTC)

    @pytest.mark.parametrize("moment", [True, 10**19, -(10**19), "yesterday", "1772366400000"])
    def test_a_time_that_is_none_is_refused(self, moment: Any) -> None:
        with pytest.raises(ValidationError):
            read_survey_rating(response(answer(updated_at=moment)))

    @pytest.mark.parametrize(("options", "value"), [(3, 0.5), (5, 0.25), (4, 0.25), (0, 0.25)])
    def test_a_scale_that_is_told_is_believed_where_it_can_be(self, options: int, value: float) -> None:
        question = {"sub_type": "customer_satisfaction", "options": [{}] * options}

        found = read_survey_rating(response(answer(rating=2, rating_category="bad", question=question)))

        assert found
        assert found.value == value

    @pytest.mark.parametrize(
        "answers",
        [
            [],
            [{"type": "skipped", "question": {"sub_type": "customer_satisfaction"}}],
            [{"type": "open_ended", "value": "only words"}],
            [answer(question={"sub_type": "effort"})],
            [answer(rating=None, rating_category="")],
            [answer(created_at=None, updated_at=None)],
        ],
    )
    def test_what_is_not_answered_is_no_rating(self, answers: list[dict[str, Any]]) -> None:
        assert read_survey_rating(response(*answers)) is None

    def test_an_offer_without_a_list_is_no_rating(self) -> None:
        assert read_survey_rating({"id": "01R", "answers": None}) is None

    @pytest.mark.parametrize("body", [None, {"id": 5}, {"id": "01R", "answers": {}}, response(answer(rating="4"))])
    def test_nonsense_is_refused(self, body: Any) -> None:
        with pytest.raises(ValidationError):
            read_survey_rating(body)


class TestLegacy:
    @pytest.mark.parametrize(("score", "value"), [("good", 1.0), ("bad", 0.0), ("GOOD", 1.0)])
    def test_good_and_bad_are_the_ends_of_the_scale(self, score: str, value: float) -> None:
        rating = legacy({"id": 77, "score": score, "comment": "So it was"})

        assert rating == Rating(
            id="77", value=value, original=score.lower(), scale="good_bad", at=UPDATED, comment="So it was"
        )

    @pytest.mark.parametrize(
        "rating", [None, {}, {"score": "offered"}, {"score": "unoffered"}, {"score": None}, "good"]
    )
    def test_an_offer_is_no_rating(self, rating: Any) -> None:
        assert legacy(rating) is None

    def test_without_an_id_the_tickets_own_tells_it_apart(self) -> None:
        rating = legacy({"score": "bad"})

        assert rating
        assert rating.id == "legacy-35"

    def test_its_own_time_is_taken_where_there_is_one(self) -> None:
        rating = legacy({"score": "bad", "created_at": "2026-03-01T07:00:00Z"})

        assert rating
        assert rating.at == datetime(2026, 3, 1, 7, tzinfo=UTC)


class TestListedRatings:
    def test_a_row_has_its_own_time(self) -> None:
        rating = read_rating_row({"id": 78, "score": "bad", "comment": None, "created_at": "2026-03-01T07:00:00Z"})

        assert rating == Rating(
            id="78", value=0.0, original="bad", scale="good_bad", at=datetime(2026, 3, 1, 7, tzinfo=UTC)
        )

    @pytest.mark.parametrize("score", ["good_with_comment", "GOOD_WITH_COMMENT"])
    def test_a_score_that_tells_of_a_comment_is_kept_as_it_was_said(self, score: str) -> None:
        rating = read_rating_row({"id": 78, "score": score, "updated_at": "2026-03-01T07:00:00Z"})

        assert rating
        assert (rating.value, rating.original) == (1.0, "good_with_comment")

    @pytest.mark.parametrize("row", [{"id": 78, "score": "offered", "created_at": "2026-03-01T07:00:00Z"}, {"id": 78}])
    def test_an_offer_in_the_list_is_no_rating(self, row: dict[str, Any]) -> None:
        assert read_rating_row(row) is None
