"""The outbox: webhook requests waiting, delivered and failed, and every attempt at them. Sending is `deliverer`'s."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connectors.sandbox.stamps import make_ulid
from connectors.sandbox.store import Db, Row, insert, next_id, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    id: int
    invocation_id: str
    webhook_id: str
    ticket_id: int | None
    event_id: str
    event_type: str
    body: bytes
    stream: str  #: deliveries of one stream go out one after the other
    state: str  #: "pending", "delivered" or "failed"
    tries: int
    created_at: str
    ended_at: str | None
    queued: float  #: epoch seconds of real time
    actor_id: int | None  #: who caused the event


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: what was sent and what came back; `status` is the vendor's word for it."""

    status: str
    at: str
    request_headers: Mapping[str, str]
    response_status: int | None = None
    response_headers: Mapping[str, str]
    response_body: str = ""
    error: str = ""


def delivery_of(row: Row) -> Delivery:
    values = dict(row)
    del values["due"]
    return Delivery(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A webhook request to be delivered."""

    webhook_id: str
    ticket_id: int | None  #: None for a test
    event_id: str
    event_type: str
    body: bytes
    actor_id: int | None = None  #: who caused the event
    ordered: bool = True  #: goes out after those of the same webhook and ticket that came before


def enqueue(db: Db, letter: Letter, now: str) -> None:
    """Put it into the outbox, as part of the caller's transaction."""
    columns = asdict(letter)
    del columns["ordered"]
    number = next_id(db, "delivery", first=1)
    stream = f"{letter.webhook_id}/{letter.ticket_id}"
    insert(
        db,
        "delivery",
        **columns,
        id=number,
        invocation_id=make_ulid(),
        stream=stream if letter.ordered else f"{stream}/{number}",
        state="pending",
        created_at=now,
        queued=time.time(),
    )


def find_due(db: Db, busy: Collection[str]) -> Delivery | None:
    """The oldest pending delivery that heads its stream, is due, and whose stream nobody works on."""
    rows = db.execute(
        "SELECT stream, min(id) AS head FROM delivery INDEXED BY delivery_pending WHERE state = 'pending'"
        " GROUP BY stream ORDER BY head"
    )
    heads = [row["head"] for row in rows if row["stream"] not in busy]
    for head in heads:
        row = db.execute("SELECT * FROM delivery WHERE id = ?", (head,)).fetchone()
        if row["due"] <= time.time():
            return delivery_of(row)
    return None


def next_due(db: Db) -> float | None:
    """When the next postponed delivery is due, in epoch seconds; None when none waits."""
    row = db.execute("SELECT min(due) FROM delivery WHERE state = 'pending'").fetchone()
    return None if row[0] is None else float(row[0])


def record(db: Db, delivery: Delivery, attempt: Attempt) -> None:
    insert(
        db,
        "attempt",
        id=make_ulid(),
        delivery_id=delivery.id,
        number=delivery.tries + 1,
        at=attempt.at,
        status=attempt.status,
        request_headers=to_json(dict(attempt.request_headers)),
        response_status=attempt.response_status,
        response_headers=to_json(dict(attempt.response_headers)),
        response_body=attempt.response_body,
        error=attempt.error,
    )
    db.execute("UPDATE delivery SET tries = tries + 1 WHERE id = ?", (delivery.id,))


def settle(db: Db, delivery: Delivery, *, state: str, now: str) -> None:
    db.execute("UPDATE delivery SET state = ?, ended_at = ? WHERE id = ?", (state, now, delivery.id))


def postpone(db: Db, delivery: Delivery, *, seconds: float) -> None:
    db.execute("UPDATE delivery SET due = ? WHERE id = ?", (time.time() + seconds, delivery.id))


def counts(db: Db) -> dict[str, int]:
    found: dict[str, Any] = {"pending": 0, "failed": 0, "delivered": 0}
    for row in db.execute("SELECT state, count(*) AS n FROM delivery GROUP BY state"):
        found[row["state"]] = row["n"]
    return found


def find_last(db: Db, ticket_id: int, *, actor_id: int | None = None) -> Delivery | None:
    """The ticket's newest event delivery, or the newest of those that this person caused."""
    row = db.execute(
        "SELECT * FROM delivery WHERE ticket_id = ? AND actor_id = coalesce(?, actor_id) ORDER BY id DESC LIMIT 1",
        (ticket_id, actor_id),
    ).fetchone()
    return None if row is None else delivery_of(row)
