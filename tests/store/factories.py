"""Rows for tests, each with a default for everything; a test states only what matters to it. Ids are returned."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import select

from app.store import cases, decisions, desks, invitations, messages, people, protocols, ratings, scores, steps
from app.store.cases import Opening
from app.store.database import Database, Purpose
from app.store.invitations import Schedule
from app.store.models import (
    Base,
    Delivery,
    DeliveryState,
    Invitation,
    Message,
    Person,
    ProtocolVersion,
    RecoveryCase,
    ScoreRow,
    StepRow,
    TrackedTicket,
)
from app.words import Arm, Cause, Contribution, Decision, Direction, Level, Outcome, SatState, Score
from connectors.ticket import Author
from connectors.ticket import Message as Spoken

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_count = itertools.count(1)
_Row = TypeVar("_Row", bound=Base)
_Result = TypeVar("_Result")


def add_desk(database: Database, name: str = "Example shop", *, integration_user_id: str | None = "900") -> int:
    """Store a desk and return its id."""
    with database.system(Purpose.OPERATE) as session:
        return desks.add(session, new_desk(name), NOW, integration_user_id=integration_user_id).id


def new_desk(name: str = "Example shop", **values: Any) -> desks.NewDesk:
    """A desk that is not stored yet."""
    defaults: dict[str, Any] = {
        "kind": "zendesk",
        "subdomain": "example",
        "base_url": "http://127.0.0.1:9",
        "credentials": {"email": "robot@example.com", "api_token": "made-up-token"},
        "webhook_secret": "made-up-secret",
        "sidebar": {},
        "settings": {},
    }
    return desks.NewDesk(name=name, **defaults | values)


def add_ticket(database: Database, desk_id: int, **columns: Any) -> int:
    """A tracked ticket; due for half a minute already, unless something else is said."""
    defaults: dict[str, Any] = {"ticket_id": str(next(_count)), "dirty": 1, "due_at": NOW - timedelta(seconds=30)}
    return _store(database, desk_id, TrackedTicket(desk_id=desk_id, **defaults | columns))


def add_delivery(database: Database, desk_id: int, **columns: Any) -> int:
    """A delivery that waits for its ticket."""
    defaults: dict[str, Any] = {
        "event_id": f"event-{next(_count)}",
        "type": "message.added",
        "ticket_id": "7",
        "sealed_body": b"sealed",
        "state": DeliveryState.RECEIVED,
        "received_at": NOW,
    }
    return _store(database, desk_id, Delivery(desk_id=desk_id, **defaults | columns))


def add_person(database: Database, desk_id: int, **values: Any) -> int:
    """A customer with a name and an address."""
    with database.desk(desk_id) as session:
        return people.record(session, desk_id, known_person(**values)).id


def known_person(**values: Any) -> people.Known:
    """A customer as the helpdesk describes them."""
    defaults: dict[str, Any] = {
        "helpdesk_id": "55",
        "name": "Mira Muster",
        "email": "mira@example.com",
        "locale": "en",
        "suspended": False,
    }
    return people.Known(**defaults | values)


def add_version(database: Database, desk_id: int, *, name: str = "Late parcel", document: str = "name: x") -> int:
    """A protocol version, as a draft."""
    with database.desk(desk_id) as session:
        return protocols.import_document(session, desk_id, name, document, NOW)[0].id


def opening(version_id: int, **values: Any) -> Opening:
    """Why a case opens: its state, in the treatment arm."""
    defaults: dict[str, Any] = {
        "arm": Arm.TREATMENT,
        "cause": Cause.SHIPPING_DELAY,
        "opened_by": "state",
        "rating_id": None,
    }
    return Opening(version_id=version_id, **defaults | values)


def add_case(database: Database, desk_id: int, tracked_id: int | None = None, **values: Any) -> int:
    """An open case, on a ticket and under a protocol of its own where none is given."""
    tracked_id = tracked_id or add_ticket(database, desk_id)
    version_id = values.pop("version_id", None) or add_version(database, desk_id)
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        return cases.open_case(session, tracked, opening(version_id, **values), NOW).id


def planned_step(**values: Any) -> steps.Planned:
    """A step to be."""
    return steps.Planned(**{"action": "1:tag", "do": "tag", "params": {"add": ["recovery_vip"]}} | values)


def add_step(database: Database, desk_id: int, case_id: int | None = None, **values: Any) -> int:
    """A planned step of a case."""
    case_id = case_id or add_case(database, desk_id)
    with database.desk(desk_id) as session:
        case = session.get_one(RecoveryCase, case_id)
        return steps.plan(session, case, [planned_step(**values)], NOW)[0].id


def schedule(**values: Any) -> Schedule:
    """A survey to be sent by mail tomorrow, that can be answered for a month."""
    number = next(_count)
    defaults: dict[str, Any] = {
        "kind": "resurvey",
        "channel": "email",
        "good_from": 0.6,
        "due_at": NOW + DAY,
        "expires_at": NOW + 30 * DAY,
        "token": f"token-{number}",
        "token_hash": f"hash-{number}",
    }
    return Schedule(**defaults | values)


def add_invitation(
    database: Database, desk_id: int, case_id: int | None = None, *, columns: dict[str, Any] | None = None, **when: Any
) -> int:
    """A scheduled survey of a case; `columns` are set on the stored row."""
    case_id = case_id or add_case(database, desk_id)
    with database.desk(desk_id) as session:
        row = invitations.schedule(session, session.get_one(RecoveryCase, case_id), schedule(**when))
        assert row is not None
        for name, value in (columns or {}).items():
            setattr(row, name, value)
        return row.id


def spoken(text: str = "Where is my parcel?", **values: Any) -> Spoken:
    """A customer's public message."""
    defaults: dict[str, Any] = {
        "id": str(next(_count)),
        "author_id": "55",
        "author": Author.CUSTOMER,
        "public": True,
        "at": NOW,
    }
    return Spoken(text=text, **defaults | values)


