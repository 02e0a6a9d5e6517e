"""How it ended, and what the ticket says: reopened, handed over, put on hold, solved without a word from the customer,
rated, earlier ratings.

Priority counts only when it is urgent, and hand-overs only when others made them: raising the priority and assigning a
team are what protocols do, and our own help must not read as trouble.
"""

from __future__ import annotations

from datetime import datetime

from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal

USUAL_RATING = 0.8  #: the mean of ratings in [0, 1] that a person without history is taken to give
SHRINKAGE = 4.0  #: earlier ratings of a person it takes to believe them by half
SEGMENT_SHRINKAGE = 10.0  #: the same for ratings of their organisation
SHORT_HOLD, LONG_HOLD = 5.0, 30.0  #: minutes in a queue or on hold from which it counts, and counts in full
MANY = 3  #: reopens and hand-overs from which each counts in full
PUBLIC_CHANNELS = frozenset({"twitter", "facebook", "instagram", "any_channel", "review", "social"})


def _signal(name: str, effect: Effect, describe: str, unit: str, source: str = "ticket fields") -> Signal:
    return Signal(
        name=f"ending.{name}",
        family="ending",
        describe=describe,
        unit=unit,
        effect=effect,
        scope=Scope.TICKET,
        source=source,
    )


SIGNALS = (
    _signal("reopened", Effect.LOWERS, "reopened for more than a word of thanks", f"reopens / {MANY}, at most 1"),
    _signal(
        "reassigned",
        Effect.LOWERS,
        "handed over from one agent or group to another",
        f"hand-overs beyond the first / {MANY}, at most 1",
    ),
    _signal(
        "held",
        Effect.LOWERS,
        "a field says that the customer was kept in a queue or on hold",
        f"minutes beyond {SHORT_HOLD:g}, 1 from {LONG_HOLD:g}",
        "the field that the desk mapped",
    ),
    _signal("public", Effect.LOWERS, "the customer wrote where everybody can read it", "1 when so"),
    _signal("unconfirmed", Effect.LOWERS, "solved by us, and the customer never said that it works", "1 when so"),
    _signal(
        "customer_spoke_last", Effect.LOWERS, "solved although the customer's last message got no reply", "1 when so"
    ),
    _signal("urgent", Effect.LOWERS, "the ticket has urgent priority", "1 when so"),
    _signal(
        "rated_low",
        Effect.LOWERS,
        "the customer rated this ticket below the middle",
        "distance from the middle, 1 at the worst",
    ),
    _signal(
        "rated_high",
        Effect.RAISES,
        "the customer rated this ticket above the middle",
        "distance from the middle, 1 at the best",
    ),
    _signal(
        "earlier_low",
        Effect.LOWERS,
        "earlier ratings of this person or their organisation are lower than usual",
        "shrunken distance from the usual mean, 1 at the worst",
    ),
    _signal(
        "earlier_high",
        Effect.RAISES,
        "earlier ratings of this person or their organisation are higher than usual",
        "shrunken distance from the usual mean, 1 at the best",
    ),
)


def read(running: Running, facts: TicketFacts, now: datetime, context: Context) -> list[Reading]:
    """The ticket's facts as readings; `now` and the desk do not matter here."""
    found = {**_ended(running, facts), **_handled(facts)}
    readings = [Reading(signal=f"ending.{name}", value=value, evidence=said) for name, (value, said) in found.items()]
    return [*readings, *_rated(facts), *_earlier(facts)]


def _ended(running: Running, facts: TicketFacts) -> dict[str, tuple[float, str]]:
    unmoved = facts.solved and not running.closed_by_customer
    last = unmoved and running.last_role == "customer"
    # Whoever writes back to say thanks opens the ticket again too.
    reopens = 0 if running.closed_by_customer else facts.reopens
    return {
        "reopened": (min(1.0, reopens / MANY), f"reopened {reopens} times" if reopens > 1 else "reopened once"),
        "unconfirmed": (float(unmoved and not last), "solved without a word from the customer that it works"),
        "customer_spoke_last": (float(last), "solved, and the customer's last message got no reply"),
    }


def _handled(facts: TicketFacts) -> dict[str, tuple[float, str]]:
    held = facts.hold_minutes or 0.0
    return {
        "urgent": (float((facts.priority or "").lower() == "urgent"), "priority is urgent"),
        "reassigned": (
            min(1.0, max(0, facts.reassignments - 1) / MANY),
            f"handed over {facts.reassignments} times",
        ),
        "held": (
            min(1.0, max(0.0, (held - SHORT_HOLD) / (LONG_HOLD - SHORT_HOLD))),
            f"{held:.0f} min in a queue or on hold",
        ),
        "public": (
            float((facts.channel or "").lower() in PUBLIC_CHANNELS),
            f"written in public, by {facts.channel}",
        ),
    }


def _rated(facts: TicketFacts) -> list[Reading]:
    if facts.rating is None:
        return []
    side = "low" if facts.rating < 0.5 else "high"
    return [
        Reading(
            signal=f"ending.rated_{side}",
            value=abs(facts.rating - 0.5) * 2,
            evidence=f"rated {facts.rating:.0%} of the scale",
        )
    ]


def _earlier(facts: TicketFacts) -> list[Reading]:
    """Earlier ratings against the usual, shrunk twice: the organisation's towards the usual, the person's towards the
    organisation's. One moves little, five are believed by more than half."""
    count = len(facts.earlier_ratings)
    away = _shrunk(sum(facts.earlier_ratings), count, _segment_mean(facts), SHRINKAGE) - USUAL_RATING
    # Sums of floats that ought to be nothing are not quite.
    if abs(away) < 1e-9:
        return []
    side, room = ("low", USUAL_RATING) if away < 0 else ("high", 1 - USUAL_RATING)
    return [
        Reading(
            signal=f"ending.earlier_{side}",
            value=min(1.0, abs(away) / room),
            evidence=f"{_whose(facts)}, {side}er than usual",
        )
    ]


def _segment_mean(facts: TicketFacts) -> float:
    """What a person of this organisation is expected to rate before any rating of their own."""
    if facts.segment_rating is None:
        return USUAL_RATING
    return _shrunk(facts.segment_rating * facts.segment_ratings, facts.segment_ratings, USUAL_RATING, SEGMENT_SHRINKAGE)


def _shrunk(total: float, count: int, towards: float, by: float) -> float:
    return (total + towards * by) / (count + by)


def _whose(facts: TicketFacts) -> str:
    own, around = len(facts.earlier_ratings), facts.segment_ratings
    said = [f"{own} earlier ratings of this person" if own > 1 else "one earlier rating of this person"] if own else []
    if facts.segment_rating is not None and around:
        said.append(f"{around} earlier ratings of others in their organisation")
    return " and ".join(said)


FAMILY = Family(name="ending", signals=SIGNALS, read_ticket=read)
