"""People in copy, scored by their own messages: kept beside the ticket, and no part of its score.

Called by `scoring.py` within its transaction.
"""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

from app.scoring import engine
from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.model import Model
from app.store import fates
from app.store.database import vault_of
from app.store.models import Participant, TrackedTicket
from connectors.ticket import Message


def hear(session: Session, row: TrackedTicket, message: Message, model: Model, context: Context) -> None:
    """Score somebody in copy by one more public message of theirs."""
    one = fates.participant(session, row, message.author_id)
    said = Utterance(id=message.id, role="customer", public=True, text=message.text, at=message.at)
    running, _ = engine.observe(_running(session, one), said, context)
    one.messages, one.at = one.messages + 1, message.at
    if engine.unscorable(running, TicketFacts()) is None:
        score, running = engine.score(running, TicketFacts(), model, message.at, context)
        one.score, one.p_satisfied = score.score, score.p_satisfied
    one.sealed_running = vault_of(session).seal(json.dumps(running.to_json()))


def _running(session: Session, one: Participant) -> Running:
    if one.sealed_running is None:
        return Running.start()
    return Running.from_json(json.loads(vault_of(session).open(one.sealed_running)))
