"""The Procfile's own lines, run as written on private servers, with the settings that production has."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from app.clock import real_now
from app.settings import new_key
from connectors.sandbox.server import Sandbox
from tasks import schedule
from tests.architecture.source import ROOT
from tests.e2e.playing import own_environment
from tests.servers import PostgresServer, RedisServer, free_port

START = 240.0  #: seconds a start may take on a busy machine
STOP = 10.0


@dataclass(slots=True, kw_only=True)
class House:
    """The settings of one installation, and the processes that run on it."""

    folder: Path
    environment: dict[str, str]
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, line: str, *, name: str | None = None, **settings: str) -> subprocess.Popen[bytes]:
        """A process by its line in the Procfile; what it says goes to a file of its name."""
        name = name or line
        scratch = self.folder / f"tmp-{name}"
        scratch.mkdir(exist_ok=True)
        environment = {**self.environment, "TMPDIR": str(scratch), **settings}
        with (self.folder / name).open("ab") as log:
            command = ["sh", "-c", f"exec {procfile()[line]}"]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.processes[name] = process
        return process

    def said(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        url = self.environment["KINTSUGI_DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url, options="-c kintsugi.purpose=operate") as connection:
            return connection.execute(statement.encode()).fetchall()

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An installation at work: released twice, connected to a sandbox, with two beats."""

    house: House
    sandbox: Sandbox
    releases: tuple[int, int]

    def start_all(self) -> None:
        """Web, worker and two beats; returns once they work."""
        before = self.house.said("worker").count("worker_ready") if "worker" in self.house.processes else 0
        self.house.start("web")
        self.house.start("worker", KINTSUGI_SMTP_URL=f"smtp://127.0.0.1:{self.sandbox.smtp_port}")
        self.house.start("beat", name="beat-one")
        self.house.start("beat", name="beat-two")
        await_ready(self.house)
        until(lambda: self.house.said("worker").count("worker_ready") > before, "the worker works", START)


