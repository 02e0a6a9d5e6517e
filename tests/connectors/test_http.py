"""The session that every connector kind speaks through: what is sent, what is refused, and what each answer becomes."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import http
from connectors.base import CallLimits, Line
from connectors.errors import Conflict, NotFound, RateLimited, Refused, Unavailable
from connectors.http import DeskSession, Refusal, loopback_url, open_session, parse_limits, parse_retry_after

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
ORIGIN = "https://desk.example.com"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n" + b'{"ok":true}'

#: What a scripted server does with one request on one connection.
Act = Callable[[socket.socket, bytes], None]


class ScriptedServer:
    """A loopback server that plays one act per request, and the last one for ever after; keeps connections open."""

    def __init__(self, *acts: Act, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._acts, self._context = list(acts), context
        self._open: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        # A listener that is merely closed does not wake up its accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        # Nor does a read on a connection that the client keeps alive.
        if self._open is not None:
            with suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open = connection
            with connection, suppress(OSError):
                self._talk(self._context.wrap_socket(connection, server_side=True) if self._context else connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        while request := _request(connection):
            self.requests.append(request)
            act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
            act(connection, request)


def _request(connection: socket.socket) -> bytes:
    """One request with its body, or nothing when the other side is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reply(answer: bytes) -> Act:
    return lambda connection, _: connection.sendall(answer)


