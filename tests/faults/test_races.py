"""An agent keeps editing while protocols act: no edit is lost, every step ends, nothing is said twice."""

from __future__ import annotations

import itertools
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from app import factory, settings
from app.clock import real_now
from app.settings import CHECKOUT
from app.store import deliveries, desks, schema, tracked_tickets
from app.store.database import Purpose
from app.store.models import StepRow, StepState
from connectors.base import Connector
from connectors.sandbox import Sandbox, SandboxAccount
from connectors.ticket import DeskEvent, Receipt, Ticket, Write
from tasks import parts as tasks_parts
from tests.tasks.stage import ASSIGN, NOTE, PRIORITY, TAG, Stage, protocol

WORKERS = 4
SLACK = 0.1  #: seconds that the answer to a look may have been under way
SEED = "20260105"
LATENCY = 0.05  #: seconds
TOLD = 5  #: tickets of which we are told every 50 ms
PACE = deliveries.Pace(debounce=timedelta(milliseconds=50), max_wait=timedelta(milliseconds=200))

CREDENTIALS: Mapping[str, Callable[[SandboxAccount], dict[str, str]]] = {
    "freshdesk": lambda account: {"api_key": account.api_token},
    "zendesk": lambda account: {"email": account.email, "api_token": account.api_token},
}
#: Kinds that replace a ticket's whole list of tags unseen. What is saved there between our look and our write is lost,
#: which nobody can help (docs/decisions/0020); everything else has to be there.
UNSEEN = frozenset({"freshdesk"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    tickets: int
    edits: int


@pytest.fixture(params=sorted(CREDENTIALS))
def stage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A desk of each kind on the machine's own time: stamps of whole seconds are what is to be proved."""
    kind = request.param
    sandbox = Sandbox(file=tmp_path / "sandbox.sqlite", now=real_now, vendor=kind)
    sandbox.start()
    requests.post(f"{sandbox.url}/sandbox/limits", json={"unlimited": True}, timeout=10).raise_for_status()
    environment = {"KINTSUGI_SMTP_URL": f"smtp://127.0.0.1:{sandbox.smtp_port}", "KINTSUGI_MAX_ATTEMPTS": "1000"}
    parts = factory.build(settings.load(environment, data_dir=tmp_path))
    schema.migrate(parts.database)
    new = desks.NewDesk(
        kind=kind,
        name="Races",
        subdomain=sandbox.account.subdomain,
        base_url=sandbox.url,
        credentials=CREDENTIALS[kind](sandbox.account),
        webhook_secret=sandbox.account.webhook_secret,
        sidebar={},
        settings={},
    )
    with parts.database.system(Purpose.OPERATE) as session:
        desk = desks.add(session, new, real_now(), integration_user_id=str(sandbox.account.integration_id))
    made = Stage(parts, sandbox, desk.id, monkeypatch)
    tasks_parts.bind(made.parts)
    slow_down(made, monkeypatch)
    yield made
    made.close()
    sandbox.stop()
    made.parts.database.close()
    assert made.guard.found == []


def slow_down(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    """Have every write take as long as over a real network: so much later than the look that it was planned on."""
    with stage.parts.connections.open(stage.desk_id) as connector:
        kind = type(connector)
    write = kind.write

    def slow(connector: Connector, ticket: Ticket, wanted: Write) -> Receipt:
        time.sleep(LATENCY)
        return write(connector, ticket, wanted)

    patch.setattr(kind, "write", slow)


def act(stage: Stage, path: str, **body: Any) -> dict[str, Any]:
    """As `Stage.act`, on a clock that nobody steps."""
    answer = requests.post(f"{stage.sandbox.url}/sandbox/{path}", json=body, timeout=30)
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


class Webhook:
    """Tells us of every ticket again and again, as the agent's edits do."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._numbers = stage, itertools.count(1)

    def tell(self, ticket: str) -> None:
        event = DeskEvent(
            event_id=f"event-{next(self._numbers)}",
            type="ticket.changed",
            ticket_id=ticket,
            actor_id=None,
            occurred_at=None,
        )
        incoming = deliveries.Incoming(desk_id=self._stage.desk_id, event=event, sealed_body=None)
        deliveries.receive(self._stage.parts.database, incoming, real_now(), PACE)


class Workers:
    """Threads that claim what is due and work on it, as a worker's do."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._over = stage, threading.Event()
        self.failed: list[Exception] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(WORKERS)]

    def __enter__(self) -> Workers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                worked = self._stage.turn()
            except Exception as error:
                self.failed.append(error)
                return
            if not worked:
                time.sleep(0.01)

    def wait(self, within: float) -> None:
        """Until nothing is due and nothing is held."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and not self.failed:
            with self._stage.parts.database.system(Purpose.DISPATCH, read=True) as session:
                if not tracked_tickets.pending(session, real_now(), self._stage.now):
                    return
            time.sleep(0.05)
        raise AssertionError(f"work is left over: {self.failed}")


class Windows:
    """When a change of a ticket that we sent could overwrite another one: from our look at it to the answer."""

    def __init__(self, stage: Stage) -> None:
        self._looked: dict[tuple[int, str], float] = {}
        self._open: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._watched = stage.guard.call
        stage.patch.setattr(stage.guard, "call", self._call)

    def _call(self, what: str) -> None:
        self._watched(what)
        method, path = what.split(" ", 1)
        found = re.search(r"/tickets/(\d+)$", path)
        if found is None:
            return
        key, now = (threading.get_ident(), found[1]), time.time()
        if method == "GET":
            self._looked[key] = now - SLACK
        elif method == "PUT" and key in self._looked:
            self._open[found[1]].append((self._looked[key], now))

    def met(self, ticket: str, saved: Sequence[float]) -> bool:
        """Whether something that was saved then fell into one of them."""
        return any(saved[0] <= until and since <= saved[1] for since, until in self._open[ticket])


def lost_tags(ticket: str, shown: Mapping[str, Any], journal: Mapping[str, Any]) -> set[str]:
    """Tags that are not there though the agent put them on, or are there though the agent took them off."""
    there = set(shown["tags"])
    return set(journal["tags"].get(ticket, ())) - there | set(journal["gone"].get(ticket, ())) & there


def race(stage: Stage, size: Size) -> tuple[list[str], dict[str, Any]]:
    """Tickets whose cases open while the agent edits them; what the agent says must be there in the end."""
    made = [
        act(stage, "tickets", email=f"c{n}@example.com", name="C", subject="Lamp", text="It is broken.")
        for n in range(size.tickets)
    ]
    tickets = [str(one["id"]) for one in made]
    field = str(stage.account.field_ids["Order number"])
    # Not through the pipe: nobody reads it while the agent is at work, and it holds no more than 64 KiB.
    journal = stage.parts.settings.data_dir / "journal.json"
    words = [str(journal), stage.sandbox.url, field, str(size.edits), SEED, *tickets]
    command = [sys.executable, "-m", "tests.faults.agent", *words]
    webhook, draw = Webhook(stage), random.Random(SEED)
    with Workers(stage) as workers:
        agent = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
        assert agent.stdout is not None
        assert agent.stdout.readline() == "begins\n"
        for turn in itertools.count(1):
            if agent.poll() is not None:
                break
            # One ticket after the other, so that every case opens while the agent is at work on it.
            for ticket in draw.sample(tickets[:turn], min(turn, len(tickets), TOLD)):
                webhook.tell(ticket)
            time.sleep(0.05)
        agent.communicate(timeout=10)
        for ticket in tickets:
            webhook.tell(ticket)
        workers.wait(60)
    assert agent.returncode == 0
    noted: dict[str, Any] = json.loads(journal.read_text(encoding="utf-8"))
    return tickets, noted


def test_every_edit_of_an_agent_is_there_and_every_step_ends(stage: Stage, long: bool) -> None:
    stage.publish(protocol("Rescue", ASSIGN, TAG, PRIORITY, NOTE))
    size = Size(tickets=50, edits=2000) if long else Size(tickets=10, edits=250)
    windows = Windows(stage)

    tickets, journal = race(stage, size)

    shown = {ticket: stage.shown(ticket) for ticket in tickets}
    field = str(stage.account.field_ids["Order number"])
    for ticket in tickets:
        lost = lost_tags(ticket, shown[ticket], journal)
        unseen = stage.desk().kind in UNSEEN
        assert {tag for tag in lost if not (unseen and windows.met(ticket, journal["saved"][tag]))} == set(), ticket
    assert {ticket: shown[ticket]["custom_fields"][field] for ticket in journal["fields"]} == journal["fields"]
    for ticket in tickets:
        texts = Counter(one["text"] for one in shown[ticket]["comments"])
        assert {text: texts[text] for text in journal["said"].get(ticket, ())} == dict.fromkeys(
            journal["said"].get(ticket, ()), 1
        )
        assert texts[NOTE["text"]] == 1
        states = [tag for tag in shown[ticket]["tags"] if tag.startswith("sat_")]
        assert len(states) == 1, ticket
        assert {"recovery_open", "fragile"} <= set(shown[ticket]["tags"])
    ended = Counter(row.state for row in stage.rows(StepRow))
    assert set(ended) == {StepState.DONE}
    assert sum(ended.values()) == 5 * len(tickets)
