"""Replay: what one version of a protocol would have decided over stored evaluations, by the same `decide` as live.

Looks come as they were stored. Where the version was in force then, the engine itself woke the ticket whenever time
alone turned one of its conditions; where it was not, those moments are added here. What the replay's cases are is in
`ledger.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum

from app.protocols import admission, moments, progress
from app.protocols.decide import Published, decide, left
from app.protocols.evaluation import Evaluation, Snapshot
from app.protocols.facts import Facts
from app.protocols.ledger import Life, Track
from app.protocols.places import Line, Places
from app.protocols.protocol import RecoveryProtocol
from app.protocols.routing import Team
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
    teams: Sequence[Team] = ()  #: as an admin stored them


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


class _Coming(IntEnum):
    """What comes at a moment; of the same moment in this order."""

    ENDS = 0  #: a case
    BEGINS = 1  #: a case of history
    DAY = 2  #: the caps count anew
    DUE = 3  #: the version would have been woken


class _Books:
    def __init__(self, subject: Subject, scene: Scene) -> None:
        self._subject, self._scene = subject, scene
        self._tracks: dict[int, Track] = {}
        self._coming: list[tuple[datetime, _Coming, int, int]] = []
        self._openings: list[Opening] = []
        self._overlap: dict[str, set[int]] = {}
        self._places, self._line = Places(subject.protocol, scene.teams, scene.zone), Line()
        self._next_day: datetime | None = None
        self._deferred: set[int] = set()
        self._looks = self._added = 0
        for tracked_id, lives in scene.lives.items():
            for number, life in enumerate(lives):
                self._expect(life.past.opened_at, _Coming.BEGINS, tracked_id, number)
                self._expect(life.past.closed_at, _Coming.ENDS, tracked_id)

    def look(self, look: Evaluation) -> None:
        self._looks += 1
        track = self._tracks.get(look.tracked_id)
        if track is None:
            lives = self._scene.lives.get(look.tracked_id, ())
            track = self._tracks[look.tracked_id] = Track.begin(look, lives, self._scene.versions)
        track.see(look)
        self._settle(track, look.at)
        live = self._subject.was_live(look)
        if look.decided or not live:
            self._decide(track, look.facts, look.at)
        if not live:
            self._await(track, look.facts, look.as_of)

    def pass_time(self, until: datetime) -> None:
        """Have happen what comes before `until`: cases begin and end, and the version decides at the moments that
        nobody looked at, but it would have been woken at."""
        happens = {
            _Coming.ENDS: self._end,
            _Coming.BEGINS: self._begin,
            _Coming.DAY: self._begin_day,
            _Coming.DUE: self._turn,
        }
        # What ends at a moment has ended for whoever looks at it.
        while self._coming and self._coming[0][:2] <= (until, _Coming.ENDS):
            moment, kind, tracked_id, number = heapq.heappop(self._coming)
            happens[kind](moment, tracked_id, number)

    def _expect(self, moment: datetime | None, kind: _Coming, tracked_id: int, number: int = 0) -> None:
        if moment is not None:
            heapq.heappush(self._coming, (moment, kind, tracked_id, number))

    def _turn(self, moment: datetime, tracked_id: int, serial: int) -> None:
        track = self._tracks[tracked_id]
        if track.serial != serial:
            return
        self._added += 1
        look = track.look
        facts = moments.later(look.facts, look.as_of, moment, waiting=look.ticket.waiting, hours=self._scene.hours)
        self._decide(track, facts, moment)
        self._await(track, facts, moment)

    def _begin(self, moment: datetime, tracked_id: int, number: int) -> None:
        """A case of history begins; on a ticket whose looks are replayed, the replay says what begins."""
        if tracked_id not in self._tracks:
            life = self._scene.lives[tracked_id][number]
            self._places.opened(life.past.protocol, moment)
            self._places.hold(tracked_id, life.team(self._scene.versions), None)

    def _end(self, moment: datetime, tracked_id: int, _: int) -> None:
        track = self._tracks.get(tracked_id)
        if track is not None:
            track.end_rested(moment)
            self._settle(track, moment)
        elif self._places.release(tracked_id):
            self._let_next(moment)

    def _begin_day(self, moment: datetime, _: int, __: int) -> None:
        self._next_day = None
        self._let_next(moment)
        self._expect_day(moment)

    def _expect_day(self, at: datetime) -> None:
        """Have the next day come, while anybody waits for it."""
        if self._next_day is None and self._line.best(1):
            self._next_day = self._places.next_day(at)
            self._expect(self._next_day, _Coming.DAY, 0)

    def _settle(self, track: Track, at: datetime) -> None:
        """Count the ticket's open case where it belongs, and have its end come."""
        case, look = track.open_case(at), track.look
        if case is None:
            freed = self._places.release(look.tracked_id)
        else:
            freed = self._places.hold(look.tracked_id, case.team, look.ticket.group_id)
            self._expect(track.rests_until(case), _Coming.ENDS, look.tracked_id)
        if freed:
            self._let_next(at)

    def _let_next(self, at: datetime) -> None:
        """Have those decided on again for whom there is room now; where the version was live, the engine did so."""
        for tracked_id in self._line.best(self._places.free(at)):
            track = self._tracks[tracked_id]
            if at < self._scene.end and not self._subject.was_live(track.look):
                self._expect(at, _Coming.DUE, tracked_id, track.serial)

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
        moment = min((one for one in (turn, ready) if one is not None), default=None)
        track.serial += 1
        if moment is not None and moment < self._scene.end:
            # A look may tell of facts that were so a moment before it.
            self._expect(max(moment, look.at), _Coming.DUE, look.tracked_id, track.serial)

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
        opening = next((one for one in decided if one.outcome is Outcome.OPEN), None)
        if opening is None or not self._subject.made(opening):
            self._leave_line(track, at)
        if opening is not None and self._is_let_in(track, opening, known, at):
            self._note_overlap(track.look.tracked_id, decided)
            self._open(track, opening, known, at)

    def _leave_line(self, track: Track, at: datetime) -> None:
        """The ticket waits no more without having taken a place: it is another's turn."""
        if track.look.tracked_id in self._line:
            self._line.end(track.look.tracked_id)
            self._let_next(at)

    def _open(self, track: Track, opening: Decision, facts: Facts, at: datetime) -> None:
        track.open(opening, self._protocol_of(opening), facts, at)
        self._places.opened(opening.protocol, at)
        self._settle(track, at)
        if self._subject.made(opening):
            self._openings.append(self._opening(track.look, facts, at, opening.reason))

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
            self._leave_line(track, at)
            return False
        if not self._subject.made(opening):
            # Whether there was room for another protocol's case is what history tells.
            return not self._places.is_limited(protocol) or track.has_life(opening.protocol, at)
        benefit = admission.expected_benefit(facts)
        if admission.deferred(self._places.rooms(at), self._line.ahead(tracked_id, benefit)) is None:
            self._line.end(tracked_id)
            return True
        self._line.put_off(tracked_id, benefit)
        self._expect_day(at)
        self._deferred.add(tracked_id)
        return False
