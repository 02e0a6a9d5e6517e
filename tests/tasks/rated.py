"""Rated tickets for tests of learning: rows as the pipeline would have left them, drawn from a known truth."""

from __future__ import annotations

from datetime import timedelta

from app.store import examples
from app.store.database import Database
from app.store.models import Message, RatingRow, TrackedTicket
from tests.scoring.learning.make import Truth
from tests.scoring.learning.make import examples as made


def add_rated(database: Database, desk_id: int, count: int, truth: Truth | None = None, *, first: int = 0) -> None:
    """Store so many rated conversations with their words, from number `first` on."""
    with database.desk(desk_id) as session:
        for number, one in enumerate(made(first + count, truth)[first:], start=first):
            ticket = TrackedTicket(
                desk_id=desk_id, ticket_id=f"rated-{number}", solved_at=one.at - timedelta(minutes=5), score=60, tags=[]
            )
            session.add(ticket)
            session.flush()
            message = Message(
                desk_id=desk_id,
                tracked_id=ticket.id,
                message_id=f"m-{number}",
                author="customer",
                author_id="7",
                public=True,
                at=one.at - timedelta(minutes=10),
                sealed_text=database.vault.seal(one.words[0]),
            )
            rating = RatingRow(
                desk_id=desk_id,
                tracked_id=ticket.id,
                rating_id=f"r-{number}",
                value=float(one.satisfied),
                original="good" if one.satisfied else "bad",
                scale="good_bad",
                at=one.at,
            )
            session.add_all([message, rating])
            session.flush()
            snapshot = examples.Snapshot(inputs=one.inputs, customer_turns=1, score=60)
            examples.record(session, rating, snapshot)
