"""Accounts: the people who sign in, and the role they have on each desk. Passwords come here hashed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.store.desks import NotFound
from app.store.models import Account, Desk, Membership, Role

#: What one may change. An auditor may change nothing, and reads like an admin.
RANK = {Role.AUDITOR: -1, Role.AGENT: 0, Role.LEAD: 1, Role.ADMIN: 2}
READS_AS = {Role.AUDITOR: Role.ADMIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A desk that an account may work on, and as what."""

    desk_id: int
    name: str
    kind: str
    role: Role


def reaches(held: Role, needed: Role, *, reads: bool) -> bool:
    """Whether the role held is enough for what needs another: to change something, or only to read it."""
    return RANK[READS_AS.get(held, held) if reads else held] >= RANK[needed]


def normal_email(email: str) -> str:
    """The address as accounts are looked up by. Raises ValueError for what cannot be one."""
    normal = email.strip().lower()
    name, _, domain = normal.partition("@")
    odd = any(c.isspace() or not c.isprintable() for c in normal)
    if not name or not domain or "@" in domain or len(normal) > 254 or odd:
        raise ValueError(f"not an e-mail address: {email[:254]!r}")
    return normal


def get(session: Session, account_id: int) -> Account:
    """Raises NotFound."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound(f"account {account_id}")
    return account


def find_by_email(session: Session, email: str) -> Account | None:
    return session.scalar(select(Account).where(Account.email == email.strip().lower()))


def find_by_subject(session: Session, subject_hash: str) -> Account | None:
    """The account that a provider of sign-ins knows by this subject."""
    return session.scalar(select(Account).where(Account.subject_hash == subject_hash))


def lock(session: Session, account_id: int) -> Account:
    """The account as it is now; nobody else gives it roles, links or sessions before the transaction ends.

    Raises NotFound.
    """
    account = session.scalar(_locked().where(Account.id == account_id))
    if account is None:
        raise NotFound(f"account {account_id}")
    return account


def find_or_add(session: Session, email: str, now: datetime) -> Account:
    """The account of this address, made without a password when there is none, and locked as by `lock`.

    Raises ValueError for what is no address.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = {"email": normal_email(email), "active": True, "created_at": now}
    session.execute(insert(Account).values(fresh).on_conflict_do_nothing(index_elements=["email"]))
    return session.scalars(_locked().where(Account.email == fresh["email"])).one()


def has_role(session: Session, account_id: int, desk_id: int | None) -> bool:
    """Whether the account works on the desk already; None asks for every desk."""
    on = Membership.desk_id.is_(None)
    covers = on if desk_id is None else on | (Membership.desk_id == desk_id)
    return session.scalar(select(Membership.id).where(Membership.account_id == account_id, covers).limit(1)) is not None


def grant(session: Session, account_id: int, role: Role, *, desk_id: int | None = None) -> None:
    """Give the account this role on the desk, or on every desk; an earlier role there is replaced."""
    same_desk = Membership.desk_id.is_(None) if desk_id is None else Membership.desk_id == desk_id
    held = session.scalar(select(Membership).where(Membership.account_id == account_id, same_desk))
    if held is None:
        session.add(Membership(account_id=account_id, desk_id=desk_id, role=role))
    else:
        held.role = role
    session.flush()


def emails(session: Session, account_ids: Collection[int]) -> Mapping[int, str]:
    """The addresses of accounts, by id."""
    rows = session.execute(select(Account.id, Account.email).where(Account.id.in_(account_ids)))
    return {account_id: email for account_id, email in rows}


def set_password(session: Session, account_id: int, password_hash: str) -> None:
    session.execute(update(Account).where(Account.id == account_id).values(password_hash=password_hash))


def _locked() -> Select[Account]:
    return select(Account).with_for_update().execution_options(populate_existing=True)


def memberships(session: Session, account_id: int) -> Sequence[Membership]:
    return session.scalars(select(Membership).where(Membership.account_id == account_id)).all()


def places(session: Session, account_id: int) -> tuple[Place, ...]:
    """The desks of an account in order of their names, each once, with the highest role it has there."""
    rows = session.execute(
        select(Desk.id, Desk.name, Desk.kind, Membership.role)
        .join(Membership, or_(Membership.desk_id == Desk.id, Membership.desk_id.is_(None)))
        .where(Membership.account_id == account_id)
    )
    best: dict[int, Place] = {}
    for desk_id, name, kind, role in rows:
        held = best.get(desk_id)
        if held is None or RANK[held.role] < RANK[role]:
            best[desk_id] = Place(desk_id=desk_id, name=name, kind=kind, role=role)
    return tuple(sorted(best.values(), key=lambda place: (place.name.casefold(), place.desk_id)))