def drop(connection: socket.socket, _: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def drip(connection: socket.socket, _: bytes) -> None:
    """An answer that never ends, one byte at a time."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _byte in range(100):
            connection.sendall(b"X")
            time.sleep(0.02)


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    running: list[ScriptedServer] = []

    def start(*acts: Act, context: ssl.SSLContext | None = None) -> ScriptedServer:
        running.append(ScriptedServer(*acts, context=context))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def session() -> Iterator[DeskSession]:
    """A session without a base address, for answers staged with `responses`."""
    with open_session(origin=ORIGIN, base_url=None, line=Line(now=lambda: NOW)) as opened:
        yield opened


def connect(
    server: ScriptedServer, *, timeout: float = 2.0, refusal: Refusal | None = None, **options: Any
) -> DeskSession:
    line = Line(now=lambda: NOW, timeout=timeout, **options)
    return open_session(origin=ORIGIN, base_url=server.url, line=line, refusal=refusal)


def certificate(folder: Path) -> ssl.SSLContext:
    """A server context with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example.com")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number())
    built = built.not_valid_before(NOW - timedelta(days=900)).not_valid_after(NOW + timedelta(days=9000))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(pem + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


class TestSending:
    def test_a_request_for_the_vendors_host_goes_to_the_base_address_with_the_hosts_name(
        self, serve: Callable[..., ScriptedServer]
    ) -> None:
        server = serve(reply(OK))

        response = connect(server).get(f"{ORIGIN}/api/v2/things?page%5Bsize%5D=1")

        assert server.requests[0].startswith(b"GET /api/v2/things?page%5Bsize%5D=1 HTTP/1.1\r\n")
        assert b"Host: desk.example.com\r\n" in server.requests[0]
        assert response.url == response.request.url == f"{ORIGIN}/api/v2/things?page%5Bsize%5D=1"

    def test_requests_say_who_they_are_from(self, serve: Callable[..., ScriptedServer]) -> None:
        server = serve(reply(OK))

        connect(server).get(f"{ORIGIN}/x")

        assert f"User-Agent: {http.USER_AGENT}\r\n".encode() in server.requests[0]

    def test_no_proxy_and_no_netrc_of_the_environment_is_used(
        self, serve: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        server = serve(reply(OK))

        assert connect(server).get(f"{ORIGIN}/x").json() == {"ok": True}

    def test_an_address_on_another_host_is_never_asked(self, session: DeskSession) -> None:
        with pytest.raises(Unavailable, match="no request could be made") as caught:
            session.get("https://elsewhere.example.com/api")

        assert not caught.value.sent

    def test_a_cookie_of_the_helpdesk_is_not_sent_back(self, serve: Callable[..., ScriptedServer]) -> None:
        server = serve(reply(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\n\r\n")))
        session = connect(server)

        session.get(f"{ORIGIN}/1")
        session.get(f"{ORIGIN}/2")

        assert b"Cookie" not in server.requests[1]

    @pytest.mark.parametrize(
        "address",
        [
            "http://example.com",
            "ftp://127.0.0.1",
            "http://127.0.0.1/path",
            "http://user@127.0.0.1",
            "http://127.0.0.1?x=1",
            "http://127.0.0.1:",
            "127.0.0.1:8000",
            "http://127.0.0.1.example.com",
            "http://[::2]:80",
        ],
    )
    def test_a_base_address_that_is_not_this_machine_is_refused(self, address: str) -> None:
        with pytest.raises(ValueError, match="base_url: "):
            loopback_url(address)

    @pytest.mark.parametrize(
        "address", ["http://127.0.0.1:81/", "https://localhost", "http://[::1]:5", "http://127.9.9.9"]
    )
    def test_a_base_address_on_this_machine_is_taken_without_its_slash(self, address: str) -> None:
        assert loopback_url(address) == address.rstrip("/")


class TestLostCalls:
    def test_a_write_whose_answer_is_lost_is_sent_once_and_its_outcome_unknown(
        self, serve: Callable[..., ScriptedServer]
    ) -> None:
        server = serve(drop)

        with pytest.raises(Unavailable, match="lost") as caught:
            connect(server).put(f"{ORIGIN}/x", json={"a": 1})

        assert caught.value.sent
        assert len(server.requests) == 1

    def test_a_read_whose_connection_is_dropped_is_asked_once_more(self, serve: Callable[..., ScriptedServer]) -> None:
        server = serve(drop, reply(OK))

        assert connect(server).get(f"{ORIGIN}/x").json() == {"ok": True}
        assert len(server.requests) == 2

    def test_a_read_is_not_asked_a_third_time(self, serve: Callable[..., ScriptedServer]) -> None:
        server = serve(drop)

        with pytest.raises(Unavailable) as caught:
            connect(server).get(f"{ORIGIN}/x")

        assert not caught.value.sent
        assert len(server.requests) == 2

    def test_a_write_that_found_no_server_was_not_sent(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

        session = open_session(origin=ORIGIN, base_url=f"http://127.0.0.1:{port}", line=Line(now=lambda: NOW))

        with pytest.raises(Unavailable, match="no connection") as caught:
            session.post(f"{ORIGIN}/x", json={})
        assert not caught.value.sent

    def test_a_certificate_that_cannot_be_verified_stops_the_write(
        self, serve: Callable[..., ScriptedServer], tmp_path: Path
    ) -> None:
        server = serve(reply(OK), context=certificate(tmp_path))

        with pytest.raises(Unavailable, match="certificate") as caught:
            connect(server).put(f"{ORIGIN}/x", json={})

        assert not caught.value.sent
        assert server.requests == []

    @pytest.mark.parametrize(("method", "sent"), [("GET", False), ("PUT", True)])
    def test_an_answer_that_drips_is_cut_off_at_the_deadline(
        self, serve: Callable[..., ScriptedServer], method: str, sent: bool
    ) -> None:
        server = serve(drip)
        started = time.monotonic()

        with pytest.raises(Unavailable, match="in time") as caught:
            connect(server, timeout=0.3).request(method, f"{ORIGIN}/x")

        assert time.monotonic() - started < 1.0
        assert caught.value.sent is sent
        assert len(server.requests) == 1

    def test_half_an_answer_to_a_write_leaves_its_outcome_unknown(self, serve: Callable[..., ScriptedServer]) -> None:
        def half(connection: socket.socket, request: bytes) -> None:
            connection.sendall(OK[:-4])
            drop(connection, request)

        server = serve(half)

        with pytest.raises(Unavailable) as caught:
            connect(server).put(f"{ORIGIN}/x", json={})

        assert caught.value.sent
        assert len(server.requests) == 1

    def test_an_answer_without_end_is_not_read(
        self, serve: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 1000)
        body = b'{"a":"' + b"x" * 2000 + b'"}'
        server = serve(reply(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)))

        with pytest.raises(Unavailable, match="too large"):
            connect(server).get(f"{ORIGIN}/x")


class TestAnswers:
    @responses.activate
    @pytest.mark.parametrize("body", ["", "{", "<html>", "[1]", '"text"', "[" * 100_000, '{"a":' * 100_000])
    @pytest.mark.parametrize(("method", "sent"), [("GET", False), ("PUT", True)])
    def test_a_200_that_is_not_a_json_object_is_no_answer(
        self, session: DeskSession, body: str, method: str, sent: bool
    ) -> None:
        responses.add(method, f"{ORIGIN}/x", body=body)

        with pytest.raises(Unavailable, match="without a JSON object") as caught:
            session.request(method, f"{ORIGIN}/x")

        assert caught.value.sent is sent
        assert len(responses.calls) == 1

    @responses.activate
    def test_a_204_needs_no_body(self, session: DeskSession) -> None:
        responses.add("DELETE", f"{ORIGIN}/x", status=204)

        assert session.delete(f"{ORIGIN}/x").status_code == 204

    @responses.activate
    def test_a_broken_byte_costs_one_character_and_not_the_answer(self, session: DeskSession) -> None:
        responses.add(
            "GET", f"{ORIGIN}/x", body=b'\xef\xbb\xbf{"a": "caf\xff"}', content_type="text/plain; charset=latin-1"
        )

        assert session.get(f"{ORIGIN}/x").json() == {"a": "caf\ufffd"}

    @responses.activate
    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed(self, session: DeskSession, status: int) -> None:
        responses.add("GET", f"{ORIGIN}/x", status=status, headers={"Location": f"{ORIGIN}/y"})

        with pytest.raises(Refused, match="redirect"):
            session.get(f"{ORIGIN}/x")

        assert len(responses.calls) == 1

    @responses.activate
    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
    @pytest.mark.parametrize(("method", "sent"), [("GET", False), ("POST", True)])
    def test_an_html_error_page_is_a_helpdesk_in_trouble(
        self, session: DeskSession, status: int, method: str, sent: bool
    ) -> None:
        responses.add(method, f"{ORIGIN}/x", status=status, body="<html>sorry</html>", headers={"Retry-After": "7"})

        with pytest.raises(Unavailable, match=str(status)) as caught:
            session.request(method, f"{ORIGIN}/x")

        assert caught.value.sent is sent
        assert caught.value.retry_after == timedelta(seconds=7)
        assert not isinstance(caught.value, RateLimited)
        assert len(responses.calls) == 1

    @responses.activate
    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (404, "{}", NotFound),
            (410, "{}", NotFound),
            (409, "{}", Conflict),
            (400, "{}", Refused),
            (404, "<p>", Unavailable),
        ],
    )
    def test_a_4xx_means_what_it_says_where_a_kind_has_nothing_to_add(
        self, session: DeskSession, status: int, body: str, kind: type[Exception]
    ) -> None:
        responses.add("GET", f"{ORIGIN}/x", status=status, body=body)

        with pytest.raises(kind, match=str(status)):
            session.get(f"{ORIGIN}/x")

    @responses.activate
    @pytest.mark.parametrize(("status", "auth"), [(401, True), (403, False)])
    def test_only_a_401_says_that_the_credentials_are_wrong(
        self, session: DeskSession, status: int, auth: bool
    ) -> None:
        responses.add("GET", f"{ORIGIN}/x", status=status, json={})

        with pytest.raises(Refused) as caught:
            session.get(f"{ORIGIN}/x")

        assert caught.value.auth is auth

    @responses.activate
    def test_a_list_is_an_answer_where_the_kind_says_that_lists_come_bare(self) -> None:
        responses.add("GET", f"{ORIGIN}/x", body="[1]")
        session = open_session(origin=ORIGIN, base_url=None, line=Line(now=lambda: NOW), lists=True)

        assert session.get(f"{ORIGIN}/x").json() == [1]

    @responses.activate
    @pytest.mark.parametrize("body", ["", '"text"', "1", "null"])
    def test_anything_else_is_no_answer_there_either(self, body: str) -> None:
        responses.add("GET", f"{ORIGIN}/x", body=body)
        session = open_session(origin=ORIGIN, base_url=None, line=Line(now=lambda: NOW), lists=True)

        with pytest.raises(Unavailable, match="without a JSON object"):
            session.get(f"{ORIGIN}/x")


class TestAllowances:
    @responses.activate
    def test_a_429_is_raised_at_once_with_the_helpdesks_own_pause(self, session: DeskSession) -> None:
        responses.add("PUT", f"{ORIGIN}/x", status=429, headers={"Retry-After": "93"}, body="slow down")
        started = time.monotonic()

        with pytest.raises(RateLimited) as caught:
            session.put(f"{ORIGIN}/x")

        assert caught.value.retry_after == timedelta(seconds=93)
        assert not caught.value.sent
        assert time.monotonic() - started < 1.0

    @responses.activate
    def test_a_pause_until_a_date_is_measured_by_the_helpdesks_clock(self, session: DeskSession) -> None:
        headers = {"Date": "Mon, 05 Jan 2026 09:00:00 GMT", "Retry-After": "Mon, 05 Jan 2026 09:01:30 GMT"}
        responses.add("GET", f"{ORIGIN}/x", status=429, headers=headers)

        with pytest.raises(RateLimited) as caught:
            session.get(f"{ORIGIN}/x")

        assert caught.value.retry_after == timedelta(seconds=90)

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("0", 0),
            (" 12 ", 12),
            ("1.5", 1.5),
            ("-4", 0),
            ("86400", 3600),
            ("inf", 3600),
            ("1e999", 3600),
            ("Mon, 02 Mar 2026 09:00:30 GMT", 30),
            ("Mon, 02 Mar 2026 09:00:30 -0000", 30),
            ("Mon, 02 Mar 2026 08:00:00 GMT", 0),
            ("Fri, 02 Mar 2096 08:00:00 GMT", 3600),
        ],
    )
    def test_a_pause_is_read_and_kept_within_an_hour(self, text: str, seconds: float) -> None:
        assert parse_retry_after(text, now=NOW) == timedelta(seconds=seconds)

    @pytest.mark.parametrize("text", [None, "", "soon", "nan", "12 parsecs", "Mon, 99 Foo 2026"])
    def test_a_pause_that_makes_no_sense_is_none(self, text: str | None) -> None:
        assert parse_retry_after(text, now=NOW) is None

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "12", "ratelimit-reset": "30"},
            {"ratelimit-limit": "700", "ratelimit-remaining": "12", "ratelimit-reset": "30"},
            {"Rate-Limit": "700", "Rate-Limit-Remaining": "12", "Rate-Limit-Reset": "30"},
            {"X-RateLimit-Total": "700", "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "30"},
        ],
    )
    def test_the_accounts_allowance_is_read_in_every_spelling(self, headers: dict[str, str]) -> None:
        told = parse_limits(headers)

        assert told == (CallLimits(bucket="account", total=700, remaining=12, resets_in=timedelta(seconds=30)),)

    @pytest.mark.parametrize("prefix", ["zendesk-ratelimit-", "Zendesk-Rate-Limit-"])
    def test_a_buckets_allowance_is_read_in_both_spellings(self, prefix: str) -> None:
        told = parse_limits({f"{prefix}tickets-update": "total=100; remaining=0; resets=41"})

        assert told == (CallLimits(bucket="tickets-update", total=100, remaining=0, resets_in=timedelta(seconds=41)),)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X-Rate-Limit": "many"},
            {"zendesk-ratelimit-x": ""},
            {"zendesk-ratelimit-x": "total; =;;"},
            {"ratelimit-reset": "5"},
        ],
    )
    def test_headers_that_tell_nothing_give_no_allowance(self, headers: dict[str, str]) -> None:
        assert parse_limits(headers) == ()


