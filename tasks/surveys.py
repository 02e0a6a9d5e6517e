"""Sending surveys that are due: at most once each, to people who may be asked, and with a reason where none is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from celery import shared_task
from sqlalchemy.orm import Session

from app import links, log, texts
from app.clock import real_now
from app.outbound import Mail, MailNotSent, MailUnknown
from app.protocols.cases import CaseEvent, advance, can_advance
from app.store import cases, desks, invitations, offers, people, steps, tracked_tickets
from app.store.models import Invitation, InvitationState
from connectors.ticket import TicketStatus
from tasks import offering, own_steps
from tasks.offering import Wish
from tasks.parts import Parts, current

LOG = log.get("surveys")

COOLDOWN_DAYS = 7  #: between two surveys to one person, over all tickets; a desk setting
MOST_TRIES = 6
MOST_CLAIMS = 2 * MOST_TRIES  #: with those whose sender died before it could say anything
RETRY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An invitation that may be sent, as a mail."""

    invitation: Invitation
    mail: Mail = field(repr=False)


@shared_task(name="surveys.send")
def send(desk_id: int, invitation_id: int, fence: int) -> None:
    """Send one survey, or record why not."""
    parts = current()
    tokens = log.bind(desk_id=desk_id, invitation_id=invitation_id, fence=fence)
    try:
        ready = _prepare(parts, desk_id, invitation_id, fence)
        if isinstance(ready, Wish):
            ready = _prepare(parts, desk_id, invitation_id, fence) if offering.settle(parts, ready) else None
        if isinstance(ready, Letter):
            _post(parts, desk_id, ready)
    finally:
        log.unbind(tokens)


def _prepare(parts: Parts, desk_id: int, invitation_id: int, fence: int) -> Letter | Wish | None:
    """The mail to send, with everything decided that forbids it, or what to ask the helpdesk for before; None where
    nothing is to be posted."""
    business_now = parts.clock.now()
    with parts.database.desk(desk_id) as session:
        row = invitations.held(session, invitation_id, fence, real_now())
        if row is None:
            LOG.info("stale_hint")
            return None
        if row.state is InvitationState.SENDING and row.channel == "email":
            # The sender died with the mail in its hands, and a mail server cannot be asked whether it has it.
            unsure = "the mail may or may not have been sent; look whether it arrived"
            invitations.settle(session, row, InvitationState.NEEDS_REVIEW, reason=unsure)
            return None
        if row.attempts > MOST_CLAIMS:
            invitations.settle(session, row, InvitationState.DEAD, reason=row.reason or "its sender failed every time")
            return None
        _reach(parts, session, row)
        state, reason = _hindrance(session, desk_id, row, business_now)
        if state is not None:
            LOG.info("survey_not_sent", state=state, reason=reason)
            invitations.settle(session, row, state, reason=reason)
            return None
        wish = offering.wish(session, row)
        if wish is not None:
            return wish
        if row.channel == "comment":
            _as_step(session, row, business_now)
            return None
        return Letter(invitation=row, mail=_mail(parts, session, row))


def _reach(parts: Parts, session: Session, row: Invitation) -> None:
    """A ticket that is closed for good takes no comment, but its customer may still be asked by mail."""
    if row.channel != "comment" or row.state is not InvitationState.SCHEDULED or parts.settings.smtp_url is None:
        return
    ticket = tracked_tickets.get(session, row.tracked_id)
    person = people.get(session, row.person_id) if row.person_id else None
    if ticket.status == TicketStatus.CLOSED and person is not None and person.email_hash is not None:
        row.channel = "email"


def _hindrance(
    session: Session, desk_id: int, row: Invitation, now: datetime
) -> tuple[InvitationState | None, str | None]:
    """Why this person is not to be asked now, or (None, None)."""
    ticket = tracked_tickets.get(session, row.tracked_id)
    person = people.get(session, row.person_id) if row.person_id else None
    contact = people.contact(session, person) if person else None
    if ticket.solved_at is None:
        return InvitationState.CANCELLED, "the ticket was opened again"
    if contact is None:
        return InvitationState.NOT_SENT, "nobody knows whom to ask"
    if contact.suspended:
        return InvitationState.NOT_SENT, "the customer is suspended at the helpdesk"
    if contact.opted_out:
        return InvitationState.NOT_SENT, "the customer wants no surveys"
    if row.channel == "email" and contact.email is None:
        return InvitationState.NOT_SENT, "the customer has no e-mail address"
    days = desks.get(session, desk_id).settings.get("survey_cooldown_days", COOLDOWN_DAYS)
    asked = invitations.last_sent_to(session, contact.person_id, row.id)
    if asked is not None and now - asked < timedelta(days=days):
        return InvitationState.NOT_SENT, f"the customer was asked less than {days} days ago"
    return None, None


