"""What a webhook costs: ours beside bare endpoints, under the Procfile's own gunicorn, on one PostgreSQL.

They take turns at full speed, so that a machine that is busy meanwhile is busy for all; then each has 200 requests a
second, which is what a large desk sends on a bad day. The aim is held against the bare endpoint that stores the way
this stack does; the one that has the driver alone is the floor under any endpoint, and is told beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import mean

import click
import psycopg

from app.clock import real_now
from app.settings import CHECKOUT, new_key
from app.store import desks, schema
from app.store.database import Database, Purpose
from app.vault import Vault
from benchmarks.report import Aim, BenchError, Report
from connectors.zendesk import webhook
from tests.servers import PostgresServer, free_port

SECRET = "made-up-secret"
ROUNDS = 2
SECONDS = 4
CONNECTIONS = 16
CALM_RATE = 200
TICKETS = 500
#: More than one turn can use up, so that no event comes twice.
REQUESTS_PER_SECOND = 4000

AIMS = {"ratio": Aim(aim=0.7), "ours_p99_ms_at_200": Aim(aim=50.0, at_least=False)}

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What wrk saw."""

    requests: int
    seconds: float
    p50: float  #: milliseconds
    p99: float  #: milliseconds
    refused: int
    lost: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    url: str


def run() -> Report:
    """Start the servers, measure, and check that what was answered was stored. Raises BenchError."""
    if shutil.which("wrk") is None:
        raise BenchError("wrk is missing: apt-get install wrk")
    folder = Path(tempfile.mkdtemp(prefix="kintsugi-bench-"))
    server = PostgresServer()
    try:
        server.start()
        return _measure(server, folder)
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _measure(server: PostgresServer, folder: Path) -> Report:
    url, keys = server.new_database(), new_key()
    key = _prepare(url, keys)
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE bare_delivery "
            "(id bigserial PRIMARY KEY, body bytea NOT NULL, received_at timestamptz NOT NULL DEFAULT now())"
        )
    settings = {
        "KINTSUGI_DATABASE_URL": url,
        "KINTSUGI_SECRET_KEYS": keys,
        "KINTSUGI_BROKER_URL": "redis://127.0.0.1:1/0",  # nobody is there, and a webhook does not care
        "KINTSUGI_DATA_DIR": str(folder),
    }
    bare = {"BARE_DATABASE_URL": url, "BARE_SECRET": SECRET}
    with (
        _gunicorn("app.wsgi:app", settings, folder) as ours_port,
        _gunicorn("benchmarks.bare_webhook:app", bare, folder) as bare_port,
    ):
        ours = Endpoint(name="ours", url=f"http://127.0.0.1:{ours_port}/hooks/{key}")
        beside = [Endpoint(name=name, url=f"http://127.0.0.1:{bare_port}/hooks/{name}") for name in ("bare", "driver")]
        figures = _take_turns([ours, *beside], folder)
    figures["stored"] = _check_stored(plain, int(figures["ours_requests"]))
    return Report(bench="webhook", figures=figures, aims=AIMS)


def _prepare(url: str, keys: str) -> str:
    """The newest schema and one desk; returns the desk's webhook key."""
    database = Database(url, vault=Vault([keys]))
    schema.migrate(database)
    new = desks.NewDesk(
        kind="zendesk",
        name="Example shop",
        subdomain="example",
        base_url=None,
        credentials={},
        webhook_secret=SECRET,
        sidebar={},
        settings={},
    )
    with database.system(Purpose.OPERATE) as session:
        key = desks.add(session, new, real_now(), integration_user_id="900").key
    database.close()
    return key


