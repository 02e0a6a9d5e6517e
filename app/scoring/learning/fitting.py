"""Fits of logistic models with ridges and bounds, by L-BFGS on 32-bit inputs that are never copied. No ladder here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import ThreadpoolController

Array = NDArray[np.float64]

PSEUDO_LABELS = 30.0  #: as in `intercept`: ratings taken as given, exactly as the prior expects them
CHUNK = 65_536  #: rows whose products are summed in one go
STEPS = 200  #: of the optimiser, at most; a fit is small and smooth, and takes some tens


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Ratings with a starting logit each: `given` holds 0 and 1, `offset` the logits that the fit adds to."""

    given: Array
    offset: Array
    weights: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridge:
    """What pulls coefficients back: `strength[j] / 2 * (coefficient[j] - centre[j]) ** 2`, and their bounds."""

    strength: Array
    centre: Array
    low: Array
    high: Array


def fit(problem: Problem, apply: Callable[[Array], Array], back: Callable[[Array], Array], ridge: Ridge) -> Array:
    """The coefficients, the intercept last, that make the ratings likely and stay near the ridge's centre.

    `apply` maps coefficients to logits, `back` is its transpose. The intercept is shrunk by pseudo-labels as in
    `intercept.shrunken_intercept`: they say that the offsets alone are right.
    """
    expected = expit(problem.offset)
    pseudo = PSEUDO_LABELS / max(1, len(expected))
    columns = len(ridge.centre)

    def loss(at: Array) -> tuple[float, Array]:
        logit = problem.offset + at[-1]
        moved = apply(at[:-1])
        both = logit + moved
        p = expit(both)
        away = at[:-1] - ridge.centre
        value = np.dot(problem.weights, np.logaddexp(0.0, both) - problem.given * both)
        value += pseudo * np.sum(np.logaddexp(0.0, logit) - expected * logit)
        value += np.dot(ridge.strength, away**2) / 2
        wrong = problem.weights * (p - problem.given)
        slope = np.empty(columns + 1)
        slope[:-1] = back(wrong) + ridge.strength * away
        slope[-1] = wrong.sum() + pseudo * np.sum(expit(logit) - expected)
        return float(value), slope

    bounds = [*zip(ridge.low, ridge.high, strict=True), (-np.inf, np.inf)]
    start = np.append(np.clip(ridge.centre, ridge.low, ridge.high), 0.0)
    with _threads().limit(limits=1, user_api="blas"):
        found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    return np.asarray(found.x, dtype=np.float64)


@cache
def _threads() -> ThreadpoolController:
    """The thread pools of this process. One thread is enough: more of them spend their time waiting for each other on
    arrays of this size, and sums would depend on how many there are."""
    return ThreadpoolController()


def dense(inputs: NDArray[Any]) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """`apply` and `back` of a dense matrix: products in its own precision, sums over many rows in 64 bits."""

    def back(wrong: Array) -> Array:
        total = np.zeros(inputs.shape[1])
        for start in range(0, len(inputs), CHUNK):
            part = slice(start, start + CHUNK)
            total += wrong[part].astype(inputs.dtype) @ inputs[part]
        return total

    return lambda at: (inputs @ at.astype(inputs.dtype)).astype(np.float64), back


def nothing(rows: int) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """`apply` and `back` where the intercept alone is fitted."""
    return lambda _: np.zeros(rows), lambda _: np.zeros(0)


def no_ridge() -> Ridge:
    """The ridge of no coefficient."""
    return Ridge(strength=np.zeros(0), centre=np.zeros(0), low=np.zeros(0), high=np.zeros(0))
