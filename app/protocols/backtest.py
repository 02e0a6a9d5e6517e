"""Replay: what one version of a protocol would have decided over stored evaluations, by the same `decide` as live.

Looks come as they were stored. Where the version was in force then, the engine itself woke the ticket whenever time
alone turned one of its conditions; where it was not, those moments are added here. Cases are opened in the replay's
own books: one that history has too ends when it ended there; one that history has not is taken to end when the ticket
was solved and the wait for its survey was over.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.protocols import admission, moments
from app.protocols.decide import PastCase, Published, Standing, decide, left
from app.protocols.evaluation import Evaluation, Snapshot
from app.protocols.facts import Facts
from app.protocols.protocol import RecoveryProtocol
from app.scoring.context import Hours
from app.words import Decision, Outcome

RESTING = frozenset({"solved", "closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The version that is replayed."""

    published: Published
    same_as: frozenset[int] = frozenset()  #: stored versions that say the same, by their ids

    @property
    def protocol(self) -> RecoveryProtocol:
        return self.published.protocol

    def was_live(self, look: Evaluation) -> bool:
        return any(look.was_in_force(version_id) for version_id in self.same_as)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the replay takes from history beside the evaluations."""

    start: datetime
    end: datetime
    versions: Mapping[int, RecoveryProtocol]  #: what the evaluations name as in force
    lives: Mapping[int, Sequence[PastCase]] = field(default_factory=dict)  #: real cases by tracked id
    hours: Hours | None = None  #: the desk's working hours
    zone: str | None = None  #: whose days caps count


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A case that the tested version would have opened."""

    tracked_id: int
    ticket_id: str
    at: datetime
    facts: Facts
    ticket: Snapshot
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    openings: tuple[Opening, ...]
    looks: int  #: evaluations within the span
    added: int  #: moments that were added
    deferred: int  #: tickets that waited for capacity
    overlap: Mapping[str, int]  #: tickets on which another protocol's criteria held too, by its name


def replay(tested: Tested, looks: Iterable[Evaluation], scene: Scene) -> Replayed:
    """Decide on every look anew; `looks` are those of `scene.start` to `scene.end`, in the order they were made."""
    books = _Books(tested, scene)
    for look in looks:
        books.pass_time(look.at)
        books.look(look)
    books.pass_time(scene.end)
    return books.closed()


@dataclass(slots=True, kw_only=True)
class _Case:
    """A case in the replay's books."""

    protocol: str
    version_id: int
    opened_at: datetime
    closed_at: datetime | None = None  #: known beforehand where history has it
    rests_for: timedelta | None = None  #: ends so long after the ticket was solved; None where history says
    exited_at: datetime | None = None

    def at(self, now: datetime) -> PastCase:
        """The case as it was known then."""
        closed = self.closed_at if self.closed_at is not None and self.closed_at <= now else None
        return PastCase(
            protocol=self.protocol,
            version_id=self.version_id,
            opened_at=self.opened_at,
            closed_at=closed,
            exited_at=self.exited_at,
        )


@dataclass(slots=True, kw_only=True)
class _Track:
    """One ticket in the replay's books."""

    look: Evaluation  #: the newest
    cases: list[_Case] = field(default_factory=list)
    solved_at: datetime | None = None
    serial: int = 0  #: of the moment that is due, so that earlier ones are known to be overtaken

    def standing(self, now: datetime) -> Standing:
        return Standing(cases=tuple(case.at(now) for case in self.cases))


