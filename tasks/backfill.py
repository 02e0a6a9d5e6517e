"""A desk's history brought in: tickets of the past with their messages and ratings, scored at their own times.

Run by `kintsugi desk backfill` in its own process, so it may wait; no worker loads it. History is for learning, norms
and what people went through before: it opens no case, and nothing of it is written anywhere. A ticket that changes
later is the live pipeline's from then on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.governor import Lane
from app.governor.lanes import draw
from app.store import backfills, desks, tombstones, tracked_tickets, walks
from app.store.backfills import Done
from app.store.database import DatabaseUnavailable
from app.store.models import Backfill, Desk
from connectors.base import Connector
from connectors.errors import NotFound, OverBudget, RateLimited, Refused, Unavailable
from connectors.ticket import Changes, Ticket, TicketStatus
from tasks import scoring
from tasks.claims import TicketClaim
from tasks.context import context_of
from tasks.parts import Parts
from tasks.reconcile import beginning

LOG = log.get("backfill")

GONE = frozenset({TicketStatus.DELETED, TicketStatus.SPAM})
CALLS = 3  #: for one ticket: itself, its comments, its ratings
TRIES = 8  #: of one call while the helpdesk does not answer
FIRST_WAIT = timedelta(seconds=2)
LONGEST_NAP = 5.0  #: seconds between two signs of life

T = TypeVar("T")


class Busy(Exception):
    """Somebody else imports this desk's history just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an import stands."""

    since: datetime  #: business time
    until: datetime  #: business time
    reached: datetime  #: business time
    imported: int
    ratings: int
    skipped: int
    failed: int
    running: bool
    finished_at: datetime | None  #: mechanism time
    left: timedelta | None  #: what is left, about; None while nothing can be said
    waiting_until: datetime | None = None  #: mechanism time; the budget or the helpdesk has us wait

    @property
    def share(self) -> float:
        """Of the span, how much was walked; in [0, 1]. The export tells no number of tickets."""
        if self.finished_at is not None:
            return 1.0
        span = (self.until - self.since) / timedelta(seconds=1)
        return min(1.0, max(0.0, (self.reached - self.since) / timedelta(seconds=1) / span)) if span > 0 else 1.0


@dataclass(slots=True, kw_only=True)
class PastClaim(TicketClaim):
    """A claim on a ticket of the past, whose present is its own last moment."""

    at: datetime

    def business_now(self) -> datetime:
        return self.at


Tell = Callable[[Standing], None]
Sleep = Callable[[float], None]


def standing(parts: Parts, desk_id: int) -> Standing | None:
    """How the desk's import stands; None where none was ever asked for."""
    with parts.database.desk(desk_id, read=True) as session:
        row, desk = backfills.find(session), desks.get(session, desk_id)
    return _standing(parts, desk, row, real_now()) if row is not None else None


def run(parts: Parts, desk_id: int, *, since: datetime | None, tell: Tell, sleep: Sleep = time.sleep) -> Standing:
    """Bring the history in, or go on with it; returns once all of it is there.

    May be ended at any moment and run again: what is in stays in, and is not read twice. Raises Busy, and what the
    helpdesk refuses for good.
    """
    with parts.database.desk(desk_id) as session:
        until = beginning(parts, desks.get(session, desk_id), walks.find(session))
        fence = backfills.begin(session, desk_id, real_now(), since=since, until=until)
    if fence is None:
        raise Busy
    work = _Work(parts, desk_id, fence, tell, sleep)
    try:
        with parts.connections.open(desk_id, lane=Lane.BACKFILL) as connector:
            work.walk(connector)
    finally:
        with parts.database.desk(desk_id) as session:
            backfills.leave(session, fence)
    found = standing(parts, desk_id)
    assert found is not None
    return found


def _standing(parts: Parts, desk: Desk, row: Backfill, now: datetime) -> Standing:
    found = Standing(
        since=row.since,
        until=row.until,
        reached=row.reached,
        imported=row.imported,
        ratings=row.ratings,
        skipped=row.skipped,
        failed=row.failed,
        running=row.lease_until is not None and row.lease_until > now,
        finished_at=row.finished_at,
        left=None,
    )
    return replace(found, left=_left(found, row.seconds, calls_per_minute(parts, desk)))


def _left(found: Standing, seconds: float, calls: float) -> timedelta | None:
    """What is left by our pace so far, but no less than the budget of calls allows."""
    if found.finished_at is not None:
        return timedelta(0)
    if not found.share or not found.imported:
        return None
    tickets = found.imported / found.share - found.imported
    by_pace = seconds / found.imported * tickets
    by_budget = tickets * CALLS / calls * 60
    return timedelta(seconds=round(max(by_pace, by_budget)))


def calls_per_minute(parts: Parts, desk: Desk) -> float:
    """What the lane of history may spend of the account's allowance, as far as the helpdesk has told it."""
    budget = parts.connections.budget(desk)
    account = budget.allowances("GET", "/")[0]
    told = next((one for one in parts.connections.governor.standings(desk.id) if one.name == account.bucket), None)
    total = told.total if told is not None and told.total else account.calls
    return draw(account, Lane.BACKFILL, budget.share).cap(total) / (account.window / timedelta(minutes=1))


