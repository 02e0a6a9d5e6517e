"""Everything that is kept of one person: found by e-mail address or the helpdesk's id, exported, or erased.

Erasing leaves numbers without identity: scores, ratings' values, states of cases and steps, learned weights.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.store import erasure, tombstones
from app.store.database import vault_of
from app.store.models import (
    Answer,
    Base,
    CauseExample,
    DecisionRow,
    Deferral,
    Delivery,
    Deviation,
    EvaluationRow,
    ExampleRow,
    HumanOverride,
    Invitation,
    InvitationState,
    Label,
    Launch,
    Message,
    Participant,
    Person,
    RatingRow,
    RecoveryCase,
    RollbackTicket,
    ScoreRow,
    StepRow,
    TrackedTicket,
)

CHUNK = 500  #: deliveries opened at a time
SHORTEST_NEEDLE = 3  #: letters of a name that is looked for in deliveries' bodies
#: The work of a row, and what opens a survey: nothing that tells of a person.
_LEFT_OUT = frozenset(
    {
        "desk_id", "fence", "begun_fence", "lease_until", "attempts", "dirty", "done", "sealed_token", "token_hash",
        "sealed_offer",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One person as this desk knows them, perhaps under several ids of the helpdesk."""

    who: str  #: as asked for: an e-mail address or the helpdesk's id
    people: Sequence[Person]
    names: frozenset[str]
    emails: frozenset[str]
    ids: frozenset[str]  #: the helpdesk's
    tickets: Sequence[TrackedTicket]  #: those they requested


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """The deliveries that tell of a person, among those that were there."""

    ids: tuple[int, ...]
    until: int  #: the newest delivery's id at that time


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was there to be erased."""

    people: int
    tickets: int
    messages: int  #: on tickets of other people
    deliveries: int  #: bodies that named the person


def find(session: Session, who: str) -> Found:
    """The person of that e-mail address or helpdesk id, also where nothing is known of them."""
    wanted = who.strip()
    by_email = "@" in wanted
    hashes = {vault_of(session).fingerprint("email", wanted.lower())} if by_email else set()
    named = select(Person).where(Person.email_hash.in_(hashes) if by_email else Person.helpdesk_id == wanted)
    hashes |= {person.email_hash for person in session.scalars(named) if person.email_hash}
    same = or_(Person.email_hash.in_(hashes), Person.helpdesk_id == wanted)
    people = session.scalars(select(Person).where(same).order_by(Person.id)).all()
    opened = vault_of(session).open
    return Found(
        who=wanted,
        people=people,
        names=frozenset(opened(person.sealed_name) for person in people if person.sealed_name),
        emails=frozenset(opened(person.sealed_email) for person in people if person.sealed_email)
        | ({wanted.lower()} if by_email else set()),
        ids=frozenset(person.helpdesk_id for person in people) | (set() if by_email else {wanted}),
        tickets=session.scalars(
            select(TrackedTicket)
            .where(TrackedTicket.person_id.in_([person.id for person in people]))
            .order_by(TrackedTicket.id)
        ).all(),
    )


def export(session: Session, found: Found) -> dict[str, Any]:
    """All that is kept of the person, by table, with sealed columns opened. Tokens of survey links are left out."""
    tables = {table.__tablename__: list(session.scalars(select(table).where(of))) for table, of in _kept(found)}
    tables["delivery"] = list(_deliveries(session, found))
    return {
        "person": found.who,
        "tables": {name: [_plain(session, row) for row in rows] for name, rows in tables.items()},
    }


def _kept(found: Found) -> Iterator[tuple[type[Base], ColumnElement[bool]]]:
    """Every table with rows of the person, deliveries aside, and which rows those are."""
    own, known = [row.id for row in found.tickets], [person.id for person in found.people]
    cases = select(RecoveryCase.id).where(or_(RecoveryCase.tracked_id.in_(own), RecoveryCase.person_id.in_(known)))
    yield Person, Person.id.in_(known)
    yield TrackedTicket, TrackedTicket.id.in_(own)
    yield Message, or_(Message.tracked_id.in_(own), Message.author_id.in_(found.ids))
    yield Participant, or_(Participant.tracked_id.in_(own), Participant.helpdesk_id.in_(found.ids))
    for table in (ScoreRow, CauseExample, ExampleRow, DecisionRow, EvaluationRow, RollbackTicket, Deferral):
        yield table, table.tracked_id.in_(own)
    yield RatingRow, or_(RatingRow.tracked_id.in_(own), RatingRow.person_id.in_(known))
    yield Label, or_(Label.tracked_id.in_(own), Label.by.in_([f"agent:{one}" for one in found.ids]))
    yield RecoveryCase, RecoveryCase.id.in_(cases)
    for table_of_case in (StepRow, Invitation, Answer, Deviation, HumanOverride):
        yield table_of_case, table_of_case.case_id.in_(cases)


def _plain(session: Session, row: Base) -> dict[str, Any]:
    """A row as JSON, in its columns' order."""
    plain: dict[str, Any] = {}
    for column in row.__table__.columns:
        value = getattr(row, column.key)
        if column.key in _LEFT_OUT or value is None:
            continue
        name = column.key.removeprefix("sealed_")
        plain[name] = _opened(session, value) if isinstance(value, bytes) else _json(value)
    return plain


def _opened(session: Session, sealed: bytes) -> Any:
    """Sealed documents are JSON, sealed words are text."""
    text = vault_of(session).open(sealed)
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError:
        return text


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, enum.Enum) else value


