"""A replay whose webhooks are lost, doubled, shuffled and delayed on their way, by a seed. A process of its own.

Between the sandbox's deliverer and our webhook endpoint stands a relay that takes every delivery and passes on what it
likes. After each moment of the replay, and before anybody goes on, the product reconciles, as it does all the time.
No assertions live here.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import update

from app import embedded, log, replay, settings
from app.clock import real_now
from app.settings import CHECKOUT
from app.store import desks, gaps, walks
from app.store.database import Purpose
from app.store.models import Reconcile
from connectors.sandbox.signing import sign
from connectors.sandbox.stamps import iso
from tasks import reconcile, schedule
from tasks.parts import Parts
from tests.e2e.playing import own_environment

_TICKET = re.compile(rb'(?:zen:ticket:|"ticket_id"\s*:\s*"?|"ticket"\s*:\s*\{\s*"id"\s*:\s*)(\d+)')
_PASSED_ON = ("content-type", "user-agent")
_SIGNATURE = "x-zendesk-webhook-signature"
HOURS = (2, 9)  #: by which a delayed delivery is late
APART_FROM_US = timedelta(seconds=5)
#: Days are packed into seconds here, which no allowance per minute was made for.
PLENTY = {"zendesk": {"incremental": 100_000}, "freshdesk": {"account": 100_000, "tickets_list": 100_000}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Which share of the deliveries meets which fate."""

    dropped: float
    doubled: float
    delayed: float
    seed: int


@dataclass(slots=True, kw_only=True)
class Delivery:
    headers: dict[str, str]
    body: bytes
    due: datetime  #: business time


@dataclass(slots=True)
class Relay:
    """Takes deliveries at once, and passes them on when told to, in an order of its own."""

    endpoint: str
    secret: str  #: of the webhook
    shares: Shares
    now: Any
    fates: Counter[str] = field(default_factory=Counter)
    _waiting: list[Delivery] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Decide what becomes of a delivery: by its ticket, and by how many there were of that ticket before."""
        found = _TICKET.search(body)
        ticket = found[1].decode() if found else "none"
        with self._mutex:
            self._seen[ticket] += 1
            draw = random.Random(f"{self.shares.seed}/{ticket}/{self._seen[ticket]}")
            fate = self._fate(draw.random())
            self.fates[fate] += 1
            if fate == "dropped":
                return
            late = timedelta(hours=draw.uniform(*HOURS)) if fate == "delayed" else timedelta(0)
            times = 2 if fate == "doubled" else 1
            self._waiting += [Delivery(headers=headers, body=body, due=self.now() + late)] * times

    def flush(self) -> int:
        """Pass on all that is due, shuffled; returns how many."""
        now = self.now()
        with self._mutex:
            due = [delivery for delivery in self._waiting if delivery.due <= now]
            self._waiting = [delivery for delivery in self._waiting if delivery.due > now]
        random.Random(f"{self.shares.seed}/{len(due)}").shuffle(due)
        with requests.Session() as http:
            http.trust_env = False
            for delivery in due:
                headers = self._signed(delivery)
                http.post(self.endpoint, data=delivery.body, headers=headers, timeout=30).raise_for_status()
        return len(due)

    def _signed(self, delivery: Delivery) -> dict[str, str]:
        """Its headers with a signature of this moment, where the vendor signs: it does so at every attempt."""
        if _SIGNATURE not in delivery.headers:
            return delivery.headers
        at = iso(real_now())
        return {**delivery.headers, _SIGNATURE: sign(self.secret, at, delivery.body), f"{_SIGNATURE}-timestamp": at}

    def _fate(self, drawn: float) -> str:
        for fate in ("dropped", "doubled", "delayed"):
            share: float = getattr(self.shares, fate)
            if drawn < share:
                return fate
            drawn -= share
        return "passed"

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Its own address."""
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                named = {name.lower(): value for name, value in self.headers.items()}
                kept = {name: value for name, value in named.items() if name in _PASSED_ON or name.startswith("x-")}
                relay.take(kept, body)
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join(5)
            server.server_close()


