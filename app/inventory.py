"""What a helpdesk has that a protocol may name, asked there once: whole for forms, as names for the linter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.protocols.lint import DeskNames
from app.store import samples, teams
from app.store.models import Desk
from connectors.errors import Refused
from connectors.ticket import Group, Macro, Person
from tasks.parts import Parts

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """None where our role at the helpdesk may not see it, or the helpdesk has no such list."""

    groups: Sequence[Group]
    macros: Sequence[Macro]
    agents: Sequence[Person] | None
    fields: Mapping[str, str] | None  #: key -> title
    tags: frozenset[str] | None


def take_inventory(parts: Parts, desk: Desk) -> Inventory:
    """Ask the helpdesk. Raises ConnectorError where it does not answer."""
    with parts.connections.open(desk.id) as connector:
        return Inventory(
            groups=connector.read_groups(),
            macros=connector.read_macros(),
            agents=_where_seen(connector.read_agents),
            fields=_where_seen(connector.read_fields),
            tags=_where_seen(connector.read_tags),
        )


def names_in(parts: Parts, desk: Desk, found: Inventory) -> DeskNames:
    """The inventory as names and ids, with the people, skills and tags that are known here."""
    with parts.database.desk(desk.id, read=True) as session:
        members, seen = teams.all_members(session), samples.common_tags(session)
        leads = [lead.email for team in teams.all_teams(session) for lead in teams.leads_of(session, team.group_id)]
    people = [(one.id, one.name, one.email or "") for one in found.agents or ()]
    people += [(member.agent_id, member.name, member.email or "") for member in members]
    return DeskNames(
        groups=frozenset(word for group in found.groups for word in (group.id, group.name)),
        macros=frozenset(word for macro in found.macros for word in (macro.id, macro.title)),
        agents=None if found.agents is None else frozenset(word for words in people for word in words),
        fields=None if found.fields is None else frozenset(found.fields),
        tags=None if found.tags is None else found.tags.union(seen),
        skills=frozenset(skill for member in members for skill in member.skills),
        webhooks=frozenset(desk.settings.get("webhooks", {})),
        has_lead=bool(desk.settings.get("lead_emails")) or any(leads),
    )


def _where_seen(read: Callable[[], Answer]) -> Answer | None:
    try:
        return read()
    except Refused as error:
        if error.auth:
            raise
        return None
