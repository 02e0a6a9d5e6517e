"""Launches: sidebars opened by a helpdesk's signed token, which works once, and the short-lived bearer they got."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.models import Desk, Launch
from app.store.sign_ins import hashed

BEARER_VALID = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLaunch:
    """An agent's open sidebar."""

    desk_id: int
    agent_id: str
    frame_origin: str  #: the one origin whose pages may show it


def open_launch(session: Session, desk_id: int, *, token_id: str, agent_id: str, now: datetime) -> str | None:
    """Use up the signed token and return a bearer for the sidebar; None when the token was used before.

    A used token is remembered for longer than any of them is valid.
    """
    session.execute(delete(Launch).where(Launch.desk_id == desk_id, Launch.expires_at <= now))
    bearer = secrets.token_urlsafe(32)
    try:
        with session.begin_nested():
            session.add(
                Launch(
                    desk_id=desk_id,
                    token_id=token_id,
                    bearer_hash=hashed(bearer),
                    agent_id=agent_id,
                    created_at=now,
                    expires_at=now + BEARER_VALID,
                )
            )
    except IntegrityError:
        return None
    return bearer


def find_by_bearer(session: Session, bearer: str, now: datetime) -> LiveLaunch | None:
    """Whose sidebar this is, while its bearer is good."""
    found = session.execute(
        select(Launch.desk_id, Launch.agent_id, Desk.subdomain, Desk.base_url)
        .join(Desk, Desk.id == Launch.desk_id)
        .where(Launch.bearer_hash == hashed(bearer), Launch.expires_at > now)
    ).first()
    if found is None:
        return None
    return LiveLaunch(
        desk_id=found.desk_id,
        agent_id=found.agent_id,
        frame_origin=frame_origin(found.subdomain, found.base_url),
    )


def frame_origin(subdomain: str, base_url: str | None) -> str:
    """The origin of the helpdesk's own pages; a sandbox's is where it listens."""
    if base_url is None:
        return f"https://{subdomain}.zendesk.com"
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"
