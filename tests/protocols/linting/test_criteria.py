"""Criteria that never open a case, and conditions that decide nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.linting.lines import lines
from tests.protocols.make import condition


def every(*rows: Any) -> dict[str, Any]:
    return {"criteria": {"all": [condition(*row) for row in rows]}}


@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        ([("state", "is", "good_improving"), ("level", "is", "poor")], "state and level"),
        ([("direction", "is", "improving"), ("state", "is", "poor_worsening")], "direction and state"),
        ([("rating", "below", 0.2), ("rating_stars", "at_least", 4)], "rating and rating_stars"),
        ([("rating_stars", "above", 4), ("rating_stars", "below", 5)], "rating_stars"),
        ([("reopens", "above", 1), ("reopens", "below", 2)], "reopens"),
    ],
)
def test_facts_that_say_the_same_contradict_each_other(rows, facts):
    assert lines(**every(*rows)) == [f"error: criteria: can never hold: no {facts} meets all conditions on it"]


@pytest.mark.parametrize(
    "rows",
    [
        [("state", "is", "good_improving"), ("direction", "is", "steady")],
        [("rating", "below", 0.5), ("rating_stars", "is", 3)],
        [("reopens", "above", 1), ("reopens", "below", 3)],
    ],
)
def test_facts_that_go_together_pass(rows):
    assert lines(**every(*rows)) == []


def test_a_protocol_that_wants_an_open_case_never_opens_one():
    assert lines(**every(("has_open_case", "is", True))) == [
        "error: criteria: can never open a case: while a ticket has an open case, no other is opened on it"
    ]


def test_a_condition_on_another_cause_than_the_protocols_never_holds():
    assert lines(cause="billing", **every(("cause", "is", "shipping_delay"))) == [
        "error: criteria: can never open a case: the protocol is for the cause billing alone"
    ]


def test_a_choice_that_holds_anyway_makes_the_others_idle():
    criteria = {
        "all": [condition("score", "below", 30)],
        "any": [condition("score", "below", 50), condition("tags", "includes", "vip")],
    }

    assert lines(criteria=criteria) == [
        "warning: criteria.any[0]: holds whenever those of all do, so the others of any decide nothing"
    ]


def test_a_condition_given_twice_is_named():
    assert lines(**every(("score", "below", 30), ("score", "below", 30))) == [
        "warning: criteria.all[1]: says the same as criteria.all[0]"
    ]


class TestStopping:
    def test_a_stop_that_holds_from_the_start_would_leave_nothing_to_do(self):
        found = lines(guardrails={"stop_when": [condition("score", "below", 50)]}, **every(("score", "below", 30)))

        assert found == [
            "error: guardrails.stop_when: holds whenever the criteria hold, so no step would ever be taken"
        ]

    def test_a_stop_that_can_never_hold_is_an_error(self):
        stop = [condition("score", "below", 10), condition("score", "above", 90)]

        assert lines(guardrails={"stop_when": stop}) == [
            "error: guardrails.stop_when: can never hold: no score meets all conditions on it"
        ]

    def test_a_stop_of_its_own_passes(self):
        assert lines(guardrails={"stop_when": [condition("tags", "includes", "legal")]}) == []
