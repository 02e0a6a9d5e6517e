"""What becomes of a ticket beside its conversation: solved by a rule, merged, followed up by another one, erased.

Reading and creating happen outside transactions; what follows is recorded under the claim's fence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import cases, erasure, fates, steps, tombstones
from app.store.models import RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import Arm, CaseStage
from connectors.base import Connector
from connectors.errors import ConnectorError, Refused, Unavailable
from connectors.ticket import EventType, NewTicket, Ticket, TicketStatus
from tasks import own_steps, recovery
from tasks.claims import TicketClaim
from tasks.planning import Context

LOG = log.get("fates")

#: After these our copies of a ticket's messages cannot be trusted: words went, or became nobody's business.
REWRITTEN = frozenset({EventType.MESSAGE_REDACTED.value, EventType.MESSAGE_HIDDEN.value})
RESTING = frozenset({TicketStatus.SOLVED, TicketStatus.CLOSED})
MOST_UNDOS = 2  #: per case; an automation that insists is a matter for the lead
QUIET = 2  #: times the call's timeout, before it is believed that a ticket was not made
MOST_SENDS = 2  #: of a new ticket: the first, and one repeat after the helpdesk did not have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is known of a ticket's fate before its look is recorded."""

    anew: bool = False  #: every message was read again, and takes the place of what is stored
    rule: str | None = None  #: title of the rule that solved or closed it, perhaps empty; None where a person did
    undo: bool = False  #: that is to be undone


def starts_over(claim: TicketClaim) -> bool:
    """Whether all messages are to be read again: something in them was rewritten, or the ticket was gone."""
    rewritten = any(delivery.type in REWRITTEN for delivery in claim.waiting)
    return rewritten or claim.tracked.gone_at is not None


def read(claim: TicketClaim, ticket: Ticket, connector: Connector, *, anew: bool) -> Fate:
    """Ask the helpdesk's log who brought a ticket to rest, where a case of it is still open: one call, and rarely."""
    fate = Fate(anew=anew)
    if ticket.status not in RESTING or claim.tracked.solved_at is not None or ticket.merged_into is not None:
        return fate
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        case = cases.find_open(session, claim.tracked.id)
        if case is None or case.arm is not Arm.TREATMENT or cases.answer_of(session, case.id) is not None:
            return fate
        undoing = [row for row in steps.of_case(session, case.id) if row.do in own_steps.UNDOING]
    solver = connector.find_solver(ticket.id)
    if solver is None or not solver.by_rule:
        return fate
    waiting = any(row.state in steps.OPEN_STATES for row in undoing)
    LOG.info("solved_by_rule", case_id=case.id, undone=len(undoing))
    return replace(fate, rule=solver.rule, undo=waiting or len(undoing) < MOST_UNDOS)


def merge(claim: TicketClaim, session: Session, row: TrackedTicket, ticket: Ticket, now: datetime) -> None:
    """The ticket ended in another one: its open case goes on there, or ends where that has one of its own."""
    assert ticket.merged_into is not None
    row.rescore_at = row.turns_poor_at = None
    if row.merged_into == ticket.merged_into:
        return
    row.merged_into = ticket.merged_into
    target = fates.track(session, row.desk_id, ticket.merged_into, real_now())
    case = cases.find_open(session, row.id)
    LOG.info("ticket_merged", case_id=case.id if case else None)
    if case is None:
        return
    if cases.find_open(session, target.id) is not None:
        recovery.end_gone(session, row, now, f"merged into ticket {target.ticket_id}, which has a case of its own")
        return
    _move(session, case, row, target, now)


def _move(session: Session, case: RecoveryCase, row: TrackedTicket, target: TrackedTicket, now: datetime) -> None:
    """The case goes on on another ticket, which is marked for it."""
    fates.move_case(session, case, row, target)
    marks = steps.Planned(action=f"flag-{target.ticket_id}", do=own_steps.FLAG, params={})
    steps.plan(session, case, [marks], now)
    if case.stage in (CaseStage.RESOLVED, CaseStage.RESURVEYED):
        return
    target.facts_digest = None


def erased(claim: TicketClaim, ticket: Ticket) -> bool:
    """Whether this is an old ticket of a person who was erased; then nothing of it is kept."""
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        at = tombstones.erased_at(session, ticket.requester.id, ticket.requester.email)
    if at is None or ticket.created_at > at:
        return False
    with claim.recording() as (_, row):
        row.erased_at, row.rescore_at, row.turns_poor_at = row.erased_at or at, None, None
        row.unscored_reason = ERASED
    return True


