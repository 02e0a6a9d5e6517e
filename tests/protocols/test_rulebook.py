"""Many criteria asked together: they answer as each would alone, whatever they share and whatever was asked before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.protocols import rulebook as module
from app.protocols import rules
from app.protocols.protocol import Condition, Criteria
from app.protocols.rulebook import Rulebook, rulebook

VIP = frozenset({"vip", "eu"})

Row = tuple[str, str, Any]


def criteria(*every: Row, some: tuple[Row, ...] = ()) -> Criteria:
    def build(rows: tuple[Row, ...]) -> tuple[Condition, ...]:
        return tuple(Condition(field=field, operator=operator, value=value) for field, operator, value in rows)

    return Criteria(all=build(every), any=build(some))


NUMBERS = st.sampled_from([0, 0.5, 1, 20, 40.0, 40, 60])
ROWS = st.one_of(
    st.tuples(st.sampled_from(["score", "waiting_hours"]), st.sampled_from(["is", "at_most", "above"]), NUMBERS),
    st.tuples(st.just("state"), st.sampled_from(["one_of", "none_of"]), st.sampled_from([("a",), ("a", "b")])),
    st.tuples(st.just("tags"), st.sampled_from(["includes", "excludes"]), st.sampled_from(["vip", "late"])),
    st.tuples(st.just("assigned"), st.just("is"), st.booleans()),
)
CRITERIA = st.builds(
    lambda every, some: criteria(*every, some=tuple(some)), st.lists(ROWS, max_size=4), st.lists(ROWS, max_size=3)
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "score": st.none() | NUMBERS,
        "waiting_hours": NUMBERS,
        "state": st.sampled_from(["a", "b", "c"]),
        "tags": st.sampled_from([frozenset(), VIP, {"late"}]),
        "assigned": st.booleans(),
    },
)


@given(st.lists(CRITERIA, max_size=5), st.lists(FACTS, min_size=1, max_size=4))
def test_every_criteria_answer_as_they_would_alone(many, tickets):
    book = Rulebook(many)

    for facts in tickets:
        found = book.look(facts)
        assert [page.results(found) for page in book.pages] == [rules.explain(one, facts) for one in many]
        assert [not page.why_not(found) for page in book.pages] == [rules.matches(one, facts) for one in many]


def test_what_is_lacking_is_said_with_what_was_found():
    book = Rulebook([criteria(("score", "at_most", 40), ("state", "one_of", ("a", "b")))])

    said = book.pages[0].why_not(book.look({"score": 72, "state": "a"}))

    assert said == "Not eligible: it wants score is at most 40 (it is 72)."


def test_a_rulebook_is_made_once_for_the_same_criteria():
    many = [criteria(("score", "is", 1)), criteria(("score", "is", 2))]

    assert rulebook(many) is rulebook(list(many))
    assert rulebook(many) is not rulebook(many[:1])


def test_what_is_kept_stays_within_bounds(monkeypatch):
    monkeypatch.setattr(module, "KEPT_VALUES", 3)
    monkeypatch.setattr(module, "KEPT_BOOKS", 2)
    many = [criteria(("score", "at_least", 5), ("state", "is", str(number))) for number in range(9)]

    for one in many:
        found = [rulebook([one]).look({"score": score, "state": "4"}).results[0].passed for score in range(9)]
        assert found == [score >= 5 for score in range(9)]
    assert len(module._books) <= 2


@pytest.mark.parametrize(
    ("field", "value", "kept"), [("score", 40, True), ("organization", "Example House", False), ("age_hours", 3, False)]
)
def test_only_values_that_come_again_and_name_nobody_are_kept(field, value, kept):
    book = Rulebook([criteria((field, "is", value))])

    again = [book.look({field: value}).results[0] for _ in range(2)]

    assert again[0] == again[1]
    assert (again[0] is again[1]) is kept


class TestDigest:
    RULE = criteria(("tags", "includes", "vip"), ("waiting_hours", "above", 4))

    def test_ignores_facts_that_no_condition_names(self):
        assert rulebook([self.RULE]).digest({"score": 1}) == rulebook([self.RULE]).digest({"score": 2})

    @pytest.mark.parametrize("change", [{"state": "b"}, {"cause": "billing"}, {"tags": frozenset()}])
    def test_sees_state_cause_and_named_facts(self, change):
        plain = {"state": "a", "cause": "unknown", "tags": VIP}

        assert rulebook([self.RULE]).digest(plain) != rulebook([self.RULE]).digest(plain | change)

    def test_time_alone_counts_only_when_it_turns_a_condition(self):
        marks = [rulebook([self.RULE]).digest({"waiting_hours": hours}) for hours in (1, 3.9, 4.1, 30)]

        assert marks[0] == marks[1] != marks[2] == marks[3]

    def test_sees_other_criteria_whatever_their_order(self):
        other = criteria(("tags", "includes", "gold"))

        assert rulebook([self.RULE, other]).digest({}) == rulebook([other, self.RULE, other]).digest({})
        assert rulebook([self.RULE]).digest({}) != rulebook([other]).digest({})
