"""Who answers: weights make the rated stand for all who could have rated."""

from __future__ import annotations

import pytest

from app.scoring.learning.response import LEAST, MOST, response_weights


def test_equal_rates_weigh_equally() -> None:
    assert response_weights([50, 100], [500, 1000]) == pytest.approx((1.0, 1.0))


def test_those_who_answer_rarely_weigh_more() -> None:
    unhappy, happy = response_weights([10, 400], [1000, 1000])

    assert unhappy > 2 > 1 > happy


def test_weights_are_clipped() -> None:
    found = response_weights([0, 1000, 3], [100_000, 1000, 3000])

    assert min(found) >= LEAST
    assert max(found) == MOST


def test_an_empty_bucket_weighs_as_the_mean() -> None:
    assert response_weights([100, 0], [1000, 0])[1] == pytest.approx(1.0)


def test_without_ratings_weights_are_even() -> None:
    assert response_weights([0, 0], [10, 0]) == (1.0, 1.0)
