"""The two rating rules that admins ask for, over ratings of several scales as they arrive, already normalised."""

from __future__ import annotations

import pytest

from app.protocols.facts import stars
from app.protocols.rules import matches
from tests.protocols.make import condition, protocol

BELOW_FIVE = protocol(criteria={"all": [condition("rating_stars", "below", 5)]}).criteria
ONE_OR_TWO = protocol(criteria={"all": [condition("rating_stars", "at_most", 2)]}).criteria


def steps(*originals: str) -> dict[str, float]:
    """Evenly spaced from worst to best."""
    return {original: number / (len(originals) - 1) for number, original in enumerate(originals)}


SCALES = {
    "good_bad": steps("bad", "good"),
    "three": steps("1", "2", "3"),
    "five": steps("1", "2", "3", "4", "5"),
    "seven faces": steps("-103", "-102", "-101", "100", "101", "102", "103"),
    "ten": steps(*(str(points) for points in range(1, 11))),
}


def chosen(rule, scale: str) -> list[str]:
    return [original for original, value in SCALES[scale].items() if matches(rule, {"rating_stars": stars(value)})]


@pytest.mark.parametrize(
    ("scale", "below_five", "one_or_two"),
    [
        ("good_bad", ["bad"], ["bad"]),
        ("three", ["1", "2"], ["1"]),
        ("five", ["1", "2", "3", "4"], ["1", "2"]),
        ("seven faces", ["-103", "-102", "-101", "100", "101", "102"], ["-103", "-102", "-101"]),
        ("ten", ["1", "2", "3", "4", "5", "6", "7", "8"], ["1", "2", "3", "4"]),
    ],
)
def test_one_rule_picks_the_right_ratings_on_every_scale(scale, below_five, one_or_two):
    assert chosen(BELOW_FIVE, scale) == below_five
    assert chosen(ONE_OR_TWO, scale) == one_or_two
