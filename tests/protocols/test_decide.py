"""Deciding which protocol opens a case, and why the others do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from app.protocols.decide import PastCase, Standing, decide, left
from app.protocols.protocol import Criteria
from app.words import Outcome
from tests.protocols.make import NOW, condition, published

POOR = {"state": "poor_worsening", "score": 20, "cause": "unknown"}
GOOD = {"state": "good_improving", "score": 90, "cause": "unknown"}


def past(**changes) -> PastCase:
    whole: dict[str, Any] = {
        "protocol": "Example",
        "version_id": 1,
        "opened_at": NOW - timedelta(hours=200),
        "closed_at": NOW - timedelta(hours=100),
        "exited_at": NOW - timedelta(hours=150),
    }
    return PastCase(**whole | changes)


def outcome(facts=POOR, cases=(), **changes) -> tuple[Outcome, str]:
    (decision,) = decide([published(**changes)], facts, Standing(cases=cases), NOW)
    return decision.outcome, decision.reason


def test_matching_criteria_open_a_case_with_the_reason():
    (decision,) = decide([published(7)], POOR, Standing(), NOW)

    assert (decision.outcome, decision.version_id, decision.protocol) == (Outcome.OPEN, 7, "Example")
    assert decision.reason == "The criteria hold: score is at most 40 (it is 20)."
    assert decision.facts == {"score": 20, "state": "poor_worsening"}
    assert [result.passed for result in decision.conditions] == [True]


def test_what_fails_is_named_with_its_value():
    assert outcome(GOOD) == (Outcome.NOT_ELIGIBLE, "Not eligible: it wants score is at most 40 (it is 90).")


def test_a_fact_that_is_not_known_is_said_so():
    assert outcome({})[1] == "Not eligible: it wants score is at most 40 (it is not known)."


def test_when_none_of_any_holds_all_of_them_are_named():
    either = {"any": [condition("score", "above", 95), condition("reopens", "at_least", 2)]}

    assert outcome(GOOD | {"reopens": 0}, criteria=either) == (
        Outcome.NOT_ELIGIBLE,
        "Not eligible: it wants any of score is above 95 (it is 90); reopens is at least 2 (it is 0).",
    )


def test_a_protocol_without_conditions_opens_nothing():
    bare = replace(published(), protocol=replace(published().protocol, criteria=Criteria()))

    (decision,) = decide([bare], POOR, Standing(), NOW)

    assert (decision.outcome, decision.reason) == (
        Outcome.NOT_ELIGIBLE,
        "Not eligible: the protocol has no conditions.",
    )


def test_one_protocol_wins_and_the_others_say_who():
    protocols = [published(3, order=2, name="Later"), published(5, order=1, name="First"), published(1, order=2)]

    decisions = decide(protocols, POOR, Standing(), NOW)

    assert [(d.protocol, d.outcome) for d in decisions] == [
        ("First", Outcome.OPEN),
        ("Example", Outcome.OTHER_PROTOCOL),
        ("Later", Outcome.OTHER_PROTOCOL),
    ]
    assert '"First" comes first' in decisions[1].reason


def test_the_order_in_which_protocols_are_given_changes_nothing():
    protocols = [published(n, order=n % 2, name=f"P{n}") for n in range(4)]

    answers = {decide(given, POOR, Standing(), NOW)[0].protocol for given in permutations(protocols)}

    assert answers == {"P0"}


def test_a_protocol_that_may_not_open_leaves_the_ticket_to_the_next():
    worn_out = published(1, name="Worn out", guardrails={"rearm": "never", "cooldown_hours": 0})
    standing = Standing(cases=(past(protocol="Worn out"),))

    decisions = decide([worn_out, published(2, order=1)], POOR, standing, NOW)

    assert [d.outcome for d in decisions] == [Outcome.COOLDOWN, Outcome.OPEN]


def test_an_open_case_of_any_protocol_is_the_only_one():
    still_open = past(protocol="Other", closed_at=None)

    assert outcome(cases=(past(), still_open)) == (
        Outcome.ALREADY_OPEN,
        'The criteria hold; a case of "Other" is open already.',
    )


def test_cooldown_counts_from_the_last_case_of_any_protocol():
    ended = NOW - timedelta(hours=23)

    found, reason = outcome(cases=(past(), past(protocol="Other", closed_at=ended)))

    assert found is Outcome.COOLDOWN
    assert reason == "The criteria hold; in cooldown until 2031-05-06 13:00 UTC."


def test_cooldown_ends_at_its_hour():
    ended = NOW - timedelta(hours=24)

    assert outcome(cases=(past(protocol="Other", closed_at=ended),))[0] is Outcome.OPEN


@pytest.mark.parametrize(
    ("guardrails", "case", "expected"),
    [
        ({"rearm": "never"}, past(), Outcome.COOLDOWN),
        ({"rearm": "after_state_exit"}, past(), Outcome.OPEN),
        ({"rearm": "after_state_exit"}, past(exited_at=None), Outcome.COOLDOWN),
        ({"rearm": "after_hours", "rearm_hours": 100}, past(), Outcome.OPEN),
        ({"rearm": "after_hours", "rearm_hours": 101}, past(), Outcome.COOLDOWN),
        ({"max_cases": 1}, past(), Outcome.COOLDOWN),
    ],
)
def test_rearm_policies(guardrails, case, expected):
    found, reason = outcome(cases=(case,), guardrails=guardrails)

    assert found is expected
    assert reason.endswith(".")


def test_the_latest_case_counts_for_rearming():
    cases = (past(opened_at=NOW - timedelta(hours=120), exited_at=None), past())

    assert outcome(cases=cases)[0] is Outcome.COOLDOWN


def test_the_cases_of_another_protocol_do_not_use_up_this_one():
    assert outcome(cases=(past(protocol="Other", exited_at=None),))[0] is Outcome.OPEN


class TestCauses:
    PROTOCOLS = (
        published(1, name="Default", cause="unknown"),
        published(2, name="Bills", cause="billing", order=1),
        published(3, name="Any", cause="any", order=2),
    )

    @pytest.mark.parametrize(
        ("cause", "winner"),
        [("billing", "Bills"), ("unknown", "Default"), ("wrong_item", "Default"), (None, "Default")],
    )
    def test_a_cause_is_taken_by_its_own_protocol_else_by_the_default_one(self, cause, winner):
        decisions = decide(self.PROTOCOLS, POOR | {"cause": cause}, Standing(), NOW)

        assert [d.protocol for d in decisions if d.outcome is Outcome.OPEN] == [winner]

    def test_the_others_say_who_is_in_charge(self):
        default, bills, _ = decide(self.PROTOCOLS, POOR | {"cause": "billing"}, Standing(), NOW)

        assert default.reason == (
            'Not eligible: the cause is billing, which the protocol "Bills" is in charge of, '
            "and this protocol is for unknown."
        )
        assert bills.conditions[0].field == "cause"

    def test_a_cause_without_an_owner_is_said_so(self):
        (decision,) = decide([self.PROTOCOLS[1]], POOR, Standing(), NOW)

        assert decision.reason == "Not eligible: the cause is unknown, and this protocol is for billing."


def test_protocols_that_stopped_matching_are_named_as_left():
    decisions = decide([published(1), published(2, name="Rated", criteria={"all": [condition("score", "above", 50)]})],
                       POOR, Standing(), NOW)  # fmt: skip

    assert left(decisions) == {"Rated"}
