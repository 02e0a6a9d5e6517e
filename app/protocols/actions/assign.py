"""The action `assign`: give the ticket to a group, or to one of its people. Whom it falls on is `protocols.routing`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, post_load, validates_schema

from app.protocols import routing
from app.protocols.actions.base import AGENTS_GROUP, ActionKind, Effect, Lookup, Need, Planning
from app.protocols.errors import CannotPlan
from app.protocols.fields import Text, choice
from app.protocols.routing import Order, Roster, Scene
from connectors.ticket import Group, Person, Write


class AssignTo(StrEnum):
    GROUP = "group"  # the group as a whole; whoever is free takes it
    LEAST_LOADED = "least_loaded"  # the member with the fewest unsolved tickets
    ROUND_ROBIN = "round_robin"  # the member whose last case is longest ago
    LEAD = "lead"  # a lead of the agent's own group, else of the team
    MEMBER = "member"  # that one person
    SKILL = "skill"  # a member with that skill
    SENIOR = "senior"  # a senior member
    KEEP = "keep"  # the agent who has it, or had it before the case


#: Can do without a group: where they have one, it takes the ticket when the person cannot.
GROUPLESS = frozenset({AssignTo.LEAD, AssignTo.MEMBER, AssignTo.KEEP})


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignParams:
    group: str | None = None  #: by name or id; None is the protocol's team
    to: AssignTo = AssignTo.GROUP
    member: str | None = None  #: name, address or id; only with `member`
    skill: str | None = None  #: only with `skill`

    @property
    def needs_group(self) -> bool:
        """Whether it can be planned only where it or the protocol names a group."""
        return self.to not in GROUPLESS


class AssignSchema(Schema):
    group = Text(longest=100, load_default=None, allow_none=True)
    to = choice(AssignTo, load_default=AssignTo.GROUP)
    member = Text(longest=254, load_default=None, allow_none=True)
    skill = Text(longest=60, load_default=None, allow_none=True)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        for name, to in (("member", AssignTo.MEMBER), ("skill", AssignTo.SKILL)):
            if data["to"] is to and data[name] is None:
                raise ValidationError(f"is missing; to is {to}", name)
            if data["to"] is not to and data[name] is not None:
                raise ValidationError(f"must be left out; to is {data['to']}", name)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> AssignParams:
        return AssignParams(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What an assignment comes to."""

    write: Write
    reason: str  #: why there, as half a sentence
    agent_id: str | None = None  #: whom it fell on, or who keeps it; None where it waits for a group


class AssignAction(ActionKind[AssignParams]):
    name: ClassVar[str] = "assign"
    label: ClassVar[str] = "Assign the ticket"
    effect: ClassVar[Effect] = Effect.WRITE
    schema: ClassVar[type[Schema]] = AssignSchema

    def needs(self, params: AssignParams, team: str | None) -> tuple[Lookup, ...]:
        name = params.group or team
        if params.to is AssignTo.GROUP:
            return (Lookup(need=Need.GROUPS, name=name or ""),)
        if params.to is AssignTo.LEAST_LOADED:
            return (Lookup(need=Need.MEMBERS, name=name or ""),)
        own = (Lookup(need=Need.PEOPLE, name=AGENTS_GROUP),) if params.to is AssignTo.LEAD and not params.group else ()
        return (*own, Lookup(need=Need.PEOPLE, name=name)) if name else own

    def describe(self, params: AssignParams) -> str:
        group = f"group {params.group}" if params.group else "the protocol's team"
        if params.to is AssignTo.LEAD and not params.group:
            return "Assign to a lead of the agent's own group"
        return {
            AssignTo.GROUP: f"Assign to {group}",
            AssignTo.LEAST_LOADED: f"Assign to the least loaded member of {group}",
            AssignTo.ROUND_ROBIN: f"Assign to the members of {group} in turn",
            AssignTo.LEAD: f"Assign to a lead of {group}",
            AssignTo.MEMBER: f"Assign to {params.member}",
            AssignTo.SKILL: f"Assign to a member of {group} with the skill {params.skill}",
            AssignTo.SENIOR: f"Assign to a senior member of {group}",
            AssignTo.KEEP: "Leave it with the agent who has it",
        }[params.to]

    def plan(self, params: AssignParams, planning: Planning) -> Write:
        return self.route(params, planning).write

    def route(self, params: AssignParams, planning: Planning) -> Route:
        """Where the ticket goes, with the reason. Same input, same answer. Raises CannotPlan."""
        return _WAYS[params.to](params, planning)


