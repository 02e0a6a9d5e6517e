"""What the steps of a case would do when it opens, on the ticket as it was: planned by the actions themselves, joined
as the engine joins them, and counted as the engine's own steps are. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.protocols import contact, progress, tags
from app.protocols.actions.alert import LEAD
from app.protocols.actions.base import Alert, CaseSummary, Planning, VendorNotice
from app.protocols.actions.combine import combine
from app.protocols.actions.registry import ACTIONS
from app.protocols.backtest import Opening
from app.protocols.changes import Change, changes_of
from app.protocols.contact import Said
from app.protocols.errors import CannotPlan
from app.protocols.figures import NOBODY, Work
from app.protocols.protocol import Action, Guardrails, RecoveryProtocol
from app.protocols.routing import Roster
from app.protocols.tags import TagDictionary
from app.words import Cause, SatState
from connectors.ticket import Group, Person, Ticket, TicketStatus, Write

FLAG = "0-flag"  #: the engine's own first step, which marks the ticket
ANYTHING = "?"  #: stands for what only the helpdesk could have told
SOME_URL = "https://?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The desk as far as steps depend on it."""

    dictionary: TagDictionary = field(default_factory=TagDictionary)
    groups: tuple[Group, ...] = ()
    members: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)  #: by group id
    roster: Roster = field(default_factory=Roster)
    asked: bool = True  #: the helpdesk told its groups; else every assignment counts as one that changes something
    has_lead: bool = True  #: somebody is named whom alerts reach where a team has no lead of its own
    may_speak: bool = False  #: the desk lets automation write to customers

    def group_name(self, group_id: str | None) -> str:
        return next((group.name for group in self.groups if group.id == group_id), "")


def work_of(opening: Opening, protocol: RecoveryProtocol, desk: Desk) -> Work:
    """What the case's steps do on the ticket as it was."""
    steps = protocol.steps[: protocol.guardrails.max_actions - 1]
    ours = [(key, action) for key, action in steps if not progress.is_persons(action)]
    performed = ours if progress.stops(protocol.guardrails, opening.facts) is None else []
    planning = _planning(opening, protocol, desk)
    planned = _plans(performed, planning, opening, desk, protocol.guardrails)
    writes = [_flag(opening, desk)] + [
        replace(plan, markers=(key,)) for key, plan in planned.items() if isinstance(plan, Write) and not plan.empty
    ]
    changes, sent = _perform(writes, planning.ticket)
    return Work(
        ticket_id=opening.ticket_id,
        at=opening.at,
        team=protocol.team or NOBODY,
        steps=tuple(action.do for _, action in steps),
        changes=changes,
        alerts=sum(isinstance(plan, Alert) for plan in planned.values()),
        vendor_items=sum(isinstance(plan, VendorNotice) for plan in planned.values()),
        tasks=len(steps) - len(ours),
        writes=sent,
        reason=opening.reason,
    )


def _perform(writes: Iterable[Write], ticket: Ticket) -> tuple[tuple[Change, ...], int]:
    """What the protocol's steps change, and how many calls it takes; a closed ticket takes none."""
    if ticket.status is TicketStatus.CLOSED:
        return (), 0
    parts = [write for write in writes if not write.empty]
    changes: dict[str, Change] = {}
    sent = combine(parts)
    for whole in sent:
        changes |= changes_of([part for part in parts if set(part.markers) <= set(whole.markers)], whole, ticket)
    changes.pop(FLAG, None)
    return tuple(changes.values()), len(sent)


def _plans(
    performed: Iterable[tuple[str, Action]], planning: Planning, opening: Opening, desk: Desk, rails: Guardrails
) -> dict[str, Any]:
    """What each step wants, without those that the engine would not do; words that wear out are said once."""
    planned, said, apologies = dict[str, Any](), frozenset[Said](), 0
    for key, action in performed:
        plan = _plan(action, planning, opening, desk)
        comment = plan.comment if isinstance(plan, Write) else None
        if comment is not None and comment.public:
            if contact.withheld(comment.text, rails, said, apologies) is not None:
                continue
            kinds = contact.kinds(comment.text)
            said, apologies = said | kinds, apologies + (Said.APOLOGY in kinds)
        if plan is not None:
            planned[key] = plan
    return planned


def _flag(opening: Opening, desk: Desk) -> Write:
    return replace(tags.opened_write(opening.ticket.tags, desk.dictionary), markers=(FLAG,))


def _plan(action: Action, planning: Planning, opening: Opening, desk: Desk) -> Any:
    """What the action wants; None where the engine would not do it, with a reason of its own each time."""
    braked = progress.brake(
        repeat_failure=opening.facts.get("repeat_failure") is True, failed_recoveries=opening.failed_recoveries
    )
    if braked and progress.held_back(action.do):
        return None
    if action.do == "alert" and getattr(action.params, "email", None) == LEAD and not _has_lead(planning, desk):
        return None
    if action.do == "macro":
        # What a macro holds is asked at the helpdesk for each ticket; here it counts as one change.
        return Write(custom_fields={ANYTHING: action.do})
    if action.do == "assign" and not desk.asked:
        return Write(group_id=ANYTHING)
    try:
        return ACTIONS[action.do].plan(action.params, planning)
    except CannotPlan:
        return None


def _has_lead(planning: Planning, desk: Desk) -> bool:
    return desk.has_lead or bool(desk.roster.lead_addresses(planning.agents_group_id, planning.now))


def _planning(opening: Opening, protocol: RecoveryProtocol, desk: Desk) -> Planning:
    facts, seen = opening.facts, opening.ticket
    state = facts.get("state")
    return Planning(
        ticket=seen.as_ticket(opening.ticket_id, opening.at),
        case=CaseSummary(
            protocol=protocol.name,
            score=facts.get("score"),
            state=SatState(state) if state else None,
            reasons=(ANYTHING,) if seen.reasoned else (),
            cause=Cause(facts.get("cause") or Cause.UNKNOWN),
            stars=facts.get("rating_stars"),
            url=SOME_URL,
            ticket_url=SOME_URL,
            previous_group=desk.group_name(seen.group_id),
            previous_group_id=seen.group_id,
            previous_assignee_id=seen.assignee_id,
        ),
        now=opening.at,
        team=protocol.team,
        groups=desk.groups,
        members=desk.members,
        roster=desk.roster,
        may_speak=desk.may_speak and protocol.guardrails.automation_may_speak,
    )
