"""Sign-ins: one-time links, the sessions of browsers, and failures that slow guessing down.

Tokens are random, handed out once and stored as hashes. All times are mechanism time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.store import accounts
from app.store.models import Account, Role, SignInFailure, SignInLink, WebSession

LINK_VALID = timedelta(hours=24)
FORGET_FAILURES = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a session lasts without a request, and at most."""

    idle: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session as its browser gets to know it, once."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who a session belongs to, with the roles read afresh."""

    session_id: int
    account_id: int
    email: str
    csrf: str
    places: tuple[accounts.Place, ...]


def hashed(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a plain hash cannot be turned round."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_link(
    session: Session,
    email: str,
    role: Role,
    now: datetime,
    *,
    desk_id: int | None = None,
    valid: timedelta = LINK_VALID,
) -> str:
    """A token for `/sign-in/<token>` that signs this person in once; the account is made when it is new.

    The role is theirs on the desk, or on every desk; for an account that had none there, all earlier ways in end.
    Raises ValueError for what is no e-mail address.
    """
    account = accounts.find_or_add(session, email, now)
    if not accounts.has_role(session, account.id, desk_id):
        start_over(session, account)
    accounts.grant(session, account.id, role, desk_id=desk_id)
    return add_link(session, account.id, now, valid)


def start_over(session: Session, account: Account) -> None:
    """End every way into the account: its sessions, its unused links and its password.

    For an account that gets a further desk, or that a provider of sign-ins now vouches for. Whoever was shown its link
    may have used it and chosen the password; they were trusted with the desks it had until then, and no further.
    """
    close_sessions_of(session, account.id)
    end_links(session, account.id)
    account.password_hash = None
    session.flush()


def end_links(session: Session, account_id: int) -> None:
    """End the links of the account that nobody used yet."""
    session.execute(delete(SignInLink).where(SignInLink.account_id == account_id, SignInLink.used_at.is_(None)))


def add_link(session: Session, account_id: int, now: datetime, valid: timedelta = LINK_VALID) -> str:
    """A token for `/sign-in/<token>` that signs this account in once."""
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(account_id=account_id, token_hash=hashed(token), expires_at=now + valid))
    session.flush()
    return token


def find_link(session: Session, token: str, now: datetime) -> Account | None:
    """Whose link this is, while it can still be used. Looking does not use it up."""
    return session.scalar(
        select(Account)
        .join(SignInLink, SignInLink.account_id == Account.id)
        .where(SignInLink.token_hash == hashed(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .where(Account.active.is_(True))
    )


def use_link(session: Session, token: str, now: datetime) -> int | None:
    """Use the link up and return its account; None when somebody was first, or it is too old or unknown.

    The account stays locked, so that a link that was used and the session it opens are one to whoever ends them.
    """
    owner = find_link(session, token, now)
    if owner is None or not accounts.lock(session, owner.id).active:
        return None
    return session.scalar(
        update(SignInLink)
        .where(SignInLink.token_hash == hashed(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .returning(SignInLink.account_id)
    )


def open_session(
    session: Session, account_id: int, now: datetime, length: timedelta, *, browser: str | None = None
) -> Opened:
    """A fresh session; its token never equals one that a browser brought along. Old sessions are swept away."""
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    token = secrets.token_urlsafe(32)
    expires_at = now + length
    session.add(
        WebSession(
            account_id=account_id,
            token_hash=hashed(token),
            csrf=secrets.token_urlsafe(32),
            browser=browser,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return Opened(token=token, expires_at=expires_at)


def find_session(session: Session, token: str, now: datetime, idle: timedelta) -> tuple[WebSession, Account] | None:
    """The live session of a browser and its account; None when unknown, expired, idle for too long or deactivated."""
    found = session.execute(
        select(WebSession, Account)
        .join(Account, Account.id == WebSession.account_id)
        .where(WebSession.token_hash == hashed(token), Account.active.is_(True))
        .where(WebSession.expires_at > now, WebSession.seen_at > now - idle)
    ).first()
    return None if found is None else (found[0], found[1])


def is_open(session: Session, session_id: int) -> bool:
    """Whether the session was not ended."""
    return session.scalar(select(WebSession.id).where(WebSession.id == session_id)) is not None


def touch(session: Session, session_id: int, now: datetime) -> None:
    session.execute(update(WebSession).where(WebSession.id == session_id).values(seen_at=now))


def close_session(session: Session, token: str) -> None:
    session.execute(delete(WebSession).where(WebSession.token_hash == hashed(token)))


def close_sessions_of(session: Session, account_id: int, *, but: int | None = None) -> None:
    """Sign an account out everywhere, or everywhere but in one session."""
    session.execute(delete(WebSession).where(WebSession.account_id == account_id, WebSession.id != (but or 0)))


def sessions_of(session: Session, account_id: int, now: datetime, idle: timedelta) -> Sequence[WebSession]:
    """The account's live sessions, the one used last first."""
    live = select(WebSession).where(WebSession.account_id == account_id, WebSession.expires_at > now)
    return session.scalars(live.where(WebSession.seen_at > now - idle).order_by(WebSession.seen_at.desc())).all()


def close_one(session: Session, account_id: int, session_id: int) -> bool:
    """Sign the account out in one session; False when it has none of that id."""
    ended = delete(WebSession).where(WebSession.account_id == account_id, WebSession.id == session_id)
    return session.execute(ended.returning(WebSession.id)).first() is not None


def register_attempt(session: Session, limits: Mapping[str, int], now: datetime) -> timedelta:
    """Count an attempt to sign in before its password is looked at, so that parallel guesses cannot outrun it.

    `limits` maps the hash of who is guessing (an account, an address, both) to the free attempts it has. Returns how
    long to wait; zero when the attempt may go on. An attempt that has to wait is not counted.
    """
    rows = _held_failures(session, sorted(limits), now)
    wait = max((_wait(row, limits[row.who_hash], now) for row in rows), default=timedelta(0))
    if wait > timedelta(0):
        return wait
    for row in rows:
        row.count = 1 if now - row.last_at > FORGET_FAILURES else row.count + 1
        row.last_at = now
    session.flush()
    return timedelta(0)


def _held_failures(session: Session, who: Sequence[str], now: datetime) -> Sequence[SignInFailure]:
    """Their rows, made where there are none, and locked in one order, so that two attempts never block each other."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = [{"who_hash": one, "count": 0, "last_at": now} for one in who]
    session.execute(insert(SignInFailure).on_conflict_do_nothing(index_elements=["who_hash"]), fresh)
    wanted = select(SignInFailure).where(SignInFailure.who_hash.in_(who)).order_by(SignInFailure.who_hash)
    return session.scalars(wanted.with_for_update()).all()


def forgive(session: Session, who_hash: str) -> None:
    """Forget the failures of somebody who then knew the password."""
    session.execute(delete(SignInFailure).where(SignInFailure.who_hash == who_hash))


def _wait(row: SignInFailure, free: int, now: datetime) -> timedelta:
    """Doubles with every failure past the free ones, from 2 s to 15 min."""
    if row.count < free or now - row.last_at > FORGET_FAILURES:
        return timedelta(0)
    pause = timedelta(seconds=min(2.0 ** (row.count - free + 1), 900.0))
    return max(row.last_at + pause - now, timedelta(0))
