"""The order of the recovery queue: urgency and expected benefit, with why in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.protocols.ranking import Standing, rank, why
from app.words import SatState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAIN = Standing(state=SatState.POOR_IMPROVING, p_satisfied=0.3)


def test_urgency_and_benefit_make_the_place() -> None:
    found = rank(PLAIN, NOW)

    assert found.value == found.urgency * found.benefit
    assert found.benefit == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("sooner", "later"),
    [
        ({"state": SatState.POOR_WORSENING}, {}),
        ({}, {"state": SatState.GOOD_IMPROVING}),
        ({"p_satisfied": 0.1}, {}),
        ({"churn_risk": 0.8}, {"churn_risk": 0.2}),
        ({"customer_value": 5_000.0}, {"customer_value": 10.0}),
        ({"touch_due_at": NOW - HOUR}, {"touch_due_at": NOW + HOUR / 2}),
        ({"touch_due_at": NOW + HOUR / 2}, {"touch_due_at": NOW + 5 * HOUR}),
        ({"recover_due_at": NOW - HOUR}, {}),
        ({}, {"contacted_at": NOW - HOUR}),
        ({"stuck": True}, {}),
    ],
)
def test_what_presses_more_comes_first(sooner: dict[str, Any], later: dict[str, Any]) -> None:
    first, second = PLAIN._replace(**sooner), PLAIN._replace(**later)

    assert rank(first, NOW).value > rank(second, NOW).value


def test_a_promise_that_was_kept_presses_nobody() -> None:
    kept = PLAIN._replace(touch_due_at=NOW - HOUR, contacted_at=NOW - 2 * HOUR)

    assert rank(kept, NOW).value < rank(PLAIN, NOW).value
    assert "late" not in " ".join(why(kept, NOW))


def test_a_case_without_any_score_has_a_place() -> None:
    assert rank(Standing(), NOW).value > 0
    assert why(Standing(), NOW) == ()


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"touch_due_at": NOW - 2 * HOUR}, "the first word is 2 h late"),
        ({"touch_due_at": NOW + HOUR / 2}, "the first word is due in 30 min"),
        ({"recover_due_at": NOW - 72 * HOUR, "contacted_at": NOW}, "the recovery is 3 days late"),
        ({"touch_due_at": NOW}, "the first word is under a minute late"),
        ({"state": SatState.POOR_WORSENING}, "poor and getting worse"),
        ({"stuck": True}, "waits for a decision"),
        ({"p_satisfied": 0.29}, "71% likely to end unsatisfied"),
        ({"churn_risk": 0.57}, "57% likely to leave"),
        ({"customer_value": 1200.0}, "worth 1,200 by your own figure"),
    ],
)
def test_every_reason_is_said_in_words(columns: dict[str, Any], said: str) -> None:
    assert said in why(PLAIN._replace(**columns), NOW)
