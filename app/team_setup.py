"""Teams from a document or a form to being stored on a desk, and absences of their people. No choosing among them here.

The command line and the pages both come by here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols.errors import DocumentError
from app.protocols.routing import Member, Team, room
from app.protocols.team_document import (
    Directory,
    PersonEntry,
    TeamDocument,
    TeamEntry,
    TeamError,
    match,
    match_team,
    moment,
    plain_member,
    plain_team,
    read_teams,
    write_teams,
)
from app.protocols.yaml_text import read_yaml, write_yaml
from app.store import audit, desks, teams
from app.store.models import Desk, MemberRow
from app.store.versions import Stale, version_of
from connectors.errors import ConnectorError
from connectors.ticket import Group, Person
from tasks.parts import Parts

#: For one call to the helpdesk while a person waits for a form; without an answer they go on with what is stored.
PATIENCE = 3.0
OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How much is stored now."""

    teams: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Groups and people by their helpdesk, or by what is stored of them where it does not answer."""

    directory: Directory
    problem: str = ""  #: why the helpdesk could not be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a form was opened on: `version` is that of what was stored then, empty for something new."""

    version: str
    by: str  #: who sends it, as the audit log names them


def read_file(file: Path, zone: str) -> TeamDocument:
    """The teams of a YAML or JSON file. Raises ValueError with a line for every slip."""
    try:
        return read_teams(read_yaml(file.read_text(encoding="utf-8")), zone)
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise ValueError(f"{file}: cannot be read: {error.strerror}") from error
    except DocumentError as error:
        raise ValueError(str(error)) from error


def put(parts: Parts, desk: Desk, document: TeamDocument, *, version: str | None = None, by: str = OPERATOR) -> Stored:
    """Store these teams in place of those that were there, after asking the helpdesk for its groups and their people.

    Repeating it changes nothing; absences of people of whom the document says none are kept. Raises ValueError with a
    line for every slip, and stores nothing then; Stale where a `version` is given and another one is stored by now.
    """
    found, members = match(document, _ask(parts, desk, document))
    with parts.database.desk(desk.id) as session:
        teams.hold_choice(session, desk.id)
        if version not in (None, version_of(_whole(session))):
            raise Stale
        teams.replace_all(session, desk.id, found, members, real_now())
        detail = {"teams": len(found), "people": len(members)}
        audit.record(session, by=by, did="teams.replaced", what="teams", detail=detail, at=real_now())
    return Stored(teams=len(found), people=len(members))


def _ask(parts: Parts, desk: Desk, document: TeamDocument) -> Directory:
    try:
        with parts.connections.open(desk.id) as connector:
            bare = Directory(groups=tuple(connector.read_groups()))
            wanted = {group.id for entry in document.teams for group in bare.groups_called(entry.group)}
            members = {group_id: tuple(connector.read_members(group_id)) for group_id in sorted(wanted)}
    except ConnectorError as error:
        raise TeamError(f"the helpdesk could not be asked about groups and people: {error}") from error
    return Directory(groups=bare.groups, members=members)


def export(parts: Parts, desk_id: int) -> str:
    """The stored teams as the YAML document that `put` would store again."""
    return exported(parts, desk_id)[0]


def exported(parts: Parts, desk_id: int) -> tuple[str, str]:
    """That document, and the version of what it says."""
    with parts.database.desk(desk_id, read=True) as session:
        whole = _whole(session)
    return write_yaml(whole), version_of(whole)


def _whole(session: Session) -> dict[str, Any]:
    found = [teams.team_of(row) for row in teams.all_teams(session)]
    return write_teams(found, [teams.member_of(row) for row in teams.all_members(session)])


def look_up(parts: Parts, desk_id: int, group: str = "") -> Asked:
    """The helpdesk's groups, and the people of the one that is called so; it is not waited for long."""
    connections = replace(parts.connections, timeout=min(PATIENCE, parts.connections.timeout))
    try:
        with connections.open(desk_id) as connector:
            bare = Directory(groups=tuple(connector.read_groups()))
            wanted = bare.groups_called(group) if group else []
            members = {one.id: tuple(connector.read_members(one.id)) for one in wanted[:1]}
    except (ConnectorError, ValueError) as error:
        with parts.database.desk(desk_id, read=True) as session:
            return Asked(directory=_remembered(session), problem=str(error))
    return Asked(directory=replace(bare, members=members))


def _remembered(session: Session) -> Directory:
    """Groups that have a team, and everybody who is stored; who is in which group only the helpdesk knows."""
    people = tuple(
        Person(id=row.agent_id, name=row.name, email=row.email, is_staff=True) for row in teams.all_members(session)
    )
    groups = tuple(Group(id=row.group_id, name=row.name) for row in teams.all_teams(session))
    return Directory(groups=groups, members={group.id: people for group in groups})


def add_team(parts: Parts, desk_id: int, entry: TeamEntry, by: str) -> Team:
    """Store a team for a group that has none. Raises TeamError."""
    team, named = _matched(parts, desk_id, entry)
    with parts.database.desk(desk_id) as session:
        teams.hold_choice(session, desk_id)
        if teams.find_team(session, team.group_id) is not None:
            raise TeamError(f'team.group: "{team.name}" has a team already; change that one')
        teams.put_team(session, desk_id, team, named, real_now())
        audit.record(session, by=by, did="team.added", what=f"team:{team.group_id}", at=real_now())
    return team


