"""Sends what is in the outbox, signs every attempt, retries as the vendor does. Only loopback is ever called."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests

from connectors.sandbox import outbox, webhooks
from connectors.sandbox.outbox import Attempt, Delivery
from connectors.sandbox.signing import sign
from connectors.sandbox.stamps import iso, real_now
from connectors.sandbox.store import File
from connectors.sandbox.webhooks import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the deliverer waits, in seconds, and how often it tries."""

    timeout: float = 12.0
    conflict_tries: int = 4  #: a 409 is retried three times
    silence_tries: int = 6  #: an attempt without an answer is retried five times
    busy_tries: int = 6
    longest_retry_after: float = 60.0  #: a 429 or 503 that asks for more is final, as is one that asks for nothing
    pause: float = 1.0  #: before the first retry; doubles every time


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a delivery after an attempt; `wait` is None when it ends here."""

    status: str  #: the attempt's state in the vendor's words
    delivered: bool = False
    wait: float | None = None


def judged(patience: Patience, *, number: int, status: int | None, retry_after: str | None) -> Verdict:
    """The vendor's rules after attempt `number`; `status` is None when there was no answer."""
    pause = patience.pause * 2 ** (number - 1)
    if status is None:
        return Verdict(status="timeout", wait=pause if number < patience.silence_tries else None)
    if 200 <= status < 300:
        return Verdict(status="success", delivered=True)
    if status == 409:
        return Verdict(status="failed", wait=pause if number < patience.conflict_tries else None)
    asked = float(retry_after) if retry_after and retry_after.isdigit() else None
    if status in (429, 503) and asked is not None and asked <= patience.longest_retry_after:
        return Verdict(status="throttled", wait=asked if number < patience.busy_tries else None)
    return Verdict(status="terminated")


class Deliverer:
    """Four threads. Deliveries of one webhook and ticket go in order, others side by side."""

    THREADS = 4

    def __init__(self, file: File, account_id: int, patience: Patience) -> None:
        self._file = file
        self._account_id = account_id
        self._patience = patience
        self._wake = threading.Condition()
        self._busy: set[str] = set()
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._file.after_commit(self.wake)
        for number in range(self.THREADS):
            thread = threading.Thread(target=self._run, name=f"sandbox-deliverer-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        with self._wake:
            self._wake.notify()

    def stop(self, seconds: float = 5.0) -> None:
        """What is under way may end; what does not in time is sent again after a restart."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=seconds)

    def _run(self) -> None:
        with requests.Session() as session:
            # No proxies or credentials from the surroundings: these requests never leave the machine.
            session.trust_env = False
            while (delivery := self._take()) is not None:
                try:
                    self._deliver(session, delivery)
                finally:
                    with self._wake:
                        self._busy.discard(delivery.stream)
                        self._wake.notify()

    def _take(self) -> Delivery | None:
        """The next delivery, waiting for one; None when stopped."""
        while True:
            with self._wake:
                if self._stopped:
                    return None
                delivery, wait = self._find()
                if delivery is not None:
                    self._busy.add(delivery.stream)
                    self._wake.notify()
                    return delivery
                self._wake.wait(timeout=wait)

    def _find(self) -> tuple[Delivery | None, float]:
        with self._file.reading() as db:
            delivery = outbox.find_due(db, self._busy)
            waiting = delivery is None and outbox.next_due(db) is not None
        return delivery, 0.05 if waiting else 1.0

    def _deliver(self, session: requests.Session, delivery: Delivery) -> None:
        with self._file.reading() as db:
            webhook = webhooks.find(db, delivery.webhook_id)
        if webhook is None:
            attempt, verdict = _not_sent("the webhook was deleted"), Verdict(status="terminated")
        elif not is_loopback(webhook.endpoint):
            attempt, verdict = _not_sent("the sandbox calls loopback addresses only"), Verdict(status="terminated")
        else:
            attempt, verdict = self._attempt(session, webhook, delivery)
        self._settle(delivery, attempt, verdict)

    def _attempt(self, session: requests.Session, webhook: Webhook, delivery: Delivery) -> tuple[Attempt, Verdict]:
        at = iso(real_now())
        headers = request_headers(self._account_id, webhook, delivery, at)
        number, limit = delivery.tries + 1, self._patience.timeout
        try:
            response = session.request(
                webhook.http_method,
                webhook.endpoint,
                data=delivery.body,
                headers={**headers, **_credentials(webhook)},
                timeout=(min(limit, 3.0), limit),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            verdict = judged(self._patience, number=number, status=None, retry_after=None)
            attempt = Attempt(
                status=verdict.status,
                at=at,
                request_headers=headers,
                response_headers={},
                error=type(error).__name__,
            )
            return attempt, verdict
        after = response.headers.get("Retry-After")
        verdict = judged(self._patience, number=number, status=response.status_code, retry_after=after)
        attempt = Attempt(
            status=verdict.status,
            at=at,
            request_headers=headers,
            response_status=response.status_code,
            response_headers=dict(response.headers),
            response_body=response.text[:4000],
        )
        return attempt, verdict

    def _settle(self, delivery: Delivery, attempt: Attempt, verdict: Verdict) -> None:
        with self._file.writing() as db:
            outbox.record(db, delivery, attempt)
            if verdict.wait is not None:
                outbox.postpone(db, delivery, seconds=verdict.wait)
            else:
                state = "delivered" if verdict.delivered else "failed"
                outbox.settle(db, delivery, state=state, now=iso(real_now()))


def request_headers(account_id: int, webhook: Webhook, delivery: Delivery, at: str) -> dict[str, str]:
    """As the vendor sends them. The timestamp is the attempt's, not the event's."""
    return {
        "User-Agent": "Zendesk Webhook",
        "Content-Type": "application/json; charset=utf-8",
        "X-Zendesk-Account-Id": str(account_id),
        "X-Zendesk-Webhook-Id": webhook.id,
        "X-Zendesk-Webhook-Invocation-Id": delivery.invocation_id,
        "X-Zendesk-Webhook-Signature": sign(webhook.secret, at, delivery.body),
        "X-Zendesk-Webhook-Signature-Timestamp": at,
    }


def _credentials(webhook: Webhook) -> dict[str, str]:
    """The header that the webhook's own authentication asks for."""
    chosen = webhook.authentication or {}
    data = chosen.get("data")
    if not isinstance(data, Mapping):
        return {}
    if chosen.get("type") == "bearer_token":
        return {"Authorization": f"Bearer {data.get('token', '')}"}
    if chosen.get("type") == "api_key":
        return {str(data.get("name", "X-Api-Key")): str(data.get("value", ""))}
    pair = f"{data.get('username', '')}:{data.get('password', '')}"
    return {"Authorization": _basic(pair)} if chosen.get("type") == "basic_auth" else {}


def _basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _not_sent(why: str) -> Attempt:
    return Attempt(status="terminated", at=iso(real_now()), request_headers={}, response_headers={}, error=why)
