"""What the steps of a ticket plan with: the case, the protocol version it began under, and what was looked up at the
desk. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from app import links, texts
from app.clock import real_now
from app.connect import KINDS
from app.protocols import tags
from app.protocols.actions.base import Alert, AlertKind, CaseSummary, Effect, Lookup, Planning, VendorNotice
from app.protocols.actions.registry import ACTIONS
from app.protocols.cases import AfterAnswer, Handover, after_answer
from app.protocols.changes import Change, take_back
from app.protocols.errors import CannotPlan
from app.protocols.facts import stars
from app.protocols.protocol import Action, RecoveryProtocol
from app.protocols.routing import Roster
from app.protocols.tags import TagDictionary
from app.store import (
    cases,
    contacts,
    desks,
    invitations,
    offers,
    protocols,
    ratings,
    scores,
    steps,
    tagging,
    teams,
    tracked_tickets,
)
from app.store.contacts import Heard
from app.store.models import Desk, Invitation, RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import SatState
from connectors.ticket import Comment, Ticket, TicketStatus, Write
from tasks import deciding, own_steps, recovery, rolling_back, showing, telling
from tasks.claims import TicketClaim

MOST_REASONS = 3
CLOSED = "the ticket is closed for good"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContext:
    """One case of the ticket, with the version it began under."""

    case: RecoveryCase
    protocol: RecoveryProtocol
    summary: CaseSummary
    heard: Heard = field(default_factory=Heard)  #: what the customer has heard from automation before


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything the open steps of one ticket plan with."""

    ticket: Ticket
    state: SatState | None
    dictionary: TagDictionary
    steps: tuple[StepRow, ...]  #: the helpdesk's, planned
    cut_off: tuple[StepRow, ...]  #: the helpdesk's, whose call was interrupted
    alerts: tuple[StepRow, ...]
    follow_ups: tuple[StepRow, ...]  #: tickets to open, planned or interrupted
    vendor_items: tuple[StepRow, ...] = ()  #: to be made, planned or interrupted
    cases: Mapping[int, CaseContext]
    surveys: Mapping[int, str] = field(default_factory=dict, repr=False)  #: step id -> the text of a survey comment
    old_tags: Mapping[int, frozenset[str]] = field(default_factory=dict)  #: step id -> the tags whose time is over
    behind: Mapping[int, Sequence[Change]] = field(default_factory=dict)  #: step id -> the changes that it takes back
    planning: Planning
    shown: Mapping[str, tuple[str, str | int]] = field(default_factory=dict)  #: see `showing.wanted`
    unknown: Mapping[Lookup, str] = field(default_factory=dict)  #: look-ups that failed for good, with the reason
    reserved: Mapping[int, str] = field(default_factory=dict)  #: step id -> the agent it chose before

    @classmethod
    def of(cls, session: Session, claim: TicketClaim, ticket: Ticket) -> Context:
        """What is stored; `gathering.gather` adds what has to be asked for."""
        row = claim.tracked
        open_steps = steps.open_of(session, row.id)
        writes = [step for step in open_steps if effect_of(step) is Effect.WRITE and step.do != own_steps.FOLLOW_UP]
        routed = any(step.do in ("assign", own_steps.OUTCOME) for step in writes)
        known = {
            case_id: _case_context(session, claim, case_id, ticket)
            for case_id in dict.fromkeys(step.case_id for step in open_steps)
        }
        desk = desks.get(session, claim.desk_id)
        fresh = session.get(TrackedTicket, row.id)
        return cls(
            ticket=ticket,
            state=fresh.state if fresh else None,
            dictionary=TagDictionary(**desk.settings.get("tags", {})),
            steps=tuple(step for step in writes if step.state is StepState.PLANNED),
            cut_off=tuple(step for step in writes if step.state is StepState.SENDING),
            alerts=tuple(step for step in open_steps if effect_of(step) is Effect.ALERT),
            follow_ups=tuple(step for step in open_steps if step.do == own_steps.FOLLOW_UP),
            vendor_items=tuple(step for step in open_steps if effect_of(step) is Effect.VENDOR),
            cases=known,
            surveys={step.id: _survey_text(session, claim, step) for step in open_steps if step.do == own_steps.SURVEY},
            old_tags={step.id: tagging.expired(session, step) for step in writes if step.do == own_steps.UNTAG},
            behind={step.id: rolling_back.behind(session, step) for step in writes if step.do == own_steps.TAKE_BACK},
            planning=Planning(
                ticket=ticket,
                case=CaseSummary(protocol=""),
                now=claim.business_now(),
                may_speak=desk.settings.get("automation_may_speak") is True,
                roster=teams.roster(session, claim.desk_id, real_now(), besides=tuple(known)) if routed else Roster(),
            ),
            reserved=teams.reserved(session, [step.id for step in writes]) if routed else {},
            shown=showing.wanted(desk.settings, fresh),
        )

    def action(self, row: StepRow) -> Action:
        """The protocol's action behind a step."""
        return dict(self.cases[row.case_id].protocol.steps)[row.params.get("of", row.action)]

    def planning_for(self, row: StepRow) -> Planning:
        known = self.cases[row.case_id]
        roster = replace(self.planning.roster, reserved=self.reserved.get(row.id))
        may_speak = self.planning.may_speak and known.protocol.guardrails.automation_may_speak
        return replace(self.planning, case=known.summary, team=known.protocol.team, roster=roster, may_speak=may_speak)


