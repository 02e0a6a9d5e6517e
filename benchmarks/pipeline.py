"""What a ticket costs once its webhook is stored: calls to the helpdesk, and time in a worker.

The Procfile's own web and worker run on a private PostgreSQL and Redis against a sandbox helpdesk in this process.
First the calls are counted, burst by burst; then a backlog is gathered while no worker runs, and the worker's pace
through it is held beside that of a worker with as many empty tasks, on the same Redis in the same run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests
from redis import Redis

from app import factory, setting_up, settings
from app.clock import real_now
from app.replay import Player, ReplayError
from app.settings import CHECKOUT, new_key
from app.store import schema, tracked_tickets
from app.store.database import Database, Purpose
from benchmarks.report import Aim, BenchError, Report
from connectors.sandbox.server import Sandbox
from tasks.queues import LIVE
from tests.servers import PostgresServer, RedisServer, free_port

BURSTS = 20  #: tickets on which several messages come at once
BACKLOG = 100  #: tickets with one new message each
BURST = (
    "Nobody has answered me yet.",
    "This is the third time I write, and it is still broken.",
    "Terrible service. Cancel my order, I want my money back!",
)
SAMPLE = 0.005  #: seconds between two looks at a backlog
START = 60.0  #: seconds for a process to come up
DRAIN = 120.0  #: seconds for a backlog

AIMS = {
    "reads_per_burst": Aim(aim=2, at_least=False),
    "writes_per_burst": Aim(aim=1, at_least=False),
    "writes_when_unchanged": Aim(aim=0, at_least=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs, and how to look at it."""

    sandbox: str
    database: Database
    player: Player
    worker: Callable[[], Any]  #: a worker for the length of a `with` block

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        answer = requests.post(f"{self.sandbox}/sandbox{path}", json=dict(body), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def calls(self) -> tuple[int, int]:
        """Reads and writes at the helpdesk so far."""
        stats = requests.get(f"{self.sandbox}/sandbox/stats", timeout=30).json()
        return stats["reads"], stats["writes"]

    def due(self) -> int:
        """Tickets that wait or are being worked on."""
        with self.database.system(Purpose.DISPATCH, read=True) as session:
            return tracked_tickets.pending(session, real_now(), real_now())


def run() -> Report:
    """Start the servers and measure. Raises BenchError."""
    folder = Path(tempfile.mkdtemp(prefix="kintsugi-bench-"))
    postgres, redis = PostgresServer(), RedisServer("bench")
    try:
        postgres.start()
        redis.start()
        with _stage(postgres.new_database(), redis.url, folder) as stage:
            figures = _count_calls(stage) | _pace(stage, redis.url, folder)
        return Report(bench="pipeline", figures=figures, aims=AIMS)
    except ReplayError as error:
        raise BenchError(str(error)) from error
    finally:
        postgres.remove()
        redis.remove()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stage(database_url: str, broker_url: str, folder: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        port = free_port()
        environ = {
            "KINTSUGI_DATABASE_URL": database_url,
            "KINTSUGI_BROKER_URL": broker_url,
            "KINTSUGI_SECRET_KEYS": new_key(),
            "KINTSUGI_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "KINTSUGI_DATA_DIR": str(folder),
            "KINTSUGI_LOG_LEVEL": "error",
            "PORT": str(port),
        }
        parts = factory.build(settings.load(environ))
        stack.callback(parts.database.close)
        schema.migrate(parts.database)
        sandbox = Sandbox(file=folder / "sandbox.sqlite", now=real_now)
        sandbox.start()
        stack.callback(sandbox.stop)
        key = setting_up.sandbox_desk(parts, url=sandbox.url, account=sandbox.account)
        sandbox.connect(endpoint=f"{parts.settings.public_url}/hooks/{key}")
        environ["KINTSUGI_SMTP_URL"] = f"smtp://127.0.0.1:{sandbox.smtp_port}"
        stack.enter_context(_running(_line("web"), environ, folder / "web.log"))
        _until(lambda: _answers(f"{parts.settings.public_url}/readyz"), "web", START)
        stage = Stage(
            sandbox=sandbox.url,
            database=parts.database,
            player=Player(parts, sandbox.url),
            worker=lambda: _running(_line("worker"), environ, folder / "worker.log"),
        )
        stage.post("/limits", {"unlimited": True})
        yield stage


def _line(name: str) -> str:
    """A command of the Procfile."""
    lines = (CHECKOUT / "Procfile").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix(f"{name}:").strip() for line in lines if line.startswith(f"{name}:"))


@contextmanager
def _running(command: str, environ: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("KINTSUGI_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("ab") as file:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=CHECKOUT,
            env={**own, **environ, "PATH": path},
            stdout=file,
            stderr=file,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: nothing after {seconds:g} s")
        time.sleep(0.05)


def _count_calls(stage: Stage) -> dict[str, float]:
    """Reads and writes of a burst on a ticket that is known, and of a look that finds nothing new."""
    with stage.worker():
        known = [_open(stage, f"burst-{number}", "When will it be sent?") for number in range(BURSTS)]
        # One that opens a case, so that the desk's groups are known as they are most of the time.
        _open(stage, "first", " ".join(BURST))
        stage.player.wait_idle()
        before = stage.calls()
        for ticket_id in known:
            for text in BURST:
                stage.post(f"/tickets/{ticket_id}/comments", {"as": "customer", "text": text})
        stage.player.wait_idle()
        after_bursts = stage.calls()
        for ticket_id in known:
            stage.post(f"/tickets/{ticket_id}/redeliver", {"by_customer": True})
        stage.player.wait_idle()
        after_nothing = stage.calls()
    figures = {
        "bursts": BURSTS,
        "messages_per_burst": len(BURST),
        "reads_per_burst": (after_bursts[0] - before[0]) / BURSTS,
        "writes_per_burst": (after_bursts[1] - before[1]) / BURSTS,
        "reads_when_unchanged": (after_nothing[0] - after_bursts[0]) / BURSTS,
        "writes_when_unchanged": (after_nothing[1] - after_bursts[1]) / BURSTS,
    }
    click.echo(", ".join(f"{name} {value:g}" for name, value in figures.items()), err=True)
    return figures


def _open(stage: Stage, name: str, text: str) -> int:
    body = {"name": name, "email": f"{name}@example.com", "subject": "Help", "text": text, "external_id": name}
    return int(stage.post("/tickets", body)["id"])


def _pace(stage: Stage, broker_url: str, folder: Path) -> dict[str, float]:
    """Tickets a second of one worker, and empty tasks a second of one like it."""
    with stage.worker():
        known = [_open(stage, f"backlog-{number}", "When will it be sent?") for number in range(BACKLOG)]
        stage.player.wait_idle()
    for ticket_id in known:
        stage.post(f"/tickets/{ticket_id}/comments", {"as": "customer", "text": "Thanks. And how is it packed?"})
    _until(lambda: stage.due() >= BACKLOG, "webhooks", DRAIN)
    with stage.worker():
        ours = _drain(stage.due)
    empty = _pace_of_empty_tasks(f"{broker_url.rpartition('/')[0]}/1", folder)
    return {
        "tickets": BACKLOG,
        "tickets_per_second": round(ours, 1),
        "empty_tasks_per_second": round(empty, 1),
        "ratio": round(ours / empty, 4),
    }


def _pace_of_empty_tasks(broker_url: str, folder: Path) -> float:
    os.environ["EMPTY_BROKER_URL"] = broker_url
    from benchmarks.empty_tasks import empty

    for number in range(BACKLOG):
        empty.apply_async((number,))
    command = _line("worker").replace("app.worker", "benchmarks.empty_tasks").replace("--queues live,upkeep", "")
    with _running(command, {"EMPTY_BROKER_URL": broker_url}, folder / "empty.log"), Redis.from_url(broker_url) as redis:
        return _drain(lambda: int(redis.llen(LIVE)))


def _drain(waiting: Callable[[], int]) -> float:
    """How many of what waits are done in a second, from the first that is done to the last."""
    deadline = time.monotonic() + DRAIN
    whole = waiting()
    first: tuple[float, int] | None = None
    while (left := waiting()) > 0:
        now = time.monotonic()
        if first is None and left < whole:
            first = (now, left)
        if now > deadline:
            raise BenchError(f"{left} of {whole} left after {DRAIN:g} s")
        time.sleep(SAMPLE)
    if first is None:
        raise BenchError(f"{whole} were done between two looks; that is too few to measure")
    return first[1] / (time.monotonic() - first[0])