def _to_group(params: AssignParams, planning: Planning) -> Route:
    group = _group(params, planning)
    return _to(planning, group, None, f'it waits for the whole group "{group.name}"')


def _to_least_loaded(params: AssignParams, planning: Planning) -> Route:
    def why(person: Person, of: int) -> str:
        load = routing.load_of(person, planning.roster, planning.loads)
        return f"{planning.roster.name(person)} has the least to do of {of} who are free ({_counted(load, 'ticket')})"

    group = _group(params, planning)
    return _pick(planning, group, _people(planning, group), routing.by_load(planning.roster, planning.loads), why)


def _to_next(params: AssignParams, planning: Planning) -> Route:
    def why(person: Person, of: int) -> str:
        return f"it is {planning.roster.name(person)}'s turn, of {of} who are free"

    group = _group(params, planning)
    return _pick(planning, group, _people(planning, group), routing.by_turn(planning.roster), why)


def _to_skilled(params: AssignParams, planning: Planning) -> Route:
    group, wanted = _group(params, planning), (params.skill or "").casefold()
    people = [one for one in _people(planning, group) if wanted in planning.roster.member(one).skills]
    return _to_one_of(planning, group, people, f"with the skill {params.skill}")


def _to_senior(params: AssignParams, planning: Planning) -> Route:
    group = _group(params, planning)
    people = [one for one in _people(planning, group) if planning.roster.member(one).senior]
    return _to_one_of(planning, group, people, "who is senior")


def _to_lead(params: AssignParams, planning: Planning) -> Route:
    """A lead of the group named; else of the group the agent is in; else of the protocol's team."""
    groups = [_group(params, planning)] if params.group else _own_and_team(planning)
    refused: Route | None = None
    for group in groups:
        leads = [one for one in _people(planning, group) if one.id in planning.roster.team(group.id).leads]
        route = _to_one_of(planning, group, leads, "who leads it")
        if route.agent_id is not None:
            return route
        refused = route
    if refused is None:
        raise CannotPlan("the ticket is in no group, and the protocol has no team, whose lead could take it")
    return refused


def _to_person(params: AssignParams, planning: Planning) -> Route:
    group = _group(params, planning) if params.group or planning.team else None
    wanted = (params.member or "").strip().casefold()
    people = planning.members.get(group.id, ()) if group else ()
    person = next((one for one in (*people, *_stored(planning.roster)) if wanted in _names(one)), None)
    if person is None:
        raise CannotPlan(f'nobody is called "{params.member}" in the group or among the stored members')
    home = group if any(one.id == person.id for one in people) else None
    scene = _scene(planning, home or group)
    full = None if _has(planning, person) else routing.why_full(person, planning.roster)
    absence = routing.why_absent(person, scene) or full
    if absence is None:
        return _to(planning, home, person, f"{planning.roster.name(person)} is named in the protocol")
    said = f"{planning.roster.name(person)} {absence}"
    if group is None:
        raise CannotPlan(said)
    return _to(planning, group, None, f'{said}; it waits for the whole group "{group.name}"')


def _to_keeper(params: AssignParams, planning: Planning) -> Route:
    """The original agent, also after it was moved; somebody else only while they are away."""
    agent = planning.case.previous_assignee_id or planning.ticket.assignee_id
    named = bool(params.group or planning.team)
    if agent is None and not named:
        return Route(write=Write(), reason="nobody has it, and no group is named to take it")
    people = [one for group in planning.members.values() for one in group] + _stored(planning.roster)
    person = next((one for one in people if one.id == agent), None) if agent else None
    own = _own_group(planning)
    kept = person or Person(id=agent or "", is_staff=True)
    # Only the days that somebody is away count here: an agent who went home takes it up again tomorrow.
    away = agent is not None and (kept.suspended or planning.roster.member(kept).is_away(planning.now))
    if agent is not None and not away:
        return _to(planning, own, kept, f"{planning.roster.name(kept)} had it and keeps it")
    if not named:
        return Route(write=Write(), reason="the agent who has it is away, and no group is named to take it")
    group = _group(params, planning)
    return _to_one_of(planning, group, _people(planning, group), "who stands in")


