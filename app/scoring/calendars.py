"""A desk's calendar as a plain document: read into `BusinessHours` with every slip named, and written back.

zone: Europe/Berlin
week: {monday: 09:00-17:00, friday: [09:00-12:00, 13:00-16:30], saturday: 22:00-06:00}
holidays: [2026-12-25]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.scoring.hours import DAY, BusinessHours, Opening

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIELDS = ("zone", "week", "holidays")
MOST_HOLIDAYS = 2_000
SPAN = re.compile(r"(\d\d?):(\d\d)\s*[-–]\s*(\d\d?):(\d\d)")
WEEK = 7 * DAY


class CalendarError(ValueError):
    """A calendar that cannot be kept; a line `path: message` for every slip."""


def read_calendar(document: object, at: str = "calendar") -> BusinessHours:
    """The hours that a document describes. Raises CalendarError with all slips, each under the path `at`.

    A shift whose end is not after its beginning ends on the next day; 24:00 is the end of a day.
    """
    if not isinstance(document, Mapping):
        raise CalendarError(f"{at}: not an object: {document!r}")
    slips = [f"{at}.{key}: not one of {', '.join(FIELDS)}: {document[key]!r}" for key in document if key not in FIELDS]
    zone = _zone(document.get("zone"), at, slips)
    week = _week(document.get("week"), at, slips)
    holidays = _holidays(document.get("holidays"), at, slips)
    if slips:
        raise CalendarError("\n".join(slips))
    return BusinessHours(zone=zone, week=week, holidays=holidays)


def write_calendar(hours: BusinessHours) -> dict[str, Any]:
    """The document that `read_calendar` reads as the same hours; plain JSON."""
    week = {
        name: [f"{_clock(start)}-{_clock(end if end <= DAY else end - DAY)}" for start, end in openings]
        for name, openings in zip(WEEKDAYS, hours.week, strict=True)
        if openings
    }
    return {"zone": hours.zone, "week": week, "holidays": [day.isoformat() for day in sorted(hours.holidays)]}


def in_words(hours: BusinessHours) -> str:
    """The hours as people say them: "Monday to Friday 09:00-17:00, Saturday 10:00-14:00 (Europe/Berlin)"."""
    week = write_calendar(hours)["week"]
    runs: list[tuple[list[str], str]] = []
    for name in WEEKDAYS:
        said = " and ".join(week.get(name, []))
        if runs and runs[-1][1] == said:
            runs[-1][0].append(name)
        else:
            runs.append(([name], said))
    spoken = [f"{_span(names)} {said}" for names, said in runs if said]
    return f"{', '.join(spoken)} ({hours.zone})"


def _span(names: Sequence[str]) -> str:
    first, last = names[0].capitalize(), names[-1].capitalize()
    return first if len(names) == 1 else f"{first} {'and' if len(names) == 2 else 'to'} {last}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _zone(name: object, at: str, slips: list[str]) -> str:
    if isinstance(name, str) and _is_zone(name):
        return name
    slips.append(f"{at}.zone: not the name of a time zone, such as Europe/Berlin: {name!r}")
    return ""


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _week(week: object, at: str, slips: list[str]) -> tuple[tuple[Opening, ...], ...]:
    path, before = f"{at}.week", len(slips)
    if not isinstance(week, Mapping):
        slips.append(f"{path}: not an object of weekdays: {week!r}")
        return ()
    slips += [f"{path}.{key}: not a weekday, such as monday: {week[key]!r}" for key in week if key not in WEEKDAYS]
    read = tuple(_day(week.get(name), f"{path}.{name}", slips) for name in WEEKDAYS)
    if len(slips) == before and not any(read):
        slips.append(f"{path}: no hours on any day: {dict(week)!r}")
    elif len(slips) == before and (twice := _overlap(read)) is not None:
        slips.append(f"{path}.{WEEKDAYS[twice]}: overlaps other hours of the week: {week[WEEKDAYS[twice]]!r}")
    return read


def _day(spans: object, path: str, slips: list[str]) -> tuple[Opening, ...]:
    listed = [] if spans is None else spans.split(",") if isinstance(spans, str) else spans
    if not isinstance(listed, Sequence):
        slips.append(f"{path}: not hours such as 09:00-17:00: {spans!r}")
        return ()
    return tuple(sorted(opening for span in listed if (opening := _opening(span, path, slips)) is not None))


def _opening(span: object, path: str, slips: list[str]) -> Opening | None:
    match = SPAN.fullmatch(span.strip()) if isinstance(span, str) else None
    if match is not None:
        from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
        start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if max(from_minute, to_minute) < 60 and start < DAY and end <= DAY:
            return start, end if end > start else end + DAY
    slips.append(f"{path}: not hours such as 09:00-17:00: {span!r}")
    return None


def _overlap(week: tuple[tuple[Opening, ...], ...]) -> int | None:
    """The weekday of a shift that begins before the one before it has ended; the week is a ring."""
    shifts = [(day * DAY + start, day * DAY + end, day) for day, listed in enumerate(week) for start, end in listed]
    begin, _, first = shifts[0]
    following = [*shifts[1:], (begin + WEEK, 0, first)]
    pairs = zip(shifts, following, strict=True)
    return next((day for (_, end, _), (start, _, day) in pairs if start < end), None)


def _holidays(days: object, at: str, slips: list[str]) -> frozenset[date]:
    listed = [] if days is None else days
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > MOST_HOLIDAYS:
        slips.append(f"{at}.holidays: not a list of at most {MOST_HOLIDAYS:,} days: {str(days)[:80]!r}")
        return frozenset()
    found = set()
    for index, day in enumerate(listed):
        try:
            found.add(day if isinstance(day, date) else date.fromisoformat(day))
        except (TypeError, ValueError):
            slips.append(f"{at}.holidays[{index}]: not a date such as 2026-12-25: {day!r}")
    return frozenset(found)
