"""A desk's newest tickets, to try protocols on, and the tags in use on them. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.models import TrackedTicket

NEWEST = 500  #: tickets that are looked at for tags
MOST_TAGS = 200


def common_tags(session: Session) -> Sequence[str]:
    """The tags on the newest tickets, those on most of them first."""
    statement = select(TrackedTicket.tags).order_by(TrackedTicket.id.desc()).limit(NEWEST)
    counted = Counter(tag for tags in session.scalars(statement) for tag in tags)
    return [tag for tag, _ in sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:MOST_TAGS]]


def recent(session: Session, limit: int = 30) -> Sequence[TrackedTicket]:
    """The tickets that were scored last, newest first."""
    statement = select(TrackedTicket).where(TrackedTicket.scored_at.is_not(None))
    return session.scalars(statement.order_by(TrackedTicket.scored_at.desc()).limit(limit)).all()
