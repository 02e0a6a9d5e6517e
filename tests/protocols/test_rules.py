"""Facts, and conditions on them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocols import rules
from app.protocols.errors import FactsError
from app.protocols.facts import FACTS, Kind, check_facts, stars
from app.protocols.protocol import Condition, Criteria
from app.words import SatState

VIP = frozenset({"vip", "eu"})


def criteria(*every: tuple[Any, ...], some: tuple[Any, ...] = ()) -> Criteria:
    def build(rows: tuple[Any, ...]) -> tuple[Condition, ...]:
        return tuple(Condition(field=field, operator=operator, value=value) for field, operator, value in rows)

    return Criteria(all=build(every), any=build(some))


@pytest.mark.capability("CRI-02")
@pytest.mark.parametrize(
    ("field", "operator", "value", "yes", "no"),
    [
        ("score", "is", 40, [40, 40.0], [39, 41, None]),
        ("score", "is_not", 40, [39], [40, None]),
        ("score", "at_least", 40, [40, 100], [39.9, None]),
        ("score", "at_most", 40, [40, 0], [40.1, None]),
        ("score", "above", 40, [41], [40, None]),
        ("score", "below", 40, [39], [40, None]),
        ("change", "at_most", -15, [-15, -60], [-14, 15, None]),
        ("minutes_in_state", "at_least", 30, [30, 500], [29, None]),
        ("p_satisfied", "below", 0.5, [0.49], [0.5, None]),
        ("level", "is", "poor", ["poor"], ["good", None]),
        ("direction", "is_not", "worsening", ["none", "steady"], ["worsening", None]),
        ("state", "is", "poor_worsening", [SatState.POOR_WORSENING, "poor_worsening"], ["poor_improving", None]),
        ("state", "one_of", ("poor_worsening", "poor_improving"), ["poor_improving"], ["good_improving", None]),
        ("state", "none_of", ("good_improving",), ["poor_improving"], ["good_improving", None]),
        ("tags", "includes", "vip", [VIP], [frozenset(), {"eu"}, None]),
        ("tags", "excludes", "vip", [frozenset(), {"eu"}], [VIP, None]),
        ("tags", "includes_any", ("vip", "gold"), [VIP, {"gold"}], [frozenset(), None]),
        ("tags", "includes_all", ("vip", "eu"), [VIP], [{"vip"}, None]),
        ("tags", "excludes_all", ("vip", "gold"), [frozenset(), {"eu"}], [VIP, None]),
        ("assigned", "is", False, [False], [True, None]),
    ],
)
def test_truth_table_of_every_operator(field, operator, value, yes, no):
    rule = criteria((field, operator, value))

    assert all(rules.matches(rule, {field: actual}) for actual in yes)
    assert not any(rules.matches(rule, {field: actual}) for actual in no)


@pytest.mark.capability("CRI-02")
@pytest.mark.parametrize(
    ("poor", "falling", "vip", "many", "expected"),
    [
        (True, True, True, False, True),
        (True, True, False, True, True),
        (True, True, True, True, True),
        (True, True, False, False, False),
        (True, False, True, True, False),
        (False, True, True, True, False),
        (False, False, False, False, False),
    ],
)
def test_all_must_hold_and_one_of_any(poor, falling, vip, many, expected):
    rule = criteria(
        ("level", "is", "poor"),
        ("change", "at_most", -10),
        some=(("tags", "includes", "vip"), ("customer_messages", "above", 5)),
    )
    facts = {
        "level": "poor" if poor else "good",
        "change": -20 if falling else 5,
        "tags": VIP if vip else frozenset(),
        "customer_messages": 9 if many else 1,
    }

    assert rules.matches(rule, facts) is expected
    assert rules.met(rule, rules.explain(rule, facts)) is expected


def test_criteria_without_conditions_never_match():
    assert not rules.matches(Criteria(), {"score": 1})
    assert not rules.met(Criteria(), ())


def test_any_alone_is_enough():
    assert rules.matches(criteria(some=(("score", "below", 9), ("rating", "is", 0))), {"rating": 0})


def test_explaining_names_what_was_wanted_and_found():
    rule = criteria(("score", "at_most", 40), some=(("tags", "includes_any", ("vip", "gold")),))

    low, vip = rules.explain(rule, {"score": 72, "tags": VIP})

    assert (low.field, low.operator, low.expected, low.actual, low.passed) == ("score", "at_most", 40, 72, False)
    assert (vip.actual, vip.passed) == (("eu", "vip"), True)


@pytest.mark.parametrize(
    ("row", "facts", "said"),
    [
        (("score", "at_most", 40), {"score": 72}, "score is at most 40 (it is 72)"),
        (("rating", "below", 0.5), {}, "rating is below 0.5 (it is not known)"),
        (("assigned", "is", True), {"assigned": False}, "assigned is yes (it is no)"),
        (("tags", "includes", "vip"), {"tags": frozenset()}, "tags includes vip (it is empty)"),
        (("state", "one_of", ("a", "b")), {"state": "c"}, "state is one of a, b (it is c)"),
    ],
)
def test_a_result_is_a_sentence(row, facts, said):
    (result,) = rules.explain(criteria(row), facts)

    assert rules.sentence(result) == said


def test_every_kind_of_fact_has_operators():
    assert all(rules.operators_for(kind) for kind in Kind)
    assert rules.operators_for(Kind.FLAG) == ("is", "is_not")


def test_named_lists_the_facts_that_criteria_look_at():
    assert rules.named([criteria(("score", "is", 1)), criteria(some=(("tags", "includes", "a"),))]) == {"score", "tags"}


class TestFacts:
    def test_right_facts_pass_and_unknown_ones_may_be_none(self):
        facts = {"score": 12, "tags": VIP, "state": SatState.GOOD_IMPROVING, "assigned": True, "rating": None}

        assert check_facts(facts) is facts

    def test_every_slip_is_named_without_its_value(self):
        with pytest.raises(FactsError) as caught:
            check_facts({"scor": 1, "score": "secret", "tags": ["vip"], "assigned": 1, "level": "bad", "change": True})

        said = str(caught.value)
        assert "scor is not a fact" in said
        assert "score must be a number" in said
        assert "tags must be a set of words" in said
        assert "assigned must be true or false" in said
        assert "level must be a word of good, poor" in said
        assert "change must be a number" in said
        assert "secret" not in said

    def test_every_fact_has_a_label(self):
        assert all(fact.label and fact.name == name for name, fact in FACTS.items())


@pytest.mark.parametrize(
    ("rating", "expected"), [(0, 1), (0.25, 2), (1 / 3, 2), (0.5, 3), (2 / 3, 4), (0.75, 4), (1, 5), (-1, 1), (7, 5)]
)
def test_ratings_as_stars(rating, expected):
    assert stars(rating) == expected


def test_two_points_of_ten_make_a_star():
    assert [stars((points - 1) / 9) for points in range(1, 11)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_better_rating_never_has_fewer_stars(one, other):
    low, high = sorted((one, other))

    assert stars(low) <= stars(high)
