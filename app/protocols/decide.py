"""Deciding: published protocols and facts in, one decision per protocol out. Nothing is stored or performed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from app.protocols import rules
from app.protocols.facts import Facts
from app.protocols.protocol import ANY_CAUSE, Guardrails, Rearm, RecoveryProtocol
from app.protocols.rulebook import Page, Rulebook, rulebook
from app.words import Cause, ConditionResult, Decision, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A protocol version in force."""

    version_id: int
    protocol: RecoveryProtocol
    order: int = 0  #: lower is asked first; equal orders by version id


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """A recovery case that this ticket has or had."""

    protocol: str  #: the protocol's name, the same over all its versions
    version_id: int
    opened_at: datetime
    closed_at: datetime | None = None  #: None while it is open
    exited_at: datetime | None = None  #: when the protocol's criteria first stopped holding after it opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of the ticket's cases, in any order; held-out ones count as well."""

    cases: tuple[PastCase, ...] = ()

    @property
    def open_case(self) -> PastCase | None:
        """The oldest case that is still open."""
        still_open = [case for case in self.cases if case.closed_at is None]
        return min(still_open, key=lambda case: case.opened_at, default=None)

    @property
    def last_closed_at(self) -> datetime | None:
        return max((case.closed_at for case in self.cases if case.closed_at), default=None)

    def of(self, protocol: str) -> tuple[PastCase, ...]:
        """The cases of one protocol, oldest first."""
        return tuple(sorted((c for c in self.cases if c.protocol == protocol), key=lambda case: case.opened_at))


def decide(protocols: Sequence[Published], facts: Facts, standing: Standing, now: datetime) -> tuple[Decision, ...]:
    """One decision per protocol, in the order in which they were asked; at most one of them says `open`.

    Same input, same answer, whatever the order of `protocols`.
    """
    asked = sorted(protocols, key=attrgetter("order", "version_id"))
    book = rulebook([published.protocol.criteria for published in asked])
    asking = _Asking(asked, facts, standing, now, book)
    return tuple([asking.one(published, page) for published, page in zip(asked, book.pages, strict=True)])


def left(decisions: Sequence[Decision]) -> frozenset[str]:
    """The protocols whose criteria do not hold now: their earlier cases on this ticket have been exited."""
    return frozenset(decision.protocol for decision in decisions if decision.outcome is Outcome.NOT_ELIGIBLE)


class _Asking:
    """What all protocols that are asked about a ticket have in common."""

    def __init__(
        self, asked: Sequence[Published], facts: Facts, standing: Standing, now: datetime, book: Rulebook
    ) -> None:
        self._facts, self._standing, self._now, self._found = facts, standing, now, book.look(facts)
        self._owned = {p.protocol.cause: p.protocol.name for p in reversed(asked) if p.protocol.cause != ANY_CAUSE}
        self._shown = [_shown(facts, names) for names in book.names]
        self._winner: str | None = None

    def one(self, published: Published, page: Page) -> Decision:
        """What the next protocol decides; the first that may open a case does."""
        protocol, found = published.protocol, self._found
        conditions, reason = page.results(found), page.why_not(found)
        if protocol.cause != ANY_CAUSE:
            charge = _charge(protocol, self._facts, self._owned)
            conditions = (charge, *conditions)
            reason = reason if charge.passed else _other_cause(protocol, charge, self._owned)
        outcome = _NOT_ELIGIBLE
        if not reason:
            outcome, reason = self._eligible(protocol, page)
        return Decision(protocol.name, published.version_id, outcome, reason, conditions, self._shown[page.names])

    def _eligible(self, protocol: RecoveryProtocol, page: Page) -> tuple[Outcome, str]:
        """What becomes of a protocol whose criteria hold."""
        if (open_case := self._standing.open_case) is not None:
            return Outcome.ALREADY_OPEN, f'The criteria hold; a case of "{open_case.protocol}" is open already.'
        if hindrance := _hindrance(protocol, self._standing, self._now):
            return Outcome.COOLDOWN, hindrance
        if self._winner is not None:
            reason = f'The criteria hold, but the protocol "{self._winner}" comes first on this ticket.'
            return Outcome.OTHER_PROTOCOL, reason
        self._winner = protocol.name
        return Outcome.OPEN, f"The criteria hold: {_why(page.results(self._found))}."


#: By its own name, since Python 3.11 takes long over a member of an enumeration, and most decisions are this one.
_NOT_ELIGIBLE = Outcome.NOT_ELIGIBLE


def _shown(facts: Facts, names: Sequence[str]) -> Mapping[str, Any]:
    """The facts that go with a decision, which may be shared by several."""
    return MappingProxyType({name: rules.plain(facts.get(name)) for name in names})


def _charge(protocol: RecoveryProtocol, facts: Facts, owned: Mapping[str, str]) -> ConditionResult:
    """Whether the ticket's cause is this protocol's; the default protocol has every cause without one of its own."""
    cause = facts.get("cause") or Cause.UNKNOWN
    own = protocol.cause in (cause, ANY_CAUSE)
    passed = own or (protocol.is_default and cause not in owned)
    return ConditionResult("cause", "is", protocol.cause, str(cause), passed)


def _other_cause(protocol: RecoveryProtocol, charge: ConditionResult, owned: Mapping[str, str]) -> str:
    owner = owned.get(charge.actual)
    whose = f', which the protocol "{owner}" is in charge of' if owner else ""
    return f"Not eligible: the cause is {charge.actual}{whose}, and this protocol is for {protocol.cause}."


def _why(conditions: Sequence[ConditionResult]) -> str:
    return ", ".join(rules.sentence(result) for result in conditions if result.passed)


def _hindrance(protocol: RecoveryProtocol, standing: Standing, now: datetime) -> str | None:
    """Why a matching protocol may not open a case yet, or None."""
    rails = protocol.guardrails
    closed_at = standing.last_closed_at
    if closed_at is not None and now < closed_at + rails.cooldown:
        return f"The criteria hold; in cooldown until {_moment(closed_at + rails.cooldown)}."
    earlier = standing.of(protocol.name)
    if not earlier:
        return None
    if len(earlier) >= rails.max_cases:
        return f"The criteria hold; this protocol has had its {rails.max_cases} cases on this ticket."
    return _not_rearmed(rails, earlier[-1], now)


def _not_rearmed(rails: Guardrails, last: PastCase, now: datetime) -> str | None:
    if rails.rearm is Rearm.NEVER:
        return "The criteria hold; this protocol opens one case per ticket and has had it."
    if rails.rearm is Rearm.AFTER_STATE_EXIT:
        if last.exited_at is None:
            return "The criteria hold; they have not stopped holding since this protocol's last case."
        return None
    ready_at = (last.closed_at or last.opened_at) + timedelta(hours=rails.rearm_hours or 0)
    return f"The criteria hold; armed again at {_moment(ready_at)}." if now < ready_at else None


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
