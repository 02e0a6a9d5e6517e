"""Teams as one document: read with every slip named, matched with the helpdesk's groups and people, and written back.

teams:
  - group: Recovery
    leads: [ana@example.com]
    members: [ana@example.com, ben@example.com]
    capacity: 40
people:
  - {agent: ben@example.com, skills: [german], capacity: 5, senior: true, away: {until: 2027-01-02}}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.protocols.document import quote
from app.protocols.routing import Member, Team
from app.scoring.calendars import CalendarError, read_calendar, write_calendar
from app.scoring.hours import BusinessHours
from connectors.ticket import Group, Person

TEAM_KEYS = ("group", "leads", "members", "capacity", "hours")
PERSON_KEYS = ("agent", "skills", "capacity", "senior", "hours", "away")
MOST = 1_000  #: teams, people, and words in a list
MOST_CASES = 10_000
LONGEST = 254

Thing = TypeVar("Thing")


class TeamError(ValueError):
    """Teams that cannot be kept; a line `path: message` for every slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamEntry:
    """A team as written: its people are names, addresses or ids."""

    group: str
    leads: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    capacity: int | None = None
    hours: BusinessHours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEntry:
    """What is said of one person."""

    agent: str
    skills: frozenset[str] = frozenset()
    capacity: int | None = None
    senior: bool = False
    hours: BusinessHours | None = None
    away_from: datetime | None = None
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDocument:
    teams: tuple[TeamEntry, ...]
    people: tuple[PersonEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The helpdesk's groups, and the people of those that were asked about."""

    groups: tuple[Group, ...]
    members: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)  #: by group id

    def groups_called(self, name: str) -> list[Group]:
        """Those of that id, else of that name, whatever its capitals."""
        wanted = name.strip().casefold()
        by_id = [group for group in self.groups if group.id == name.strip()]
        return by_id or [group for group in self.groups if group.name.strip().casefold() == wanted]


def read_teams(value: object, zone: str = "UTC") -> TeamDocument:
    """What a document says. Moments without a time zone are in `zone`. Raises TeamError with all slips."""
    slips: list[str] = []
    whole = _mapping(value, "document", ("teams", "people"), slips)
    teams = [_team(one, f"teams[{at}]", slips) for at, one in enumerate(_list(whole.get("teams"), "teams", slips))]
    people = [
        _person(one, f"people[{at}]", zone, slips) for at, one in enumerate(_list(whole.get("people"), "people", slips))
    ]
    if not slips and not teams:
        slips.append("teams: is missing; name at least one group")
    if slips:
        raise TeamError("\n".join(slips))
    return TeamDocument(teams=tuple(teams), people=tuple(people))


def read_team(value: object) -> TeamEntry:
    """One team as a document has it; slips are at `team.capacity` and the like. Raises TeamError."""
    slips: list[str] = []
    entry = _team(value, "team", slips)
    if slips:
        raise TeamError("\n".join(slips))
    return entry


def read_person(value: object, zone: str = "UTC") -> PersonEntry:
    """What is said of one person, with slips at `person.away.until` and the like. Raises TeamError."""
    slips: list[str] = []
    entry = _person(value, "person", zone, slips)
    if slips:
        raise TeamError("\n".join(slips))
    return entry


def match_team(entry: TeamEntry, directory: Directory) -> tuple[Team, list[Member]]:
    """One team as the helpdesk knows it, and everybody whom it names. Raises TeamError, slips at `team.leads[0]`."""
    slips: list[str] = []
    team = _matched(entry, "team", directory, slips)
    if slips:
        raise TeamError("\n".join(slips))
    people = {person.id: person for person in directory.members.get(team.group_id, ())}
    return team, [_member(people[agent_id], None) for agent_id in dict.fromkeys((*team.leads, *team.members))]


