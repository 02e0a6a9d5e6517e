"""An opened Zendesk desk: which calls are made, and in which order. What answers mean lives in the mapping modules.

zenpy makes the calls it is good at. Where it drops what we need (side-loaded users, newest first, safe updates of
tags, survey responses), they go through the same session; the README lists which is which.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, ClassVar, TypeVar

from requests.auth import HTTPBasicAuth
from zenpy import Zenpy
from zenpy.lib.api_objects import Ticket as ZenpyTicket

from connectors.answers import named, number
from connectors.base import CallLimits, Connector, Installer, Line, Wanted
from connectors.errors import ConnectorError, NotFound, Refused, Unavailable
from connectors.http import open_session
from connectors.ticket import (
    Changes,
    Finding,
    Group,
    Macro,
    NewTicket,
    Person,
    Rated,
    Rating,
    Receipt,
    Said,
    StatusChange,
    SurveyLink,
    Ticket,
    TicketStatus,
    Write,
)
from connectors.wire import parse_instant
from connectors.zendesk import changes, endings, incremental, mapping, ratings
from connectors.zendesk.answers import sensible
from connectors.zendesk.bulk import Bulk
from connectors.zendesk.checks import run_checks
from connectors.zendesk.conversation import read_messages
from connectors.zendesk.install import ZendeskInstaller
from connectors.zendesk.oauth import OAuthClient, TokenEndpoint, carry_tokens
from connectors.zendesk.offers import Offers
from connectors.zendesk.refusals import zendesk_refusal

T = TypeVar("T")
Params = Mapping[str, str | Sequence[str]]

PAGE = 100
#: The vendor takes 5,000 comments per ticket; audits can be more, but ours is among the newest.
MAX_PAGES = 50
_MAX_LISTED = 2_000
MAX_TAG_PAGES = 10  #: beyond, the rarest tags stay unread
#: Stands for our own address where credentials name none; no person's has this form.
_NO_LOGIN = "-"

# At DEBUG zenpy writes whole bodies, private comments included, into the log.
logging.getLogger("zenpy").setLevel(logging.WARNING)


class ZendeskConnector(Connector):
    """See `connectors.base.Connector`. `credentials` are an OAuth client, or e-mail address and API token of a user."""

    kind: ClassVar[str] = "zendesk"

    def __init__(
        self,
        *,
        subdomain: str,
        base_url: str | None,
        credentials: OAuthClient | tuple[str, str],
        line: Line,
    ) -> None:
        self._api = f"https://{subdomain}.zendesk.com/api/v2"
        login, api_token = ("", "") if isinstance(credentials, OAuthClient) else credentials
        self._login, self._now, self._tell = login.lower() or _NO_LOGIN, line.now, line.observe
        self._limits: dict[str, CallLimits] = {}
        self._own_ids: set[str] = {line.own_id} if line.own_id else set()
        self._young: dict[str, str] = {}
        self._bulk = Bulk(get=self._get, put=self._put, login=self._login, own_ids=self._own_ids)
        site = base_url or f"https://{subdomain}.zendesk.com"
        self._offers = Offers(get=self._get, post=self._post, site=site.rstrip("/"))
        self._session = open_session(
            origin=f"https://{subdomain}.zendesk.com",
            base_url=base_url,
            line=replace(line, observe=self._observe),
            refusal=zendesk_refusal,
        )
        if isinstance(credentials, OAuthClient):
            endpoint = TokenEndpoint(subdomain=subdomain, base_url=base_url, client=credentials, line=line)
            carry_tokens(self._session, endpoint, line.tokens)
        else:
            # As bytes, since requests would encode text as Latin-1.
            self._session.auth = HTTPBasicAuth(f"{login}/token".encode(), api_token.encode())
        # "anonymous" only means that zenpy leaves the session's credentials alone; its own error for them quotes them.
        self._zenpy = Zenpy(
            subdomain=subdomain, session=self._session, anonymous=True, disable_cache=True, timeout=line.timeout
        )

    def me(self) -> Person:
        with sensible():
            person = mapping.read_person(self._zenpy.users.me().to_dict())
        self._own_ids.add(person.id)
        return person

    def read_ticket(self, ticket_id: str, *, after: str | None = None, with_ratings: bool = False) -> Ticket:
        self._know_ourselves()
        body = self._get(f"tickets/{number(ticket_id)}.json", {"include": "users,organizations"}, of=ticket_id)
        with sensible():
            ticket = mapping.read_ticket_body(body.get("ticket"))
            people = mapping.read_people(body)
            customer = mapping.read_customer(body, ticket)
        requester = people.get(ticket.requester.id, ticket.requester)
        given = self._ratings(ticket, body["ticket"]) if with_ratings else None
        ticket = replace(ticket, requester=requester, ratings=given, customer=customer)
        if ticket.status is TicketStatus.DELETED:
            return ticket  # its comments are gone
        messages = read_messages(self._pages, ticket, people, after=after, login=self._login, own_ids=self._own_ids)
        return replace(ticket, messages=messages, merged_into=endings.merged_into(ticket, messages))

    def read_tickets(self, ticket_ids: Sequence[str]) -> Sequence[Ticket]:
        return self._bulk.read_tickets(ticket_ids)

    def read_said(self, since: str | None, start: datetime) -> Said:
        return self._bulk.read_said(since, start, self._now())

    def write_many(self, writes: Mapping[str, Write]) -> None:
        self._bulk.write_many(writes)

    def read_changes(self, cursor: str | None, since: datetime, settled: datetime | None = None) -> Changes:
        return incremental.read_changes(self._get, cursor, since, self._now())

    def read_rated(self, cursor: str | None, since: datetime) -> Rated:
        return incremental.read_rated(self._get, cursor, since)

    def write(self, ticket: Ticket, write: Write) -> Receipt:
        marks = changes.metadata(write.markers)
        body = changes.changed_fields(ticket, write)
        if not body:
            return Receipt(audit_id="", stamp=ticket.stamp, at=ticket.updated_at)
        if set(body) == {"tags"} and not (write.add_tags - ticket.tags and write.remove_tags & ticket.tags):
            return self._write_tags(ticket, write)
        if self._young.pop(ticket.id, None) == ticket.stamp and set(body) - {"tags", "comment"}:
            self._look_again(ticket)
        return self._update(ticket, write, {**body, "metadata": marks})

    def find_write(self, ticket_id: str, markers: Sequence[str]) -> frozenset[str]:
        wanted, found = frozenset(markers), set[str]()
        for page in self._newest_audits(ticket_id):
            for audit in page["audits"]:
                found |= wanted & mapping.markers_in(audit.get("metadata") if isinstance(audit, Mapping) else None)
            if found == wanted:
                break
        return frozenset(found)

    def create_ticket(self, new: NewTicket) -> str:
        wanted = ZenpyTicket()
        for name, value in endings.creation(new, self.me().id).items():
            setattr(wanted, name, value)
        with sensible(sent=True), named("a new ticket"):
            return str(number(str(self._zenpy.tickets.create(wanted).ticket.id)))

    def find_follow_up(self, ticket_id: str, marker: str) -> str | None:
        found = endings.follow_up_ids(self._get(f"tickets/{number(ticket_id)}.json", {}, of=ticket_id).get("ticket"))
        return next((one for one in found if self.find_write(one, [marker])), None)

    def find_ticket(self, requester_id: str, marker: str) -> str | None:
        return endings.newest_id(self._get("tickets.json", {"external_id": marker}, of="a new ticket"))

    def find_solver(self, ticket_id: str) -> StatusChange | None:
        return endings.solver_in(audit for page in self._newest_audits(ticket_id) for audit in page["audits"])

    def offer_survey(self, ticket: Ticket, survey_id: str | None = None) -> SurveyLink | None:
        return self._offers.make(ticket, survey_id)

    def find_offer(self, ticket_id: str, since: datetime) -> str | None:
        return self._offers.find(ticket_id, since)

    def macro_write(self, ticket: Ticket, macro_id: str) -> Write:
        with sensible(), named(f"macro {macro_id}"):
            macro = self._zenpy.macros(id=number(macro_id)).to_dict()
        title, actions = str(macro.get("title") or macro_id), list(macro.get("actions") or ())
        if macro.get("active") is False:
            raise Refused(f"macro {title!r}: it is not active")
        changes.require_expressible(title, actions)
        effect: Mapping[str, Any] = {}
        if changes.needs_effect(actions):
            path = f"tickets/{number(ticket.id)}/macros/{number(macro_id)}/apply.json"
            result = self._get(path, {}, of=ticket.id).get("result")
            effect = result.get("ticket") or {} if isinstance(result, Mapping) else {}
        return changes.macro_delta(title, actions, effect, ticket)

    def read_groups(self) -> Sequence[Group]:
        return self._listed(self._zenpy.groups, mapping.read_group)

    def read_members(self, group_id: str) -> Sequence[Person]:
        path = f"groups/{number(group_id)}/users.json"
        with sensible():
            return [
                mapping.read_person(user)
                for page in self._pages(path, "users", {}, f"group {group_id}")
                for user in page["users"]
            ]

    def read_loads(self, agent_ids: Sequence[str]) -> Mapping[str, int]:
        return {agent_id: self._load(agent_id) for agent_id in agent_ids}

    def read_macros(self) -> Sequence[Macro]:
        return [macro for macro in self._listed(self._zenpy.macros, mapping.read_macro) if macro is not None]

    def read_agents(self) -> Sequence[Person]:
        pages = self._pages("users.json", "users", {"role[]": ["agent", "admin"]}, "agents")
        with sensible():
            return [mapping.read_person(user) for page in pages for user in page["users"]]

    def read_fields(self) -> Mapping[str, str]:
        pages = self._pages("ticket_fields.json", "ticket_fields", {}, "ticket fields")
        with sensible():
            # Fields that come with every account cannot be removed; tickets have them as members of their own.
            return {
                str(field["id"]): str(field["title"])
                for page in pages
                for field in page["ticket_fields"]
                if field["removable"] and field["active"]
            }

    def read_tags(self) -> frozenset[str] | None:
        # Tags of the last 60 days, the most used first. https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/
        found: set[str] = set()
        for read, page in enumerate(self._pages("tags.json", "tags", {}, "tags"), start=1):
            with sensible():
                found.update(str(tag["name"]) for tag in page["tags"])
                if read == MAX_TAG_PAGES and page["meta"]["has_more"]:
                    return None
        return frozenset(found)

    def check(self) -> Sequence[Finding]:
        return run_checks(
            me=self._me_with_role,
            get=self._get,
            limits=lambda: tuple(self._limits.values()),
            now=self._now(),
            oauth=self._login == _NO_LOGIN,
        )

    def installer(self, wanted: Wanted) -> Installer:
        return ZendeskInstaller(self._zenpy, wanted)

    def close(self) -> None:
        self._session.close()

    def _know_ourselves(self) -> None:
        """Our own words have to be told from others' by our id where the credentials do not say who we are."""
        if self._login == _NO_LOGIN and not self._own_ids:
            self.me()

    def _observe(self, method: str, path: str, status: int, limits: Sequence[CallLimits]) -> None:
        self._limits.update({limit.bucket: limit for limit in limits})
        if self._tell is not None:
            self._tell(method, path, status, limits)

    def _get(self, path: str, params: Params, *, of: str = "") -> dict[str, Any]:
        with named(f"ticket {of}" if of.isdigit() else of or path):
            response = self._session.get(f"{self._api}/{path}", params=params)
        body: dict[str, Any] = response.json()
        self._remember_age(body, response.headers.get("Date", ""))
        return body

    def _put(self, path: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        with named(path):
            body: dict[str, Any] = self._session.put(f"{self._api}/{path}", json=wanted).json()
        return body

    def _post(self, path: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        with named(path):
            body: dict[str, Any] = self._session.post(f"{self._api}/{path}", json=wanted).json()
        return body

    def _pages(self, path: str, name: str, params: Params, of: str) -> Iterator[dict[str, Any]]:
        """Pages by cursor. Raises Unavailable where there are more than we are ready to read."""
        query: dict[str, str | Sequence[str]] = {"page[size]": str(PAGE), **params}
        for _ in range(MAX_PAGES):
            body = self._get(path, query, of=of)
            if not isinstance(body.get(name), list):
                raise Unavailable(f"the helpdesk's answer has no list of {name}")
            yield body
            meta = body.get("meta")
            cursor = meta.get("after_cursor") if isinstance(meta, Mapping) and meta.get("has_more") else None
            if not cursor:
                return
            query["page[after]"] = str(cursor)
        raise Unavailable(f"{of or path}: more than {MAX_PAGES * PAGE} {name}")

    def _newest_audits(self, ticket_id: str) -> Iterator[dict[str, Any]]:
        """The newest first, and of a very long log no more than that: what we ask for happened lately."""
        path = f"tickets/{number(ticket_id)}/audits.json"
        return islice(self._pages(path, "audits", {"sort": "-created_at"}, ticket_id), MAX_PAGES)

    def _listed(self, listing: Callable[[], Any], read: Callable[[Mapping[str, Any]], T]) -> list[T]:
        with sensible():
            return [read(item.to_dict()) for item in islice(listing(), _MAX_LISTED)]

    def _load(self, agent_id: str) -> int:
        query = f"type:ticket assignee:{number(agent_id)} status<solved"
        count = self._get("search/count.json", {"query": query}).get("count")
        if not isinstance(count, int):
            raise Unavailable("the helpdesk's answer has no count")
        return count

    def _ratings(self, ticket: Ticket, body: Mapping[str, Any]) -> tuple[Rating, ...]:
        """Every rating of the ticket, oldest first. One call, which not every account or role may make."""
        with sensible():
            legacy = ratings.read_legacy_rating(body, ticket_id=ticket.id, updated_at=ticket.updated_at)
        params = {"filter[subject_zrns]": f"zen:ticket:{ticket.id}", "page[size]": str(PAGE)}
        try:
            responses = self._get("guide/survey_responses", params).get("survey_responses") or ()
        except (NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                raise
            responses = ()  # no surveys in this plan, or not for this role; the legacy rating is what there is
        with sensible():
            found = [legacy, *map(ratings.read_survey_rating, responses)]
        return tuple(sorted((rating for rating in found if rating), key=lambda rating: (rating.at, rating.id)))

    def _me_with_role(self) -> tuple[Person, str]:
        body = self._get("users/me.json", {})
        with sensible():
            return mapping.read_person(body.get("user")), str(body["user"].get("role") or "")

    def _update(self, ticket: Ticket, write: Write, body: Mapping[str, Any]) -> Receipt:
        change = ZenpyTicket(id=number(ticket.id))
        for name, value in {**body, "safe_update": True, "updated_stamp": ticket.stamp}.items():
            setattr(change, name, value)
        with sensible(sent=True), named(f"ticket {ticket.id}"):
            result = self._zenpy.tickets.update(change)
            audit, stamp = result.audit.to_dict(), str(result.ticket.updated_at)
            receipt = Receipt(audit_id=str(audit["id"]), stamp=stamp, at=parse_instant(stamp))
        self._mend_tags(ticket, write, audit if "tags" in body else {})
        return receipt

    def _write_tags(self, ticket: Ticket, write: Write) -> Receipt:
        """Only added or only removed tags: the endpoint that touches no other tag. Its answer has no audit."""
        gone = write.remove_tags & ticket.tags
        tags = sorted(gone or write.add_tags - ticket.tags)
        body = {"tags": tags, "safe_update": "true", "updated_stamp": ticket.stamp}
        self._tags("DELETE" if gone else "PUT", ticket.id, body)
        # The old stamp: a write that still trusts it meets a Conflict and reads again.
        return Receipt(audit_id="", stamp=ticket.stamp, at=self._now())

    def _mend_tags(self, ticket: Ticket, write: Write, audit: Mapping[str, Any]) -> None:
        missing, extra = changes.lost_tags(audit, ticket, write)
        for method, tags in (("PUT", missing), ("DELETE", extra)):
            if tags:
                self._mend(method, ticket.id, sorted(tags))

    def _mend(self, method: str, ticket_id: str, tags: Sequence[str]) -> None:
        try:
            self._tags(method, ticket_id, {"tags": tags})
        except ConnectorError as error:
            # The update itself took effect, whatever became of this; so nobody may repeat its words.
            raise Unavailable(f"tags of the same second were not mended: {error}", sent=True) from error

    def _tags(self, method: str, ticket_id: str, body: Mapping[str, Any]) -> None:
        with named(f"ticket {ticket_id}"):
            self._session.request(method, f"{self._api}/tickets/{number(ticket_id)}/tags.json", json=body)

    def _remember_age(self, body: Mapping[str, Any], date: str) -> None:
        """Note a ticket that was read within the very second of its last change, by the vendor's own clock."""
        ticket = body.get("ticket")
        stamp = ticket.get("updated_at") if isinstance(ticket, Mapping) else None
        try:
            age = parsedate_to_datetime(date) - parse_instant(stamp or "")
            young = timedelta(0) <= age < timedelta(seconds=1)
        except (TypeError, ValueError):
            young = False
        if young and isinstance(ticket, Mapping):
            self._young[str(ticket.get("id"))] = str(stamp)

    def _look_again(self, ticket: Ticket) -> None:
        """Raise Conflict if the ticket changed within the second that its stamp cannot tell apart."""
        body = self._get(f"tickets/{number(ticket.id)}.json", {}, of=ticket.id)
        with sensible():
            changes.require_unchanged(ticket, mapping.read_ticket_body(body.get("ticket")))
