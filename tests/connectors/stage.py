"""A helpdesk per connector kind for the contract suite: the sandbox, what people do there, and what reached it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import requests

from connectors.base import Connector, ConnectorKind, Line, WebhookRequest
from connectors.freshdesk import FRESHDESK
from connectors.sandbox import Sandbox
from connectors.sandbox.freshdesk.fields import name_of
from connectors.sandbox.freshdesk.gate import agent_key
from connectors.sandbox.store import next_id
from connectors.sandbox.tickets import Comment, add_comment
from connectors.ticket import TicketStatus
from connectors.zendesk import ZENDESK

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Calls that something takes. A helpdesk that compares before it writes takes a change in one; at another, the
    connector looks, writes fields and tags, looks again, says its words last, and looks at what came of it."""

    catching_up: int  #: reading sixty new messages on a ticket of hundreds
    rating: int  #: reading a ticket with a rating
    tags: int
    whole_writes: int  #: requests other than GET for fields, tags and words at once
    note: tuple[tuple[str, int], ...]  #: each call of saying something, and its status
    log: int  #: looking for a marker among a hundred and more changes


class Stage(ABC):
    """One vendor's half of the sandbox. Business time moves on by a second with every act."""

    kind: ConnectorKind
    unknown_id = "999999"
    opening: TicketStatus  #: of a new ticket
    keeps_deleted: bool  #: a deleted ticket can still be read, and says that it is
    closes_for_good: bool  #: a closed ticket takes no more changes
    signed: bool  #: a delivery's proof covers its body
    words_method: str  #: of the call that says something on a ticket
    offers_surveys: bool  #: a link to a survey of its own can be had
    costs: Costs
    #: What an account without ratings of its own refuses, with the ticket's number; and without webhooks.
    ratings_path: str
    webhooks_path: str
    small_role: str  #: the finding about an agent who is no admin
    refused_macro: str  #: how the macro is refused that asks for what no call can do
    originals: Mapping[int | str, tuple[str, str]]  #: what a customer says -> the vendor's word for it, and the scale

    def __init__(self, folder: Path) -> None:
        self._time = START
        self.sandbox = Sandbox(
            file=folder / "sandbox.sqlite3", now=lambda: self._time, smtp_port=None, vendor=self.kind.name
        )
        self.account = self.sandbox.account
        self.calls: list[tuple[str, str, int]] = []
        self.buckets: set[str] = set()

    def start(self) -> None:
        self.sandbox.start()
        self.act("limits", unlimited=True)

    def stop(self) -> None:
        self.sandbox.stop()

    def open(self, credentials: Mapping[str, str] | None = None, *, timeout: float = 5.0) -> Connector:
        """A connector of the integration's user, whose calls end up in `calls`."""
        return self.kind.open(
            subdomain=self.account.subdomain,
            base_url=self.sandbox.url,
            credentials={**self.credentials(), **(credentials or {})},
            line=Line(now=lambda: self._time, observe=self._observe, timeout=timeout),
        )

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Those of the integration's user."""

    @abstractmethod
    def wrong_credentials(self) -> dict[str, str]:
        """In the right form, and nobody's."""

    @abstractmethod
    def agents_credentials(self) -> dict[str, str]:
        """Those of an agent who is no admin."""

    @abstractmethod
    def field(self, title: str) -> str:
        """How tickets name the account's own field."""

    def as_read(self, text: str) -> str:
        """How the helpdesk gives back words that a person typed."""
        return text

    def act(self, path: str, **body: Any) -> dict[str, Any]:
        """Do something at the helpdesk as one of its people."""
        self._time += timedelta(seconds=1)
        answer = requests.post(f"{self.sandbox.url}/sandbox/{path}", json=body, timeout=5)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def new_ticket(self, text: str = "The lamp arrived broken.", **more: Any) -> str:
        opened = self.act("tickets", email="customer@example.org", name="A Customer", subject="Lamp", text=text, **more)
        return str(opened["id"])

    def say(self, ticket_id: str, text: str, **more: Any) -> str:
        """As the customer, unless `as` says otherwise. Returns the message's id."""
        return str(self.act(f"tickets/{ticket_id}/comments", text=text, **more)["id"])

    def pile_up(self, ticket_id: str, count: int) -> None:
        """Many comments by an agent, straight into the sandbox's file: over HTTP it would take a minute."""
        with self.sandbox.helpdesk.file.writing() as db:
            for number in range(count):
                self._time += timedelta(seconds=1)
                self._add(db, ticket_id, f"message {number}")

    def say_nothing(self, ticket_id: str) -> None:
        """A comment without a word, as a bare attachment makes one."""
        with self.sandbox.helpdesk.file.writing() as db:
            self._time += timedelta(seconds=1)
            self._add(db, ticket_id, "")

    def _add(self, db: Any, ticket_id: str, text: str) -> None:
        comment = Comment(
            id=next_id(db),
            ticket_id=int(ticket_id),
            audit_id=next_id(db),
            author_id=self.account.agent_ids[0],
            body=text,
            public=True,
            channel="web",
            client="",
            custom={},
            created_at=self._time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        add_comment(db, comment)

    def fault(self, kind: str, **more: Any) -> None:
        self.act("faults", fault=kind, **more)

    def shown(self, ticket_id: str) -> dict[str, Any]:
        """The ticket as its people see it."""
        answer = requests.get(f"{self.sandbox.url}/sandbox/tickets/{ticket_id}.json", timeout=5)
        found: dict[str, Any] = answer.json()
        return found

    def stats(self) -> Mapping[str, int]:
        """Reads and writes that reached the helpdesk so far."""
        found: Mapping[str, int] = requests.get(f"{self.sandbox.url}/sandbox/stats", timeout=5).json()
        return found

    @contextmanager
    def listening(self) -> Iterator[Queue[WebhookRequest]]:
        """Deliveries of the helpdesk's webhook, as they arrive; its secret is `account.webhook_secret`."""
        arrived: Queue[WebhookRequest] = Queue()

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                arrived.put(WebhookRequest(headers=headers, body=body, received_at=datetime.now(UTC)))
                self.send_response(202)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        with HTTPServer(("127.0.0.1", 0), Receiver) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            self.sandbox.connect(endpoint=f"http://127.0.0.1:{server.server_port}/hooks/test")
            try:
                yield arrived
            finally:
                server.shutdown()
                thread.join(timeout=5)

    def _observe(self, method: str, path: str, status: int, limits: Any) -> None:
        self.calls.append((method, path, status))
        self.buckets |= {limit.bucket for limit in limits}


class ZendeskStage(Stage):
    """The Zendesk half, by API token."""

    kind = ZENDESK
    opening = TicketStatus.NEW
    keeps_deleted = False
    closes_for_good = True
    signed = True
    words_method = "PUT"
    offers_surveys = True
    costs = Costs(catching_up=2, rating=3, tags=1, whole_writes=1, note=(("PUT", 200),), log=1)
    ratings_path = "/api/v2/guide/"
    webhooks_path = "/api/v2/webhooks"
    small_role = "role"
    refused_macro = r"ask the courier.*side conversation"
    originals: Mapping[int | str, tuple[str, str]] = {2: ("2", "1-5"), "bad": ("bad", "good_bad")}

    def credentials(self) -> dict[str, str]:
        return {"email": self.account.email, "api_token": self.account.api_token}

    def wrong_credentials(self) -> dict[str, str]:
        return {"api_token": "wrong"}

    def agents_credentials(self) -> dict[str, str]:
        return {"email": "agent-one@example.com"}

    def field(self, title: str) -> str:
        return str(self.account.field_ids[title])

    def as_read(self, text: str) -> str:
        # Its plain bodies have this entity in them.
        return text.replace("&nbsp;", " ")


class FreshdeskStage(Stage):
    """The Freshdesk half, by an agent's API key; connected as the Freshworks app."""

    kind = FRESHDESK
    opening = TicketStatus.OPEN
    keeps_deleted = True
    closes_for_good = False
    signed = False
    words_method = "POST"
    offers_surveys = False
    costs = Costs(
        catching_up=5, rating=4, tags=3, whole_writes=2, note=(("GET", 200), ("POST", 201), ("GET", 200)), log=3
    )
    ratings_path = "/api/v2/tickets/{}/satisfaction_ratings"
    webhooks_path = "/api/v2/automations"
    small_role = "webhooks"
    refused_macro = r"ask the courier.*no action"
    originals: Mapping[int | str, tuple[str, str]] = {2: ("-102", "1-5"), "bad": ("-103", "freshdesk")}

    def credentials(self) -> dict[str, str]:
        return {"api_key": self.account.api_token}

    def wrong_credentials(self) -> dict[str, str]:
        return {"api_key": "wrong"}

    def agents_credentials(self) -> dict[str, str]:
        return {"api_key": agent_key(self.account, self.account.agent_ids[0])}

    def field(self, title: str) -> str:
        return name_of(title)


#: One per connector kind; the contract runs on each.
STAGES: Mapping[str, type[Stage]] = {stage.kind.name: stage for stage in (ZendeskStage, FreshdeskStage)}
