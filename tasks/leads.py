"""Who leads: the team that a protocol names, and the lead of it who is there. Tables are `app.store.teams`'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.store import teams
from app.store.models import TeamRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A named person to hand a ticket to."""

    agent_id: str
    group_id: str


def team_called(session: Session, name: str | None) -> TeamRow | None:
    """The team that an admin stored for a group, named as a document names it; None where there is none."""
    if name is None:
        return None
    wanted = name.strip().casefold()
    stored = teams.all_teams(session)
    return next((team for team in stored if wanted in (team.group_id, team.name.strip().casefold())), None)


def lead_of(session: Session, name: str | None, now: datetime) -> Lead | None:
    """The first lead of the team who is not away (business time); None where nobody can be named."""
    team = team_called(session, name)
    if team is None:
        return None
    there = [row for row in teams.leads_of(session, team.group_id) if not teams.member_of(row).is_away(now)]
    return Lead(agent_id=there[0].agent_id, group_id=team.group_id) if there else None