class LossyPlayer(replay.Player):
    """Goes on only when the relay holds nothing that is due and reconcile finds nothing more."""

    def __init__(self, product: embedded.Running, relay: Relay) -> None:
        assert product.sandbox is not None
        super().__init__(product.parts, product.sandbox.url)
        self._relay = relay

    def _move_to(self, moment: datetime) -> None:
        super()._move_to(moment)
        # The helpdesk's times are whole seconds: what people do is to be told from what we wrote as time passed.
        self._clock.step(self._clock.now() + APART_FROM_US)

    def wait_idle(self) -> None:
        super().wait_idle()
        while self._relay.flush() or reconciled(self._parts):
            super().wait_idle()


def reconciled(parts: Parts) -> bool:
    """Compare the desk with its helpdesk now; True where anything was found."""
    before = found(parts)
    take_a_turn(parts)
    return found(parts) != before


def take_a_turn(parts: Parts) -> None:
    """Walk to the present."""
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        (desk,) = desks.all_of(session)
    with parts.database.desk(desk.id) as session:
        session.execute(update(Reconcile).values(due_at=real_now()))
    if not reconcile.turn(parts, desk.id):
        with parts.database.desk(desk.id, read=True) as session:
            row = walks.find(session)
        raise replay.ReplayError(f"reconcile did not reach the present: {row.error if row else None}")


def found(parts: Parts) -> int:
    """Changes that were found without their webhook."""
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        return sum(map(sum, gaps.totals(session).values()))


def play(conversations: Sequence[replay.Conversation], data_dir: Path, shares: Shares, kind: str) -> dict[str, Any]:
    """What was played, what became of the deliveries, and how many changes reconcile had to find."""
    folder = data_dir / "replay"
    folder.mkdir(parents=True)
    (folder / "clock").write_text(replay.START.isoformat(), encoding="utf-8")
    environ = {
        "KINTSUGI_DATA_DIR": str(folder),
        "KINTSUGI_CLOCK_FILE": str(folder / "clock"),
        "KINTSUGI_DEBOUNCE_SECONDS": "0",
        "KINTSUGI_DISPATCH_SECONDS": "0.02",
        "KINTSUGI_HTTP_TIMEOUT_SECONDS": "5",
        "KINTSUGI_LEASE_SECONDS": "20",
        "KINTSUGI_LEARNING": "off",
        "KINTSUGI_LOG_LEVEL": "error",
        "KINTSUGI_RECONCILE_GRACE_SECONDS": "0",
        "KINTSUGI_RECONCILE_SECONDS": "1000000",
        "KINTSUGI_SWEEP_SECONDS": "1",
        "KINTSUGI_CALL_SHARE": "1",
    }
    loaded = settings.load(environ, data_dir=folder)
    log.configure(loaded.log_level)
    # The player says when it is time to reconcile; by the clock on the wall it might be amid a moment.
    schedule.JOBS = tuple(job for job in schedule.JOBS if job.task != "reconcile.walk")
    with embedded.running(loaded, port=0, vendor=kind) as product:
        sandbox = product.sandbox
        assert sandbox is not None
        with product.parts.database.system(Purpose.ROUTE, read=True) as session:
            (desk,) = desks.all_of(session)
        secret = sandbox.account.webhook_secret
        relay = Relay(f"{product.url}/hooks/{desk.key}", secret, shares, product.parts.clock.now)
        with relay.listening() as address:
            sandbox.connect(endpoint=address)
            requests.post(f"{sandbox.url}/sandbox/limits", json=PLENTY[kind], timeout=10).raise_for_status()
            report = LossyPlayer(product, relay).play(conversations)
        return {"report": report, "fates": dict(relay.fates), "found": found(product.parts)}


def run(file: Path, data_dir: Path, shares: Shares, *, within: float, kind: str = "zendesk") -> dict[str, Any]:
    """The same in a process of its own. Raises AssertionError with its words where it fails."""
    given = [f"--kind={kind}", *(f"--{name}={value}" for name, value in asdict(shares).items())]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.lossy", str(file), str(data_dir), *given],
        cwd=CHECKOUT,
        env=own_environment(data_dir),
        capture_output=True,
        text=True,
        timeout=within,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    played: dict[str, Any] = json.loads(done.stdout)
    return played


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("data_dir", type=Path)
    for name in ("dropped", "doubled", "delayed"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--kind", choices=sorted(PLENTY))
    given = vars(parser.parse_args())
    file, data_dir, kind = given.pop("file"), given.pop("data_dir"), given.pop("kind")
    sys.stdout.write(json.dumps(play(replay.read(file), data_dir, Shares(**given), kind)))


if __name__ == "__main__":
    main()
