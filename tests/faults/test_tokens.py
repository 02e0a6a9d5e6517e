"""Access that lives for seconds, four workers, and a helpdesk that ends a pair when it is renewed: no pair is lost and
no step fails. And a worker that is killed between getting a pair and storing it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import update

from app import connecting, factory, settings
from app.clock import real_now
from app.connecting import Account
from app.settings import CHECKOUT, new_key
from app.store import desks, schema, tracked_tickets
from app.store.database import Purpose
from app.store.models import Desk, DeskAccess, DeskState, StepRow, StepState
from connectors.sandbox import Sandbox
from tasks import parts as tasks_parts
from tests.e2e.playing import own_environment
from tests.faults import token_worker
from tests.servers import PostgresServer, RedisServer
from tests.tasks.conftest import make_tables
from tests.tasks.stage import NOTE, PRIORITY, TAG, Stage, protocol

KILLED = -signal.SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    processes: int
    threads: int  #: in each of them
    access_seconds: float
    tickets: int
    pause: float  #: seconds between two tickets


SHORT = Size(processes=2, threads=2, access_seconds=2.0, tickets=8, pause=0.4)
LONG = Size(processes=4, threads=1, access_seconds=5.0, tickets=240, pause=0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A desk connected by consent, and the settings by which other processes find it."""

    stage: Stage
    environment: Mapping[str, str]

    def oauth(self, **lives: float) -> dict[str, Any]:
        """Lives of tokens, and how many were given and refused."""
        if lives:
            act(self.stage, "oauth", **lives)
        found: dict[str, Any] = self.stage.look_up("oauth")
        return found

    @contextmanager
    def worker(self, threads: int, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "tests.faults.token_worker", str(threads), *words]
        process = subprocess.Popen(command, cwd=CHECKOUT, env=dict(self.environment), stdin=subprocess.PIPE)
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def threads(self, number: int) -> Iterator[None]:
        """Workers in this very process."""
        over = threading.Event()
        working = [threading.Thread(target=token_worker.work, args=(self.stage.parts, over)) for _ in range(number)]
        for thread in working:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in working:
                thread.join(60)

    def wait(self, condition: Callable[[], bool], within: float = 300.0) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, "still not so"
            time.sleep(0.05)

    def idle(self) -> bool:
        with self.stage.parts.database.system(Purpose.DISPATCH, read=True) as session:
            return not tracked_tickets.pending(session, real_now(), self.stage.now)

    def desk(self) -> Desk:
        return self.stage.desk()


def act(stage: Stage, path: str, **body: Any) -> dict[str, Any]:
    """As `Stage.act`, on a clock that nobody steps."""
    answer = requests.post(f"{stage.sandbox.url}/sandbox/{path}", json=body, timeout=30)
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


def opens(stage: Stage) -> str:
    """A new ticket, of which we are told."""
    body = {"email": "customer@example.com", "name": "A Customer", "subject": "Lamp", "text": "It is broken."}
    ticket_id = str(act(stage, "tickets", **body)["id"])
    stage.happened(ticket_id, "ticket.created")
    return ticket_id


def secrets_of(sandbox: Sandbox) -> dict[str, str]:
    """The credentials of a desk that somebody has just let in."""
    pair = requests.post(f"{sandbox.url}/sandbox/oauth/pairs", json={}, timeout=10).json()
    return client_of(sandbox) | {"refresh_token": str(pair["refresh_token"])}


def client_of(sandbox: Sandbox) -> dict[str, str]:
    return {"client_id": sandbox.account.oauth_client_id, "client_secret": sandbox.account.oauth_client_secret}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path / "sandbox.sqlite", now=real_now, smtp_port=None)
    server.start()
    requests.post(f"{server.url}/sandbox/limits", json={"unlimited": True, "account": 100_000}, timeout=10)
    yield server
    server.stop()


