"""Our side's replies as quality of resolution: answered, refused, put off, promised. Never as anyone's mood.

English replies only. What has to be remembered from one message to the next stands in asked.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.scoring.asked import wanted_in
from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts
from app.scoring.language import reads_english
from app.scoring.lexicon import AGENT
from app.scoring.phrases import Book
from app.scoring.promises import promises
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal, clip, quote
from app.scoring.signals.effort import hashed_words, overlap

PATTERNS = Book({f"service.{name}": listed for name, listed in AGENT.items()})
STOCK = 2  #: stock phrases that make a reply a template

SMOOTHED = "smoothed over replies, the newest weighs one half"
FITTED = "own phrase list; refusals and apologies carry most of the later part of a conversation in the prior's data"
OWN = "own phrase list, app/scoring/lexicon/replies.py; judgement"
MEMORY = "own measure against what was said before, app/scoring/asked.py; judgement"


def _signal(
    name: str,
    effect: Effect,
    describe: str,
    *,
    unit: str = SMOOTHED,
    source: str = OWN,
    scope: Scope = Scope.SERVICE,
) -> Signal:
    return Signal(
        name=f"service.{name}",
        family="service",
        describe=describe,
        unit=unit,
        effect=effect,
        scope=scope,
        source=source,
    )


R, L = Effect.RAISES, Effect.LOWERS
SIGNALS = (
    _signal("refusal", L, "our reply says that something is not possible or not there", source=FITTED),
    _signal("apology", L, "our reply apologises: something went wrong", source=FITTED),
    _signal("confirmation", R, "our reply says that something has been done", source=FITTED),
    _signal("deferral", L, "our reply sends the customer elsewhere or makes them wait", source=FITTED),
    _signal("repeats", L, "our reply says nearly the same as an earlier one", source=FITTED),
    _signal("answers", R, "our reply takes up the open question and does not evade it", source=MEMORY),
    _signal("acknowledges", R, "our reply names what happened to the customer"),
    _signal("ownership", R, "our reply takes the matter on, or says what we did"),
    _signal("next_step", R, "our reply says what happens next, or what to do"),
    _signal("promise", R, "our reply promises something by a time", source=MEMORY),
    _signal("policy_wall", L, "our reply hides behind policy, terms or having no choice"),
    _signal("handover", L, "our reply hands the customer on to someone else"),
    _signal("template", L, "our reply is made of stock phrases", unit=f"phrases / {STOCK}, at most 1; {SMOOTHED}"),
    _signal("asks_again", L, "our reply asks for an identifier that the customer gave already", source=MEMORY),
    _signal(
        "apologies", L, "our replies keep apologising; the first apology does not count",
        unit=f"apologies beyond the first / 3, at most 1; {SMOOTHED}", source=MEMORY,
    ),
    _signal(
        "overdue", L, "we promised something by a time that has passed, and have not written since",
        unit="1 when so", source=MEMORY, scope=Scope.TICKET,
    ),
)  # fmt: skip


def read(running: Running, text: str) -> list[Reading]:
    """One reply of ours against what was said before it. `text` is the reply without quoted history."""
    said = text if reads_english(text) else ""
    likely = PATTERNS.likely(said)
    found = {name: list(likely[name].finditer(said)) for name in PATTERNS if name in likely}
    phrased = [_phrased(name, finds, text) for name, finds in found.items() if finds]
    return [*phrased, *_compared(running, hashed_words(text), phrased), *_remembered(running, said, found)]


def evades(values: Mapping[str, float]) -> bool:
    """True for the values above 0 of a reply that refuses, apologises or is a template: it answers no question."""
    return "service.refusal" in values or "service.apology" in values or values.get("service.template") == 1.0


def _phrased(name: str, finds: list[re.Match[str]], text: str) -> Reading:
    value = min(1.0, len(finds) / STOCK) if name == "service.template" else 1.0
    return Reading(signal=name, value=value, evidence=clip(f"our reply: {quote(text, *finds[0].span())}"))


def _compared(running: Running, words: tuple[int, ...], phrased: Sequence[Reading]) -> list[Reading]:
    """The reply's words beside those of the replies before it and of the customer's question."""
    found = []
    if repeats := max([overlap(words, earlier) for earlier in running.replied], default=0.0):
        found.append(Reading(signal="service.repeats", value=repeats, evidence="much the same reply as before"))
    evaded = evades({reading.signal: reading.value for reading in phrased})
    if running.pending is not None and not evaded and set(running.pending).intersection(words):
        said = "our reply takes up the customer's question"
        found.append(Reading(signal="service.answers", value=1.0, evidence=said))
    return found


def _remembered(running: Running, text: str, phrased: Mapping[str, Sequence[re.Match[str]]]) -> list[Reading]:
    """What only shows against the messages before: identifiers asked for again, promises, apologies counted."""
    found = []
    if given := running.asked.known(wanted_in(text)) if running.asked.given else None:
        said = f"our reply asks for the {given.kind}, which the customer gave already"
        found.append(Reading(signal="service.asks_again", value=1.0, evidence=said, messages=(given.message,)))
    if promises(text):
        said = "our reply promises something by a time"
        found.append(Reading(signal="service.promise", value=1.0, evidence=said))
    apologies = running.asked.apologies + 1
    if phrased.get("service.apology") and apologies > 1:
        said = f"our apology number {apologies}"
        found.append(Reading(signal="service.apologies", value=min(1.0, (apologies - 1) / 3), evidence=said))
    return found


def read_ticket(running: Running, facts: TicketFacts, now: datetime, context: Context) -> list[Reading]:
    """Whether a promise of ours is overdue at `now`. The desk does not matter here."""
    due = running.asked.due
    said = f"promised by {due:%d %B}, and nothing since" if due else ""
    return [Reading(signal="service.overdue", value=float(overdue(running, facts, now)), evidence=said)]


def overdue(running: Running, facts: TicketFacts, now: datetime) -> bool:
    """Whether what we promised by a time is still awaited after it."""
    due = running.asked.due
    return due is not None and now > due and not facts.solved and not running.closed_by_customer


FAMILY = Family(name="service", signals=SIGNALS, read_service=read, read_ticket=read_ticket)
