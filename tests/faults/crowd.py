"""Very many tickets at a helpdesk on a small plan, and workers that rescore them. No assertions live here.

The sandbox enforces the limits of Zendesk's Team plan, told in its answers' headers as there. Tickets are written on
without webhooks; that we were told of them is stored as the webhook would store it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from redis import Redis
from sqlalchemy import func, select, update

from app import factory, setting_up, settings
from app.clock import real_now
from app.governor import Lane
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.settings import CHECKOUT, new_key
from app.store import deliveries, desks, schema, tracked_tickets
from app.store.database import Purpose
from app.store.models import Desk, Message, ProtocolVersion, RecoveryCase, StepRow, TrackedTicket, VersionState
from connectors.errors import ConnectorError, OverBudget
from connectors.sandbox import Sandbox
from connectors.ticket import Author, DeskEvent
from tasks.parts import Parts
from tests.e2e.playing import own_environment

#: What the reader in the lowest lane asks for, and what reconciling does: told from everything else by that.
OTHERS = ("GET macros", "GET incremental/tickets/cursor", "GET satisfaction_ratings")
TEAM = {"account": 200, "tickets_update": 100, "per_ticket": 30, "incremental": 10, "jobs": 30, "unlimited": False}
CALM = "Hello, could you tell me when my lamp will arrive? Thank you!"
ANGRY = "This is the third time I write! The lamp is still broken and nobody answers. I want a refund now!"
OLD = timedelta(minutes=3)  #: what is written is so old already: exports leave out the last minute
LATER = deliveries.Pace(debounce=timedelta(minutes=1), max_wait=timedelta(minutes=1))

PROTOCOL = {
    "name": "Rescue",
    "criteria": {"all": [{"field": "level", "operator": "is", "value": "poor"}]},
    "team": "Recovery",
    "actions": [
        {"do": "note", "text": "Please call this customer."},
        {"do": "priority", "to": "high"},
        {"do": "assign", "group": "Recovery", "to": "group"},
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What one burst of messages cost, and how long it took."""

    messages: int
    by_call: Mapping[str, int]
    calls: int  #: all of them but those of backfill and reconciling
    refused: int  #: calls that the helpdesk answered with 429
    scored_after: float  #: seconds until every message was scored
    tagged_after: float  #: and until every ticket had its tag

    @property
    def calls_per_message(self) -> float:
        return self.calls / self.messages


