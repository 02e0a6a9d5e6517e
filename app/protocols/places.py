"""Room for cases while history is replayed: how much of it is taken, and who waits for it. The rules are `admission`'s.

Everything is counted as it comes, so that asking costs nothing however many tickets there are.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from app.protocols.admission import Room, day_begins
from app.protocols.protocol import RecoveryProtocol
from app.protocols.routing import Team


class Places:
    """The room for one protocol's cases: its cap a day, and what its team works on for whatever protocol."""

    def __init__(self, protocol: RecoveryProtocol, teams: Iterable[Team], zone: str | None) -> None:
        self._protocol, self._teams, self._zone = protocol, tuple(teams), zone
        self._team = self._limited(protocol.team)
        self._busy: set[int] = set()
        self._days: Counter[datetime] = Counter()

    def is_limited(self, protocol: RecoveryProtocol) -> bool:
        """Whether any protocol's cases may be put off."""
        return protocol.guardrails.max_cases_per_day is not None or self._limited(protocol.team) is not None

    def opened(self, name: str, at: datetime) -> None:
        """A case of the protocol of that name opened."""
        if name == self._protocol.name:
            self._days[day_begins(at, self._zone)] += 1

    def hold(self, tracked_id: int, team: str | None, group_id: str | None) -> bool:
        """A ticket has an open case of a protocol with that team, and is in that group; whether a place is free now
        that was not before."""
        own = self._team
        if own is not None and (_is_called(own, team) or group_id == own.group_id):
            self._busy.add(tracked_id)
            return False
        return self.release(tracked_id)

    def release(self, tracked_id: int) -> bool:
        """A ticket has no open case; whether a place is free now that was not before."""
        held = tracked_id in self._busy
        self._busy.discard(tracked_id)
        return held

    def rooms(self, at: datetime) -> tuple[Room, ...]:
        rooms = []
        if (most := self._protocol.guardrails.max_cases_per_day) is not None:
            rooms.append(Room(limit=most, taken=self._days[day_begins(at, self._zone)], of="cases a day"))
        if self._team is not None and self._team.capacity is not None:
            rooms.append(Room(limit=self._team.capacity, taken=len(self._busy), of="open cases"))
        return tuple(rooms)

    def free(self, at: datetime) -> int:
        """How many cases may open; 0 also where there is no limit, since nobody waits then."""
        return min((max(0, room.limit - room.taken) for room in self.rooms(at)), default=0)

    def next_day(self, at: datetime) -> datetime | None:
        """When the cap counts anew; None without one."""
        if self._protocol.guardrails.max_cases_per_day is None:
            return None
        return day_begins(day_begins(at, self._zone) + timedelta(hours=36), self._zone)

    def _limited(self, name: str | None) -> Team | None:
        team = next((one for one in self._teams if _is_called(one, name)), None)
        return team if team is not None and team.capacity is not None else None


def _is_called(team: Team, name: str | None) -> bool:
    return name is not None and name.strip().casefold() in (team.group_id, team.name.strip().casefold())


class Line:
    """Tickets that wait, in the order in which they are let in: the most to gain first, then who came first."""

    def __init__(self) -> None:
        self._line: list[tuple[float, int, int]] = []
        self._of: dict[int, tuple[float, int, int]] = {}
        self._serials = itertools.count()

    def __contains__(self, tracked_id: int) -> bool:
        return tracked_id in self._of

    def ahead(self, tracked_id: int, benefit: float) -> int:
        """How many others would be let in before this ticket."""
        own = self._of.get(tracked_id)
        place = bisect.bisect_left(self._line, (-benefit, own[1] if own else math.inf, tracked_id))
        return place - (own is not None and own < (-benefit, own[1], tracked_id))

    def put_off(self, tracked_id: int, benefit: float) -> None:
        """Have a ticket wait; one that does already keeps its place in time."""
        own = self._of.get(tracked_id)
        serial = own[1] if own else next(self._serials)
        self.end(tracked_id)
        self._of[tracked_id] = (-benefit, serial, tracked_id)
        bisect.insort(self._line, self._of[tracked_id])

    def end(self, tracked_id: int) -> None:
        """The ticket waits no more, if it did."""
        own = self._of.pop(tracked_id, None)
        if own is not None:
            del self._line[bisect.bisect_left(self._line, own)]

    def best(self, number: int) -> Sequence[int]:
        """The first so many of the line."""
        return [tracked_id for _, _, tracked_id in self._line[:number]]
