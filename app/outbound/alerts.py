"""Webhooks out: signed, and kept away from every network but the public one.

Every address that a name leads to is checked when the connection is made, so that a name cannot change in between.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import re
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from app.outbound.errors import AlertNotSent, AlertUnknown
from app.outbound.tls import trusting
from app.settings import is_loopback
from connectors.http import parse_retry_after

CONNECT_SECONDS = 3.0
USER_AGENT = "Kintsugi/1"

_WEBHOOK_ID = re.compile(r"[A-Za-z0-9_:-]{1,100}")
#: Answers that mean "not now": timeout, too early, too many requests.
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far alerts may go, and how long one may take."""

    loopback_allowed: bool
    timeout: float  #: seconds, for the whole answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the receiver is to know an alert by, and the secrets that sign it."""

    webhook_id: str
    secrets: tuple[str, ...]
    now: datetime


def deliver(url: str, payload: Mapping[str, Any], envelope: Envelope, reach: Reach) -> None:
    """One attempt. Raises AlertNotSent, AlertUnknown; ValueError for an id that cannot be one."""
    if not _WEBHOOK_ID.fullmatch(envelope.webhook_id):
        raise ValueError(f"webhook_id: must be letters, digits, _, : and -, got {envelope.webhook_id!r}")
    target = _Target.read(url, loopback_allowed=reach.loopback_allowed)
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, **sign(body, envelope)}
    connection = target.connect(min(CONNECT_SECONDS, reach.timeout))
    try:
        status, retry_after = _exchange(connection, _Request(path=target.path, body=body, headers=headers), reach)
    finally:
        connection.close()
    _judge(status, parse_retry_after(retry_after, now=envelope.now))


def sign(body: bytes, envelope: Envelope) -> dict[str, str]:
    """The three headers of https://www.standardwebhooks.com, with a signature for each secret.

    A secret is "whsec_" and base64; any other text is a key by its own bytes.
    """
    timestamp = str(int(envelope.now.timestamp()))
    message = f"{envelope.webhook_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(_secret_key(secret), message, hashlib.sha256) for secret in envelope.secrets)
    return {
        "webhook-id": envelope.webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in digests),
    }


def _secret_key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where an alert goes, checked before anything is looked up."""

    host: str
    port: int
    path: str
    tls: bool
    loopback: bool  #: on this machine, which is allowed on the embedded default only

    @classmethod
    def read(cls, url: str, *, loopback_allowed: bool) -> _Target:
        """Raises AlertNotSent that says what is wrong, without the address: its path is often a secret."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise AlertNotSent("the address is no URL", retryable=False) from error
        if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or not parts.hostname:
            raise AlertNotSent("the address is no URL", retryable=False)
        if parts.username is not None or parts.password is not None:
            raise AlertNotSent("the address holds credentials, which belong into no URL", retryable=False)
        tls, loopback = parts.scheme == "https", loopback_allowed and is_loopback(url)
        if not loopback and (not tls or port not in (None, 443)):
            raise AlertNotSent("alerts go to https on port 443 only", retryable=False)
        if parts.scheme not in ("http", "https"):
            raise AlertNotSent("alerts go to http or https only", retryable=False)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(host=parts.hostname, port=port or (443 if tls else 80), path=path, tls=tls, loopback=loopback)

    def connect(self, seconds: float) -> HTTPConnection:
        """An open connection to a checked address. Raises AlertNotSent."""
        connection = (
            _CheckedTls(self.host, self.port, timeout=seconds, ssl_context=trusting())
            if self.tls
            else _Checked(self.host, self.port, timeout=seconds)
        )
        connection.target = self
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise AlertNotSent("the receiver's certificate could not be verified", retryable=True) from error
        except UnicodeError as error:
            raise AlertNotSent("the address holds a name that cannot exist", retryable=False) from error
        except (OSError, HTTPError) as error:
            raise AlertNotSent("no connection to the receiver", retryable=True) from error
        return connection


class _Checked(HTTPConnection):
    """Connects only after every address that the name leads to was checked, and then to just those."""

    target: _Target

    def _new_conn(self) -> socket.socket:
        found = socket.getaddrinfo(self.target.host, self.target.port, type=socket.SOCK_STREAM)
        addresses = [str(place[0]) for *_, place in found]
        if not all(_allowed(address, loopback=self.target.loopback) for address in addresses):
            raise AlertNotSent("the address leads into a network that alerts may not reach", retryable=False)
        return _connect_first(found, float(self.timeout or CONNECT_SECONDS))


class _CheckedTls(_Checked, HTTPSConnection):
    pass


def _connect_first(found: Sequence[tuple[Any, ...]], seconds: float) -> socket.socket:
    failure: OSError = OSError("no address")
    for family, kind, protocol, _name, place in found:
        attempt = socket.socket(family, kind, protocol)
        attempt.settimeout(seconds)
        try:
            attempt.connect(place)
        except OSError as error:
            attempt.close()
            failure = error
            continue
        return attempt
    raise failure


_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
#: Addresses that the standard library calls global, and that lead elsewhere: tunnels to any IPv4 address.
_TUNNELS = tuple(ipaddress.ip_network(network) for network in ("2002::/16", "2001::/32"))
_PROTOCOL_USE = ipaddress.ip_network("192.0.0.0/24")


def _allowed(address: str, *, loopback: bool) -> bool:
    """Whether an alert may go there: to this machine only, or to the public internet only."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _unwrapped(ip)
    return ip.is_loopback if loopback else _is_public(ip)


def _unwrapped(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside a mapped (::ffff:0:0/96) or translated (64:ff9b::/96) one."""
    if ip in _TRANSLATED:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and (ip not in _GLOBAL_UNICAST or any(ip in net for net in _TUNNELS)):
        return False
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOL_USE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    path: str
    body: bytes
    headers: Mapping[str, str]


def _exchange(connection: HTTPConnection, request: _Request, reach: Reach) -> tuple[int, str | None]:
    """Status and Retry-After of the answer; its body is never read. Raises AlertUnknown without one."""
    sock = connection.sock
    assert sock is not None
    sock.settimeout(reach.timeout)
    late = threading.Event()
    # A socket's timeout starts anew with every byte, so one that drips would hold us for ever.
    watchdog = threading.Timer(reach.timeout, _cut, [sock, late])
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("POST", request.path, body=request.body, headers=request.headers, preload_content=False)
        answer = connection.getresponse()
        if late.is_set():  # the library takes headers that end in the middle for whole ones
            raise TimeoutError("the answer took too long")
        return answer.status, answer.headers.get("Retry-After")
    except (OSError, HTTPException, HTTPError, ValueError) as error:
        raise AlertUnknown("the receiver gave no answer that we understand") from error
    finally:
        watchdog.cancel()


def _cut(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):  # it was closed in the same moment
        sock.shutdown(socket.SHUT_RDWR)


def _judge(status: int, retry_after: timedelta | None) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise AlertNotSent(f"the receiver answered {status}, a redirect, and those are never followed", retryable=False)
    retryable = status >= 500 or status in _LATER
    raise AlertNotSent(f"the receiver answered {status}", retryable=retryable, retry_after=retry_after)
