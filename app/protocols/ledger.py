"""A replay's books of one ticket: the cases that would be open on it, and those of history by which they end.

A case that history has too ends when it ended there. One that history has not is taken to end when the ticket was
solved and the wait for its survey was over: nobody knows what its customer would have answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.protocols.decide import PastCase, Standing
from app.protocols.evaluation import Evaluation
from app.protocols.facts import Facts
from app.protocols.protocol import RecoveryProtocol
from app.words import Decision

RESTING = frozenset({"solved", "closed"})

#: What of the facts shows that the customer was heard from.
Heard = tuple[object, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A case that there really was."""

    past: PastCase
    answered: bool = False  #: the customer answered its survey
    taken_back_at: datetime | None = None  #: by a rollback; it stands in no protocol's way since

    def team(self, versions: Mapping[int, RecoveryProtocol]) -> str | None:
        """As its protocol names it; the versions are those of the desk, by id."""
        version = versions.get(self.past.version_id)
        return version.team if version is not None else None

    def spans(self, at: datetime) -> bool:
        """Whether it was open at that moment, or opened at it."""
        return self.past.opened_at <= at and (self.past.closed_at is None or self.past.closed_at > at)


@dataclass(slots=True, kw_only=True)
class Case:
    """A case in the books."""

    protocol: str
    team: str | None
    version_id: int
    opened_at: datetime
    round: int
    heard: Heard | None  #: of the customer, when it opened; None where nobody knows
    life: Life | None = None  #: the one of history, where there is one
    rests_for: timedelta = timedelta(0)  #: without one, it ends so long after the ticket was solved
    rested_at: datetime | None = None
    exited_at: datetime | None = None

    def at(self, now: datetime) -> PastCase:
        """The case as it was known then."""
        return PastCase(
            protocol=self.protocol,
            version_id=self.version_id,
            opened_at=self.opened_at,
            closed_at=self.closed_at(now),
            exited_at=self.exited_at,
        )

    def closed_at(self, now: datetime) -> datetime | None:
        closed = self.life.past.closed_at if self.life is not None else self.rested_at
        return closed if closed is not None and closed <= now else None

    def counts(self, now: datetime) -> bool:
        """Not taken back by then."""
        return self.life is None or self.life.taken_back_at is None or self.life.taken_back_at > now


@dataclass(slots=True, kw_only=True)
class Track:
    """One ticket."""

    look: Evaluation  #: the newest
    lives: Sequence[Life] = ()
    cases: list[Case] = field(default_factory=list)
    solved_at: datetime | None = None
    serial: int = 0  #: of the moment that is due, so that earlier ones are known to be overtaken

    @classmethod
    def begin(cls, look: Evaluation, lives: Sequence[Life], versions: Mapping[int, RecoveryProtocol]) -> Track:
        """A ticket with the cases that it had before its first look, as they really went."""
        before = [
            Case(
                protocol=life.past.protocol,
                team=life.team(versions),
                version_id=life.past.version_id,
                opened_at=life.past.opened_at,
                round=1,
                heard=None,
                life=life,
                exited_at=life.past.exited_at if life.past.exited_at and life.past.exited_at < look.at else None,
            )
            for life in lives
            if life.past.opened_at < look.at
        ]
        return cls(look=look, lives=lives, cases=before)

    def see(self, look: Evaluation) -> None:
        """A new look, which overtakes what was due."""
        self.look = look
        self.serial += 1
        self.solved_at = (self.solved_at or look.at) if look.ticket.status in RESTING else None

    def standing(self, now: datetime) -> Standing:
        """What stands in a protocol's way then."""
        self.end_rested(now)
        return Standing(cases=tuple(case.at(now) for case in self.cases if case.counts(now)))

    def open_case(self, now: datetime) -> Case | None:
        """The case that is open then."""
        return next((case for case in self.cases if case.closed_at(now) is None), None)

    def has_life(self, protocol: str, at: datetime) -> bool:
        """Whether a case of that protocol really was open at that moment."""
        return any(life.past.protocol == protocol and life.spans(at) for life in self.lives)

    def next_round(self, facts: Facts, now: datetime) -> int:
        """The round that a new case would begin with: it counts on where the customer has said nothing since the one
        before it opened."""
        last = self.cases[-1] if self.cases else None
        if last is None or last.heard is None or last.heard != heard_in(facts):
            return 1
        answered = last.life is not None and last.life.answered and last.closed_at(now) is not None
        return 1 if answered else last.round + 1

    def open(self, decision: Decision, protocol: RecoveryProtocol, facts: Facts, at: datetime) -> None:
        """Open a case; it is history's own where that has one open then."""
        resurvey = protocol.resurvey
        self.cases.append(
            Case(
                protocol=decision.protocol,
                team=protocol.team,
                version_id=decision.version_id,
                opened_at=at,
                round=self.next_round(facts, at),
                heard=heard_in(facts),
                life=next((life for life in self.lives if life.spans(at)), None),
                rests_for=resurvey.after if resurvey else timedelta(0),
            )
        )

    def end_rested(self, now: datetime) -> None:
        """End what has rested long enough by then."""
        for case in self.cases:
            ends = self.rests_until(case)
            case.rested_at = ends if ends is not None and ends <= now else case.rested_at

    def rests_until(self, case: Case) -> datetime | None:
        """When a case that history has not ends, unless the ticket is opened again before."""
        if case.life is not None or case.rested_at is not None or self.solved_at is None:
            return None
        return max(self.solved_at, case.opened_at) + case.rests_for


def heard_in(facts: Facts) -> Heard:
    """What changes whenever the customer writes or rates."""
    return facts.get("customer_messages"), facts.get("rating")