def effect_of(row: StepRow) -> Effect:
    """Who performs a step; the engine's own steps are writes, but for the words to the leads."""
    if row.do in own_steps.TELLING:
        return Effect.ALERT
    kind = ACTIONS.get(row.do)
    return kind.effect if kind is not None else Effect.WRITE


def plan_step(context: Context, row: StepRow) -> Write:
    """The write a step wants on the ticket as it is. Raises CannotPlan with the reason."""
    if context.ticket.status is TicketStatus.CLOSED:
        raise CannotPlan(CLOSED)
    own = _OWN.get(row.do)
    if own is not None:
        return own(context, row)
    action = context.action(row)
    kind = ACTIONS[action.do]
    planning = context.planning_for(row)
    for lookup in kind.needs(action.params, planning.team):
        if lookup in context.unknown:
            raise CannotPlan(context.unknown[lookup])
    plan = kind.plan(action.params, planning)
    assert isinstance(plan, Write)
    return plan


_OWN: Mapping[str, Callable[[Context, StepRow], Write]] = {
    own_steps.FLAG: lambda context, _: tags.opened_write(context.ticket.tags, context.dictionary),
    own_steps.EXPIRED: lambda context, _: tags.closed_write(context.ticket.tags, context.dictionary),
    own_steps.SURVEY: lambda context, row: Write(comment=Comment(text=context.surveys[row.id], public=True)),
    own_steps.OUTCOME: lambda context, row: concluded(context, row).write,
    own_steps.UNDO: lambda context, row: _undo_write(context, row),
    own_steps.HAND_OVER: lambda _, row: Write(
        group_id=str(row.params["group_id"]), assignee_id=str(row.params["agent_id"])
    ),
    own_steps.UNTAG: lambda context, row: Write(remove_tags=context.old_tags[row.id] & context.ticket.tags),
    own_steps.VENDOR_NOTE: lambda _, row: _vendor_note(row),
    own_steps.TAKE_BACK: lambda context, row: take_back(context.behind[row.id], context.ticket).write,
}


def plan_alert(context: Context, row: StepRow) -> Alert:
    """What an alert step says. Raises CannotPlan with the reason."""
    if row.do == own_steps.TELL_LEAD:
        alert = concluded(context, row).alert
        if alert is None:
            raise CannotPlan("the customer's answer asks for no alert")
        return alert
    if row.do == own_steps.TELL_OF_RULE:
        return _rule_alert(context, row)
    if telling.tells(row.do):
        known = context.cases[row.case_id]
        return telling.alert_of(row.do, telling.About(
            ticket_id=context.ticket.id, protocol=known.protocol.name, case_url=known.summary.url, params=row.params
        ))  # fmt: skip
    action = context.action(row)
    plan = ACTIONS[action.do].plan(action.params, context.planning_for(row))
    assert isinstance(plan, Alert)
    return plan if row.do != own_steps.ESCALATE else _escalated(plan, int(row.params["position"]))


def _escalated(alert: Alert, position: int) -> Alert:
    """The same alert for the next one in its chain."""
    link = alert.links[position]
    return replace(
        alert,
        kind=link.kind,
        target=link.target,
        acknowledge_minutes=link.acknowledge_minutes,
        text=f"{alert.text}\n\nOthers were told before you, and nobody has taken it so far.",
        payload={**alert.payload, "position": position},
        then=(),
    )


def plan_vendor_notice(context: Context, row: StepRow) -> VendorNotice:
    """The vendor item that a step wants. Raises CannotPlan with the reason."""
    action = context.action(row)
    plan = ACTIONS[action.do].plan(action.params, context.planning_for(row))
    assert isinstance(plan, VendorNotice)
    return plan


def _vendor_note(row: StepRow) -> Write:
    told = f"The vendor's part is looked into in ticket {row.params['ticket_id']}: {row.params['url']}"
    return Write(comment=Comment(text=f"{told}\nThis ticket goes on as it is."))


