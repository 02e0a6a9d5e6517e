"""What follows from a look at a ticket: the open case moves along, what a rule or an answer did to it, and its survey.

All of it in the transaction that recorded the look; deciding is next door in `deciding.py`, performing comes
afterwards in `performing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import links
from app.clock import real_now
from app.protocols.cases import CaseEvent, advance, can_advance
from app.protocols.protocol import Channel
from app.store import cases, deferrals, invitations, people, protocols, steps, tracked_tickets
from app.store.models import InvitationState, RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import Arm, CaseStage
from connectors.ticket import TicketStatus
from tasks import casework, deciding, own_steps
from tasks.claims import TicketClaim
from tasks.look import Look


def follow(claim: TicketClaim, session: Session, row: TrackedTicket, look: Look) -> None:
    """Move the open case along, then decide."""
    case = cases.find_open(session, row.id)
    if case is not None:
        setting = _setting(session, row, case, look)
        casework.stop(session, case, setting)
        _progress(claim, session, row, case, look)
        casework.go_on(session, row, case, look, setting)
    if look.score is None:
        deferrals.end(session, row.id)
        return
    deciding.consider(session, row, look)


def _setting(session: Session, row: TrackedTicket, case: RecoveryCase, look: Look) -> casework.Setting:
    protocol = deciding.read_cached(protocols.version(session, case.version_id).document)
    facts = deciding.facts_of(session, row, look)
    return casework.Setting(protocol=protocol, facts=facts, now=look.now, hours=look.hours)


def end_gone(session: Session, row: TrackedTicket, now: datetime, reason: str) -> None:
    """The ticket was deleted, is spam or vanished: what is left to do is not done, its case ends, nobody is asked."""
    steps.finish(steps.open_of(session, row.id), StepState.SKIPPED, now, reason=reason)
    case = cases.find_open(session, row.id)
    if case is None:
        return
    call_off(session, case, now, reason)
    steps.end_waiting(session, case.id, now, reason)
    cases.move(case, advance(case.stage, CaseEvent.EXPIRE), now, reason)


def expire(session: Session, case: RecoveryCase, now: datetime, reason: str) -> None:
    """The case ends without an answer, and its ticket is to lose the mark of an open one."""
    if not can_advance(case.stage, CaseEvent.EXPIRE):
        return
    steps.skip_open(session, case.id, now, reason)
    steps.plan(session, case, [steps.Planned(action="expired", do=own_steps.EXPIRED, params={})], now)
    tracked_tickets.wake(session, case.tracked_id, real_now())
    cases.move(case, advance(case.stage, CaseEvent.EXPIRE), now, reason)


def _progress(claim: TicketClaim, session: Session, row: TrackedTicket, case: RecoveryCase, look: Look) -> None:
    """What the ticket shows of the case's own course."""
    answer = cases.answer_of(session, case.id)
    if answer is not None:
        _conclude(session, case, answer[1].value, answer[0].good_from, look.now)
        return
    if look.replied is not None and look.replied >= case.opened_at:
        _advance(case, CaseEvent.CONTACT, look.now)
    if look.rule is not None:
        _answer_rule(session, case, look, look.rule)
        if look.undo:
            return
    _rest(claim, session, row, case, look)


def _rest(claim: TicketClaim, session: Session, row: TrackedTicket, case: RecoveryCase, look: Look) -> None:
    """What it means for the case that the ticket is solved, or is not any more."""
    if row.solved_at is not None and case.arm is Arm.TREATMENT:
        if row.solved_at < case.opened_at and case.contacted_at is None:
            return  # it was solved before the case: nobody has recovered anything yet
        _advance(case, CaseEvent.RESOLVE, look.now)
        if casework.may_survey(case):
            _schedule_survey(claim, session, row, case, look.now)
    elif case.stage in (CaseStage.RESOLVED, CaseStage.RESURVEYED):
        call_off(session, case, look.now, "the ticket was opened again")
        case.round += 1
        _advance(case, CaseEvent.REOPEN, look.now)


def _answer_rule(session: Session, case: RecoveryCase, look: Look, rule: str) -> None:
    """A rule ended the ticket: open it again, or go on in another where it is closed; tell where the rule insists."""
    if not look.undo:
        planned = steps.Planned(action="tell_of_rule", do=own_steps.TELL_OF_RULE, params={"rule": rule})
        steps.plan(session, case, [planned], look.now)
        return
    so_far = [row for row in steps.of_case(session, case.id) if row.do in own_steps.UNDOING]
    if any(row.state in steps.OPEN_STATES for row in so_far):
        return
    do = own_steps.FOLLOW_UP if look.ticket.status is TicketStatus.CLOSED else own_steps.UNDO
    action = f"{do}-{len(so_far) + 1}"
    steps.plan(session, case, [steps.Planned(action=action, do=do, params={"rule": rule})], look.now)