def _as_step(session: Session, row: Invitation, now: datetime) -> None:
    """A survey in a public comment is a write to the ticket, so the ticket's own writer makes it."""
    case = cases.get(session, row.case_id)
    planned = steps.Planned(action=f"survey-{row.round}", do=own_steps.SURVEY, params={"invitation_id": row.id})
    steps.plan(session, case, [planned], now)
    invitations.settle(session, row, InvitationState.HANDED_OVER, reason="to be posted on the ticket")
    tracked_tickets.wake(session, row.tracked_id, real_now())


def _mail(parts: Parts, session: Session, row: Invitation) -> Mail:
    person = people.get(session, row.person_id) if row.person_id else None
    assert person is not None
    ticket = tracked_tickets.get(session, row.tracked_id)
    contact = people.contact(session, person)
    token = invitations.token_of(session, row)
    public_url, vault = parts.settings.public_url, parts.database.vault
    offered = offers.link(session, row)
    message = texts.survey_mail(
        texts.SurveyFacts(
            name=contact.name,
            desk=desks.get(session, row.desk_id).name,
            solved_at=ticket.solved_at,
            link=offered or links.survey_url(public_url, token),
            once=offered is None,
            opt_out_link=links.opt_out_url(public_url, links.opt_out_token(vault, token)),
        )
    )
    return Mail(
        to=contact.email or "",
        subject=message.subject,
        text=message.text,
        message_id=row.marker,
        headers=message.headers,
    )


def _post(parts: Parts, desk_id: int, letter: Letter) -> None:
    """Hand the mail over. The intent is committed at the last moment before the words leave."""
    row = letter.invitation
    try:
        with parts.outbound.hand_over(letter.mail) as handover:
            if not _intend(parts, desk_id, row):
                return
            handover.send()
    except MailNotSent as error:
        _not_sent(parts, desk_id, row, error)
        return
    except MailUnknown as error:
        _settle(parts, desk_id, row, InvitationState.NEEDS_REVIEW, f"the mail may or may not have been sent: {error}")
        return
    _sent(parts, desk_id, row)


def _intend(parts: Parts, desk_id: int, row: Invitation) -> bool:
    with parts.database.desk(desk_id) as session:
        held = invitations.held(session, row.id, row.fence, real_now())
        if held is None:
            return False
        held.state = InvitationState.SENDING
        held.sending_at = real_now()
    return True


def _sent(parts: Parts, desk_id: int, row: Invitation) -> None:
    now = parts.clock.now()
    with parts.database.desk(desk_id) as session:
        held = invitations.held(session, row.id, row.fence, real_now())
        if held is None:
            LOG.warning("claim_lost")
            return
        held.sent_at = now
        invitations.settle(session, held, InvitationState.SENT)
        case = cases.get(session, row.case_id)
        if can_advance(case.stage, CaseEvent.RESURVEY):
            cases.move(case, advance(case.stage, CaseEvent.RESURVEY), now)
    LOG.info("survey_sent", channel="email")


def _not_sent(parts: Parts, desk_id: int, row: Invitation, error: MailNotSent) -> None:
    if not error.retryable:
        _settle(parts, desk_id, row, InvitationState.NOT_SENT, str(error))
        return
    with parts.database.desk(desk_id) as session:
        held = invitations.held(session, row.id, row.fence, real_now())
        if held is None:
            return
        if held.attempts >= MOST_TRIES:
            invitations.settle(session, held, InvitationState.DEAD, reason=f"tried {MOST_TRIES} times: {error}")
        else:
            invitations.postpone(session, held, until=real_now() + RETRY * 2**held.attempts, reason=str(error))


def _settle(parts: Parts, desk_id: int, row: Invitation, state: InvitationState, reason: str) -> None:
    LOG.warning("survey_settled", state=state)
    with parts.database.desk(desk_id) as session:
        held = invitations.held(session, row.id, row.fence, real_now())
        if held is not None:
            invitations.settle(session, held, state, reason=reason)
