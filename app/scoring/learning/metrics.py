"""How good probabilities are: Brier, log-loss, AUROC, ECE with its reliability table, and differences with their noise.

Arrays are one-dimensional and of one length; `happened` holds 0 and 1, `p` probabilities of 1. Weights default to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Figure = Callable[[Array, Array, Array | None], float]

BINS = 10  #: of reliability tables; each holds as nearly as possible the same number of cases (equal count)
SMALLEST = 1e-15  #: probabilities are kept this far from 0 and 1 where a logarithm is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A row of a reliability table."""

    count: int
    predicted: float  #: weighted mean probability
    observed: float  #: weighted share that happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure of one model minus that of another on the same cases, and its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A bootstrapped difference: its value on all cases, and the bounds that hold `share` of the draws."""

    value: float
    low: float
    high: float
    share: float


def _weights(of: Array, weights: Array | None) -> Array:
    return np.ones(len(of)) if weights is None else np.asarray(weights, dtype=np.float64)


def brier(happened: Array, p: Array, weights: Array | None = None) -> float:
    """Weighted mean squared distance of the probability from what happened; 0 is best. Brier 1950."""
    return float(np.average((p - happened) ** 2, weights=_weights(p, weights)))


def log_loss(happened: Array, p: Array, weights: Array | None = None) -> float:
    """Weighted mean negative log-likelihood in nats."""
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return float(np.average(-np.where(happened > 0.5, np.log(p), np.log1p(-p)), weights=_weights(p, weights)))


def auroc(happened: Array, scores: Array, weights: Array | None = None) -> float:
    """How often a case that happened ranks above one that did not; ties count half. NaN with one kind alone."""
    above, _ = _placements(happened, scores, _weights(scores, weights))
    kind = happened > 0.5
    return float(np.average(above[kind], weights=_weights(scores, weights)[kind])) if _both(happened) else float("nan")


def _both(happened: Array) -> bool:
    return bool(0 < np.count_nonzero(happened > 0.5) < len(happened))


def _placements(happened: Array, scores: Array, weights: Array) -> tuple[Array, Array]:
    """Per case, the weighted share of cases of the other kind that rank below it (ties half), and its weight.

    For a case that did not happen it is the share that ranks above it, so that the mean over either kind is the AUROC.
    """
    kind = happened > 0.5
    order = np.argsort(scores, kind="stable")
    _, starts, inverse = np.unique(scores[order], return_index=True, return_inverse=True)
    found = np.zeros(len(scores))
    for this in (True, False):
        other = np.where(kind[order] != this, weights[order], 0.0)
        groups = np.add.reduceat(other, starts) if len(scores) else other
        below = np.cumsum(groups) - groups / 2
        total = groups.sum()
        share = below[inverse] / total if total else np.full(len(scores), np.nan)
        here = kind[order] == this
        found[order[here]] = share[here] if this else 1 - share[here]
    return found, weights


def reliability(happened: Array, p: Array, weights: Array | None = None, bins: int = BINS) -> tuple[Bin, ...]:
    """What was predicted and what happened, in bins of equal count by rising probability; ties stay as sorted."""
    order = np.argsort(p, kind="stable")
    weights = _weights(p, weights)
    return tuple(
        Bin(
            count=len(part),
            predicted=float(np.average(p[part], weights=weights[part])),
            observed=float(np.average(happened[part], weights=weights[part])),
        )
        for part in np.array_split(order, min(bins, len(p)))
        if len(part)
    )


def ece(happened: Array, p: Array, weights: Array | None = None, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal count: the mean distance of predicted from observed share."""
    table = reliability(happened, p, weights, bins)
    return sum(row.count * abs(row.predicted - row.observed) for row in table) / max(1, len(p))


def ece_by_chance(p: Array, bins: int = BINS) -> float:
    """The ECE that so many cases show on average when every probability is exactly right: noise, no fault.

    The mean of |observed - predicted| of a bin is sqrt(2 / pi) of its standard deviation (normal approximation).
    """
    order = np.argsort(p, kind="stable")
    parts = [p[part] for part in np.array_split(order, min(bins, len(p))) if len(part)]
    spreads = [np.sqrt(2 / np.pi * np.sum(part * (1 - part))) for part in parts]
    return float(sum(spreads) / max(1, len(p)))


def squared_error_beyond_chance(happened: Array, p: Array, bins: int = BINS) -> float:
    """Mean squared distance of predicted from observed shares over bins of equal count, less what chance adds to it.

    Its mean is 0 where every probability is exactly right, so single values may be below 0; the square root of a mean
    over many is the debiased calibration error of Kumar, Liang and Ma 2019 ("Verified Uncertainty Calibration").
    """
    rows = [row for row in reliability(happened, p, bins=bins) if row.count > 1]
    noise = [row.observed * (1 - row.observed) / (row.count - 1) for row in rows]
    beyond = [(row.predicted - row.observed) ** 2 - chance for row, chance in zip(rows, noise, strict=True)]
    return float(np.average(beyond, weights=[row.count for row in rows])) if rows else 0.0


def brier_difference(happened: Array, new: Array, old: Array, weights: Array | None = None) -> Difference:
    """Brier of `new` minus Brier of `old` on the same cases; below 0 is better."""
    return _mean_of((new - happened) ** 2 - (old - happened) ** 2, _weights(new, weights))


def auroc_difference(happened: Array, new: Array, old: Array, weights: Array | None = None) -> Difference:
    """AUROC of `new` minus that of `old`, with the standard error of DeLong, DeLong and Clarke-Pearson 1988."""
    if not _both(happened):
        return Difference(value=0.0, error=float("inf"))
    weights = _weights(new, weights)
    moved = _placements(happened, new, weights)[0] - _placements(happened, old, weights)[0]
    parts = [_mean_of(moved[kind], weights[kind]) for kind in (happened > 0.5, happened <= 0.5)]
    return Difference(value=parts[0].value, error=float(np.hypot(parts[0].error, parts[1].error)))


def _mean_of(values: Array, weights: Array) -> Difference:
    mean = float(np.average(values, weights=weights))
    effective = weights.sum() ** 2 / (weights**2).sum()
    if effective <= 1:
        return Difference(value=mean, error=float("inf"))
    variance = float(np.average((values - mean) ** 2, weights=weights))
    return Difference(value=mean, error=float(np.sqrt(variance / (effective - 1))))


def paired_bootstrap(
    figure: Callable[[Array, Array], float],
    happened: Array,
    pair: Sequence[Array],
    *,
    seed: int,
    draws: int = 1000,
    share: float = 0.95,
) -> Interval:
    """`figure(happened, p)` of the first of the pair minus that of the second, on cases drawn with replacement.

    Both are measured on the same draws. Draws on which a figure is not defined are left out.
    """
    new, old = pair
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = random.integers(0, len(happened), len(happened))
        found.append(figure(happened[drawn], new[drawn]) - figure(happened[drawn], old[drawn]))
    low, high = np.nanquantile(found, [(1 - share) / 2, (1 + share) / 2])
    value = figure(happened, new) - figure(happened, old)
    return Interval(value=float(value), low=float(low), high=float(high), share=share)
