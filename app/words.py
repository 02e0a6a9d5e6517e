"""The small shared values that every layer speaks in. No behaviour beyond arithmetic on themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple


class Level(StrEnum):
    """On which side of the satisfaction threshold a conversation stands."""

    GOOD = "good"
    POOR = "poor"


class Direction(StrEnum):
    """Where satisfaction has been heading; describes the recent past and forecasts nothing."""

    NONE = "none"  # too few customer messages to tell
    IMPROVING = "improving"
    STEADY = "steady"
    WORSENING = "worsening"


class SatState(StrEnum):
    """Level and direction together: exactly one at a time for every scored ticket."""

    GOOD_IMPROVING = "good_improving"
    GOOD_WORSENING = "good_worsening"
    POOR_IMPROVING = "poor_improving"
    POOR_WORSENING = "poor_worsening"


class Cause(StrEnum):
    """Why the service failed. A desk's packs may narrow it down; these are the shared classes."""

    SHIPPING_DELAY = "shipping_delay"
    WRONG_ITEM = "wrong_item"
    DAMAGED_ITEM = "damaged_item"
    PRODUCT_FAULT = "product_fault"
    BILLING = "billing"
    CANCELLATION = "cancellation"
    SERVICE_CONTACT = "service_contact"
    PLATFORM = "platform"
    UNKNOWN = "unknown"


class FaultSide(StrEnum):
    """Who caused the failure."""

    PLATFORM = "platform"
    VENDOR = "vendor"
    COURIER = "courier"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


class Arm(StrEnum):
    """The side of the experiment a customer is on, by stable hash of customer and protocol."""

    TREATMENT = "treatment"
    HOLDOUT = "holdout"


class CaseStage(StrEnum):
    """How far a recovery case has come. The last three are final."""

    ELIGIBLE = "eligible"
    HELD_OUT = "held_out"
    FLAGGED = "flagged"
    ASSIGNED = "assigned"
    CONTACTED = "contacted"
    RESOLVED = "resolved"
    RESURVEYED = "resurveyed"
    RECOVERED = "recovered"
    LOST = "lost"
    EXPIRED = "expired"


CLOSED_STAGES = frozenset({CaseStage.RECOVERED, CaseStage.LOST, CaseStage.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one signal adds to the score."""

    signal: str
    logit: float  #: added to the logit of P(satisfied); below zero means it lowers satisfaction
    evidence: str  #: shown to agents; may quote the customer's words, so it is stored sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Predicted satisfaction at a moment.

    `base_logit + sum(c.logit for c in contributions)` is the logit of `p_uncalibrated`.
    """

    at: datetime
    p_satisfied: float  #: the whole conversation will be rated satisfied, in [0, 1]
    p_satisfied_now: float  #: the customer is satisfied at this moment, in [0, 1]
    trend: float  #: above 0 improving, below 0 worsening; 0 while there is nothing to compare
    score: int  #: 0 to 100, `p_satisfied` as shown to people
    level: Level
    direction: Direction
    state: SatState
    provisional: bool  #: the direction is still `none`, so the state's second half is a convention
    base_logit: float
    p_uncalibrated: float
    contributions: tuple[Contribution, ...] = ()
    abstained: tuple[str, ...] = ()  #: which readings were not possible, and why
    model: str  #: name and version of the model that gave it
    calibrated: bool = False


class ConditionResult(NamedTuple):
    """One condition of a protocol on one set of facts. A tuple, since every look makes hundreds of them."""

    field: str
    operator: str
    expected: Any
    actual: Any
    passed: bool


class Outcome(StrEnum):
    """What a protocol decided on a set of facts."""

    OPEN = "open"
    NOT_ELIGIBLE = "not_eligible"
    ALREADY_OPEN = "already_open"
    COOLDOWN = "cooldown"
    OTHER_PROTOCOL = "other_protocol"
    NO_CAPACITY = "no_capacity"
    HELD_OUT = "held_out"


class Decision(NamedTuple):
    """The outcome of one protocol version on one set of facts, with why and why not; a tuple for the same reason."""

    protocol: str  #: the protocol's name
    version_id: int
    outcome: Outcome
    reason: str  #: one sentence for people, without customer text
    conditions: tuple[ConditionResult, ...] = ()
    facts: Mapping[str, Any] = MappingProxyType({})
