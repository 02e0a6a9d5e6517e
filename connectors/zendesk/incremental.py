"""What changed at a Zendesk account, page by page: its incremental export of tickets, and its lists of ratings.

zenpy's generator of the export hides the cursor, which is all that a walk has to remember, so these calls are our own.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-export-cursor-based
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError

from connectors.errors import NotFound, Refused, Unavailable
from connectors.ticket import Changes, Person, Rated, Rating, Ticket, TicketStatus
from connectors.wire import parse_instant
from connectors.zendesk import mapping, ratings
from connectors.zendesk.answers import sensible

#: Asks for a path with a query; returns the answer's JSON object.
Get = Callable[[str, Mapping[str, str]], Mapping[str, Any]]

TICKETS = 200  #: in a page; the vendor gives up to 1,000
RATINGS = 100
#: The export takes no start that is less than a minute old.
NEWEST_START = timedelta(seconds=61)

SURVEYS, LEGACY = "surveys", "legacy"


def read_changes(get: Get, cursor: str | None, since: datetime, now: datetime) -> Changes:
    """One page of the export. A cursor from the end of the stream goes on with whatever changes after it."""
    start = min(since, now - NEWEST_START)
    begin = {"cursor": cursor} if cursor else {"start_time": str(max(0, int(start.timestamp())))}
    body = get("incremental/tickets/cursor.json", {**begin, "per_page": str(TICKETS)})
    rows, after = body.get("tickets"), body.get("after_cursor")
    if not isinstance(rows, list):
        raise Unavailable("the helpdesk's answer has no list of tickets")
    if not after and not cursor and rows:
        raise Unavailable("the helpdesk's answer has no after_cursor")
    with sensible():
        tickets = tuple(map(_ticket, rows))
    return Changes(
        tickets=tickets, cursor=str(after or cursor or ""), more=bool(rows) and body.get("end_of_stream") is False
    )


def _ticket(body: Any) -> Ticket:
    """A ticket of the export. One that makes no sense is known by its id all the same: the walk must not stop at it,
    and whoever then reads it alone finds out what is wrong."""
    try:
        return mapping.read_ticket_body(body)
    except ValidationError:
        stamp = str(body["updated_at"])
        at = parse_instant(stamp)
        deleted = str(body.get("status")).lower() in ("deleted", "scrubbed")
        return Ticket(
            id=str(int(body["id"])),
            subject="",
            status=TicketStatus.DELETED if deleted else TicketStatus.OPEN,
            priority=None,
            channel="",
            requester=Person(id="0"),
            assignee_id=None,
            group_id=None,
            created_at=at,
            updated_at=at,
            stamp=stamp,
        )


def read_rated(get: Get, cursor: str | None, since: datetime) -> Rated:
    """One page of survey responses offered since then, and after the last one the legacy ratings changed since then.

    A response can be filtered by the time of its offer alone, so `since` has to reach back as far as offers stay open.
    """
    system, _, page = (cursor or f"{SURVEYS}:").partition(":")
    if system == SURVEYS:
        try:
            return _survey_page(get, page, since)
        except (NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                raise
            page = ""  # no surveys in this plan, or not for this role
    try:
        return _legacy_page(get, page, since)
    except (NotFound, Refused) as error:
        if isinstance(error, Refused) and error.auth:
            raise
        return Rated(ratings=(), cursor="", more=False)


def _survey_page(get: Get, page: str, since: datetime) -> Rated:
    start = str(int(since.timestamp() * 1000))
    query = {"filter[created_at_start]": start, "page[size]": str(RATINGS), **_after(page)}
    rows, after = _listed(get("guide/survey_responses", query), "survey_responses")
    with sensible():
        read = [(_subject(row), ratings.read_survey_rating(row)) for row in rows]
    return Rated(ratings=_given(read), cursor=f"{SURVEYS}:{after}" if after else f"{LEGACY}:", more=True)


def _legacy_page(get: Get, page: str, since: datetime) -> Rated:
    query = {"start_time": str(int(since.timestamp())), "page[size]": str(RATINGS), **_after(page)}
    rows, after = _listed(get("satisfaction_ratings.json", query), "satisfaction_ratings")
    with sensible():
        read = [(str(row["ticket_id"]), ratings.read_rating_row(row)) for row in rows]
    return Rated(ratings=_given(read), cursor=f"{LEGACY}:{after}" if after else "", more=bool(after))


def _after(page: str) -> dict[str, str]:
    return {"page[after]": page} if page else {}


def _listed(body: Mapping[str, Any], name: str) -> tuple[Sequence[Any], str]:
    """The rows of a page by cursor, and the cursor after it; empty on the last page."""
    rows, meta = body.get(name), body.get("meta")
    if not isinstance(rows, list):
        raise Unavailable(f"the helpdesk's answer has no list of {name}")
    more = isinstance(meta, Mapping) and meta.get("has_more") is True
    return rows, str(meta.get("after_cursor") or "") if more and isinstance(meta, Mapping) else ""


def _subject(response: Mapping[str, Any]) -> str:
    """The ticket that a survey is about; empty where it is about something else."""
    zrns = response.get("subject_zrns") or [subject.get("zrn") for subject in response.get("subjects") or ()]
    found = [str(zrn).removeprefix("zen:ticket:") for zrn in zrns if str(zrn).startswith("zen:ticket:")]
    return found[0] if found else ""


def _given(read: Sequence[tuple[str, Rating | None]]) -> tuple[tuple[str, Rating], ...]:
    return tuple((ticket_id, rating) for ticket_id, rating in read if ticket_id and rating is not None)
