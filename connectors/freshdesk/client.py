"""An opened Freshdesk desk: which calls are made, and in which order. What answers mean is the mapping modules'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from connectors.answers import number, sensible
from connectors.base import Connector, Line
from connectors.errors import NotFound, Refused
from connectors.freshdesk import follow_ups, listing, macros, mapping, marks, ratings
from connectors.freshdesk.api import Api
from connectors.freshdesk.checks import run_checks
from connectors.freshdesk.conversation import Pages, read_after
from connectors.freshdesk.installer import FreshdeskInstaller
from connectors.freshdesk.mapping import TicketBody
from connectors.freshdesk.statuses import FIRST_CUSTOM, Statuses, guess
from connectors.freshdesk.writing import Writing
from connectors.installing import Installer, Wanted
from connectors.ticket import (
    Changes,
    Customer,
    Finding,
    Group,
    Macro,
    Message,
    NewTicket,
    Person,
    Rated,
    Rating,
    Receipt,
    Said,
    Ticket,
    TicketStatus,
    Write,
)

#: An account that does not tell its own statuses has at least these two, which Freshdesk itself brings.
_USUAL = Statuses({6: TicketStatus.PENDING, 7: TicketStatus.HOLD})


class FreshdeskConnector(Connector):
    """See `connectors.base.Connector`. `api_key` is one agent's; `custom_statuses` what an admin said they mean."""

    kind: ClassVar[str] = "freshdesk"

    def __init__(
        self,
        *,
        subdomain: str,
        base_url: str | None,
        api_key: str,
        custom_statuses: Mapping[int, TicketStatus] | None,
        line: Line,
    ) -> None:
        self._api = Api(subdomain=subdomain, base_url=base_url, api_key=api_key, line=line)
        self._now = line.now
        self._known = None if custom_statuses is None else Statuses(custom_statuses)
        self._own_ids: set[str] = set()

    def me(self) -> Person:
        with sensible():
            person = mapping.read_agent(self._api.get("agents/me", of="the agent of this key"))
        self._own_ids.add(person.id)
        return person

    def read_ticket(self, ticket_id: str, *, after: str | None = None, with_ratings: bool = False) -> Ticket:
        # The requester costs a credit more; stats would too, and nothing of ours reads them.
        found = self._ticket(ticket_id, {"include": "requester"})
        given = self._ratings(ticket_id) if with_ratings else None
        ticket = replace(found.ticket, ratings=given)
        if ticket.status in (TicketStatus.DELETED, TicketStatus.SPAM):
            return ticket
        messages = self._messages(found, after)
        return replace(ticket, messages=messages, merged_into=_merged_into(ticket, messages))

    def read_customer(self, ticket: Ticket) -> Customer:
        contact = self._profile(f"contacts/{number(ticket.requester.id)}")
        company = self._profile(f"companies/{number(ticket.organization_id)}") if ticket.organization_id else {}
        return mapping.read_customer(contact, company)

    def read_tickets(self, ticket_ids: Sequence[str]) -> Sequence[Ticket]:
        """One call for each: Freshdesk has none for many."""
        found = []
        for ticket_id in ticket_ids:
            try:
                found.append(self._ticket(ticket_id, {"include": "requester"}).ticket)
            except NotFound:
                continue  # those missing are gone
        return found

    def read_said(self, since: str | None, start: datetime) -> Said:
        raise Refused("Freshdesk has no call that tells what was said on many tickets")

    def read_changes(self, cursor: str | None, since: datetime, settled: datetime | None = None) -> Changes:
        return listing.read_page(self._api, listing.Place.of(cursor, since), self._neutral, settled)

    def read_rated(self, cursor: str | None, since: datetime) -> Rated:
        return listing.read_rated(self._api, cursor, since)

    def write_many(self, writes: Mapping[str, Write]) -> None:
        raise Refused("Freshdesk's bulk update would replace all tags of these tickets, agents' own among them")

    def write(self, ticket: Ticket, write: Write) -> Receipt:
        return Writing(self._api, self._look, self._statuses).perform(ticket, write)

    def find_write(self, ticket_id: str, markers: Sequence[str]) -> frozenset[str]:
        found = set[str]()
        of = f"ticket {ticket_id}"
        body = self._api.get(f"tickets/{number(ticket_id)}", of=of)
        with sensible():
            found |= marks.markers_in(mapping.read_ticket_body(body).html, markers)
        pages = Pages(lambda page: self._api.page(f"tickets/{number(ticket_id)}/conversations", page, of=of))
        for conversation in pages.from_page(1):
            if not conversation.incoming:
                found |= marks.markers_in(conversation.html, markers)
        return frozenset(found)

    def create_ticket(self, new: NewTicket) -> str:
        return follow_ups.create(self._api, new)

    def find_follow_up(self, ticket_id: str, marker: str) -> str | None:
        requester_id = self._ticket(ticket_id, {}).ticket.requester.id
        return follow_ups.find(self._api, requester_id, marker)

    def find_ticket(self, requester_id: str, marker: str) -> str | None:
        return follow_ups.find(self._api, requester_id, marker)

    def complete_follow_up(self, ticket_id: str, new: NewTicket) -> None:
        note = follow_ups.note_marker(new.marker)
        if not new.public and not self.find_write(ticket_id, [note]):
            follow_ups.write_note(self._api, ticket_id, new)

    def macro_write(self, ticket: Ticket, macro_id: str) -> Write:
        body = self._api.get(f"canned_responses/{number(macro_id)}", of=f"macro {macro_id}")
        with sensible():
            canned = macros.read_canned(body)
        return macros.macro_delta(canned, ticket)

    def read_groups(self) -> Sequence[Group]:
        with sensible():
            return [mapping.read_group(group) for page in self._api.pages("groups") for group in page]

    def read_members(self, group_id: str) -> Sequence[Person]:
        group = self._api.get(f"groups/{number(group_id)}", of=f"group {group_id}")
        with sensible():
            wanted = {str(agent_id) for agent_id in group.get("agent_ids") or ()}
        return [agent for agent in self.read_agents() if agent.id in wanted]

    def read_loads(self, agent_ids: Sequence[str]) -> Mapping[str, int]:
        # The answer of a search is late by a minute or so, which is good enough for who has how much to do.
        open_ones = " OR ".join(f"status:{code}" for code in self._statuses_or_usual().unsolved())
        return {agent_id: self._load(agent_id, open_ones) for agent_id in agent_ids}

    def read_macros(self) -> Sequence[Macro]:
        found = []
        for folder in self._api.rows("canned_response_folders", of="canned responses"):
            with sensible():
                path = f"canned_response_folders/{number(str(folder['id']))}/responses"
            # A personal folder belongs to the agent of our key, whom nobody else can ask.
            if not folder.get("personal"):
                with sensible():
                    found += [macros.read_macro(body) for page in self._api.pages(path) for body in page]
        return found

    def read_agents(self) -> Sequence[Person]:
        with sensible():
            return [mapping.read_agent(agent) for page in self._api.pages("agents") for agent in page]

    def read_fields(self) -> Mapping[str, str]:
        listed = self._api.rows("ticket_fields", of="ticket fields")
        with sensible():
            return {str(field["name"]): str(field["label"]) for field in listed if not field["default"]}

    def check(self) -> Sequence[Finding]:
        return run_checks(self._api, self._statuses, self._now())

    def installer(self, wanted: Wanted) -> Installer:
        return FreshdeskInstaller(self._api, wanted)

    def close(self) -> None:
        self._api.close()

    def _look(self, ticket_id: str) -> Ticket:
        """The ticket as it is at this moment, without words and without its requester's name."""
        return self._ticket(ticket_id, {}).ticket

    def _ticket(self, ticket_id: str, params: Mapping[str, str]) -> TicketBody:
        body = self._api.get(f"tickets/{number(ticket_id)}", params, of=f"ticket {ticket_id}")
        with sensible():
            found = mapping.read_ticket_body(body)
        return replace(found, ticket=replace(found.ticket, status=self._neutral(found)))

    def _neutral(self, body: TicketBody) -> TicketStatus:
        statuses = self._statuses_or_usual() if body.status >= FIRST_CUSTOM else Statuses()
        return mapping.status_of(body, statuses)

    def _statuses(self) -> Statuses:
        """What the account's own statuses mean: what an admin said, else what their names tell. Asked once."""
        if self._known is None:
            fields = self._api.rows("ticket_fields", {"type": "default_status"}, of="ticket fields")
            self._known = Statuses(guess(fields))
        return self._known

    def _statuses_or_usual(self) -> Statuses:
        """The same, where a role that may not see the fields should stop nothing."""
        try:
            return self._statuses()
        except (NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                raise
            self._known = _USUAL
            return _USUAL

    def _messages(self, found: TicketBody, after: str | None) -> tuple[Message, ...]:
        """The description, which is a ticket's first message, and the conversations; those after a known one."""
        ticket = found.ticket
        path, of = f"tickets/{number(ticket.id)}/conversations", f"ticket {ticket.id}"
        said = read_after(lambda page: self._api.page(path, page, of=of), after)
        messages = [mapping.build_message(one, ticket.requester, self._own_ids) for one in said.conversations]
        first = () if said.known or after == found.description.id else (found.description,)
        return (*first, *messages)

    def _ratings(self, ticket_id: str) -> tuple[Rating, ...]:
        """Every rating of the ticket, oldest first. One call, which not every plan has; a second one for a scale."""
        path = f"tickets/{number(ticket_id)}/satisfaction_ratings"
        given = ratings.read_all(self._optional(path, {}))
        scales: dict[str, tuple[int, ...]] = {}
        if any(one.needs_scale for one in given):
            scales = ratings.read_scales(self._optional("surveys", {"state": "all"}))
        found = [rating for one in given if (rating := ratings.build_rating(one, scales))]
        return tuple(sorted(found, key=lambda rating: (rating.at, rating.id)))

    def _profile(self, path: str) -> Mapping[str, Any]:
        """A contact or a company; nothing where it is gone, is an agent's, or this role may not see it."""
        try:
            return self._api.get(path, of=path)
        except (NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                raise
            return {}

    def _optional(self, path: str, params: Mapping[str, str]) -> list[Any]:
        """What a list holds; nothing where this plan or this role has no such list."""
        try:
            return self._api.rows(path, params)
        except (NotFound, Refused) as error:
            if isinstance(error, Refused) and error.auth:
                raise
            return []

    def _load(self, agent_id: str, open_ones: str) -> int:
        query = f'"agent_id:{number(agent_id)} AND ({open_ones})"'
        total = self._api.get("search/tickets", {"query": query}, of="search").get("total")
        with sensible():
            return int(str(total))


def _merged_into(ticket: Ticket, messages: Sequence[Message]) -> str | None:
    """Where the ticket ended, if its newest messages say so; merging closes it."""
    return mapping.merged_into(messages) if ticket.status is TicketStatus.SOLVED else None
