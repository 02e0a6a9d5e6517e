"""Replay: what one version of a protocol would have decided over stored evaluations, by the same `decide` as live.

Looks come as they were stored. Where the version was in force then, the engine itself woke the ticket whenever time
alone turned one of its conditions; where it was not, those moments are added here. What the replay's cases are is in
`ledger.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.protocols import admission, moments, progress
from app.protocols.decide import Published, decide, left
from app.protocols.evaluation import Evaluation, Snapshot
from app.protocols.facts import Facts
from app.protocols.ledger import Life, Track
from app.protocols.protocol import RecoveryProtocol
from app.scoring.context import Hours
from app.words import Decision, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The version that is replayed."""

    published: Published
    same_as: frozenset[int] = frozenset()  #: stored versions that say the same, by their ids

    @property
    def protocol(self) -> RecoveryProtocol:
        return self.published.protocol

    def was_live(self, look: Evaluation) -> bool:
        return any(look.was_in_force(version_id) for version_id in self.same_as)

    def made(self, decision: Decision) -> bool:
        return decision.version_id == self.published.version_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the replay takes from history beside the evaluations."""

    start: datetime
    end: datetime
    versions: Mapping[int, RecoveryProtocol]  #: what the evaluations name as in force
    lives: Mapping[int, Sequence[Life]] = field(default_factory=dict)  #: real cases by tracked id, oldest first
    losses: Mapping[int, Sequence[datetime]] = field(default_factory=dict)
    """By tracked id, when recoveries of the ticket or of its customer failed."""
    hours: Hours | None = None  #: the desk's working hours
    zone: str | None = None  #: whose days caps count
    capacities: Mapping[str, int] = field(
        default_factory=dict
    )  #: open cases of a team, by its name as protocols say it


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A case that the version would have opened."""

    tracked_id: int
    ticket_id: str
    at: datetime
    facts: Facts
    ticket: Snapshot
    reason: str
    failed_recoveries: int = 0  #: of the ticket or its customer, by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    openings: tuple[Opening, ...]
    looks: int  #: evaluations within the span
    added: int  #: moments that were added
    deferred: int  #: tickets that waited for capacity
    overlap: Mapping[str, int]  #: tickets on which another protocol's criteria held too, by its name


def replay(subject: Subject, looks: Iterable[Evaluation], scene: Scene) -> Replayed:
    """Decide on every look anew; `looks` are those of `scene.start` to `scene.end`, in the order they were made."""
    books = _Books(subject, scene)
    for look in looks:
        books.pass_time(look.at)
        books.look(look)
    books.pass_time(scene.end)
    return books.closed()