@contextmanager
def _gunicorn(application: str, environment: dict[str, str], folder: Path) -> Iterator[int]:
    """The Procfile's web process with another application; gives its port."""
    port = free_port()
    lines = (CHECKOUT / "Procfile").read_text(encoding="utf-8").splitlines()
    command = next(line.removeprefix("web:").strip() for line in lines if line.startswith("web:"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("KINTSUGI_")}
    log = folder / f"{application.partition(':')[0]}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command.replace('app.wsgi:app', application)}"],
            cwd=CHECKOUT,
            env=own | environment | {"PORT": str(port), "WEB_CONCURRENCY": "2", "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        _await(process, port, log)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
        except urllib.error.HTTPError:
            return  # it answers, be it with 404
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise BenchError(f"gunicorn did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _take_turns(endpoints: Sequence[Endpoint], folder: Path) -> dict[str, float]:
    for endpoint in endpoints:
        _turn(endpoint, folder, seconds=1)
    full: dict[str, list[Turn]] = {endpoint.name: [] for endpoint in endpoints}
    for _ in range(ROUNDS):
        for endpoint in endpoints:
            full[endpoint.name].append(_turn(endpoint, folder, seconds=SECONDS))
    calm = {endpoint.name: _turn(endpoint, folder, seconds=SECONDS, rate=CALM_RATE) for endpoint in endpoints}
    figures: dict[str, float] = {}
    for name, turns in full.items():
        figures[f"{name}_rps"] = round(mean(turn.rate for turn in turns), 1)
        figures[f"{name}_p50_ms"] = round(mean(turn.p50 for turn in turns), 2)
        figures[f"{name}_p99_ms"] = round(mean(turn.p99 for turn in turns), 2)
        figures[f"{name}_rps_at_200"] = round(calm[name].rate, 1)
        figures[f"{name}_p50_ms_at_200"] = round(calm[name].p50, 2)
        figures[f"{name}_p99_ms_at_200"] = round(calm[name].p99, 2)
    figures["ratio"] = round(figures["ours_rps"] / figures["bare_rps"], 3)
    figures["ratio_to_driver"] = round(figures["ours_rps"] / figures["driver_rps"], 3)
    figures["ours_requests"] = sum(turn.requests for turn in (*full["ours"], calm["ours"]))
    return figures


def _turn(endpoint: Endpoint, folder: Path, *, seconds: int, rate: int = 0) -> Turn:
    """Send as fast as can be, or at a rate. Raises BenchError when anything was refused or lost."""
    requests = folder / "requests"
    _write_requests(requests, (rate or REQUESTS_PER_SECOND) * (seconds + 1))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(Path(__file__).with_suffix(".lua"))]
    done = subprocess.run(
        [*command, endpoint.url, "--", str(requests), str(rate)], capture_output=True, text=True, timeout=seconds + 30
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("FIGURES ")), None)
    if line is None:
        raise BenchError(f"wrk said no figures:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    turn = Turn(**json.loads(line.removeprefix("FIGURES ")))
    if turn.refused or turn.lost:
        raise BenchError(f"{endpoint.name}: {turn.refused} of {turn.requests} refused, {turn.lost} lost")
    click.echo(f"{endpoint.name}: {turn.rate:.0f}/s, p50 {turn.p50:.1f} ms, p99 {turn.p99:.1f} ms", err=True)
    return turn


def _write_requests(file: Path, number: int) -> None:
    """Signed events, each with an id of its own, spread over some hundred tickets."""
    timestamp = real_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    with file.open("w", encoding="ascii") as lines:
        for _ in range(number):
            body = _event(next(_numbers), timestamp)
            lines.write(f"{timestamp} {webhook.sign(SECRET, timestamp, body.encode())} {body}\n")


def _event(number: int, timestamp: str) -> str:
    ticket = str(1000 + number % TICKETS)
    return json.dumps(
        {
            "account_id": 1,
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "type": "zen:event-type:ticket.comment_added",
            "time": timestamp,
            "zendesk_event_version": "2022-11-06",
            "subject": f"zen:ticket:{ticket}",
            "detail": {
                "actor_id": "41", "assignee_id": "12", "brand_id": "3", "created_at": timestamp, "form_id": "5",
                "group_id": "6", "id": ticket, "is_public": True, "organization_id": "8", "priority": "NORMAL",
                "requester_id": "41", "status": "OPEN", "subject": "Where is my parcel?", "submitter_id": "41",
                "tags": ["parcel", "web"], "type": "QUESTION", "updated_at": timestamp, "via": {"channel": "web"},
            },
            "event": {
                "comment": {
                    "id": str(number),
                    "body": "This is the third time I write about my parcel, and nobody has answered me. " * 3,
                    "is_public": True,
                    "author": {"id": "41", "is_staff": False, "name": "Ada Example"},
                }
            },
        }
    )  # fmt: skip


def _check_stored(url: str, answered: int) -> int:
    """An answer without a row would be a measurement of nothing."""
    with psycopg.connect(f"{url}?options=-c%20kintsugi.purpose%3Doperate") as connection:
        deliveries = connection.execute("SELECT count(*) FROM delivery").fetchone()
        events = connection.execute("SELECT sum(dirty) FROM tracked_ticket").fetchone()
    assert deliveries is not None
    assert events is not None
    if deliveries[0] < answered or deliveries[0] != events[0]:
        raise BenchError(f"{answered} requests answered, {deliveries[0]} stored, {events[0]} counted on tickets")
    return int(deliveries[0])
