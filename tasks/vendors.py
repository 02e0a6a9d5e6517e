"""Vendor items: a ticket for the group that deals with vendors, or words to somebody outside the helpdesk. Each is made
once and linked with the customer's case both ways; the case itself goes on.

A ticket whose making was cut off is looked up by its marker before it is made again, as follow-up tickets are.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app import log, texts
from app.clock import real_now
from app.connect import KINDS
from app.protocols.actions.base import Alert, VendorNotice
from app.protocols.errors import CannotPlan
from app.store import cases, desks, steps, vendor_items
from app.store.models import StepRow, StepState
from connectors.base import Connector
from connectors.errors import ConnectorError, Refused, Unavailable
from connectors.ticket import NewTicket
from tasks import own_steps
from tasks.claims import TicketClaim
from tasks.delivery import Addresses, Parcel, attempt, deliver, read_addresses
from tasks.planning import Context, plan_vendor_notice

LOG = log.get("vendors")

QUIET = 2  #: times the call's timeout, before it is believed that a ticket was not made
MOST_SENDS = 2  #: of a new ticket: the first, and one repeat after the helpdesk did not have it


def open_items(claim: TicketClaim, context: Context, connector: Connector) -> None:
    """Make the ticket's vendor items; one that cannot be made now holds up nothing else."""
    addresses = read_addresses(claim)
    for row in context.vendor_items:
        try:
            notice = plan_vendor_notice(context, row)
        except CannotPlan as error:
            _settle(claim, row, StepState.REFUSED, str(error))
            continue
        if notice.alert is None:
            _open_ticket(claim, row, _new_ticket(context, row, notice, connector), notice, connector)
        else:
            _notify(claim, context, row, notice, notice.alert, addresses)


def _notify(
    claim: TicketClaim, context: Context, row: StepRow, notice: VendorNotice, alert: Alert, addresses: Addresses
) -> None:
    with claim.recording() as (session, _):
        steps.intend(steps.with_ids(session, [row.id]), real_now())
    facts = texts.VendorFacts(
        subject=notice.subject,
        text=notice.text,
        ticket_id=context.ticket.id,
        case_link=context.cases[row.case_id].summary.url,
    )
    parcel = Parcel(
        kind=alert.kind,
        target=alert.target,
        mail=texts.vendor_notice(facts),
        body=texts.alert_payload("recovery.vendor_item", claim.business_now(), alert.payload),
        marker=row.marker,
    )
    state, reason = attempt(claim, row, lambda: deliver(claim, addresses, parcel))
    if state is StepState.DONE:
        _made(claim, row, notice, way=alert.kind.value, ticket_id=None)
    else:
        _settle(claim, row, state, reason)


def _new_ticket(context: Context, row: StepRow, notice: VendorNotice, connector: Connector) -> NewTicket:
    """Opened by our own user, so that the customer neither sees it nor hears of it."""
    summary = context.cases[row.case_id].summary
    about = f"This is about ticket {context.ticket.id}: {summary.ticket_url}\nThe customer's own case: {summary.url}"
    return NewTicket(
        subject=notice.subject,
        text=f"{notice.text}\n\n{about}",
        requester_id=connector.me().id,
        marker=row.marker,
        group_id=notice.group_id,
    )


def _open_ticket(claim: TicketClaim, row: StepRow, new: NewTicket, notice: VendorNotice, connector: Connector) -> None:
    made = None
    if row.state is StepState.SENDING:
        late = _quiet_until(claim, row)
        if real_now() < late:
            claim.look_again(late)
            return
        made = connector.find_ticket(new.requester_id, row.marker)
        if made is None and row.attempts >= MOST_SENDS:
            _settle(claim, row, StepState.NEEDS_REVIEW, "asked for twice with no answer; is there a vendor's ticket?")
            return
    if made is None:
        made = _create(claim, row, new, connector)
    else:
        connector.complete_follow_up(made, new)
    if made is not None:
        _made(claim, row, notice, way="ticket", ticket_id=made)


def _quiet_until(claim: TicketClaim, row: StepRow) -> datetime:
    """Until when a late request may still land."""
    assert row.sent_at is not None
    return row.sent_at + claim.parts.settings.http_timeout * QUIET


def _create(claim: TicketClaim, row: StepRow, new: NewTicket, connector: Connector) -> str | None:
    """The new ticket's id; None where the helpdesk refused it for good.

    Raises the error where it may be made later. One that may have been made stays as it is, to be looked up.
    """
    with claim.recording() as (session, _):
        steps.intend(steps.with_ids(session, [row.id]), real_now())
    try:
        return connector.create_ticket(new)
    except ConnectorError as error:
        if isinstance(error, Unavailable) and error.sent:
            raise
        if isinstance(error, Refused) and not error.auth:
            _settle(claim, row, StepState.REFUSED, str(error))
            return None
        with claim.recording() as (session, _):
            steps.not_sent(steps.with_ids(session, [row.id]))
        raise


def _settle(claim: TicketClaim, row: StepRow, state: StepState, reason: str | None) -> None:
    with claim.recording() as (session, _):
        rows = steps.with_ids(session, [row.id])
        if state is StepState.PLANNED:
            steps.take_back(rows)
        else:
            steps.finish(rows, state, claim.business_now(), reason=reason)


def _made(claim: TicketClaim, row: StepRow, notice: VendorNotice, *, way: str, ticket_id: str | None) -> None:
    now = claim.business_now()
    with claim.recording() as (session, _):
        steps.finish(steps.with_ids(session, [row.id]), StepState.DONE, now, receipt=ticket_id)
        vendor_items.record(session, row, vendor=notice.vendor, way=way, ticket_id=ticket_id, now=now)
        if ticket_id is not None:
            _link_back(session, claim, row, ticket_id, now)
    if ticket_id is not None:
        claim.look_again(real_now())
    LOG.info("vendor_item_made", step_id=row.id, way=way)


def _link_back(session: Session, claim: TicketClaim, row: StepRow, ticket_id: str, now: datetime) -> None:
    """Have a note on the customer's ticket say where the vendor's part is looked into."""
    desk = desks.get(session, claim.desk_id)
    url = KINDS[desk.kind].ticket_url(subdomain=desk.subdomain, base_url=desk.base_url, ticket_id=ticket_id)
    planned = steps.Planned(
        action=f"{row.action}-note", do=own_steps.VENDOR_NOTE, params={"ticket_id": ticket_id, "url": url}
    )
    steps.plan(session, cases.get(session, row.case_id), [planned], now)
