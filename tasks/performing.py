"""Performing what is planned on a ticket: one combined write where it can be one, then the alerts.

The intent is committed before the call and the outcome after it. A step that is found in between was interrupted: what
the helpdesk's own log says decides whether it is done; words are repeated once at the most, and only when the log does
not have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.governor import Lane
from app.protocols import tags
from app.protocols.actions.combine import combine
from app.protocols.cases import CaseEvent, advance, can_advance
from app.protocols.changes import changes_of, left_by
from app.protocols.errors import CannotPlan, Withheld
from app.store import cases, invitations, steps, tracked_tickets
from app.store.models import InvitationState, RecoveryCase, StepRow, StepState, TrackedTicket
from connectors.base import Connector
from connectors.errors import Closed, Conflict, ConnectorError, Refused, Unavailable
from connectors.ticket import Receipt, Ticket, TicketStatus, Write
from tasks import alerting, casework, fates, own_steps, recovery, rolling_back, showing, speaking, vendors
from tasks.claims import TicketClaim
from tasks.gathering import gather, with_groups, with_names
from tasks.planning import CLOSED, Context, plan_step

LOG = log.get("recovery")

TRIES = 3  #: an agent who edits at the same moment makes us read and plan again, this often in one go
QUIET = 2  #: times the call's timeout, before the log is believed about words whose outcome is unknown
MOST_SENDS = 2  #: of words: the first, and one repeat after the log did not have them


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One write and the steps behind it."""

    write: Write
    step_ids: tuple[int, ...]
    parts: tuple[Write, ...]  #: what it was combined from, each with its own marker


def perform(claim: TicketClaim, ticket: Ticket, connector: Connector) -> None:
    """Do what is planned for the ticket and leave exactly one state tag on it."""
    if ticket.status in (TicketStatus.DELETED, TicketStatus.SPAM):
        return
    context = _context(claim, ticket)
    if context.steps or context.cut_off:
        claim.lane = Lane.LIVE
    if context.cut_off:
        if not _settle_interrupted(claim, context.cut_off, ticket, connector):
            return
        context = _context(claim, ticket)
    for attempt in range(1, TRIES + 1):
        try:
            _write(claim, context, connector)
            break
        except Conflict:
            LOG.info("ticket_changed_meanwhile", attempt=attempt)
            # What changed is not on record yet, and its webhook may never come.
            claim.look_again(real_now())
            if attempt == TRIES:
                raise
            context = _context(claim, connector.read_ticket(ticket.id, after=claim.tracked.last_message_id))
    _tell(claim, context.ticket, connector)


def marks_alone(claim: TicketClaim, ticket: Ticket) -> Write | None:
    """The change of state tags and of our own fields, where there is nothing else to do on the ticket; else None."""
    context = _context(claim, ticket)
    if context.steps or context.cut_off or context.follow_ups or context.alerts or context.vendor_items:
        return None
    tag = _state_tag(context)
    return replace(tag, custom_fields=_shown_fields(context, due=not tag.empty).custom_fields)


def _tell(claim: TicketClaim, ticket: Ticket, connector: Connector) -> None:
    """What is no change of the ticket itself: tickets that go on from it, vendor items, and alerts."""
    context = _context(claim, ticket)
    if context.follow_ups:
        fates.follow_up(claim, context, connector)
        context = _context(claim, ticket)
    if context.vendor_items:
        vendors.open_items(claim, with_groups(context, claim, connector), connector)
    if context.alerts:
        alerting.send(claim, with_names(context, claim, connector))


def _context(claim: TicketClaim, ticket: Ticket) -> Context:
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        return Context.of(session, claim, ticket)


def _settle_interrupted(claim: TicketClaim, cut_off: Sequence[StepRow], ticket: Ticket, connector: Connector) -> bool:
    """Find out what became of steps whose call was cut off; False while that has to wait."""
    found = connector.find_write(ticket.id, [row.marker for row in cut_off])
    quiet = claim.parts.settings.http_timeout * QUIET
    newest = max((row.sent_at for row in cut_off if row.sent_at and row.marker not in found), default=None)
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, [row.id for row in cut_off])
        _done(session, [row for row in rows if row.marker in found], claim, receipt=None)
        absent = [row for row in rows if row.marker not in found]
        if newest is not None and real_now() < newest + quiet:
            # A late request may still land after we looked.
            claim.look_again(newest + quiet)
            return False
        unsure = [row for row in absent if row.attempts >= MOST_SENDS and _has_words(row)]
        steps.finish(
            unsure, StepState.NEEDS_REVIEW, claim.business_now(), reason="sent twice with no answer; is it there?"
        )
        again = [row for row in absent if row not in unsure]
        steps.take_back(again)
        _call_off(session, again, claim)
    return True


def _call_off(session: Session, rows: Sequence[StepRow], claim: TicketClaim) -> None:
    """End those of these steps that are not to be done any more; whoever ended them could not while they were sent."""
    for row in rows:
        why = casework.over(session, row)
        if why is not None:
            _end(session, [row], claim, why, StepState.SKIPPED)


