"""How well predictions rank and foretell ratings, per set, with bootstrap intervals over conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.scoring.learning.metrics import auroc, brier, ece
from app.scoring.training.prior import CLEAR_CHANGE, SATISFIED
from app.scoring.training.tables import Array, Table

EARLY = (25, 50, 75)  #: percent of a conversation's messages, as far as they were read
SHARE = 0.95  #: of bootstrap draws that an interval holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Figures per customer turn; for two of three any increasing function will do, since only the order is measured."""

    now: Array  #: higher where the customer is satisfied at this turn
    overall: Array  #: higher where the whole will be rated satisfied
    trend: Array  #: above 0 where satisfaction has risen
    chances: bool = True  #: `overall` are probabilities, and can be held to what happened


#: What is measured: named as in the report.
AIMS = {"turn": 0.755, "end": 0.685, "direction": 0.76}
Rows = NDArray[np.int64]


def turn(table: Table, predicted: Predicted, rows: Rows) -> float:
    """AUROC of "this customer turn is dissatisfied" (mean rating below 3)."""
    return auroc((table.rating[rows] < SATISFIED).astype(float), -predicted.now[rows])


def end(table: Table, predicted: Predicted, rows: Rows) -> float:
    """AUROC of "the whole is dissatisfied" at the last customer turn."""
    last = rows[table.last[rows]]
    return auroc((table.overall[last] < SATISFIED).astype(float), -predicted.overall[last])


def direction(table: Table, predicted: Predicted, rows: Rows) -> float:
    """Share of turns whose trend has the sign of the human direction; no trend counts half.

    The human direction is the turn's mean rating against the mean of up to three before, where they differ by 0.25.
    """
    clear = rows[np.abs(np.nan_to_num(table.change[rows])) >= CLEAR_CHANGE]
    rose = np.sign(table.change[clear])
    said = np.sign(predicted.trend[clear])
    return float(np.mean(np.where(said == 0, 0.5, said == rose)))


def direction_auroc(table: Table, predicted: Predicted, rows: Rows) -> float:
    """AUROC of the trend against the human direction."""
    clear = rows[np.abs(np.nan_to_num(table.change[rows])) >= CLEAR_CHANGE]
    return auroc((table.change[clear] > 0).astype(float), predicted.trend[clear])


MEASURES: Mapping[str, Callable[[Table, Predicted, Rows], float]] = {
    "turn": turn,
    "end": end,
    "direction": direction,
}


def report(table: Table, predicted: Predicted) -> dict[str, float]:
    """All figures of one set."""
    rows = np.arange(len(table.index))
    found = {name: measure(table, predicted, rows) for name, measure in MEASURES.items()}
    found["direction_auroc"] = direction_auroc(table, predicted, rows)
    for percent in EARLY:
        found[f"at_{percent}"] = auroc(*_early(table, predicted, percent / 100))
    if predicted.chances:
        last = np.flatnonzero(table.last)
        happened = (table.overall[last] >= SATISFIED).astype(float)
        found["brier"] = brier(happened, predicted.overall[last])
        found["brier_constant"] = float(happened.mean() * (1 - happened.mean()))
        found["ece"] = ece(happened, predicted.overall[last])
    return found


def _early(table: Table, predicted: Predicted, share: float) -> tuple[Array, Array]:
    """Per conversation, whether it ends dissatisfied, and the risk at the last turn within that share of its turns."""
    rows = np.flatnonzero(table.index == np.maximum(0, np.ceil(share * table.turns).astype(np.int64) - 1))
    return (table.overall[rows] < SATISFIED).astype(float), -predicted.overall[rows]


def bootstrapped(table: Table, predictions: Mapping[str, Predicted], draws: int, seed: int) -> dict[str, Array]:
    """Per measure, a matrix of draws by models: whole conversations drawn with replacement, the same for all models."""
    random = np.random.default_rng(seed)
    starts = np.flatnonzero(table.index == 0)
    lengths = table.turns[starts]
    found = {name: np.empty((draws, len(predictions))) for name in MEASURES}
    for draw in range(draws):
        chosen = random.integers(0, len(starts), len(starts))
        rows = np.concatenate([np.arange(starts[one], starts[one] + lengths[one]) for one in chosen])
        for name, measure in MEASURES.items():
            found[name][draw] = [measure(table, predicted, rows) for predicted in predictions.values()]
    return found


def interval(values: Array) -> list[float]:
    """The bounds that hold SHARE of the draws."""
    low, high = np.nanquantile(values, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return [float(low), float(high)]
