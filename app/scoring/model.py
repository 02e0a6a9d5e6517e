"""A satisfaction model as a value: intercepts, weights per signal and aggregate, thresholds. No fitting here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from app.scoring.conversation import Aggregates
from app.scoring.learning.words import TextWeights
from app.scoring.signals import REGISTRY, Effect, Scope

PRIOR = Path(__file__).parent / "prior"
DEFAULT_PRIOR = "uss-2"
MEAN = "mean"  #: the mean over messages
GATHERED = "gathered"  #: that times (1 + ln n): evidence that adds up
AGGREGATES = frozenset({item.name for item in fields(Aggregates)} - {"total"} | {MEAN, GATHERED})


class ModelError(ValueError):
    """A model document that cannot be used."""


class UnknownSignal(ModelError):
    """A weight names a signal that is not registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A desk's own correction of the uncalibrated logit: `intercept + slope * logit`."""

    intercept: float = 0.0
    slope: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A third additive model: has satisfaction risen against up to three customer messages before? On the logit.

    `last[signal]` weighs a signal in the latest message and has the sign of its effect; `before[signal]` weighs its
    mean in those before and has the other sign.
    """

    base: float
    turns: tuple[float, ...]  #: added at the second, third ... customer message, where things are usually different
    length: float  #: times the logarithm of the number of customer messages
    last: Mapping[str, float]
    before: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Two additive models on the logit of satisfaction, and how their figures become one of four states.

    `overall[signal][aggregate]` weighs one aggregate of a signal for the rating of the whole; `now[signal]` weighs the
    signal's value in the latest message for the customer's state at this moment. Signals of the ticket have the
    aggregate "last" only. A weight has the sign of its signal's effect.
    """

    name: str
    base_logit: float
    now_base_logit: float
    overall: Mapping[str, Mapping[str, float]]
    now: Mapping[str, float]
    heading: Heading
    threshold: float  #: p_satisfied from which the level is good
    level_band: float  #: how far beyond the threshold the level changes sides
    dead_band: float  #: trends up to this are steady
    turn_band: float  #: what it takes to turn from one direction to the other
    early_band: float  #: what it takes before there are three customer messages
    rescore_points: int  #: points of score a wait has to cost before a ticket is scored again because of it
    calibration: Calibration | None = None
    text: TextWeights | None = None  #: what a desk's own words add, the mean over the customer's messages
    note: str = ""

    def calibrated(self, logit: float) -> float:
        """The probability for an uncalibrated logit."""
        if self.calibration is None:
            return sigmoid(logit)
        return sigmoid(self.calibration.intercept + self.calibration.slope * logit)


def sigmoid(logit: float) -> float:
    """Logistic function; clipped where floats end, so that it never overflows."""
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, logit))))


def load_prior(name: str | Path = DEFAULT_PRIOR) -> Model:
    """The packaged model of that name, or the model in a file. Raises ModelError naming what is wrong."""
    path = name if isinstance(name, Path) else PRIOR / f"{name}.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"no prior {str(name)!r}; packaged are: {', '.join(packaged())}") from error
    except json.JSONDecodeError as error:
        raise ModelError(f"{path.name}: not JSON: {error}") from error
    return parse_model(document)


def packaged() -> list[str]:
    """Names of the priors that ship with the product."""
    return sorted(path.stem for path in PRIOR.glob("*.json"))


def parse_model(document: Mapping[str, Any]) -> Model:
    """A model from its JSON document. Raises UnknownSignal for an unregistered signal, ModelError for all else."""
    names = {item.name for item in fields(Model)}
    if unknown := sorted(document.keys() - names):
        raise ModelError(f"{unknown[0]}: not a field of a model")
    if missing := sorted(names - {"calibration", "text", "note"} - document.keys()):
        raise ModelError(f"{missing[0]}: missing")
    for name, weight in document["now"].items():
        _check(f"now.{name}", name, "last", weight)
    for name, weights in document["overall"].items():
        for aggregate, weight in weights.items():
            _check(f"overall.{name}.{aggregate}", name, aggregate, weight)
    calibration = document.get("calibration")
    parts = {
        "heading": _heading(document["heading"]),
        "calibration": Calibration(**calibration) if calibration else None,
        "text": TextWeights.from_json(document["text"]) if document.get("text") else None,
    }
    return Model(**{**document, **parts})


def as_document(model: Model) -> dict[str, Any]:
    """A model as plain JSON, which `parse_model` reads; learned words under `text`, or None."""
    plain = {item.name: getattr(model, item.name) for item in fields(Model)}
    return {
        **plain,
        "overall": {name: dict(weights) for name, weights in model.overall.items()},
        "now": dict(model.now),
        "heading": asdict(model.heading),
        "calibration": asdict(model.calibration) if model.calibration else None,
        "text": model.text.to_json() if model.text else None,
    }


def _heading(document: Mapping[str, Any]) -> Heading:
    for name, weight in document["last"].items():
        _check(f"heading.last.{name}", name, "last", weight)
    for name, weight in document["before"].items():
        _check(f"heading.before.{name}", name, "last", -weight)
    return Heading(**{**document, "turns": tuple(document["turns"])})


def _check(path: str, name: str, aggregate: str, weight: float) -> None:
    signal = REGISTRY.get(name)
    if signal is None:
        raise UnknownSignal(f"{path}: no such signal: {name!r}")
    if aggregate not in ({"last"} if signal.scope is Scope.TICKET else AGGREGATES):
        raise ModelError(f"{path}: no such aggregate of this signal: {aggregate!r}")
    if not math.isfinite(weight):
        raise ModelError(f"{path}: not a finite number: {weight!r}")
    if weight * (1 if signal.effect is Effect.RAISES else -1) < 0:
        raise ModelError(f"{path}: {weight!r} has the wrong sign for a signal that {signal.effect} satisfaction")