def tell_of_rule(session: Session, rows: Iterable[StepRow], now: datetime) -> None:
    """What a rule did could not be undone: the lead is told."""
    for row in rows:
        if row.do in own_steps.UNDOING and row.params.get("rule") is not None:
            planned = steps.Planned(action="tell_of_rule", do=own_steps.TELL_OF_RULE, params=row.params)
            steps.plan(session, cases.get(session, row.case_id), [planned], now)


def said_rule(title: str) -> str:
    """The rule as a note names it."""
    return f'The automation "{title}"' if title else "An automation"


def go_on_elsewhere(session: Session, row: StepRow, now: datetime) -> None:
    """A bad answer that the closed ticket cannot be told of opens a follow-up ticket."""
    case = cases.get(session, row.case_id)
    if case.stage is CaseStage.LOST:
        steps.plan(session, case, [steps.Planned(action="follow_up", do=own_steps.FOLLOW_UP, params={})], now)


def call_off(session: Session, case: RecoveryCase, now: datetime, reason: str) -> bool:
    """Cancel the case's survey where it has not left yet, also one that waits to be posted as a comment."""
    cancelled = invitations.cancel_unsent(session, case.id, reason)
    handed_over = {
        row.id: row for row in invitations.of_case(session, case.id) if row.state is InvitationState.HANDED_OVER
    }
    for step in steps.of_case(session, case.id):
        invitation = handed_over.get(step.params.get("invitation_id", 0))
        if invitation is not None and step.state in (StepState.PLANNED, StepState.SKIPPED):
            steps.finish([step], StepState.SKIPPED, now, reason=reason)
            invitation.state, invitation.reason = InvitationState.CANCELLED, reason
            cancelled += 1
    return cancelled > 0


def _advance(case: RecoveryCase, event: CaseEvent, now: datetime, reason: str | None = None) -> None:
    if can_advance(case.stage, event):
        cases.move(case, advance(case.stage, event), now, reason)


def _conclude(session: Session, case: RecoveryCase, value: float, good_from: float, now: datetime) -> None:
    """The customer answered: the case closes, and the ticket is told."""
    good = value >= good_from
    event = CaseEvent.RECOVER if good else CaseEvent.LOSE
    planned = [steps.Planned(action="outcome", do=own_steps.OUTCOME, params={"value": value})]
    if not good:
        planned.append(steps.Planned(action="tell_lead", do=own_steps.TELL_LEAD, params={"value": value}))
    steps.plan(session, case, planned, now)
    steps.end_waiting(session, case.id, now, "the customer answered the survey")
    if case.stage in (CaseStage.FLAGGED, CaseStage.ASSIGNED):
        # The answer says that it was dealt with, whatever else we saw of it.
        _advance(case, CaseEvent.RESOLVE, now)
    cases.move(case, advance(case.stage, event), now, "the customer answered the survey")


def _schedule_survey(
    claim: TicketClaim, session: Session, row: TrackedTicket, case: RecoveryCase, now: datetime
) -> None:
    resurvey = deciding.read_cached(protocols.version(session, case.version_id).document).resurvey
    if resurvey is None:
        return
    asked = [one for one in invitations.of_case(session, case.id) if one.sent_at is not None]
    if asked:
        return  # one re-survey per case, also where the ticket was opened and solved again
    token, token_hash = links.make_token(claim.parts.database.vault)
    due_at = (case.resolved_at or now) + resurvey.after
    invitations.schedule(
        session,
        case,
        invitations.Schedule(
            kind="resurvey",
            channel=_channel(claim, session, row, resurvey.channel),
            good_from=resurvey.good_from,
            due_at=due_at,
            expires_at=due_at + timedelta(days=claim.parts.settings.survey_days),
            token=token,
            token_hash=token_hash,
            by_helpdesk=resurvey.channel is Channel.HELPDESK,
        ),
    )


def _channel(claim: TicketClaim, session: Session, row: TrackedTicket, wanted: Channel) -> str:
    if wanted in (Channel.EMAIL, Channel.COMMENT):
        return wanted.value
    person = people.get(session, row.person_id) if row.person_id else None
    by_mail = claim.parts.settings.smtp_url is not None and person is not None and person.email_hash is not None
    return Channel.EMAIL.value if by_mail else Channel.COMMENT.value