def match(document: TeamDocument, directory: Directory) -> tuple[list[Team], list[Member]]:
    """The document's teams and people as the helpdesk knows them; everybody who is named is among the people.

    Raises TeamError for whatever the helpdesk does not have, or has twice.
    """
    slips: list[str] = []
    teams = [_matched(entry, f"teams[{at}]", directory, slips) for at, entry in enumerate(document.teams)]
    ids = [team.group_id for team in teams]
    slips += [f"teams[{at}].group: is given twice (got {quote(document.teams[at].group)})"
              for at, group_id in enumerate(ids) if group_id in ids[:at] and group_id]  # fmt: skip
    everybody = {person.id: person for people in directory.members.values() for person in people}
    said = dict(_said_of(document.people, list(everybody.values()), slips))
    if slips:
        raise TeamError("\n".join(slips))
    named = dict.fromkeys([*said, *(agent_id for team in teams for agent_id in (*team.leads, *team.members))])
    return teams, [_member(everybody[agent_id], said.get(agent_id)) for agent_id in named]


def write_teams(teams: Iterable[Team], members: Iterable[Member]) -> dict[str, Any]:
    """The document that `read_teams` and `match` make the same teams of; people are named by their ids."""
    people = [plain_member(member) for member in members]
    return _said({"teams": [plain_team(team) for team in teams], "people": [one for one in people if len(one) > 1]})


