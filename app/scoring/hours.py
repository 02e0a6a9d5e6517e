"""When a desk works: its opening hours in its own time zone, and how much of them lies between two moments.

Values and arithmetic only; which desk keeps which hours is read elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

DAY = 24 * 60  #: minutes
FIRST_YEAR, LAST_YEAR = 1970, 2199  #: working time is known within; what lies outside counts nothing
LONGEST = timedelta(days=5 * 366)  #: a longer span is counted as its first five years; no wait is worth more
#: A local year begins and ends up to 14 hours away from that of UTC, and a shift may run over its end.
AROUND = timedelta(days=3)
BEGIN, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)  #: of time, as far as it can be told

Opening = tuple[int, int]  #: minutes from the day's midnight; the end may lie in the next day, beyond 1,440


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """Opening hours per weekday, Monday first. Satisfies `context.Hours`.

    A shift belongs to the day on which it begins: a holiday closes the shifts that begin on it, also what of them
    lies in the next day. Hours are those that really pass: a night shift is an hour shorter when the clocks go
    forward. Made by `calendars.read_calendar`, which refuses what overlaps and weeks without any hours.
    """

    zone: str  #: IANA name
    week: tuple[tuple[Opening, ...], ...]
    holidays: frozenset[date] = frozenset()

    def between(self, start: datetime, end: datetime) -> float:
        """Working hours from `start` to `end`, both aware; 0 when the end is not later."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return 0.0
        last = min(end, _moved(start, LONGEST))
        low, high = start.timestamp(), last.timestamp()
        years = _years(_moved(start, -AROUND).year, _moved(last, AROUND).year)
        return sum(_table(self, year).within(low, high) for year in years) / 3600

    def after(self, start: datetime, hours: float) -> datetime:
        """The first moment, in UTC, at which so many working hours have passed since `start`.

        Raises OverflowError where there are not so many before the year 2200.
        """
        start = start.astimezone(UTC)
        if hours <= 0:
            return start
        low, wanted = start.timestamp(), hours * 3600
        for year in _years(_moved(start, -AROUND).year, LAST_YEAR):
            table = _table(self, year)
            before = table.until(low)
            if before + wanted <= table.total:
                return datetime.fromtimestamp(table.reaches(before + wanted), tz=UTC)
            wanted -= table.total - before
        raise OverflowError(f"{hours:g} working hours after {start.isoformat()} is beyond the year {LAST_YEAR}")


@dataclass(frozen=True, slots=True)
class _Table:
    """The shifts that begin in one local year, as seconds since the epoch, in order."""

    opens: tuple[float, ...]
    closes: tuple[float, ...]
    sums: tuple[float, ...]  #: seconds of all shifts before each one; one more than there are shifts

    @property
    def total(self) -> float:
        return self.sums[-1]

    def until(self, moment: float) -> float:
        """Seconds of these shifts that lie before the moment."""
        index = bisect_right(self.opens, moment) - 1
        return 0.0 if index < 0 else self.sums[index] + min(moment, self.closes[index]) - self.opens[index]

    def within(self, low: float, high: float) -> float:
        """Seconds of these shifts between two moments."""
        return self.until(high) - self.until(low)

    def reaches(self, seconds: float) -> float:
        """The first moment before which so many seconds of these shifts lie; `seconds` is above 0, up to the total."""
        index = bisect_left(self.sums, seconds) - 1
        return self.opens[index] + seconds - self.sums[index]


def _years(first: int, last: int) -> range:
    return range(max(first, FIRST_YEAR), min(last, LAST_YEAR) + 1)


def _moved(moment: datetime, by: timedelta) -> datetime:
    """So much later or earlier, or where time ends."""
    try:
        return moment + by
    except OverflowError:
        return END if by > timedelta(0) else BEGIN


@lru_cache(maxsize=256)
def _table(hours: BusinessHours, year: int) -> _Table:
    """Computed once per process: every wait of a desk is then a search in it, however long it lasted."""
    shifts = list(_shifts(hours, year))
    return _Table(
        tuple(opened for opened, _ in shifts),
        tuple(closed for _, closed in shifts),
        tuple(accumulate((closed - opened for opened, closed in shifts), initial=0.0)),
    )


def _shifts(hours: BusinessHours, year: int) -> Iterator[tuple[float, float]]:
    zone, day, latest = ZoneInfo(hours.zone), date(year, 1, 1), float("-inf")
    while day.year == year:
        for start, end in () if day in hours.holidays else hours.week[day.weekday()]:
            # Where the clocks are put back two shifts of one night may meet in the hour that comes twice.
            opened = max(latest, _moment(day, start, zone, fold=0))
            latest = max(opened, _moment(day, end, zone, fold=1))
            yield opened, latest
        day += timedelta(days=1)


def _moment(day: date, minute: int, zone: ZoneInfo, *, fold: int) -> float:
    """The moment of a time of day, `minute` counted from the day's midnight by the clock on the wall.

    Of a time that comes twice it is the first with fold 0 (a shift begins), the second with fold 1 (a shift ends). A
    time that is left out when the clocks go forward is the moment at which they do.
    """
    days, minutes = divmod(minute, DAY)
    wall = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), tzinfo=zone)
    moment = wall.replace(fold=fold).timestamp()
    if fold and datetime.fromtimestamp(moment - 1, tz=zone).replace(tzinfo=None) > wall.replace(tzinfo=None):
        # The hour that comes twice begins here: no time before this one is shown again.
        moment = wall.replace(fold=0).timestamp()
    if datetime.fromtimestamp(moment, tz=zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    low, high = wall.replace(fold=1).timestamp(), wall.replace(fold=0).timestamp()
    while high - low > 1:
        middle = (low + high) // 2
        skipped = datetime.fromtimestamp(middle, tz=zone).replace(tzinfo=None) >= wall.replace(tzinfo=None)
        low, high = (low, middle) if skipped else (middle, high)
    return high
