"""Plain forms over plain documents: what was typed as values, and slips at their fields."""

from __future__ import annotations

import pytest

from app.scoring.calendars import read_calendar
from app.web import forms

HOURS = {"zone": "Europe/Berlin", "week": {"monday": ["09:00-12:00", "13:00-17:00"]}, "holidays": ["2026-12-25"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), (" ", None), ("7", 7), (" -3 ", -3), ("007", 7), ("7.5", "7.5"), ("٣", "٣"), ("x", "x")],
)
def test_a_whole_number_is_read_and_anything_else_stays_text(text: str, value: object) -> None:
    assert forms.whole(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("", None), ("0.25", 0.25), (".5", 0.5), ("1", 1.0), ("1e400", "1e400"), ("nan", "nan")]
)
def test_a_number_is_read_and_anything_else_stays_text(text: str, value: object) -> None:
    assert forms.number(text) == value


def test_hours_come_back_as_they_were_typed() -> None:
    typed = forms.typed_of(forms.hours_typed("hours", read_calendar(HOURS), "UTC"))

    assert forms.hours_given(typed, "hours") == HOURS


def test_a_zone_alone_is_no_hours() -> None:
    typed = forms.typed_of(forms.hours_typed("hours", None, "Europe/Berlin"))

    assert typed["hours.zone"] == "Europe/Berlin"
    assert forms.hours_given(typed, "hours") is None


def test_holidays_alone_are_given_for_the_reader_to_refuse() -> None:
    assert forms.hours_given(forms.typed_of([("hours.holidays", "2026-12-25")]), "hours") is not None


def test_slips_are_at_the_field_that_holds_the_words() -> None:
    said = (
        "team.leads[1]: is not known\nteam.hours.week.monday: not hours\nteam.capacity: too many\nteam.leads[2]: twice"
    )

    assert forms.slips_of(said, "team") == {
        "leads": ["is not known", "twice"],
        "hours.week.monday": ["not hours"],
        "capacity": ["too many"],
    }


def test_a_line_without_a_path_belongs_to_no_field() -> None:
    assert forms.slips_of("The helpdesk is away") == {"": ["The helpdesk is away"]}


def test_differences_are_in_the_order_of_the_labels_and_see_through_spaces() -> None:
    typed = forms.typed_of([("a", "one \r\n two"), ("b", "mine"), ("c", "same")])
    stored = forms.typed_of([("a", "one\ntwo"), ("b", "theirs"), ("c", "same")])

    found = forms.differences(typed, stored, {"c": "C", "b": "B", "a": "A"})

    assert [(one.label, one.stored, one.typed) for one in found] == [("B", "theirs", "mine")]