@dataclass(slots=True)
class Crowd:
    """The stage: a sandbox, our database, and workers by their line in the Procfile."""

    parts: Parts
    sandbox: Sandbox
    desk_id: int
    environment: dict[str, str]
    folder: Path
    behind: Callable[[timedelta], None]
    backfilled: int = 0

    # At the helpdesk

    def post(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.sandbox.url}/sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def open(self, texts: Sequence[str]) -> list[str]:
        """New tickets with a message each, which bulk reads bring at once: they are minutes old."""
        self.behind(OLD)
        made = [self.post("tickets", email=f"customer-{place}@example.com", name="A Customer", text=text)
                for place, text in enumerate(texts)]  # fmt: skip
        self.behind(timedelta(0))
        return [str(one["id"]) for one in made]

    def write(self, tickets: Sequence[str], texts: Sequence[str]) -> None:
        """A message each, just now."""
        for ticket_id, text in zip(tickets, texts, strict=True):
            self.post(f"tickets/{ticket_id}/comments", text=text, **{"as": "customer"})

    def tell(self, tickets: Sequence[str]) -> None:
        """Webhooks of these tickets, all at once."""
        for ticket_id in tickets:
            event = DeskEvent(
                event_id=f"{ticket_id}-{time.monotonic_ns()}",
                type="message.added",
                ticket_id=ticket_id,
                actor_id=None,
                occurred_at=None,
            )
            incoming = deliveries.Incoming(desk_id=self.desk_id, event=event, sealed_body=None)
            deliveries.receive(self.parts.database, incoming, real_now(), LATER)
        self.hurry()

    def calls(self) -> Counter[str]:
        """What reached the helpdesk so far, by method and path."""
        found = requests.get(f"{self.sandbox.url}/sandbox/stats", timeout=30).json()
        return Counter(found["by_call"])

    def untagged(self, tickets: Sequence[str]) -> int:
        """How many of the tickets have no state tag, or another one than our record says."""
        with self.parts.database.desk(self.desk_id, read=True) as session:
            states = {row.ticket_id: row.state for row in session.scalars(select(TrackedTicket))}
        with self.sandbox.helpdesk.file.reading() as db:
            tags = {str(row["id"]): row["tags"] for row in db.execute("SELECT id, tags FROM ticket")}
        return sum(f'"sat_{states[ticket_id]}"' not in tags[ticket_id] for ticket_id in tickets)

    # What we hold

    def refused(self) -> int:
        made = self.parts.connections.governor.calls()
        return sum(number for (_, _, status), number in made.items() if status == 429)

    def messages(self) -> int:
        """What customers wrote and we have read."""
        with self.parts.database.desk(self.desk_id, read=True) as session:
            written = select(func.count()).select_from(Message).where(Message.author == Author.CUSTOMER.value)
            return session.scalar(written) or 0

    def unread(self) -> int:
        """Tickets of which we were told something that nobody has looked at yet."""
        with self.parts.database.desk(self.desk_id, read=True) as session:
            owed = select(func.count()).select_from(TrackedTicket).where(TrackedTicket.dirty > TrackedTicket.done)
            return session.scalar(owed) or 0

    def busy(self) -> int:
        with self.parts.database.system(Purpose.DISPATCH, read=True) as session:
            return tracked_tickets.pending(session, real_now(), real_now())

    def hurry(self) -> None:
        """Have looks that are owed for later done now: what a sweep verifies a minute later."""
        with self.parts.database.desk(self.desk_id) as session:
            session.execute(update(TrackedTicket).where(TrackedTicket.due_at > real_now()).values(due_at=real_now()))

    def steps(self) -> list[StepRow]:
        with self.parts.database.desk(self.desk_id, read=True) as session:
            return list(session.scalars(select(StepRow)))

    def cases(self) -> int:
        with self.parts.database.desk(self.desk_id, read=True) as session:
            return session.scalar(select(func.count()).select_from(RecoveryCase)) or 0

    def desk(self) -> Desk:
        with self.parts.database.desk(self.desk_id, read=True) as session:
            return desks.get(session, self.desk_id)

    # What happens

    def burst(self, tickets: Sequence[str], within: float) -> Burst:
        """Webhooks of all these tickets at once; returns when all is scored, tagged and verified."""
        before, refused = self.calls(), self.refused()
        began = time.monotonic()
        self.tell(tickets)
        self.until(lambda: self.unread() == 0, within)
        scored = time.monotonic()
        self.until(lambda: self.untagged(tickets) == 0, within)
        tagged = time.monotonic()
        self.hurry()
        self.until(lambda: self.busy() == 0, within)
        made = self.calls() - before
        return Burst(
            messages=len(tickets),
            by_call=made,
            calls=sum(made.values()) - sum(made[name] for name in OTHERS),
            refused=self.refused() - refused,
            scored_after=scored - began,
            tagged_after=tagged - began,
        )

    def until(self, done: Callable[[], bool], within: float) -> None:
        deadline = time.monotonic() + within
        while not done():
            assert time.monotonic() < deadline, f"not done in time: {self.unread()} unread, {self.busy()} busy"
            time.sleep(0.1)

    @contextmanager
    def working(self, workers: int) -> Iterator[None]:
        """So many worker processes, as the Procfile starts them."""
        with ExitStack() as stack:
            for number in range(workers):
                stack.enter_context(self._worker(number))
            yield

    @contextmanager
    def _worker(self, number: int) -> Iterator[None]:
        lines = (CHECKOUT / "Procfile").read_text(encoding="utf-8").splitlines()
        command = next(line.removeprefix("worker:").strip() for line in lines if line.startswith("worker:"))
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with (self.folder / f"worker-{number}.log").open("ab") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=CHECKOUT,
                env={**self.environment, "PATH": path, "WORKER_THREADS": "4"},
                stdout=log,
                stderr=log,
            )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def backfilling(self) -> Iterator[None]:
        """Somebody reads history in the lowest lane, as much as it is given."""
        stop = threading.Event()

        def read() -> None:
            with self.parts.connections.open(self.desk_id, lane=Lane.BACKFILL) as connector:
                while not stop.is_set():
                    try:
                        connector.read_macros()
                        self.backfilled += 1
                    except OverBudget:
                        stop.wait(0.2)
                    except ConnectorError:
                        return

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(20)


@contextmanager
def crowd(database_url: str, broker_url: str, folder: Path) -> Iterator[Crowd]:
    """The stage, with a protocol in force that opens a case on a ticket in a poor state."""
    behind = [timedelta(0)]
    environment = own_environment(
        folder,
        KINTSUGI_DATABASE_URL=database_url,
        KINTSUGI_BROKER_URL=broker_url,
        KINTSUGI_SECRET_KEYS=new_key(),
        KINTSUGI_LOG_LEVEL="info",
    )
    with Redis.from_url(broker_url) as redis:
        redis.flushall()
    with ExitStack() as stack:
        parts = factory.build(settings.load(environment))
        stack.callback(parts.database.close)
        schema.migrate(parts.database)
        sandbox = Sandbox(file=folder / "sandbox.sqlite", now=lambda: real_now() - behind[0])
        sandbox.start()
        stack.callback(sandbox.stop)
        key = setting_up.sandbox_desk(parts, url=sandbox.url, account=sandbox.account)
        with parts.database.system(Purpose.ROUTE, read=True) as session:
            desk = desks.find_by_key(session, key)
        assert desk is not None
        _publish(parts, desk.id, str(sandbox.account.integration_id))

        def lag(span: timedelta) -> None:
            behind[0] = span

        yield Crowd(parts, sandbox, desk.id, environment, folder, lag)


def _publish(parts: Parts, desk_id: int, own_id: str) -> None:
    with parts.database.desk(desk_id) as session:
        session.execute(update(ProtocolVersion).values(state=VersionState.RETIRED))
        import_documents(session, desk_id, [write_yaml(PROTOCOL)], publish_as="a test")
        session.execute(update(Desk).where(Desk.id == desk_id).values(integration_user_id=own_id))


def spans(steps: Sequence[StepRow]) -> list[float]:
    """Seconds from the case's opening to the end of each of its steps, shortest first."""
    return sorted((_ended(step) - step.planned_at).total_seconds() for step in steps)


def _ended(step: StepRow) -> datetime:
    assert step.settled_at is not None
    return step.settled_at


def p95(values: Sequence[float]) -> float:
    """Of values in order."""
    return values[min(len(values) - 1, int(len(values) * 0.95))]
