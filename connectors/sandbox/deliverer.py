"""Sends what is in the outbox, headed and retried as the vendor does. Only loopback is ever called."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests

from connectors.sandbox import outbox, webhooks
from connectors.sandbox.outbox import Attempt, Delivery
from connectors.sandbox.patience import Patience, Verdict
from connectors.sandbox.stamps import iso, real_now
from connectors.sandbox.store import File
from connectors.sandbox.vendor import Vendor
from connectors.sandbox.webhooks import Webhook


class Quota:
    """Webhook calls in the running hour, where the vendor counts them."""

    def __init__(self, hour: float) -> None:
        self._hour = hour  #: its length in seconds
        self._mutex = threading.Lock()
        self._until, self._used = 0.0, 0

    def spend(self, most: int) -> float | None:
        """Count one call of at most so many; or how many seconds it has to wait, when there are none left."""
        now = time.monotonic()
        with self._mutex:
            if self._until <= now:
                self._until, self._used = now + self._hour, 0
            if self._used >= most:
                return self._until - now
            self._used += 1
        return None


class Deliverer:
    """Four threads. Deliveries of one webhook and ticket go in order, others side by side."""

    THREADS = 4

    def __init__(self, file: File, account_id: int, vendor: Vendor, patience: Patience) -> None:
        self._file = file
        self._account_id = account_id
        self._vendor = vendor
        self._patience = patience
        self._quota = Quota(patience.hour)
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
        most = None if webhook is None else self._vendor.hourly(self._patience, webhook)
        pause = None if most is None else self._quota.spend(most)
        if pause is not None:
            self._wait_for_a_turn(delivery, pause)
            return
        if webhook is None:
            attempt, verdict = _not_sent("the webhook was deleted"), Verdict(status="terminated")
        elif not is_loopback(webhook.endpoint):
            attempt, verdict = _not_sent("the sandbox calls loopback addresses only"), Verdict(status="terminated")
        else:
            attempt, verdict = self._attempt(session, webhook, delivery)
        self._settle(delivery, attempt, verdict)

    def _attempt(self, session: requests.Session, webhook: Webhook, delivery: Delivery) -> tuple[Attempt, Verdict]:
        at = iso(real_now())
        headers = self._vendor.headers(self._account_id, webhook, delivery, at)
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
            verdict = self._vendor.judged(self._patience, number=number, status=None, retry_after=None)
            attempt = Attempt(
                status=verdict.status,
                at=at,
                request_headers=headers,
                response_headers={},
                error=type(error).__name__,
            )
            return attempt, verdict
        after = response.headers.get("Retry-After")
        verdict = self._vendor.judged(self._patience, number=number, status=response.status_code, retry_after=after)
        attempt = Attempt(
            status=verdict.status,
            at=at,
            request_headers=headers,
            response_status=response.status_code,
            response_headers=dict(response.headers),
            response_body=response.text[:4000],
        )
        return attempt, verdict

    def _wait_for_a_turn(self, delivery: Delivery, pause: float) -> None:
        with self._file.writing() as db:
            if time.time() - delivery.queued > self._patience.longest_wait:
                outbox.settle(db, delivery, state="failed", now=iso(real_now()))
            else:
                outbox.postpone(db, delivery, seconds=pause)

    def _settle(self, delivery: Delivery, attempt: Attempt, verdict: Verdict) -> None:
        with self._file.writing() as db:
            outbox.record(db, delivery, attempt)
            if verdict.wait is not None:
                outbox.postpone(db, delivery, seconds=verdict.wait)
            else:
                state = "delivered" if verdict.delivered else "failed"
                outbox.settle(db, delivery, state=state, now=iso(real_now()))


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
