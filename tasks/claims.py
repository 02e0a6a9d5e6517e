"""A claimed ticket while a task works on it, and what becomes of the claim when the work does not succeed.

Claim, work without a transaction, record under the fence, settle. An error ends the claim by postponing or burying it;
this is the one place where tasks catch what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.governor import Lane
from app.scoring.context import PLAIN, Context
from app.scoring.model import Model
from app.store import cases, deliveries, desks, tracked_tickets
from app.store.models import DeliveryState, TrackedTicket
from connectors.errors import Conflict, ConnectorError, NotFound, OverBudget, RateLimited, Refused, Unavailable
from tasks.context import context_of
from tasks.parts import Parts, current

LOG = log.get("tasks")

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
CONFLICT_WAIT = timedelta(seconds=1)


class LostClaim(Exception):
    """Another fence holds the ticket now; whatever this task still wanted to store is not stored."""


@dataclass(slots=True, kw_only=True)
class TicketClaim:
    """A ticket that this task holds. `tracked` is the row as it was when the claim was taken, detached."""

    parts: Parts
    tracked: TrackedTicket
    seen: int  #: the event count that this work covers
    waiting: Sequence[deliveries.Waiting]  #: the deliveries that this work covers
    knows_us: bool  #: the desk has told who our own user is there
    model: Model  #: the desk's own, or the prior
    context: Context = PLAIN  #: the desk as scoring sees it
    fields: Mapping[str, str] = field(default_factory=dict)  #: ids of the desk's custom fields, by our names for them
    customer: Mapping[str, str] = field(default_factory=dict)  #: where the desk's fields say what of a customer
    lane: Lane = Lane.RESCORING  #: which of the desk's calls this work's are
    due_at: datetime | None = None  #: when the ticket is to be looked at again, mechanism time

    @property
    def desk_id(self) -> int:
        return self.tracked.desk_id

    def business_now(self) -> datetime:
        return self.parts.clock.now()

    @contextmanager
    def recording(self) -> Iterator[tuple[Session, TrackedTicket]]:
        """A transaction in which the ticket's row is locked under our fence. Raises LostClaim."""
        with self.parts.database.desk(self.desk_id) as session:
            row = tracked_tickets.held(session, self.tracked.id, self.tracked.fence, real_now())
            if row is None:
                raise LostClaim
            yield session, row

    def settle(self, *, read_at: datetime | None = None) -> None:
        """Everything up to `seen` is done; `read_at` is when the helpdesk was read for it (mechanism time)."""
        with self.recording() as (session, row):
            if read_at is not None:
                desks.note_read(session, self.desk_id, read_at)
            if self.waiting:
                deliveries.settle(session, self.waiting, DeliveryState.SETTLED, real_now())
            tracked_tickets.settle(session, row, seen=self.seen, due_at=self.due_at)

    def look_again(self, at: datetime) -> None:
        """Have the ticket looked at once more, no later than then (mechanism time)."""
        self.due_at = min(self.due_at, at) if self.due_at else at


@contextmanager
def ticket(desk_id: int, tracked_id: int, fence: int, *, reads: bool = True) -> Iterator[TicketClaim | None]:
    """The claim of a hint, or None where the hint came late or twice; errors inside end the claim.

    Work that does not read the ticket (`reads` False) settles nothing of what was received, and leaves the time of a
    look that is owed as it was.
    """
    parts = current()
    tokens = log.bind(desk_id=desk_id, tracked_id=tracked_id, fence=fence)
    try:
        with parts.database.desk(desk_id) as session:
            tracked = tracked_tickets.begin(session, tracked_id, fence, real_now(), parts.settings.lease)
            waiting = deliveries.pending(session, tracked.ticket_id) if tracked is not None and reads else ()
            desk, model = desks.get(session, desk_id), parts.models.of(session, desk_id)
            urgent = tracked is not None and reads and cases.find_open(session, tracked_id) is not None
        if tracked is None:
            LOG.info("stale_hint")
            yield None
            return
        claim = TicketClaim(
            parts=parts,
            tracked=tracked,
            seen=tracked.dirty,
            waiting=waiting,
            knows_us=desk.integration_user_id is not None,
            model=model,
            lane=Lane.LIVE if urgent else Lane.RESCORING,
        )
        if not reads:
            claim.seen, claim.due_at = tracked.done, tracked.due_at
        with _ending(claim):
            claim.context, claim.fields = replace(context_of(desk), text=model.text), desk.settings.get("fields", {})
            claim.customer = desk.settings.get("customer", {})
            yield claim
    finally:
        log.unbind(tokens)


