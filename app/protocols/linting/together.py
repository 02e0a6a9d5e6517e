"""Protocols beside each other: causes in nobody's hands, one in the other's shadow, fights over a field, loops."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from app.protocols import possible
from app.protocols.linting.criteria import limited
from app.protocols.linting.effects import Effects, effects_of, settings_of
from app.protocols.linting.finding import Finding, Severity, actions_of
from app.protocols.protocol import ANY_CAUSE, Action, Condition, Criteria, Rearm, RecoveryProtocol
from app.words import Cause
from connectors.ticket import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A protocol with what is asked of it again and again."""

    protocol: RecoveryProtocol
    criteria: Criteria  #: with what its cause asks for
    effects: Effects

    @property
    def name(self) -> str:
        return self.protocol.name


def check_together(protocols: Sequence[RecoveryProtocol]) -> Iterator[Finding]:
    """Everything that shows only where the protocols are seen together, in the order in which they are asked."""
    yield from _causes(protocols)
    owned = {protocol.cause for protocol in protocols}
    seen = [
        _Seen(protocol=one, criteria=limited(one.criteria, _charge(one, owned)), effects=effects_of(one))
        for one in protocols
    ]
    for first, second in combinations(seen, 2):
        if first.name == second.name:
            yield _said(second, "name", "is the name of another protocol")
        else:
            yield from _shadow(first, second)
            yield from _fights(first, second)
    yield from _loops(seen)


def _said(seen: _Seen, path: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(severity=severity, protocol=seen.name, path=path, message=message)


def _charge(protocol: RecoveryProtocol, owned: set[str]) -> tuple[Condition, ...]:
    """The causes that the protocol takes: its own, or as the default one all that have no protocol."""
    if protocol.cause == ANY_CAUSE:
        return ()
    unowned = tuple(str(cause) for cause in Cause if cause not in owned)
    return (
        Condition(field="cause", operator="one_of", value=(protocol.cause, *(unowned if protocol.is_default else ()))),
    )


def _causes(protocols: Sequence[RecoveryProtocol]) -> Iterator[Finding]:
    """Every cause has exactly one protocol in charge: its own, or the default one."""
    owners: dict[str, list[RecoveryProtocol]] = {str(cause): [] for cause in Cause}
    for protocol in protocols:
        if protocol.cause != ANY_CAUSE:
            owners[protocol.cause].append(protocol)
    for owned in owners.values():
        for second in owned[1:]:
            message = f'{second.cause} has a protocol already, "{owned[0].name}"; a cause has exactly one'
            yield Finding(severity=Severity.ERROR, protocol=second.name, path="cause", message=message)
    if not owners[Cause.UNKNOWN]:
        bare = ", ".join(cause for cause, owned in owners.items() if not owned)
        message = f"no protocol is in charge of {bare}; give one the cause unknown, which makes it the default"
        yield Finding(severity=Severity.ERROR, protocol="", path="cause", message=message)


def _shadow(first: _Seen, second: _Seen) -> Iterator[Finding]:
    """The first in order takes a ticket that both match, so the second is reached where the first does not match."""
    if _same(first.protocol.criteria, second.protocol.criteria) and possible.compatible(
        first.criteria, second.criteria
    ):
        yield _said(second, "criteria", f'are the same as those of "{first.name}", which comes first')
    elif not possible.impossible(second.criteria) and possible.implies(second.criteria, first.criteria):
        message = f'hold only where those of "{first.name}" hold too, which comes first: this one is never reached'
        spent = first.protocol.guardrails.rearm is Rearm.NEVER
        yield _said(
            second,
            "criteria",
            f"{message} before that one has had its case" if spent else message,
            Severity.NOTE if spent else Severity.WARNING,
        )


def _same(first: Criteria, second: Criteria) -> bool:
    return set(first.all) == set(second.all) and set(first.any) == set(second.any)


def _fights(first: _Seen, second: _Seen) -> Iterator[Finding]:
    """Where both may act on one ticket, one after the other, and the second sets what the first set otherwise.

    That two give a ticket to different groups is no fight but a choice: the first in order has it.
    """
    if not possible.compatible(first.criteria, second.criteria):
        return
    theirs = {
        name: (value, action)
        for _, action in actions_of(first.protocol)
        for name, value in settings_of(action, first.protocol.team)
    }
    for path, action in actions_of(second.protocol):
        for name, value in settings_of(action, second.protocol.team):
            before, their = theirs.get(name, (value, action))
            if name == "group" or before == value or (name == "priority" and not _lowers(their, action)):
                continue
            what = f"takes away or sets again the {name}" if name.startswith("tag ") else f"sets the {name} too"
            message = f'{what}, otherwise than "{first.name}"; both may act on one ticket'
            yield _said(second, path, message, Severity.WARNING)


def _lowers(one: Action, other: Action) -> bool:
    """Whether of two priorities the lower one may undo the higher; two that only raise never undo each other."""
    order = tuple(Priority)
    lower = min(one, other, key=lambda action: order.index(action.params.to))
    return bool(lower.params.may_lower)


def _loops(seen: Sequence[_Seen]) -> Iterator[Finding]:
    """Protocols whose steps make each other's criteria hold again, so that they would take turns without end."""
    again = [one for one in seen if one.protocol.guardrails.rearm is not Rearm.NEVER]
    leads = {one.name: [two for two in again if one.name != two.name and _wakes(one, two)] for one in again}
    for one in again:
        circle = _circle(one, leads)
        if circle:
            others = ", ".join(f'"{name}"' for name in circle if name != one.name)
            message = f"loop with {others}: the steps of each make the criteria of the next hold again"
            yield _said(one, "actions", message)


def _circle(start: _Seen, leads: dict[str, list[_Seen]]) -> list[str]:
    """The shortest way from a protocol back to itself, as names; empty where there is none."""
    waiting = deque([[start.name]])
    reached: set[str] = set()
    while waiting:
        way = waiting.popleft()
        for following in leads[way[-1]]:
            if following.name == start.name:
                return way
            if following.name not in reached:
                reached.add(following.name)
                waiting.append([*way, following.name])
    return []


def _wakes(first: _Seen, second: _Seen) -> bool:
    """Whether what the first does turns a condition of the second, and leaves none of them failing."""
    must, either = second.criteria.all, second.criteria.any
    outcomes = {condition: first.effects.meets(condition) for condition in (*must, *either)}
    if any(outcomes[one] is False for one in must) or (either and all(outcomes[one] is False for one in either)):
        return False
    turned = any(
        outcome and not possible.implies(first.criteria, Criteria(all=(condition,)))
        for condition, outcome in outcomes.items()
    )
    return turned and possible.compatible(_untouched(first, second), _untouched(second, first))


def _untouched(one: _Seen, other: _Seen) -> Criteria:
    """The criteria without the facts that either sets, which are as the last of the two left them."""
    set_by = one.effects.facts | other.effects.facts
    any_left = tuple(condition for condition in one.criteria.any if condition.field not in set_by)
    return Criteria(
        all=tuple(condition for condition in one.criteria.all if condition.field not in set_by),
        any=any_left if len(any_left) == len(one.criteria.any) else (),
    )
