"""The capacity planner: thresholds moved, and cases as hours and money a day."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.protocols.capacity import Plan, Question, adjustable, best, option, with_threshold
from app.protocols.figures import Figures, Load
from tests.protocols.make import NOW, condition, protocol

DAY = timedelta(days=1)


def wants(*conditions: dict[str, Any], either: tuple[dict[str, Any], ...] = ()) -> Any:
    return protocol(criteria={"all": list(conditions), "any": list(either)} if either else {"all": list(conditions)})


def test_fields_with_a_threshold_are_the_ones_that_are_compared() -> None:
    found = wants(
        condition("level", "is", "poor"),
        condition("score", "at_most", 40),
        condition("reopens", "is", 2),
        either=(condition("waiting_hours", "above", 3),),
    )

    assert adjustable(found) == ("score", "waiting_hours")


def test_every_threshold_on_the_field_is_moved_and_nothing_else() -> None:
    both = wants(
        condition("score", "at_most", 40), either=(condition("score", "below", 30), condition("reopens", "is", 2))
    )

    moved = with_threshold(both, "score", 25)

    assert [one.value for one in moved.criteria.conditions] == [25, 25, 2]
    assert moved.actions == both.actions


def test_a_field_without_a_threshold_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(ValueError, match=r"no threshold on 'reopens'; those it has are on score"):
        with_threshold(protocol(), "reopens", 2)


def test_a_threshold_beyond_what_the_field_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="must be from 0 to 100"):
        with_threshold(protocol(), "score", 101)


@pytest.mark.parametrize("thresholds", [(), tuple(range(26))])
def test_so_many_thresholds_are_asked_for_at_once(thresholds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="name 1 to 25 thresholds"):
        Question(field="score", thresholds=thresholds)


FIGURES = Figures(
    cases=30,
    load=(
        Load(team="A", hour=NOW, cases=6),
        Load(team="B", hour=NOW, cases=2),
        Load(team="A", hour=NOW + timedelta(hours=3), cases=1),
        Load(team="A", hour=NOW + DAY, cases=21),
    ),
)


@pytest.mark.capability("CRI-03")
def test_cases_come_to_hours_and_money_a_day() -> None:
    asked = Question(field="score", thresholds=(40,), minutes_per_case=30, hourly_cost=20)

    found = option(40, FIGURES, 10 * DAY, asked)

    assert (found.cases, found.cases_per_day, found.busiest_day) == (30, 3.0, 21)
    assert (found.hours_per_day, found.cost_per_day) == (1.5, 30.0)
    assert found.teams == {"A": 2.8, "B": 0.2}


@pytest.mark.parametrize(("hours", "fits"), [(None, True), (1.5, True), (1.4, False)])
def test_an_option_fits_where_the_hours_suffice(hours: float | None, fits: bool) -> None:
    asked = Question(field="score", thresholds=(40,), minutes_per_case=30, hours_available=hours)

    assert option(40, FIGURES, 10 * DAY, asked).fits is fits


def test_the_best_is_the_one_with_the_most_cases_of_those_that_fit() -> None:
    asked = Question(field="score", thresholds=(10, 20), minutes_per_case=60, hours_available=2)
    few, many = (option(at, Figures(cases=cases), 10 * DAY, asked) for at, cases in ((10, 15), (20, 30)))

    assert best([few, many]) == few
    assert best([many]) is None


def test_a_plan_is_ready_for_json() -> None:
    asked = Question(field="score", thresholds=(40,))
    told = option(40, FIGURES, 10 * DAY, asked)

    plain = Plan(protocol="Example", start=NOW, end=NOW + 10 * DAY, question=asked, options=(told,)).as_dict()

    assert json.loads(json.dumps(plain))["options"][0]["cases"] == 30
    assert (plain["start"], plain["question"]["field"]) == ("2031-05-06T12:00:00+00:00", "score")
