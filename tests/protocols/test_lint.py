"""The linter: what is wrong with documents that read well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocols import possible, rules
from app.protocols.facts import FACTS
from app.protocols.lint import DeskNames, Severity, lint, lint_one, lint_together
from app.protocols.protocol import Condition
from app.protocols.tags import TagDictionary
from app.words import Cause
from tests.protocols.make import condition, protocol

DESK = DeskNames(groups=frozenset({"Recovery", "20"}), macros=frozenset({"Hello"}), tags=frozenset({"vip"}))


def said(found) -> list[str]:
    """The findings as lines, without the values that they quote."""
    return [str(replace(finding, value=None)) for finding in found]


def alone(desk=None, **changes) -> list[str]:
    return said(lint_one(protocol(**changes), desk))


def every(*conditions) -> dict[str, Any]:
    return {"criteria": {"all": [condition(*row) for row in conditions]}}


class TestTags:
    @pytest.mark.capability("PRO-02")
    def test_a_tag_that_nobody_declared_is_an_error(self):
        assert alone(tags=["late"], actions=[{"do": "tag", "add": ["late", "latte"], "remove": "soon"}]) == [
            'error: Example: actions[0].add[1]: "latte" is unknown; declare it under tags',
            'error: Example: actions[0].remove[0]: "soon" is unknown; declare it under tags',
        ]

    def test_the_engines_own_tags_are_not_for_protocols(self):
        assert alone(tags=["recovery_open"], actions=[{"do": "tag", "add": "sat_good_improving"}]) == [
            'error: Example: tags[0]: "recovery_open" is set by the engine itself; choose another',
            'error: Example: actions[0].add[0]: "sat_good_improving" is set by the engine itself; a protocol may not',
        ]

    def test_which_tags_are_the_engines_depends_on_the_desk(self):
        one = protocol(tags=["recovery_open"], actions=[{"do": "tag", "add": "recovery_open"}])

        assert lint_one(one, None, TagDictionary(case_prefix="case_")) == []


class TestCriteria:
    @pytest.mark.parametrize(
        ("row", "line"),
        [
            (("score", "above", 100), "error: Example: criteria.all[0].value: can never hold: no score is above 100"),
            (("rating_stars", "below", 1), "criteria.all[0].value: can never hold: no rating_stars is below 1"),
            (("score", "at_least", 0), "warning: Example: criteria.all[0]: always holds once score is known"),
            (("level", "one_of", ["good", "poor"]), "criteria.all[0]: always holds once level is known"),
        ],
    )
    def test_conditions_that_say_nothing_are_named(self, row, line):
        assert line in "\n".join(alone(**every(row)))

    @pytest.mark.parametrize(
        "rows",
        [
            [("score", "above", 60), ("score", "below", 40)],
            [("score", "above", 40), ("score", "at_most", 40)],
            [("change", "is", 3), ("change", "is_not", 3)],
            [("state", "is", "good_improving"), ("state", "none_of", ["good_improving"])],
            [("group", "is", "A"), ("group", "is", "B")],
            [("tags", "includes", "a"), ("tags", "excludes_all", ["a", "b"])],
            [("tags", "includes_any", ["a", "b"]), ("tags", "excludes", "a"), ("tags", "excludes", "b")],
            [("assigned", "is", True), ("assigned", "is", False)],
        ],
    )
    def test_contradictions_are_errors(self, rows):
        assert alone(**every(*rows)) == [
            f"error: Example: criteria: can never hold: no {rows[0][0]} meets all conditions on it"
        ]

    @pytest.mark.parametrize(
        "rows",
        [
            [("score", "above", 40), ("score", "below", 41)],
            [("customer_messages", "above", 3), ("customer_messages", "is_not", 4)],
            [("state", "is_not", "good_improving"), ("state", "is_not", "poor_improving")],
            [("group", "is_not", "A"), ("group", "is_not", "B")],
            [("tags", "includes_any", ["a", "b"]), ("tags", "excludes", "a")],
        ],
    )
    def test_what_can_hold_passes(self, rows):
        assert alone(**every(*rows)) == []

    def test_any_counts_only_when_nothing_of_it_can_hold(self):
        low = {"all": [condition("score", "below", 40)]}
        high, higher, vip = (
            condition("score", "above", 50),
            condition("score", "is", 60),
            condition("tags", "includes", "v"),
        )

        assert alone(criteria=low | {"any": [high, vip]}) == [
            "warning: Example: criteria.any[0]: can never hold beside the conditions of all"
        ]
        assert alone(criteria=low | {"any": [high, higher]}) == [
            "error: Example: criteria: can never hold: no score meets all conditions on it"
        ]


class TestTexts:
    def test_a_placeholder_that_may_be_empty_wants_a_fallback(self):
        note = {"do": "note", "text": "{{ ticket_id }} {{ score | ? }} {{ stars }}"}
        alert = {"do": "alert", "email": "lead", "subject": "{{ cause }}: {{ state }}"}

        assert alone(actions=[note, alert]) == [
            'warning: Example: actions[0].text: "stars" may be empty; give a fallback, {{ stars | not known }}',
            'warning: Example: actions[1].subject: "state" may be empty; give a fallback, {{ state | not known }}',
        ]


class TestDesk:
    def test_names_the_desk_does_not_know_are_errors_and_rare_tags_warnings(self):
        lines = alone(
            DeskNames(**{name: frozenset({"x"}) for name in ("groups", "macros", "tags", "webhooks")}, has_lead=False),
            team="Recovery",
            actions=[
                {"do": "assign", "group": "Retention"},
                {"do": "priority", "to": "high"},
                {"do": "macro", "macro": "Hello"},
                {"do": "alert", "email": "lead"},
                {"do": "alert", "webhook": "pager"},
                {"do": "alert", "webhook": "https://example.com/x"},
            ],
            criteria={"any": [condition("group", "is", "Gold"), condition("tags", "includes_any", ["vip", "x"])]},
        )

        assert lines == [
            'error: Example: team: the desk has no group "Recovery"',
            'error: Example: actions[0].group: the desk has no group "Retention"',
            'error: Example: actions[2].macro: the desk has no macro "Hello"',
            'error: Example: actions[4].webhook: the desk has no webhook "pager"',
            'error: Example: criteria.any[0].value: the desk has no group "Gold"',
            'warning: Example: criteria.any[1].value: the desk has no tag "vip"',
            "warning: Example: actions[3].email: the desk has no lead, so this alert would reach nobody",
        ]

    def test_people_fields_and_links_of_a_chain_are_looked_up_too(self):
        nothing = frozenset({"x"})
        desk = DeskNames(groups=nothing, agents=nothing, skills=nothing, fields=nothing, webhooks=nothing)

        lines = alone(
            desk,
            team="x",
            actions=[
                {"do": "assign", "to": "member", "member": "Ann"},
                {"do": "field", "field": "colour", "value": "red"},
                {"do": "alert", "slack": "x", "acknowledge_minutes": 5, "then": [{"slack": "night"}]},
                {"do": "vendor_notice", "group": "Vendors", "text": "Look"},
            ],
            follow_up={"return_to": "group", "return_group": "Back"},
            guardrails={"stop_when": [condition("group", "is", "Legal")]},
        )

        assert [line.removeprefix("error: Example: ") for line in lines] == [
            'actions[0].member: the desk has no agent "Ann"',
            'actions[2].then[0].slack: the desk has no webhook "night"',
            'actions[3].group: the desk has no group "Vendors"',
            'actions[1].field: the desk has no field "colour"',
            'follow_up.return_group: the desk has no group "Back"',
            'guardrails.stop_when[0].value: the desk has no group "Legal"',
        ]

    def test_a_tag_that_the_protocol_sets_itself_need_not_be_there_yet(self):
        criteria = {"any": [condition("tags", "excludes", "late"), condition("tags", "includes", "recovery_open")]}

        assert alone(DESK, tags=["late"], criteria=criteria) == []

    def test_what_the_desk_did_not_tell_is_known(self):
        assert DESK.unasked == ("webhooks", "agents", "fields", "skills")

    def test_a_step_for_a_lead_wants_one(self):
        (line,) = alone(DeskNames(has_lead=False), actions=[{"do": "task", "text": "Call", "owner": "lead"}])

        assert line == "warning: Example: actions[0].owner: the desk has no lead, so this step would be nobody's"

    def test_known_names_pass_in_any_case_and_by_id(self):
        actions = [{"do": "assign", "group": "20"}, {"do": "macro", "macro": "hello"}, {"do": "alert", "webhook": "p"}]

        assert alone(DESK, team="recovery", actions=actions) == []

    def test_that_no_desk_was_asked_is_said(self):
        found = lint([protocol(cause="unknown")])

        assert [(one.severity, "not checked live" in one.message) for one in found] == [(Severity.NOTE, True)]
        assert str(found[0]) == "note: groups, macros and tags were not checked live, since no desk was asked"

    def test_an_asked_desk_leaves_nothing_to_say(self):
        assert lint([protocol(cause="unknown")], DESK) == []


@pytest.mark.capability("PRO-01")
class TestCauses:
    def test_every_cause_is_in_one_pair_of_hands_with_a_default_protocol(self):
        default = protocol(name="Default", cause="unknown")
        bills = protocol(name="Bills", cause="billing", **every(("score", "below", 60)))

        assert lint_together([default, bills]) == []

    def test_a_cause_with_two_protocols_is_an_error(self):
        both = [protocol(name=name, cause="billing", **every(("score", "below", n))) for n, name in enumerate("AB", 5)]

        assert said(lint_together([protocol(cause="unknown"), *both])) == [
            'error: B: cause: billing has a protocol already, "A"; a cause has exactly one'
        ]

    def test_causes_without_a_protocol_are_named(self):
        owned = [cause for cause in Cause if cause not in (Cause.UNKNOWN, Cause.PLATFORM)]
        protocols = [
            protocol(name=cause, cause=cause.value, **every(("score", "is", n))) for n, cause in enumerate(owned)
        ]

        assert said(lint_together(protocols)) == [
            "error: cause: no protocol is in charge of platform, unknown; "
            "give one the cause unknown, which makes it the default"
        ]

    def test_a_protocol_for_any_cause_is_in_charge_of_none(self):
        (finding,) = lint_together([protocol(cause="any")])

        assert "in charge of shipping_delay" in finding.message


class TestTogether:
    def test_two_protocols_of_one_name_are_an_error(self):
        pair = [protocol(cause="unknown"), protocol(cause="billing")]

        assert said(lint_together(pair)) == ["error: Example: name: is the name of another protocol"]

    def test_equal_criteria_are_an_error_where_both_could_match(self):
        rows = [condition("score", "below", 9), condition("tags", "includes", "a")]
        default = protocol(name="A", cause="unknown", criteria={"all": rows})
        same = protocol(name="B", cause="any", criteria={"all": rows[::-1]})

        assert said(lint_together([default, same])) == [
            'error: B: criteria: are the same as those of "A", which comes first'
        ]

    def test_equal_criteria_for_different_causes_pass(self):
        assert lint_together([protocol(name="A", cause="unknown"), protocol(name="B", cause="billing")]) == []


@st.composite
def number_conditions(draw):
    operators = st.sampled_from(rules.operators_for(FACTS["change"].kind))
    rows = draw(st.lists(st.tuples(operators, st.integers(-110, 110)), min_size=1, max_size=4))
    return [Condition(field="change", operator=operator, value=value) for operator, value in rows]


@given(number_conditions(), st.floats(-100, 100))
def test_what_holds_for_some_number_is_never_called_impossible(conditions, number):
    if all(rules.holds(one, {"change": number}) for one in conditions):
        assert possible.clash(conditions) is None


WORDS = st.frozensets(st.sampled_from("abc"))


@st.composite
def word_conditions(draw):
    rows = draw(
        st.lists(st.tuples(st.sampled_from(["includes_any", "includes_all", "excludes_all"]), WORDS), max_size=4)
    )
    return [Condition(field="tags", operator=operator, value=tuple(sorted(words))) for operator, words in rows if words]


@given(word_conditions())
def test_sets_of_words_are_called_impossible_exactly_when_they_are(conditions):
    subsets = [frozenset(letter for bit, letter in enumerate("abc") if mask >> bit & 1) for mask in range(8)]

    can_hold = any(all(rules.holds(one, {"tags": subset}) for one in conditions) for subset in subsets)

    assert (possible.clash(conditions) is None) is can_hold