ERASED = "the person was erased"


def keep_out(claim: TicketClaim) -> None:
    """Drop what came in about a ticket of an erased person: webhooks still tell of it."""
    with claim.recording() as (session, row):
        erasure.forget_ticket(session, row)


def without_erased(session: Session, ticket: Ticket) -> Ticket:
    """The ticket without words of people in copy that were written before those people were erased."""
    gone = tombstones.among(session, (message.author_id for message in ticket.messages))
    if not gone:
        return ticket
    kept = tuple(
        replace(message, text="", author_id="erased")
        if message.author_id in gone and message.at <= gone[message.author_id]
        else message
        for message in ticket.messages
    )
    return replace(ticket, messages=kept)


def follow_up(claim: TicketClaim, context: Context, connector: Connector) -> None:
    """Open the tickets that go on from this one, which takes no more changes: each once."""
    for row in context.follow_ups:
        _follow_up(claim, context, row, connector)


def _follow_up(claim: TicketClaim, context: Context, row: StepRow, connector: Connector) -> None:
    if row.state is StepState.SENDING and not _interrupted(claim, context, row, connector):
        return
    with claim.recording() as (session, _):
        steps.intend(steps.with_ids(session, [row.id]), real_now())
    try:
        made = connector.create_ticket(_new_ticket(context, row))
    except ConnectorError as error:
        _not_made(claim, row, error)
        return
    _made(claim, row, made)


def _interrupted(claim: TicketClaim, context: Context, row: StepRow, connector: Connector) -> bool:
    """Find out what became of a call that was cut off; True where the ticket may be made once more."""
    assert row.sent_at is not None
    late = row.sent_at + claim.parts.settings.http_timeout * QUIET
    if real_now() < late:
        claim.look_again(late)
        return False
    found = connector.find_follow_up(context.ticket.id, row.marker)
    if found is not None:
        connector.complete_follow_up(found, _new_ticket(context, row))
        _made(claim, row, found)
        return False
    if row.attempts < MOST_SENDS:
        return True
    with claim.recording() as (session, _):
        unsure = "asked for twice with no answer; is there a follow-up ticket?"
        steps.finish(steps.with_ids(session, [row.id]), StepState.NEEDS_REVIEW, claim.business_now(), reason=unsure)
    return False


def _not_made(claim: TicketClaim, row: StepRow, error: ConnectorError) -> None:
    """Raises the error where the ticket may be made later. One that may have been made stays as it is."""
    if isinstance(error, Unavailable) and error.sent:
        raise error
    final = isinstance(error, Refused) and not error.auth
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, [row.id])
        if final:
            steps.finish(rows, StepState.REFUSED, claim.business_now(), reason=str(error))
            recovery.tell_of_rule(session, rows, claim.business_now())
        else:
            steps.not_sent(rows)
    if not final:
        raise error


def _made(claim: TicketClaim, row: StepRow, ticket_id: str) -> None:
    """The follow-up is tracked from now on, and an open case goes on there."""
    now = claim.business_now()
    with claim.recording() as (session, tracked):
        steps.finish(steps.with_ids(session, [row.id]), StepState.DONE, now, receipt=ticket_id)
        case = cases.get(session, row.case_id)
        case.follow_up_ticket_id = ticket_id
        target = fates.track(session, tracked.desk_id, ticket_id, real_now())
        target.follow_up_of = tracked.ticket_id
        if case.open_key is None:
            return
        if cases.find_open(session, target.id) is not None:
            recovery.end_gone(session, tracked, now, f"goes on in ticket {ticket_id}, which has a case of its own")
            return
        _move(session, case, tracked, target, now)
    LOG.info("follow_up_made", step_id=row.id)


def _new_ticket(context: Context, row: StepRow) -> NewTicket:
    ticket, known = context.ticket, context.cases[row.case_id]
    rule = row.params.get("rule")
    if rule is None:
        why = "The customer's answer to our survey on it was not good, and it takes no more changes."
    else:
        why = f"{recovery.said_rule(rule)} closed it while its recovery was not over."
    lost = known.case.open_key is None
    return NewTicket(
        subject=f"Follow-up: {ticket.subject}",
        text=f'This goes on from ticket {ticket.id}. {why} Recovery protocol: "{known.protocol.name}".',
        requester_id=ticket.requester.id,
        marker=row.marker,
        follow_up_of=ticket.id,
        tags=frozenset({context.dictionary.lost if lost else context.dictionary.open}),
    )
