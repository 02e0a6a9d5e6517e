"""Consents under way: somebody went to a helpdesk to let us in. Each comes back once, in the browser it began in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.store.database import vault_of
from app.store.models import ConsentRow
from app.store.sign_ins import hashed

VALID = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One that came back."""

    account_id: int
    desk_id: int | None
    plan: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    state_hash: str
    session_token: str  #: of the browser's session; only its hash is kept
    account_id: int
    desk_id: int | None
    plan: Mapping[str, str]  #: holds secrets; sealed


def begin(session: Session, new: NewConsent, now: datetime) -> None:
    """Remember it for ten minutes; those that never came back are forgotten."""
    forget(session, now)
    session.add(
        ConsentRow(
            state_hash=new.state_hash,
            session_hash=hashed(new.session_token),
            account_id=new.account_id,
            desk_id=new.desk_id,
            sealed_plan=vault_of(session).seal(json.dumps(dict(new.plan))),
            expires_at=now + VALID,
        )
    )


def forget(session: Session, now: datetime) -> None:
    """Drop those that are too old to come back; they hold a client's secret."""
    session.execute(delete(ConsentRow).where(ConsentRow.expires_at <= now))


def take(session: Session, state_hash: str, session_token: str, now: datetime) -> Consent | None:
    """Use it up; None when it is unknown, used, too old or of another browser."""
    row = session.execute(
        delete(ConsentRow)
        .where(
            ConsentRow.state_hash == state_hash,
            ConsentRow.session_hash == hashed(session_token),
            ConsentRow.expires_at > now,
        )
        .returning(ConsentRow.account_id, ConsentRow.desk_id, ConsentRow.sealed_plan)
    ).first()
    if row is None:
        return None
    plan: dict[str, str] = json.loads(vault_of(session).open(row.sealed_plan))
    return Consent(account_id=row.account_id, desk_id=row.desk_id, plan=plan)