@contextmanager
def _ending(claim: TicketClaim) -> Iterator[None]:
    try:
        yield
    except LostClaim:
        LOG.warning("claim_lost")
    except RateLimited as error:
        _postpone(claim, _when_allowed(claim, error), error, counts=False)
    except Unavailable as error:
        _postpone(claim, real_now() + _patience(claim, error.retry_after), error, counts=False)
    except Conflict as error:
        _postpone(claim, real_now() + CONFLICT_WAIT, error, counts=True)
    except Refused as error:
        _refused(claim, error)
    except NotFound as error:
        _bury(claim, error)
    except Exception as error:
        # The task base of this design: whatever else went wrong is logged, counted against the ticket, and tried again.
        LOG.error("ticket_failed", error=error, attempts=claim.tracked.attempts)
        _postpone(claim, real_now() + _backoff(claim.tracked.attempts), error, counts=True)


def _when_allowed(claim: TicketClaim, error: RateLimited) -> datetime:
    """When a call may be made again. Where our own budget said no, only this ticket waits: another lane, or another
    ticket of this one, may have calls left."""
    governor = claim.parts.connections.governor
    if isinstance(error, OverBudget):
        return governor.over_budget(error.retry_after)
    return governor.rate_limited(claim.desk_id, error.retry_after, error.spent)


def _patience(claim: TicketClaim, asked: timedelta | None) -> timedelta:
    """How long to leave a helpdesk alone that does not answer: as long as it asked, else longer the longer it lasts."""
    if asked is not None:
        return min(asked, LONGEST_WAIT)
    since = claim.tracked.first_dirty_at
    waited: timedelta = (real_now() - since) / 4 if since else LONGEST_WAIT / 20
    return min(max(waited, SHORTEST_WAIT), LONGEST_WAIT)


def _backoff(attempts: int) -> timedelta:
    wait: timedelta = min(SHORTEST_WAIT * 2.0 ** min(attempts, 12), LONGEST_WAIT)
    return wait


def _postpone(claim: TicketClaim, until: datetime, error: Exception, *, counts: bool) -> None:
    LOG.warning("ticket_postponed", until=until.isoformat(), error=error, counts=counts)
    with claim.parts.database.desk(claim.desk_id) as session:
        tracked_tickets.postpone(
            session, claim.tracked.id, claim.tracked.fence, until=until, error=_said(error), counts=counts
        )


def _refused(claim: TicketClaim, error: Refused) -> None:
    if not error.auth:
        _bury(claim, error)
        return
    with claim.parts.database.desk(claim.desk_id) as session:
        if desks.pause(session, claim.desk_id, f"the helpdesk refused our credentials: {_said(error)}"):
            LOG.error("desk_paused", reason="credentials refused")
    _postpone(claim, real_now() + SHORTEST_WAIT, error, counts=False)


def _bury(claim: TicketClaim, error: Exception) -> None:
    now = real_now()
    LOG.warning("ticket_given_up", error=error)
    with claim.parts.database.desk(claim.desk_id) as session:
        deliveries.dead(session, claim.tracked.ticket_id, now, _said(error))
        tracked_tickets.bury(session, claim.tracked.id, claim.tracked.fence, now=now, error=_said(error))


def _said(error: Exception) -> str:
    """What an admin may read. A connector's errors are written for people; any other may quote a customer."""
    return str(error) if isinstance(error, ConnectorError) else type(error).__name__
