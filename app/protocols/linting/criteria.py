"""Whether a protocol can open a case at all, and whether its conditions decide anything."""

from __future__ import annotations

from collections.abc import Iterator

from app.protocols import possible, rules
from app.protocols.linting.finding import Said, conditions_of, error, warning
from app.protocols.protocol import ANY_CAUSE, Condition, Criteria, RecoveryProtocol

_NONE_OPEN = Condition(field="has_open_case", operator="is", value=False)


def charge(protocol: RecoveryProtocol) -> tuple[Condition, ...]:
    """What the protocol's cause asks of a ticket beside its criteria; nothing of the default one, by itself."""
    bound = protocol.cause != ANY_CAUSE and not protocol.is_default
    return (Condition(field="cause", operator="is", value=protocol.cause),) if bound else ()


def limited(criteria: Criteria, conditions: tuple[Condition, ...]) -> Criteria:
    """The criteria with more that has to hold."""
    return Criteria(all=(*criteria.all, *conditions), any=criteria.any)


def check_criteria(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Criteria that can never hold, and conditions that say nothing."""
    fact = possible.impossible(protocol.criteria)
    if fact:
        yield error("criteria", f"can never hold: no {fact} meets all conditions on it")
    else:
        yield from _never_opens(protocol)
        yield from _idle_choices(protocol.criteria)
    for path, condition in conditions_of(protocol):
        if possible.clash([condition]):
            wanted = f"{rules.OPERATORS[condition.operator].label} {condition.value}"
            yield error(f"{path}.value", f"can never hold: no {condition.field} {wanted}")
        elif possible.always(condition):
            yield warning(path, f"always holds once {condition.field} is known")
    yield from _repeated(protocol)


def check_stop(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Stop conditions that would stop every case at once, or none ever."""
    stop = Criteria(all=protocol.guardrails.stop_when)
    if not stop.all:
        return
    fact = possible.impossible(stop)
    if fact:
        yield error("guardrails.stop_when", f"can never hold: no {fact} meets all conditions on it")
    elif not possible.impossible(protocol.criteria) and possible.implies(protocol.criteria, stop):
        yield error("guardrails.stop_when", "holds whenever the criteria hold, so no step would ever be taken")


def _never_opens(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Criteria that could hold, but never where a case may be opened."""
    if possible.impossible(limited(protocol.criteria, (_NONE_OPEN,))):
        yield error("criteria", "can never open a case: while a ticket has an open case, no other is opened on it")
    elif possible.impossible(limited(protocol.criteria, charge(protocol))):
        yield error("criteria", f"can never open a case: the protocol is for the cause {protocol.cause} alone")


def _idle_choices(criteria: Criteria) -> Iterator[Said]:
    """Of the conditions of `any`: those that cannot hold beside `all`, and those that hold anyway."""
    must = Criteria(all=criteria.all)
    for index, condition in enumerate(criteria.any):
        path = f"criteria.any[{index}]"
        if possible.clash((*criteria.all, condition)) and not possible.clash([condition]):
            yield warning(path, "can never hold beside the conditions of all")
        elif criteria.all and possible.implies(must, Criteria(all=(condition,))):
            yield warning(path, "holds whenever those of all do, so the others of any decide nothing")


def _repeated(protocol: RecoveryProtocol) -> Iterator[Said]:
    seen: dict[tuple[str, Condition], str] = {}
    for path, condition in conditions_of(protocol):
        key = (path.partition("[")[0], condition)
        if key in seen:
            yield warning(path, f"says the same as {seen[key]}")
        seen.setdefault(key, path)
