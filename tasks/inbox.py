"""Looking at a ticket because something happened to it: read, record, decide, perform, settle."""

from __future__ import annotations

from collections.abc import Callable

from celery import shared_task

from app.clock import real_now
from app.store import desks
from connectors.base import Connector
from connectors.errors import NotFound
from connectors.ticket import Ticket
from tasks import claims, customers, fates, performing, scoring
from tasks.claims import TicketClaim

RATING = "rating.received"

#: What does the writes that follow from a look.
Perform = Callable[[TicketClaim, Ticket, Connector], None]


@shared_task(name="inbox.look")
def look(desk_id: int, tracked_id: int, fence: int) -> None:
    """Read the ticket as it is now, whatever the webhooks said, and do what follows from it."""
    with claims.ticket(desk_id, tracked_id, fence) as claim:
        if claim is None:
            return
        if claim.tracked.erased_at is not None:
            fates.keep_out(claim)
            claim.settle()
            return
        with claim.parts.connections.open(desk_id, lane=lambda: claim.lane) as connector:
            look_at(claim, connector)
        claim.settle(read_at=real_now())


def look_at(claim: TicketClaim, connector: Connector) -> None:
    """Read one claimed ticket, and do what follows."""
    if claim.tracked.erased_at is not None:
        fates.keep_out(claim)
        return
    _know_ourselves(claim, connector)
    anew = fates.starts_over(claim)
    last = None if anew else claim.tracked.last_message_id
    try:
        ticket = connector.read_ticket(claim.tracked.ticket_id, after=last, with_ratings=wants_ratings(claim))
    except NotFound:
        scoring.record_vanished(claim)
        raise
    take_in(claim, ticket, connector, anew=anew)


def take_in(
    claim: TicketClaim,
    ticket: Ticket,
    connector: Connector,
    *,
    anew: bool = False,
    perform: Perform = performing.perform,
) -> None:
    """Record a ticket as read and do what follows; `anew` says that all of its messages were read, not the new ones."""
    if fates.erased(claim, ticket):
        fates.keep_out(claim)
        return
    ticket = customers.read(claim, ticket, connector)
    names = scoring.names_for(claim, connector)
    scoring.record(claim, ticket, names, fates.read(claim, ticket, connector, anew=anew))
    perform(claim, ticket, connector)


def _know_ourselves(claim: TicketClaim, connector: Connector) -> None:
    """Learn who we are at a desk that was away when it was connected: without that, our own writes look like news."""
    if claim.knows_us:
        return
    me = connector.me()
    with claim.parts.database.desk(claim.desk_id) as session:
        desks.know_ourselves(session, claim.desk_id, me.id)


def wants_ratings(claim: TicketClaim) -> bool:
    """Ratings cost a call of their own, so they are read at first sight and when one was given."""
    missed = (claim.tracked.rating_dirty or 0) > claim.tracked.done
    return missed or claim.tracked.read_at is None or any(delivery.type == RATING for delivery in claim.waiting)
