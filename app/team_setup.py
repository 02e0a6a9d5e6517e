"""Teams from a document to being stored on a desk, and absences of their people. No choosing among them here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.clock import real_now
from app.protocols.errors import DocumentError
from app.protocols.routing import room
from app.protocols.team_document import Directory, TeamDocument, TeamError, match, moment, read_teams, write_teams
from app.protocols.yaml_text import read_yaml, write_yaml
from app.store import desks, teams
from app.store.models import Desk, MemberRow
from connectors.errors import ConnectorError
from tasks.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How much is stored now."""

    teams: int
    people: int


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


def put(parts: Parts, desk: Desk, document: TeamDocument) -> Stored:
    """Store these teams in place of those that were there, after asking the helpdesk for its groups and their people.

    Repeating it changes nothing; absences of people of whom the document says none are kept. Raises ValueError with a
    line for every slip, and stores nothing then.
    """
    found, members = match(document, _ask(parts, desk, document))
    with parts.database.desk(desk.id) as session:
        teams.replace_all(session, desk.id, found, members, real_now())
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
    with parts.database.desk(desk_id, read=True) as session:
        found = [teams.team_of(row) for row in teams.all_teams(session)]
        members = [teams.member_of(row) for row in teams.all_members(session)]
    return write_yaml(write_teams(found, members))


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


def away(parts: Parts, desk_id: int, word: str, *, since: datetime | None, until: datetime | None) -> str:
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
