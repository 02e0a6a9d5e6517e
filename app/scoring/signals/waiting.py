"""Time: how long the customer waits for us, and has waited. The clock runs only while the turn is ours.

Hours are calendar hours; a desk's business hours would change `Waits`, not these readings.
"""

from __future__ import annotations

import math
from datetime import datetime

from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal

HALF_SCALE_HOURS = 4.0  #: waits well below this barely count
LONGEST_HOURS = 96.0  #: waits from here on count in full


def _signal(name: str, describe: str) -> Signal:
    unit = f"log(1 + hours/{HALF_SCALE_HOURS:g}), 1 from {LONGEST_HOURS:g} h"
    return Signal(
        name=f"waiting.{name}",
        family="waiting",
        describe=describe,
        unit=unit,
        effect=Effect.LOWERS,
        scope=Scope.TICKET,
        source="message times; expert curve",
    )


SIGNALS = (
    _signal("silence", "hours the customer has been waiting for us now"),
    _signal("first_reply", "hours until our first reply, once it came"),
    _signal("next_reply", "hours our latest later reply took"),
    _signal("total", "hours of all waits that have ended"),
)


def strain(hours: float) -> float:
    """How much a wait weighs, in [0, 1]: steep in the first hours, flat after days. 6 h 0.28, 24 h 0.60, 96 h 1."""
    return min(1.0, math.log1p(max(0.0, hours) / HALF_SCALE_HOURS) / math.log1p(LONGEST_HOURS / HALF_SCALE_HOURS))


def read(running: Running, facts: TicketFacts, now: datetime, context: Context) -> list[Reading]:
    """The waits at `now`. A solved ticket waits for nobody."""
    waits = running.waits
    silent = 0.0 if facts.solved else waits.running(now)
    which = "a first reply" if waits.first_reply is None else "a reply"
    return [
        _reading("silence", silent, f"waiting for {which} for {spoken(silent)}"),
        _reading("first_reply", waits.first_reply or 0.0, f"the first reply took {spoken(waits.first_reply or 0.0)}"),
        _reading("next_reply", waits.next_reply or 0.0, f"the latest reply took {spoken(waits.next_reply or 0.0)}"),
        _reading("total", waits.total, f"waited {spoken(waits.total)} in all"),
    ]


def spoken(hours: float) -> str:
    """Hours as people say them: 40 min, 7 h, 3 days."""
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"


def _reading(name: str, hours: float, evidence: str) -> Reading:
    return Reading(signal=f"waiting.{name}", value=strain(hours), evidence=evidence)


FAMILY = Family(name="waiting", signals=SIGNALS, read_ticket=read)
