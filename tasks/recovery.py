"""What follows from a look at a ticket: the open case moves along, protocols decide, cases open, steps are planned.

All of it in the transaction that recorded the look; performing comes afterwards, in `performing.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import links
from app.clock import real_now
from app.protocols import rules
from app.protocols.cases import CaseEvent, advance, can_advance
from app.protocols.decide import PastCase, Published, Standing, decide, left
from app.protocols.document import read_document
from app.protocols.facts import Facts, check_facts, stars
from app.protocols.protocol import Channel, RecoveryProtocol
from app.scoring.conversation import Running
from app.store import cases, decisions, invitations, people, protocols, ratings, scores, steps, tracked_tickets
from app.store.models import InvitationState, RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import Arm, CaseStage, Cause, Decision, FaultSide, Outcome, Score
from connectors.ticket import Ticket, TicketStatus
from tasks.claims import TicketClaim
from tasks.directory import Names

FLAG = "flag"
OUTCOME = "outcome"
TELL_LEAD = "tell_lead"
EXPIRED = "expired"
SURVEY = "survey_comment"
UNDO = "undo_solved"
FOLLOW_UP = "follow_up"
TELL_OF_RULE = "tell_of_rule"
UNDOING = frozenset({UNDO, FOLLOW_UP})  #: what answers a rule that ended the ticket under its case


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a ticket brought."""

    ticket: Ticket
    names: Names
    score: Score | None
    running: Running
    replied: datetime | None  #: when an agent answered in public, among the new messages
    found: frozenset[str]  #: signals of the newest customer message
    now: datetime  #: business time
    rule: str | None = None  #: title of the rule that solved or closed the ticket while its case was open
    undo: bool = False  #: that is to be undone


@functools.lru_cache(maxsize=1024)
def read_cached(document: str) -> RecoveryProtocol:
    """A stored document as a protocol. Documents of a version never change, so each is read once per process."""
    return read_document(document)


def published(session: Session) -> tuple[Published, ...]:
    """The desk's protocols in force."""
    return tuple(
        Published(version_id=row.version_id, protocol=read_cached(row.document), order=row.position)
        for row in protocols.in_force(session)
    )


def names_groups(claim: TicketClaim) -> bool:
    """Whether a protocol in force asks for the name of the ticket's group."""
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        return "group" in rules.named(one.protocol.criteria for one in published(session))


def follow(claim: TicketClaim, session: Session, row: TrackedTicket, look: Look) -> None:
    """Move the open case along, then decide."""
    case = cases.find_open(session, row.id)
    if case is not None:
        _progress(claim, session, row, case, look)
    if look.score is None:
        return
    in_force = published(session)
    facts = _facts(session, row, look)
    digest = rules.digest(facts, [one.protocol.criteria for one in in_force])
    if digest == row.facts_digest:
        return
    row.facts_digest = digest
    _decide(claim, session, row, in_force, facts, look)


def digest_now(claim: TicketClaim, session: Session, row: TrackedTicket, running: Running, score: Score) -> str | None:
    """The mark of the facts after time alone has passed, from what is stored."""
    in_force = published(session)
    clocked = {"waiting_hours", "age_hours", "minutes_in_state", "churn_risk", "group"} & rules.named(
        one.protocol.criteria for one in in_force
    )
    if "group" in clocked or not clocked:
        return row.facts_digest
    facts = _stored_facts(session, row, running, score)
    return rules.digest(facts, [one.protocol.criteria for one in in_force])


def end_gone(session: Session, row: TrackedTicket, now: datetime, reason: str) -> None:
    """The ticket was deleted, is spam or vanished: what is left to do is not done, its case ends, nobody is asked."""
    steps.finish(steps.open_of(session, row.id), StepState.SKIPPED, now, reason=reason)
    case = cases.find_open(session, row.id)
    if case is None:
        return
    _call_off(session, case, now, reason)
    cases.move(case, advance(case.stage, CaseEvent.EXPIRE), now, reason)


