"""What a signal, a reading and a heard message are. The signals themselves stand in one file per family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts

EVIDENCE_LENGTH = 160


class Effect(StrEnum):
    """Which way a signal may move satisfaction. A model with a weight of the other sign is refused."""

    RAISES = "raises"
    LOWERS = "lowers"


class Scope(StrEnum):
    """What a signal is read on."""

    MESSAGE = "message"  # the customer's words in one message
    EFFORT = "effort"  # the customer's message against what went before
    SERVICE = "service"  # our side's replies
    TICKET = "ticket"  # facts and time, at the moment of scoring


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A detector. `describe`, `unit` and `source` are shown in docs/signals.md."""

    name: str
    family: str
    describe: str
    unit: str  #: what 0 and 1 mean
    effect: Effect
    scope: Scope
    source: str
    confident: bool = True  #: False marks a hint that is often wrong, such as sarcasm


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a signal found."""

    signal: str
    value: float  #: 0 = none, 1 = the strongest
    evidence: str = ""  #: at most 160 characters; quotes the customer's words where it can
    messages: tuple[str, ...] = ()  #: ids of the messages that show it, where that is more than the one it was read on
    abstained: str | None = None  #: why there is no value; then `value` is 0 and means nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A customer message made ready for reading."""

    text: str  #: the customer's own words, clipped to what is read
    rest: str  #: the same without thanks and cancellations, which are counted as acts and must not count twice
    english: bool  #: English word lists apply
    language: str = "en"  #: ISO 639-1 code of the language the message is in


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The signals of one file, and the functions that read them."""

    name: str
    signals: tuple[Signal, ...]
    read_message: Callable[[Heard], list[Reading]] | None = None
    read_effort: Callable[[Running], list[Reading]] | None = None
    read_service: Callable[[Running, str], list[Reading]] | None = None
    read_ticket: Callable[[Running, TicketFacts, datetime, Context], list[Reading]] | None = None


def quote(text: str, start: int = 0, end: int | None = None) -> str:
    """The words from `start` to `end` in quotation marks with some of what stands around them, on one line."""
    end = len(text) if end is None else end
    room = max(0, EVIDENCE_LENGTH - 10 - (end - start)) // 2
    left, right = max(0, start - min(room, 30)), min(len(text), end + min(room, 40))
    while left > 0 and not text[left - 1].isspace():
        left -= 1
        if start - left > room:
            break
    piece = " ".join(text[left:right].split())
    return clip(f"{'…' if left else ''}“{piece}”{'…' if right < len(text) else ''}")


def clip(evidence: str) -> str:
    """Evidence cut to its longest length."""
    return evidence if len(evidence) <= EVIDENCE_LENGTH else evidence[: EVIDENCE_LENGTH - 1] + "…"