class TestObserver:
    def test_every_call_is_told_with_its_path_status_and_limits(self, serve: Callable[..., ScriptedServer]) -> None:
        told: list[tuple[str, str, int, int]] = []
        limited = OK.replace(b"\r\n\r\n", b"\r\nX-Rate-Limit: 5\r\n\r\n", 1)
        server = serve(drop, reply(limited))
        session = connect(server, observe=lambda *call: told.append((*call[:3], len(call[3]))))

        session.get(f"{ORIGIN}/api/v2/x?secret=1")

        assert told == [("GET", "/api/v2/x", 0, 0), ("GET", "/api/v2/x", 200, 1)]

    @responses.activate
    def test_a_refused_call_is_told_too(self) -> None:
        told: list[int] = []
        session = open_session(
            origin=ORIGIN, base_url=None, line=Line(now=lambda: NOW, observe=lambda *call: told.append(call[2]))
        )
        responses.add("GET", f"{ORIGIN}/x", status=429)

        with pytest.raises(RateLimited):
            session.get(f"{ORIGIN}/x")

        assert told == [429]


def test_the_timeout_for_connecting_is_short(session: DeskSession, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def give_up(*_: object, **options: object) -> requests.Response:
        seen.append(options["timeout"])
        raise requests.exceptions.ConnectTimeout

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", give_up)

    with pytest.raises(Unavailable) as caught:
        session.put(f"{ORIGIN}/x")

    assert seen == [(3.0, 10.0)]
    assert not caught.value.sent
