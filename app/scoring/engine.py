"""The score of a conversation: additive on the logit, explained by its signals, in constant time.

Pure: no clock, no settings, no storage. `observe` takes a message in, `score` gives the figures at a moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from app.scoring.context import PLAIN, Context
from app.scoring.conversation import Memory, Running, TicketFacts
from app.scoring.heading import compared, trend
from app.scoring.model import GATHERED, MEAN, Model, sigmoid
from app.scoring.observing import observe
from app.scoring.signals import FAMILIES, Reading
from app.scoring.signals.service import overdue
from app.scoring.signals.waiting import fullest_at, silence
from app.scoring.state import advance, state_of
from app.scoring.text_sum import SIGNAL
from app.words import Contribution, Level, Score

__all__ = ["inputs", "next_rescore_at", "observe", "score", "ticket_readings", "turns_poor_at", "unscorable"]

SILENCE, OVERDUE = "waiting.silence", "service.overdue"  #: the two readings that move while nobody writes
NOBODY = "no customer message"
STEP = timedelta(minutes=1)  #: times of rescoring are whole minutes from now
HORIZON = timedelta(days=3660)  #: nothing is looked for beyond, whatever time a message says it is from


def score(
    running: Running, facts: TicketFacts, model: Model, now: datetime, context: Context = PLAIN
) -> tuple[Score, Running]:
    """The score at `now`, and the aggregates with the memory of the four states moved on.

    Uses nothing but what was observed, so later messages never change an earlier score. Scoring twice at the same
    moment gives the same score.
    """
    ticket = ticket_readings(running, facts, now, context)
    contributions = _contributions(running, ticket, model)
    logit = model.base_logit + math.fsum(item.logit for item in contributions)
    p_satisfied = model.calibrated(logit)
    heading = trend(running, model.heading, _waited_for(ticket, model))
    memory = advance(running.memory, p_satisfied, heading, running.customer_turns, model)
    state, provisional = state_of(memory)
    found = Score(
        at=now,
        p_satisfied=p_satisfied,
        p_satisfied_now=_p_now(running, ticket, model),
        trend=heading,
        score=round(100 * p_satisfied),
        level=memory.level or Level.GOOD,
        direction=memory.direction,
        state=state,
        provisional=provisional,
        base_logit=model.base_logit,
        p_uncalibrated=sigmoid(logit),
        contributions=contributions,
        abstained=running.abstained,
        model=model.name,
        calibrated=model.calibration is not None,
    )
    return found, replace(running, memory=memory)


def ticket_readings(
    running: Running, facts: TicketFacts, now: datetime, context: Context = PLAIN
) -> tuple[Reading, ...]:
    """What time and the ticket's facts say at `now`; readings of nothing are left out."""
    found = [
        reading
        for family in FAMILIES
        if family.read_ticket
        for reading in family.read_ticket(running, facts, now, context)
    ]
    return tuple(reading for reading in found if reading.value)


def unscorable(running: Running, facts: TicketFacts) -> str | None:
    """Why there is nothing to score yet, or None. A ticket that was rated can always be scored."""
    if facts.rating is not None or running.worded_turns:
        return None
    if running.customer_turns:
        return "no customer text"
    return "only automatic replies" if running.auto_replies else NOBODY


def next_rescore_at(
    running: Running, facts: TicketFacts, model: Model, now: datetime, context: Context = PLAIN
) -> datetime | None:
    """The first whole minute from `now` at which waiting alone changes the score by a few points, or the state.

    A promise of ours that falls due counts as waiting. None when nothing of that is left: the turn is the customer's
    and nothing is promised, the ticket is solved, there is nothing to score, or no wait could change anything.
    """
    last = _still_moves_until(running, now, context)
    if facts.solved or last is None or unscorable(running, facts) is not None:
        return None
    present, running = score(running, facts, model, now, context)
    waited = _waited(running, facts, model, now, context)

    def moved(minutes: int) -> bool:
        p_satisfied, memory = waited(now + minutes * STEP)
        return (
            present.score - round(100 * p_satisfied) >= model.rescore_points
            or memory.level is not present.level
            or state_of(memory)[0] is not present.state
        )

    return _first_minute(now, last, moved)


def turns_poor_at(
    running: Running, facts: TicketFacts, model: Model, now: datetime, context: Context = PLAIN
) -> datetime | None:
    """The first whole minute from `now` at which waiting alone makes a good level poor: how long there is to act.

    None where it is poor already, and where no wait would do it, as in `next_rescore_at`.
    """
    last = _still_moves_until(running, now, context)
    if facts.solved or last is None or unscorable(running, facts) is not None:
        return None
    present, running = score(running, facts, model, now, context)
    if present.level is Level.POOR:
        return None
    waited = _waited(running, facts, model, now, context)
    return _first_minute(now, last, lambda minutes: waited(now + minutes * STEP)[1].level is Level.POOR)


