"""What automation has said to a customer: kinds of words only, as its steps noted them when they were sent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.protocols.contact import Said
from app.store.models import RecoveryCase, StepRow, StepState

_SENT = (StepState.SENDING, StepState.DONE, StepState.NEEDS_REVIEW)
KEY = "said"  #: in a step's parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one customer has heard from our automation."""

    in_case: frozenset[Said] = frozenset()
    apologies: int = 0  #: over all tickets of the customer


def heard(session: Session, case: RecoveryCase) -> Heard:
    """What the customer of a case has heard, also where it is not sure that it arrived."""
    same = RecoveryCase.id == case.id if case.person_id is None else RecoveryCase.person_id == case.person_id
    rows = session.execute(
        select(StepRow.case_id, StepRow.params)
        .join(RecoveryCase, RecoveryCase.id == StepRow.case_id)
        .where(same, StepRow.state.in_(_SENT))
    )
    in_case: set[Said] = set()
    apologies = 0
    for case_id, params in rows:
        said = {Said(kind) for kind in params.get(KEY, ())}
        apologies += Said.APOLOGY in said
        if case_id == case.id:
            in_case |= said
    return Heard(in_case=frozenset(in_case), apologies=apologies)
