"""Freshdesk's rating codes as places on their scales."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from connectors.freshdesk import ratings

SCALES = {
    "2": (-103, 103),
    "3": (-103, 100, 103),
    "5": (-103, -102, 100, 102, 103),
    "7": ratings.CODES,
}


def body(code: Any, **changed: Any) -> dict[str, Any]:
    base = {"id": 9, "survey_id": 4, "ticket_id": 35, "feedback": "Slow", "created_at": "2026-03-02T09:00:00Z"}
    return {**base, "ratings": {"default_question": code}, **changed}


def value(code: int, scale: tuple[int, ...]) -> float:
    given = ratings.read_given(body(code))
    assert given
    found = ratings.build_rating(given, {"4": scale})
    assert found
    return found.value


@pytest.mark.parametrize("points", ["2", "3", "5", "7"])
def test_each_scale_goes_from_the_worst_to_the_best_in_equal_steps(points: str) -> None:
    scale = SCALES[points]

    assert [value(code, scale) for code in scale] == [place / (len(scale) - 1) for place in range(len(scale))]


def test_without_its_survey_a_code_stands_on_the_longest_scale() -> None:
    given = ratings.read_given(body(-102))

    assert given
    found = ratings.build_rating(given, {})

    assert found
    assert (found.value, found.scale, found.original) == (1 / 6, "freshdesk", "-102")


@pytest.mark.parametrize(("code", "asks"), [(103, False), (100, False), (-103, False), (101, True), (-102, True)])
def test_only_codes_that_scales_disagree_on_need_the_survey(code: int, asks: bool) -> None:
    given = ratings.read_given(body(code))

    assert given
    assert given.needs_scale is asks


@pytest.mark.parametrize(
    "told",
    [
        {"default_question": -103, "question_7": 103},
        {"default_question": "-103"},
        [{"question_id": "default_question", "rating": -103}, {"question_id": "question_7", "rating": 103}],
        [{"id": 7, "value": 103}, {"id": 1, "default": True, "value": -103}],
        [{"question": None, "rating": -103}],
        [{"question_7": 103}, {"default_question": -103}],
        [{"rating": -103}],
        [-103],
    ],
)
def test_a_rating_is_read_as_a_map_or_as_a_list(told: Any) -> None:
    given = ratings.read_given(body(0, ratings=told))

    assert given
    assert given.code == -103


def test_a_rating_that_stands_by_itself_is_read() -> None:
    given = ratings.read_given(body(0, ratings=None, rating=103))

    assert given
    assert (given.code, given.comment, given.ticket_id) == (103, "Slow", "35")


def test_an_answer_to_other_questions_only_is_no_rating() -> None:
    assert ratings.read_given(body(0, ratings={"question_7": 103})) is None


def test_a_survey_with_codes_of_its_own_says_how_good_each_is() -> None:
    questions = [{"default": True, "accepted_ratings": [5, 4, 3, 2, 1]}]

    assert value(4, ratings.read_scales([{"id": 4, "questions": questions}])["4"]) == 0.75


def test_a_code_that_stands_on_no_scale_is_left_out() -> None:
    given = ratings.read_given(body(5))

    assert given
    assert ratings.build_rating(given, {}) is None


def test_one_rating_that_makes_no_sense_hides_no_other() -> None:
    assert [one.code for one in ratings.read_all([body("good"), {}, body(103), "nonsense"])] == [103]


@pytest.mark.parametrize("code", ["good", True, 100.5, []])
def test_an_unknown_code_is_no_guess(code: Any) -> None:
    with pytest.raises(ValidationError, match="rating"):
        ratings.read_given(body(code))


def test_a_surveys_scale_is_that_of_its_question_of_satisfaction() -> None:
    questions = [
        {"id": "question_7", "accepted_ratings": [103, -103]},
        {"id": "default_question", "default": True, "accepted_ratings": [103, 100, -103]},
    ]

    assert ratings.read_scales([{"id": 4, "questions": questions}, {"id": 5}, "nonsense"]) == {"4": SCALES["3"]}
