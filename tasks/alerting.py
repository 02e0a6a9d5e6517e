"""Alerts of a ticket's steps: e-mail to colleagues, signed webhooks to other systems.

An alert is no word to a customer: where its fate is unknown it is sent once more under the same id, so that a mail
reader or a receiver can tell that it is the same one.
"""

from __future__ import annotations

from dataclasses import dataclass

from app import log, texts
from app.clock import real_now
from app.outbound import AlertNotSent, AlertUnknown, Mail, MailNotSent, MailUnknown
from app.protocols.actions.base import Alert, AlertKind
from app.protocols.errors import CannotPlan
from app.store import desks, steps
from app.store.models import StepRow, StepState
from tasks.claims import SHORTEST_WAIT, TicketClaim
from tasks.planning import Context, plan_alert

LOG = log.get("alerts")

MOST_TRIES = 6
LEAD = "lead"


class Later(Exception):
    """The alert did not go out; trying again makes sense."""


class Never(Exception):
    """The alert will not go out; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where this desk's alerts go."""

    leads: tuple[str, ...]
    webhooks: dict[str, str]  #: by name
    webhook_secrets: tuple[str, ...]


def send(claim: TicketClaim, context: Context) -> None:
    """Send the ticket's alerts that are due; one that fails is tried again later and holds up nothing else."""
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        addresses = _addresses(claim, desks.get(session, claim.desk_id).settings)
    for row in context.alerts:
        _send_one(claim, context, addresses, row)


def _send_one(claim: TicketClaim, context: Context, addresses: Addresses, row: StepRow) -> None:
    with claim.recording() as (session, _):
        steps.intend(steps.with_ids(session, [row.id]), real_now())
    state, reason = StepState.DONE, None
    try:
        _deliver(claim, addresses, plan_alert(context, row), row)
    except (CannotPlan, Never) as error:
        state, reason = StepState.REFUSED, str(error)
    except Later as error:
        if row.attempts + 1 < MOST_TRIES:
            claim.look_again(real_now() + SHORTEST_WAIT * 4 ** (row.attempts + 1))
            state = StepState.PLANNED
        else:
            state, reason = StepState.DEAD, f"tried {MOST_TRIES} times: {error}"
    LOG.info("alert_settled", step_id=row.id, state=state)
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, [row.id])
        if state is StepState.PLANNED:
            steps.take_back(rows)
        else:
            steps.finish(rows, state, claim.business_now(), reason=reason)


def _deliver(claim: TicketClaim, addresses: Addresses, alert: Alert, row: StepRow) -> None:
    if alert.kind is AlertKind.WEBHOOK:
        _call(claim, addresses, alert, row)
        return
    recipients = addresses.leads if alert.target == LEAD else (alert.target,)
    if not recipients:
        raise Never("no lead's address is set for this desk (desk setting lead_emails)")
    for recipient in recipients:
        _mail(claim, alert, recipient, row)


def _mail(claim: TicketClaim, alert: Alert, recipient: str, row: StepRow) -> None:
    message = texts.lead_alert(texts.AlertFacts(subject=alert.subject, text=alert.text))
    mail = Mail(to=recipient, subject=message.subject, text=message.text, message_id=row.marker)
    try:
        with claim.parts.outbound.hand_over(mail) as handover:
            handover.send()
    except MailNotSent as error:
        if error.retryable:
            raise Later(str(error)) from error
        raise Never(str(error)) from error
    except MailUnknown as error:
        raise Later(str(error)) from error


def _call(claim: TicketClaim, addresses: Addresses, alert: Alert, row: StepRow) -> None:
    url = alert.target if "://" in alert.target else addresses.webhooks.get(alert.target)
    if url is None:
        raise Never(f'the desk has no webhook called "{alert.target}" (desk setting webhooks)')
    try:
        payload = texts.alert_payload("recovery.alert", claim.business_now(), alert.payload)
        claim.parts.outbound.deliver_webhook(
            url, payload, webhook_id=row.marker, secret=addresses.webhook_secrets, now=real_now()
        )
    except AlertNotSent as error:
        if error.retryable:
            raise Later(str(error)) from error
        raise Never(str(error)) from error
    except AlertUnknown as error:
        raise Later(str(error)) from error


def _addresses(claim: TicketClaim, settings: dict[str, object]) -> Addresses:
    leads = settings.get("lead_emails", [])
    webhooks = settings.get("webhooks", {})
    assert isinstance(leads, list)
    assert isinstance(webhooks, dict)
    secrets = claim.parts.outbound.alert_secrets(claim.desk_id)
    return Addresses(leads=tuple(leads), webhooks=webhooks, webhook_secrets=secrets)
