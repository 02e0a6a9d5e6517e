"""Teams and their people as an admin stored them, and whom each step chose. Choosing is `protocols.routing`."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.protocols.routing import Member, Roster, Team
from app.scoring.calendars import read_calendar, write_calendar
from app.scoring.hours import BusinessHours
from app.store import desks
from app.store.desks import NotFound
from app.store.models import AssignmentRow, Desk, MemberRow, RecoveryCase, StepRow, StepState, TeamRow, TrackedTicket
from app.store.steps import OPEN_STATES

#: A helpdesk's search, which counts an agent's tickets, learns of an assignment within some minutes.
SEARCH_LAG = timedelta(minutes=3)
#: Whoever was given nothing for so long is as one who never was; what came before need not be looked through.
TURNS_COUNT = timedelta(days=30)
_CAME_TO_NOTHING = (StepState.REFUSED, StepState.SKIPPED, StepState.DEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Whom a step chose."""

    step_id: int
    group_id: str | None
    agent_id: str
    load: int | None  #: unsolved tickets they had then; None where nobody asked


def replace_all(
    session: Session, desk_id: int, teams: Sequence[Team], members: Sequence[Member], now: datetime
) -> None:
    """Store these teams and people in place of whatever was there; absences of people who stay are kept.

    `now` is mechanism time.
    """
    away = {row.agent_id: (row.away_from, row.away_until) for row in all_members(session)}
    session.execute(delete(TeamRow).where(TeamRow.desk_id == desk_id))
    session.execute(delete(MemberRow).where(MemberRow.desk_id == desk_id))
    session.flush()
    for team in teams:
        session.add(_team_row(desk_id, team, now))
    for member in members:
        row = _member_row(desk_id, member)
        if member.away_from is None and member.away_until is None:
            row.away_from, row.away_until = away.get(member.agent_id, (None, None))
        session.add(row)
    session.flush()


def put_team(session: Session, desk_id: int, team: Team, named: Sequence[Member], now: datetime) -> None:
    """Store one team beside the others, and the people it names who are not known yet. `now` is mechanism time."""
    row, fresh = find_team(session, team.group_id), _team_row(desk_id, team, now)
    if row is None:
        session.add(fresh)
    else:
        row.name, row.capacity, row.calendar = fresh.name, fresh.capacity, fresh.calendar
        row.lead_ids, row.member_ids, row.updated_at = fresh.lead_ids, fresh.member_ids, now
    known = {one.agent_id: one for one in all_members(session)}
    for member in named:
        if member.agent_id in known:
            known[member.agent_id].name, known[member.agent_id].email = member.name, member.email
        else:
            session.add(_member_row(desk_id, member))
    _forget_unnamed(session)


def remove_team(session: Session, group_id: str) -> None:
    """Take one team away; whoever is named nowhere then, and of whom nothing is said, goes with it."""
    session.execute(delete(TeamRow).where(TeamRow.group_id == group_id))
    _forget_unnamed(session)


def put_member(session: Session, desk_id: int, member: Member) -> None:
    """Store what is said of one person who is stored already. Raises NotFound."""
    row, fresh = get_agent(session, member.agent_id), _member_row(desk_id, member)
    row.skills, row.capacity, row.senior, row.calendar = fresh.skills, fresh.capacity, fresh.senior, fresh.calendar
    session.flush()


def get_agent(session: Session, agent_id: str) -> MemberRow:
    """Raises NotFound."""
    row = session.scalar(select(MemberRow).where(MemberRow.agent_id == agent_id))
    if row is None:
        raise NotFound(f"agent {agent_id[:64]}")
    return row


def _forget_unnamed(session: Session) -> None:
    session.flush()
    named = {agent_id for row in all_teams(session) for agent_id in (*row.lead_ids, *row.member_ids)}
    for row in all_members(session):
        silent = Member(agent_id=row.agent_id, name=row.name, email=row.email)
        if row.agent_id not in named and member_of(row) == silent:
            session.delete(row)
    session.flush()


