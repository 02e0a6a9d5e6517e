"""What was made for a desk at its helpdesk, so that it is found again and taken away again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.store.models import InstalledThing
from connectors.installing import Made, Thing

_LONGEST_TITLE = 300


def of(session: Session, desk_id: int) -> list[Made]:
    """In the order of making."""
    rows = session.scalars(select(InstalledThing).where(InstalledThing.desk_id == desk_id).order_by(InstalledThing.id))
    return [
        Made(thing=Thing(row.thing), key=row.key, id=row.remote_id, title=row.title, fingerprint=row.fingerprint)
        for row in rows
    ]


def keep(session: Session, desk_id: int, made: Made, now: datetime) -> None:
    """Remember one thing, in place of what was known of it before. Its secret is not kept here."""
    row = session.scalar(
        select(InstalledThing).where(
            InstalledThing.desk_id == desk_id, InstalledThing.thing == made.thing, InstalledThing.key == made.key
        )
    )
    if row is None:
        row = InstalledThing(desk_id=desk_id, thing=made.thing.value, key=made.key, made_at=now)
        session.add(row)
    elif row.remote_id != made.id:
        row.made_at = now
    row.remote_id, row.title, row.fingerprint = made.id, made.title[:_LONGEST_TITLE], made.fingerprint
    session.flush()


def forget(session: Session, desk_id: int, made: Made) -> None:
    """It is gone from the helpdesk."""
    session.execute(
        delete(InstalledThing).where(
            InstalledThing.desk_id == desk_id, InstalledThing.thing == made.thing, InstalledThing.key == made.key
        )
    )
