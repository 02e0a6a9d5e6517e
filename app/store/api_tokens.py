"""API tokens: what an account's programs call the API with, on one desk. Handed out once and stored as hashes.

A token never does more than its account may do on the desk at that moment. All times are mechanism time.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.clock import real_now
from app.store import accounts
from app.store.accounts import Place
from app.store.models import Account, ApiTokenRow, Desk, Role
from app.store.sign_ins import hashed

PREFIX = "kin_"  #: so that a token is recognised where it should not be, in a repository for example
MOST = 20  #: tokens in force that one account may have
TOUCH_EVERY = timedelta(minutes=5)


class Scope(StrEnum):
    """What a token may be used for, within the role of its account."""

    READ = "read"
    WRITE = "write"  # what agents and leads change
    ADMIN = "admin"  # what admins change


class TooMany(Exception):
    """The account has as many tokens as it may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token in force, and what its account is on the desk now."""

    id: int
    account_id: int
    email: str
    place: Place  #: the token's desk, with the account's role there
    scopes: frozenset[Scope]
    used_at: datetime | None

    @property
    def desk_id(self) -> int:
        return self.place.desk_id

    @property
    def role(self) -> Role:
        return self.place.role


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A token as its owner sees it; never the token itself."""

    row: ApiTokenRow
    desk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    account_id: int
    desk_id: int
    name: str
    scopes: frozenset[Scope]
    expires_at: datetime | None


def make(session: Session, new: NewToken, now: datetime) -> tuple[int, str]:
    """Store a token; returns its id and the token itself, which nobody can look up afterwards. Raises TooMany."""
    if len(_in_force(session, new.account_id, now)) >= MOST:
        raise TooMany(f"{MOST} tokens")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiTokenRow(
        desk_id=new.desk_id,
        account_id=new.account_id,
        name=new.name,
        token_hash=hashed(token),
        scopes=sorted(new.scopes),
        created_at=now,
        expires_at=new.expires_at,
    )
    session.add(row)
    session.flush()
    return row.id, token


def find(session: Session, token: str, now: datetime | None = None) -> ApiToken | None:
    """Whose token it is, for a session that looks across desks; None when it is unknown, revoked or too old, or its
    account has no role on the desk any more. `now` is the real time where it is left out."""
    at = now or real_now()
    found = session.execute(
        select(ApiTokenRow, Account)
        .join(Account, Account.id == ApiTokenRow.account_id)
        .where(ApiTokenRow.token_hash == hashed(token), Account.active.is_(True), _live(at))
    ).first()
    if found is None:
        return None
    row, account = found
    place = next((one for one in accounts.places(session, account.id) if one.desk_id == row.desk_id), None)
    if place is None:
        return None
    return ApiToken(
        id=row.id,
        account_id=account.id,
        email=account.email,
        place=place,
        scopes=frozenset(Scope(one) for one in row.scopes),
        used_at=row.used_at,
    )


def is_to_touch(token: ApiToken, now: datetime) -> bool:
    """Whether its last use was noted long enough ago to be noted again."""
    return token.used_at is None or token.used_at < now - TOUCH_EVERY


def touch(session: Session, token_id: int, now: datetime) -> None:
    """Remember that it was used; at most every few minutes, so that calls rarely write."""
    stale = or_(ApiTokenRow.used_at.is_(None), ApiTokenRow.used_at < now - TOUCH_EVERY)
    session.execute(update(ApiTokenRow).where(ApiTokenRow.id == token_id, stale).values(used_at=now))


def of_account(session: Session, account_id: int, now: datetime) -> Sequence[Listed]:
    """The account's tokens in force, newest first."""
    names = {desk_id: name for desk_id, name in session.execute(select(Desk.id, Desk.name))}
    return [Listed(row=row, desk=names.get(row.desk_id, "")) for row in _in_force(session, account_id, now)]


def on_desk(session: Session, now: datetime) -> Sequence[ApiTokenRow]:
    """All tokens in force on a desk, in the desk's session, newest first."""
    return session.scalars(select(ApiTokenRow).where(_live(now)).order_by(ApiTokenRow.id.desc())).all()


def revoke(session: Session, token_id: int, now: datetime, *, account_id: int | None = None) -> ApiTokenRow | None:
    """End a token, of that account where one is named; returns it, or None when there was none to end."""
    ended = update(ApiTokenRow).where(ApiTokenRow.id == token_id, ApiTokenRow.revoked_at.is_(None))
    if account_id is not None:
        ended = ended.where(ApiTokenRow.account_id == account_id)
    return session.scalar(ended.values(revoked_at=now).returning(ApiTokenRow))


def revoke_all(session: Session, account_id: int, now: datetime, *, but_on: Collection[int] = ()) -> int:
    """End the account's tokens on the session's desk (or on all but some, where it looks across); returns how many."""
    ended = update(ApiTokenRow).where(ApiTokenRow.account_id == account_id, ApiTokenRow.revoked_at.is_(None))
    ended = ended.where(ApiTokenRow.desk_id.not_in(but_on))
    return len(session.scalars(ended.values(revoked_at=now).returning(ApiTokenRow.id)).all())


def _in_force(session: Session, account_id: int, now: datetime) -> Sequence[ApiTokenRow]:
    live = select(ApiTokenRow).where(ApiTokenRow.account_id == account_id, _live(now))
    return session.scalars(live.order_by(ApiTokenRow.id.desc())).all()


def _live(now: datetime) -> ColumnElement[bool]:
    return ApiTokenRow.revoked_at.is_(None) & or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > now)