def _has_words(row: StepRow) -> bool:
    return row.do in {"note", "draft", "reply", "macro", own_steps.SURVEY, own_steps.UNDO, own_steps.VENDOR_NOTE}


def _write(claim: TicketClaim, context: Context, connector: Connector) -> None:
    """Plan against the ticket as read, commit the intent, make the call, record the outcome."""
    context = gather(claim, context, connector)
    back = tuple(row for row in context.steps if row.do == own_steps.TAKE_BACK)
    if back:
        # Before anything else, and on its own: what is in force now acts on the ticket as it was.
        ticket = _carry_out(claim, replace(context, steps=back), connector)
        left = tuple(row for row in context.steps if row not in back)
        context = replace(context, ticket=ticket, planning=replace(context.planning, ticket=ticket), steps=left)
    _carry_out(claim, context, connector)


def _carry_out(claim: TicketClaim, context: Context, connector: Connector) -> Ticket:
    """The ticket as these steps leave it."""
    ticket = context.ticket
    wanted, refused, settled = _plan_all(context)
    if refused or settled:
        _record_unsent(claim, ticket, refused, settled)
    for one in wanted:
        ticket = _send_or_split(claim, ticket, connector, one)
    return ticket


def _record_unsent(
    claim: TicketClaim, ticket: Ticket, refused: Sequence[tuple[int, CannotPlan]], settled: Sequence[int]
) -> None:
    """Steps that need no call: those that cannot be planned, and those whose outcome is there already."""
    with claim.recording() as (session, _):
        for step_id, error in refused:
            state = StepState.SKIPPED if isinstance(error, Withheld) else StepState.REFUSED
            _end(session, steps.with_ids(session, [step_id]), claim, str(error), state)
        nothing = steps.with_ids(session, settled)
        _remember_group(session, nothing, ticket.group_id)
        rolling_back.note(session, nothing, ticket)
        steps.finish(nothing, StepState.DONE, claim.business_now(), reason="the ticket had it already")
        _advance_cases(session, nothing, claim)


def _send_or_split(claim: TicketClaim, ticket: Ticket, connector: Connector, wanted: Wanted) -> Ticket:
    """Send; what the helpdesk refuses as a whole is tried part by part, so that one bad step holds up no other."""
    try:
        return _after(ticket, wanted.write, _send(claim, ticket, connector, wanted))
    except Refused as error:
        if error.auth:
            raise
        if isinstance(error, Closed) or len(wanted.parts) == 1:
            _refused(claim, wanted, error)
            return ticket
    by_marker = dict(zip(wanted.write.markers, wanted.step_ids, strict=True))
    for part in wanted.parts:
        alone = Wanted(write=part, step_ids=tuple(by_marker[marker] for marker in part.markers), parts=(part,))
        ticket = _send_or_split(claim, ticket, connector, alone)
    return ticket


def _plan_all(context: Context) -> tuple[list[Wanted], list[tuple[int, CannotPlan]], list[int]]:
    """The writes to make, the steps that cannot be planned with their reasons, and those with nothing left to do."""
    writes: list[Write] = []
    by_marker: dict[str, int] = {}
    refused: list[tuple[int, CannotPlan]] = []
    settled: list[int] = []
    speaker = speaking.Speaker(context)
    for row in context.steps:
        try:
            write = plan_step(context, row)
            speaker.check(row, write)
        except CannotPlan as error:
            refused.append((row.id, error))
            continue
        if write.empty:
            settled.append(row.id)
            continue
        writes.append(replace(write, markers=(row.marker,)))
        by_marker[row.marker] = row.id
    writes.append(_state_tag(context))
    writes.append(_shown_fields(context, due=any(not write.empty for write in writes)))
    wanted = [
        Wanted(
            write=write,
            step_ids=tuple(by_marker[marker] for marker in write.markers),
            parts=tuple(part for part in writes if not part.empty and set(part.markers) <= set(write.markers)),
        )
        for write in combine(writes)
    ]
    return wanted, refused, settled


def _state_tag(context: Context) -> Write:
    """What leaves one state tag, that of our record; a closed ticket keeps what it has."""
    if context.state is None or context.ticket.status is TicketStatus.CLOSED:
        return Write()
    return tags.state_write(context.ticket.tags, context.state, context.dictionary)


def _shown_fields(context: Context, *, due: bool) -> Write:
    """What the fields that we installed should show; a closed ticket keeps what it has."""
    if context.ticket.status is TicketStatus.CLOSED:
        return Write()
    return showing.shown_write(context.ticket, context.shown, due=due)


