"""Reading and writing protocol documents that are right."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.protocols.actions.assign import AssignParams, AssignTo
from app.protocols.document import DocumentError, plain_document, read_document, write_document
from app.protocols.facts import FACTS, Fact, Kind
from app.protocols.protocol import (
    ANY_CAUSE,
    Action,
    Channel,
    CloseNeeds,
    Condition,
    Criteria,
    DoneWhen,
    FollowUp,
    Guardrails,
    Owner,
    Rearm,
    Resurvey,
    ReturnTo,
    Targets,
)
from app.protocols.rules import OPERATORS, operators_for
from tests.protocols.make import condition, document, protocol

WHOLE = """
version: 1
name: Late parcels
cause: shipping_delay
criteria:
  all:
    - {field: state, operator: one_of, value: [poor_worsening, poor_improving]}
    - {field: has_open_case, operator: is, value: false}
  any:
    - {field: tags, operator: includes, value: parcel}
    - {field: waiting_hours, operator: at_least, value: 4.5}
team: Recovery
tags: late_parcel
actions:
  - {do: tag, add: late_parcel}
  - {do: assign, to: least_loaded, owner: lead, within_hours: 2, done_when: assigned}
guardrails:
  cooldown_hours: 12
  rearm: after_hours
  rearm_hours: 48
  max_cases: 2
  max_actions: 6
  max_rounds: 3
  max_cases_per_day: 40
  max_apologies: 1
  automation_may_speak: true
  tags_expire_days: 30
  stop_when: [{field: tags, operator: includes, value: legal}]
  holdout_share: 0
targets: {first_touch_minutes: 30, recovery_hours: 8.5}
follow_up:
  resurvey: {after_hours: 6, channel: email, good_from: 0.75}
  return_to: group
  return_group: Support
  close_needs: nothing
