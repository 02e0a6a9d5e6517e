"""Who takes a ticket: the pure choice among the members of a group. Looking them up and remembering whom was chosen is
done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.scoring.hours import BusinessHours
from connectors.ticket import Person

#: Somebody is at work when their hours are open for some of this.
MOMENT = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC)
MOST_NAMED = 5  #: absences that a reason spells out


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What an admin said of an agent, beside what the helpdesk knows."""

    agent_id: str
    name: str = ""
    email: str | None = None
    skills: frozenset[str] = frozenset()  #: in lower case
    capacity: int | None = None  #: open recovery cases at once; None is without limit
    senior: bool = False
    hours: BusinessHours | None = None  #: None: those of the team
    away_from: datetime | None = None
    away_until: datetime | None = None  #: both None: never away; one alone is open at the other end

    def is_away(self, now: datetime) -> bool:
        """Out of office at that moment; the end itself is not away any more."""
        if self.away_from is None and self.away_until is None:
            return False
        return (self.away_from is None or self.away_from <= now) and (self.away_until is None or now < self.away_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of the helpdesk that recovers."""

    group_id: str
    name: str = ""
    capacity: int | None = None  #: open recovery cases of the whole team at once; None is without limit
    hours: BusinessHours | None = None  #: None: those of the desk
    leads: tuple[str, ...] = ()  #: agents' ids
    members: tuple[str, ...] = ()  #: agents' ids; empty: everybody in the group


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Teams and their work as they stand; empty where nobody stored any, and then everybody is free."""

    teams: Mapping[str, Team] = field(default_factory=dict)  #: by group id
    members: Mapping[str, Member] = field(default_factory=dict)  #: by agent id
    hours: BusinessHours | None = None  #: the desk's; None: always
    cases: Mapping[str, int] = field(default_factory=dict)  #: open recovery cases by agent id
    team_cases: Mapping[str, int] = field(default_factory=dict)  #: the same by group id
    turns: Mapping[str, datetime] = field(default_factory=dict)  #: when an agent was last given a case
    #: Unsolved tickets that an agent has at least, since one was given that the helpdesk may not count yet.
    given: Mapping[str, int] = field(default_factory=dict)
    reserved: str | None = None  #: the agent whom this very step chose before

    def team(self, group_id: str) -> Team:
        """The team of a group; one without any limits where none is stored."""
        return self.teams.get(group_id) or Team(group_id=group_id)

    def lead_addresses(self, group_id: str | None, now: datetime) -> tuple[str, ...]:
        """Where the leads of the group's team who are not away are reached; empty where there are none."""
        leads = [self.members.get(agent_id) for agent_id in (self.team(group_id).leads if group_id else ())]
        return tuple(lead.email for lead in leads if lead is not None and lead.email and not lead.is_away(now))

    def member(self, person: Person) -> Member:
        """What is known of a person; nothing in particular where they are not stored."""
        return self.members.get(person.id) or Member(agent_id=person.id, name=person.name, email=person.email)

    def name(self, person: Person) -> str:
        """How a reason calls them."""
        return person.name or self.member(person).name or f"agent {person.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where and when somebody is looked for."""

    group_id: str
    group: str  #: its name, for reasons
    roster: Roster
    now: datetime

    @property
    def team(self) -> Team:
        return self.roster.team(self.group_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whom it fell on, with one sentence why; nobody where the ticket has to wait for the whole group."""

    agent_id: str | None
    reason: str


#: Sorts those who are free: the first is chosen.
Order = Callable[[Person], tuple[object, ...]]


def belonging(people: Sequence[Person], scene: Scene) -> list[Person]:
    """Those of a group's people who are in its team: all of them, unless the team lists its members."""
    listed = frozenset(scene.team.members) | frozenset(scene.team.leads)
    return [person for person in people if not scene.team.members or person.id in listed]


def why_absent(person: Person, scene: Scene) -> str | None:
    """Why nobody may give this person anything now: "is away until 9 March 2026 08:00 UTC"; None where they are there.

    Capacity is another matter: a person may keep what they have.
    """
    member = scene.roster.member(person)
    if person.suspended:
        return "is suspended"
    if member.is_away(scene.now):
        return f"is away until {_said(member.away_until)}" if member.away_until else "is away"
    hours = member.hours or scene.team.hours or scene.roster.hours
    if hours is not None and hours.between(scene.now, scene.now + MOMENT) <= 0:
        return "is not at work now"
    return None


def why_full(person: Person, roster: Roster) -> str | None:
    """Why this person can take no more: "has 5 of 5 cases"; None where they can."""
    capacity, has = roster.member(person).capacity, roster.cases.get(person.id, 0)
    return f"has {has} of {capacity} cases" if capacity is not None and has >= capacity else None


def room(team: Team, roster: Roster) -> int | None:
    """How many more cases the team can take; None is without limit. Its own limit, and that of its listed members
    where every one of them has one."""
    has = roster.team_cases.get(team.group_id, 0)
    limits = [] if team.capacity is None else [team.capacity - has]
    capacities = [roster.members[agent].capacity if agent in roster.members else None for agent in team.members]
    if capacities and None not in capacities:
        left = (capacity - roster.cases.get(agent, 0) for agent, capacity in zip(team.members, capacities, strict=True)
                if capacity is not None)  # fmt: skip
        limits.append(sum(max(0, one) for one in left))
    return max(0, min(limits)) if limits else None


def choose(people: Sequence[Person], scene: Scene, order: Order, why: Callable[[Person, int], str]) -> Choice:
    """The first by `order` of those who are there and can take more; `why` is told who, of how many.

    Whom this very step chose before is chosen again, unless they left meanwhile.
    """
    roster = scene.roster
    again = next((person for person in people if person.id == roster.reserved), None)
    if again is not None and why_absent(again, scene) is None:
        return Choice(agent_id=again.id, reason=f"it was given to {roster.name(again)} before")
    if scene.team.capacity is not None and roster.team_cases.get(scene.group_id, 0) >= scene.team.capacity:
        said = f'the team "{scene.group}" has {scene.team.capacity} of {scene.team.capacity} cases'
        return Choice(agent_id=None, reason=f"{said}; the ticket waits for the whole group")
    absences = {person: why_absent(person, scene) or why_full(person, roster) for person in people}
    free = sorted((person for person, absence in absences.items() if absence is None), key=order)
    if free:
        return Choice(agent_id=free[0].id, reason=why(free[0], len(free)))
    named = [f"{roster.name(person)} {absence}" for person, absence in absences.items()]
    more = [f"and {len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
    said = ", ".join([*named[:MOST_NAMED], *more])
    return Choice(agent_id=None, reason=f'nobody is free in "{scene.group}": {said}; it waits for the whole group')


def by_load(roster: Roster, loads: Mapping[str, int]) -> Order:
    """The fewest unsolved tickets first, among equals whose turn is longest ago, then the lowest id."""
    return lambda person: (load_of(person, roster, loads), *_turn(person, roster))


def load_of(person: Person, roster: Roster, loads: Mapping[str, int]) -> int:
    """Unsolved tickets; never fewer than what we gave away lately would make."""
    return max(loads.get(person.id, 0), roster.given.get(person.id, 0))


def by_turn(roster: Roster) -> Order:
    """Who was given a case longest ago comes first; who never was, before all others."""
    return lambda person: _turn(person, roster)


def by_cases(roster: Roster) -> Order:
    """The fewest open recovery cases first."""
    return lambda person: (roster.cases.get(person.id, 0), *_turn(person, roster))


def _turn(person: Person, roster: Roster) -> tuple[datetime, int, str]:
    return roster.turns.get(person.id, NEVER), len(person.id), person.id


def _said(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y %H:%M} UTC"
