"""The figures agree with scikit-learn's, and differences come with an honest error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as log_loss_of_sklearn

from app.scoring.learning import metrics


def sample(count: int = 400, seed: int = 3) -> tuple[metrics.Array, metrics.Array, metrics.Array]:
    """What happened, probabilities with ties, and weights."""
    random = np.random.default_rng(seed)
    p = np.round(random.random(count), 1) * 0.98 + 0.01
    return (random.random(count) < p).astype(float), p, random.random(count) + 0.1


@pytest.mark.parametrize("weighted", [False, True])
def test_figures_agree_with_scikit_learn(weighted: bool) -> None:
    happened, p, all_weights = sample()
    weights = all_weights if weighted else None

    found = [figure(happened, p, weights) for figure in (metrics.brier, metrics.log_loss, metrics.auroc)]

    theirs = [
        figure(happened, p, sample_weight=weights) for figure in (brier_score_loss, log_loss_of_sklearn, roc_auc_score)
    ]
    assert found == pytest.approx(theirs, abs=1e-12)


def test_auroc_is_not_defined_where_all_are_of_one_kind() -> None:
    assert math.isnan(metrics.auroc(np.ones(3), np.array([0.1, 0.2, 0.3])))


def test_a_log_loss_of_certainty_that_failed_is_finite() -> None:
    assert metrics.log_loss(np.array([1.0]), np.array([0.0])) < 40


def test_bins_hold_equally_many() -> None:
    happened, p, _ = sample(105)

    table = metrics.reliability(happened, p)

    assert {row.count for row in table} == {10, 11}
    assert [row.predicted for row in table] == sorted(row.predicted for row in table)


def test_ece_is_the_mean_distance_over_bins() -> None:
    happened, p = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.2, 0.2, 0.6, 0.6])

    assert metrics.ece(happened, p, bins=2) == pytest.approx((0.2 + 0.4) / 2)


def test_ece_of_the_truth_is_what_chance_shows() -> None:
    random = np.random.default_rng(7)
    p = random.random(500)

    found = [metrics.ece((random.random(500) < p).astype(float), p) for _ in range(200)]

    assert np.mean(found) == pytest.approx(metrics.ece_by_chance(p), rel=0.1)


def test_what_chance_adds_to_the_squared_error_is_taken_out() -> None:
    random = np.random.default_rng(11)
    p = random.uniform(0.2, 0.9, 200)

    found = [
        metrics.squared_error_beyond_chance((random.random(200) < p - wrong).astype(float), p)
        for wrong in (0.0, 0.1)
        for _ in range(400)
    ]

    assert np.mean(found[:400]) == pytest.approx(0.0, abs=0.0015)
    assert np.mean(found[400:]) == pytest.approx(0.01, rel=0.15)


def test_the_error_of_an_auroc_difference_is_that_of_the_bootstrap() -> None:
    happened, p, _ = sample()
    other = np.random.default_rng(5).permutation(p) * 0.3 + p

    found = metrics.auroc_difference(happened, other, p)

    drawn = metrics.paired_bootstrap(lambda y, q: metrics.auroc(y, q), happened, (other, p), seed=1, draws=400)
    assert found.value == pytest.approx(drawn.value)
    assert (drawn.high - drawn.low) / 3.92 == pytest.approx(found.error, rel=0.15)


def test_the_error_of_a_brier_difference_is_that_of_the_bootstrap() -> None:
    happened, p, _ = sample()

    found = metrics.brier_difference(happened, p * 0.9, p)

    drawn = metrics.paired_bootstrap(lambda y, q: metrics.brier(y, q), happened, (p * 0.9, p), seed=1, draws=400)
    assert found.value == pytest.approx(drawn.value)
    assert (drawn.high - drawn.low) / 3.92 == pytest.approx(found.error, rel=0.15)


def test_one_rating_proves_nothing() -> None:
    found = metrics.brier_difference(np.ones(1), np.array([0.9]), np.array([0.1]))

    assert found.error == math.inf


def test_the_same_seed_draws_the_same_interval() -> None:
    happened, p, _ = sample(60)

    first, second = (metrics.paired_bootstrap(metrics.brier, happened, (p, p[::-1]), seed=4, draws=50) for _ in "ab")

    assert first == second
    assert first.low <= first.value <= first.high