def moment(text: object, zone: str) -> datetime | None:
    """A date or a time as ISO 8601 writes it, in UTC; a date is its first moment. None for anything else."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
        local = read.replace(tzinfo=ZoneInfo(zone)) if read is not None and read.tzinfo is None else read
        return local.astimezone(UTC) if local is not None else None
    except (ValueError, OverflowError):
        return None


def _team(value: object, path: str, slips: list[str]) -> TeamEntry:
    given = _mapping(value, path, TEAM_KEYS, slips)
    return TeamEntry(
        group=_text(given.get("group"), f"{path}.group", slips),
        leads=_words(given.get("leads"), f"{path}.leads", slips),
        members=_words(given.get("members"), f"{path}.members", slips),
        capacity=_capacity(given.get("capacity"), f"{path}.capacity", slips),
        hours=_hours(given.get("hours"), f"{path}.hours", slips),
    )


def _person(value: object, path: str, zone: str, slips: list[str]) -> PersonEntry:
    given = _mapping(value, path, PERSON_KEYS, slips)
    away = given.get("away")
    absence = {} if away is None else _mapping(away, f"{path}.away", ("from", "until"), slips)
    since, until = (_moment(absence.get(name), f"{path}.away.{name}", zone, slips) for name in ("from", "until"))
    if since is not None and until is not None and until <= since:
        slips.append(f"{path}.away.until: must be after from (got {quote(absence['until'])})")
    senior = given.get("senior", False)
    if not isinstance(senior, bool):
        slips.append(f"{path}.senior: must be true or false (got {quote(senior)})")
    return PersonEntry(
        agent=_text(given.get("agent"), f"{path}.agent", slips),
        skills=frozenset(word.casefold() for word in _words(given.get("skills"), f"{path}.skills", slips)),
        capacity=_capacity(given.get("capacity"), f"{path}.capacity", slips),
        senior=senior is True,
        hours=_hours(given.get("hours"), f"{path}.hours", slips),
        away_from=since,
        away_until=until,
    )


def _mapping(value: object, path: str, keys: Sequence[str], slips: list[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        slips.append(f"{path}: must be a mapping of {', '.join(keys)} (got {quote(value)})")
        return {}
    prefix = "" if path == "document" else f"{path}."
    slips += [f"{prefix}{key}: must be one of {', '.join(keys)} (got {quote(value[key])})" for key in value
              if key not in keys]  # fmt: skip
    return value


def _list(value: object, path: str, slips: list[str]) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST:
        slips.append(f"{path}: must be a list of at most {MOST:,} (got {quote(value)})")
        return ()
    return value


def _text(value: object, path: str, slips: list[str]) -> str:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= LONGEST or not text.isprintable():
        given = "is missing" if value is None else f"must be text of 1 to {LONGEST} characters (got {quote(value)})"
        slips.append(f"{path}: {given}")
        return ""
    return text


def _words(value: object, path: str, slips: list[str]) -> tuple[str, ...]:
    listed = _list(value, path, slips)
    return tuple(dict.fromkeys(_text(one, f"{path}[{at}]", slips) for at, one in enumerate(listed)))


def _capacity(value: object, path: str, slips: list[str]) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_CASES:
        return value
    slips.append(f"{path}: must be a whole number from 0 to {MOST_CASES:,} (got {quote(value)})")
    return None


def _hours(value: object, path: str, slips: list[str]) -> BusinessHours | None:
    try:
        return None if value is None else read_calendar(value, path)
    except CalendarError as error:
        slips += str(error).splitlines()
        return None


def _moment(value: object, path: str, zone: str, slips: list[str]) -> datetime | None:
    found = moment(value, zone)
    if found is None and value is not None:
        slips.append(f"{path}: must be a date or a time, such as 2027-01-02 (got {quote(value)})")
    return found


def _matched(entry: TeamEntry, path: str, directory: Directory, slips: list[str]) -> Team:
    group = _only(directory.groups_called(entry.group), "groups", entry.group, f"{path}.group", slips)
    people = directory.members.get(group.id, ()) if group else ()
    listed = {
        name: tuple(
            person.id
            for at, word in enumerate(words)
            if group and (person := _found(people, word, f'people in "{group.name}"', f"{path}.{name}[{at}]", slips))
        )
        for name, words in (("leads", entry.leads), ("members", entry.members))
    }
    return Team(
        group_id=group.id if group else "",
        name=group.name if group else "",
        capacity=entry.capacity,
        hours=entry.hours,
        leads=listed["leads"],
        members=listed["members"],
    )


def _said_of(
    entries: Sequence[PersonEntry], people: Sequence[Person], slips: list[str]
) -> Iterator[tuple[str, PersonEntry]]:
    known: set[str] = set()
    for at, entry in enumerate(entries):
        person = _found(people, entry.agent, "people in these teams' groups", f"people[{at}].agent", slips)
        if person is None:
            continue
        if person.id in known:
            slips.append(f"people[{at}].agent: is given twice (got {quote(entry.agent)})")
        known.add(person.id)
        yield person.id, entry


def _found(people: Sequence[Person], word: str, noun: str, path: str, slips: list[str]) -> Person | None:
    wanted = word.casefold()
    by_id = [person for person in people if person.id == word]
    named = [one for one in people if wanted in (one.name.strip().casefold(), (one.email or "").casefold())]
    return _only(by_id or named, noun, word, path, slips)


def _only(found: Sequence[Thing], noun: str, word: str, path: str, slips: list[str]) -> Thing | None:
    if len(found) == 1:
        return found[0]
    how_many = f"{len(found)} {noun} are called that; use the id" if found else f"is not among the {noun}"
    slips.append(f"{path}: {how_many} (got {quote(word)})")
    return None


def _member(person: Person, entry: PersonEntry | None) -> Member:
    said = entry or PersonEntry(agent=person.id)
    return Member(
        agent_id=person.id,
        name=person.name,
        email=person.email,
        skills=said.skills,
        capacity=said.capacity,
        senior=said.senior,
        hours=said.hours,
        away_from=said.away_from,
        away_until=said.away_until,
    )


def plain_team(team: Team) -> dict[str, Any]:
    """One team of the document."""
    return _said(
        {
            "group": team.name or team.group_id,
            "leads": list(team.leads),
            "members": list(team.members),
            "capacity": team.capacity,
            "hours": write_calendar(team.hours) if team.hours else None,
        }
    )


def plain_member(member: Member) -> dict[str, Any]:
    """What the document says of one person; nothing but their id where nothing is said."""
    away = {"from": _iso(member.away_from), "until": _iso(member.away_until)}
    return _said(
        {
            "agent": member.agent_id,
            "skills": sorted(member.skills),
            "capacity": member.capacity,
            "senior": member.senior or None,
            "hours": write_calendar(member.hours) if member.hours else None,
            "away": _said(away),
        }
    )


def _said(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if one is not None and one != [] and one != {}}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
