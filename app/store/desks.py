"""Desks: connected helpdesk accounts, their sealed credentials and what is known of their health."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import Desk, DeskState, Refusal

#: Why a desk stands still that a person paused; all other reasons are trouble with its credentials.
PAUSED_BY_ADMIN = "an admin paused it"


#: The setting that holds what deliveries may call us beside our id at the helpdesk.
OWN_NAMES = "own_names"


class NotFound(LookupError):
    """There is no such row for this desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDesk:
    kind: str
    name: str
    subdomain: str
    base_url: str | None
    credentials: Mapping[str, str]
    webhook_secret: str
    sidebar: Mapping[str, str]
    settings: Mapping[str, Any]


def add(session: Session, new: NewDesk, now: datetime, *, integration_user_id: str | None) -> Desk:
    """Store a desk under a fresh, unguessable webhook key. The name must be free."""
    vault = vault_of(session)
    desk = Desk(
        key=secrets.token_urlsafe(24),
        kind=new.kind,
        name=new.name,
        subdomain=new.subdomain,
        base_url=new.base_url,
        sealed_credentials=vault.seal(json.dumps(dict(new.credentials))),
        sealed_webhook_secrets=vault.seal(json.dumps([new.webhook_secret])),
        sidebar=dict(new.sidebar),
        settings=dict(new.settings),
        integration_user_id=integration_user_id,
        created_at=now,
    )
    session.add(desk)
    session.flush()
    return desk


def get(session: Session, desk_id: int) -> Desk:
    """Raises NotFound."""
    desk = session.get(Desk, desk_id)
    if desk is None:
        raise NotFound(f"desk {desk_id}")
    return desk


def hold(session: Session, desk_id: int) -> Desk:
    """The desk's row, which nobody else changes until this transaction ends. Raises NotFound."""
    desk = session.scalar(select(Desk).where(Desk.id == desk_id).with_for_update(key_share=True))
    if desk is None:
        raise NotFound(f"desk {desk_id}")
    return desk


def find_by_key(session: Session, key: str) -> Desk | None:
    return session.scalar(select(Desk).where(Desk.key == key))


def find_by_name(session: Session, name: str) -> Desk | None:
    return session.scalar(select(Desk).where(Desk.name == name))


def find_by_installation(session: Session, audience_installation: str, subdomain: str) -> Desk | None:
    """The desk a sidebar launch is meant for; the token is verified afterwards, against that desk's own key."""
    desks = session.scalars(select(Desk).where(Desk.subdomain == subdomain, Desk.kind == "zendesk"))
    return next((desk for desk in desks if str(desk.sidebar.get("installation_id")) == audience_installation), None)


def find_by_sidebar_key(session: Session, key_hash: str) -> Desk | None:
    """The Freshdesk desk whose app carries the key with this hash; None where no desk has it."""
    desks = session.scalars(select(Desk).where(Desk.kind == "freshdesk"))
    return next((desk for desk in desks if hmac.compare_digest(str(desk.sidebar.get("key_hash", "")), key_hash)), None)


def all_of(session: Session) -> Sequence[Desk]:
    return session.scalars(select(Desk).order_by(Desk.id)).all()


def credentials(session: Session, desk: Desk) -> dict[str, str]:
    """Opened credentials; never logged, never rendered."""
    opened: dict[str, str] = json.loads(vault_of(session).open(desk.sealed_credentials))
    return opened


def webhook_secrets(session: Session, desk: Desk) -> list[str]:
    """The secrets that may have signed a delivery, newest first."""
    opened: list[str] = json.loads(vault_of(session).open(desk.sealed_webhook_secrets))
    return opened


def rotate_webhook_secret(session: Session, desk: Desk, secret: str) -> None:
    """Accept a new secret and, until the next rotation, the one before it."""
    newest = webhook_secrets(session, desk)[:1]
    desk.sealed_webhook_secrets = vault_of(session).seal(json.dumps([secret, *newest]))


def block(session: Session, desk_id: int, until: datetime) -> None:
    """Stay away until then; a shorter wait never shortens a longer one."""
    session.execute(
        update(Desk)
        .where(Desk.id == desk_id, or_(Desk.blocked_until.is_(None), Desk.blocked_until < until))
        .values(blocked_until=until)
    )


def pause(session: Session, desk_id: int, reason: str) -> bool:
    """Stop all work on a desk until an admin resumes it. True only for the call that paused it."""
    paused = session.execute(
        update(Desk)
        .where(Desk.id == desk_id, Desk.state == DeskState.ACTIVE)
        .values(state=DeskState.PAUSED, reason=reason[:500])
        .returning(Desk.id)
    )
    return paused.first() is not None


def resume(session: Session, desk_id: int) -> None:
    session.execute(
        update(Desk).where(Desk.id == desk_id).values(state=DeskState.ACTIVE, reason=None, blocked_until=None)
    )


def know_ourselves(session: Session, desk_id: int, user_id: str) -> None:
    """Remember who we are at the helpdesk, so that our own writes are known when they come back as events."""
    session.execute(update(Desk).where(Desk.id == desk_id).values(integration_user_id=user_id))


def change_settings(desk: Desk, changes: Mapping[str, Any]) -> None:
    """Set some of a desk's settings and keep the others; None takes a setting away."""
    merged = {**desk.settings, **changes}
    desk.settings = {name: value for name, value in merged.items() if value is not None}


def change_credentials(session: Session, desk: Desk, new: Mapping[str, str]) -> None:
    """Replace the sealed credentials as a whole."""
    desk.sealed_credentials = vault_of(session).seal(json.dumps(dict(new)))


def note_read(session: Session, desk_id: int, now: datetime) -> None:
    session.execute(update(Desk).where(Desk.id == desk_id).values(last_read_at=now))


def refuse(session: Session, desk_id: int, reason: str, now: datetime) -> None:
    """Count a request that was turned away, by reason."""
    short = reason[:200]
    if _counted(session, desk_id, short, now):
        return
    try:
        with session.begin_nested():
            session.add(Refusal(desk_id=desk_id, reason=short, first_at=now, last_at=now))
    except IntegrityError:
        # Another request was the first of its kind at the same moment.
        _counted(session, desk_id, short, now)


def _counted(session: Session, desk_id: int, reason: str, now: datetime) -> bool:
    counted = session.execute(
        update(Refusal)
        .where(Refusal.desk_id == desk_id, Refusal.reason == reason)
        .values(count=Refusal.count + 1, last_at=now)
        .returning(Refusal.id)
    )
    return counted.first() is not None


def refusals(session: Session, desk_id: int) -> Sequence[Refusal]:
    return session.scalars(select(Refusal).where(Refusal.desk_id == desk_id).order_by(Refusal.last_at.desc())).all()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Desk)) or 0
