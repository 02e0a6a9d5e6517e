"""Resolution quality: is the issue really being solved? A figure beside satisfaction, from the same readings.

A customer can be friendly while nothing is solved, and angry while it is. The weights are judgement, not measurement:
no data we may use says whether an issue was solved. Tone has no part in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.scoring.conversation import Running
from app.scoring.model import sigmoid
from app.scoring.signals import Reading
from app.words import Contribution

THRESHOLD = 0.5  #: below this the issue is taken not to be solved
BASE_LOGIT = 0.4  #: 0.6: what is taken to be so before anything speaks for or against it

#: what a reading of 1 adds to the logit
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "acts.solved": 1.8,
        "acts.relief": 0.8,
        "acts.delight": 0.8,
        "acts.thanks_closing": 0.7,
        "acts.goodbye": 0.3,
        "acts.still_broken": -2.2,
        "acts.unanswered": -1.2,
        "acts.repeat_contact": -1.0,
        "acts.already_said": -0.8,
        "acts.confused": -0.4,
        "effort.unanswered": -1.2,
        "effort.identifier_again": -0.6,
        "effort.repeats": -0.4,
        "service.confirmation": 0.6,
        "service.answers": 0.6,
        "service.ownership": 0.3,
        "service.next_step": 0.3,
        "service.refusal": -0.5,
        "service.policy_wall": -0.6,
        "service.asks_again": -0.7,
        "service.repeats": -0.7,
        "service.template": -0.4,
        "service.handover": -0.4,
        "service.deferral": -0.3,
        "service.apologies": -0.5,
        "service.overdue": -1.2,
        "ending.reopened": -2.4,
        "ending.customer_spoke_last": -0.8,
        "ending.unconfirmed": -0.4,
        "ending.reassigned": -0.4,
        "history.same_topic": -1.0,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How well the issue is being solved, as far as it can be told."""

    value: float  #: in [0, 1]; `sigmoid(BASE_LOGIT + sum of the reasons' logits)`
    reasons: tuple[Contribution, ...]  #: the strongest first

    @property
    def poor(self) -> bool:
        """True when the issue is taken not to be solved."""
        return self.value < THRESHOLD


def resolution(running: Running, ticket: Iterable[Reading] = ()) -> Resolution:
    """The resolution quality after what was observed, with the ticket's readings (`engine.ticket_readings`).

    What the latest message shows counts in full, what was shown before by its running mean, so that "it broke again"
    outweighs the thanks before it. Contributions add up on the logit.
    """
    values = _heard(running) | dict(running.service) | {reading.signal: reading.value for reading in ticket}
    evidence = dict(running.evidence) | {reading.signal: reading.evidence for reading in ticket}
    reasons = [
        Contribution(signal=name, logit=weight * values[name], evidence=evidence.get(name, ""))
        for name, weight in WEIGHTS.items()
        if values.get(name)
    ]
    logit = BASE_LOGIT + math.fsum(reason.logit for reason in reasons)
    ranked = sorted(reasons, key=lambda reason: (-abs(reason.logit), reason.signal))
    return Resolution(value=sigmoid(logit), reasons=tuple(ranked))


def _heard(running: Running) -> dict[str, float]:
    last, fast = running.seen.last, running.seen.fast
    return {name: max(last.get(name, 0.0), fast.get(name, 0.0)) for name in last.keys() | fast.keys()}
