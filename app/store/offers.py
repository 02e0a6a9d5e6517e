"""Offers of the helpdesk's own survey for our invitations: intended, made or not, and answered by a rating.

An offer's link lets whoever has it answer as the customer: it is sealed here, and goes into one message.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store import invitations
from app.store.database import vault_of
from app.store.invitations import Reply
from app.store.models import Invitation, InvitationState, OfferState

OPEN = frozenset({OfferState.WANTED, OfferState.ASKED})


def intend(row: Invitation, now: datetime) -> None:
    """The helpdesk is asked for an offer right after this is committed; `now` is business time."""
    row.offer, row.offered_at = OfferState.ASKED, now
    row.offer_tries += 1


def not_asked(row: Invitation) -> None:
    """The call had no effect, so it may be made again."""
    row.offer, row.offered_at = OfferState.WANTED, None
    row.offer_tries -= 1


def made(session: Session, row: Invitation, offer_id: str, url: str) -> None:
    """The message is to carry this address."""
    row.offer, row.offer_id, row.sealed_offer = OfferState.MADE, offer_id[:64], vault_of(session).seal(url)
    row.attempts = 1  # the message itself has not been tried yet


def not_here(row: Invitation, reason: str) -> None:
    """Our own survey page is used, for this reason."""
    row.offer, row.offer_reason, row.sealed_offer = OfferState.NOT_HERE, reason[:500], None
    row.attempts = 1


def link(session: Session, row: Invitation) -> str | None:
    """The address of the helpdesk's survey; None where the message is to carry our own."""
    if row.offer is not OfferState.MADE or row.sealed_offer is None:
        return None
    return vault_of(session).open(row.sealed_offer)


def answer(session: Session, rating_id: str, reply: Reply, at: datetime) -> Invitation | None:
    """Take a rating at the helpdesk for the answer to the invitation that it was offered for; returns that.

    None for any other rating, and for one that changes an answer or came after the invitation was over. `at` is when
    it was given (business time).
    """
    row = session.scalar(select(Invitation).where(Invitation.offer_id == rating_id).with_for_update())
    if row is None or row.state in (InvitationState.ANSWERED, InvitationState.CANCELLED) or row.expires_at <= at:
        return None
    invitations.take(session, row, reply, at)
    return row
