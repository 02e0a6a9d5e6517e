"""A helpdesk per connector kind for the contract suite: the sandbox, what people do there, and what reached it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import requests

from connectors.base import Connector, ConnectorKind, Line, WebhookRequest
from connectors.sandbox import Sandbox
from connectors.sandbox.store import next_id
from connectors.sandbox.tickets import Comment, add_comment
from connectors.zendesk import ZENDESK

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ZendeskStage:
    """The Zendesk half of the sandbox. Business time moves on by a second with every act."""

    kind: ConnectorKind = ZENDESK
    unknown_id = "999999"

    def __init__(self, folder: Path) -> None:
        self._time = START
        self.sandbox = Sandbox(file=folder / "sandbox.sqlite3", now=lambda: self._time, smtp_port=None)
        self.account = self.sandbox.account
        self.calls: list[tuple[str, str, int]] = []
        self.buckets: set[str] = set()

    def start(self) -> None:
        self.sandbox.start()
        self.act("limits", unlimited=True)

    def stop(self) -> None:
        self.sandbox.stop()

    def open(self, *, timeout: float = 5.0, **credentials: str) -> Connector:
        """A connector of the integration's user, whose calls end up in `calls`."""
        given = {"email": self.account.email, "api_token": self.account.api_token, **credentials}
        return self.kind.open(
            subdomain=self.account.subdomain,
            base_url=self.sandbox.url,
            credentials=given,
            line=Line(now=lambda: self._time, observe=self._observe, timeout=timeout),
        )

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


#: One per connector kind; the contract runs on each.
STAGES = {"zendesk": ZendeskStage}