def _send(claim: TicketClaim, ticket: Ticket, connector: Connector, wanted: Wanted) -> Receipt:
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, wanted.step_ids)
        if any(row.state is not StepState.PLANNED for row in rows):
            raise Conflict("the case was halted or ended while its steps were planned")
        steps.intend(rows, real_now())
        speaking.note(rows, wanted.parts)
        # Remembered with the intent: a call whose answer is lost may have changed the ticket all the same.
        _remember_group(session, rows, wanted.write.group_id or ticket.group_id)
        steps.remember_changes(rows, changes_of(wanted.parts, wanted.write, ticket))
        rolling_back.note(session, rows, ticket)
    try:
        receipt = connector.write(ticket, wanted.write)
    except Unavailable as error:
        # A request whose answer was lost may have taken effect: those steps stay as they are, to be looked up.
        if not error.sent:
            _not_sent(claim, wanted)
        raise
    except ConnectorError:
        _not_sent(claim, wanted)
        raise
    with claim.recording() as (session, row):
        _done(session, steps.with_ids(session, wanted.step_ids), claim, receipt=receipt)
        _note_written(row, wanted.write, receipt)
        if row.status != ticket.status:
            # What its status means for score and case is for the next look, as if an agent had changed it.
            claim.look_again(real_now())
    return receipt


def _not_sent(claim: TicketClaim, wanted: Wanted) -> None:
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, wanted.step_ids)
        steps.not_sent(rows)
        _call_off(session, rows, claim)


def _refused(claim: TicketClaim, wanted: Wanted, error: Refused) -> None:
    """The helpdesk said no for good."""
    LOG.warning("step_refused", steps=list(wanted.step_ids))
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, wanted.step_ids)
        _end(session, rows, claim, CLOSED if isinstance(error, Closed) else str(error))


def _end(
    session: Session,
    rows: Sequence[StepRow],
    claim: TicketClaim,
    reason: str,
    state: StepState = StepState.REFUSED,
) -> None:
    """These steps will never be done, and a survey among them will never reach anybody."""
    steps.finish(rows, state, claim.business_now(), reason=reason)
    for row in rows:
        if row.do == own_steps.SURVEY:
            _survey(session, row, InvitationState.NOT_SENT, None, reason)
        if row.do == own_steps.OUTCOME and reason == CLOSED:
            recovery.go_on_elsewhere(session, row, claim.business_now())
        if row.do == own_steps.UNDO:
            # It may be closed for good by now, which asks for another answer.
            claim.look_again(real_now())


def _remember_group(session: Session, rows: Sequence[StepRow], group_id: str | None) -> None:
    """Whom an assignment gave the ticket to, so that it can be returned from there."""
    for row in rows:
        if row.do == "assign":
            cases.get(session, row.case_id).recovery_group_id = group_id


def _done(session: Session, rows: Sequence[StepRow], claim: TicketClaim, *, receipt: Receipt | None) -> None:
    steps.finish(
        rows, StepState.DONE, claim.business_now(), receipt=receipt.audit_id if receipt else "found in its log"
    )
    _advance_cases(session, rows, claim)


def _advance_cases(session: Session, rows: Sequence[StepRow], claim: TicketClaim) -> None:
    """A case is flagged, assigned or surveyed once the helpdesk has it."""
    now = claim.business_now()
    for row in rows:
        case = cases.get(session, row.case_id)
        if row.do == own_steps.SURVEY:
            _survey(session, row, InvitationState.SENT, now, None)
        event = _EVENTS.get(row.do)
        if event is None or not can_advance(case.stage, event):
            continue
        cases.move(case, advance(case.stage, event), now)
        if row.do != own_steps.SURVEY and _solved_since(session, row, case):
            # The solution was seen before the case had got so far.
            claim.look_again(real_now())


_EVENTS = {own_steps.FLAG: CaseEvent.FLAG, "assign": CaseEvent.ASSIGN, own_steps.SURVEY: CaseEvent.RESURVEY}


def _solved_since(session: Session, row: StepRow, case: RecoveryCase) -> bool:
    solved_at = tracked_tickets.get(session, row.tracked_id).solved_at
    return solved_at is not None and solved_at >= case.opened_at


def _survey(
    session: Session, row: StepRow, state: InvitationState, sent_at: datetime | None, reason: str | None
) -> None:
    """What became of the comment is what became of its invitation."""
    for invitation in invitations.of_case(session, row.case_id):
        if invitation.id == row.params.get("invitation_id") and invitation.state is InvitationState.HANDED_OVER:
            invitation.state, invitation.sent_at, invitation.reason = state, sent_at, reason


def _note_written(row: TrackedTicket, write: Write, receipt: Receipt) -> None:
    """Keep our picture of the ticket as the write left it, so that the next look does not take it for a change."""
    row.tags = sorted((set(row.tags) | write.add_tags) - write.remove_tags)
    for name, value in left_by(row, write).items():
        setattr(row, name, value)
    row.status = write.status or row.status
    row.stamp, row.written_at = receipt.stamp, receipt.at


def _after(ticket: Ticket, write: Write, receipt: Receipt) -> Ticket:
    """The ticket as the write left it, for a second write in the same run."""
    return replace(
        ticket,
        tags=(ticket.tags | write.add_tags) - write.remove_tags,
        **left_by(ticket, write),
        status=write.status or ticket.status,
        stamp=receipt.stamp,
    )
