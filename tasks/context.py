"""A desk as scoring sees it, from what is stored of it: its calendar, its norm of reply times. Nothing is looked up."""

from __future__ import annotations

import functools
import json

from app.scoring.calendars import read_calendar
from app.scoring.context import Context, Usual
from app.scoring.hours import BusinessHours
from app.store.models import Desk


def context_of(desk: Desk) -> Context:
    """What scoring knows of a desk beside a conversation. Raises CalendarError for a calendar nobody checked."""
    calendar = desk.settings.get("calendar")
    return Context(
        hours=_hours(json.dumps(calendar, sort_keys=True)) if calendar else None,
        usual=Usual(**desk.usual) if desk.usual else Usual(),
        languages=tuple(desk.settings.get("languages") or ()),
    )


@functools.lru_cache(maxsize=1024)
def _hours(calendar: str) -> BusinessHours:
    """The same document is the same value, so that what was computed of it is found again."""
    return read_calendar(json.loads(calendar))