_WAYS: Mapping[AssignTo, Callable[[AssignParams, Planning], Route]] = {
    AssignTo.GROUP: _to_group,
    AssignTo.LEAST_LOADED: _to_least_loaded,
    AssignTo.ROUND_ROBIN: _to_next,
    AssignTo.LEAD: _to_lead,
    AssignTo.MEMBER: _to_person,
    AssignTo.SKILL: _to_skilled,
    AssignTo.SENIOR: _to_senior,
    AssignTo.KEEP: _to_keeper,
}


def _group(params: AssignParams, planning: Planning) -> Group:
    name = params.group or planning.team
    if not name:
        raise CannotPlan("neither the action names a group nor the protocol a team")
    return planning.group(name)


def _own_group(planning: Planning) -> Group | None:
    """The group that the ticket was in before the case, else the one it is in."""
    group_id = planning.agents_group_id
    return next((group for group in planning.groups if group.id == group_id), None)


def _own_and_team(planning: Planning) -> list[Group]:
    own = _own_group(planning)
    team = planning.group(planning.team) if planning.team else None
    return [group for group in (own, team) if group is not None]


def _people(planning: Planning, group: Group) -> list[Person]:
    return routing.belonging(planning.members.get(group.id, ()), _scene(planning, group))


def _stored(roster: Roster) -> list[Person]:
    return [Person(id=one.agent_id, name=one.name, email=one.email, is_staff=True) for one in roster.members.values()]


def _names(person: Person) -> set[str]:
    return {person.id.casefold(), person.name.casefold(), (person.email or "").casefold()} - {""}


def _scene(planning: Planning, group: Group | None) -> Scene:
    found = group or Group(id="", name="")
    return Scene(group_id=found.id, group=found.name, roster=planning.roster, now=planning.now)


def _to_one_of(planning: Planning, group: Group, people: Sequence[Person], who: str) -> Route:
    """One of some people of a group, by their open cases; the group as a whole where there are none such."""

    def why(person: Person, of: int) -> str:
        has = _counted(planning.roster.cases.get(person.id, 0), "open case")
        return f"{planning.roster.name(person)}, {who}, has the least to do of {of} who are free ({has})"

    if not people:
        reason = f'the group "{group.name}" has nobody {who}; it waits for the whole group'
        return _to(planning, group, None, reason)
    return _pick(planning, group, people, routing.by_cases(planning.roster), why)


def _pick(
    planning: Planning, group: Group, people: Sequence[Person], order: Order, why: Callable[[Person, int], str]
) -> Route:
    """Keeps a person who has the ticket already, so that a second round reshuffles nothing."""
    scene = _scene(planning, group)
    fit = [person for person in people if not person.suspended]
    if not fit:
        raise CannotPlan(f'the group "{group.name}" has no member who could take it')
    holder = next((person for person in fit if _has(planning, person)), None)
    at_home = planning.ticket.group_id == group.id
    if holder is not None and at_home and not planning.roster.member(holder).is_away(planning.now):
        return Route(write=Write(), reason=f"{planning.roster.name(holder)} has it already", agent_id=holder.id)
    chosen = routing.choose(fit, scene, order, why)
    person = next((one for one in fit if one.id == chosen.agent_id), None)
    return _to(planning, group, person, chosen.reason)


def _has(planning: Planning, person: Person) -> bool:
    return planning.ticket.assignee_id == person.id


def _to(planning: Planning, group: Group | None, person: Person | None, reason: str) -> Route:
    """The write that gives the ticket to them; nothing where they have it."""
    ticket = planning.ticket
    at_home = group is None or ticket.group_id == group.id
    if person is None:
        return Route(write=Write(group_id=None if at_home or group is None else group.id), reason=reason)
    if at_home and _has(planning, person):
        return Route(write=Write(), reason=reason, agent_id=person.id)
    return Route(write=Write(group_id=group.id if group else None, assignee_id=person.id), reason=reason,
                 agent_id=person.id)  # fmt: skip


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
