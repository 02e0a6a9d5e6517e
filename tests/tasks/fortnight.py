"""A fortnight at a desk, drawn from a seed: customers write, wait, are answered, rate; time passes from due to due.

What people do does not depend on what protocols do, so the same fortnight can be lived twice. No test lives here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from app.store.database import Purpose
from app.store.models import Invitation, InvitationState, TrackedTicket
from tests.tasks.stage import ANGRY, CALM, START, Stage

DAYS = 14
END = START + timedelta(days=DAYS)
WORDS = (
    ANGRY,
    CALM,
    "Thank you so much, that was quick and it works perfectly now!",
    "Still nothing. Where is my parcel? This is ridiculous.",
    "I was charged twice for my order and I want that money back.",
    "I will cancel my subscription if this is not solved today.",
    "Could you send me the invoice again, please?",
)
SURVEYS = (InvitationState.SCHEDULED,)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Event:
    """What somebody does at the helpdesk."""

    at: datetime
    ticket: int  #: number in the fortnight, from 0
    does: str
    said: str = ""


def drawn(tickets: int, seed: str = "fortnight 271") -> list[Event]:
    """The events of so many tickets, in order."""
    draw = random.Random(seed)
    events: list[Event] = []
    for number in range(tickets):
        at = START + timedelta(minutes=draw.randrange(60, (DAYS - 4) * 24 * 60))
        events.append(Event(at=at, ticket=number, does="opens", said=draw.choice(WORDS)))
        for _ in range(draw.randrange(4)):
            at += timedelta(minutes=draw.choice((7, 45, 190, 600, 1500)) + draw.randrange(30))
            does = draw.choice(("says", "answers", "answers"))
            events.append(Event(at=at, ticket=number, does=does, said=draw.choice(WORDS)))
        if draw.random() < 0.6:
            at += timedelta(minutes=draw.randrange(30, 900))
            events.append(Event(at=at, ticket=number, does="solves"))
            if draw.random() < 0.5:
                stars = draw.choice(("1", "2", "5"))
                events.append(Event(at=at + timedelta(minutes=30), ticket=number, does="rates", said=stars))
    return sorted(event for event in events if event.at < END)


def live(stage: Stage, events: Sequence[Event]) -> dict[int, str]:
    """Live through the events; the helpdesk's ids of the tickets, by their numbers."""
    ids: dict[int, str] = {}
    for event in events:
        # Whatever is done at the helpdesk happens a minute later than before.
        pass_time(stage, event.at - timedelta(minutes=1))
        if event.does == "opens":
            ids[event.ticket] = stage.opens(event.said, email=f"customer{event.ticket}@example.com")
        elif event.does == "says":
            stage.says(ids[event.ticket], event.said)
        elif event.does == "answers":
            stage.answers(ids[event.ticket])
        elif event.does == "solves":
            stage.solves(ids[event.ticket])
        else:
            stage.rates(ids[event.ticket], int(event.said))
        stage.drain()
    pass_time(stage, END)
    return ids


def pass_time(stage: Stage, until: datetime) -> None:
    """Let business time pass, and have done whatever falls due on the way at its own moment."""
    while (due := _due(stage)) is not None and due < until:
        stage.parts.clock.step(max(due, stage.now))
        stage.drain()
    stage.parts.clock.step(max(until, stage.now))
    stage.drain()


def _due(stage: Stage) -> datetime | None:
    with stage.parts.database.system(Purpose.OPERATE, read=True) as session:
        tickets = session.scalar(select(func.min(TrackedTicket.rescore_at)))
        surveys = session.scalar(select(func.min(Invitation.due_at)).where(Invitation.state.in_(SURVEYS)))
    moments = [moment for moment in (tickets, surveys) if moment is not None]
    return min((moment.replace(tzinfo=moment.tzinfo or UTC) for moment in moments), default=None)
