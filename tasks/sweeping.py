"""Reading a desk in bulk while more of it is due than single reads allow, so that calls per message fall with load.

What is read in bulk goes the way of every look (`inbox.take_in`); only state tags that are all there is to write on a
ticket are gathered and go by the hundred. The rows are the truth here too: a sweep holds nothing but its desk's sweep
and the one ticket it is at, and what it does not get to stays due.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from celery import shared_task

from app import log
from app.clock import real_now
from app.governor import Lane
from app.store import desks, messages, sweeps
from app.store.sweeps import Seen
from connectors.base import Connector
from connectors.errors import Conflict, NotFound, OverBudget, RateLimited, Refused, Unavailable
from connectors.ticket import Author, Message, Ticket, TicketStatus, Write
from tasks import claims, fates, inbox, performing
from tasks.claims import TicketClaim
from tasks.parts import Parts, current

LOG = log.get("sweep")

CROWD = 20  #: fewer due tickets of a desk are read one by one, but for those with tags to verify
MOST = 1000  #: tickets in one sweep
CHUNK = 100  #: in one call
ALONE = 10  #: tickets of a sweep that are read one by one where reading in bulk fails
KEEP = 20  #: tickets after which the desk's sweep is held on to anew
MOST_PAGES = 5  #: of new messages
#: Bulk reads leave out what is younger than a minute.
YOUNG = timedelta(seconds=65)
#: A webhook tells of a message this much later at most, or the message is read with its ticket alone.
LATE = timedelta(minutes=5)
#: Tags written in bulk come without a receipt: this long afterwards another bulk read tells whether they are there.
VERIFY = timedelta(seconds=90)
PAUSE = timedelta(seconds=1)

ENDED = frozenset({TicketStatus.CLOSED, TicketStatus.DELETED, TicketStatus.SPAM})


@dataclass(slots=True, kw_only=True)
class Sweep:
    """What one sweep reads and still has to write."""

    parts: Parts
    desk_id: int
    fence: int
    began: datetime
    tickets: dict[str, Ticket] = field(default_factory=dict)
    said: dict[str, dict[str, Message]] = field(default_factory=dict)
    stored: Mapping[int, frozenset[str]] = field(default_factory=dict)
    writes: dict[str, Write] = field(default_factory=dict)
    claim: TicketClaim | None = None
    wait: timedelta | None = None  #: our budget has nothing left for reading on

    @property
    def lane(self) -> Lane:
        return self.claim.lane if self.claim is not None else Lane.RESCORING

    def keep(self) -> bool:
        """Go on holding the desk's sweep; False where it is not ours any more."""
        now = real_now()
        with self.parts.database.desk(self.desk_id) as session:
            return sweeps.hold(session, self.desk_id, self.fence, now, now + self.parts.settings.lease)

    def end(self, wait: timedelta) -> None:
        """No sweep of the desk until then."""
        now = real_now()
        with self.parts.database.desk(self.desk_id) as session:
            sweeps.hold(session, self.desk_id, self.fence, now, now + wait)


@shared_task(name="sweeping.sweep")
def sweep(desk_id: int, fence: int) -> None:
    """Read what is due on the desk in bulk, and do what follows from it."""
    parts = current()
    tokens = log.bind(desk_id=desk_id, fence=fence)
    try:
        under_way = Sweep(parts=parts, desk_id=desk_id, fence=fence, began=real_now())
        if not under_way.keep():
            LOG.info("stale_hint")
            return
        with _ending(under_way), parts.connections.open(desk_id, lane=lambda: under_way.lane) as connector:
            _run(under_way, connector)
    finally:
        log.unbind(tokens)


@contextmanager
def _ending(under_way: Sweep) -> Iterator[None]:
    """Whatever ends a sweep, its desk is given back, at the latest when the helpdesk may be asked again."""
    try:
        yield
    except OverBudget as error:
        under_way.wait = error.retry_after
    except RateLimited as error:
        under_way.parts.connections.governor.rate_limited(under_way.desk_id, error.retry_after, error.spent)
    except Refused as error:
        LOG.warning("sweep_refused", error=error)
        if error.auth:
            with under_way.parts.database.desk(under_way.desk_id) as session:
                desks.pause(session, under_way.desk_id, f"the helpdesk refused our credentials: {error}")
        under_way.wait = PAUSE * 5
    except (Unavailable, Conflict, NotFound) as error:
        # One ticket's own trouble ended its claim; this is the desk's, and single looks know what to do about it.
        LOG.warning("sweep_failed", error=error)
        under_way.wait = PAUSE * 5
    finally:
        under_way.end(under_way.wait or timedelta(0))


def _run(under_way: Sweep, connector: Connector) -> None:
    with under_way.parts.database.desk(under_way.desk_id, read=True) as session:
        due = sweeps.due(session, real_now(), MOST)
    if sum(one.owed for one in due) < CROWD:
        # Single looks bring these few sooner than the helpdesk's export does.
        due = [one for one in due if not one.owed]
    if not _read(under_way, connector, due):
        due = due[:ALONE]
    with under_way.parts.database.desk(under_way.desk_id, read=True) as session:
        under_way.stored = messages.ids_of(session, [one.tracked_id for one in due])
    done = 0
    for place, one in enumerate(due):
        if place % KEEP == 0 and not under_way.keep():
            break
        done += _handle(under_way, connector, one)
        if len(under_way.writes) >= CHUNK:
            _write(under_way, connector)
    _write(under_way, connector)
    LOG.info("swept", due=len(due), read=len(under_way.tickets), done=done)


