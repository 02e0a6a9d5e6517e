"""How it ended, and what the ticket says: reopened, solved without a word from the customer, rated, earlier ratings."""

from __future__ import annotations

from datetime import datetime

from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal

USUAL_RATING = 0.8  #: the mean of ratings in [0, 1] that a person without history is taken to give
SHRINKAGE = 4.0  #: earlier ratings it takes to believe them by half


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
    _signal("reopened", Effect.LOWERS, "the ticket was reopened", "reopens / 3, at most 1"),
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
        "this person's earlier ratings are lower than usual",
        "shrunken distance from the usual mean, 1 at the worst",
    ),
    _signal(
        "earlier_high",
        Effect.RAISES,
        "this person's earlier ratings are higher than usual",
        "shrunken distance from the usual mean, 1 at the best",
    ),
)


def read(running: Running, facts: TicketFacts, now: datetime, context: Context) -> list[Reading]:
    """The ticket's facts as readings; `now` and the desk do not matter here."""
    unmoved = facts.solved and not running.closed_by_customer
    last = unmoved and running.last_role == "customer"
    plain = {
        "reopened": (
            min(1.0, facts.reopens / 3),
            f"reopened {facts.reopens} times" if facts.reopens > 1 else "reopened once",
        ),
        "unconfirmed": (float(unmoved and not last), "solved without a word from the customer that it works"),
        "customer_spoke_last": (float(last), "solved, and the customer's last message got no reply"),
        "urgent": (float((facts.priority or "").lower() == "urgent"), "priority is urgent"),
    }
    readings = [Reading(signal=f"ending.{name}", value=value, evidence=said) for name, (value, said) in plain.items()]
    return [*readings, *_rated(facts), *_earlier(facts)]


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
    """Earlier ratings against the usual, shrunk: one moves little, five are believed by more than half."""
    count = len(facts.earlier_ratings)
    if not count:
        return []
    away = (sum(facts.earlier_ratings) / count - USUAL_RATING) * count / (count + SHRINKAGE)
    side, room = ("low", USUAL_RATING) if away < 0 else ("high", 1 - USUAL_RATING)
    said = f"{count} earlier ratings" if count > 1 else "one earlier rating"
    return [
        Reading(
            signal=f"ending.earlier_{side}",
            value=min(1.0, abs(away) / room),
            evidence=f"{said} of this person, {side}er than usual",
        )
    ]


FAMILY = Family(name="ending", signals=SIGNALS, read_ticket=read)
