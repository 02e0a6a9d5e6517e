"""Nothing missed: a walk through everything that changed at a desk's helpdesk, which finds what no webhook told.

A page of changes is compared with what we have read. What is missing goes the way of a webhook: its ticket is marked
and looked at. The cursor moves in the transaction that marked the page's tickets, so a crash loses nothing and doubles
nothing. Nothing is read, scored or written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from celery import shared_task
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.governor import Lane
from app.store import desks, gaps, walks
from app.store.database import Purpose
from app.store.models import Desk, Reconcile, TrackedTicket
from connectors.base import Connector
from connectors.errors import ConnectorError, OverBudget, RateLimited, Refused
from connectors.ticket import Changes, Rated, Rating, Ticket, TicketStatus
from tasks.inbox import RATING
from tasks.parts import Parts, current

LOG = log.get("reconcile")

PAGES = 5  #: of changed tickets in one turn of a desk
RATED_PAGES = 2  #: of ratings in one turn
FIRST_REACH = timedelta(days=3)  #: how far back a desk is walked that was connected long ago
RATED_REACH = timedelta(days=28)  #: how far back ratings are asked for; offers stay open as long
#: Between our clock and the helpdesk's, when our own write is told from somebody else's.
SLACK = timedelta(seconds=2)
AFTER_TROUBLE = timedelta(minutes=5)
AFTER_REFUSAL = timedelta(hours=1)

GONE = frozenset({TicketStatus.DELETED, TicketStatus.SPAM})
OVER = GONE | {TicketStatus.CLOSED}


class Verdict(StrEnum):
    """What a change in the export is to us."""

    SEEN = "seen"
    YOUNG = "young"  # its webhook may be on its way
    BUSY = "busy"  # somebody looks at the ticket just now, and may have read it before
    MISSED = "missed"


class LostTurn(Exception):
    """Another worker has the desk's turn now; whatever this one still wanted to store is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a page is judged by."""

    began_at: datetime  #: business time; what changed earlier is history
    now: datetime  #: business time
    grace: timedelta
    real: datetime  #: mechanism time


@shared_task(name="reconcile.walk")
def walk() -> None:
    """A turn for every desk that is due, one after another."""
    parts = current()
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        due = walks.due_desks(session, real_now())
    for desk_id in due:
        turn(parts, desk_id)


def turn(parts: Parts, desk_id: int) -> bool:
    """Walk a bounded number of pages; True when the present was reached. False too where it is another one's turn."""
    with parts.database.desk(desk_id) as session:
        began_at = beginning(parts, desks.get(session, desk_id), walks.find(session))
        row = walks.begin(session, desk_id, real_now(), began_at=began_at)
    if row is None:
        return False
    tokens = log.bind(desk_id=desk_id)
    try:
        return _walk(_Turn(parts, row))
    finally:
        log.unbind(tokens)


def beginning(parts: Parts, desk: Desk, row: Reconcile | None) -> datetime:
    """From when on a change is news: since the desk was connected, in whatever time the desk lives."""
    if row is not None:
        return row.began_at
    now = parts.clock.now()
    return min(max(desk.created_at, now - FIRST_REACH), now)


def _walk(mine: _Turn) -> bool:
    arrived, until, error = False, None, None
    try:
        with mine.parts.connections.open(mine.desk_id, lane=Lane.RECONCILE) as connector:
            arrived = mine.tickets(connector)
            mine.ratings(connector)
    except LostTurn:
        LOG.warning("turn_lost")
        return False
    except ConnectorError as trouble:
        until, error = _after(mine, trouble), str(trouble)
        LOG.warning("walk_postponed", until=until.isoformat(), error=trouble)
    except Exception as trouble:
        # The base of this task: whatever else went wrong is logged and shown, and the page is walked again.
        until, error = real_now() + AFTER_TROUBLE, type(trouble).__name__
        LOG.error("walk_failed", error=trouble)
    mine.leave(arrived=arrived, until=until, error=error)
    return arrived