def _team_row(desk_id: int, team: Team, now: datetime) -> TeamRow:
    return TeamRow(
        desk_id=desk_id,
        group_id=team.group_id,
        name=team.name,
        capacity=team.capacity,
        calendar=write_calendar(team.hours) if team.hours else None,
        lead_ids=list(team.leads),
        member_ids=list(team.members),
        updated_at=now,
    )


def _member_row(desk_id: int, member: Member) -> MemberRow:
    return MemberRow(
        desk_id=desk_id,
        agent_id=member.agent_id,
        name=member.name,
        email=member.email,
        skills=sorted(member.skills),
        capacity=member.capacity,
        senior=member.senior,
        calendar=write_calendar(member.hours) if member.hours else None,
        away_from=member.away_from,
        away_until=member.away_until,
    )


def all_teams(session: Session) -> Sequence[TeamRow]:
    """By name."""
    return session.scalars(select(TeamRow).order_by(TeamRow.name, TeamRow.id)).all()


def all_members(session: Session) -> Sequence[MemberRow]:
    """By name."""
    return session.scalars(select(MemberRow).order_by(MemberRow.name, MemberRow.id)).all()


def find_team(session: Session, group_id: str) -> TeamRow | None:
    return session.scalar(select(TeamRow).where(TeamRow.group_id == group_id))


def get_member(session: Session, word: str) -> MemberRow:
    """The one member of that id, address or name, whatever its capitals. Raises NotFound that says how many there
    are."""
    wanted = word.strip().casefold()
    rows = all_members(session)
    found = [row for row in rows if row.agent_id == word.strip()] or [
        row for row in rows if wanted in (row.name.casefold(), (row.email or "").casefold())
    ]
    if len(found) != 1:
        raise NotFound(f'{len(found) or "no"} member{"s" if len(found) > 1 else ""} called "{word[:60]}"')
    return found[0]


def leads_of(session: Session, group_id: str) -> Sequence[MemberRow]:
    """The leads of a group's team, in the order in which the admin named them; empty where there is no such team."""
    team = find_team(session, group_id)
    rows = {row.agent_id: row for row in all_members(session)}
    return [rows[agent_id] for agent_id in (team.lead_ids if team else ()) if agent_id in rows]


def be_away(row: MemberRow, since: datetime | None, until: datetime | None) -> None:
    """Out of office from then until then (business time); both None: back again."""
    row.away_from, row.away_until = since, until


def hold_choice(session: Session, desk_id: int) -> None:
    """Let one transaction at a time choose among a desk's people: the next one sees whom this one chose."""
    # SQLite lets one writer in at a time anyway, and knows no such lock. PostgreSQL takes a share of the desk's key for
    # every row that is inserted; those who insert need not wait.
    session.execute(select(Desk.id).where(Desk.id == desk_id).with_for_update(key_share=True))


def reserve(session: Session, step: StepRow, chosen: Reservation, now: datetime) -> None:
    """Put on record whom a step chose, once per step or anew where somebody else is chosen; `now` is mechanism time."""
    row = session.scalar(select(AssignmentRow).where(AssignmentRow.step_id == step.id))
    if row is None:
        row = AssignmentRow(desk_id=step.desk_id, step_id=step.id)
        session.add(row)
    elif row.agent_id == chosen.agent_id:
        return
    row.group_id, row.agent_id, row.load, row.at = chosen.group_id, chosen.agent_id, chosen.load, now
    session.flush()


def reserved(session: Session, step_ids: Sequence[int]) -> dict[int, str]:
    """Whom these steps chose before, by step id."""
    rows = session.execute(
        select(AssignmentRow.step_id, AssignmentRow.agent_id).where(AssignmentRow.step_id.in_(step_ids))
    )
    return {step_id: agent_id for step_id, agent_id in rows}


