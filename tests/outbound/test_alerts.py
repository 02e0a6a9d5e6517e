"""Alert webhooks: what leaves, where it may go, and what every odd answer means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.outbound import AlertNotSent, AlertUnknown, NotSent, Outbound, alerts
from app.settings import new_key
from app.vault import Vault
from tests.outbound.loopback import Listener, answering, listening, make_certificate

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"made-up secret of 24 byt").decode()
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def outbound(*, loopback_allowed: bool = True, timeout: float = 5.0) -> Outbound:
    return Outbound(
        smtp_url=None,
        mail_from="Kintsugi <kintsugi@example.com>",
        loopback_allowed=loopback_allowed,
        vault=Vault([new_key()]),
        timeout=timeout,
    )


def deliver(url: str, *, sender: Outbound | None = None, webhook_id: str = "step-1") -> None:
    payload = {"type": "case.opened", "data": {"ticket_id": "7", "score": None}}
    (sender or outbound()).deliver_webhook(url, payload, webhook_id=webhook_id, secret=SECRET, now=NOW)


def failure(answer: bytes) -> AlertNotSent:
    with listening(answering(answer)) as server, pytest.raises(AlertNotSent) as caught:
        deliver(f"http://127.0.0.1:{server.port}/alerts")
    return caught.value


def test_alert_arrives_as_json_with_its_query() -> None:
    with listening(answering(OK)) as server:
        deliver(f"http://127.0.0.1:{server.port}/alerts?team=1")

    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /alerts?team=1 HTTP/1.1\r\n")
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body) == {"type": "case.opened", "data": {"ticket_id": "7", "score": None}}


def test_alert_is_signed_by_the_standard_scheme() -> None:
    with listening(answering(OK)) as server:
        deliver(f"http://127.0.0.1:{server.port}/")

    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    signed = b"step-1." + headers["webhook-timestamp"].encode() + b"." + body
    expected = base64.b64encode(hmac.digest(b"made-up secret of 24 byt", signed, hashlib.sha256)).decode()
    assert headers["webhook-id"] == "step-1"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_both_secrets_sign_while_one_is_replaced() -> None:
    envelope = alerts.Envelope(webhook_id="step-1", secrets=(SECRET, "a plain one"), now=NOW)

    signature = alerts.sign(b"{}", envelope)["webhook-signature"]

    message = f"step-1.{int(NOW.timestamp())}.{{}}".encode()
    plain = base64.b64encode(hmac.digest(b"a plain one", message, hashlib.sha256)).decode()
    assert [part.partition(",")[0] for part in signature.split(" ")] == ["v1", "v1"]
    assert signature.endswith(f"v1,{plain}")


def test_desk_has_secrets_of_its_own_that_follow_a_key_rotation() -> None:
    old, new = new_key(), new_key()

    def secrets(*keys: str, desk_id: int = 1) -> tuple[str, ...]:
        sender = Outbound(smtp_url=None, mail_from="a@example.com", loopback_allowed=False, vault=Vault(keys))
        return sender.alert_secrets(desk_id)

    assert secrets(new, old)[1:] == secrets(old)
    assert secrets(old) != secrets(old, desk_id=2)
    assert all(one.startswith("whsec_") and len(base64.b64decode(one[6:])) == 32 for one in secrets(new, old))


def test_id_that_would_confuse_the_signature_is_refused() -> None:
    with pytest.raises(ValueError, match="webhook_id"):
        deliver("http://127.0.0.1:1/", webhook_id="a.b")


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (302, False),
        (307, False),
        (400, False),
        (404, False),
        (410, False),
        (408, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_refusal_says_whether_to_try_again(status: int, retryable: bool) -> None:
    error = failure(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())

    assert error.retryable is retryable
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Mon, 02 Mar 2026 09:01:00 GMT", timedelta(seconds=60)),
        ("soon", None),
    ],
)
def test_receivers_own_word_on_waiting_is_passed_on(value: str, wait: timedelta | None) -> None:
    answer = f"HTTP/1.1 429 Slow down\r\nRetry-After: {value}\r\n\r\n".encode()

    assert failure(answer).retry_after == wait


def test_redirect_is_never_followed() -> None:
    with listening(answering(OK)) as other:
        away = f"HTTP/1.1 308 Moved\r\nLocation: http://127.0.0.1:{other.port}/\r\n\r\n".encode()

        error = failure(away)

    assert not error.retryable
    assert other.connections == 0


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as proxy, listening(answering(OK)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        deliver(f"http://127.0.0.1:{server.port}/")

    assert (proxy.connections, server.connections) == (0, 1)


def test_huge_answer_is_not_read() -> None:
    sent: list[int] = []

    def flood(listener: Listener, connection: socket.socket) -> None:
        listener.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            sent.append(connection.send(b"x" * 65536))

    with listening(flood) as server:
        deliver(f"http://127.0.0.1:{server.port}/")

    assert sum(sent) < 50_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\xff\xfe" * 50,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n",
    ],
    ids=["dropped", "cut short", "not HTTP", "binary", "no status", "long header", "many headers"],
)
def test_answer_that_makes_no_sense_leaves_the_outcome_unknown(answer: bytes) -> None:
    with listening(answering(answer)) as server, pytest.raises(AlertUnknown):
        deliver(f"http://127.0.0.1:{server.port}/")

    assert server.connections == 1


def test_receiver_that_hangs_is_given_up_on() -> None:
    ended = threading.Event()

    def hang(listener: Listener, connection: socket.socket) -> None:
        listener.read_request(connection)
        ended.wait(5)

    started = time.monotonic()
    with listening(hang) as server:
        with pytest.raises(AlertUnknown):
            deliver(f"http://127.0.0.1:{server.port}/", sender=outbound(timeout=0.3))
        ended.set()

    assert time.monotonic() - started < 3


def test_receiver_that_drips_its_answer_is_given_up_on() -> None:
    def drip(listener: Listener, connection: socket.socket) -> None:
        listener.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            connection.sendall(b"a")
            time.sleep(0.05)

    started = time.monotonic()
    with listening(drip) as server, pytest.raises(AlertUnknown):
        deliver(f"http://127.0.0.1:{server.port}/", sender=outbound(timeout=0.4))

    assert time.monotonic() - started < 3


def test_closed_port_means_nothing_was_sent() -> None:
    with listening(answering(OK)) as server:
        port = server.port

    with pytest.raises(AlertNotSent) as caught:
        deliver(f"http://127.0.0.1:{port}/")

    assert caught.value.retryable


@pytest.mark.parametrize(
    "url",
    [
        "",
        "alerts",
        "https://",
        "https://[::1",
        "https://example.com:99999/",
        "https://example.com\\@127.0.0.1/",
        "https://exam ple.com/",
        "https://example.com/\r\nX: y",
        "https://ex\u00e4mple.com/",
        "https://user:password@example.com/",
        "https://user@example.com/",
        "https://:@example.com/",
        "https://example.com:8443/",
        "http://example.com/",
        "http://example.com:443/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://" + "a" * 70 + ".example.com/",
    ],
)
@pytest.mark.parametrize("loopback_allowed", [True, False])
def test_address_of_another_form_is_refused_for_good(url: str, loopback_allowed: bool) -> None:
    with pytest.raises(AlertNotSent) as caught:
        deliver(url, sender=outbound(loopback_allowed=loopback_allowed))

    assert not caught.value.retryable
    assert "password" not in str(caught.value)


def test_error_does_not_repeat_the_address() -> None:
    with pytest.raises(AlertNotSent) as caught:
        deliver("http://hooks.example.com/made-up-secret-path")

    assert "made-up-secret-path" not in str(caught.value)


def test_other_schemes_are_refused_on_loopback_too() -> None:
    with pytest.raises(AlertNotSent, match="http or https only"):
        deliver("ftp://127.0.0.1/")


@pytest.fixture
def port_443(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Send what would go to port 443 to another port, so that a real server can hear it."""
    resolve = socket.getaddrinfo

    def prepare(port: int) -> None:
        def redirected(host: str, _port: int, *args: int, **kwargs: int) -> list[tuple[object, ...]]:
            return list(resolve(host, port, *args, **kwargs))

        monkeypatch.setattr(socket, "getaddrinfo", redirected)

    return prepare


LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::]",
]


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
def test_no_spelling_of_this_machine_is_reached_from_production(host: str, port_443: Callable[[int], None]) -> None:
    with listening(answering(OK)) as server:
        port_443(server.port)
        with pytest.raises(NotSent):
            deliver(f"https://{host}/", sender=outbound(loopback_allowed=False))

    assert server.connections == 0


def resolving_to(monkeypatch: pytest.MonkeyPatch, port: int, *addresses: str) -> None:
    """Make every name lead to these addresses."""
    found = [
        (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)


def test_name_is_refused_when_only_one_of_its_addresses_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as server:
        resolving_to(monkeypatch, server.port, "93.184.215.14", "127.0.0.1")
        with pytest.raises(AlertNotSent, match="may not reach") as caught:
            deliver("https://example.com/", sender=outbound(loopback_allowed=False))

    assert not caught.value.retryable
    assert server.connections == 0


def test_name_that_leads_away_from_this_machine_is_refused_on_the_embedded_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving_to(monkeypatch, 80, "10.0.0.8")

    with pytest.raises(AlertNotSent, match="may not reach"):
        deliver("http://localhost/")


def test_name_that_does_not_resolve_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(AlertNotSent) as caught:
        deliver("https://example.com/", sender=outbound(loopback_allowed=False))

    assert caught.value.retryable


def test_second_address_is_tried_when_the_first_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as server:
        closed = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))
        good = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: [closed, good])
        deliver("http://localhost/")

    assert server.connections == 1


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("::ffff:93.184.215.14", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.0.8", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("239.255.255.250", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("0.0.0.0", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2002:5db8:d70e::1", False),
        ("2001:0:5db8:d70e::1", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fd12:3456::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_only_public_addresses_are_public(address: str, allowed: bool) -> None:
    assert alerts._allowed(address, loopback=False) is allowed


@pytest.mark.parametrize(
    ("address", "allowed"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False)]
)
def test_loopback_target_reaches_this_machine_and_nothing_else(address: str, allowed: bool) -> None:
    assert alerts._allowed(address, loopback=True) is allowed


def tls_script(context: ssl.SSLContext) -> Callable[[Listener, socket.socket], None]:
    def script(listener: Listener, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            answering(OK)(listener, secure)

    return script


def test_certificate_that_nobody_vouches_for_stops_the_alert(tmp_path: Path) -> None:
    with listening(tls_script(make_certificate(tmp_path))) as server, pytest.raises(AlertNotSent, match="certificate"):
        deliver(f"https://localhost:{server.port}/")

    assert server.heard == []


def test_certificate_of_a_known_authority_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))

    with listening(tls_script(context)) as server:
        deliver(f"https://localhost:{server.port}/")

    assert len(server.heard) == 1


def test_receiver_that_speaks_no_tls_gets_nothing() -> None:
    def plain(_listener: Listener, connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(plain) as server, pytest.raises(AlertNotSent) as caught:
        deliver(f"https://localhost:{server.port}/")

    assert caught.value.retryable
