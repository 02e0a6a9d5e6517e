"""What the sandbox's tests share: a clock that stands still, a receiver of webhooks, and ways to talk to a sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from connectors.sandbox import Sandbox

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
VENDOR = "https://sandbox.zendesk.com"


@dataclass
class Clock:
    """Business time that moves only when told to."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def step(self, **span: float) -> None:
        self.now += timedelta(**span)


class ToLoopback(HTTPAdapter):
    """Sends what is meant for the vendor's host to the sandbox, as a connector does it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        original = request.url or ""
        request.headers["Host"] = VENDOR.removeprefix("https://")
        request.url = self._url + original.removeprefix(VENDOR)
        response = super().send(request, *args, **kwargs)
        response.url = request.url = original
        return response


class Api(requests.Session):
    """The vendor's API: `api("PUT", "tickets/1", ticket={...})`."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.trust_env = False
        self.mount(VENDOR, ToLoopback(sandbox.url))
        self.auth = (f"{sandbox.account.email}/token", sandbox.account.api_token)

    def __call__(self, method: str, path: str, **body: Any) -> requests.Response:
        return self.request(method, f"{VENDOR}/api/v2/{path}", json=body or None, timeout=10)

    def read(self, path: str) -> Any:
        response = self("GET", path)
        assert response.status_code == 200, response.text
        return response.json()


class Play(requests.Session):
    """The control surface: `play("tickets", text=...)` posts, `play.read("stats")` gets."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.trust_env = False
        self.url = sandbox.url

    def __call__(self, path: str, **body: Any) -> Any:
        response = self.try_to(path, **body)
        assert response.ok, response.text
        return response.json()

    def try_to(self, path: str, **body: Any) -> requests.Response:
        return self.post(f"{self.url}/sandbox/{path}", json=body, timeout=10)

    def read(self, path: str) -> Any:
        response = self.get(f"{self.url}/sandbox/{path}", timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    def ticket(self, text: str = "Where is my parcel?", **more: Any) -> int:
        """A new ticket by a customer; returns its number."""
        body = {"name": "A customer", "email": "customer@example.com", "subject": "Parcel", "text": text, **more}
        return int(self("tickets", **body)["id"])

    def state(self, ticket_id: int) -> Any:
        return self.read(f"tickets/{ticket_id}.json")


@dataclass(frozen=True)
class Received:
    """One webhook request as it arrived."""

    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """An endpoint for webhooks. `answers` are given in turn, then 202; each is (status, headers) or seconds to wait."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    answers: list[tuple[int, Mapping[str, str]] | float] = field(default_factory=list)

    def wait_for(self, count: int, seconds: float = 5.0) -> list[Received]:
        wait_until(lambda: len(self.requests) >= count, seconds)
        return list(self.requests)

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.requests.append(Received(dict(handler.headers.items()), body, time.monotonic()))
        answer = self.answers.pop(0) if self.answers else (202, {})
        if isinstance(answer, float):
            time.sleep(answer)
            answer = (202, {})
        status, headers = answer
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            handler.send_header(name, value)
        handler.end_headers()


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.respond(self)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A caller that gave up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks/desk"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def wait_until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