@pytest.fixture
def make_house(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., House]]:
    with ExitStack() as stack:

        def make(credentials: Mapping[str, str], **given: str) -> House:
            environment = own_environment(tmp_path, KINTSUGI_MAX_ATTEMPTS="1000", KINTSUGI_LOG_LEVEL="error", **given)
            parts = factory.build(settings.load(environment))
            stack.callback(parts.database.close)
            schema.migrate(parts.database)
            account = Account(
                kind="zendesk",
                name="Tokens",
                subdomain=sandbox.account.subdomain,
                base_url=sandbox.url,
                credentials=credentials,
                webhook_secret=sandbox.account.webhook_secret,
            )
            added = connecting.add(parts, account, by="a test")
            stage = Stage(parts, sandbox, added.desk_id, monkeypatch)
            stack.callback(stage.close)
            tasks_parts.bind(stage.parts)
            stage.publish(protocol("Rescue", TAG, PRIORITY, NOTE))
            return House(stage=stage, environment=environment)

        yield make


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_no_pair_is_lost_and_no_step_fails(
    request: pytest.FixtureRequest, make_house: Callable[..., House], sandbox: Sandbox, database: str, long: bool
) -> None:
    size = LONG if long else SHORT
    given = {}
    if database == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        redis: RedisServer = request.getfixturevalue("redis_server")
        given = {"KINTSUGI_DATABASE_URL": postgres.new_database(make_tables), "KINTSUGI_SECRET_KEYS": new_key()}
        given["KINTSUGI_BROKER_URL"] = redis.new_database()
    requests.post(f"{sandbox.url}/sandbox/oauth", json={"access_seconds": size.access_seconds}, timeout=10)
    house = make_house(secrets_of(sandbox), **given)

    with ExitStack() as stack:
        if database == "sqlite":  # one process, as the embedded default is
            stack.enter_context(house.threads(size.processes * size.threads))
        else:
            for _ in range(size.processes):
                stack.enter_context(house.worker(size.threads))
        tickets = []
        for _ in range(size.tickets):
            tickets.append(opens(house.stage))
            time.sleep(size.pause)
        house.wait(house.idle)

    ended = Counter(row.state for row in house.stage.rows(StepRow))
    told = house.oauth()
    print(f"{database}: {dict(ended)}, pairs {told['issued']}, refused {told['refused']}")  # noqa: T201  for the record
    assert ended == {StepState.DONE: 4 * size.tickets}
    assert told["refused"] == 0
    assert told["issued"] >= size.tickets * size.pause / size.access_seconds / 2
    assert house.desk().state is DeskState.ACTIVE
    for ticket in tickets:
        assert house.stage.comments(ticket, public=False).count(str(NOTE["text"])) == 1


def kill_between_fetch_and_commit(house: House) -> None:
    """A worker is killed when the helpdesk has given it a pair that is not on record yet; its lease runs out."""
    house.stage.act = lambda path, **body: act(house.stage, path, **body)  # type: ignore[method-assign]
    with house.stage.parts.database.system(Purpose.OPERATE) as session:
        session.execute(update(DeskAccess).values(expires_at=real_now()))
    with house.worker(1, "die") as process:
        house.wait(lambda: process.poll() is not None)
    assert process.returncode == KILLED
    house.stage.pass_time(minutes=10)
    with house.stage.parts.database.system(Purpose.OPERATE) as session:
        session.execute(update(DeskAccess).values(lease_until=real_now()))


def test_a_pair_that_died_with_a_worker_asks_for_reconnection_and_nothing_else_is_lost(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(secrets_of(sandbox))
    ticket = opens(house.stage)
    kill_between_fetch_and_commit(house)

    house.stage.drain()

    assert house.desk().state is DeskState.PAUSED
    assert "the answer to an earlier renewal was lost; connect this desk again" in (house.desk().reason or "")
    assert house.oauth()["refused"] == 1

    credentials = secrets_of(sandbox)
    asked = connecting.ask(
        house.stage.parts, "zendesk", subdomain="sandbox", base_url=sandbox.url, credentials=credentials
    )
    with house.stage.parts.database.system(Purpose.OPERATE) as session:
        connecting.put(session, desks.get(session, house.stage.desk_id), credentials, asked)
    house.stage.pass_time(minutes=10)
    house.stage.drain()

    assert house.desk().state is DeskState.ACTIVE
    assert set(house.stage.states(ticket).values()) == {"done"}


@pytest.mark.long
def test_a_clients_own_credentials_outlive_a_worker_that_died(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(client_of(sandbox))
    ticket = opens(house.stage)
    kill_between_fetch_and_commit(house)

    house.stage.drain()

    assert house.desk().state is DeskState.ACTIVE
    assert set(house.stage.states(ticket).values()) == {"done"}