def _undo_write(context: Context, row: StepRow) -> Write:
    """The ticket opened again with a note that says why; nothing where somebody has opened it already."""
    if context.ticket.status is not TicketStatus.SOLVED:
        return Write()
    name = context.cases[row.case_id].protocol.name
    note = (
        f'{recovery.said_rule(row.params["rule"])} solved this ticket while its recovery ("{name}") is not over. '
        "It is open again; solve it yourself once the customer is helped."
    )
    return Write(status=TicketStatus.OPEN, comment=Comment(text=note))


def _rule_alert(context: Context, row: StepRow) -> Alert:
    """For the leads: a rule that insists, or that could not be answered."""
    ticket, name = context.ticket, context.cases[row.case_id].protocol.name
    rule = recovery.said_rule(row.params["rule"])
    return Alert(
        kind=AlertKind.EMAIL,
        target="lead",
        subject=f"An automation ends ticket {ticket.id} under its recovery",
        text=f'{rule} keeps ending ticket {ticket.id}, whose recovery ("{name}") is not over. It is left as it is now. '
        "Give the automation a condition that leaves out tickets with an open recovery.",
        payload={"event": "recovery_ended_by_rule", "ticket_id": ticket.id, "protocol": name},
    )


def concluded(context: Context, row: StepRow) -> AfterAnswer:
    """What the customer's answer asks for on the ticket as it is."""
    known = context.cases[row.case_id]
    agent_id = known.case.previous_assignee_id
    member = context.planning.roster.members.get(agent_id) if agent_id else None
    handover = Handover(
        previous_group_id=known.case.previous_group_id,
        # Nobody finds their desk full of what came back while they were away.
        previous_assignee_id=None if member is not None and member.is_away(context.planning.now) else agent_id,
        recovery_group_id=known.case.recovery_group_id,
        return_group_id=_return_group(context, known.protocol),
    )
    return after_answer(float(row.params["value"]), known.protocol, context.ticket, handover, context.dictionary)


def _return_group(context: Context, protocol: RecoveryProtocol) -> str | None:
    """The group that recovered tickets go to; None where the rule names none, or one that the desk does not have."""
    name = protocol.follow_up.return_group
    try:
        return context.planning.group(name).id if name else None
    except CannotPlan:
        return None


def _case_context(session: Session, claim: TicketClaim, case_id: int, ticket: Ticket) -> CaseContext:
    case = cases.get(session, case_id)
    desk = desks.get(session, claim.desk_id)
    protocol = deciding.read_cached(protocols.version(session, case.version_id).document)
    summary = _summary(session, claim, case, protocol, desk, ticket)
    return CaseContext(case=case, protocol=protocol, summary=summary, heard=contacts.heard(session, case))


def _summary(
    session: Session,
    claim: TicketClaim,
    case: RecoveryCase,
    protocol: RecoveryProtocol,
    desk: Desk,
    ticket: Ticket,
) -> CaseSummary:
    history = scores.of_ticket(session, case.tracked_id, limit=1)
    newest = history[-1] if history else None
    rating = ratings.newest(session, case.tracked_id)
    url = KINDS[desk.kind].ticket_url(subdomain=desk.subdomain, base_url=desk.base_url, ticket_id=ticket.id)
    return CaseSummary(
        protocol=protocol.name,
        score=newest.score if newest else None,
        state=newest.state if newest else None,
        reasons=_reasons(session, newest),
        cause=case.cause,
        stars=stars(rating.value) if rating else None,
        vendor=tracked_tickets.get(session, case.tracked_id).vendor or "",
        url=f"{claim.parts.settings.public_url}/cases/{case.id}",
        ticket_url=url,
        previous_group_id=case.previous_group_id,
        previous_assignee_id=case.previous_assignee_id,
    )


def _reasons(session: Session, newest: Any) -> tuple[str, ...]:
    """The strongest reasons for a low score, as lines for people."""
    if newest is None:
        return ()
    lowering = sorted((part for part in scores.reasons(session, newest) if part.logit < 0), key=lambda part: part.logit)
    return tuple(part.evidence or part.signal for part in lowering[:MOST_REASONS])


def _survey_text(session: Session, claim: TicketClaim, step: StepRow) -> str:
    invitation = session.get(Invitation, step.params["invitation_id"])
    assert invitation is not None
    offered = offers.link(session, invitation)
    if offered is not None:
        return texts.survey_comment(offered, once=False)
    link = links.survey_url(claim.parts.settings.public_url, invitations.token_of(session, invitation))
    return texts.survey_comment(link)