def roster(session: Session, desk_id: int, now: datetime, *, besides: Collection[int] = ()) -> Roster:
    """Teams, people and their work as they stand, leaving out the cases `besides`; `now` is mechanism time."""
    calendar = desks.get(session, desk_id).settings.get("calendar")
    by_agent, by_group = _open_cases(session, besides)
    return Roster(
        teams={row.group_id: team_of(row) for row in all_teams(session)},
        members={row.agent_id: member_of(row) for row in all_members(session)},
        hours=_hours(calendar),
        cases=by_agent,
        team_cases=by_group,
        turns=_turns(session, now - TURNS_COUNT),
        given=_given(session, now - SEARCH_LAG),
    )


def team_of(row: TeamRow) -> Team:
    """A stored team as a value."""
    return Team(
        group_id=row.group_id,
        name=row.name,
        capacity=row.capacity,
        hours=_hours(row.calendar),
        leads=tuple(row.lead_ids),
        members=tuple(row.member_ids),
    )


def member_of(row: MemberRow) -> Member:
    """A stored person as a value."""
    return Member(
        agent_id=row.agent_id,
        name=row.name,
        email=row.email,
        skills=frozenset(row.skills),
        capacity=row.capacity,
        senior=row.senior,
        hours=_hours(row.calendar),
        away_from=row.away_from,
        away_until=row.away_until,
    )


def _hours(calendar: Mapping[str, Any] | None) -> BusinessHours | None:
    return _read(json.dumps(calendar, sort_keys=True)) if calendar else None


@functools.lru_cache(maxsize=1024)
def _read(calendar: str) -> BusinessHours:
    """The same document is the same value, so that what was computed of it is found again."""
    return read_calendar(json.loads(calendar))


def _open_cases(session: Session, besides: Collection[int]) -> tuple[dict[str, int], dict[str, int]]:
    """Open cases by the agent and by the group whose ticket it is, or is about to become."""
    pending = {
        case_id: (group_id, agent_id)
        for case_id, group_id, agent_id in session.execute(
            select(StepRow.case_id, AssignmentRow.group_id, AssignmentRow.agent_id)
            .join(StepRow, StepRow.id == AssignmentRow.step_id)
            .where(StepRow.state.in_(OPEN_STATES))
        )
    }
    rows = session.execute(
        select(RecoveryCase.id, TrackedTicket.group_id, TrackedTicket.assignee_id)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .where(RecoveryCase.open_key.is_not(None), RecoveryCase.id.not_in(besides))
    )
    by_agent: dict[str, int] = {}
    by_group: dict[str, int] = {}
    for case_id, group_id, agent_id in rows:
        coming = pending.get(case_id, (None, None))
        for counts, key in ((by_group, coming[0] or group_id), (by_agent, coming[1] or agent_id)):
            if key is not None:
                counts[key] = counts.get(key, 0) + 1
    return by_agent, by_group


def _happened() -> ColumnElement[bool]:
    return StepRow.state.not_in(_CAME_TO_NOTHING)


def _turns(session: Session, since: datetime) -> dict[str, datetime]:
    """When each agent was last given a case, where that was since then."""
    rows = session.execute(
        select(AssignmentRow.agent_id, func.max(AssignmentRow.at))
        .join(StepRow, StepRow.id == AssignmentRow.step_id)
        .where(AssignmentRow.at > since, _happened())
        .group_by(AssignmentRow.agent_id)
    )
    return {agent_id: at for agent_id, at in rows}


def _given(session: Session, since: datetime) -> dict[str, int]:
    """Unsolved tickets that agents have at least, by what they had when they were given one lately, and that one."""
    rows = session.execute(
        select(AssignmentRow.agent_id, AssignmentRow.load)
        .join(StepRow, StepRow.id == AssignmentRow.step_id)
        .where(AssignmentRow.at > since, _happened())
        .order_by(AssignmentRow.at, AssignmentRow.id)
    )
    return {agent_id: load + 1 for agent_id, load in rows if load is not None}