def expire(session: Session, case: RecoveryCase, now: datetime, reason: str) -> None:
    """The case ends without an answer, and its ticket is to lose the mark of an open one."""
    if not can_advance(case.stage, CaseEvent.EXPIRE):
        return
    steps.skip_open(session, case.id, now, reason)
    steps.plan(session, case, [steps.Planned(action="expired", do=EXPIRED, params={})], now)
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
        if case.stage is CaseStage.RESOLVED:
            _schedule_survey(claim, session, row, case, look.now)
    elif case.stage in (CaseStage.RESOLVED, CaseStage.RESURVEYED):
        if _call_off(session, case, look.now, "the ticket was opened again"):
            case.round += 1
        _advance(case, CaseEvent.REOPEN, look.now)


def _answer_rule(session: Session, case: RecoveryCase, look: Look, rule: str) -> None:
    """A rule ended the ticket: open it again, or go on in another where it is closed; tell where the rule insists."""
    if not look.undo:
        planned = steps.Planned(action="tell_of_rule", do=TELL_OF_RULE, params={"rule": rule})
        steps.plan(session, case, [planned], look.now)
        return
    so_far = [row for row in steps.of_case(session, case.id) if row.do in UNDOING]
    if any(row.state in steps.OPEN_STATES for row in so_far):
        return
    do = FOLLOW_UP if look.ticket.status is TicketStatus.CLOSED else UNDO
    action = f"{do}-{len(so_far) + 1}"
    steps.plan(session, case, [steps.Planned(action=action, do=do, params={"rule": rule})], look.now)


def tell_of_rule(session: Session, rows: Iterable[StepRow], now: datetime) -> None:
    """What a rule did could not be undone: the lead is told."""
    for row in rows:
        if row.do in UNDOING and row.params.get("rule") is not None:
            planned = steps.Planned(action="tell_of_rule", do=TELL_OF_RULE, params=row.params)
            steps.plan(session, cases.get(session, row.case_id), [planned], now)


def said_rule(title: str) -> str:
    """The rule as a note names it."""
    return f'The automation "{title}"' if title else "An automation"


def go_on_elsewhere(session: Session, row: StepRow, now: datetime) -> None:
    """A bad answer that the closed ticket cannot be told of opens a follow-up ticket."""
    case = cases.get(session, row.case_id)
    if case.stage is CaseStage.LOST:
        steps.plan(session, case, [steps.Planned(action="follow_up", do=FOLLOW_UP, params={})], now)


def _call_off(session: Session, case: RecoveryCase, now: datetime, reason: str) -> bool:
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
    planned = [steps.Planned(action="outcome", do=OUTCOME, params={"value": value})]
    if not good:
        planned.append(steps.Planned(action="tell_lead", do=TELL_LEAD, params={"value": value}))
    steps.plan(session, case, planned, now)
    if case.stage in (CaseStage.FLAGGED, CaseStage.ASSIGNED):
        # The answer says that it was dealt with, whatever else we saw of it.
        _advance(case, CaseEvent.RESOLVE, now)
    cases.move(case, advance(case.stage, event), now, "the customer answered the survey")


def _schedule_survey(
    claim: TicketClaim, session: Session, row: TrackedTicket, case: RecoveryCase, now: datetime
) -> None:
    resurvey = read_cached(protocols.version(session, case.version_id).document).resurvey
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


def _decide(
    claim: TicketClaim,
    session: Session,
    row: TrackedTicket,
    in_force: tuple[Published, ...],
    facts: Facts,
    look: Look,
) -> None:
    history = cases.of_ticket(session, row.id)
    standing = Standing(cases=tuple(_past(session, case) for case in history))
    decided = decide(in_force, facts, standing, look.now)
    gone = left(decided)
    for case in history:
        if case.exited_at is None and protocols.name_of(session, case.version_id) in gone:
            case.exited_at = look.now
    if any(decision.outcome is Outcome.COOLDOWN for decision in decided):
        # A cooldown ends without any fact changing, so the next look has to decide again.
        row.facts_digest = None
    for decision in decided:
        opened = _open(session, row, decision, in_force, look) if decision.outcome is Outcome.OPEN else None
        decisions.record(session, row, decision, case_id=opened.id if opened is not None else None, at=look.now)