class _Books:
    def __init__(self, subject: Subject, scene: Scene) -> None:
        self._subject, self._scene = subject, scene
        self._tracks: dict[int, Track] = {}
        self._due: list[tuple[datetime, int, int]] = []
        self._openings: list[Opening] = []
        self._overlap: dict[str, set[int]] = {}
        self._waiting: dict[int, float] = {}
        self._deferred: set[int] = set()
        self._looks = self._added = 0

    def look(self, look: Evaluation) -> None:
        self._looks += 1
        track = self._tracks.get(look.tracked_id)
        if track is None:
            lives = self._scene.lives.get(look.tracked_id, ())
            track = self._tracks[look.tracked_id] = Track.begin(look, lives, self._scene.start)
        track.see(look)
        live = self._subject.was_live(look)
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

    def _await(self, track: Track, facts: Facts, at: datetime) -> None:
        """Note the next moment at which time alone may turn the version's answer on this ticket."""
        published, look = self._subject.published, track.look
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

    def _decide(self, track: Track, facts: Facts, at: datetime) -> None:
        standing = track.standing(at)
        known = {
            **facts,
            "has_open_case": standing.open_case is not None,
            "earlier_cases": sum(case.closed_at(at) is not None for case in track.cases),
        }
        decided = decide(self._asked(track.look), known, standing, at)
        gone = left(decided)
        for case in track.cases:
            if case.protocol in gone and case.exited_at is None:
                case.exited_at = at
        self._note_overlap(track.look.tracked_id, decided)
        opening = next((one for one in decided if one.outcome is Outcome.OPEN), None)
        own = opening is not None and self._subject.made(opening)
        if not own:
            self._waiting.pop(track.look.tracked_id, None)
        if opening is not None and self._is_let_in(track, opening, known, at):
            track.open(opening, self._protocol_of(opening), known, at)
            if own:
                self._openings.append(self._opening(track.look, known, at, opening.reason))

    def _asked(self, look: Evaluation) -> list[Published]:
        """Those in force on this ticket then, with the version in the place of its own protocol's."""
        asked, own = [], self._subject.published
        for version_id, order in look.in_force:
            protocol = self._scene.versions.get(version_id)
            if protocol is not None and protocol.name == self._subject.protocol.name:
                own = replace(own, order=order)
            elif protocol is not None:
                asked.append(Published(version_id=version_id, protocol=protocol, order=order))
        return [*asked, own]

    def _protocol_of(self, decision: Decision) -> RecoveryProtocol:
        own = self._subject.made(decision)
        return self._subject.protocol if own else self._scene.versions[decision.version_id]

    def _opening(self, look: Evaluation, facts: Facts, at: datetime, reason: str) -> Opening:
        return Opening(
            tracked_id=look.tracked_id,
            ticket_id=look.ticket_id,
            at=at,
            facts=facts,
            ticket=look.ticket,
            reason=reason,
            failed_recoveries=sum(lost_at <= at for lost_at in self._scene.losses.get(look.tracked_id, ())),
        )

    def _note_overlap(self, tracked_id: int, decided: Sequence[Decision]) -> None:
        """Whose criteria held beside ours when one of us opened a case."""
        ours = next(one for one in decided if self._subject.made(one))
        counterpart = {Outcome.OPEN: Outcome.OTHER_PROTOCOL, Outcome.OTHER_PROTOCOL: Outcome.OPEN}.get(ours.outcome)
        for one in decided:
            if one.outcome is counterpart:
                self._overlap.setdefault(one.protocol, set()).add(tracked_id)

    def _is_let_in(self, track: Track, opening: Decision, facts: Facts, at: datetime) -> bool:
        """Whether the case may open: not as one of a chain that feeds itself, nor beyond what there is room for. Of
        those who wait for room, the ones with the most to gain come first."""
        protocol, tracked_id = self._protocol_of(opening), track.look.tracked_id
        if progress.out_of_rounds(protocol.guardrails, track.next_round(facts, at)):
            self._waiting.pop(tracked_id, None)
            return False
        if not self._subject.made(opening):
            return True
        benefit = admission.expected_benefit(facts)
        ahead = sum(other > benefit for key, other in self._waiting.items() if key != tracked_id)
        if admission.deferred(self._rooms(at), ahead) is None:
            self._waiting.pop(tracked_id, None)
            return True
        self._waiting[tracked_id] = benefit
        self._deferred.add(tracked_id)
        return False

    def _rooms(self, at: datetime) -> tuple[admission.Room, ...]:
        rooms = []
        protocol = self._subject.protocol
        if (limit := protocol.guardrails.max_cases_per_day) is not None:
            begun = admission.day_begins(at, self._scene.zone)
            taken = sum(opening.at >= begun for opening in self._openings)
            rooms.append(admission.Room(limit=limit, taken=taken, of="cases a day"))
        if (limit := self._scene.capacities.get(protocol.team or "")) is not None:
            rooms.append(admission.Room(limit=limit, taken=self._open_of(protocol.team, at), of="open cases"))
        return tuple(rooms)

    def _open_of(self, team: str | None, at: datetime) -> int:
        """Cases of a team that are open in the books."""
        cases = (case for track in self._tracks.values() for case in track.cases)
        return sum(case.team == team and case.opened_at <= at and case.closed_at(at) is None for case in cases)

    def _next_day(self, at: datetime) -> datetime:
        begun = admission.day_begins(at, self._scene.zone)
        return admission.day_begins(begun + timedelta(hours=36), self._scene.zone)