"""


def test_every_part_of_a_document_is_read():
    found = read_document(WHOLE)

    assert (found.name, found.cause, found.team, found.tags) == (
        "Late parcels",
        "shipping_delay",
        "Recovery",
        ("late_parcel",),
    )
    assert found.criteria == Criteria(
        all=(
            Condition(field="state", operator="one_of", value=("poor_worsening", "poor_improving")),
            Condition(field="has_open_case", operator="is", value=False),
        ),
        any=(
            Condition(field="tags", operator="includes", value="parcel"),
            Condition(field="waiting_hours", operator="at_least", value=4.5),
        ),
    )
    assert found.actions[1] == Action(
        do="assign",
        params=AssignParams(group=None, to=AssignTo.LEAST_LOADED),
        owner=Owner.LEAD,
        within_hours=2,
        done_when=DoneWhen.ASSIGNED,
    )


def test_guardrails_targets_and_follow_up_are_read():
    found = read_document(WHOLE)

    assert found.guardrails == Guardrails(
        cooldown_hours=12,
        rearm=Rearm.AFTER_HOURS,
        rearm_hours=48,
        max_cases=2,
        max_actions=6,
        max_rounds=3,
        max_cases_per_day=40,
        max_apologies=1,
        automation_may_speak=True,
        tags_expire_days=30,
        stop_when=(Condition(field="tags", operator="includes", value="legal"),),
    )
    assert found.targets == Targets(first_touch_minutes=30, recovery_hours=8.5)
    assert found.follow_up == FollowUp(
        resurvey=Resurvey(after_hours=6, channel=Channel.EMAIL, good_from=0.75),
        return_to=ReturnTo.GROUP,
        return_group="Support",
        close_needs=CloseNeeds.NOTHING,
    )


def test_what_a_document_leaves_out_has_defaults():
    found = read_document(document())

    assert found.cause == ANY_CAUSE
    assert found.guardrails == Guardrails()
    assert found.follow_up == FollowUp()
    assert found.resurvey is None


def test_plain_values_and_their_yaml_read_alike():
    found = read_document(WHOLE)

    assert read_document(plain_document(found)) == found
    assert read_document(write_document(found)) == found


def test_a_written_document_has_only_what_is_set():
    written = plain_document(protocol())

    assert written["criteria"] == {"all": [condition("score", "at_most", 40)]}
    assert written["guardrails"]["cooldown_hours"] == 24
    assert not {"team", "tags", "version"} & set(written)


def test_a_single_word_stands_for_a_list_and_repeats_count_once():
    found = protocol(
        criteria={"all": [condition("tags", "includes_any", "vip"), condition("channel", "one_of", ["a", "b", "a"])]}
    )

    assert [one.value for one in found.criteria.all] == [("vip",), ("a", "b")]


def test_steps_have_keys_and_leave_the_resurvey_for_later():
    found = protocol(actions=[{"do": "resurvey", "after_hours": 2}, {"do": "priority", "to": "high"}])

    assert [key for key, _ in found.steps] == ["2-priority"]
    assert found.resurvey == Resurvey(after_hours=2)


def test_only_the_unknown_cause_makes_a_default_protocol():
    assert protocol(cause="unknown").is_default
    assert not protocol(cause="billing").is_default


def test_a_document_of_one_hundred_mistakes_says_how_many_more_there_are():
    broken = [{"field": "scor", "operator": "bigger", "value": 1}] * 49

    with pytest.raises(DocumentError) as caught:
        read_document(document(criteria={"all": broken, "any": broken}))

    assert len(caught.value.errors) == 101
    assert str(caught.value.errors[-1]) == "document: has 96 more errors"


TEXT = st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=12)
TAG = st.text("abcdefg_-0123456789", min_size=1, max_size=8)


def _value(fact: Fact, many: bool) -> st.SearchStrategy[Any]:
    if fact.kind is Kind.NUMBER:
        return st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False)
    if fact.kind is Kind.FLAG:
        return st.booleans()
    word = st.sampled_from(fact.choices) if fact.choices else TEXT
    return st.lists(word, min_size=1, max_size=4) if many else word


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    fact = FACTS[draw(st.sampled_from(sorted(FACTS)))]
    name = draw(st.sampled_from(operators_for(fact.kind)))
    return condition(fact.name, name, draw(_value(fact, OPERATORS[name].many)))


ACTION = st.one_of(
    st.builds(lambda tags: {"do": "tag", "add": tags}, st.lists(TAG, min_size=1, max_size=3)),
    st.builds(
        lambda text: {"do": "note", "text": f"{text}\n  {{{{ customer | {text} }}}}"},
        st.from_regex("[a-z ]{0,9}x", fullmatch=True),
    ),
    st.builds(lambda to: {"do": "assign", "group": "Recovery", "to": to}, st.sampled_from(["group", "least_loaded"])),
    st.builds(lambda name: {"do": "macro", "macro": name}, TEXT),
    st.just({"do": "alert", "email": "lead"}),
    st.builds(lambda to, lower: {"do": "priority", "to": to, "may_lower": lower}, st.just("low"), st.booleans()),
    st.builds(lambda to: {"do": "status", "to": to}, st.sampled_from(["open", "pending", "hold"])),
    st.builds(
        lambda value: {"do": "field", "field": "colour", "value": value},
        TEXT | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**17), 10**17),
    ),
    st.builds(lambda do, text: {"do": do, "text": text}, st.sampled_from(["draft", "reply", "task"]), TEXT),
    st.builds(lambda name: {"do": "assign", "to": "member", "member": name}, TEXT),
    st.just({"do": "vendor_notice", "group": "Vendors", "text": "Look\n\tinto it"}),
    st.just({"do": "alert", "slack": "x", "acknowledge_minutes": 5, "then": [{"email": "a@example.com"}]}),
)
WORK = st.fixed_dictionaries(
    {},
    optional={
        "owner": st.sampled_from(["team", "lead", "agent"]),
        "within_hours": st.floats(0.1, 8760) | st.integers(1, 8760),
        "done_when": st.sampled_from(["ticked", "public_reply", "solved", "assigned", "acknowledged"]),
    },
)
RAILS = st.fixed_dictionaries(
    {},
    optional={
        "cooldown_hours": st.floats(0, 8760) | st.integers(0, 8760),
        "max_rounds": st.integers(1, 20),
        "max_cases_per_day": st.integers(1, 100_000),
        "max_apologies": st.integers(0, 100),
        "automation_may_speak": st.booleans(),
        "tags_expire_days": st.floats(1, 3650),
        "stop_when": st.lists(conditions(), max_size=3),
    },
)
FOLLOW_UP = st.fixed_dictionaries(
    {},
    optional={
        "close_needs": st.sampled_from(["nothing", "confirmation_or_reason"]),
        "return_to": st.sampled_from(["stay", "previous"]),
    },
) | st.builds(lambda group: {"return_to": "group", "return_group": group}, TEXT)
TARGETS = st.fixed_dictionaries(
    {}, optional={"first_touch_minutes": st.floats(1, 525_600), "recovery_hours": st.floats(0.1, 8760)}
)


@settings(deadline=None, max_examples=30)
@given(
    name=TEXT,
    team=st.none() | TEXT,
    every=st.lists(conditions(), min_size=1, max_size=4),
    some=st.lists(conditions(), max_size=3),
    actions=st.lists(st.builds(operator.or_, ACTION, WORK), min_size=1, max_size=4),
    more=st.fixed_dictionaries({}, optional={"guardrails": RAILS, "follow_up": FOLLOW_UP, "targets": TARGETS}),
)
def test_a_written_document_reads_back_equal(name, team, every, some, actions, more):
    whole = document(name=name, team=team, criteria={"all": every, "any": some}, actions=actions)
    first = read_document(whole | more)

    again = read_document(write_document(first))

    assert again == first
    assert write_document(again) == write_document(first)
