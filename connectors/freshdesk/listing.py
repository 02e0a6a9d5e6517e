"""A walk along the tickets that changed, list by list: the ordinary ones, then spam, then the trash.

Freshdesk's list has no cursor, and its pages shift under a walk while tickets change. So the cursor is the time of the
last change seen, and a page's number only where a whole page falls into one second. The lists end at a ceiling of
pages, which this way is never reached. https://developers.freshdesk.com/api/#list_all_tickets
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.answers import sensible
from connectors.errors import NotFound, Refused, Unavailable
from connectors.freshdesk import mapping, ratings
from connectors.freshdesk.api import PAGE, Api
from connectors.freshdesk.mapping import TicketBody
from connectors.ticket import Changes, Rated, Ticket, TicketStatus
from connectors.wire import parse_instant

#: A change can show up in the list later than one that came after it.
OVERLAP = timedelta(minutes=1)
LAST_PAGE = 300  #: the vendor's ceiling
_LISTS: tuple[tuple[str, TicketStatus | None], ...] = (
    ("", None),
    ("spam", TicketStatus.SPAM),
    ("deleted", TicketStatus.DELETED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a walk is: per list the time to read from, which list it is in, and which page of that time."""

    times: tuple[datetime, ...]
    kept: tuple[datetime, ...]  #: per list the time from which a later walk has to read, see `Connector.read_changes`
    which: int = 0
    page: int = 1

    @classmethod
    def of(cls, cursor: str | None, since: datetime) -> Place:
        """From a cursor, else from the beginning. Raises Unavailable for a text that is no cursor of ours."""
        if not cursor:
            return cls(times=(since,) * len(_LISTS), kept=(since,) * len(_LISTS))
        with sensible():
            told = json.loads(cursor)
            times = _times(told["times"])
            kept = _times(told.get("kept", told["times"]))
            return cls(times=times, kept=kept, which=int(told["which"]) % len(_LISTS), page=int(told["page"]))

    def cursor(self) -> str:
        times, kept = ([_text(time) for time in these] for these in (self.times, self.kept))
        return json.dumps({"times": times, "kept": kept, "which": self.which, "page": self.page})

    @property
    def again(self) -> Place:
        """Where a later walk begins: here, unless it has to hear of something again."""
        return self if self.kept == self.times else Place(times=self.kept, kept=self.kept)

    def after(self, page: Sequence[Ticket], settled: datetime | None = None) -> Place:
        """The place after this page; the first list again, a little earlier, once all are read."""
        walked = self._walked(page)
        if settled is None:
            return walked
        kept = max(self.kept[self.which], min(walked.times[self.which], settled))
        return replace(walked, kept=_with(self.kept, self.which, kept))

    def _walked(self, page: Sequence[Ticket]) -> Place:
        start = self.times[self.which]
        last = max((ticket.updated_at for ticket in page), default=start)
        if len(page) == PAGE:
            if last > start:
                return self._at(last)
            if self.page >= LAST_PAGE:
                raise Unavailable(f"more than {LAST_PAGE * PAGE} tickets changed within one second")
            return replace(self, page=self.page + 1)
        here = self._at(max(start, last - OVERLAP) if page else start)
        return replace(here, which=(self.which + 1) % len(_LISTS))

    def _at(self, moment: datetime) -> Place:
        return replace(self, times=_with(self.times, self.which, moment), page=1)


def read_page(
    api: Api, place: Place, neutral: Callable[[TicketBody], TicketStatus], settled: datetime | None
) -> Changes:
    """One page of the walk."""
    name, ended = _LISTS[place.which]
    params = {"updated_since": _text(place.times[place.which]), "order_by": "updated_at", "order_type": "asc"}
    page = api.page("tickets", place.page, params | ({"filter": name} if name else {}), of="changed tickets")
    with sensible():
        tickets = tuple(_ticket(body, ended, neutral) for body in page)
    following = place.after(tickets, settled)
    done = place.which == len(_LISTS) - 1 and following.which == 0
    kept = following.again.cursor() if settled else None
    return Changes(tickets=tickets, cursor=following.cursor(), more=not done, kept=kept)


def read_rated(api: Api, cursor: str | None, since: datetime) -> Rated:
    """One page of the ratings given since then; the cursor is a page's number, since what is given stays where it is.

    An account without surveys, or a role that may not see them, has none.
    """
    number = int(cursor) if cursor and cursor.isdecimal() else 1
    try:
        page = api.page("surveys/satisfaction_ratings", number, {"created_since": _text(since)}, of="ratings")
    except (NotFound, Refused) as error:
        if isinstance(error, Refused) and error.auth:
            raise
        page = []
    # How good a code is depends on its survey, which whoever reads the ticket will ask; here it only has to be known.
    built = ((one.ticket_id, ratings.build_rating(one, {})) for one in ratings.read_all(page))
    found = tuple((ticket_id, rating) for ticket_id, rating in built if ticket_id is not None and rating is not None)
    more = len(page) == PAGE and number < LAST_PAGE
    return Rated(ratings=found, cursor=str(number + 1) if more else "", more=more)


def _ticket(
    body: Mapping[str, Any], ended: TicketStatus | None, neutral: Callable[[TicketBody], TicketStatus]
) -> Ticket:
    """A listed ticket; that it stands in the trash or among spam is told by the list, whatever its own flags say."""
    found = mapping.read_ticket_body(body)
    return replace(found.ticket, status=ended or neutral(found))


def _with(times: Sequence[datetime], which: int, moment: datetime) -> tuple[datetime, ...]:
    return (*times[:which], moment, *times[which + 1 :])


def _times(texts: Sequence[str]) -> tuple[datetime, ...]:
    return tuple(parse_instant(texts[which]) for which in range(len(_LISTS)))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
