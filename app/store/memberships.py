"""Memberships: who works on a desk, and as what. A desk keeps at least one admin, whatever is changed.

A link that signs somebody in opens every desk of theirs. So whoever makes one has to be an admin of all of these, and
every way into an account ends when it gets a further desk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from app.store import accounts, api_tokens, sign_ins
from app.store.desks import NotFound
from app.store.models import Account, Desk, Membership, Role, SignInLink, WebSession


class MembershipError(Exception):
    """The change was not made."""


class LastAdmin(MembershipError):
    """Nobody would be left who can manage the desk."""


class Changed(MembershipError):
    """Somebody else gave the account another role meanwhile, which is `role`."""

    def __init__(self, role: Role) -> None:
        super().__init__(f"is {role} by now")
        self.role = role


class WorksElsewhere(MembershipError):
    """The account has a desk that the inviting person is no admin of."""


class IsHere(MembershipError):
    """The account has a role on the desk already, which is `role`."""

    def __init__(self, role: Role) -> None:
        super().__init__(f"is {role} already")
        self.role = role


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """An account with a role on the desk."""

    account_id: int
    email: str
    role: Role
    everywhere: bool  #: the role is that of every desk, and is changed by whoever runs the installation
    since: datetime
    seen_at: datetime | None  #: the newest use of a session that is still kept
    link_until: datetime | None  #: of a link that nobody used yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link's token, shown once."""

    account_id: int
    token: str
    expires_at: datetime


def of_desk(session: Session, desk_id: int, now: datetime) -> Sequence[Colleague]:
    """Everybody with a role on the desk, by address."""
    rows = session.execute(
        select(Account, Membership).join(Membership, Membership.account_id == Account.id).where(_on(desk_id))
    ).all()
    seen, links = _seen(session), _links(session, now)
    best: dict[int, Colleague] = {}
    for account, held in rows:
        known = best.get(account.id)
        if known is None or accounts.RANK[known.role] < accounts.RANK[held.role]:
            best[account.id] = Colleague(
                account_id=account.id,
                email=account.email,
                role=held.role,
                everywhere=held.desk_id is None,
                since=account.created_at,
                seen_at=seen.get(account.id),
                link_until=links.get(account.id),
            )
    return sorted(best.values(), key=lambda one: one.email)


def invite(
    session: Session, email: str, role: Role, now: datetime, *, desk_id: int, by: Collection[accounts.Place]
) -> Link:
    """Give the address a role on the desk, and a link to sign in with; all earlier ways into the account end.

    `by` are the desks of whoever invites. Raises IsHere, WorksElsewhere; ValueError for what is no address.
    """
    account = accounts.find_or_add(session, email, now)
    held = session.scalars(select(Membership).where(Membership.account_id == account.id)).all()
    here = next((one for one in held if one.desk_id in {None, desk_id}), None)
    if here is not None:
        raise IsHere(here.role)
    _check_own(held, by)
    sign_ins.start_over(session, account)
    session.add(Membership(account_id=account.id, desk_id=desk_id, role=role))
    session.flush()
    return _new_link(session, account.id, now)


def renew_link(
    session: Session, account_id: int, now: datetime, *, desk_id: int, by: Collection[accounts.Place]
) -> Link:
    """A fresh link for somebody of the desk; earlier ones end. Raises NotFound, WorksElsewhere."""
    accounts.lock(session, account_id)
    _held(session, desk_id, account_id)
    _check_own(accounts.memberships(session, account_id), by)
    sign_ins.end_links(session, account_id)
    return _new_link(session, account_id, now)


def give(session: Session, account: Account, role: Role, *, desk_id: int | None) -> None:
    """Give a locked account a role on the desk, or on every desk, for whoever runs the installation.

    It is signed out, and its unused links end; with a further desk its password ends, too.
    """
    if accounts.has_role(session, account.id, desk_id):
        sign_ins.close_sessions_of(session, account.id)
        sign_ins.end_links(session, account.id)
    else:
        sign_ins.start_over(session, account)
    accounts.grant(session, account.id, role, desk_id=desk_id)


