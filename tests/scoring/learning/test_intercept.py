"""The first ratings move the level, a little at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.scoring.learning import rungs
from app.scoring.learning.intercept import shrunken_intercept
from tests.scoring.learning.make import Truth, desk


def test_without_ratings_nothing_moves() -> None:
    assert shrunken_intercept([], []) == 0.0


def test_one_bad_rating_moves_the_level_a_little() -> None:
    moved = shrunken_intercept([1.0], [0.0])

    assert -0.2 < moved < -0.05


def test_ratings_as_expected_move_nothing() -> None:
    p = 1 / (1 + math.exp(-1.0))

    assert shrunken_intercept([1.0] * 40, [p] * 40) == pytest.approx(0.0, abs=1e-9)


def test_many_ratings_win() -> None:
    moved = shrunken_intercept([2.0] * 3000, [0.0, 1.0] * 1500)

    assert moved == pytest.approx(-2.0, abs=0.05)


@pytest.mark.parametrize("satisfied", [0.0, 1.0])
def test_ratings_of_one_kind_alone_stay_finite(satisfied: float) -> None:
    moved = shrunken_intercept([0.0] * 5000, [satisfied] * 5000, [4.0] * 5000)

    assert 3 < abs(moved) < 12
    assert (moved > 0) is bool(satisfied)


@pytest.mark.parametrize("level", [-2.0, 0.0, 1.5])
def test_it_is_the_level_that_the_ladder_fits(level: float) -> None:
    columns = desk(60, Truth(level=level))

    plain = shrunken_intercept(columns.prior.tolist(), columns.satisfied.tolist(), columns.weights.tolist())

    assert plain == pytest.approx(rungs.fit_intercept(columns).intercept, abs=1e-3)
    assert np.isfinite(plain)