def _after(mine: _Turn, error: ConnectorError) -> datetime:
    """When to go on after the helpdesk, or our own budget, said no."""
    governor = mine.parts.connections.governor
    if isinstance(error, OverBudget):
        return governor.over_budget(error.retry_after)
    if isinstance(error, RateLimited):
        return governor.rate_limited(mine.desk_id, error.retry_after, error.spent)
    if not isinstance(error, Refused):
        return real_now() + AFTER_TROUBLE
    if error.auth:
        with mine.parts.database.desk(mine.desk_id) as session:
            desks.pause(session, mine.desk_id, f"the helpdesk refused our credentials: {error}")
    return real_now() + AFTER_REFUSAL


class _Turn:
    """One worker's turn at a desk. Reading and storing take turns: no connection is held during a call."""

    def __init__(self, parts: Parts, row: Reconcile) -> None:
        self.parts, self.desk_id = parts, row.desk_id
        self._fence, self._began_at = row.fence, row.began_at
        self._cursor, self._rated_cursor, self._rated_since = row.cursor, row.rated_cursor, row.rated_since

    def tickets(self, connector: Connector) -> bool:
        """Walk on from the cursor; True when everything was dealt with whose webhook had time to come.

        Behind a change that is too young to be judged the walk goes on, but what is stored stays before it.
        """
        cursor, held = self._cursor, False
        for _ in range(PAGES):
            settled = self.parts.clock.now() - self.parts.settings.reconcile_grace
            changes = connector.read_changes(cursor, self._began_at, settled)
            held = self._take(changes, held=held)
            cursor = changes.cursor
            if not changes.more:
                return True
        return False

    def ratings(self, connector: Connector) -> None:
        """Walk on through the ratings; after the last page the next turn begins anew."""
        since = self._rated_since
        if since is None or self._rated_cursor is None:
            since, self._rated_cursor = self.parts.clock.now() - RATED_REACH, None
        for _ in range(RATED_PAGES):
            rated = connector.read_rated(self._rated_cursor, since)
            self._take_ratings(rated, since)
            if not rated.more:
                return

    def leave(self, *, arrived: bool, until: datetime | None, error: str | None) -> None:
        """Give the turn back."""
        now = real_now()
        every = self.parts.settings.reconcile_every
        with self.parts.database.desk(self.desk_id) as session:
            row = walks.held(session, self._fence, now)
            if row is not None:
                due_at = until or (now + every if arrived else now)
                walks.finish(row, due_at=due_at, arrived_at=now if arrived else None, error=error)

    def _take(self, changes: Changes, *, held: bool) -> bool:
        """Mark what was missed on a page, and move on behind it, unless the cursor is `held` before it.

        Returns whether it is held from now on: something on the page may be too young to be judged.
        """
        moment = self._moment()
        with self.parts.database.desk(self.desk_id) as session:
            row = self._held(session, moment.real)
            rows = gaps.tracked(session, [ticket.id for ticket in changes.tickets])
            judged = [(ticket, judge(ticket, rows.get(ticket.id), moment)) for ticket in changes.tickets]
            missed = self._mark(session, judged, moment.real)
            held = held or any(verdict is Verdict.YOUNG for _, verdict in judged)
            if changes.kept is not None or not held:
                row.cursor = self._cursor = changes.kept or changes.cursor
            gaps.count(session, self.desk_id, moment.real, tickets=len(missed))
        if missed:
            LOG.warning("webhooks_missed", tickets=missed)
        return held

    def _mark(self, session: Session, judged: Sequence[tuple[Ticket, Verdict]], now: datetime) -> list[str]:
        """Have tickets looked at; returns the ids of those that nobody told us of."""
        missed = []
        for ticket, verdict in judged:
            if verdict in (Verdict.MISSED, Verdict.BUSY):
                marked = gaps.look_at(session, self.desk_id, ticket.id, ticket.stamp, now)
                if marked and verdict is Verdict.MISSED:
                    missed.append(ticket.id)
        return missed

    def _take_ratings(self, rated: Rated, since: datetime) -> None:
        moment = self._moment()
        with self.parts.database.desk(self.desk_id) as session:
            row = self._held(session, moment.real)
            missed = [
                ticket_id
                for ticket_id, mark in missed_ratings(session, rated.ratings, moment)
                if gaps.look_at(session, self.desk_id, ticket_id, mark, moment.real)
            ]
            row.rated_cursor = self._rated_cursor = rated.cursor if rated.more else None
            row.rated_since = self._rated_since = since if rated.more else None
            gaps.count(session, self.desk_id, moment.real, ratings=len(missed))
        if missed:
            LOG.warning("rating_webhooks_missed", tickets=missed)

    def _held(self, session: Session, now: datetime) -> Reconcile:
        row = walks.held(session, self._fence, now)
        if row is None:
            raise LostTurn
        return row

    def _moment(self) -> Moment:
        return Moment(
            began_at=self._began_at,
            now=self.parts.clock.now(),
            grace=self.parts.settings.reconcile_grace,
            real=real_now(),
        )