class _Work:
    """One process's work at a desk's history. Reading and storing take turns."""

    def __init__(self, parts: Parts, desk_id: int, fence: int, tell: Tell, sleep: Sleep) -> None:
        self._parts, self._desk_id, self._fence = parts, desk_id, fence
        self._tell, self._sleep = tell, sleep
        self._since = time.monotonic()
        with parts.database.desk(desk_id, read=True) as session:
            self._desk, self._model = desks.get(session, desk_id), parts.models.of(session, desk_id)
            row = backfills.find(session)
        assert row is not None
        self._row = row

    def walk(self, connector: Connector) -> None:
        """Page after page, each ticket by itself; the cursor moves behind a page whose tickets are all dealt with."""
        while self._row.finished_at is None:
            changes = self._patiently(lambda: connector.read_changes(self._row.cursor, self._row.since))
            over = not changes.more
            for ticket in changes.tickets:
                if ticket.updated_at >= self._row.until:
                    over = True  # the export is in the order of changes: from here on they are the live pipeline's
                    break
                self._note(self._bring_in(connector, ticket), reached=ticket.updated_at)
                self._say()
            self._turn_page(changes, over=over)

    def _bring_in(self, connector: Connector, ticket: Ticket) -> Done:
        """One ticket, read whole; what it was worth."""
        with self._parts.database.desk(self._desk_id, read=True) as session:
            settled = backfills.is_settled(session, ticket.id, real_now())
        if settled:
            return Done()
        if ticket.status in GONE:
            return Done(skipped=1)
        try:
            whole = self._patiently(lambda: connector.read_ticket(ticket.id, with_ratings=True))
            return self._record(whole)
        except NotFound:
            return Done(skipped=1)
        except Refused as error:
            if error.auth:
                raise
            LOG.warning("ticket_refused", desk_id=self._desk_id, ticket_id=ticket.id, error=error)
        except (Unavailable, DatabaseUnavailable):
            raise
        except Exception as error:
            # The base of this command: one ticket that cannot be taken in is named, and must not stop all others.
            LOG.error("ticket_not_imported", desk_id=self._desk_id, ticket_id=ticket.id, error=error)
        return Done(failed=1)

    def _record(self, ticket: Ticket) -> Done:
        if ticket.status in GONE or ticket.merged_into is not None or ticket.updated_at >= self._row.until:
            return Done(skipped=1)
        parts, now = self._parts, real_now()
        with parts.database.desk(self._desk_id) as session:
            erased = tombstones.erased_at(session, ticket.requester.id, ticket.requester.email) is not None
            lease = parts.settings.lease
            tracked = None if erased else backfills.take_ticket(session, self._desk_id, ticket.id, now, lease)
        if tracked is None:
            return Done(skipped=1)
        claim = PastClaim(
            parts=parts,
            tracked=tracked,
            seen=0,
            waiting=(),
            knows_us=True,
            model=self._model,
            context=replace(context_of(self._desk), text=self._model.text),
            fields=self._desk.settings.get("fields", {}),
            lane=Lane.BACKFILL,
            at=ticket.updated_at,
        )
        rated = scoring.record_history(claim, ticket)
        done = Done(imported=1, ratings=rated)
        with claim.recording() as (session, row):
            # Counted with the word that it is in, so that it counts once whatever happens.
            backfills.note(self._held(session), done)
            tracked_tickets.settle(session, row, seen=0, due_at=None)
        return done

    def _turn_page(self, changes: Changes, *, over: bool) -> None:
        with self._parts.database.desk(self._desk_id) as session:
            row = self._held(session)
            row.cursor = changes.cursor or row.cursor
            if over:
                row.finished_at, row.reached = real_now(), row.until
        self._say()

    def _note(self, done: Done, *, reached: datetime | None = None) -> None:
        """A sign of life; what was imported is counted already."""
        spent, self._since = time.monotonic() - self._since, time.monotonic()
        with self._parts.database.desk(self._desk_id) as session:
            row = self._held(session)
            backfills.note(row, replace(done, imported=0, ratings=0, seconds=spent))
            row.reached = max(row.reached, reached or row.reached)

    def _held(self, session: Session) -> Backfill:
        row = backfills.held(session, self._fence, real_now())
        if row is None:
            raise Busy
        self._row = row
        return row

    def _patiently(self, call: Callable[[], T]) -> T:
        """What the call returns, once the budget and the helpdesk let it through."""
        tries = 0
        while True:
            try:
                return call()
            except RateLimited as error:
                self._wait(self._limited_until(error))
            except Unavailable as error:
                tries += 1
                if tries == TRIES:
                    raise
                self._wait(real_now() + (error.retry_after or FIRST_WAIT * 2**tries))

    def _limited_until(self, error: RateLimited) -> datetime:
        governor = self._parts.connections.governor
        if isinstance(error, OverBudget):
            return governor.over_budget(error.retry_after)
        return governor.rate_limited(self._desk_id, error.retry_after, error.spent)

    def _wait(self, until: datetime) -> None:
        """Let time pass with signs of life; this process is nobody's worker."""
        while (left := (until - real_now()).total_seconds()) > 0:
            self._note(Done())
            self._say(waiting_until=until)
            self._sleep(min(left, LONGEST_NAP))

    def _say(self, waiting_until: datetime | None = None) -> None:
        said = _standing(self._parts, self._desk, self._row, real_now())
        self._tell(replace(said, waiting_until=waiting_until))
