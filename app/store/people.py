"""Customers as their helpdesk knows them. Names and addresses are sealed; look-ups go by a keyed hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach a person, opened for one message to them."""

    person_id: int
    name: str
    email: str | None
    locale: str | None
    suspended: bool
    opted_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person as the helpdesk just described them."""

    helpdesk_id: str
    name: str
    email: str | None
    locale: str | None
    suspended: bool


def record(session: Session, desk_id: int, known: Known) -> Person:
    """Store or refresh the person. What did not change is not written again."""
    person = _found_or_added(session, desk_id, known)
    if person.sealed_name is None or contact(session, person).name != known.name:
        person.sealed_name = vault_of(session).seal(known.name)
    email = known.email.strip().lower() if known.email else None
    email_hash = vault_of(session).fingerprint("email", email) if email else None
    if email_hash != person.email_hash:
        person.email_hash = email_hash
        person.sealed_email = vault_of(session).seal(email) if email else None
        person.opted_out_at = person.opted_out_at or _address_opted_out_at(session, email_hash)
    person.suspended = known.suspended
    person.locale = known.locale
    session.flush()
    return person


def _found_or_added(session: Session, desk_id: int, known: Known) -> Person:
    same = select(Person).where(Person.helpdesk_id == known.helpdesk_id)
    person = session.scalar(same)
    if person is not None:
        return person
    person = Person(desk_id=desk_id, helpdesk_id=known.helpdesk_id, suspended=known.suspended)
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        # Another ticket of theirs was read at the same moment.
        return session.scalars(same).one()
    return person


def _address_opted_out_at(session: Session, email_hash: str | None) -> datetime | None:
    """When somebody at this address wanted no more surveys: the helpdesk may know one person under several ids."""
    if email_hash is None:
        return None
    return session.scalar(select(func.min(Person.opted_out_at)).where(Person.email_hash == email_hash))


def get(session: Session, person_id: int) -> Person | None:
    return session.get(Person, person_id)


def with_email(session: Session, email: str) -> Sequence[Person]:
    """Those of the desk whose address this is, whatever its capitals; a helpdesk may know one person twice."""
    wanted = vault_of(session).fingerprint("email", email.strip().lower())
    return session.scalars(select(Person).where(Person.email_hash == wanted).order_by(Person.id)).all()


def contact(session: Session, person: Person) -> Contact:
    vault = vault_of(session)
    return Contact(
        person_id=person.id,
        name=vault.open(person.sealed_name) if person.sealed_name else "",
        email=vault.open(person.sealed_email) if person.sealed_email else None,
        locale=person.locale,
        suspended=person.suspended,
        opted_out=person.opted_out_at is not None,
    )


def opt_out(session: Session, person_id: int, now: datetime) -> None:
    """No more surveys for this person, at whatever address of theirs this desk knows."""
    person = session.get(Person, person_id)
    if person is None:
        return
    same = select(Person).where(Person.desk_id == person.desk_id, Person.email_hash == person.email_hash)
    for row in session.scalars(same) if person.email_hash else [person]:
        row.opted_out_at = row.opted_out_at or now


def forget_name(session: Session, person_id: int) -> None:
    """Drop name, address and language; that the address wants no more surveys is kept, by its hash."""
    person = session.get(Person, person_id)
    if person is None:
        return
    person.sealed_name = person.sealed_email = person.locale = None
    if person.opted_out_at is None:
        person.email_hash = None
