"""Fitting a prior: three models, additive on the logit, every weight with the sign of its signal's effect.

`now`: is this turn rated satisfied. `overall`: is the whole, from a model on the signals and one on the sequence of
`now`, averaged, which is again one weight per signal and aggregate. `heading`: has the rating risen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scoring.learning.fitting import Problem, Ridge, dense, fit
from app.scoring.training.judgement import MESSAGES, SPREAD, TICKET
from app.scoring.training.tables import COLUMN, NAMES, SIDES, Array, Table, aggregates, changes

SATISFIED = 3.0  #: mean rating from which a turn or a whole counts as satisfied
NOW_RIDGE, OVERALL_RIDGE, SEQUENCE_RIDGE, HEADING_RIDGE = 200.0, 100.0, 3.0, 300.0
SEQUENCE = ("last", "fast", "slow", "mean", "gathered")
DIRECT = ("fast", "gathered")
LATE = 3  #: a row counts as its share of the conversation to this power: the end is what gets rated
CLEAR_CHANGE = 0.25  #: of a rating against those before, below which no direction is learned
LARGEST_CHANGE = 1.5  #: larger ones weigh no more
USUAL_TURNS = 3  #: customer messages, from the second on, that have a usual change of their own
STEADY_SHARE = 0.5  #: of directions that are too small to be told
SMALLEST = 0.0005  #: weights below are left out

RARE = np.array([name in MESSAGES for name in NAMES])
RARE_WHOLE = np.array([MESSAGES.get(name, (0.0, 0.0))[0] for name in NAMES])
RARE_NOW = np.array([MESSAGES.get(name, (0.0, 0.0))[1] for name in NAMES])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The weights of three models; columns are NAMES."""

    base: float
    now_base: float
    now: Array
    overall: Mapping[str, Array]  #: by aggregate
    heading_base: float
    heading_turns: tuple[float, ...]
    heading_length: float
    heading_last: Array
    heading_before: Array
    dead_band: float

    def now_logit(self, table: Table) -> Array:
        """The logit of "satisfied at this turn", per row."""
        return self.now_base + table.values @ self.now

    def overall_logit(self, table: Table) -> Array:
        """The logit of "the whole will be rated satisfied", per row."""
        found = aggregates(table)
        return self.base + sum((found[name] @ weights for name, weights in self.overall.items()), np.zeros(len(table.index)))

    def trend(self, table: Table) -> Array:
        """The trend in [-1, 1], per row; 0 at first turns."""
        logit = _places(table) @ np.array([*self.heading_turns, self.heading_length])
        logit += self.heading_base + table.values @ self.heading_last + aggregates(table)["recent"] @ self.heading_before
        return np.where(table.index > 0, 2 * _chance(logit) - 1, 0.0)


def fit_prior(table: Table) -> Fitted:
    """A prior from rated conversations, their learned words read by lists that had not seen them."""
    found = aggregates(table)
    now_base, now = _fit_now(table)
    base, overall = _fit_overall(table, found, now)
    heading = _fit_heading(table, found)
    draft = Fitted(base=base, now_base=now_base, now=now, overall=overall, dead_band=0.0, **heading)
    moving = np.abs(draft.trend(table)[table.index > 0])
    bands = {"dead_band": float(np.quantile(moving, STEADY_SHARE))}
    return Fitted(base=base, now_base=now_base, now=now, overall=overall, **heading, **bands)


def _fit_now(table: Table) -> tuple[float, Array]:
    offset = table.values @ RARE_NOW
    weights, base = _constrained(
        table.values, table.rating >= SATISFIED, sides=SIDES, free=~RARE, offset=offset, strength=NOW_RIDGE
    )
    return base, weights + RARE_NOW


def _fit_overall(table: Table, found: Mapping[str, Array], now: Array) -> tuple[float, dict[str, Array]]:
    """Averages a model on the signals with one on the sequence of `now`, each scaled to the same spread."""
    satisfied, weights = table.overall >= SATISFIED, ((table.index + 1) / table.turns) ** LATE / table.turns
    offset = sum((found[name] @ (share * RARE_WHOLE) for name, share in SPREAD.items()), np.zeros(len(table.index)))
    parts = np.hstack([found[name] for name in DIRECT])
    direct, _ = _constrained(
        parts, satisfied, sides=np.tile(SIDES, len(DIRECT)), free=np.tile(~RARE, len(DIRECT)), offset=offset,
        strength=OVERALL_RIDGE, weights=weights,
    )  # fmt: skip
    steps = np.column_stack([found[name] @ now for name in SEQUENCE])
    sequence, _ = _constrained(
        steps, satisfied, sides=np.ones(len(SEQUENCE)), strength=SEQUENCE_RIDGE, weights=weights
    )
    one, two = parts @ direct, steps @ sequence
    spread = one[table.last].std(), two[table.last].std()
    both = np.column_stack([one / spread[0] + two / spread[1]])
    scale, base = _constrained(both, satisfied, sides=np.ones(1), offset=offset, strength=0.0, weights=weights)
    overall = {name: share * RARE_WHOLE for name, share in SPREAD.items()}
    for name, part in zip(DIRECT, np.split(direct, len(DIRECT)), strict=True):
        overall[name] = overall.get(name, np.zeros(len(NAMES))) + scale[0] / spread[0] * part
    for name, share in zip(SEQUENCE, sequence, strict=True):
        # A rare act has its weight for the whole already.
        part = scale[0] / spread[1] * share * np.where(RARE, 0.0, now)
        overall[name] = overall.get(name, np.zeros(len(NAMES))) + part
    return base, overall