def add_message(database: Database, desk_id: int, tracked_id: int, text: str = "Hello?", **values: Any) -> int:
    """A message with one reading that quotes it."""
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        readings = [{"signal": "tone", "value": 0.7, "evidence": text}]
        row = messages.record(session, tracked, spoken(text, **values), readings)
        session.flush()
        return row.id


def score(**values: Any) -> Score:
    """A poor score with a reason."""
    defaults: dict[str, Any] = {
        "at": NOW,
        "p_satisfied": 0.31,
        "p_satisfied_now": 0.28,
        "trend": -0.2,
        "score": 31,
        "level": Level.POOR,
        "direction": Direction.WORSENING,
        "state": SatState.POOR_WORSENING,
        "provisional": False,
        "base_logit": 0.4,
        "p_uncalibrated": 0.3,
        "contributions": (Contribution(signal="tone", logit=-1.2, evidence="third time I write"),),
        "abstained": ("no words",),
        "model": "prior-1",
    }
    return Score(**defaults | values)


def add_score(database: Database, desk_id: int, tracked_id: int, message_id: str | None = None, **values: Any) -> int:
    """A stored score, of a message where one is named."""
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        because = "time" if message_id is None else "message"
        row = scores.record(session, tracked, score(**values), message_id=message_id, because=because)
        session.flush()
        return row.id


def given(**values: Any) -> ratings.Given:
    """A bad rating with a comment."""
    defaults: dict[str, Any] = {
        "rating_id": "r1",
        "value": 0.0,
        "original": "bad",
        "scale": "good_bad",
        "at": NOW,
        "comment": "never again",
    }
    return ratings.Given(**defaults | values)


def decision(version_id: int, **values: Any) -> Decision:
    """A protocol's word that a ticket is not eligible."""
    defaults: dict[str, Any] = {
        "protocol": "Late parcel",
        "outcome": Outcome.NOT_ELIGIBLE,
        "reason": "the score is above 40",
        "facts": {"score": 55},
    }
    return Decision(version_id=version_id, **defaults | values)


def add_decision(database: Database, desk_id: int, tracked_id: int, version_id: int, **values: Any) -> None:
    """A stored decision."""
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        decisions.record(session, tracked, decision(version_id, **values), case_id=None, at=NOW)


def ticket(database: Database, row_id: int) -> TrackedTicket:
    """The tracked ticket as it is stored now."""
    return _load(database, TrackedTicket, row_id)


def case(database: Database, row_id: int) -> RecoveryCase:
    """The case as it is stored now."""
    return _load(database, RecoveryCase, row_id)


def step(database: Database, row_id: int) -> StepRow:
    """The step as it is stored now."""
    return _load(database, StepRow, row_id)


def invitation(database: Database, row_id: int) -> Invitation:
    """The invitation as it is stored now."""
    return _load(database, Invitation, row_id)


def message(database: Database, row_id: int) -> Message:
    """The message as it is stored now."""
    return _load(database, Message, row_id)


def person(database: Database, row_id: int) -> Person:
    """The person as stored now."""
    return _load(database, Person, row_id)


def version(database: Database, row_id: int) -> ProtocolVersion:
    """The protocol version as it is stored now."""
    return _load(database, ProtocolVersion, row_id)


def score_row(database: Database, row_id: int) -> ScoreRow:
    """The score as it is stored now."""
    return _load(database, ScoreRow, row_id)


def delivery(database: Database, row_id: int) -> Delivery:
    """The delivery as it is stored now."""
    return _load(database, Delivery, row_id)


def all_rows(database: Database, table: type[_Row]) -> list[_Row]:
    """Every row of every desk."""
    with database.system(Purpose.OPERATE, read=True) as session:
        return list(session.scalars(select(table)))


def change(database: Database, desk_id: int, table: type[Base], row_id: int, **columns: Any) -> None:
    """Set columns of a stored row."""
    with database.desk(desk_id) as session:
        row = session.get_one(table, row_id)
        for name, value in columns.items():
            setattr(row, name, value)


def together(number: int, call: Callable[[int], _Result]) -> list[_Result]:
    """Call from that many threads, all of them started at the same moment; raises what any of them raised."""
    barrier = Barrier(number, timeout=10)

    def run(index: int) -> _Result:
        barrier.wait()
        return call(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def _store(database: Database, desk_id: int, row: TrackedTicket | Delivery) -> int:
    with database.desk(desk_id) as session:
        session.add(row)
        session.flush()
        return row.id


def _load(database: Database, table: type[_Row], row_id: int) -> _Row:
    with database.system(Purpose.OPERATE, read=True) as session:
        return session.get_one(table, row_id)
