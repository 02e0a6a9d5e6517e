"""The whole pipeline on a stage: a sandbox over HTTP, a database, the real tasks, and business time that a test steps.

The queue is left out: `turn` claims what is due and calls the tasks in this thread. No test lives here.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
import requests
from sqlalchemy import Engine, event, select, update

from app import links
from app.clock import real_now
from app.governor import Governor
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.store import deliveries, invitations, tracked_tickets
from app.store.database import Database, Purpose
from app.store.models import (
    Base,
    DecisionRow,
    Delivery,
    Desk,
    Invitation,
    Message,
    Participant,
    ProtocolVersion,
    RecoveryCase,
    ScoreRow,
    StepRow,
    TrackedTicket,
    VersionState,
)
from connectors.base import Allowances, CallObserver
from connectors.sandbox import Sandbox
from connectors.ticket import DeskEvent, Receipt, Ticket, Write
from connectors.zendesk.client import ZendeskConnector
from tasks import inbox, scoring, surveys
from tasks.parts import Parts

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NO_PACE = deliveries.Pace(debounce=timedelta(0), max_wait=timedelta(0))
ANGRY = "This is the third time I write! The lamp is still broken and nobody answers. I want a refund now!"
CALM = "Hello, could you tell me when my lamp will arrive? Thank you!"
CUSTOMER = "customer@example.com"

_Row = TypeVar("_Row", bound=Base)


class Killed(BaseException):
    """The process ended at this very place. Nothing of ours may catch it."""


@dataclass(slots=True)
class Calls:
    """What reached the helpdesk in between."""

    reads: int = 0
    writes: int = 0


class Guard:
    """Sees to it that no database connection is held while a call is made over a network."""

    def __init__(self, engine: Engine) -> None:
        self.found: list[str] = []
        self.seen = 0
        self._held: Counter[int] = Counter()
        event.listen(engine.pool, "checkout", self._out)
        event.listen(engine.pool, "checkin", self._in)

    def _out(self, *_: object) -> None:
        self._held[threading.get_ident()] += 1

    def _in(self, *_: object) -> None:
        self._held[threading.get_ident()] -= 1

    def call(self, what: str) -> None:
        self.seen += 1
        if self._held[threading.get_ident()] > 0:
            self.found.append(what)


class WatchedGovernor(Governor):
    """Tells the guard of every call of a connector."""

    def __init__(self, database: Database, guard: Guard) -> None:
        super().__init__(database)
        self._guard = guard

    def observer(self, desk_id: int, allowances: Allowances | None = None) -> CallObserver:
        tell = super().observer(desk_id, allowances)

        def observe(method: str, path: str, status: int, limits: Any) -> None:
            self._guard.call(f"{method} {path}")
            tell(method, path, status, limits)

        return observe


class Stage:
    """See the module. Ids of tickets are text, as the helpdesk's events have them."""

    def __init__(self, parts: Parts, sandbox: Sandbox, desk_id: int, patch: pytest.MonkeyPatch) -> None:
        self.guard = Guard(parts.database.engine)
        governor = WatchedGovernor(parts.database, self.guard)
        self.parts = replace(parts, connections=replace(parts.connections, governor=governor))
        self.sandbox, self.desk_id, self.patch = sandbox, desk_id, patch
        self.account = sandbox.account
        self._events = itertools.count(1)
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()

    # Time

    @property
    def now(self) -> datetime:
        return self.parts.clock.now()

    def step(self, **span: float) -> None:
        """Business time moves on."""
        self.parts.clock.step(self.now + timedelta(**span))

    def pass_time(self, **span: float) -> None:
        """Mechanism time moves on: every lease, postponement and intent is that much older."""
        by = timedelta(**span)
        columns = {
            TrackedTicket: ("due_at", "lease_until", "first_dirty_at"),
            StepRow: ("sent_at",),
            Invitation: ("not_before", "lease_until", "sending_at"),
            Desk: ("blocked_until",),
        }
        with self.parts.database.system(Purpose.OPERATE) as session:
            for table, names in columns.items():
                for row in session.scalars(select(table)):
                    for name in names:
                        if (at := getattr(row, name)) is not None:
                            setattr(row, name, at - by)

    # People at the helpdesk

    def act(self, path: str, **body: Any) -> dict[str, Any]:
        """Do something at the helpdesk as one of its people, a minute after whatever was before."""
        self.step(minutes=1)
        answer = self._http.post(f"{self.sandbox.url}/sandbox/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def opens(self, text: str = "The lamp arrived broken.", *, email: str = CUSTOMER, **more: Any) -> str:
        """A new ticket, of which we are told."""
        made = self.act("tickets", email=email, name="A Customer", subject="Lamp", text=text, **more)
        self.happened(str(made["id"]), "ticket.created")
        return str(made["id"])

    def says(self, ticket_id: str, text: str, *, by: str = "customer", public: bool = True, **more: Any) -> str:
        """One message, of which we are told. Returns its id."""
        body = {"text": text, "as": by, "public": public, **more}
        said = self.act(f"tickets/{ticket_id}/comments", **body)
        self.happened(ticket_id)
        return str(said["id"])

    def answers(self, ticket_id: str, text: str = "We have sent you a new lamp today.") -> None:
        self.says(ticket_id, text, by="agent")

    def notes(self, ticket_id: str, text: str) -> None:
        self.says(ticket_id, text, by="agent", public=False)

    def edits(self, ticket_id: str, **change: Any) -> None:
        """An agent changes the ticket."""
        self.act(f"tickets/{ticket_id}/update", **change)
        self.happened(ticket_id, "ticket.changed")

    def solves(self, ticket_id: str) -> None:
        self.edits(ticket_id, status="solved")

    def rates(self, ticket_id: str, score: int) -> None:
        self.act(f"tickets/{ticket_id}/rating", score=score)
        self.happened(ticket_id, "rating.received")

    def fault(self, kind: str, **more: Any) -> None:
        answer = self._http.post(f"{self.sandbox.url}/sandbox/faults", json={"fault": kind, **more}, timeout=10)
        assert answer.ok, answer.text

    def allow(self, **calls: int | bool) -> None:
        """Change the account's allowances; what they are is told with the next answers."""
        answer = self._http.post(f"{self.sandbox.url}/sandbox/limits", json=calls, timeout=10)
        assert answer.ok, answer.text

    def heal(self) -> None:
        self._http.delete(f"{self.sandbox.url}/sandbox/faults", timeout=10)

    # What is there to be seen at the helpdesk

    def look_up(self, path: str) -> Any:
        return self._http.get(f"{self.sandbox.url}/sandbox/{path}", timeout=10).json()

    def shown(self, ticket_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.look_up(f"tickets/{ticket_id}.json")
        return found

    def tags(self, ticket_id: str) -> set[str]:
        return set(self.shown(ticket_id)["tags"])

    def comments(self, ticket_id: str, *, public: bool) -> list[str]:
        return [one["text"] for one in self.shown(ticket_id)["comments"] if one["public"] is public]

    def mails(self, to: str = CUSTOMER) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.look_up(f"mail.json?to={to}")["mail"]
        return found

    @contextmanager
    def counting(self) -> Iterator[Calls]:
        """Calls of the helpdesk's API inside the block."""
        before, calls = self.look_up("stats"), Calls()
        yield calls
        after = self.look_up("stats")
        calls.reads, calls.writes = after["reads"] - before["reads"], after["writes"] - before["writes"]

    def token(self, ticket_id: str) -> str:
        """The token of the ticket's newest survey, as it stands in the mail or the comment."""
        with self.parts.database.desk(self.desk_id, read=True) as session:
            return invitations.token_of(session, self.surveys(ticket_id)[-1])

    def answer_survey(self, ticket_id: str, stars: int) -> invitations.AnswerOutcome:
        """The customer answers the newest survey."""
        token_hash = links.read_token(self.parts.database.vault, self.token(ticket_id))
        reply = invitations.Reply(value=(stars - 1) / 4, original=str(stars), comment="")
        with self.parts.database.system(Purpose.SIGN_IN) as session:
            return invitations.answer(session, token_hash or "", reply, now=self.now, woken_at=real_now())

    # The pipeline

    def happened(
        self, ticket_id: str, type_: str = "message.added", *, event_id: str | None = None, echo: bool = False
    ) -> bool:
        """Store a delivery, as the webhook does; False when the event was stored before."""
        told = DeskEvent(
            event_id=event_id or f"event-{next(self._events)}",
            type=type_,
            ticket_id=ticket_id,
            actor_id=None,
            occurred_at=None,
        )
        incoming = deliveries.Incoming(desk_id=self.desk_id, event=told, sealed_body=None, echo=echo)
        return deliveries.receive(self.parts.database, incoming, real_now(), NO_PACE)

    def claim(self) -> Sequence[tracked_tickets.Claim]:
        """What a dispatcher would hint now."""
        settings, now = self.parts.settings, real_now()
        rule = tracked_tickets.Rule(lease=settings.lease, limit=50, per_desk=50, max_attempts=settings.max_attempts)
        with self.parts.database.system(Purpose.DISPATCH) as session:
            tracked_tickets.bury_exhausted(session, now, settings.max_attempts)
            return tracked_tickets.claim_due(session, now, self.now, rule)

    def work(self, claim: tracked_tickets.Claim) -> None:
        """Run the task that the hint is for."""
        task: Callable[[int, int, int], None] = inbox.look if claim.look else scoring.rescore
        task(claim.desk_id, claim.tracked_id, claim.fence)

    def claim_surveys(self) -> Sequence[invitations.Claim]:
        with self.parts.database.system(Purpose.DISPATCH) as session:
            return invitations.claim_due(session, real_now(), self.now, self.parts.settings.lease, 16)

    def turn(self) -> int:
        """One turn of claiming and working; how much there was to do."""
        claims = self.claim()
        for claim in claims:
            self.work(claim)
        due = self.claim_surveys()
        for survey in due:
            surveys.send(survey.desk_id, survey.invitation_id, survey.fence)
        return len(claims) + len(due)

    def drain(self) -> None:
        """Work until nothing is due."""
        for _ in range(40):
            if not self.turn():
                return
        raise AssertionError("there is always something due")

    def publish(self, *documents: Mapping[str, Any]) -> None:
        """These protocols, and no others, are in force."""
        texts = [write_yaml(dict(document)) for document in documents]
        with self.parts.database.desk(self.desk_id) as session:
            session.execute(update(ProtocolVersion).values(state=VersionState.RETIRED))
            import_documents(session, self.desk_id, texts, publish_as="a test")

    def on_write(
        self, *, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None, times: int = 1
    ) -> None:
        """Have something happen just before or just after our next writes reach the helpdesk."""
        write, left = ZendeskConnector.write, itertools.count(1)

        def played(connector: ZendeskConnector, ticket: Ticket, wanted: Write) -> Receipt:
            now_too = next(left) <= times
            if before is not None and now_too:
                before()
            receipt = write(connector, ticket, wanted)
            if after is not None and now_too:
                after()
            return receipt

        self.patch.setattr(ZendeskConnector, "write", played)

    # What we hold of it

    def rows(self, table: type[_Row], *where: Any) -> list[_Row]:
        """Rows of this desk, in the order of their ids."""
        with self.parts.database.desk(self.desk_id, read=True) as session:
            return list(session.scalars(select(table).where(*where).order_by(table.id)))  # type: ignore[attr-defined]

    def desk(self) -> Desk:
        return self.rows(Desk)[0]

    def settings(self, **values: Any) -> None:
        """Change settings of the desk."""
        with self.parts.database.desk(self.desk_id) as session:
            desk = session.get(Desk, self.desk_id)
            assert desk is not None
            desk.settings = {**desk.settings, **values}

    def tracked(self, ticket_id: str) -> TrackedTicket:
        return self.rows(TrackedTicket, TrackedTicket.ticket_id == ticket_id)[0]

    def cases(self, ticket_id: str) -> list[RecoveryCase]:
        return self.rows(RecoveryCase, RecoveryCase.tracked_id == self.tracked(ticket_id).id)

    def case(self, ticket_id: str) -> RecoveryCase:
        (only,) = self.cases(ticket_id)
        return only

    def rows_of_cases(self) -> list[RecoveryCase]:
        """Every case of the desk, on whatever ticket it is by now."""
        return self.rows(RecoveryCase)

    def participants(self, ticket_id: str) -> list[Participant]:
        return self.rows(Participant, Participant.tracked_id == self.tracked(ticket_id).id)

    def opened(self, table: type[_Row], *columns: str) -> str:
        """Everything that stands in these sealed columns of a table, opened."""
        sealed = [getattr(row, column) for row in self.rows(table) for column in columns]
        return "\n".join(self.parts.database.vault.open(one) for one in sealed if one is not None)

    def steps(self, ticket_id: str) -> dict[str, StepRow]:
        """By action; of several rounds the last one."""
        return {row.action: row for row in self.rows(StepRow, StepRow.tracked_id == self.tracked(ticket_id).id)}

    def states(self, ticket_id: str) -> dict[str, str]:
        """The fate of every step."""
        return {action: row.state.value for action, row in self.steps(ticket_id).items()}

    def scores(self, ticket_id: str) -> list[ScoreRow]:
        return self.rows(ScoreRow, ScoreRow.tracked_id == self.tracked(ticket_id).id)

    def messages(self, ticket_id: str) -> list[Message]:
        return self.rows(Message, Message.tracked_id == self.tracked(ticket_id).id)

    def decisions(self, ticket_id: str) -> list[DecisionRow]:
        return self.rows(DecisionRow, DecisionRow.tracked_id == self.tracked(ticket_id).id)

    def surveys(self, ticket_id: str) -> list[Invitation]:
        return self.rows(Invitation, Invitation.tracked_id == self.tracked(ticket_id).id)

    def deliveries(self, ticket_id: str) -> list[Delivery]:
        return self.rows(Delivery, Delivery.ticket_id == ticket_id)


def die() -> None:
    """The process ends here."""
    raise Killed


def protocol(name: str = "Rescue", *actions: Mapping[str, Any], **values: Any) -> dict[str, Any]:
    """A protocol that opens a case on every ticket with a word of its customer, unless told otherwise."""
    return {
        "name": name,
        "criteria": {"all": [{"field": "customer_messages", "operator": "at_least", "value": 1}]},
        "team": "Recovery",
        "actions": [dict(action) for action in actions or (NOTE,)],
        **values,
    }


NOTE = {"do": "note", "text": "Please call this customer."}
PRIORITY = {"do": "priority", "to": "high"}
ASSIGN = {"do": "assign", "group": "Recovery", "to": "group"}
TAG = {"do": "tag", "add": ["fragile"]}
FOLLOW_UP = {"resurvey": {"after_hours": 24, "channel": "auto", "good_from": 0.6}, "return_to": "previous"}
