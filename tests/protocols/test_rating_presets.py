"""The two rating rules that admins ask for, over the ratings of every scale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.protocols.document import read_document, write_document
from app.protocols.facts import stars
from app.protocols.lint import lint_one
from app.protocols.presets import PRESETS
from app.protocols.rules import matches
from app.scoring.ratings import normalise
from tests.protocols.make import protocol

BELOW_FIVE = PRESETS["below_five"].criteria
ONE_OR_TWO = PRESETS["one_or_two_stars"].criteria


SCALES = {
    "good_bad": ("bad", "good"),
    "1-3": (1, 2, 3),
    "1-5": (1, 2, 3, 4, 5),
    "1-7": (1, 2, 3, 4, 5, 6, 7),
    "1-10": tuple(range(1, 11)),
    "freshdesk": (-103, -102, -101, 100, 101, 102, 103),
}


def chosen(rule, scale: str) -> list[str | int]:
    return [one for one in SCALES[scale] if matches(rule, {"rating_stars": stars(normalise(one, scale))})]


@pytest.mark.capability("CRI-01")
@pytest.mark.parametrize(
    ("scale", "below_five", "one_or_two"),
    [
        ("good_bad", ["bad"], ["bad"]),
        ("1-3", [1, 2], [1]),
        ("1-5", [1, 2, 3, 4], [1, 2]),
        ("1-7", [1, 2, 3, 4, 5, 6], [1, 2, 3]),
        ("1-10", [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4]),
        ("freshdesk", [-103, -102, -101, 100, 101, 102], [-103, -102, -101]),
    ],
)
def test_one_rule_picks_the_right_ratings_on_every_scale(scale, below_five, one_or_two):
    assert chosen(BELOW_FIVE, scale) == below_five
    assert chosen(ONE_OR_TWO, scale) == one_or_two


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_document_that_reads_and_lints_clean(name):
    whole = replace(protocol(), criteria=PRESETS[name].criteria)

    again = read_document(write_document(whole))

    assert again.criteria == PRESETS[name].criteria
    assert lint_one(again) == []