def judge(ticket: Ticket, row: TrackedTicket | None, moment: Moment) -> Verdict:
    """Whether we know of a ticket's last change."""
    if _is_seen(ticket, row, moment):
        return Verdict.SEEN
    if moment.now - ticket.updated_at < moment.grace:
        return Verdict.YOUNG
    return Verdict.BUSY if row is not None and _is_looked_at(row, moment) else Verdict.MISSED


def _is_seen(ticket: Ticket, row: TrackedTicket | None, moment: Moment) -> bool:
    if row is None:
        # What has not changed since we came is history, and of a ticket that ended unheard there is nothing to win.
        return ticket.updated_at < moment.began_at or ticket.status in OVER
    if row.erased_at is not None or row.missed_stamp == ticket.stamp:
        return True
    if ticket.status in GONE and (row.gone_at is not None or row.dead_at is not None):
        return True
    if _read_or_written(row, ticket):
        return True
    # A look that is still to come reads this change too.
    return row.due_at is not None and row.dead_at is None and not _is_looked_at(row, moment)


def _is_looked_at(row: TrackedTicket, moment: Moment) -> bool:
    return row.due_at is not None and row.lease_until is not None and row.lease_until >= moment.real


def _read_or_written(row: TrackedTicket, ticket: Ticket) -> bool:
    if row.written_at is not None and ticket.updated_at <= row.written_at + SLACK:
        return True
    if row.changed_at is None:  # last read before such times were kept
        return row.stamp == ticket.stamp or (row.read_at is not None and ticket.updated_at <= row.read_at)
    return ticket.updated_at <= row.changed_at


def missed_ratings(session: Session, given: Sequence[tuple[str, Rating]], moment: Moment) -> Sequence[tuple[str, str]]:
    """Ratings that are news and whose webhook had time to come: ids of tickets, each with a mark of its rating."""
    fresh = [
        (ticket_id, f"{rating.id}:{rating.original}")
        for ticket_id, rating in given
        if moment.began_at <= rating.at <= moment.now - moment.grace
    ]
    ticket_ids = [ticket_id for ticket_id, _ in fresh]
    known = gaps.known_ratings(session, [mark for _, mark in fresh])
    told = gaps.told_of(session, ticket_ids, RATING)
    rows = gaps.tracked(session, ticket_ids)
    return [
        (ticket_id, f"rating {mark}"[:128])
        for ticket_id, mark in fresh
        if mark not in known and ticket_id not in told and not _rating_is_coming(rows.get(ticket_id))
    ]


def _rating_is_coming(row: TrackedTicket | None) -> bool:
    """Whether ratings are to be read anyway, or never again."""
    if row is None:
        return False
    gone = row.erased_at is not None or row.gone_at is not None
    return gone or (row.dead_at is None and (row.rating_dirty or 0) > row.done)
