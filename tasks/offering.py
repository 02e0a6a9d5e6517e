"""Having the helpdesk offer its own survey for an invitation, before its message is written. At most once each.

Every call makes another offer, and its link is told once. So the intent is committed before the call, the link with its
outcome; and where nobody knows the outcome, the ticket's offers are looked at before another is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.governor import Lane
from app.store import desks, invitations, offers, tracked_tickets
from app.store.models import Invitation, OfferState
from connectors.base import Connector
from connectors.errors import ConnectorError, NoSurvey, OverBudget, RateLimited, Unavailable
from connectors.ticket import SurveyLink
from tasks.parts import Parts

LOG = log.get("surveys")

SURVEY = "survey_id"  #: the desk's setting: which of the helpdesk's surveys is offered
QUIET = 2  #: times the call's timeout, before it is believed that a call of unknown outcome made no offer
MOST_ASKED = 2  #: the first, and one repeat after the helpdesk had no offer
MOST_TRIES = 6  #: of one invitation's sender, before our own page takes the place of a helpdesk that is away
RETRY = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
#: A helpdesk's clock may be behind ours by so much. An offer by somebody else in that time is taken for ours, which
#: costs nothing but that our own page is used.
SLACK = timedelta(minutes=1)

LOST = "the helpdesk's survey was offered, but its link was lost on the way"
UNSURE = "the helpdesk was asked for its survey twice, with no answer"
NO_KIND = "this kind of helpdesk has no survey to offer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An invitation that may go out as soon as it is known whose survey it leads to."""

    invitation: Invitation
    ticket_id: str
    survey_id: str | None  #: that an admin chose


def wish(session: Session, row: Invitation) -> Wish | None:
    """What is still to be asked of the helpdesk for this invitation; None where nothing is."""
    if row.offer not in offers.OPEN:
        return None
    chosen = desks.get(session, row.desk_id).settings.get(SURVEY)
    ticket_id = tracked_tickets.get(session, row.tracked_id).ticket_id
    return Wish(invitation=row, ticket_id=ticket_id, survey_id=chosen)


def settle(parts: Parts, asked: Wish) -> bool:
    """Get the link, or the reason why there is none; False where the message has to wait."""
    row = asked.invitation
    try:
        with parts.connections.open(row.desk_id, lane=Lane.LIVE) as connector:
            if row.offer is OfferState.ASKED:
                reason = _what_became(connector, asked)
                if reason is not None:
                    return _record(parts, row, lambda _, held: offers.not_here(held, reason))
            return _offer(parts, asked, connector)
    except NoSurvey as error:
        said = str(error)
        LOG.info("survey_not_offered")
        return _record(parts, row, lambda _, held: offers.not_here(held, said))
    except ConnectorError as error:
        return _later(parts, row, error)


def _what_became(connector: Connector, asked: Wish) -> str | None:
    """Why no offer may be asked for again, after one of unknown outcome; None where it may.

    It has had time to show: a sender that lives waits for that (`_later`), and a lease that runs out is longer still.
    """
    row = asked.invitation
    assert row.offered_at is not None
    if connector.find_offer(asked.ticket_id, row.offered_at - SLACK) is not None:
        return LOST
    return UNSURE if row.offer_tries >= MOST_ASKED else None


def _offer(parts: Parts, asked: Wish, connector: Connector) -> bool:
    row = asked.invitation
    found = connector.read_tickets([asked.ticket_id])
    if not found:
        raise NoSurvey("the ticket does not exist any more")
    if not _record(parts, row, lambda _, held: offers.intend(held, parts.clock.now())):
        return False
    try:
        link = connector.offer_survey(found[0], asked.survey_id)
    except Unavailable as error:
        if not error.sent:
            _record(parts, row, lambda _, held: offers.not_asked(held))
        raise
    except ConnectorError:
        _record(parts, row, lambda _, held: offers.not_asked(held))
        raise
    return _keep(parts, row, link)


def _keep(parts: Parts, row: Invitation, link: SurveyLink | None) -> bool:
    if link is None:
        return _record(parts, row, lambda _, held: offers.not_here(held, NO_KIND))
    LOG.info("survey_offered")
    return _record(parts, row, lambda session, held: offers.made(session, held, link.id, link.url))


def _later(parts: Parts, row: Invitation, error: ConnectorError) -> bool:
    """Try again later. Where that was done often enough, our own page is used, and the message goes now."""
    LOG.warning("survey_offer_postponed", error=error)
    if isinstance(error, Unavailable) and error.sent:
        until = real_now() + parts.settings.http_timeout * QUIET
    elif isinstance(error, OverBudget):
        until = parts.connections.governor.over_budget(error.retry_after)
    elif isinstance(error, RateLimited):
        until = parts.connections.governor.rate_limited(row.desk_id, error.retry_after, error.spent)
    else:
        asked = error.retry_after if isinstance(error, Unavailable) else None
        until = real_now() + min(asked or RETRY * 2**row.attempts, LONGEST_WAIT)
    if row.attempts >= MOST_TRIES:
        return _record(parts, row, lambda _, held: offers.not_here(held, f"tried {MOST_TRIES} times: {error}"))
    _postpone(parts, row, until, str(error))
    return False


def _postpone(parts: Parts, row: Invitation, until: datetime, reason: str) -> None:
    with parts.database.desk(row.desk_id) as session:
        held = invitations.held(session, row.id, row.fence, real_now())
        if held is not None:
            invitations.postpone(session, held, until=until, reason=reason)


def _record(parts: Parts, row: Invitation, act: Callable[[Session, Invitation], None]) -> bool:
    """Do this to the invitation where we still hold it; whether we did."""
    with parts.database.desk(row.desk_id) as session:
        held = invitations.held(session, row.id, row.fence, real_now())
        if held is None:
            LOG.warning("claim_lost")
            return False
        act(session, held)
    return True
