"""What a training found, as values and as plain JSON: figures per model, verdicts per rung, tables for the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.scoring.learning import metrics
from app.scoring.learning.metrics import Array, Bin

#: A model is called badly calibrated when its ECE is so far above what chance alone shows on as many ratings.
MISCALIBRATED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How good one model is on the newest ratings. Bins are of equal count."""

    brier: float
    log_loss: float
    auroc: float | None  #: None where all ratings are of one kind
    ece: float
    ece_by_chance: float  #: what a perfectly calibrated model shows on so many ratings
    reliability: tuple[Bin, ...]

    @property
    def miscalibrated(self) -> bool:
        """Probabilities that do not come true as often as they say, by more than chance explains."""
        return self.ece > self.ece_by_chance + MISCALIBRATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a rung was climbed, and why or why not; the differences are those to the rung in force then."""

    rung: str
    climbed: bool
    reason: str
    brier: float | None = None
    brier_error: float | None = None
    auroc: float | None = None
    auroc_error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point of the learning curve: a model learned from the oldest `ratings`, measured on the newest."""

    ratings: int
    rung: str
    brier: float
    auroc: float | None
    ece: float
    brier_intercept: float  #: of the prior with its shrunken intercept from the same ratings


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the page and the command line show of a training."""

    ratings: int
    labels: int
    measured_on: int  #: the newest ratings, which none of the measured models has seen (but the champion may have)
    figures: Mapping[str, Figures]  #: prior, intercept, champion, challenger
    verdicts: tuple[Verdict, ...]
    curve: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            **asdict(self),
            "figures": {
                name: {**asdict(found), "miscalibrated": found.miscalibrated} for name, found in self.figures.items()
            },
        }


def figures(happened: Array, p: Array, weights: Array) -> Figures:
    """The figures of probabilities on ratings."""
    area = metrics.auroc(happened, p, weights)
    return Figures(
        brier=metrics.brier(happened, p, weights),
        log_loss=metrics.log_loss(happened, p, weights),
        auroc=None if math.isnan(area) else area,
        ece=metrics.ece(happened, p, weights),
        ece_by_chance=metrics.ece_by_chance(p),
        reliability=metrics.reliability(happened, p, weights),
    )
