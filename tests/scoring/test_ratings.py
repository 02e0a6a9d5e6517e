"""Ratings of every scale on one from 0 to 1."""

from __future__ import annotations

import pytest

from app.scoring.ratings import SCALES, below, normalise


@pytest.mark.parametrize(
    ("original", "scale", "value"),
    [
        ("good", "good_bad", 1),
        (" Bad ", "good_bad", 0),
        (1, "1-3", 0),
        (2, "1-3", 0.5),
        ("5", "1-5", 1),
        (3, "1-5", 0.5),
        (4, "1-7", 0.5),
        (10, "1-10", 1),
        (1, "1-10", 0),
        (0, "0-10", 0),
        (9, "nps", 0.9),
        (-103, "freshdesk", 0),
        (100, "freshdesk", 0.5),
        ("103", "freshdesk", 1),
    ],
)
def test_a_rating_is_normalised(original: str | int, scale: str, value: float) -> None:
    assert normalise(original, scale) == value


@pytest.mark.parametrize(
    ("original", "scale", "message"),
    [
        ("offered", "good_bad", "not a good or bad rating: 'offered'"),
        (6, "1-5", "not a rating from 1 to 5: 6"),
        (0, "1-5", "not a rating from 1 to 5: 0"),
        ("nan", "1-5", "not a rating from 1 to 5: 'nan'"),
        ("many", "nps", "not a number: 'many'"),
        (3, "stars", "not a rating scale: 'stars'; known are " + ", ".join(SCALES)),
        (99, "freshdesk", "not a Freshdesk rating: 99; known are -103, -102, -101, 100, 101, 102, 103"),
        (100.5, "freshdesk", "not a Freshdesk rating: 100.5; known are -103, -102, -101, 100, 101, 102, 103"),
    ],
)
def test_what_is_on_no_scale_is_named(original: str | float, scale: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        normalise(original, scale)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("rating", "scale", "any_below_best", "two_stars"),
    [(5, "1-5", False, False), (4, "1-5", True, False), (2, "1-5", True, True), (1, "1-5", True, True)],
)
def test_a_limit_is_written_on_its_own_scale(rating: int, scale: str, any_below_best: bool, two_stars: bool) -> None:
    value = normalise(rating, scale)

    assert below(value, 5, "1-5") is any_below_best
    assert below(value, 2, "1-5", inclusive=True) is two_stars


def test_equal_means_equal_although_thirds_do_not_come_out_even() -> None:
    assert not below(normalise(3, "1-7"), -101, "freshdesk")
    assert below(normalise(3, "1-7"), -101, "freshdesk", inclusive=True)
    assert below(normalise("bad", "good_bad"), -101, "freshdesk")