def change_role(session: Session, desk_id: int, account_id: int, *, was: Role, role: Role) -> None:
    """Raises NotFound, Changed when the role is not `was` any more, LastAdmin."""
    held = _taken(session, desk_id, account_id, was)
    if role is not Role.ADMIN:
        _check_admins(session, desk_id, account_id)
    held.role = role
    session.flush()


def remove(session: Session, desk_id: int, account_id: int, *, was: Role, now: datetime) -> None:
    """Take the role away, and with it the account's tokens on the desk. With the last role go its sessions and links.

    In the desk's session. Raises NotFound, Changed, LastAdmin.
    """
    held = _taken(session, desk_id, account_id, was)
    _check_admins(session, desk_id, account_id)
    session.delete(held)
    session.flush()
    api_tokens.revoke_all(session, account_id, now)
    if not accounts.memberships(session, account_id):
        sign_ins.close_sessions_of(session, account_id)
        sign_ins.end_links(session, account_id)


def role_of(session: Session, account_id: int, desk_id: int | None) -> Role | None:
    """The account's own role on the desk, or the one it has on every desk."""
    on = Membership.desk_id.is_(None) if desk_id is None else Membership.desk_id == desk_id
    return session.scalar(select(Membership.role).where(Membership.account_id == account_id, on))


def remove_everywhere(session: Session, account_id: int, now: datetime) -> None:
    """Take away the role on every desk, and the account's tokens on desks where it has no other.

    For whoever runs the installation, who can always make another admin; in a session that looks across desks.
    """
    ended = delete(Membership).where(Membership.account_id == account_id, Membership.desk_id.is_(None))
    session.execute(ended)
    remaining = {held.desk_id for held in accounts.memberships(session, account_id) if held.desk_id is not None}
    api_tokens.revoke_all(session, account_id, now, but_on=remaining)
    if not remaining:
        sign_ins.close_sessions_of(session, account_id)
        sign_ins.end_links(session, account_id)


def _held(session: Session, desk_id: int, account_id: int) -> Membership:
    found = select(Membership).where(Membership.account_id == account_id, Membership.desk_id == desk_id)
    held = session.scalar(found)
    if held is None:
        raise NotFound(f"account {account_id} on desk {desk_id}")
    return held


def _taken(session: Session, desk_id: int, account_id: int, was: Role) -> Membership:
    # The desk's row is the lock: of two admins who remove each other at once, the second finds nobody to remain.
    session.execute(select(Desk.id).where(Desk.id == desk_id).with_for_update())
    held = _held(session, desk_id, account_id)
    if held.role is not was:
        raise Changed(held.role)
    return held


def _check_admins(session: Session, desk_id: int, without: int) -> None:
    others = select(func.count(Membership.id)).join(Account, Account.id == Membership.account_id)
    others = others.where(_on(desk_id), Membership.role == Role.ADMIN, Account.active.is_(True))
    if not session.scalar(others.where(Membership.account_id != without)):
        raise LastAdmin("the last admin")


def _check_own(held: Sequence[Membership], by: Collection[accounts.Place]) -> None:
    own = {place.desk_id for place in by if place.role is Role.ADMIN}
    if any(one.desk_id not in own for one in held):
        raise WorksElsewhere("works on a desk of others")


def _on(desk_id: int) -> ColumnElement[bool]:
    return or_(Membership.desk_id == desk_id, Membership.desk_id.is_(None))


def _new_link(session: Session, account_id: int, now: datetime) -> Link:
    token = sign_ins.add_link(session, account_id, now)
    return Link(account_id=account_id, token=token, expires_at=now + sign_ins.LINK_VALID)


def _seen(session: Session) -> Mapping[int, datetime]:
    rows = session.execute(select(WebSession.account_id, func.max(WebSession.seen_at)).group_by(WebSession.account_id))
    return {account_id: at for account_id, at in rows}


def _links(session: Session, now: datetime) -> Mapping[int, datetime]:
    live = select(SignInLink.account_id, func.max(SignInLink.expires_at)).where(
        SignInLink.used_at.is_(None), SignInLink.expires_at > now
    )
    return {account_id: until for account_id, until in session.execute(live.group_by(SignInLink.account_id))}
