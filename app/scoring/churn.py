"""The risk that the customer leaves: a number of its own with reasons of its own, apart from satisfaction.

The weights are expert judgement; nobody has fitted them, and the figure is an order, not a probability to bet on. It is
additive on the logit, so the reasons add up exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.scoring.conversation import Running, TicketFacts
from app.scoring.gathering import RIVAL, Gathered
from app.scoring.model import sigmoid

BASE_LOGIT = -2.5  #: a ticket of which nothing is known: 8 %
AT_RISK = 0.5  #: from here the customer counts as on the verge of leaving
CANCEL = "acts.cancel"
HALF_SCALE_DAYS, LONGEST_DAYS = 2.0, 14.0  #: of how long a ticket has been open
MANY = 3  #: failures, or reopens, that count in full

#: Logit added where the circumstance holds in full.
WEIGHTS = {
    "cancels": 2.0,
    "cancelled_earlier": 1.0,
    "rival": 0.8,
    "open_age": 1.0,
    "failures": 1.5,
    "reopened": 0.6,
    "tier": 1.0,
    "settled": -1.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnReason:
    """What one circumstance adds."""

    name: str  #: one of WEIGHTS
    logit: float  #: above zero means more risk
    evidence: str  #: shown to agents; may quote the customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """The risk with its reasons, the strongest first; `BASE_LOGIT + sum(logit)` is its logit."""

    risk: float  #: in [0, 1]
    reasons: tuple[ChurnReason, ...]

    @property
    def flagged(self) -> bool:
        """On the verge of leaving."""
        return self.risk >= AT_RISK


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What the desk knows of the customer's tie to it."""

    open_days: float = 0.0  #: how long the ticket has been open, or was until it was solved; calendar days
    tier: float = 0.0  #: the customer's value to the desk, in [0, 1], by the desk's own list
    tier_said: str = ""  #: where that comes from, such as "tag: subscription"


def churn(running: Running, facts: TicketFacts, gathered: Gathered, stake: Stake) -> Churn:
    """The risk as the ticket stands."""
    held = _held(running, facts, gathered, stake)
    reasons = [
        ChurnReason(name=name, logit=WEIGHTS[name] * share, evidence=evidence)
        for name, (share, evidence) in held.items()
        if share
    ]
    risk = sigmoid(BASE_LOGIT + math.fsum(reason.logit for reason in reasons))
    return Churn(risk=risk, reasons=tuple(sorted(reasons, key=lambda reason: (-abs(reason.logit), reason.name))))


def _held(running: Running, facts: TicketFacts, gathered: Gathered, stake: Stake) -> dict[str, tuple[float, str]]:
    """How far each circumstance holds, from 0 to 1, and what shows it."""
    now, ever = running.seen.last.get(CANCEL, 0.0), running.seen.worst.get(CANCEL, 0.0)
    quote = running.evidence.get(CANCEL, "")
    settled = running.closed_by_customer and not now
    return {
        "cancels": (now, quote),
        "cancelled_earlier": (max(0.0, ever - now), quote),
        "rival": (float(RIVAL in gathered.weights), gathered.quotes.get(RIVAL, "")),
        "open_age": (_age(stake.open_days), f"open for {stake.open_days:.0f} days"),
        "failures": (_many(facts.earlier_failures), _counted(facts.earlier_failures, "bad experience")),
        "reopened": (_many(facts.reopens), _counted(facts.reopens, "reopening")),
        "tier": (stake.tier, stake.tier_said),
        "settled": (float(settled), "the customer says that it is settled"),
    }


def _age(days: float) -> float:
    """How much an open ticket's age weighs: log(1 + days/2), 0 on the first day, 1 from 14 days."""
    if days < 1:
        return 0.0
    return min(1.0, math.log1p(days / HALF_SCALE_DAYS) / math.log1p(LONGEST_DAYS / HALF_SCALE_DAYS))


def _many(count: int) -> float:
    return min(1.0, count / MANY)


def _counted(count: int, noun: str) -> str:
    return f"{count} earlier {noun}{'' if count == 1 else 's'}"
