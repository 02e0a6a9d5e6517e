"""How conditions and stored reasons are said to people."""

from __future__ import annotations

from typing import Any

import pytest

from app.protocols import rules
from app.protocols.protocol import Condition
from app.web.protocols import labels
from app.words import ConditionResult


def stored(name: str, operator: str, expected: Any, actual: Any) -> str:
    """The reason as the engine writes it."""
    asked = Condition(field=name, operator=operator, value=expected)
    return rules.sentence(ConditionResult(asked.field, asked.operator, asked.value, actual, False))


@pytest.mark.parametrize(
    ("name", "operator", "expected", "actual", "said"),
    [
        (
            "state", "is", "poor_worsening", "good_improving",
            "satisfaction state is “Poor, worsening” (it is “Good, improving”)",
        ),
        (
            "status", "none_of", ("closed", "spam"), "closed",
            "ticket status is none of “Closed”, “Spam” (it is “Closed”)",
        ),
        ("rating_stars", "at_most", 2.0, None, "customer's rating in stars is at most 2 (it is not known)"),
        ("tags", "includes", "big_order", ("a", "b_c"), "ticket tags includes big_order (it is a, b_c)"),
        ("assigned", "is", True, False, "has an assignee is yes (it is no)"),
        ("cause", "is_not", "billing", "unknown", "cause of the failure is not “Billing” (it is “Cause not known”)"),
        ("signals", "includes", "acts.refund", (), "signals found includes “Wants money back” (it is empty)"),
    ],
)  # fmt: skip
def test_a_stored_reason_is_said_in_the_editors_words(
    name: str, operator: str, expected: Any, actual: Any, said: str
) -> None:
    assert labels.plainly(f"Not eligible: it wants {stored(name, operator, expected, actual)}.") == (
        f"Not eligible: it wants {said}."
    )


def test_several_conditions_are_said_one_by_one() -> None:
    found = [stored("score", "at_most", 40.0, 31.5), stored("level", "is", "poor", "good")]

    said = labels.plainly(f"The criteria hold: {', '.join(found)}.")

    assert said == (
        "The criteria hold: satisfaction score is at most 40 (it is 31.5), satisfaction level is “Poor” (it is “Good”)."
    )


def test_the_cause_of_another_protocol_is_said_in_words() -> None:
    told = 'the cause is shipping_delay, which the protocol "A" is in charge of, and this protocol is for billing.'

    assert labels.plainly(told) == (
        'the cause is “Shipping delay”, which the protocol "A" is in charge of, and this protocol is for “Billing”.'
    )


@pytest.mark.parametrize("text", ["", "Done.", "In cooldown until 2026-03-02 09:00 UTC.", "state_of_things (it is x)"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert labels.plainly(text) == text


def test_a_condition_names_its_fact_and_its_value() -> None:
    assert labels.condition("state", "one_of", ["poor_worsening", "poor_improving"]) == (
        "Satisfaction state is one of “Poor, worsening”, “Poor, improving”"
    )
