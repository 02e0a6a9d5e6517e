"""Until when a reply of ours promises something. A light reading: full dates and the desk's holidays are not read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "ten": 10}
AHEAD = re.compile(r"(?:['’]ll\b|\b(?:will|shall|should|expect|promise|going to)\b)", re.I)
WITHIN = re.compile(
    r"\b(?:within|in|in the next|after|in up to|takes? up to|inside)(?: the next)? "
    r"(?:\d{1,2} ?(?:-|–|to) ?)?(?P<count>\d{1,2}|" + "|".join(NUMBERS) + r") "
    r"(?P<business>business |working )?(?P<unit>hour|day|week)s?\b",
    re.I,
)
BY_DAY = re.compile(rf"\b(?:by|on|before|until|this|next) (?P<day>{'|'.join(DAYS)})\b", re.I)
SOON = re.compile(
    r"\b(?:(?P<today>today|tonight|by the end of the day|by close of business)|(?P<tomorrow>tomorrow))\b", re.I
)
WEEK = re.compile(r"\b(?:by|before|at) the end of (?:the|this) week\b|\bthis week\b", re.I)
SENTENCE = re.compile(r"[^.?!\n]+")
DAY_ENDS = time(23, 59)
ANY_DAY = datetime(2026, 1, 5, tzinfo=UTC)


def due_at(reply: str, at: datetime) -> datetime | None:
    """The latest moment for which a reply sent at `at` promises something, or None.

    Days end at 23:59 in the zone of `at`. Only sentences about what will happen count: "it came today" promises
    nothing.
    """
    return max([due for sentence in _ahead(reply) if (due := _due(sentence, at))], default=None)


def promises(reply: str) -> bool:
    """True for a reply that promises something by a time."""
    return due_at(reply, ANY_DAY) is not None


def words_of(reply: str, at: datetime) -> str:
    """The sentences of a reply that promise something by a time, for people to read; empty where none does."""
    return " … ".join(sentence.strip() for sentence in _ahead(reply) if _due(sentence, at) is not None)


@lru_cache(maxsize=2)  # a reply is asked twice: as a signal and for what is remembered
def _ahead(reply: str) -> tuple[str, ...]:
    """The sentences of a reply about what will happen."""
    return tuple([sentence for sentence in SENTENCE.findall(reply) if AHEAD.search(sentence)])


def _due(sentence: str, at: datetime) -> datetime | None:
    if match := WITHIN.search(sentence):
        count = NUMBERS.get(match["count"].lower()) or int(match["count"])
        return _after(at, count, match["unit"].lower(), business=bool(match["business"]))
    if match := SOON.search(sentence):
        return _end_of(at + timedelta(days=1) if match["tomorrow"] else at)
    if match := BY_DAY.search(sentence):
        ahead = (DAYS.index(match["day"].lower()) - at.weekday()) % 7 or 7
        return _end_of(at + timedelta(days=ahead))
    if WEEK.search(sentence):
        return _end_of(at + timedelta(days=(4 - at.weekday()) % 7))
    return None


def _after(at: datetime, count: int, unit: str, *, business: bool) -> datetime:
    if unit == "hour":
        return at + timedelta(hours=count)
    if unit == "week":
        return _end_of(at + timedelta(weeks=count))
    if not business:
        return _end_of(at + timedelta(days=count))
    day = at
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return _end_of(day)


def _end_of(day: datetime) -> datetime:
    return datetime.combine(day.date(), DAY_ENDS, day.tzinfo)
