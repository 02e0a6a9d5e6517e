"""Fitting a prior: three models, additive on the logit, every weight with the sign of its signal's effect.

`now`: is this turn rated satisfied. `overall`: is the whole, from a model on the signals and one on the sequence of
`now`, averaged, which is again one weight per signal and aggregate. `heading`: has the rating risen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scoring.learning.fitting import Problem, Ridge, dense, fit
from app.scoring.training.judgement import COURTESIES, MESSAGES, SPREAD, TICKET
from app.scoring.training.tables import COLUMN, NAMES, SIDES, Array, Table, aggregates

SATISFIED = 3.0  #: mean rating from which a turn or a whole counts as satisfied
MESSAGE_RIDGE, OVERALL_RIDGE, SEQUENCE_RIDGE, HEADING_RIDGE = 200.0, 100.0, 3.0, 300.0
#: How strongly judgement holds a rare signal's weight: as if it had a variance of 1 / 3 by itself.
JUDGED_RIDGE = 3.0
SEQUENCE = ("last", "fast", "slow", "mean", "gathered")
DIRECT = ("fast", "gathered", "worst")
DIRECT_SHARE = 2.0  #: of the average for the whole, the model on the signals against 1 of that on the sequence
LATE = 3  #: a row counts as its share of the conversation to this power: the end is what gets rated
CLEAR_CHANGE = 0.25  #: of a rating against those before, below which no direction is learned
LARGEST_CHANGE = 1.5  #: larger ones weigh no more
USUAL_TURNS = 3  #: customer messages, from the second on, that have a usual change of their own
STEADY_SHARE = 0.5  #: of directions that are too small to be told
#: How far a prior fitted on rated task dialogues is drawn to the open one, which knows other kinds of text: dialogues
#: are ranked as well as before, support tweets a good deal better.
DRAWN = 0.25
SMALLEST = 0.0005  #: weights below are left out

RARE = np.array([name in MESSAGES for name in NAMES])
FREE = np.array([name not in COURTESIES for name in NAMES])
COURTEOUS = np.array([COURTESIES.get(name, 0.0) for name in NAMES])
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
        return self.base + sum(
            (found[name] @ weights for name, weights in self.overall.items()), np.zeros(len(table.index))
        )

    def trend(self, table: Table) -> Array:
        """The trend in [-1, 1], per row; 0 at first turns."""
        logit = _places(table) @ np.array([*self.heading_turns, self.heading_length])
        logit += (
            self.heading_base + table.values @ self.heading_last + aggregates(table)["recent"] @ self.heading_before
        )
        return np.where(table.index > 0, 2 * _chance(logit) - 1, 0.0)


def fit_prior(table: Table, towards: Fitted | None = None) -> Fitted:
    """A prior from rated conversations, their learned words read by lists that had not seen them.

    It is drawn a part of the way `towards` another one, where one is given.
    """
    found = aggregates(table)
    now_base, now = _fit_now(table)
    base, overall = _fit_overall(table, found, now)
    draft = Fitted(base=base, now_base=now_base, now=now, overall=overall, dead_band=0.0, **_fit_heading(table, found))
    if towards is not None:
        draft = _drawn(draft, towards, DRAWN)
    moving = np.abs(draft.trend(table)[table.index > 0])
    return replace(draft, dead_band=float(np.quantile(moving, STEADY_SHARE)))


def _drawn(one: Fitted, other: Fitted, share: float) -> Fitted:
    def between(first: Any, second: Any) -> Any:
        return (1 - share) * first + share * second

    nothing = np.zeros(len(NAMES))
    names = {**one.overall, **other.overall}
    return Fitted(
        base=between(one.base, other.base),
        now_base=between(one.now_base, other.now_base),
        now=between(one.now, other.now),
        overall={name: between(one.overall.get(name, nothing), other.overall.get(name, nothing)) for name in names},
        heading_base=between(one.heading_base, other.heading_base),
        heading_turns=tuple(map(between, one.heading_turns, other.heading_turns)),
        heading_length=between(one.heading_length, other.heading_length),
        heading_last=between(one.heading_last, other.heading_last),
        heading_before=between(one.heading_before, other.heading_before),
        dead_band=one.dead_band,
    )


def _fit_now(table: Table) -> tuple[float, Array]:
    weights, base = constrained(
        table.values,
        table.rating >= SATISFIED,
        Holds(sides=SIDES, strength=MESSAGE_RIDGE, free=FREE, judgement=RARE_NOW, judged=RARE),
    )
    return base, weights + COURTEOUS


def _fit_overall(table: Table, found: Mapping[str, Array], now: Array) -> tuple[float, dict[str, Array]]:
    """Averages a model on the signals with one on the sequence of `now`, each scaled to the same spread."""
    satisfied, weights = table.overall >= SATISFIED, ((table.index + 1) / table.turns) ** LATE / table.turns
    parts, steps = (
        np.hstack([found[name] for name in DIRECT]),
        np.column_stack([found[name] @ now for name in SEQUENCE]),
    )
    direct, _ = constrained(
        parts,
        satisfied,
        Holds(
            sides=np.tile(SIDES, len(DIRECT)),
            strength=OVERALL_RIDGE,
            # What was worst ever is remembered of rare acts alone; common ones fade.
            free=np.concatenate([FREE & (RARE | (name != "worst")) for name in DIRECT]),
            judgement=np.concatenate([SPREAD[name] * RARE_WHOLE for name in DIRECT]),
            judged=np.tile(RARE, len(DIRECT)),
        ),
        weights,
    )
    along = Holds(sides=np.ones(len(SEQUENCE)), strength=SEQUENCE_RIDGE)
    sequence, _ = constrained(steps, satisfied, along, weights)
    one, two = parts @ direct, steps @ sequence
    spread = one[table.last].std() / DIRECT_SHARE, two[table.last].std()
    both = np.column_stack([one / spread[0] + two / spread[1]])
    scale, base = constrained(both, satisfied, Holds(sides=np.ones(1), strength=0.0), weights)
    overall = {name: scale[0] / spread[1] * share * now for name, share in zip(SEQUENCE, sequence, strict=True)}
    for name, part in zip(DIRECT, np.split(direct, len(DIRECT)), strict=True):
        overall[name] = overall.get(name, np.zeros(len(NAMES))) + scale[0] / spread[0] * part
    return base, overall


def _fit_heading(table: Table, found: Mapping[str, Array]) -> dict[str, Any]:
    moved = table.change
    rows = np.flatnonzero(np.abs(np.nan_to_num(moved)) >= CLEAR_CHANGE)
    parts = np.hstack([table.values, found["recent"], _places(table)])[rows]
    unjudged = np.zeros(USUAL_TURNS + 1)
    holds = Holds(
        sides=np.concatenate([SIDES, -SIDES, unjudged]),
        strength=HEADING_RIDGE,
        free=np.concatenate([FREE, FREE, unjudged == 0]),
        judgement=np.concatenate([RARE_NOW, -RARE_NOW, unjudged]),
        judged=np.concatenate([RARE, RARE, unjudged > 0]),
    )
    weights, base = constrained(parts, moved[rows] > 0, holds, np.minimum(np.abs(moved[rows]), LARGEST_CHANGE))
    last, before, places = np.split(weights, [len(NAMES), 2 * len(NAMES)])
    return {
        "heading_base": base,
        "heading_turns": tuple(float(one) for one in places[:-1]),
        "heading_length": float(places[-1]),
        "heading_last": last,
        "heading_before": before,
    }


def _places(table: Table) -> Array:
    """Where in the conversation a row is: at the second, third, fourth customer message; the log of their number."""
    marks = [(table.index == place).astype(float) for place in range(1, USUAL_TURNS + 1)]
    return np.column_stack([*marks, np.log(table.index + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """What holds the weights of a fit. Inputs that are not free get 0."""

    sides: Array  #: 1 allows no negative weight, -1 no positive one, 0 both
    strength: float  #: of the ridge on scaled inputs
    free: NDArray[np.bool_] | None = None
    judgement: Array | None = None  #: weights that data move only as far as they really speak
    judged: NDArray[np.bool_] | None = None  #: where there are such

    def ridge(self, scale: Array) -> Ridge:
        """The ridge on inputs divided by `scale`. That of judged ones is on their own scale, so that signals that the
        data never hold keep their weight."""
        held = np.zeros(len(scale), dtype=bool) if self.free is None else ~self.free
        pull, centre = np.full(len(scale), self.strength), np.zeros(len(scale))
        if self.judged is not None and self.judgement is not None:
            pull = np.where(self.judged, JUDGED_RIDGE / scale**2, pull)
            centre = np.where(self.judged & ~held, self.judgement * scale, centre)
        return Ridge(
            strength=pull,
            centre=centre,
            low=np.where(held | (self.sides > 0), 0.0, -np.inf),
            high=np.where(held | (self.sides < 0), 0.0, np.inf),
        )


def constrained(
    inputs: Array, given: NDArray[np.bool_], holds: Holds, weights: Array | None = None
) -> tuple[Array, float]:
    """Weights and intercept of a logistic regression that foretells `given`; `weights` are those of rows."""
    spread = inputs.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    problem = Problem(
        given=given.astype(np.float64),
        offset=np.zeros(len(inputs)),
        weights=np.ones(len(inputs)) if weights is None else weights,
    )
    found = fit(problem, *dense(inputs / scale), holds.ridge(scale))
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


def from_document(found: Mapping[str, Any]) -> Fitted:
    """The fitted prior that `document` wrote down, but for what that left out or rounded."""
    whole, heading = found["overall"], found["heading"]
    parts = sorted({part for weights in whole.values() for part in weights})
    return Fitted(
        base=found["base_logit"],
        now_base=found["now_base_logit"],
        now=_columns(found["now"]),
        overall={
            part: _columns({name: weights.get(part, 0.0) for name, weights in found["overall"].items()})
            for part in parts
        },
        heading_base=heading["base"],
        heading_turns=tuple(heading["turns"]),
        heading_length=heading["length"],
        heading_last=_columns(heading["last"]),
        heading_before=_columns(heading["before"]),
        dead_band=found["dead_band"],
    )


def _columns(weights: Mapping[str, float]) -> Array:
    return np.array([weights.get(name, 0.0) for name in NAMES])


def _named(weights: Array) -> dict[str, float]:
    return {
        name: round(float(weights[column]), 6) for name, column in COLUMN.items() if abs(weights[column]) >= SMALLEST
    }
