"""Outbound HTTP for every connector kind: one session, one request per attempt, answers turned into our errors.

No vendor's paths, bodies or error texts live here; a kind hands in what its refusals mean. Nothing sleeps.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from connectors.base import CallLimits, Line
from connectors.errors import Conflict, ConnectorError, NotFound, RateLimited, Refused, Unavailable
from connectors.timed import CONNECT_SECONDS, TimedPool, TimedTlsPool

#: Helpdesks store it with a change, so it must stay recognisable: it is one of the ways to know our own echo.
USER_AGENT = "Kintsugi-Recovery/1"
MAX_ANSWER_BYTES = 32 * 1024 * 1024
#: A helpdesk that asks for a longer pause than this is believed for this long only; then it is asked again.
MAX_PAUSE = timedelta(hours=1)

_READS = frozenset({"GET", "HEAD"})
_BUCKET = re.compile(r"zendesk-rate-?limit-(?P<name>[a-z0-9_-]{1,60})")
_TOTAL = ("ratelimit-limit", "rate-limit", "x-rate-limit", "x-ratelimit-limit", "x-ratelimit-total")
_REMAINING = ("ratelimit-remaining", "rate-limit-remaining", "x-rate-limit-remaining", "x-ratelimit-remaining")
_RESET = ("ratelimit-reset", "rate-limit-reset", "x-rate-limit-reset", "x-ratelimit-reset")

#: What a 4xx answer means to a kind: status and the answer's JSON object (None when it was none).
Refusal = Callable[[int, Mapping[str, Any] | None], ConnectorError]


class _Dropped(Unavailable):
    """The connection went away before an answer was complete."""


class DeskSession(requests.Session):
    """A session that reaches one helpdesk only: no proxies, netrc, cookies or redirects, and no other host."""

    def __init__(self, adapter: DeskAdapter, prefixes: Sequence[str]) -> None:
        super().__init__()
        #: Called once with a request that was refused for its credentials alone; True when it carries newer ones.
        self.renew_access: Callable[[requests.PreparedRequest], bool] | None = None
        self.trust_env = False
        self.max_redirects = 0
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        # Without the default adapters an absolute link in an answer cannot carry our credentials elsewhere.
        self.adapters.clear()
        for prefix in prefixes:
            self.mount(prefix, adapter)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Like `requests.Session.request`, but raises `connectors.errors` only."""
        try:
            return super().request(*args, **kwargs)
        except requests.RequestException as error:
            # The adapter turns its own trouble into our errors, so this request never left.
            raise Unavailable(f"no request could be made: {type(error).__name__}") from error

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Exchange one request; one that was turned away at the door, writes too, once more with renewed access."""
        try:
            return super().send(request, **kwargs)
        except Refused as error:
            if not error.auth or self.renew_access is None or not self.renew_access(request):
                raise
        return super().send(request, **kwargs)


def open_session(
    *,
    origin: str,
    base_url: str | None,
    line: Line,
    refusal: Refusal | None = None,
    lists: bool = False,
) -> DeskSession:
    """A session for `origin` ("https://name.example.com"); with `base_url` everything goes there instead.

    The line's timeout is from the request being sent to the last byte of its answer; connecting has 3 s more.
    `lists` says that this helpdesk answers with a bare JSON array where it lists things.
    Raises ValueError for a `base_url` that is not on loopback.
    """
    target = None if base_url is None else loopback_url(base_url)
    adapter = DeskAdapter(target=target, line=line, refusal=refusal or refused, lists=lists)
    return DeskSession(adapter, [f"{site}/" for site in (origin, target) if site])


class DeskAdapter(HTTPAdapter):
    """One request per attempt, told to the observer, bounded in time and size, judged before anyone else sees it.

    Writes are never repeated. A read is, once and within the same deadline, when its connection was dropped: that is
    what a kept-alive connection does when the other side closed it meanwhile. Timeouts and 5xx are not: waiting
    belongs to the caller's table.
    """

    def __init__(self, *, target: str | None, line: Line, refusal: Refusal, lists: bool = False) -> None:
        self._target, self._now, self._refusal, self._lists = target, line.now, refusal, lists
        self._observe, self._gate, self._timeout = line.observe, line.gate, line.timeout
        retries = Retry(total=0, read=False, redirect=False, respect_retry_after_header=False)
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=retries)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools whose connections read against a deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedTlsPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Exchange one request. Raises `connectors.errors` for everything but a 2xx with a JSON object."""
        if self._gate is not None:
            self._gate(request.method or "", urlsplit(request.url or "").path)
        until = time.monotonic() + self._timeout
        try:
            return self._exchange(request, self._timeout)
        except _Dropped:
            left = until - time.monotonic()
            if request.method not in _READS or left <= 0:
                raise
        return self._exchange(request, left)

    def _exchange(self, request: requests.PreparedRequest, seconds: float) -> requests.Response:
        write = request.method not in _READS
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        try:
            response = super().send(self._rerouted(request), stream=True, timeout=timeout, verify=True)
            # Set here, since the caller of `send` would otherwise read it without a limit.
            response._content = _read(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            self._tell(request, 0, ())
            raise _trouble(error, write=write) from error
        response.request, response.url = request, request.url or ""
        response.encoding = "utf-8-sig"  # JSON is UTF-8 whatever the header says; a broken byte costs one character
        self._tell(request, response.status_code, parse_limits(response.headers))
        self._judge(response, write=write)
        return response

    def _rerouted(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._target is None:
            return request
        parts = urlsplit(request.url or "")
        copy = request.copy()
        copy.url = f"{self._target}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        copy.headers["Host"] = parts.netloc
        return copy

    def _tell(self, request: requests.PreparedRequest, status: int, limits: Sequence[CallLimits]) -> None:
        if self._observe is not None:
            self._observe(request.method or "", urlsplit(request.url or "").path, status, limits)

    def _judge(self, response: requests.Response, *, write: bool) -> None:
        status = response.status_code
        if status == 429:
            spent = frozenset(limit.bucket for limit in parse_limits(response.headers) if limit.remaining == 0)
            raise RateLimited("the helpdesk's allowance is spent", retry_after=self._pause(response), spent=spent)
        if status >= 500 or status == 408:
            raise Unavailable(f"the helpdesk answered {status}", retry_after=self._pause(response), sent=write)
        if 300 <= status < 400:
            raise Refused(f"the helpdesk answered {status}, a redirect, and those are never followed")
        answer = json_value(response.text)
        if status >= 400:
            raise self._refusal(status, answer if isinstance(answer, dict) else None)
        expected = (dict, list) if self._lists else dict
        if not isinstance(answer, expected) and status != 204:
            raise Unavailable(f"the helpdesk answered {status} without a JSON object", sent=write)

    def _pause(self, response: requests.Response) -> timedelta | None:
        # The helpdesk's own clock is the one its dates are meant by.
        here = _http_date(response.headers.get("Date", "")) or self._now()
        return parse_retry_after(response.headers.get("Retry-After"), now=here)


def refused(status: int, body: Mapping[str, Any] | None) -> ConnectorError:
    """What a 4xx means where a kind has nothing better to say."""
    if body is None and status == 404:
        return Unavailable("the helpdesk answered 404 without a JSON object; is there a helpdesk at this address?")
    if status in (404, 410):
        return NotFound(f"the helpdesk answered {status}")
    if status == 409:
        return Conflict("the helpdesk answered 409")
    return Refused(f"the helpdesk answered {status}", auth=status == 401)


def json_value(text: str) -> Any:
    """What the text is in JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object that the text is, or None when it is anything else."""
    body = json_value(text)
    return body if isinstance(body, dict) else None


def parse_limits(headers: Mapping[str, str]) -> tuple[CallLimits, ...]:
    """The allowances that an answer's headers tell, in every spelling seen; bucket "account" is the general one."""
    plain = {name.lower(): value for name, value in headers.items()}
    limits = [_account(plain)]
    for name, value in plain.items():
        if bucket := _BUCKET.fullmatch(name):
            limits.append(_bucket(bucket["name"], value))
    return tuple(limit for limit in limits if limit is not None)


def _account(headers: Mapping[str, str]) -> CallLimits | None:
    total, remaining, reset = (_first(headers, names) for names in (_TOTAL, _REMAINING, _RESET))
    if total is None and remaining is None:
        return None
    return CallLimits(bucket="account", total=total, remaining=remaining, resets_in=_seconds(reset))


def _bucket(name: str, value: str) -> CallLimits | None:
    pairs = dict(part.strip().lower().partition("=")[::2] for part in value.split(";"))
    total, remaining, reset = (_count(pairs.get(key)) for key in ("total", "remaining", "resets"))
    if total is None and remaining is None:
        return None
    return CallLimits(bucket=name, total=total, remaining=remaining, resets_in=_seconds(reset))


def _first(headers: Mapping[str, str], names: Sequence[str]) -> int | None:
    return next((count for name in names if (count := _count(headers.get(name))) is not None), None)


def _count(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else min(timedelta(seconds=value), MAX_PAUSE)


def parse_retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """How long to pause: from seconds or an HTTP date, between 0 and `MAX_PAUSE`; None for missing or nonsense."""
    value = (value or "").strip()
    try:
        seconds = float(value)
    except ValueError:
        moment = _http_date(value)
        seconds = math.nan if moment is None else (moment - now).total_seconds()
    if math.isnan(seconds):
        return None
    return timedelta(seconds=max(0.0, min(seconds, MAX_PAUSE.total_seconds())))


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def loopback_url(base_url: str) -> str:
    """The address without a trailing slash. Raises ValueError unless it is http or https on this very machine."""
    parts = urlsplit(base_url)
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not plain or not _is_loopback(parts.hostname or ""):
        raise ValueError("base_url: must be http:// or https:// on a loopback address, without a path")
    if parts.port is None and parts.netloc.endswith(":"):
        raise ValueError("base_url: the port is missing")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(response: requests.Response) -> bytes:
    """The whole decoded body. Raises ContentDecodingError where it would be larger than `MAX_ANSWER_BYTES`."""
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise requests.exceptions.ContentDecodingError("the answer is too large")
    return bytes(body)


def _trouble(error: Exception, *, write: bool) -> Unavailable:
    """Our word for a call without a whole answer; `sent` unless it is certain that nothing left this machine."""
    chain = tuple(_chain(error))

    def of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    if of(ssl.SSLCertVerificationError):
        return Unavailable("the helpdesk's certificate could not be verified")
    if of(NewConnectionError, ConnectTimeoutError, requests.exceptions.ConnectTimeout):
        return Unavailable("no connection to the helpdesk")
    if of(requests.exceptions.ContentDecodingError):
        return Unavailable("the helpdesk's answer is too large or wrongly encoded", sent=write)
    if of(requests.exceptions.Timeout, ReadTimeoutError, TimeoutError):
        return Unavailable("the helpdesk did not answer in time", sent=write)
    return _Dropped("the connection to the helpdesk was lost", sent=write)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it wraps; requests and urllib3 nest through `args` and `reason` alike."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        link = todo.pop()
        if isinstance(link, BaseException) and id(link) not in seen:
            seen.add(id(link))
            yield link
            todo += [link.__cause__, link.__context__, getattr(link, "reason", None)]
            todo += [inner for inner in link.args if isinstance(inner, BaseException)]


__all__ = [
    "CONNECT_SECONDS",
    "MAX_ANSWER_BYTES",
    "MAX_PAUSE",
    "USER_AGENT",
    "DeskAdapter",
    "DeskSession",
    "Refusal",
    "json_object",
    "json_value",
    "loopback_url",
    "open_session",
    "parse_limits",
    "parse_retry_after",
    "refused",
]
