"""Conversations in numbers, kept for learning at the moment of a rating or of an agent's opinion, and learned words
read anew where a desk's model has changed. Used by the live tasks and the sidebar; nothing is learned here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.scoring import engine
from app.scoring.context import Context
from app.scoring.conversation import Running
from app.scoring.model import Model
from app.scoring.observing import own_words
from app.scoring.text import clean
from app.scoring.text_sum import TextSum
from app.store import examples
from app.store.database import vault_of
from app.store.models import RatingRow, TrackedTicket
from tasks import facts
from tasks.facts import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """How a desk's conversations are seen: its model, and what is known of the desk."""

    model: Model
    context: Context


def renewed(session: Session, row: TrackedTicket, running: Running, context: Context) -> Running:
    """The aggregates with the learned words of the model in force, read from the stored messages where need be.

    Words that were erased are not read again: they add nothing under a newer model.
    """
    wanted = context.text.name if context.text else None
    if running.text.model == wanted:
        return running
    text = TextSum()
    if context.text is not None:
        for said in own_messages(examples.words(session, row.id, until=None)):
            text = text.heard(said, context.text)
    return replace(running, text=text)


def own_messages(said: Iterable[str]) -> list[str]:
    """A person's own words in each message as stored; automatic replies are left out, as they are when heard."""
    return [own_words(text) for text in said if not clean(text).is_auto_reply]


def keep(session: Session, row: TrackedTicket, given: Sequence[RatingRow], running: Running, eye: Eye) -> None:
    """Keep the conversation as it stood, for each of these new ratings; the oldest counts first."""
    if not given or not running.customer_turns:
        return
    for rating in sorted(given, key=lambda one: (one.at, one.id)):
        inputs = _inputs(session, row, running, eye, rating.at)
        snapshot = examples.Snapshot(inputs=inputs, customer_turns=running.customer_turns, score=row.score)
        examples.record(session, rating, snapshot)


def numbers(session: Session, row: TrackedTicket, eye: Eye, now: datetime) -> dict[str, float] | None:
    """The stored conversation as it stands; None where nothing is stored of it."""
    if row.sealed_running is None:
        return None
    running = Running.from_json(json.loads(vault_of(session).open(row.sealed_running)))
    return _inputs(session, row, running, eye, now)


def _inputs(session: Session, row: TrackedTicket, running: Running, eye: Eye, now: datetime) -> dict[str, float]:
    """Every number of a conversation but its rating, which is what is to be foretold."""
    known = facts.at_message(row, Past.of(session, row, now, eye.model.threshold), now)
    known = replace(known, solved=row.solved_at is not None, solved_at=row.solved_at)
    return engine.inputs(running, engine.ticket_readings(running, known, now, eye.context))
