"""A provider of sign-ins that answers badly, or is asked again: nobody waits for long, and nothing escapes untyped."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.openid import OpenIdError, Provider, depart


class _Teller(ThreadingHTTPServer):
    """Says its description whole, cut off in the middle, or a byte at a time."""

    how = "whole"
    asked = 0

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: _Teller

    def do_GET(self) -> None:
        self.server.asked += 1
        own = self.server.issuer
        body = json.dumps({"issuer": own, "authorization_endpoint": f"{own}/authorize"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.how == "trickles":
            for at in range(20):
                self.wfile.write(body[at : at + 1])
                time.sleep(0.03)
        else:
            self.wfile.write(body[: 10 if self.server.how == "broken" else None])

    def log_message(self, format: str, *args: object) -> None:
        """Tests stay quiet."""


@pytest.fixture
def teller() -> Iterator[_Teller]:
    server = _Teller(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def provider(teller: _Teller, timeout: float = 10.0) -> Provider:
    return Provider(issuer=teller.issuer, client_id="made-up", client_secret="made-up", timeout=timeout)


def test_an_answer_that_is_cut_off_is_no_answer(teller: _Teller) -> None:
    teller.how = "broken"

    with pytest.raises(OpenIdError, match="does not answer"):
        depart(provider(teller), "http://localhost/back")


def test_an_answer_that_trickles_ends_with_the_time_for_it(teller: _Teller) -> None:
    teller.how = "trickles"

    with pytest.raises(OpenIdError, match="does not answer") as caught:
        depart(provider(teller, timeout=0.2), "http://localhost/back")

    assert "for too long" in str(caught.value.__cause__.__cause__ if caught.value.__cause__ else None)


def test_what_a_provider_says_of_itself_is_asked_for_once(teller: _Teller) -> None:
    known = provider(teller)

    for _ in range(2):
        depart(known, "http://localhost/back")

    assert teller.asked == 1
