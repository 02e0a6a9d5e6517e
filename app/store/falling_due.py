"""What time alone has brought about and no sweep has seen to yet: for whoever has to wait until nothing is left."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.store import alert_chains, cases, chores, invitations


def count(session: Session, now: datetime, *, survey_days: int) -> int:
    """Deadlines and targets missed, alerts that nobody took, surveys unanswered or never sent; `now` is business time.

    Tickets that wait for capacity are no part of it, since time alone does not let them in, nor are tags that expire.
    """
    found = (
        chores.overdue(session, now),
        chores.untouched(session, now),
        chores.unrecovered(session, now),
        alert_chains.due(session, now),
        invitations.unanswered(session, now),
        cases.unasked(session, now - timedelta(days=survey_days)),
    )
    return sum(map(len, found))
