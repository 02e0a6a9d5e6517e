"""Observing a message: its readings, and the running aggregates after it. No model and no clock here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.scoring.context import PLAIN, Context
from app.scoring.conversation import Aggregates, Running, Utterance
from app.scoring.language import ENGLISH_CODE, UNKNOWN
from app.scoring.signals import FAMILIES, Heard, Reading
from app.scoring.signals.acts import without_formulas
from app.scoring.signals.effort import KEPT_MESSAGES, hashed_words
from app.scoring.signals.service import evades
from app.scoring.signals.tone import abstentions
from app.scoring.text import clean

HEAD, TAIL = 2_000, 1_000  #: characters read at the start and the end of a long message
FAST, SLOW = 0.5, 0.15  #: weight of the newest value in the two running means
NEGLIGIBLE = 1e-6  #: running means below this are dropped, so that the aggregates stay small
RECENT = 3  #: earlier customer messages that the direction is measured against
IRONIC = frozenset({"tone.vader_positive", "tone.textblob_positive", "acts.praise", "acts.delight"})
SARCASM = "friendly words are not counted, they may be sarcasm"
CLOSING = frozenset({"acts.thanks_closing", "acts.goodbye", "acts.solved"})


def observe(running: Running, utterance: Utterance, context: Context = PLAIN) -> tuple[Running, tuple[Reading, ...]]:
    """The aggregates after one more message, and what was found in it. Constant time, whatever came before.

    Only public messages of the customer are read for the customer's state, only public replies of agents for the
    service. Internal notes, people in copy and machines change nothing; auto-replies are only counted.
    """
    if not utterance.public or utterance.role == "other":
        return running, ()
    cleaned = clean(utterance.text)
    if cleaned.is_auto_reply:
        return replace(running, auto_replies=running.auto_replies + (utterance.role == "customer")), ()
    words = _clipped(cleaned.text)
    if utterance.role == "agent":
        return _observe_reply(running, utterance, words, context)
    return _observe_customer(running, utterance, words, context)


def own_words(text: str) -> str:
    """What is read of a message: a person's own words, of long ones the beginning and the end."""
    return _clipped(clean(text).text)


def _clipped(words: str) -> str:
    return words if len(words) <= HEAD + TAIL else f"{words[:HEAD]}\n{words[-TAIL:]}"


def _observe_customer(
    running: Running, utterance: Utterance, words: str, context: Context
) -> tuple[Running, tuple[Reading, ...]]:
    spoken = running.spoken.heard(words, context.languages)
    english = spoken.message == ENGLISH_CODE
    language = spoken.message or UNKNOWN
    rest = without_formulas(words, language)
    heard = Heard(text=words, rest=rest, english=english, language=language)
    found = _without_irony(
        [reading for family in FAMILIES if family.read_message for reading in family.read_message(heard)]
    )
    told = hashed_words(rest)
    asked = "?" in rest
    running = replace(
        running,
        customer_turns=running.customer_turns + 1,
        worded_turns=running.worded_turns + bool(words),
        customer_run=running.customer_run + 1,
        last_role="customer",
        last_at=utterance.at,
        spoken=spoken,
        waits=running.waits.asked(utterance.at),
        said=(*running.said, told)[-KEPT_MESSAGES:],
        pending=told if asked else running.pending,
        questions=running.questions + asked,
        asked=running.asked.heard(words, utterance.id),
        closed_by_customer=any(reading.signal in CLOSING for reading in found),
        abstained=tuple(dict.fromkeys(reading.abstained for reading in found if reading.abstained)),
        text=running.text.heard(words, context.text),
    )
    found += [reading for family in FAMILIES if family.read_effort for reading in family.read_effort(running)]
    readings = tuple(reading for reading in found if reading.value or reading.abstained)
    values = {reading.signal: reading.value for reading in readings if reading.value} | dict(running.service)
    return _with_values(running, values, readings), readings


def _without_irony(found: list[Reading]) -> list[Reading]:
    """The readings without friendly words where they may be meant the other way."""
    if all(reading.signal != "acts.sarcasm" for reading in found):
        return found
    friendly = [reading.signal for reading in found if reading.signal in IRONIC]
    plain = [reading for reading in found if reading.signal not in IRONIC]
    return [*plain, *abstentions(SARCASM, *friendly)] if friendly else plain


def _with_values(running: Running, values: Mapping[str, float], readings: tuple[Reading, ...]) -> Running:
    seen, first = running.seen, running.customer_turns == 1
    worst, total = dict(seen.worst), dict(seen.total)
    for name, value in values.items():
        if value >= worst.get(name, 0.0):
            worst[name] = value
        total[name] = value + total.get(name, 0.0)
    aggregates = Aggregates(
        last=values,
        fast=values if first else _mean(seen.fast, values, FAST),
        slow=values if first else _mean(seen.slow, values, SLOW),
        worst=worst,
        total=total,
    )
    recent = running.recent if first else (*running.recent, seen.last)[-RECENT:]
    return replace(running, seen=aggregates, recent=recent, evidence=_evidence(running, readings))


def _mean(before: Mapping[str, float], values: Mapping[str, float], weight: float) -> dict[str, float]:
    kept = 1 - weight
    moved = {name: kept * value for name, value in before.items()}
    for name, value in values.items():
        moved[name] = weight * value + moved.get(name, 0.0)
    if min(moved.values(), default=0.0) > NEGLIGIBLE:
        return moved
    return {name: value for name, value in moved.items() if value > NEGLIGIBLE}


def _observe_reply(
    running: Running, utterance: Utterance, words: str, context: Context
) -> tuple[Running, tuple[Reading, ...]]:
    found = [reading for family in FAMILIES if family.read_service for reading in family.read_service(running, words)]
    values = {reading.signal: reading.value for reading in found if reading.value}
    told = hashed_words(words)
    running = replace(
        running,
        agent_turns=running.agent_turns + 1,
        customer_run=0,
        last_role="agent",
        last_at=utterance.at,
        waits=running.waits.answered(utterance.at, context.hours),
        replied=(*running.replied, told)[-KEPT_MESSAGES:],
        service=values if not running.agent_turns else _mean(running.service, values, FAST),
        unanswered=running.unanswered + _missed(running, values, told),
        pending=None,
        asked=running.asked.replied(words, utterance.at, values),
        evidence=_evidence(running, tuple(found)),
    )
    return running, tuple(reading for reading in found if reading.value)


def _missed(running: Running, values: Mapping[str, float], told: tuple[int, ...]) -> bool:
    """True when a question was open and the reply refuses, apologises, or shares no word with it."""
    if running.pending is None:
        return False
    return evades(values) or not set(running.pending) & set(told)


def _evidence(running: Running, readings: tuple[Reading, ...]) -> dict[str, str]:
    return {**running.evidence, **{reading.signal: reading.evidence for reading in readings if reading.value}}
