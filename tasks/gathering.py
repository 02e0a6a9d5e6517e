"""What the steps of a ticket need to know of the desk, asked for; and whom they choose, put on record before anything
is sent. Planning with it is `planning.py`."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols import routing
from app.protocols.actions.assign import AssignAction, AssignTo, Route
from app.protocols.actions.base import AGENTS_GROUP, CaseSummary, Lookup, Need, Planning
from app.protocols.actions.registry import ACTIONS
from app.protocols.errors import CannotPlan
from app.protocols.protocol import ReturnTo
from app.protocols.routing import Scene
from app.store import cases, steps, teams
from app.store.models import StepRow
from connectors.base import Connector
from connectors.errors import NotFound, Refused
from connectors.ticket import Group, Person, Write
from tasks import directory, own_steps
from tasks.claims import TicketClaim
from tasks.planning import CaseContext, Context

_ROUTER = AssignAction()


def gather(claim: TicketClaim, context: Context, connector: Connector) -> Context:
    """Ask the desk what the steps need to know, each thing once, and reserve the people whom they choose."""
    wanted: dict[Lookup, StepRow] = {}
    for row in context.steps:
        if row.do in ACTIONS:
            action = context.action(row)
            team = context.cases[row.case_id].protocol.team
            wanted = {lookup: row for lookup in ACTIONS[action.do].needs(action.params, team)} | wanted
    if not wanted and not _names_groups(context):
        return context
    found = _Gathered(claim, context, connector)
    for lookup, row in wanted.items():
        found.ask(lookup, context.planning_for(row))
    return _reserve(claim, found.context())


def with_groups(context: Context, claim: TicketClaim, connector: Connector) -> Context:
    """The context with the desk's groups, and the names of those that had the tickets."""
    return _Gathered(claim, context, connector).context()


def with_names(context: Context, claim: TicketClaim, connector: Connector) -> Context:
    """The context with the names of the groups that had the tickets, where there were any."""
    return _Gathered(claim, context, connector).context() if _names_groups(context) else context


def _names_groups(context: Context) -> bool:
    """Whether something is said of the group that had the ticket, or a group is named that it returns to."""
    had = any(known.case.previous_group_id for known in context.cases.values())
    return had or any(
        context.cases[row.case_id].protocol.follow_up.return_to is ReturnTo.GROUP
        for row in context.steps
        if row.do == own_steps.OUTCOME
    )


def _reserve(claim: TicketClaim, context: Context) -> Context:
    """Choose, one transaction of the desk after the other, so that each choice knows of those before it."""
    routed = [row for row in context.steps if row.do == AssignAction.name and _chooses(context, row)]
    if not routed:
        return context
    with claim.recording() as (session, _):
        teams.hold_choice(session, claim.desk_id)
        fresh = teams.roster(session, claim.desk_id, real_now(), besides=tuple(context.cases))
        context = replace(context, planning=replace(context.planning, roster=fresh))
        chosen = {row.id: _choose(session, context, row) for row in routed}
    found = {step_id: agent_id for step_id, agent_id in chosen.items() if agent_id is not None}
    return replace(context, reserved={**context.reserved, **found})


def _chooses(context: Context, row: StepRow) -> bool:
    params = context.action(row).params
    known = not any(lookup in context.unknown for lookup in _ROUTER.needs(params, context.planning_for(row).team))
    return known and params.to is not AssignTo.GROUP


def _choose(session: Session, context: Context, row: StepRow) -> str | None:
    """Whom this step falls on, on record with the reason; None where nobody is chosen."""
    planning = context.planning_for(row)
    try:
        route = _ROUTER.route(context.action(row).params, planning)
    except CannotPlan:
        return None  # it is planned once more, and refused with the reason then
    (step,) = steps.with_ids(session, [row.id])
    step.reason = route.reason[:500]
    if route.agent_id is None:
        return None
    cases.get(session, row.case_id).owner_id = route.agent_id
    if not route.write.empty:  # whoever has it already was given nothing
        teams.reserve(session, step, _reservation(row, route, planning), real_now())
    return route.agent_id


def _reservation(row: StepRow, route: Route, planning: Planning) -> teams.Reservation:
    assert route.agent_id is not None
    counted = route.agent_id in planning.loads
    load = routing.load_of(Person(id=route.agent_id), planning.roster, planning.loads) if counted else None
    return teams.Reservation(
        step_id=row.id,
        group_id=route.write.group_id or planning.ticket.group_id,
        agent_id=route.agent_id,
        load=load,
    )


class _Gathered:
    """The answers as they come in."""

    def __init__(self, claim: TicketClaim, context: Context, connector: Connector) -> None:
        self._context = context
        self._connector = connector
        self._unknown: dict[Lookup, str] = {}
        self._members: dict[str, tuple[Person, ...]] = {}
        self._loads: dict[str, int] = {}
        self._macro_writes: dict[str, Write] = {}
        self._names = directory.names(claim, connector)
        self._planning = replace(context.planning, groups=self._names.groups)

    def ask(self, lookup: Lookup, planning: Planning) -> None:
        """Look one thing up for a step; what the desk does not have is remembered with the reason."""
        try:
            if lookup.need in (Need.PEOPLE, Need.MEMBERS):
                self._ask_people(lookup, planning)
            elif lookup.need is Need.MACRO:
                self._ask_macro(lookup)
        except (CannotPlan, NotFound) as error:
            self._unknown[lookup] = str(error)
        except Refused as error:
            if error.auth:
                raise
            self._unknown[lookup] = str(error)

    def _ask_people(self, lookup: Lookup, planning: Planning) -> None:
        name = planning.agents_group_id if lookup.name == AGENTS_GROUP else lookup.name
        if name is None:
            return
        group = self._planning.group(name)
        if group.id not in self._members:
            self._members[group.id] = tuple(self._connector.read_members(group.id))
        if lookup.need is Need.MEMBERS:
            self._ask_loads(group)

    def _ask_loads(self, group: Group) -> None:
        """A call for every agent, so only of those who could be chosen."""
        roster = self._planning.roster
        scene = Scene(group_id=group.id, group=group.name, roster=roster, now=self._planning.now)
        people = routing.belonging(self._members[group.id], scene)
        free = [one.id for one in people if not (routing.why_absent(one, scene) or routing.why_full(one, roster))]
        self._loads |= self._connector.read_loads([agent_id for agent_id in free if agent_id not in self._loads])

    def _ask_macro(self, lookup: Lookup) -> None:
        if not self._planning.macros:
            self._planning = replace(self._planning, macros=tuple(self._connector.read_macros()))
        macro = self._planning.macro(lookup.name)
        self._macro_writes[macro.id] = self._connector.macro_write(self._context.ticket, macro.id)

    def context(self) -> Context:
        planning = replace(self._planning, members=self._members, loads=self._loads, macro_writes=self._macro_writes)
        named = {
            case_id: replace(known, summary=self._with_group(known)) for case_id, known in self._context.cases.items()
        }
        return replace(self._context, planning=planning, unknown=self._unknown, cases=named)

    def _with_group(self, known: CaseContext) -> CaseSummary:
        return replace(known.summary, previous_group=self._names.group(known.case.previous_group_id) or "")