def _first_minute(now: datetime, last: datetime, moved: Callable[[int], bool]) -> datetime | None:
    """The first minute from `now` at which it has moved; None where it never does up to `last`."""
    # Nothing but the wait grows, and while the desk is closed it stands still: once the score has moved it stays moved,
    # so bisection finds the first minute.
    low, high = 0, max(1, math.ceil(min(last - now, HORIZON) / STEP) + 1)
    if not moved(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if moved(middle) else (middle, high)
    return now + high * STEP


def _still_moves_until(running: Running, now: datetime, context: Context) -> datetime | None:
    fullest, due = fullest_at(running.waits, context), running.asked.due
    moments = [moment for moment in (fullest, due if due and due >= now else None) if moment is not None]
    return max(moments, default=None)


def _waited(
    running: Running, facts: TicketFacts, model: Model, now: datetime, context: Context
) -> Callable[[datetime], tuple[float, Memory]]:
    """What `score` will say at a later moment if nobody writes: p_satisfied and the memory, without the reasons.

    Sums are taken with fsum, which does not depend on the order, so the figures are those of `score` to the last digit.
    """
    moving = {SILENCE, OVERDUE}
    ticket = [reading for reading in ticket_readings(running, facts, now, context) if reading.signal not in moving]
    others = [part.logit for part in _contributions(running, ticket, model)]
    said = compared(running, model.heading)
    overall, at_once = model.overall.get(SILENCE, {}).get("last", 0.0), model.now.get(SILENCE, 0.0)
    broken = model.overall.get(OVERDUE, {}).get("last", 0.0)

    def at(moment: datetime) -> tuple[float, Memory]:
        wait = silence(running.waits, moment, context)
        p_satisfied = model.calibrated(
            model.base_logit + math.fsum([*others, overall * wait, broken * overdue(running, facts, moment)])
        )
        heading = 2 * sigmoid(said + at_once * wait) - 1
        return p_satisfied, advance(running.memory, p_satisfied, heading, running.customer_turns, model)

    return at


def _contributions(running: Running, ticket: Iterable[Reading], model: Model) -> tuple[Contribution, ...]:
    """Every signal's part in the logit, the strongest first. Signals without a weight count nothing."""
    aggregates = _aggregates(running)
    logits = {
        name: sum([weight * aggregates[part].get(name, 0.0) for part, weight in weights.items()])
        for name, weights in model.overall.items()
        if name in running.seen.total
    }
    evidence = {**running.evidence, SIGNAL: running.text.evidence}
    logits[SIGNAL] = running.text.mean(model.text)
    for reading in ticket:
        logits[reading.signal] = model.overall.get(reading.signal, {}).get("last", 0.0) * reading.value
        evidence[reading.signal] = reading.evidence
    parts = [
        Contribution(signal=name, logit=logit, evidence=evidence.get(name, ""))
        for name, logit in logits.items()
        if logit
    ]
    return tuple(sorted(parts, key=lambda part: (-abs(part.logit), part.signal)))


def inputs(running: Running, ticket: Iterable[Reading]) -> dict[str, float]:
    """Every number that a model may weigh for the rating of the whole, by `signal/aggregate`; zeros are left out.

    `ticket` are the readings of `ticket_readings`.
    """
    found = {
        f"{name}/{part}": value
        for part, values in sorted(_aggregates(running).items())
        for name, value in values.items()
        if value
    }
    return found | {f"{reading.signal}/last": reading.value for reading in ticket if reading.value}


def _aggregates(running: Running) -> dict[str, Mapping[str, float]]:
    """Per aggregate of a model, the value of every signal that was ever found."""
    seen, turns = running.seen, max(1, running.customer_turns)
    grown = 1 + math.log(turns)
    mean = {name: total / turns for name, total in seen.total.items()}
    return {
        "last": seen.last,
        "fast": seen.fast,
        "slow": seen.slow,
        "worst": seen.worst,
        MEAN: mean,
        GATHERED: {name: value * grown for name, value in mean.items()},
    }


def _p_now(running: Running, ticket: Iterable[Reading], model: Model) -> float:
    """The customer is satisfied at this moment: by the latest message and the ticket's facts alone."""
    said = (model.now.get(name, 0.0) * value for name, value in running.seen.last.items())
    stands = (model.now.get(reading.signal, 0.0) * reading.value for reading in ticket)
    return sigmoid(model.now_base_logit + math.fsum([*said, *stands]))


def _waited_for(ticket: Iterable[Reading], model: Model) -> float:
    """What the present wait takes: the one fact of the ticket that moves, so that all others are no change."""
    return math.fsum(model.now.get(SILENCE, 0.0) * reading.value for reading in ticket if reading.signal == SILENCE)
