"""Conversations for the scoring tests, written as short lists of who says what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.scoring.conversation import Role, Running, TicketFacts, Utterance
from app.scoring.engine import observe, score
from app.scoring.model import Model, load_prior
from app.scoring.signals import Reading
from app.words import Score

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PRIOR: Model = load_prior()
NO_FACTS = TicketFacts()


def says(text: str, role: Role = "customer", *, minutes: float = 0, public: bool = True) -> Utterance:
    """One message, some minutes after the start."""
    at = START + timedelta(minutes=minutes)
    return Utterance(id=f"{role}-{minutes}", role=role, public=public, text=text, at=at)


def talk(*turns: str) -> list[Utterance]:
    """Turns ten minutes apart; those that start with "A: " are the agent's."""
    return [
        says(turn.removeprefix("A: "), "agent" if turn.startswith("A: ") else "customer", minutes=10 * index)
        for index, turn in enumerate(turns)
    ]


def hear(*utterances: Utterance) -> Running:
    """The aggregates after these messages."""
    running = Running.start()
    for utterance in utterances:
        running, _ = observe(running, utterance)
    return running


def readings(text: str) -> dict[str, Reading]:
    """What is found in one opening message of the customer, by signal."""
    return {reading.signal: reading for reading in observe(Running.start(), says(text))[1]}


def scores(*utterances: Utterance, facts: TicketFacts = NO_FACTS, model: Model = PRIOR) -> list[Score]:
    """The score after each message, at that message's time."""
    running, found = Running.start(), []
    for utterance in utterances:
        running, _ = observe(running, utterance)
        current, running = score(running, facts, model, utterance.at)
        found.append(current)
    return found


def last_score(*turns: str, facts: TicketFacts = NO_FACTS) -> Score:
    """The score after the last of these turns."""
    return scores(*talk(*turns), facts=facts)[-1]


def parts(found: Score) -> dict[str, float]:
    """What each signal adds to the logit."""
    return {part.signal: part.logit for part in found.contributions}
