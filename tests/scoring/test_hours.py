"""Business hours: against a slow count of minutes, and on the days on which calendars usually go wrong."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scoring.calendars import CalendarError, in_words, read_calendar, write_calendar
from app.scoring.hours import DAY, LONGEST, BusinessHours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = ((540, 1020),)
WEEKDAYS_9_TO_5 = (OFFICE,) * 5 + ((), ())
OFFICE_HOURS = BusinessHours(zone="Europe/Berlin", week=WEEKDAYS_9_TO_5)
NIGHTS = BusinessHours(zone="Europe/Berlin", week=(((1320, 1800),),) * 7)
ROUND_THE_CLOCK = BusinessHours(zone="UTC", week=(((0, DAY),),) * 7)
MINUTE = timedelta(minutes=1)
SPRING, AUTUMN = datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)  #: Fridays before the changes


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def counted(hours: BusinessHours, start: datetime, minutes: int) -> list[bool]:
    """Minute by minute, whether the desk works: the clock on the wall has shown the beginning of a shift, and will
    still show a time before its end. That way a shift is one piece also where an hour comes twice."""
    zone, around = ZoneInfo(hours.zone), 61
    walls = [
        (start + index * MINUTE).astimezone(zone).replace(tzinfo=None) for index in range(-around, minutes + around)
    ]
    return [
        _works(hours, max(walls[at : at + around + 1]), min(walls[at + around : at + 2 * around + 1]))
        for at in range(minutes)
    ]


def _works(hours: BusinessHours, shown: datetime, still: datetime) -> bool:
    for back in (0, 1):
        day = (still if shown > still else shown).date() - timedelta(days=back)
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the clock on the wall has no zone
        for begin, end in () if day in hours.holidays else hours.week[day.weekday()]:
            if shown >= midnight + begin * MINUTE and still < midnight + end * MINUTE:
                return True
    return False


@st.composite
def calendars(draw: st.DrawFn) -> BusinessHours:
    """Weeks with up to two shifts a day, some of them over midnight, in zones with and without changes of the clock."""
    week: list[tuple[tuple[int, int], ...]] = []
    for _ in range(7):
        marks = sorted(draw(st.sets(st.integers(0, 47), max_size=4)))
        spans = [(a * 30, b * 30) for a, b in zip(marks[::2], marks[1::2], strict=False)]
        late: bool = draw(st.booleans())
        if spans and late:
            spans[-1] = (spans[-1][0], DAY + draw(st.integers(0, 3)) * 60)
        week.append(tuple(spans))
    week = [
        tuple(
            (begin, min(end, DAY + week[(day + 1) % 7][0][0]) if week[(day + 1) % 7] else end) for begin, end in spans
        )
        for day, spans in enumerate(week)
    ]
    zone = draw(st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]))
    start = draw(st.sampled_from([SPRING, AUTUMN]))
    closed = draw(st.sets(st.integers(0, 4), max_size=2))
    return BusinessHours(
        zone=zone, week=tuple(week), holidays=frozenset((start + timedelta(days=day)).date() for day in closed)
    )


@settings(max_examples=25, deadline=None)
@given(calendars(), st.sampled_from([SPRING, AUTUMN]), st.integers(0, 2 * DAY), st.integers(0, 2 * DAY))
def test_hours_between_are_those_that_a_slow_count_of_minutes_finds(
    hours: BusinessHours, base: datetime, offset: int, span: int
) -> None:
    start = base + offset * MINUTE

    slow = sum(counted(hours, start, span)) / 60

    assert hours.between(start, start + span * MINUTE) == pytest.approx(slow)


def test_a_shift_that_ends_as_the_hour_begins_that_comes_twice_ends_the_first_time() -> None:
    hours = BusinessHours(zone="Europe/Berlin", week=((), (), (), (), (), ((0, 1560),), ()))
    saturday = berlin("2026-10-24T00:00")

    assert hours.between(saturday, saturday + timedelta(days=3)) == 26.0


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(0, 40 * DAY), st.floats(0.01, 200))
def test_the_moment_after_so_many_hours_is_the_first_one(hours: BusinessHours, offset: int, wanted: float) -> None:
    if not any(hours.week):
        return
    start = SPRING + offset * MINUTE

    moment = hours.after(start, wanted)

    assert hours.between(start, moment) == pytest.approx(wanted)
    assert hours.between(start, moment - MINUTE) < wanted


@settings(max_examples=60, deadline=None)
@given(calendars(), st.lists(st.integers(0, 400 * DAY), min_size=3, max_size=3))
def test_a_span_is_as_long_as_its_parts(hours: BusinessHours, offsets: list[int]) -> None:
    first, second, third = (SPRING + minute * MINUTE for minute in sorted(offsets))

    whole = hours.between(first, third)

    assert whole == pytest.approx(hours.between(first, second) + hours.between(second, third))
    assert whole >= hours.between(first, second) >= 0


@pytest.mark.capability("DET-05")
def test_an_hour_of_friday_afternoon_is_over_on_monday_morning() -> None:
    asked = berlin("2026-03-27 16:30")

    due = OFFICE_HOURS.after(asked, 1)

    assert due == berlin("2026-03-30 09:30")
    assert OFFICE_HOURS.between(asked, berlin("2026-03-27 23:00")) == 0.5
    assert OFFICE_HOURS.between(asked, berlin("2026-03-30 10:00")) == 1.5


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-06", 8)])
def test_a_night_shift_is_as_long_as_the_night(day: str, hours: int) -> None:
    night = BusinessHours(zone="Europe/Berlin", week=((),) * 5 + (((1320, 1800),), ()))

    assert night.between(berlin(f"{day} 12:00"), berlin(f"{day} 12:00") + timedelta(days=1)) == hours


def test_a_shift_that_begins_in_an_hour_that_is_left_out_begins_when_the_clocks_change() -> None:
    early = BusinessHours(zone="Europe/Berlin", week=((),) * 6 + (((150, 300),),))

    assert early.between(berlin("2026-03-29 00:00"), berlin("2026-03-29 12:00")) == 2


def test_a_shift_in_an_hour_that_comes_twice_is_one_piece() -> None:
    late = BusinessHours(zone="Europe/Berlin", week=((),) * 6 + (((120, 150),),))

    assert late.between(berlin("2026-10-25 00:00"), berlin("2026-10-25 12:00")) == 1.5


def test_two_shifts_that_meet_in_an_hour_that_comes_twice_count_no_minute_twice() -> None:
    meeting = BusinessHours(zone="Europe/Berlin", week=((),) * 6 + (((60, 150), (150, 240)),))

    assert meeting.between(berlin("2026-10-25 00:00"), berlin("2026-10-25 12:00")) == 4


def test_a_holiday_closes_the_shifts_that_begin_on_it() -> None:
    holiday = BusinessHours(zone="Europe/Berlin", week=NIGHTS.week, holidays=frozenset({date(2026, 12, 25)}))

    def worked(day: str) -> float:
        noon = berlin(f"{day} 12:00")
        return holiday.between(noon, noon + timedelta(days=1))

    assert [worked("2026-12-24"), worked("2026-12-25"), worked("2026-12-26")] == [8, 0, 8]


def test_the_last_night_of_a_year_is_counted_whole() -> None:
    assert NIGHTS.between(berlin("2026-12-31 12:00"), berlin("2027-01-01 12:00")) == 8


def test_open_at_all_hours_is_time_itself() -> None:
    start = datetime(2026, 1, 31, 22, 7, tzinfo=UTC)

    assert ROUND_THE_CLOCK.between(start, start + timedelta(hours=1000)) == pytest.approx(1000)
    assert ROUND_THE_CLOCK.after(start, 1000) == start + timedelta(hours=1000)


def test_nothing_lies_between_a_moment_and_an_earlier_one() -> None:
    start = berlin("2026-03-27 16:30")

    assert OFFICE_HOURS.between(start, start) == OFFICE_HOURS.between(start, start - MINUTE) == 0
    assert OFFICE_HOURS.after(start, 0) == start


def test_moments_far_away_are_no_error() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    start = berlin("2026-03-27 16:30").astimezone(UTC)

    assert OFFICE_HOURS.between(first, last) == 0
    assert OFFICE_HOURS.between(last - timedelta(days=1), last) == 0
    assert OFFICE_HOURS.between(start, last) == OFFICE_HOURS.between(start, start + LONGEST)


def test_more_hours_than_there_are_is_an_error() -> None:
    with pytest.raises(OverflowError, match="beyond the year 2199"):
        OFFICE_HOURS.after(berlin("2026-03-27 16:30"), 1e9)


def test_years_cost_hardly_more_than_minutes() -> None:
    start, end = berlin("2021-03-27 16:30"), berlin("2026-03-27 16:30")
    OFFICE_HOURS.between(start, end)

    began = time.thread_time()
    for _ in range(1_000):
        OFFICE_HOURS.between(start, end)

    assert time.thread_time() - began < 0.2


DOCUMENT = {
    "zone": "Europe/Berlin",
    "week": {"monday": ["09:00-12:00", "13:00-17:00"], "saturday": ["22:00-06:00"], "sunday": ["08:00-24:00"]},
    "holidays": ["2026-12-25"],
}


def test_a_calendar_is_read_and_written_back() -> None:
    hours = read_calendar(DOCUMENT)

    assert hours.week == (((540, 720), (780, 1020)), (), (), (), (), ((1320, 1800),), ((480, 1440),))
    assert hours.holidays == {date(2026, 12, 25)}
    assert write_calendar(hours) == DOCUMENT
    assert read_calendar(write_calendar(hours)) == hours


def test_hours_of_a_day_may_stand_in_one_line() -> None:
    hours = read_calendar({"zone": "UTC", "week": {"monday": "9:00-12:00, 13:00 - 17:00", "tuesday": None}})

    assert hours.week[0] == ((540, 720), (780, 1020))
    assert hours.week[1] == ()
    assert hours.holidays == frozenset()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zone": "Berlin"}, "calendar.zone: not the name of a time zone, such as Europe/Berlin: 'Berlin'"),
        ({"zone": None}, "calendar.zone: not the name of a time zone, such as Europe/Berlin: None"),
        ({"zone": "../etc"}, "calendar.zone: not the name of a time zone, such as Europe/Berlin: '../etc'"),
        ({"week": {}}, "calendar.week: no hours on any day: {}"),
        ({"week": {"monday": []}}, "calendar.week: no hours on any day: {'monday': []}"),
        ({"week": "always"}, "calendar.week: not an object of weekdays: 'always'"),
        ({"week": {"moonday": "9-5"}}, "calendar.week.moonday: not a weekday, such as monday: '9-5'"),
        ({"week": {"monday": "9-5"}}, "calendar.week.monday: not hours such as 09:00-17:00: '9-5'"),
        ({"week": {"monday": ["09:75-17:00"]}}, "calendar.week.monday: not hours such as 09:00-17:00: '09:75-17:00'"),
        ({"week": {"monday": ["24:00-01:00"]}}, "calendar.week.monday: not hours such as 09:00-17:00: '24:00-01:00'"),
        ({"week": {"monday": 9}}, "calendar.week.monday: not hours such as 09:00-17:00: 9"),
        ({"week": {"monday": [9]}}, "calendar.week.monday: not hours such as 09:00-17:00: 9"),
        (
            {"week": {"sunday": "20:00-10:00", "monday": "09:00-17:00"}},
            "calendar.week.monday: overlaps other hours of the week: '09:00-17:00'",
        ),
        (
            {"week": {"monday": ["09:00-13:00", "12:00-17:00"]}},
            "calendar.week.monday: overlaps other hours of the week: ['09:00-13:00', '12:00-17:00']",
        ),
        ({"holidays": "Christmas"}, "calendar.holidays: not a list of at most 2,000 days: 'Christmas'"),
        ({"holidays": ["25.12."]}, "calendar.holidays[0]: not a date such as 2026-12-25: '25.12.'"),
        ({"holidays": [True]}, "calendar.holidays[0]: not a date such as 2026-12-25: True"),
        ({"breaks": 1}, "calendar.breaks: not one of zone, week, holidays: 1"),
    ],
)
def test_a_slip_is_named_with_its_place_and_value(change: dict[str, object], message: str) -> None:
    with pytest.raises(CalendarError) as refused:
        read_calendar(DOCUMENT | change)

    assert str(refused.value) == message


def test_all_slips_are_named_at_once() -> None:
    with pytest.raises(CalendarError) as refused:
        read_calendar({"zone": "x/y", "week": {"monday": "late"}, "holidays": ["soon"]}, at="ticket.calendar")

    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "ticket.calendar.zone",
        "ticket.calendar.week.monday",
        "ticket.calendar.holidays[0]",
    ]


def test_what_is_no_object_is_no_calendar() -> None:
    with pytest.raises(CalendarError, match=r"calendar: not an object: \[\]"):
        read_calendar([])


def test_a_calendar_is_told_in_words() -> None:
    week = {
        "monday": "9:00-17:00",
        "tuesday": "9:00-17:00",
        "wednesday": "9:00-17:00",
        "friday": "9:00-12:00, 13:00-15:00",
    }
    weekend = {"saturday": "10:00-14:00", "sunday": "10:00-14:00"}

    assert in_words(read_calendar({"zone": "UTC", "week": week | weekend})) == (
        "Monday to Wednesday 09:00-17:00, Friday 09:00-12:00 and 13:00-15:00, Saturday and Sunday 10:00-14:00 (UTC)"
    )
