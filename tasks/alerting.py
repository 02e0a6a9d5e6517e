"""Alerts of a ticket's steps: e-mail to colleagues, signed webhooks to other systems, messages to Slack.

An alert is no word to a customer: where its fate is unknown it is sent once more under the same id, so that a mail
reader or a receiver can tell that it is the same one. Who is told next while nobody takes it is `escalating.py`'s.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from app import links, log, texts
from app.clock import real_now
from app.protocols.actions.base import Alert, AlertKind
from app.protocols.errors import CannotPlan
from app.store import alert_chains, steps
from app.store.models import StepRow, StepState
from tasks.claims import TicketClaim
from tasks.delivery import Addresses, Parcel, attempt, deliver, read_addresses
from tasks.planning import Context, plan_alert

LOG = log.get("alerts")


def send(claim: TicketClaim, context: Context) -> None:
    """Send the ticket's alerts that are due; one that fails is tried again later and holds up nothing else."""
    addresses = read_addresses(claim)
    for row in context.alerts:
        _send_one(claim, context, addresses, row)


def _send_one(claim: TicketClaim, context: Context, addresses: Addresses, row: StepRow) -> None:
    alert = None
    try:
        alert = plan_alert(context, row)
        case = context.cases[row.case_id].case
        parcel = replace(
            _parcel(claim, alert, row, _begin(claim, alert, row)),
            group_id=case.previous_group_id or context.ticket.group_id,
        )
        state, reason = attempt(claim, row, lambda: deliver(claim, addresses, parcel))
    except alert_chains.Taken as error:
        state, reason = StepState.SKIPPED, str(error)
    except CannotPlan as error:
        state, reason = StepState.REFUSED, str(error)
    LOG.info("alert_settled", step_id=row.id, state=state)
    _settle(claim, alert, row, state, reason)


def _begin(claim: TicketClaim, alert: Alert, row: StepRow) -> str | None:
    """Commit the intent; the token of the link that acknowledges it, None for an alert that waits for nobody.

    Raises Taken where somebody has acknowledged the chain meanwhile.
    """
    chain_id, position = row.params.get("chain_id", row.id), row.params.get("position", 0)
    with claim.recording() as (session, _):
        if alert_chains.is_taken(session, chain_id):
            raise alert_chains.Taken
        steps.intend(steps.with_ids(session, [row.id]), real_now())
        if alert.acknowledge_minutes is None and position == 0:
            return None
        fresh = links.make_token(claim.parts.database.vault, links.ACKNOWLEDGE)
        call = alert_chains.begin(session, row, chain_id, position, fresh)
        return alert_chains.token_of(session, call)


def _settle(claim: TicketClaim, alert: Alert | None, row: StepRow, state: StepState, reason: str | None) -> None:
    now = claim.business_now()
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, [row.id])
        if state is StepState.PLANNED:
            steps.take_back(rows)
            return
        steps.finish(rows, state, now, reason=reason)
        if state is StepState.DONE and alert is not None:
            minutes = alert.acknowledge_minutes
            alert_chains.told(session, row.id, now, None if minutes is None else now + timedelta(minutes=minutes))
        elif state is not StepState.SKIPPED:
            # Nobody has heard of it, so the next one is told without waiting.
            alert_chains.not_told(session, row.id, now)


def _parcel(claim: TicketClaim, alert: Alert, row: StepRow, token: str | None) -> Parcel:
    link = links.acknowledge_url(claim.parts.settings.public_url, token) if token else ""
    facts = texts.AlertFacts(
        subject=alert.subject, text=alert.text, acknowledge_link=link, minutes=alert.acknowledge_minutes
    )
    return Parcel(
        kind=alert.kind,
        target=alert.target,
        mail=texts.lead_alert(facts),
        body=texts.slack_alert(facts) if alert.kind is AlertKind.SLACK else _document(claim, alert, link),
        marker=row.marker,
    )


def _document(claim: TicketClaim, alert: Alert, link: str) -> dict[str, Any]:
    wanted: dict[str, Any] = {"acknowledge_url": link, "acknowledge_minutes": alert.acknowledge_minutes} if link else {}
    return texts.alert_payload("recovery.alert", claim.business_now(), {**alert.payload, **wanted})
