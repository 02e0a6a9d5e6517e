"""Time: how long the customer waits for us, and has waited. The clock runs only while the turn is ours.

Where the desk has a calendar its working hours weigh, else calendar hours; the evidence tells both. Where the desk's
own norm is known a wait is measured by it, else by an expert's.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal
from app.scoring.waits import Waits

USUAL_HOURS = 4.0  #: the norm of a desk whose own is not known; waits well below it barely count
SHORTEST_NORM, LONGEST_NORM = 1.0, 12.0  #: a desk's own norm counts within these: chat is no excuse, nor is sloth
FULL = 24.0  #: norms from which a wait counts in full
LONGEST_HOURS = FULL * USUAL_HOURS


def _signal(name: str, describe: str) -> Signal:
    unit = f"log(1 + hours/norm), 1 from {FULL:g} norms; the norm is the desk's own, else {USUAL_HOURS:g} h"
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


def strain(hours: float, norm: float = USUAL_HOURS) -> float:
    """How much a wait weighs, in [0, 1]: steep up to some norms, flat beyond. With a norm of 4 h: 6 h 0.28, 24 h 0.60,
    96 h 1."""
    return min(1.0, math.log1p(max(0.0, hours) / norm) / math.log1p(FULL))


def norm_of(usual: float | None) -> float:
    """The hours that waits are measured by: the desk's median reply time within bounds, else an expert's norm."""
    return USUAL_HOURS if usual is None else min(max(usual, SHORTEST_NORM), LONGEST_NORM)


def silence(waits: Waits, moment: datetime, context: Context) -> float:
    """The value of the present wait at a moment, in [0, 1]; it never falls while nobody writes."""
    hours = waits.running(moment) if context.hours is None else waits.worked(moment, context.hours)
    return strain(hours, _present_norm(waits, context))


def fullest_at(waits: Waits, context: Context) -> datetime | None:
    """The moment from which the present wait weighs no more for lasting longer; None while the turn is theirs."""
    if waits.since is None:
        return None
    longest = FULL * _present_norm(waits, context)
    try:
        return context.hours.after(waits.since, longest) if context.hours else waits.since + timedelta(hours=longest)
    except OverflowError:
        return waits.since  # a message from the end of time; its wait never begins


def _present_norm(waits: Waits, context: Context) -> float:
    return norm_of(context.usual.first_reply if waits.first_reply is None else context.usual.next_reply)


def read(running: Running, facts: TicketFacts, now: datetime, context: Context) -> list[Reading]:
    """The waits at `now`. A solved ticket waits for nobody."""
    waits = Waits() if facts.solved else running.waits
    present = 0.0 if facts.solved else silence(waits, now, context)
    which = "a first reply" if running.waits.first_reply is None else "a reply"
    worked = None if context.hours is None else waits.worked(now, context.hours)
    said = _both(f"waiting for {which} for {{}}", waits.running(now), worked)
    return [Reading(signal="waiting.silence", value=present, evidence=said), *_ended(running.waits, context)]


def _ended(waits: Waits, context: Context) -> list[Reading]:
    first, later = norm_of(context.usual.first_reply), norm_of(context.usual.next_reply)
    by_calendar = context.hours is None

    def reading(name: str, hours: float | None, worked: float | None, norm: float, words: str) -> Reading:
        known = None if by_calendar else worked
        value = strain((hours if known is None else known) or 0.0, norm)
        return Reading(signal=f"waiting.{name}", value=value, evidence=_both(words, hours or 0.0, known))

    return [
        reading("first_reply", waits.first_reply, waits.first_worked, first, "the first reply took {}"),
        reading("next_reply", waits.next_reply, waits.next_worked, later, "the latest reply took {}"),
        reading("total", waits.total, waits.total_worked, first, "waited {} in all"),
    ]


def _both(words: str, hours: float, worked: float | None) -> str:
    """A wait in words, with the part of it that lies in business hours where the desk keeps any."""
    said = words.format(spoken(hours))
    if worked is None:
        return said
    return f"{said}, {spoken(worked) if worked < 1 else f'{worked:.0f} h'} of it in business hours"


def spoken(hours: float) -> str:
    """Hours as people say them: 40 min, 7 h, 3 days."""
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"


FAMILY = Family(name="waiting", signals=SIGNALS, read_ticket=read)
