"""Many tickets at once: read by their ids, their new comments from the incremental export, their tags by a job.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#show-multiple-tickets (and #update-many-tickets),
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-event-export
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError

from connectors.answers import number
from connectors.errors import RateLimited, Refused
from connectors.ticket import Message, Person, Said, Ticket, Write
from connectors.zendesk import changes, mapping
from connectors.zendesk.answers import sensible
from connectors.zendesk.mapping import CommentBody

MOST = 100
#: The export leaves the last minute out and refuses to begin in it.
YOUNGEST = timedelta(seconds=61)
#: Of the 30 that an account may have queued or running, for all of its integrations.
MOST_JOBS = 4
JOB_WAIT = timedelta(seconds=5)

#: Path and query -> the answer's JSON object.
Get = Callable[[str, Mapping[str, str]], Mapping[str, Any]]
Put = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class Bulk:
    """One connector's bulk calls, and whom it met in them: whose words a comment is takes the ticket and its people."""

    def __init__(self, *, get: Get, put: Put, login: str, own_ids: set[str]) -> None:
        self._get, self._put, self._login, self._own_ids = get, put, login, own_ids
        self._tickets: dict[str, Ticket] = {}
        self._people: dict[str, Person] = {}
        self._jobs: list[str] = []

    def read_tickets(self, ticket_ids: Sequence[str]) -> Sequence[Ticket]:
        ids = ",".join(str(number(ticket_id)) for ticket_id in _at_most(ticket_ids))
        if not ids:
            return ()
        body = self._get("tickets/show_many.json", {"ids": ids, "include": "users,organizations,comment_count"})
        with sensible():
            self._people |= mapping.read_people(body)
            found = [self._ticket(one, body) for one in body["tickets"]]
        self._tickets |= {ticket.id: ticket for ticket in found}
        return found

    def _ticket(self, body: Mapping[str, Any], answer: Mapping[str, Any]) -> Ticket:
        ticket, count = mapping.read_ticket_body(body), body.get("comment_count")
        return replace(
            ticket,
            requester=self._people.get(ticket.requester.id, ticket.requester),
            message_count=count if isinstance(count, int) else None,
            customer=mapping.read_customer(answer, ticket),
        )

    def read_said(self, since: str | None, start: datetime, now: datetime) -> Said:
        begin = since if since is not None else str(int(min(start, now - YOUNGEST).timestamp()))
        if int(number(begin)) > (now - YOUNGEST).timestamp():
            return Said(messages={}, cursor=begin, more=False)
        query = {"start_time": begin, "include": "comment_events"}
        body = self._get("incremental/ticket_events.json", query)
        with sensible():
            comments = [(str(ticket_id), one) for ticket_id, one in _comments(body["ticket_events"])]
            cursor, more = str(int(body.get("end_time") or begin)), body.get("end_of_stream") is False
        wanted = [(ticket_id, one) for ticket_id, one in comments if ticket_id in self._tickets]
        self._meet({one.author_id for _, one in wanted})
        # An export that did not move on has nothing more to tell, whatever else it says.
        return Said(messages=self._messages(wanted), cursor=cursor, more=more and cursor != begin)

    def _meet(self, author_ids: set[str]) -> None:
        """Read the people whom nobody has told us about yet."""
        unknown = sorted(one for one in author_ids - set(self._people) if one.isdigit() and one != "0")
        for place in range(0, len(unknown), MOST):
            body = self._get("users/show_many.json", {"ids": ",".join(unknown[place : place + MOST])})
            with sensible():
                self._people |= mapping.read_people(body)

    def _messages(self, comments: Sequence[tuple[str, CommentBody]]) -> Mapping[str, tuple[Message, ...]]:
        ours = self._own_ids | {one.id for one in self._people.values() if (one.email or "").lower() == self._login}
        found: dict[str, dict[str, CommentBody]] = {}
        for ticket_id, comment in comments:
            found.setdefault(ticket_id, {})[comment.id] = comment
        return {
            ticket_id: tuple(
                mapping.build_message(one, requester, self._people, ours - {requester})
                for one in sorted(said.values(), key=lambda one: (one.at, int(one.id)))
            )
            for ticket_id, said in found.items()
            for requester in [self._tickets[ticket_id].requester.id]
        }

    def write_many(self, writes: Mapping[str, Write]) -> None:
        for ticket_id, write in writes.items():
            if replace(write, add_tags=frozenset(), remove_tags=frozenset(), custom_fields={}, markers=()) != Write():
                raise Refused(f"ticket {ticket_id}: only tags and fields can be written in bulk")
        self._wait_for_jobs()
        items = [_item(ticket_id, writes[ticket_id]) for ticket_id in _at_most(list(writes))]
        if items:
            self._send({"tickets": items})

    def _send(self, wanted: Mapping[str, Any]) -> None:
        body = self._put("tickets/update_many.json", wanted)
        with sensible(sent=True):
            self._jobs.append(str(body["job_status"]["id"]))

    def _wait_for_jobs(self) -> None:
        """Raise RateLimited while as many of our jobs are under way as we want there at once."""
        if len(self._jobs) < MOST_JOBS:
            return
        body = self._get("job_statuses/show_many.json", {"ids": ",".join(self._jobs)})
        with sensible():
            ended = {str(job["id"]) for job in body["job_statuses"] if job["status"] not in ("queued", "working")}
        self._jobs = [job_id for job_id in self._jobs if job_id not in ended]
        if len(self._jobs) >= MOST_JOBS:
            raise RateLimited("the helpdesk is still at work on our earlier changes", retry_after=JOB_WAIT)


def _item(ticket_id: str, write: Write) -> dict[str, Any]:
    """One ticket of a job. Added and removed tags leave every other tag alone, whoever sets one meanwhile."""
    item: dict[str, Any] = {"id": number(ticket_id), "metadata": changes.metadata(write.markers)}
    if write.add_tags:
        item["additional_tags"] = sorted(write.add_tags)
    if write.remove_tags:
        item["remove_tags"] = sorted(write.remove_tags)
    if write.custom_fields:
        item["custom_fields"] = changes.custom_fields(write.custom_fields)
    return item


def _at_most(ticket_ids: Sequence[str]) -> Sequence[str]:
    if len(ticket_ids) > MOST:
        raise Refused(f"at most {MOST} tickets in one call, not {len(ticket_ids)}")
    return ticket_ids


def _comments(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, CommentBody]]:
    """The comments among the changes of each event. One that makes no sense is left out: its ticket is read alone."""
    for event in events:
        for child in event.get("child_events") or ():
            if "Comment" not in (child.get("event_type"), child.get("type")):
                continue
            via = child.get("via")
            told = {**child, "created_at": child.get("created_at") or event.get("created_at")}
            told["via"] = via if isinstance(via, Mapping) else {"channel": _channel(str(via or ""))}
            told["metadata"] = child.get("metadata") or {"system": event.get("system"), **(event.get("metadata") or {})}
            try:
                yield event["ticket_id"], mapping.read_comment(told)
            except ValidationError:
                continue


#: The export names channels in words for people.
_CHANNELS = {"web form": "web", "web service (api)": "api", "mail": "email", "email": "email"}


def _channel(words: str) -> str:
    return _CHANNELS.get(words.lower(), words.lower().replace(" ", "_"))
