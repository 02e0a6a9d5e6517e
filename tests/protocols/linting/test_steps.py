"""Steps that contradict each other, and whose they are."""

from __future__ import annotations

import pytest

from app.protocols.lint import lint_one
from tests.protocols.linting.lines import lines
from tests.protocols.make import protocol

HIGH = {"do": "priority", "to": "high"}


def test_the_last_word_on_a_field_overrules_the_ones_before():
    found = lines(team="Recovery", actions=[HIGH, {"do": "assign"}, {"do": "priority", "to": "urgent"}])

    assert found == ["warning: actions[2]: overrules actions[0] on the same run (priority)"]


def test_the_same_step_twice_is_named():
    assert lines(actions=[HIGH, HIGH]) == [
        "warning: actions[1]: does the same as actions[0] on the same run (priority)"
    ]


def test_two_assignments_overrule_each_other_even_to_one_group():
    found = lines(team="Recovery", actions=[{"do": "assign"}, {"do": "assign", "to": "least_loaded"}])

    assert found == ["warning: actions[1]: overrules actions[0] on the same run (assignment)"]


def test_a_tag_that_is_set_and_taken_away_again_is_named():
    found = lines(tags=["late"], actions=[{"do": "tag", "add": "late"}, {"do": "tag", "remove": "late"}])

    assert found == ["warning: actions[1]: overrules actions[0] on the same run (tag late)"]


def test_a_priority_that_nothing_is_below_never_changes_anything():
    assert lines(actions=[{"do": "priority", "to": "low"}]) == [
        "warning: actions[0].to: never changes anything: nothing is below low, and may_lower is not given"
    ]


def test_a_field_set_in_two_ways_is_named_and_other_fields_are_not():
    fields = [("colour", "red"), ("size", 4), ("colour", "blue")]

    found = lines(actions=[{"do": "field", "field": name, "value": value} for name, value in fields])

    assert found == ["warning: actions[2]: overrules actions[0] on the same run (field colour)"]


class TestEscalation:
    def chain(self, *then, **first):
        return lines(actions=[{"do": "alert", "acknowledge_minutes": 15, **first, "then": list(then)}])

    def test_a_chain_that_comes_back_to_somebody_is_circular(self):
        found = self.chain(
            {"email": "b@example.com", "acknowledge_minutes": 15},
            {"email": "B@example.com", "acknowledge_minutes": 15},
            {"email": "lead"},
            email="lead",
        )

        assert found == [
            "error: actions[0].then[1].email: is a circular escalation; it was alerted before",
            "error: actions[0].then[2].email: is a circular escalation; it was alerted before",
        ]

    def test_a_chain_to_ever_new_people_passes(self):
        assert self.chain({"slack": "recovery", "acknowledge_minutes": 5}, {"webhook": "recovery"}, email="lead") == []

    def test_the_address_of_a_webhook_is_never_quoted(self):
        hook = {"webhook": "https://hooks.example.com/secret"}
        wrong = protocol(actions=[{"do": "alert", "acknowledge_minutes": 5, **hook, "then": [hook]}])

        (finding,) = lint_one(wrong)

        assert (finding.path, finding.value) == ("actions[0].then[0].webhook", None)


class TestOwners:
    @pytest.mark.parametrize(("key", "value"), [("done_when", "ticked"), ("within_hours", 4)])
    def test_what_is_for_people_needs_one(self, key, value):
        assert lines(actions=[HIGH | {key: value}]) == [
            f"error: actions[0].{key}: is for a person's step; give it an owner"
        ]

    def test_a_step_with_an_owner_may_have_both(self):
        assert lines(actions=[HIGH | {"owner": "agent", "within_hours": 4, "done_when": "ticked"}]) == []

    def test_only_an_alert_is_acknowledged(self):
        wrong = HIGH | {"owner": "lead", "done_when": "acknowledged"}
        right = {"do": "alert", "email": "lead", "done_when": "acknowledged"}

        assert lines(actions=[wrong, right]) == [
            "error: actions[0].done_when: is for alerts alone; nothing else is acknowledged"
        ]


class TestGuardrails:
    def test_automation_that_may_not_speak_has_no_replies(self):
        reply = {"do": "reply", "text": "We look into it."}

        assert lines(actions=[reply]) == [
            "error: actions[0].do: writes to the customer, which guardrails.automation_may_speak does not allow"
        ]
        assert lines(actions=[reply], guardrails={"automation_may_speak": True}) == []

    def test_a_first_touch_later_than_the_recovery_is_named(self):
        assert lines(targets={"first_touch_minutes": 200, "recovery_hours": 3}) == [
            "warning: targets.first_touch_minutes: is later than the recovery itself, 3 hours"
        ]

    def test_targets_in_order_pass(self):
        assert lines(targets={"first_touch_minutes": 180, "recovery_hours": 3}) == []

    def test_returning_to_the_own_team_is_no_return(self):
        assert lines(team="Recovery", follow_up={"return_to": "group", "return_group": "recovery "}) == [
            "warning: follow_up.return_group: is the protocol's own team, so the ticket would stay where it is"
        ]
