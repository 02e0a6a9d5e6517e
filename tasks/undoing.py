"""A person undoes one case: it ends, and what it changed at the helpdesk is set back where nobody has touched it since.

The protocol stays in force, and does not take the ticket again because of this. Setting back is a step like any other:
the helpdesk is asked and written to by `performing.py` at the ticket's next look. A whole protocol is taken back by
`app.rolling_back`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols import changes
from app.protocols.changes import Kept
from app.store import deviations, tracked_tickets, undos
from app.store.deviations import DeviationKind, Given
from app.store.models import RecoveryCase, StepState, TrackedTicket
from connectors.ticket import TicketStatus
from tasks import rolling_back

UNDONE = "undone by a person, with a reason on record"
#: An undoing step in one of these came to nothing, so that it may be tried again.
_FAILED = (StepState.REFUSED, StepState.SKIPPED, StepState.DEAD)


class CannotUndo(Exception):
    """There is nothing to set back, or no way to; the message says why, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What undoing a case would come to."""

    why_not: str | None  #: a sentence; None where it can be undone
    fields: Sequence[Kept]  #: what it changed, as far as that can be set back at all
    lasting: Sequence[Kept]  #: what it did that nobody can take back: words, alerts, what was not recorded


def prospect(session: Session, case: RecoveryCase) -> Prospect:
    """What undoing comes to by what is stored; nothing is asked of the helpdesk."""
    made = [change for row in undos.made(session, case.id) if (change := rolling_back.change_of(row)) is not None]
    found = changes.stays(made, "").kept
    fields = [one for one in found if one.field not in ("words", "step")]
    lasting = [one for one in found if one not in fields]
    return Prospect(why_not=_why_not(session, case, fields=fields), fields=fields, lasting=lasting)


def undo(session: Session, case: RecoveryCase, *, reason: str, by: str, now: datetime) -> int:
    """End the case and have its changes set back; on how many tickets. `now` is business time.

    Raises CannotUndo, and ReasonMissing without a reason; then nothing changed.
    """
    # Whoever works on one of these tickets records before us or after us, and of two who press at once one comes first.
    newest = {row.tracked_id: row for row in undos.made(session, case.id)}
    for tracked_id in sorted({case.tracked_id, *newest}):
        tracked_tickets.lock(session, tracked_id)
    session.expire_all()
    newest = {row.tracked_id: row for row in undos.made(session, case.id)}
    why_not = prospect(session, case).why_not
    if why_not is not None:
        raise CannotUndo(why_not)
    deviations.record(session, case, Given(kind=DeviationKind.UNDONE, reason=reason, by=by), now)
    rolling_back.end(session, case, now, UNDONE)
    for tracked_id, row in newest.items():
        undos.plan(session, row, now)
        tracked_tickets.wake(session, tracked_id, real_now())
    return len(newest)


def _why_not(session: Session, case: RecoveryCase, *, fields: Sequence[Kept]) -> str | None:
    if case.taken_back_at is not None:
        return "It was taken back with its protocol."
    states = [row.state for row in undos.of_case(session, case.id)]
    if StepState.DONE in states:
        return "It was undone already."
    if any(state not in _FAILED for state in states):
        return "It is being undone."
    if not fields:
        return "It has changed nothing at the helpdesk that could be set back; words cannot be taken back."
    return _unreachable(tracked_tickets.get(session, case.tracked_id))


def _unreachable(ticket: TrackedTicket) -> str | None:
    if ticket.gone_at is not None or ticket.erased_at is not None:
        return "Its ticket is gone from the helpdesk."
    if ticket.status == TicketStatus.CLOSED:
        return "Its ticket is closed for good at the helpdesk, and cannot be changed any more."
    return None