def _read(under_way: Sweep, connector: Connector, due: Sequence[Seen]) -> bool:
    """The tickets by the hundred; and where somebody wrote on them, what was said, as far back as our oldest event.

    False where the helpdesk does not let us: exports need rights that single reads do not, and a desk whose bulk reads
    fail for good must not stand still for that.
    """
    try:
        for place in range(0, len(due), CHUNK):
            chunk = [one.ticket_id for one in due[place : place + CHUNK]]
            under_way.tickets |= {ticket.id: ticket for ticket in connector.read_tickets(chunk)}
        told = [one.first_dirty_at for one in due if one.owed and one.first_dirty_at is not None]
        if told:
            _read_said(under_way, connector, min(told))
    except OverBudget as error:
        under_way.wait = error.retry_after
    except RateLimited:
        raise
    except (Unavailable, Conflict, Refused, NotFound) as error:
        if isinstance(error, Refused) and error.auth:
            raise
        LOG.warning("bulk_read_failed", error=error)
        return False
    return True


def _read_said(under_way: Sweep, connector: Connector, first: datetime) -> None:
    start = under_way.parts.clock.now() - (real_now() - first) - LATE
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = connector.read_said(cursor, start)
        for ticket_id, said in page.messages.items():
            under_way.said.setdefault(ticket_id, {}).update({message.id: message for message in said})
        cursor = page.cursor
        if not page.more:
            return


def _handle(under_way: Sweep, connector: Connector, seen: Seen) -> bool:
    """Do what there is to do on one ticket. False where it is left for later."""
    ticket = _whole(under_way, seen)
    now = real_now()
    if ticket is None and under_way.wait is not None:
        return False
    young = _young(under_way, seen) if ticket is None else None
    with under_way.parts.database.desk(under_way.desk_id) as session:
        if young is not None:
            sweeps.put_off(session, seen, now + young)
            return False
        fence = sweeps.take(session, seen, now, now + under_way.parts.settings.lease)
    if fence is None:
        return False
    with claims.ticket(under_way.desk_id, seen.tracked_id, fence) as claim:
        if claim is None:
            return False
        under_way.claim = claim
        # What came between the two transactions is in the claim, and not in what was read before.
        if ticket is None or claim.seen != seen.dirty or _needs_more(claim, ticket):
            inbox.look_at(claim, connector)
        elif _only_verifies(seen, ticket):
            _note_verified(claim, ticket)
            _perform(under_way, claim, ticket, connector)
        else:
            inbox.take_in(claim, ticket, connector, perform=lambda *what: _perform(under_way, *what))
        claim.settle(read_at=real_now())
    under_way.claim = None
    return True


def _note_verified(claim: TicketClaim, ticket: Ticket) -> None:
    """Our own tags were the ticket's last change, so a walk through all changes has nothing to find here."""
    with claim.recording() as (_, row):
        if (row.assignee_id, row.group_id, row.priority) == (ticket.assignee_id, ticket.group_id, ticket.priority):
            row.changed_at = ticket.updated_at


def _perform(under_way: Sweep, claim: TicketClaim, ticket: Ticket, connector: Connector) -> None:
    """Gather what is only a tag; everything else is performed at once, as after any look."""
    write = performing.marks_alone(claim, ticket)
    if write is None:
        performing.perform(claim, ticket, connector)
        return
    if not write.empty:
        under_way.writes[ticket.id] = write
        # All of a sweep at the same moment, so that one bulk read verifies them.
        claim.look_again(max(under_way.began + VERIFY, real_now() + VERIFY / 3))
    if not write.empty or claim.tracked.marked_at is not None:
        with claim.recording() as (_, row):
            row.marked_at = None if write.empty else real_now()


def _write(under_way: Sweep, connector: Connector) -> None:
    """Send the gathered tags. What cannot be sent now is found missing when its ticket is verified."""
    writes, under_way.writes = under_way.writes, {}
    if not writes:
        return
    try:
        connector.write_many(writes)
    except (RateLimited, Unavailable, Refused) as error:
        LOG.warning("tags_not_sent", tickets=len(writes), error=error)


def _whole(under_way: Sweep, seen: Seen) -> Ticket | None:
    """The ticket with its new messages, if it was read in bulk and nothing of it is missing."""
    ticket = under_way.tickets.get(seen.ticket_id)
    if ticket is None or ticket.message_count is None:
        return None
    stored = under_way.stored.get(seen.tracked_id, frozenset())
    new = [one for one in under_way.said.get(ticket.id, {}).values() if one.id not in stored]
    if len(stored) + len(new) != ticket.message_count:
        return None
    if any(one.author is Author.SYSTEM and one.author_id == ticket.requester.id for one in new):
        return None  # whose words those are, only the ticket's own comments tell
    return replace(ticket, messages=tuple(sorted(new, key=lambda one: (one.at, len(one.id), one.id))))


def _young(under_way: Sweep, seen: Seen) -> timedelta | None:
    """How long until a bulk read will have all of it, where the ticket changed within the last minute."""
    ticket = under_way.tickets.get(seen.ticket_id)
    if ticket is None or ticket.message_count is None or ticket.status in ENDED:
        return None
    left = ticket.updated_at + YOUNG - under_way.parts.clock.now()
    return left if timedelta(0) < left <= YOUNG else None


def _needs_more(claim: TicketClaim, ticket: Ticket) -> bool:
    """What a bulk read does not bring: ratings, an end, a conversation to be read anew, who we are."""
    if ticket.status in ENDED or fates.starts_over(claim) or claim.tracked.erased_at is not None or not claim.knows_us:
        return True
    if claim.tracked.read_at is None:
        return ticket.status is TicketStatus.SOLVED
    return inbox.wants_ratings(claim)


def _only_verifies(seen: Seen, ticket: Ticket) -> bool:
    """Whether nothing happened to the ticket, but for the tags that we wrote ourselves."""
    return not seen.owed and not ticket.messages and ticket.status == seen.status