def procfile() -> dict[str, str]:
    """The Procfile's lines by name."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if line.strip())


def until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain until {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def make_house(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer, redis_server: RedisServer
) -> Iterator[Callable[..., House]]:
    """Makes installations; a setting given as None is left out."""
    with ExitStack() as stack:

        def make(**changed: str | None) -> House:
            folder, port = tmp_path_factory.mktemp("house"), free_port()
            settings = {
                "KINTSUGI_DATABASE_URL": postgres_server.new_database(),
                "KINTSUGI_BROKER_URL": redis_server.new_database(),
                "KINTSUGI_SECRET_KEYS": new_key(),
                "KINTSUGI_PUBLIC_URL": f"http://127.0.0.1:{port}",
                "PORT": str(port),
                **changed,
            }
            environment = own_environment(folder / "data")
            environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
            environment |= {name: value for name, value in settings.items() if value is not None}
            house = House(folder=folder, environment=environment, port=port)
            stack.callback(house.end)
            return house

        yield make


@pytest.fixture(scope="module")
def running(make_house: Callable[..., House]) -> Iterator[Running]:
    house = make_house(KINTSUGI_DEBOUNCE_SECONDS="0.2")
    releases = house.start("release").wait(START), house.start("release", name="release-again").wait(START)
    sandbox = Sandbox(file=house.folder / "sandbox.sqlite", now=real_now)
    sandbox.start()
    try:
        added = add_desk(house, sandbox)
        sandbox.connect(endpoint=house.url + added["webhook_path"])
        running = Running(house=house, sandbox=sandbox, releases=releases)
        running.start_all()
        yield running
    finally:
        house.end()
        sandbox.stop()


def add_desk(house: House, sandbox: Sandbox) -> dict[str, Any]:
    account = sandbox.account
    secrets = {"EMAIL": account.email, "API_TOKEN": account.api_token, "WEBHOOK_SECRET": account.webhook_secret}
    command = [sys.executable, "-m", "app.cli", "desk", "add", "zendesk", "--json"]
    said = subprocess.run(
        [*command, "--name", "Shop", "--subdomain", "sandbox", "--base-url", sandbox.url],
        env={**house.environment, **{f"KINTSUGI_DESK_{name}": value for name, value in secrets.items()}},
        capture_output=True,
        text=True,
        timeout=START,
    )
    assert said.returncode == 0, said.stderr
    document: dict[str, Any] = json.loads(said.stdout)
    return document


def await_ready(house: House) -> None:
    def ready() -> bool:
        assert house.processes["web"].poll() is None, house.said("web")
        with suppress(requests.RequestException):
            return requests.get(f"{house.url}/readyz", timeout=5).status_code == 200
        return False

    until(ready, "the web process is ready", START)


def open_ticket(sandbox: Sandbox, text: str) -> int:
    body = {"name": "Mira", "email": "mira@example.com", "subject": "Help", "text": text}
    answer = requests.post(f"{sandbox.url}/sandbox/tickets", json=body, timeout=10)
    answer.raise_for_status()
    return int(answer.json()["id"])


def test_release_brings_the_schema_and_may_be_repeated(running: Running):
    assert running.releases == (0, 0)
    assert running.house.said("release") == running.house.said("release-again")


def test_a_signed_webhook_is_answered_202_and_its_ticket_scored_by_the_worker(running: Running):
    ticket_id = open_ticket(running.sandbox, "This is the third time I write. Cancel my order, this is terrible.")

    def tags() -> list[str]:
        ticket = requests.get(f"{running.sandbox.url}/sandbox/tickets/{ticket_id}.json", timeout=10).json()
        return [tag for tag in ticket["tags"] if tag.startswith("sat_")]

    until(lambda: tags() != [], "the ticket carries its state", 60)
    assert running.house.rows(f"SELECT 'sat_' || state FROM tracked_ticket WHERE ticket_id = '{ticket_id}'") == [
        (tags()[0],)
    ]
    with running.sandbox.helpdesk.file.reading() as db:
        answers = {row["response_status"] for row in db.execute("SELECT response_status FROM attempt")}
    # On a busy machine an answer may come after the helpdesk has hung up; it sends again then.
    assert answers - {None} == {202}


def test_any_number_of_ticks_runs_a_job_once_per_slot(running: Running):
    # What a beat sends once a minute; here as often as thirty beats would.
    command = [sys.executable, "-m", "celery", "-A", "app.worker", "call", "schedule.tick"]
    tick = f"for i in 1 2 3; do {' '.join(command)} || exit 1; done"

    sent = subprocess.run(
        ["sh", "-c", tick], cwd=ROOT, env=running.house.environment, capture_output=True, timeout=START
    )

    assert sent.returncode == 0, sent.stderr
    ticket_id = open_ticket(running.sandbox, "Is anybody there?")
    scored = f"SELECT 1 FROM tracked_ticket WHERE ticket_id = '{ticket_id}' AND state IS NOT NULL"
    until(lambda: running.house.rows(scored) != [], "the worker came past the ticks", 60)
    slots = running.house.rows("SELECT job, slot_at, count(*) FROM slot GROUP BY job, slot_at")
    assert {job for job, _, _ in slots} == {job.task for job in schedule.JOBS}
    assert {number for _, _, number in slots} == {1}
    assert running.house.said("worker").count('"words_erased"') == sum(job == "upkeep.forget" for job, _, _ in slots)


def test_health_is_told_to_probes(running: Running):
    answers = [requests.get(f"{running.house.url}{path}", timeout=10) for path in ("/healthz", "/readyz", "/metrics")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_sigterm_ends_each_process_in_order(running: Running):
    house = running.house
    names = ("web", "worker", "beat-one", "beat-two")
    until(lambda: all(list(house.folder.glob(f"tmp-{name}/kintsugi-beat*")) for name in names[2:]), "beats run", START)

    for name in names:
        house.processes[name].send_signal(signal.SIGTERM)
    codes = {name: house.processes[name].wait(STOP) for name in names}

    running.start_all()
    assert codes == dict.fromkeys(names, 0), "\n".join(house.said(name)[-1000:] for name in names)


@pytest.mark.parametrize(("line", "code"), [("release", 2), ("web", 3), ("worker", 1)])
def test_without_secret_keys_nothing_starts(line: str, code: int, make_house: Callable[..., House]):
    house = make_house(KINTSUGI_SECRET_KEYS=None)

    process = house.start(line)

    assert process.wait(START) == code
    assert "KINTSUGI_SECRET_KEYS: required with KINTSUGI_DATABASE_URL" in house.said(line)
    assert "kintsugi doctor --new-key" in house.said(line)


def test_release_says_so_where_the_database_does_not_answer(make_house: Callable[..., House]):
    house = make_house(KINTSUGI_DATABASE_URL=f"postgresql://someone:made-up-password@127.0.0.1:{free_port()}/kintsugi")

    process = house.start("release")

    assert process.wait(START) == 1
    assert "the database does not answer: check KINTSUGI_DATABASE_URL" in house.said("release")
    assert "Traceback" not in house.said("release")
    assert "made-up-password" not in house.said("release")


def test_web_says_so_where_its_port_is_taken(make_house: Callable[..., House]):
    house = make_house()
    with socket.create_server(("127.0.0.1", house.port)):
        process = house.start("web")

        code = process.wait(START)

    assert code == 1
    assert f"Connection in use: ('0.0.0.0', {house.port})" in house.said("web")
