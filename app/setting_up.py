"""Furnishing an installation: the sandbox's desk, protocols for a fresh desk, the first person to sign in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.publishing import publish_default_pack
from app.store import access, accounts, audit, desks, memberships, sign_ins
from app.store.database import Purpose
from app.store.models import Desk, Role
from app.web import passwords
from connectors.sandbox.account import SandboxAccount
from tasks.parts import Parts

LOG = log.get("setting_up")

SANDBOX = "Sandbox"
FIRST_PERSON = "admin@localhost"
LEAD = "lead@localhost"


def sandbox_desk(parts: Parts, *, url: str, account: SandboxAccount) -> str:
    """The desk that stands for the sandbox, made or brought up to date; returns its webhook key."""
    with parts.database.system(Purpose.OPERATE) as session:
        desk = desks.find_by_name(session, SANDBOX)
        if desk is None:
            new = desks.NewDesk(
                kind=account.vendor,
                name=SANDBOX,
                subdomain=account.subdomain,
                base_url=url,
                credentials=_sandbox_credentials(account),
                webhook_secret=account.webhook_secret,
                sidebar=_sandbox_sidebar(account),
                settings={"lead_emails": [LEAD]},
            )
            desk = desks.add(session, new, real_now(), integration_user_id=str(account.integration_id))
        elif desks.credentials(session, desk) != _sandbox_credentials(account):
            _meet_again(session, desk, account)
        desk.base_url = url
        desk_id, key = desk.id, desk.key
    publish_default_pack(parts, desk_id)
    return key


def _meet_again(session: Session, desk: Desk, account: SandboxAccount) -> None:
    """The sandbox's file is a new one, so everything it was known by is, too."""
    desks.change_credentials(session, desk, _sandbox_credentials(account))
    access.put(session, desk.id, None, real_now())
    desks.rotate_webhook_secret(session, desk, account.webhook_secret)
    desk.sidebar, desk.integration_user_id = _sandbox_sidebar(account), str(account.integration_id)
    if desk.reason != desks.PAUSED_BY_ADMIN:
        desks.resume(session, desk.id)


def _sandbox_credentials(account: SandboxAccount) -> dict[str, str]:
    """At Zendesk, OAuth by the client's own credentials, so that the sandbox's access is renewed as a real one's is."""
    if account.vendor == "freshdesk":
        return {"api_key": account.api_token}
    return {"client_id": account.oauth_client_id, "client_secret": account.oauth_client_secret}


def _sandbox_sidebar(account: SandboxAccount) -> dict[str, str]:
    """What the sidebar's launch is checked against; at Freshdesk its app asks, and nothing is launched."""
    if account.vendor == "freshdesk":
        return {}
    return {
        "app_id": str(account.app_id),
        "installation_id": str(account.installation_id),
        "public_key": account.public_key,
    }


def first_sign_in(session: Session, now: datetime, life: timedelta) -> str:
    """A one-time link's token for the embedded default's admin."""
    return sign_ins.new_link(session, FIRST_PERSON, Role.ADMIN, now, valid=life)


def remove_person(parts: Parts, *, email: str, desk_id: int | None) -> None:
    """Take a person's role on a desk, or the one on every desk. Raises ValueError that says why it was not done."""
    with parts.database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_by_email(session, email)
        held = memberships.role_of(session, account.id, desk_id) if account is not None else None
    if account is None or held is None:
        raise ValueError(f"{email} has no such role")
    try:
        if desk_id is None:
            with parts.database.system(Purpose.SIGN_IN) as session:
                memberships.remove_everywhere(session, account.id, real_now())
                _record(session, "member.removed", account.id, None)
            return
        now = real_now()
        with parts.database.desk(desk_id) as session:
            memberships.remove(session, desk_id, account.id, was=held, now=now)
            audit.record(session, by=audit.OPERATOR, did="member.removed", what=f"account:{account.id}", at=now)
    except memberships.MembershipError as error:
        raise ValueError(f"{email}: {error}") from error


def add_person(parts: Parts, *, email: str, role: str, desk_id: int | None, password: str | None) -> str | None:
    """Give a person a role: a sign-in link that works once, or None when a password was given.

    Raises ValueError that says what is wrong with address or password.
    """
    now = real_now()
    try:
        password_hash = passwords.hash_password(password) if password is not None else None
    except ValueError as error:
        raise ValueError(f"password: {error}") from error
    with parts.database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, email, now)
        before = memberships.role_of(session, account.id, desk_id)
        memberships.give(session, account, Role(role), desk_id=desk_id)
        if before is None:
            _record(session, "member.invited", account.id, desk_id, {"role": role})
        elif before is not Role(role):
            _record(session, "member.role_changed", account.id, desk_id, {"from": before, "to": role})
        if password_hash is None:
            _record(session, "member.link_made", account.id, desk_id)
            return f"{parts.settings.public_url}/sign-in/{sign_ins.add_link(session, account.id, now)}"
        _record(session, "member.password_set", account.id, desk_id)
        account.password_hash = password_hash
    return None


def _record(
    session: Session, did: str, account_id: int, desk_id: int | None, detail: dict[str, str] | None = None
) -> None:
    """Put it on record on the desk, or on each where the role is that of every desk."""
    on = [desk.id for desk in desks.all_of(session)] if desk_id is None else [desk_id]
    for one in on:
        audit.record(
            session, by=audit.OPERATOR, did=did, what=f"account:{account_id}", detail=detail, at=real_now(), on=one
        )