def _past(session: Session, case: RecoveryCase) -> PastCase:
    return PastCase(
        protocol=protocols.name_of(session, case.version_id),
        version_id=case.version_id,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        exited_at=case.exited_at,
    )


def _open(
    session: Session, row: TrackedTicket, decision: Decision, in_force: tuple[Published, ...], look: Look
) -> RecoveryCase:
    """Open the case and plan its steps; the version it begins under stays its own."""
    protocol = next(one.protocol for one in in_force if one.version_id == decision.version_id)
    rating = ratings.newest(session, row.id)
    by_rating = {"rating", "rating_stars"} & {condition.field for condition in decision.conditions if condition.passed}
    case = cases.open_case(
        session,
        row,
        cases.Opening(
            version_id=decision.version_id,
            arm=Arm.TREATMENT,
            cause=row.cause or Cause.UNKNOWN,
            opened_by="rating" if by_rating else "state",
            rating_id=rating.id if rating and by_rating else None,
        ),
        look.now,
    )
    planned = [steps.Planned(action="0-flag", do=FLAG, params={})]
    planned += [steps.Planned(action=key, do=action.do, params={}) for key, action in protocol.steps]
    steps.plan(session, case, planned[: protocol.guardrails.max_actions], look.now)
    return case


def _facts(session: Session, row: TrackedTicket, look: Look) -> Facts:
    """The named facts of this moment."""
    assert look.score is not None
    stored = dict(_stored_facts(session, row, look.running, look.score))
    stored["signals"] = look.found or frozenset(look.running.seen.last)
    stored["group"] = look.names.group(look.ticket.group_id)
    return check_facts(stored)


def _stored_facts(session: Session, row: TrackedTicket, running: Running, score: Score) -> Facts:
    rating = ratings.newest(session, row.id)
    earlier = scores.previous_before(session, row.id, score.at)
    history = cases.of_ticket(session, row.id)
    status = TicketStatus(row.status) if row.status else None
    return {
        "score": score.score,
        "p_satisfied": score.p_satisfied,
        "p_satisfied_now": score.p_satisfied_now,
        "change": score.score - earlier.score if earlier else None,
        "state": score.state.value,
        "level": score.level.value,
        "direction": score.direction.value,
        "minutes_in_state": _minutes(row.state_since, score.at),
        "signals": frozenset(running.seen.last),
        "rating": rating.value if rating else None,
        "rating_stars": stars(rating.value) if rating else None,
        "cause": (row.cause or Cause.UNKNOWN).value,
        "fault_side": (row.fault_side or FaultSide.UNKNOWN).value,
        "vendor": row.vendor,
        "brand": row.brand_id,
        "churn_risk": row.churn_risk,
        "resolution": row.resolution,
        "language": row.language,
        "tags": frozenset(row.tags),
        "channel": row.channel,
        "priority": row.priority,
        "status": status.value if status else None,
        "assigned": row.assignee_id is not None,
        "waiting_hours": running.waits.running(score.at),
        "age_hours": _minutes(row.opened_at, score.at) / 60,
        "customer_messages": running.customer_turns,
        "agent_messages": running.agent_turns,
        "reopens": row.reopens,
        "hold_minutes": row.hold_minutes,
        "earlier_failures": row.earlier_failures,
        "repeat_failure": row.failed_at is not None and row.earlier_failures > 0,
        "has_open_case": any(case.open_key is not None for case in history),
        "earlier_cases": len([case for case in history if case.open_key is None]),
    }


def _minutes(since: datetime | None, until: datetime) -> float:
    return max(0.0, (until - since) / timedelta(minutes=1)) if since else 0.0
