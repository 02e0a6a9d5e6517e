"""The first thing a desk's ratings teach: how satisfied its customers are on the whole. Plain Python, no numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.scoring.model import sigmoid

PSEUDO_LABELS = 30.0  #: so many ratings at the prior's own rate are taken as given; 20 cost more where the prior fits
STEPS = 50
ENOUGH = 1e-10


def shrunken_intercept(
    logits: Sequence[float], satisfied: Sequence[float], weights: Sequence[float] | None = None
) -> float:
    """What to add to the prior's logits so that their mean fits the ratings, shrunk towards nothing; 0 without ratings.

    Maximum likelihood with `PSEUDO_LABELS` more ratings that are exactly as the prior expects them on these very
    conversations. `satisfied` holds shares in [0, 1].
    """
    if not logits:
        return 0.0
    weights = [1.0] * len(logits) if weights is None else weights
    expected = [sigmoid(logit) for logit in logits]
    pseudo = PSEUDO_LABELS / len(logits)
    shift = 0.0
    for _ in range(STEPS):
        slope = curve = 0.0
        for logit, given, weight, prior in zip(logits, satisfied, weights, expected, strict=True):
            p = sigmoid(logit + shift)
            slope += weight * (p - given) + pseudo * (p - prior)
            curve += (weight + pseudo) * p * (1 - p)
        step = slope / max(curve, ENOUGH)
        # A far step is cut: beyond it the curve is flat, and Newton's method would leap over the optimum.
        shift -= math.copysign(min(abs(step), 2.0), step)
        if abs(step) < ENOUGH:
            break
    return shift
