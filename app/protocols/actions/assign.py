"""The action `assign`: give the ticket to a group, or to the member of it who has the least to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema, post_load

from app.protocols.actions.base import ActionKind, Effect, Lookup, Need, Planning
from app.protocols.errors import CannotPlan
from app.protocols.fields import Text, choice
from connectors.ticket import Group, Person, Write


class AssignTo(StrEnum):
    GROUP = "group"  # the group as a whole; whoever is free takes it
    LEAST_LOADED = "least_loaded"  # the member with the fewest unsolved tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignParams:
    group: str | None = None  #: by name or id; None is the protocol's team
    to: AssignTo = AssignTo.GROUP


class AssignSchema(Schema):
    group = Text(longest=100, load_default=None, allow_none=True)
    to = choice(AssignTo, load_default=AssignTo.GROUP)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> AssignParams:
        return AssignParams(**data)


class AssignAction(ActionKind[AssignParams]):
    name: ClassVar[str] = "assign"
    label: ClassVar[str] = "Assign the ticket"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = AssignSchema

    def needs(self, params: AssignParams, team: str | None) -> tuple[Lookup, ...]:
        need = Need.MEMBERS if params.to is AssignTo.LEAST_LOADED else Need.GROUPS
        return (Lookup(need=need, name=params.group or team or ""),)

    def describe(self, params: AssignParams) -> str:
        group = f"group {params.group}" if params.group else "the protocol's team"
        if params.to is AssignTo.LEAST_LOADED:
            return f"Assign to the least loaded member of {group}"
        return f"Assign to {group}"

    def plan(self, params: AssignParams, planning: Planning) -> Write:
        name = params.group or planning.team
        if not name:
            raise CannotPlan("neither the action names a group nor the protocol a team")
        group = planning.group(name)
        group_id = None if planning.ticket.group_id == group.id else group.id
        if params.to is AssignTo.GROUP:
            return Write(group_id=group_id)
        return _to_member(planning, group)


def _to_member(planning: Planning, group: Group) -> Write:
    """Keeps a member who has the ticket already, so that a second round reshuffles nothing."""
    members = [member for member in planning.members.get(group.id, ()) if not member.suspended]
    if not members:
        raise CannotPlan(f'the group "{group.name}" has no member who could take it')
    if planning.ticket.group_id == group.id and any(m.id == planning.ticket.assignee_id for m in members):
        return Write()
    return Write(group_id=group.id, assignee_id=least_loaded(members, planning.loads).id)


def least_loaded(members: list[Person], loads: Mapping[str, int]) -> Person:
    """The member with the fewest unsolved tickets; among equals the one with the lowest id."""
    return min(members, key=lambda member: (loads.get(member.id, 0), len(member.id), member.id))
