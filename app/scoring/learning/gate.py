"""The gate between two rungs: what the newest ratings say, and the verdict in words. Nothing is fitted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from app.scoring.learning import metrics
from app.scoring.learning.examples import Columns
from app.scoring.learning.metrics import Array, Difference
from app.scoring.learning.report import Verdict
from app.scoring.learning.rungs import Fitted, Rung

#: Ratings from which a rung may be tried at all: read off learning curves of five rated sets, not tuned.
FROM: Mapping[Rung, int] = {Rung.INTERCEPT: 1, Rung.SLOPE: 30, Rung.ADAPTER: 100, Rung.STACK: 200}
WORDED = 150  #: rated conversations whose words are still stored, for a stack to be tried
MANY = 1_000  #: ratings from which the newest fifth is enough to measure on; below it is the newest 30 %
FEWEST = 30  #: newest ratings below which nothing above the level is proved: a step taken on 15 was a step back
KIND = 5  #: ratings of either kind that the newest ones must hold
BRIER_MARGIN = 0.001  #: at least so much lower, and at least SURE standard errors
AUROC_MARGIN = 0.005  #: at least so much higher, and at least one standard error
SURE = 2.58  #: one-sided 99.5 %: three rungs are tried, and again at every training, so that chance has many turns
#: Rungs that leave the order of conversations as it is, so that their AUROC cannot improve: Brier alone decides.
UNORDERED = frozenset({Rung.INTERCEPT, Rung.SLOPE})

NAMES: Mapping[Rung, str] = {
    Rung.PRIOR: "the prior as it is",
    Rung.INTERCEPT: "the level moved",
    Rung.SLOPE: "level and spread moved",
    Rung.ADAPTER: "weights of its own",
    Rung.STACK: "weights and words of its own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The newest ratings: positions in the columns they are cut from, and what they hold. No agents' labels."""

    columns: Columns
    rated: NDArray[np.intp]  #: indices into `columns`

    @property
    def happened(self) -> Array:
        return np.asarray(self.columns.satisfied[self.rated])

    @property
    def weights(self) -> Array:
        return np.asarray(self.columns.weights[self.rated])

    def p(self, fitted: Fitted) -> Array:
        """What a rung predicts for them."""
        return np.asarray(expit(fitted.logits(self.columns))[self.rated], dtype=np.float64)

    def newest(self, count: int) -> Later:
        """The last `count` of them, or as many as there are."""
        return Later(columns=self.columns, rated=self.rated[max(0, len(self.rated) - count) :])

    def __len__(self) -> int:
        return len(self.rated)


def split(columns: Columns) -> tuple[Columns, Later]:
    """What came earlier, and the newest ratings: 30 % of them, or a fifth where there are many."""
    rated = np.flatnonzero(~columns.label)
    newest = round(len(rated) * (0.2 if len(rated) >= MANY else 0.3))
    start = int(rated[len(rated) - newest]) if newest else len(columns)
    later = columns.part(start, len(columns))
    return columns.part(0, start), Later(columns=later, rated=np.flatnonzero(~later.label))


def not_yet(rung: Rung, columns: Columns, later: Later) -> Verdict | None:
    """Why a rung is not even tried, or None."""
    ratings, name = int(np.count_nonzero(~columns.label)), NAMES[rung]
    if ratings < FROM[rung]:
        return Verdict(rung=rung, climbed=False, reason=f"{name}: needs {FROM[rung]} ratings, there are {ratings}")
    if rung is Rung.STACK and (worded := len(columns.worded())) < WORDED:
        said = f"{name}: needs {WORDED} rated conversations whose words are still stored, there are {worded}"
        return Verdict(rung=rung, climbed=False, reason=said)
    few = too_few(later)
    return Verdict(rung=rung, climbed=False, reason=f"{name}: {few}") if few else None


def too_few(later: Later) -> str | None:
    """Why the newest ratings prove nothing, or None."""
    if len(later) < FEWEST:
        return f"the newest {len(later)} ratings are too few to prove anything, {FEWEST} are needed"
    satisfied = int(np.count_nonzero(later.happened))
    fewest = min(satisfied, len(later) - satisfied)
    kind = "satisfied" if satisfied == fewest else "dissatisfied"
    if fewest < KIND:
        return f"only {fewest} of the newest {len(later)} ratings are {kind}, too few to prove anything"
    return None


def judge(rung: Rung, new: Array, old: Array, later: Later) -> Verdict:
    """Whether `new` beats `old` on the newest ratings by the margins, allowing for noise."""
    brier = metrics.brier_difference(later.happened, new, old, later.weights)
    area = metrics.auroc_difference(later.happened, new, old, later.weights)
    wanted = max(BRIER_MARGIN, SURE * brier.error), max(AUROC_MARGIN, area.error)
    climbed = brier.value <= -wanted[0] and (rung in UNORDERED or area.value >= wanted[1])
    said = [_said("Brier", metrics.brier, new, old, later, "" if climbed else f", has to be lower by {wanted[0]:.4f}")]
    if rung not in UNORDERED:
        more = "" if climbed else f", has to be higher by {wanted[1]:.4f}"
        said.append(_said("AUROC", metrics.auroc, new, old, later, more))
    proved = "better" if climbed else "not proved better"
    return Verdict(
        rung=rung,
        climbed=climbed,
        reason=f"{NAMES[rung]}: {proved} on the newest {len(later)} ratings ({'; '.join(said)})",
        brier=brier.value,
        brier_error=_finite(brier),
        auroc=area.value,
        auroc_error=_finite(area),
    )


def _finite(difference: Difference) -> float | None:
    return difference.error if np.isfinite(difference.error) else None


def _said(name: str, figure: metrics.Figure, new: Array, old: Array, later: Later, more: str) -> str:
    was, now = figure(later.happened, old, later.weights), figure(later.happened, new, later.weights)
    return f"{name} {now:.4f} against {was:.4f}{more}"