class _Books:
    def __init__(self, tested: Tested, scene: Scene) -> None:
        self._tested, self._scene = tested, scene
        self._tracks: dict[int, _Track] = {}
        self._due: list[tuple[datetime, int, int]] = []
        self._openings: list[Opening] = []
        self._overlap: dict[str, set[int]] = {}
        self._waiting: dict[int, float] = {}
        self._deferred: set[int] = set()
        self._looks = self._added = 0

    def look(self, look: Evaluation) -> None:
        self._looks += 1
        track = self._tracks.setdefault(look.tracked_id, _Track(look=look))
        if not track.cases and track.look is look:
            track.cases = self._before(look.tracked_id)
        track.look = look
        track.serial += 1
        resting = look.ticket.status in RESTING
        track.solved_at = (track.solved_at or look.at) if resting else None
        live = self._tested.was_live(look)
        if look.decided or not live:
            self._decide(track, look.facts, look.at)
        if not live:
            self._await(track, look.facts, look.as_of)

    def pass_time(self, until: datetime) -> None:
        """Decide at the moments before `until` that nobody looked at, but the version would have been woken at."""
        while self._due and self._due[0][0] < until:
            moment, tracked_id, serial = heapq.heappop(self._due)
            track = self._tracks[tracked_id]
            if track.serial != serial:
                continue
            self._added += 1
            look = track.look
            facts = moments.later(look.facts, look.as_of, moment, waiting=look.ticket.waiting, hours=self._scene.hours)
            self._decide(track, facts, moment)
            self._await(track, facts, moment)

    def closed(self) -> Replayed:
        return Replayed(
            openings=tuple(self._openings),
            looks=self._looks,
            added=self._added,
            deferred=len(self._deferred),
            overlap={name: len(tickets) for name, tickets in self._overlap.items()},
        )

    def _before(self, tracked_id: int) -> list[_Case]:
        """The cases that the ticket had before the replay begins, as they really went."""
        return [
            _Case(
                protocol=past.protocol,
                version_id=past.version_id,
                opened_at=past.opened_at,
                closed_at=past.closed_at,
                exited_at=past.exited_at if past.exited_at and past.exited_at < self._scene.start else None,
            )
            for past in self._scene.lives.get(tracked_id, ())
            if past.opened_at < self._scene.start
        ]

    def _await(self, track: _Track, facts: Facts, at: datetime) -> None:
        """Note the next moment at which time alone may turn the version's answer on this ticket."""
        published, look = self._tested.published, track.look
        turn = moments.next_turn(
            [published.protocol.criteria], facts, at, waiting=look.ticket.waiting, hours=self._scene.hours
        )
        ready = moments.next_ready([published], track.standing(at), at)
        room = self._next_day(at) if look.tracked_id in self._waiting else None
        moment = min((one for one in (turn, ready, room) if one is not None), default=None)
        if moment is not None and moment < self._scene.end:
            track.serial += 1
            # A look may tell of facts that were so a moment before it.
            heapq.heappush(self._due, (max(moment, look.at), look.tracked_id, track.serial))

    def _decide(self, track: _Track, facts: Facts, at: datetime) -> None:
        self._end_rested(track, at)
        standing = track.standing(at)
        known = {
            **facts,
            "has_open_case": standing.open_case is not None,
            "earlier_cases": sum(case.closed_at is not None for case in standing.cases),
        }
        decided = decide(self._asked(track.look), known, standing, at)
        gone = left(decided)
        for case in track.cases:
            if case.protocol in gone and case.exited_at is None:
                case.exited_at = at
        self._note_overlap(track.look.tracked_id, decided)
        opening = next((one for one in decided if one.outcome is Outcome.OPEN), None)
        own = opening is not None and opening.version_id == self._tested.published.version_id
        if not own:
            self._waiting.pop(track.look.tracked_id, None)
        if opening is None or (own and self._is_put_off(track, known, at)):
            return
        self._open(track, opening, at)
        if own:
            self._openings.append(
                Opening(
                    tracked_id=track.look.tracked_id,
                    ticket_id=track.look.ticket_id,
                    at=at,
                    facts=known,
                    ticket=track.look.ticket,
                    reason=opening.reason,
                )
            )

    def _asked(self, look: Evaluation) -> list[Published]:
        """Those in force on this ticket then, with the tested version in the place of its own protocol's."""
        others = (
            Published(version_id=version_id, protocol=self._scene.versions[version_id], order=order)
            for version_id, order in look.in_force
            if version_id in self._scene.versions
        )
        return [*(one for one in others if one.protocol.name != self._tested.protocol.name), self._tested.published]

    def _open(self, track: _Track, decision: Decision, at: datetime) -> None:
        real = next(
            (
                past
                for past in self._scene.lives.get(track.look.tracked_id, ())
                if past.opened_at <= at and (past.closed_at is None or past.closed_at > at)
            ),
            None,
        )
        resurvey = self._protocol_of(decision).resurvey
        track.cases.append(
            _Case(
                protocol=decision.protocol,
                version_id=decision.version_id,
                opened_at=at,
                closed_at=real.closed_at if real else None,
                rests_for=None if real else resurvey.after if resurvey else timedelta(0),
            )
        )

    def _protocol_of(self, decision: Decision) -> RecoveryProtocol:
        own = decision.version_id == self._tested.published.version_id
        return self._tested.protocol if own else self._scene.versions[decision.version_id]

    def _end_rested(self, track: _Track, at: datetime) -> None:
        for case in track.cases:
            if case.rests_for is None or case.closed_at is not None or track.solved_at is None:
                continue
            ends = max(track.solved_at, case.opened_at) + case.rests_for
            case.closed_at = ends if ends <= at else None

    def _note_overlap(self, tracked_id: int, decided: Sequence[Decision]) -> None:
        """Whose criteria held beside ours when one of us opened a case."""
        ours = next(one for one in decided if one.version_id == self._tested.published.version_id)
        if ours.outcome is Outcome.OPEN:
            met = [one.protocol for one in decided if one.outcome is Outcome.OTHER_PROTOCOL]
        elif ours.outcome is Outcome.OTHER_PROTOCOL:
            met = [one.protocol for one in decided if one.outcome is Outcome.OPEN]
        else:
            return
        for name in met:
            self._overlap.setdefault(name, set()).add(tracked_id)

    def _is_put_off(self, track: _Track, facts: Facts, at: datetime) -> bool:
        """Whether the day's cap has no room left for this ticket; those with more to gain come first."""
        limit = self._tested.protocol.guardrails.max_cases_per_day
        if limit is None:
            return False
        tracked_id, benefit = track.look.tracked_id, admission.expected_benefit(facts)
        begins = admission.day_begins(at, self._scene.zone)
        taken = sum(opening.at >= begins for opening in self._openings)
        ahead = sum(other > benefit for key, other in self._waiting.items() if key != tracked_id)
        room = admission.Room(limit=limit, taken=taken, of="cases a day")
        if admission.deferred((room,), ahead) is None:
            self._waiting.pop(tracked_id, None)
            return False
        self._waiting[tracked_id] = benefit
        self._deferred.add(tracked_id)
        return True

    def _next_day(self, at: datetime) -> datetime:
        begins = admission.day_begins(at, self._scene.zone)
        return admission.day_begins(begins + timedelta(hours=36), self._scene.zone)
