"""Erasure: customers' words go when their time is over, and every quotation of them too. Numbers stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Delete, Update, delete, or_, select, update
from sqlalchemy.orm import Session

from app.store import rollbacks
from app.store.database import vault_of
from app.store.models import (
    Answer,
    CauseExample,
    DecisionRow,
    Deferral,
    Delivery,
    Deviation,
    EvaluationRow,
    HumanOverride,
    Message,
    Participant,
    RatingRow,
    RecoveryCase,
    ScoreRow,
    TrackedTicket,
    VendorItem,
)

BATCH = 200  #: tickets in one transaction, so that nobody waits long for the database

#: Takes the words out of a ticket's running aggregates; their form is scoring's business.
Strip = Callable[[dict[str, Any]], dict[str, Any]]


def erase_words(session: Session, before: datetime, *, now: datetime, strip: Strip) -> int:
    """Forget what was said on tickets before then (business time); returns how many messages. Repeat it until none.

    With a message go its readings, and on its ticket whatever may quote it: the reasons of all scores, the evidence in
    the running aggregates and in what was gathered, examples made of it, the subject. A ticket that is being worked on
    (`now` is mechanism time) is left for the next time, or its worker would write back what it read before.
    """
    tickets = _tickets(session, before, now)
    for ticket in tickets:
        ticket.sealed_subject = ticket.sealed_insight = ticket.sealed_reasons = None
        ticket.topic = None
        if ticket.sealed_running is not None:
            running = strip(json.loads(vault_of(session).open(ticket.sealed_running)))
            ticket.sealed_running = vault_of(session).seal(json.dumps(running))
    ids = [ticket.id for ticket in tickets]
    _run(session, update(ScoreRow).where(ScoreRow.tracked_id.in_(ids)).values(sealed_reasons=None))
    _run(session, delete(CauseExample).where(CauseExample.tracked_id.in_(ids)))
    _run(session, update(Participant).where(Participant.tracked_id.in_(ids)).values(sealed_running=None))
    old = update(Message).where(Message.tracked_id.in_(ids), Message.at < before, _worded())
    return _run(session, old.values(sealed_text=None, sealed_readings=None))


def start_over(session: Session, row: TrackedTicket) -> None:
    """Forget everything that was read of a ticket's messages, so that all of them are read again and none is mixed up
    with what it was before. Scores keep their numbers until they are given again."""
    row.sealed_running = row.sealed_insight = row.insight = row.sealed_reasons = None
    row.lowest_p = row.lowest_at = row.failed_at = row.last_message_id = None
    row.turning_message_id = row.turning_ticket_id = None
    for table in (Message, CauseExample, Participant):
        _run(session, delete(table).where(table.tracked_id == row.id))
    _run(session, update(ScoreRow).where(ScoreRow.tracked_id == row.id).values(sealed_reasons=None))
    _erase_bodies_of(session, [row.ticket_id])
    session.flush()


def forget_ticket(session: Session, row: TrackedTicket) -> None:
    """Drop everything personal that was kept of a ticket: words, subject, what was made of them, comments, deliveries.

    Scores, cases and steps stay as numbers and states. Harmless where it was done before.
    """
    start_over(session, row)
    row.sealed_subject = row.topic = row.vendor_field = row.vendor = row.vendor_source = row.last_error = None
    row.customer_tier = row.customer_value = row.organization = None
    row.tags = []
    _run(session, delete(EvaluationRow).where(EvaluationRow.tracked_id == row.id))
    rollbacks.forget_values(session, row.id)
    _run(session, update(RatingRow).where(RatingRow.tracked_id == row.id).values(sealed_comment=None))
    own = select(RecoveryCase.id).where(RecoveryCase.tracked_id == row.id)
    _run(session, update(Answer).where(Answer.case_id.in_(own)).values(sealed_comment=None))
    _run(session, update(Deviation).where(Deviation.case_id.in_(own)).values(sealed_reason=None))
    of_ticket = update(RecoveryCase).where(RecoveryCase.tracked_id == row.id)
    _run(session, of_ticket.values(sealed_snooze_reason=None))
    _run(session, update(HumanOverride).where(HumanOverride.case_id.in_(own)).values(ours=None, theirs=None))
    _run(session, delete(Deferral).where(Deferral.tracked_id == row.id))
    _run(session, update(VendorItem).where(VendorItem.case_id.in_(own)).values(vendor=None))
    for decision in session.scalars(select(DecisionRow).where(DecisionRow.tracked_id == row.id)):
        decision.facts = {name: value for name, value in decision.facts.items() if _is_number(value)}
        decision.conditions = [_without_what_was_found(one) for one in decision.conditions]
        decision.reason = f"{decision.outcome.value}: what it was decided by is erased"
    session.flush()


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float)


def _without_what_was_found(condition: Any) -> Any:
    if not isinstance(condition, dict):
        return condition
    # What was expected quotes the protocol; what was found quotes the ticket.
    return condition if _is_number(condition.get("actual")) else {**condition, "actual": None}


def _erase_bodies_of(session: Session, ticket_ids: Sequence[str]) -> None:
    of_theirs = update(Delivery).where(Delivery.ticket_id.in_(ticket_ids), Delivery.sealed_body.is_not(None))
    _run(session, of_theirs.values(sealed_body=None))


def erase_comments(session: Session, before: datetime) -> int:
    """Forget what was written beside ratings, answers, deviations and snoozes before then (business time); how many."""
    ratings = update(RatingRow).where(RatingRow.at < before, RatingRow.sealed_comment.is_not(None))
    answers = update(Answer).where(Answer.at < before, Answer.sealed_comment.is_not(None))
    reasons = update(Deviation).where(Deviation.at < before, Deviation.sealed_reason.is_not(None))
    snoozes = update(RecoveryCase).where(
        RecoveryCase.snoozed_at < before, RecoveryCase.sealed_snooze_reason.is_not(None)
    )
    comments = _run(session, ratings.values(sealed_comment=None)) + _run(session, answers.values(sealed_comment=None))
    comments += _run(session, reasons.values(sealed_reason=None))
    return comments + _run(session, snoozes.values(sealed_snooze_reason=None))


def erase_bodies(session: Session, before: datetime) -> int:
    """Forget the bodies of deliveries received before then (mechanism time); returns how many."""
    old = update(Delivery).where(Delivery.received_at < before, Delivery.sealed_body.is_not(None))
    return _run(session, old.values(sealed_body=None))


def _worded() -> Any:
    return or_(Message.sealed_text.is_not(None), Message.sealed_readings.is_not(None))


def _tickets(session: Session, before: datetime, now: datetime) -> Sequence[TrackedTicket]:
    due = select(Message.tracked_id).where(Message.at < before, _worded())
    return session.scalars(
        select(TrackedTicket)
        .where(TrackedTicket.id.in_(due), or_(TrackedTicket.lease_until.is_(None), TrackedTicket.lease_until < now))
        .order_by(TrackedTicket.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _run(session: Session, statement: Update | Delete) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    return result.rowcount
