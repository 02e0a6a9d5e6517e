"""Undoing one case: which of its steps have changed a ticket, and the step that sets them back there.

What a change is, and how it is taken back where nobody has touched it since, is `app.protocols.changes`' business; a
whole protocol is taken back by `rollbacks.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.models import StepRow, StepState
from app.store.rollbacks import ALONE, TAKE_BACK

#: A step in one of these has, or may have, changed its ticket.
_MADE = (StepState.DONE, StepState.NEEDS_REVIEW, StepState.SENDING)


def made(session: Session, case_id: int) -> Sequence[StepRow]:
    """The case's own steps that have changed a ticket, or may be doing so, oldest first."""
    own = (StepRow.case_id == case_id, StepRow.do != TAKE_BACK, StepRow.state.in_(_MADE))
    rows = session.scalars(select(StepRow).where(*own).order_by(StepRow.id))
    return [row for row in rows if row.change or row.receipt or row.state is StepState.SENDING]


def of_case(session: Session, case_id: int) -> Sequence[StepRow]:
    """The steps that undo it, oldest first."""
    rows = session.scalars(select(StepRow).where(StepRow.case_id == case_id, StepRow.do == TAKE_BACK))
    return sorted((row for row in rows if row.params.get(ALONE)), key=lambda row: row.id)


def plan(session: Session, newest: StepRow, now: datetime) -> StepRow:
    """Have the case's changes on one ticket taken back, of which `newest` is the last; `now` is business time.

    It stays with the ticket that was changed, wherever the case went.
    """
    turn = len(of_case(session, newest.case_id)) + 1
    step = StepRow(
        desk_id=newest.desk_id,
        case_id=newest.case_id,
        tracked_id=newest.tracked_id,
        version_id=newest.version_id,
        action=f"{TAKE_BACK}-{ALONE}-{turn}",
        do=TAKE_BACK,
        round=newest.round,
        params={ALONE: True},
        marker=f"kintsugi-{secrets.token_hex(12)}",
        planned_at=now,
    )
    session.add(step)
    session.flush()
    return step
