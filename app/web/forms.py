"""Plain forms over plain documents: a document as typed values, typed values as a document, slips at their fields.

A field is named by its path in the document, such as `hours.week.monday`; the document's own reader judges. No handler
is here, and nothing of any page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from app.scoring.calendars import WEEKDAYS, write_calendar
from app.scoring.hours import BusinessHours

#: What was typed, or would have been typed to say what is stored: by the field's path.
Typed = MultiDict[str, str]
#: What is wrong, by the field's path.
Slips = Mapping[str, list[str]]

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?[0-9]{0,18}\.?[0-9]{1,18}")
_LINE = re.compile(r"([a-z_]+(?:\[[0-9]+\]|\.[\w]+)*): (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that says one thing in the form and another in what is stored by now."""

    label: str
    stored: str
    typed: str


def words_of(text: str) -> list[str]:
    """Words that commas or lines part."""
    return [word.strip() for word in re.split(r"[,\n\r]", text) if word.strip()]


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def whole(text: str) -> int | str | None:
    """The whole number that was typed; what is none stays text, for the document's reader to name. None: nothing."""
    plain = text.strip()
    return int(plain) if _WHOLE.fullmatch(plain) else plain or None


def number(text: str) -> float | str | None:
    """The same for any number."""
    plain = text.strip()
    return float(plain) if _NUMBER.fullmatch(plain) else plain or None


def hours_typed(path: str, hours: BusinessHours | None, zone: str) -> list[tuple[str, str]]:
    """Hours as the fields of a form; the zone is offered where there are none yet."""
    plain: dict[str, Any] = write_calendar(hours) if hours is not None else {"zone": zone, "week": {}, "holidays": []}
    week = [(f"{path}.week.{day}", ", ".join(plain["week"].get(day, []))) for day in WEEKDAYS]
    return [(f"{path}.zone", plain["zone"]), *week, (f"{path}.holidays", "\n".join(plain["holidays"]))]


def hours_given(typed: Typed, path: str) -> dict[str, Any] | None:
    """Hours as the document has them; None where neither hours nor holidays were typed."""
    week = {day: words_of(text) for day in WEEKDAYS if (text := typed.get(f"{path}.week.{day}", "").strip())}
    holidays = words_of(typed.get(f"{path}.holidays", ""))
    if not week and not holidays:
        return None
    return {"zone": typed.get(f"{path}.zone", "").strip(), "week": week, "holidays": holidays}


def slips_of(text: str, root: str = "") -> Slips:
    """What a reader said in lines `path: message`, by the field; the path begins with `root`, which goes.

    A slip in one of several words or lines belongs to the field that holds them all.
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        path, message = (match[1], match[2]) if match else ("", line)
        plain = re.sub(r"\[[0-9]+\].*", "", path.removeprefix(root).removeprefix("."))
        found.setdefault(plain, []).append(message)
    return found


def differences(typed: Typed, stored: Typed, labels: Mapping[str, str]) -> Sequence[Difference]:
    """Where the form and what is stored say different things, in the order of the labels."""
    pairs = ((label, _said(stored, name), _said(typed, name)) for name, label in labels.items())
    return [Difference(label=label, stored=ours, typed=theirs) for label, ours, theirs in pairs if ours != theirs]


def hours_labels(path: str) -> Mapping[str, str]:
    """How the fields of hours are called."""
    week = {f"{path}.week.{day}": day.capitalize() for day in WEEKDAYS}
    return {f"{path}.zone": "Time zone", **week, f"{path}.holidays": "Holidays"}


def slip_labels(path: str) -> Mapping[str, str]:
    """How hours are called where they are wrong as a whole."""
    return {path: "Hours", f"{path}.week": "Hours"}


def typed_of(pairs: Iterable[tuple[str, str]]) -> Typed:
    return MultiDict(list(pairs))


def _said(typed: Typed, name: str) -> str:
    return "\n".join(line.strip() for line in "\n".join(typed.getlist(name)).splitlines() if line.strip())
