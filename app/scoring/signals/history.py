"""What went before on other tickets: mild trouble that adds up, bad experiences, the same matter again.

What counts as mild and as bad is defined in `app.scoring.history`.
"""

from __future__ import annotations

from datetime import datetime

from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal

MANY_MILD, MANY_AROUND, MANY_FAILURES = 3, 6, 3  #: from which each counts in full
TOPIC_DAYS = 30.0


def _signal(name: str, describe: str, unit: str) -> Signal:
    return Signal(
        name=f"history.{name}",
        family="history",
        describe=describe,
        unit=unit,
        effect=Effect.LOWERS,
        scope=Scope.TICKET,
        source="the desk's own record of tickets and ratings",
    )


SIGNALS = (
    _signal("mild", "this person had mild trouble on other tickets in the last fortnight", f"tickets / {MANY_MILD}"),
    _signal(
        "mild_around", "others of the organisation had mild trouble in the last fortnight", f"tickets / {MANY_AROUND}"
    ),
    _signal("failures", "this person had bad experiences in the last 90 days", f"tickets / {MANY_FAILURES}"),
    _signal("repeat_failure", "a bad experience after another one in the last 90 days", "1 when so"),
    _signal("same_topic", "the same matter again after it was solved", f"1 at once, 0 after {TOPIC_DAYS:g} days"),
)


def read(running: Running, facts: TicketFacts, now: datetime, context: Context) -> list[Reading]:
    """What the other tickets say; `now` and the desk do not matter here."""
    failures, days = facts.earlier_failures, facts.same_topic_days
    again = 0.0 if days is None else max(0.0, 1 - days / TOPIC_DAYS)
    found = {
        "mild": (_share(facts.mild_tickets, MANY_MILD), f"{_tickets(facts.mild_tickets)} of this person with trouble"),
        "mild_around": (
            _share(facts.mild_around, MANY_AROUND),
            f"{_tickets(facts.mild_around)} of the same organisation with trouble",
        ),
        "failures": (_share(failures, MANY_FAILURES), f"{_times(failures)} in the last 90 days"),
        "repeat_failure": (
            float(facts.failed and failures > 0),
            f"this one is a bad experience, and there had been {_times(failures)} before",
        ),
        "same_topic": (again, f"the same matter was solved {_ago(days or 0.0)} before"),
    }
    return [Reading(signal=f"history.{name}", value=value, evidence=said) for name, (value, said) in found.items()]


def _share(count: int, many: int) -> float:
    return min(1.0, count / many)


def _tickets(count: int) -> str:
    return "one other ticket" if count == 1 else f"{count} other tickets"


def _times(count: int) -> str:
    return "one bad experience" if count == 1 else f"{count} bad experiences"


def _ago(days: float) -> str:
    return "less than a day" if days < 1 else "a day" if days < 2 else f"{days:.0f} days"


FAMILY = Family(name="history", signals=SIGNALS, read_ticket=read)
