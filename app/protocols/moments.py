"""When time alone turns a decision: the next moment at which a condition on a running clock holds or stops holding, or
a protocol may act again. Pure; whoever waits for the moment does so in a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.protocols import rules
from app.protocols.decide import Published, Standing
from app.protocols.facts import Facts
from app.protocols.protocol import Condition, Criteria, Rearm
from app.scoring.context import Hours

WAITING = "waiting_hours"
#: Facts that grow evenly with time, and by how much in an hour. The risk that a customer leaves grows unevenly: it is
#: computed anew when the score is.
GROWING = {WAITING: 1.0, "age_hours": 1.0, "minutes_in_state": 60.0}
STEP = timedelta(seconds=1)
FARTHEST = timedelta(days=366)  #: what would turn later than this is found at a later look


def later(facts: Facts, since: datetime, at: datetime, *, waiting: bool, hours: Hours | None = None) -> Facts:
    """The facts of `since` as they are at `at` when nothing happens in between; the wait grows only while `waiting`,
    in the desk's working hours."""
    grown = dict(facts)
    for name in GROWING:
        value = facts.get(name)
        if value is not None and at > since and (name != WAITING or waiting):
            grown[name] = value + _growth(name, since, at, hours)
    return grown


def next_turn(
    criteria: Iterable[Criteria], facts: Facts, at: datetime, *, waiting: bool, hours: Hours | None = None
) -> datetime | None:
    """The first whole second after `at` at which one of the conditions turns when nothing happens; `facts` are of
    `at`. None when none of them ever does, or not within a year."""
    wanted = {condition for one in criteria for condition in one.conditions if condition.field in GROWING}
    turns = (_turn(condition, facts, at, waiting, hours) for condition in wanted)
    return min((turn for turn in turns if turn is not None and turn - at <= FARTHEST), default=None)


def next_ready(protocols: Iterable[Published], standing: Standing, at: datetime) -> datetime | None:
    """The first moment after `at` at which a cooldown or a wait before another case ends."""
    if standing.open_case is not None:
        return None
    ready = (moment for published in protocols for moment in _ready(published, standing))
    return min((_whole(moment) for moment in ready if moment > at), default=None)


def turned(criteria: Iterable[Criteria], before: Facts, after: Facts) -> bool:
    """Whether any condition holds with the one and not with the other."""
    conditions = {condition for one in criteria for condition in one.conditions}
    return any(rules.holds(condition, before) is not rules.holds(condition, after) for condition in conditions)


def free(protocols: Iterable[Published], standing: Standing, at: datetime) -> frozenset[str]:
    """The protocols that neither a cooldown nor a wait keeps from acting at that moment."""
    return frozenset(
        published.protocol.name
        for published in protocols
        if all(moment <= at for moment in _ready(published, standing))
    )


def _growth(name: str, since: datetime, at: datetime, hours: Hours | None) -> float:
    if name == WAITING and hours is not None:
        return hours.between(since, at)
    return (at - since) / timedelta(hours=1) * GROWING[name]


def _turn(condition: Condition, facts: Facts, at: datetime, waiting: bool, hours: Hours | None) -> datetime | None:
    value = facts.get(condition.field)
    if value is None or (condition.field == WAITING and not waiting):
        return None
    holds = rules.holds(condition, facts)
    for moment in _candidates(condition, float(value), at, hours):
        if rules.holds(condition, later(facts, at, moment, waiting=waiting, hours=hours)) is not holds:
            return moment
    return None


def _candidates(condition: Condition, value: float, at: datetime, hours: Hours | None) -> Sequence[datetime]:
    """The moment at which the fact reaches what the condition names, and the next ones: some operators turn only
    beyond it, and a fraction of a second may be lost on the way."""
    left = _number(condition.value) - value
    if left < 0:
        return ()
    try:
        reached = _whole(_reached(condition.field, at, left, hours))
    except OverflowError:
        return ()
    return [moment for moment in (reached, reached + STEP, reached + 2 * STEP) if moment > at]


def _reached(name: str, at: datetime, left: float, hours: Hours | None) -> datetime:
    if name == WAITING and hours is not None:
        return hours.after(at, left)
    return at + timedelta(hours=left / GROWING[name])


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else -1.0


def _whole(moment: datetime) -> datetime:
    """The first whole second that is not earlier."""
    moment = moment.astimezone(UTC)
    return moment if not moment.microsecond else moment.replace(microsecond=0) + STEP


def _ready(published: Published, standing: Standing) -> Iterator[datetime]:
    rails = published.protocol.guardrails
    if standing.last_closed_at is not None:
        yield standing.last_closed_at + rails.cooldown
    earlier = standing.of(published.protocol.name)
    if earlier and rails.rearm is Rearm.AFTER_HOURS:
        yield (earlier[-1].closed_at or earlier[-1].opened_at) + timedelta(hours=rails.rearm_hours or 0)