def change_team(parts: Parts, desk_id: int, entry: TeamEntry, opened: Opened) -> Team:
    """Store what a form says of a group's team. Raises TeamError, Stale."""
    team, named = _matched(parts, desk_id, entry)
    with parts.database.desk(desk_id) as session:
        teams.hold_choice(session, desk_id)
        row = teams.find_team(session, team.group_id)
        if (version_of_team(teams.team_of(row)) if row else "") != opened.version:
            raise Stale
        teams.put_team(session, desk_id, team, named, real_now())
        audit.record(session, by=opened.by, did="team.changed", what=f"team:{team.group_id}", at=real_now())
    return team


def remove_team(parts: Parts, desk_id: int, group_id: str, opened: Opened) -> None:
    """Take a group's team away. Raises Stale where it is no more what the form showed."""
    with parts.database.desk(desk_id) as session:
        teams.hold_choice(session, desk_id)
        row = teams.find_team(session, group_id)
        if row is None or version_of_team(teams.team_of(row)) != opened.version:
            raise Stale
        teams.remove_team(session, group_id)
        audit.record(session, by=opened.by, did="team.removed", what=f"team:{group_id}", at=real_now())


def change_member(parts: Parts, desk_id: int, agent_id: str, entry: PersonEntry, opened: Opened) -> None:
    """Store what a form says of a person; their absence stays as it is. Raises NotFound, Stale."""
    with parts.database.desk(desk_id) as session:
        teams.hold_choice(session, desk_id)
        member = teams.member_of(teams.get_agent(session, agent_id))
        if version_of_member(member) != opened.version:
            raise Stale
        changed = replace(member, skills=entry.skills, capacity=entry.capacity, senior=entry.senior, hours=entry.hours)
        teams.put_member(session, desk_id, changed)
        audit.record(session, by=opened.by, did="teammate.changed", what=f"agent:{agent_id}", at=real_now())


def version_of_team(team: Team) -> str:
    """Another one whenever anything of the team is another."""
    return version_of(plain_team(team))


def version_of_member(member: Member) -> str:
    """Another one whenever anything of the person is another, absences aside."""
    return version_of(plain_member(replace(member, away_from=None, away_until=None)))


def _matched(parts: Parts, desk_id: int, entry: TeamEntry) -> tuple[Team, list[Member]]:
    asked = look_up(parts, desk_id, entry.group)
    try:
        return match_team(entry, asked.directory)
    except TeamError as error:
        if not asked.problem:
            raise
        lines = (f"{line}; the helpdesk does not answer, so only what is stored is known" for line in
                 str(error).splitlines())  # fmt: skip
        raise TeamError("\n".join(lines)) from error


def listed(parts: Parts, desk_id: int, now: datetime) -> dict[str, Any]:
    """Teams and people with what they have and can take now; `now` is business time. Plain JSON."""
    with parts.database.desk(desk_id, read=True) as session:
        roster = teams.roster(session, desk_id, real_now())
    return {
        "teams": [
            {
                "group": team.name,
                "group_id": group_id,
                "leads": [_name(roster.members.get(agent_id), agent_id) for agent_id in team.leads],
                "members": [_name(roster.members.get(agent_id), agent_id) for agent_id in team.members],
                "open_cases": roster.team_cases.get(group_id, 0),
                "room": room(team, roster),
            }
            for group_id, team in roster.teams.items()
        ],
        "people": [
            {
                "agent": member.name,
                "agent_id": agent_id,
                "skills": sorted(member.skills),
                "senior": member.senior,
                "capacity": member.capacity,
                "open_cases": roster.cases.get(agent_id, 0),
                "away": member.is_away(now),
                "away_from": _iso(member.away_from),
                "away_until": _iso(member.away_until),
            }
            for agent_id, member in roster.members.items()
        ],
    }


def away(
    parts: Parts, desk_id: int, word: str, *, since: datetime | None, until: datetime | None, by: str = OPERATOR
) -> str:
    """Put one person out of office from then until then; both None: back again. Returns their name.

    Raises ValueError for a person who is not stored, or twice, and for an absence that ends before it begins.
    """
    if since is not None and until is not None and until <= since:
        raise ValueError("--until: must be after --from")
    with parts.database.desk(desk_id) as session:
        try:
            row: MemberRow = teams.get_member(session, word)
        except desks.NotFound as error:
            raise ValueError(f"{error}; `kintsugi team list` says who is stored") from error
        teams.be_away(row, since, until)
        did = "teammate.back" if since is None and until is None else "teammate.away"
        detail = {"from": _iso(since), "until": _iso(until)}
        audit.record(session, by=by, did=did, what=f"agent:{row.agent_id}", detail=detail, at=real_now())
        return row.name


def read_moment(text: str | None, option: str, zone: str) -> datetime | None:
    """A date or a time given on the command line; None where nothing is. Raises ValueError that names the option."""
    found = moment(text, zone)
    if text is not None and found is None:
        raise ValueError(f"{option}: must be a date or a time, such as 2027-01-02, not {text[:60]!r}")
    return found


def zone_of(desk: Desk) -> str:
    """The time zone of a desk's calendar, in which its people name days; UTC where it has none."""
    calendar = desk.settings.get("calendar") or {}
    return str(calendar.get("zone", "UTC"))


def _name(member: Any, agent_id: str) -> str:
    return member.name if member is not None and member.name else agent_id


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