def search(session: Session, found: Found) -> Searched:
    """The deliveries that tell of the person. Every body is opened, so this is done where nobody waits for a lock."""
    newest = session.scalar(select(func.max(Delivery.id))) or 0
    return Searched(ids=tuple(row.id for row in _deliveries(session, found)), until=newest)


def _deliveries(session: Session, found: Found, last: int = 0) -> Iterator[Delivery]:
    """Webhook requests about the person's tickets, by the person, or with a body that names them; ids after `last`."""
    own, needles = {row.ticket_id for row in found.tickets}, _needles(found)
    while True:
        page = select(Delivery).where(Delivery.id > last).order_by(Delivery.id).limit(CHUNK)
        rows = session.scalars(page).all()
        for row in rows:
            if row.ticket_id in own or row.actor_id in found.ids or _names(session, row, needles):
                yield row
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


def _with_ids(session: Session, ids: Sequence[int]) -> Iterator[Delivery]:
    for start in range(0, len(ids), CHUNK):
        yield from session.scalars(select(Delivery).where(Delivery.id.in_(ids[start : start + CHUNK])))


def _needles(found: Found) -> Sequence[str]:
    """What a body that names the person holds, in lower case."""
    names = {name.strip().lower() for name in found.names}
    return [*found.emails, *found.ids, *(name for name in names if len(name) >= SHORTEST_NEEDLE)]


def _names(session: Session, row: Delivery, needles: Sequence[str]) -> bool:
    if row.sealed_body is None:
        return False
    # A body may write any letter as an escape, so it is compared as the values that it stands for.
    text = vault_of(session).open(row.sealed_body)
    body = f"{text}\n{_unescaped(text)}".lower()
    return any(needle in body for needle in needles)


def _unescaped(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return ""


def erase(session: Session, found: Found, searched: Searched, *, now: datetime) -> Erased:
    """Erase the person, and remember that by hashes alone; `now` is business time. May be repeated.

    What came in since `searched` was made is searched here.

    Whoever works on one of their tickets at this moment loses it, or would write back what was read before. Cases have
    to be ended by the caller, before.
    """
    # A delivery may be stored later than one with a higher id, so a stretch is searched twice.
    late = _deliveries(session, found, max(0, searched.until - CHUNK))
    deliveries = {row.id: row for row in (*_with_ids(session, searched.ids), *late)}
    bodies = sum(row.sealed_body is not None for row in deliveries.values())
    for row in deliveries.values():
        row.sealed_body, row.actor_id = None, None if row.actor_id in found.ids else row.actor_id
    for ticket in found.tickets:
        _erase_ticket(session, ticket, now)
    messages = _erase_elsewhere(session, found)
    _erase_surveys(session, found, now)
    tombstones.remember(session, _desk_of(session), found.ids, found.emails, now)
    for person in found.people:
        person.sealed_name = person.sealed_email = person.email_hash = person.locale = None
        person.helpdesk_id = f"erased-{person.id}"
    session.flush()
    return Erased(people=len(found.people), tickets=len(found.tickets), messages=messages, deliveries=bodies)


def _desk_of(session: Session) -> int:
    desk_id = session.info["desk_id"]
    assert isinstance(desk_id, int)
    return desk_id


def _erase_ticket(session: Session, ticket: TrackedTicket, now: datetime) -> None:
    erasure.forget_ticket(session, ticket)
    ticket.erased_at = ticket.erased_at or now
    ticket.unscored_reason = "the person was erased"
    ticket.organization_id = ticket.rescore_at = ticket.due_at = ticket.lease_until = ticket.turns_poor_at = None
    ticket.fence, ticket.done = ticket.fence + 1, ticket.dirty
    for rating in session.scalars(select(RatingRow).where(RatingRow.tracked_id == ticket.id)):
        rating.organization_id = None


def _erase_elsewhere(session: Session, found: Found) -> int:
    """What the person wrote or judged on other people's tickets; returns how many messages."""
    written = session.scalars(select(Message).where(Message.author_id.in_(found.ids))).all()
    for message in written:
        message.sealed_text = message.sealed_readings = None
        message.author_id = "erased"
    for row in session.scalars(select(Participant).where(Participant.helpdesk_id.in_(found.ids))):
        session.delete(row)
    for label in session.scalars(select(Label).where(Label.by.in_([f"agent:{one}" for one in found.ids]))):
        label.by = f"agent:erased-{label.id}"
    for launch in session.scalars(select(Launch).where(Launch.agent_id.in_(found.ids))):
        session.delete(launch)
    return len(written)


def _erase_surveys(session: Session, found: Found, now: datetime) -> None:
    """Links that were sent open nothing any more, and comments of answers are gone."""
    known = [person.id for person in found.people]
    cases = select(RecoveryCase.id).where(RecoveryCase.person_id.in_(known))
    theirs = or_(Invitation.person_id.in_(known), Invitation.case_id.in_(cases))
    for row in session.scalars(select(Invitation).where(theirs)):
        row.sealed_token = vault_of(session).seal("")
        row.sealed_offer = row.offer_id = None
        row.expires_at = min(row.expires_at, now)
        if row.state in (InvitationState.SCHEDULED, InvitationState.SENDING, InvitationState.HANDED_OVER):
            row.state, row.reason = InvitationState.CANCELLED, "the person was erased"
    for answer in session.scalars(select(Answer).where(Answer.case_id.in_(cases))):
        answer.sealed_comment = None


def counts(erased: Erased) -> Mapping[str, int]:
    """As a JSON document has them."""
    return {
        "people": erased.people,
        "tickets": erased.tickets,
        "messages": erased.messages,
        "deliveries": erased.deliveries,
    }