def _fit_heading(table: Table, found: Mapping[str, Array]) -> dict[str, Any]:
    moved = changes(table)
    rows = np.flatnonzero(np.abs(np.nan_to_num(moved)) >= CLEAR_CHANGE)
    parts = np.hstack([table.values, found["recent"], _places(table)])[rows]
    offset = (table.values - found["recent"])[rows] @ RARE_NOW
    weights, base = _constrained(
        parts, moved[rows] > 0,
        sides=np.concatenate([SIDES, -SIDES, np.zeros(USUAL_TURNS + 1)]),
        free=np.concatenate([~RARE, ~RARE, np.ones(USUAL_TURNS + 1, dtype=bool)]),
        offset=offset, strength=HEADING_RIDGE, weights=np.minimum(np.abs(moved[rows]), LARGEST_CHANGE),
    )  # fmt: skip
    last, before, places = np.split(weights, [len(NAMES), 2 * len(NAMES)])
    return {
        "heading_base": base,
        "heading_turns": tuple(float(one) for one in places[:-1]),
        "heading_length": float(places[-1]),
        "heading_last": last + RARE_NOW,
        "heading_before": before - RARE_NOW,
    }


def _places(table: Table) -> Array:
    """Where in the conversation a row is: second, third, fourth customer message or not, and the log of their number."""
    marks = [(table.index == place).astype(float) for place in range(1, USUAL_TURNS + 1)]
    return np.column_stack([*marks, np.log(table.index + 1)])


def _constrained(
    inputs: Array,
    given: NDArray[np.bool_],
    *,
    sides: Array,
    strength: float,
    free: NDArray[np.bool_] | None = None,
    offset: Array | None = None,
    weights: Array | None = None,
) -> tuple[Array, float]:
    """Weights and intercept of a logistic regression with a ridge on scaled inputs; side 1 allows no negative weight,
    -1 no positive one, 0 both. Inputs that are not free get 0."""
    rows = len(inputs)
    spread = inputs.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    held = (spread <= 1e-9) | (False if free is None else ~free)
    ridge = Ridge(
        strength=np.full(inputs.shape[1], strength),
        centre=np.zeros(inputs.shape[1]),
        low=np.where(held | (sides > 0), 0.0, -np.inf),
        high=np.where(held | (sides < 0), 0.0, np.inf),
    )
    problem = Problem(
        given=given.astype(np.float64),
        offset=np.zeros(rows) if offset is None else offset,
        weights=np.ones(rows) if weights is None else weights,
    )
    found = fit(problem, *dense(inputs / scale), ridge)
    return found[:-1] / scale, float(found[-1])


def _chance(logit: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -700, 700))))


def document(fitted: Fitted, name: str, note: str) -> dict[str, Any]:
    """The model document of a fitted prior: weights rounded to 6 decimals, negligible ones left out."""
    overall: dict[str, dict[str, float]] = {}
    for aggregate, weights in fitted.overall.items():
        for signal, weight in _named(weights).items():
            overall.setdefault(signal, {})[aggregate] = weight
    return {
        "name": name,
        "note": note,
        "base_logit": round(fitted.base, 6),
        "now_base_logit": round(fitted.now_base, 6),
        "threshold": 0.65,
        "level_band": 0.02,
        "dead_band": round(fitted.dead_band, 2),
        "turn_band": round(fitted.dead_band + 0.1, 2),
        "early_band": round(fitted.dead_band + 0.2, 2),
        "rescore_points": 5,
        "overall": dict(sorted(overall.items())) | {signal: {"last": whole} for signal, (whole, _) in TICKET.items()},
        "now": _named(fitted.now) | {signal: now for signal, (_, now) in TICKET.items() if now},
        "heading": {
            "base": round(fitted.heading_base, 6),
            "turns": [round(one, 6) for one in fitted.heading_turns],
            "length": round(fitted.heading_length, 6),
            "last": _named(fitted.heading_last),
            "before": _named(fitted.heading_before),
        },
    }


def _named(weights: Array) -> dict[str, float]:
    return {name: round(float(weights[column]), 6) for name, column in COLUMN.items() if abs(weights[column]) >= SMALLEST}
