"""Customers as people look them up: found by e-mail address or the helpdesk's id, and who is in recovery now.

What happened to one of them is `customer_stories.py`; how the helpdesk's description is stored is `people.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.store import people
from app.store.database import vault_of
from app.store.desks import NotFound
from app.store.models import Person, RecoveryCase, TrackedTicket
from app.words import Arm, SatState

SHOWN = 50  #: customers in recovery on one page
ERASED = "erased-"  #: begins the helpdesk id of a person who was erased
LONGEST_ADDRESS = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One person, perhaps known to the helpdesk under several ids with the same e-mail address."""

    id: int  #: the row that was asked for
    ids: tuple[int, ...]  #: all rows of the person
    helpdesk_ids: tuple[str, ...]
    name: str  #: empty when it is not known
    email: str | None
    locale: str | None
    suspended: bool
    opted_out_at: datetime | None
    erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InRecovery:
    """A customer with an open case."""

    person_id: int
    name: str
    case_id: int
    ticket_id: str
    state: SatState | None
    score: int | None
    since: datetime  #: business time


def find(session: Session, who: str) -> int | None:
    """The row of the person with this e-mail address, or with this id at the helpdesk; the newest where several fit."""
    wanted = who.strip()
    if not wanted.isprintable() or not 0 < len(wanted) <= LONGEST_ADDRESS:
        return None
    if "@" in wanted:
        same = Person.email_hash == vault_of(session).fingerprint("email", wanted.lower())
    else:
        same = Person.helpdesk_id == wanted
    return session.scalar(select(func.max(Person.id)).where(same))


def get(session: Session, person_id: int) -> Customer:
    """Raises NotFound."""
    person = people.get(session, person_id)
    if person is None:
        raise NotFound(f"customer {person_id}")
    rows = session.scalars(select(Person).where(_same(person)).order_by(Person.id)).all()
    known = people.contact(session, person)
    names = [known.name, *(people.contact(session, row).name for row in rows)]
    return Customer(
        id=person.id,
        ids=tuple(row.id for row in rows),
        helpdesk_ids=tuple(row.helpdesk_id for row in rows if not row.helpdesk_id.startswith(ERASED)),
        name=next(filter(None, names), ""),
        email=known.email,
        locale=person.locale,
        suspended=any(row.suspended for row in rows),
        opted_out_at=min((row.opted_out_at for row in rows if row.opted_out_at), default=None),
        erased=person.helpdesk_id.startswith(ERASED),
    )


def _same(person: Person) -> ColumnElement[bool]:
    if person.email_hash is None:
        return Person.id == person.id
    return or_(Person.id == person.id, Person.email_hash == person.email_hash)


def in_recovery(session: Session) -> Sequence[InRecovery]:
    """The customers of open cases, the newest case first; a person with several cases is named once. Those who are
    held out for comparison are treated like everybody else."""
    rows = session.execute(
        select(RecoveryCase, TrackedTicket, Person)
        .join(TrackedTicket, TrackedTicket.id == RecoveryCase.tracked_id)
        .join(Person, Person.id == RecoveryCase.person_id)
        .where(RecoveryCase.open_key.is_not(None), RecoveryCase.arm == Arm.TREATMENT)
        .order_by(RecoveryCase.id.desc())
        .limit(2 * SHOWN)
    )
    found: dict[int, InRecovery] = {}
    for case, ticket, person in rows:
        if person.id not in found:
            found[person.id] = InRecovery(
                person_id=person.id,
                name=people.contact(session, person).name,
                case_id=case.id,
                ticket_id=ticket.ticket_id,
                state=ticket.state,
                score=ticket.score,
                since=case.opened_at,
            )
    return list(found.values())[:SHOWN]
