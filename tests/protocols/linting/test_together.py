"""Protocols in each other's shadow, at odds over a field, and going round in circles."""

from __future__ import annotations

from typing import Any

import pytest

from app.protocols.lint import lint_together
from tests.protocols.linting.lines import short
from tests.protocols.make import condition, protocol

DEFAULT = protocol(
    name="Default",
    cause="unknown",
    criteria={"all": [condition("vendor", "is", "nobody")]},
    actions=[{"do": "note", "text": "Look"}],
)


def one(name: str, *rows: Any, **changes: Any) -> Any:
    return protocol(name=name, criteria={"all": [condition(*row) for row in rows]}, **changes)


def said(*protocols: Any) -> list[str]:
    return short(lint_together([*protocols, DEFAULT]))


def loops(*protocols: Any) -> list[str]:
    return [line for line in said(*protocols) if "loop with" in line]


def tagging(**sides: Any) -> dict[str, Any]:
    words = [tag for side in sides.values() for tag in ([side] if isinstance(side, str) else side)]
    return {"tags": words, "actions": [{"do": "tag", **sides}]}


class TestShadow:
    NEVER = 'are the same as those of "Wide", which comes first'

    def test_a_narrower_protocol_after_a_wider_one_is_never_reached(self):
        wide, narrow = one("Wide", ("score", "below", 60)), one("Narrow", ("score", "below", 40))

        assert said(wide, narrow) == [
            'warning: Narrow: criteria: hold only where those of "Wide" hold too, which comes first: '
            "this one is never reached"
        ]
        assert said(narrow, wide) == []

    def test_other_words_for_the_same_tickets_are_seen_through(self):
        wide = one("Wide", ("level", "is", "poor"))
        narrow = one("Narrow", ("state", "is", "poor_worsening"), ("tags", "includes", "vip"))

        assert "never reached" in said(wide, narrow)[0]

    def test_a_choice_is_in_the_shadow_when_each_of_its_ways_is(self):
        wide = one("Wide", ("rating_stars", "below", 5))
        either = [condition("rating_stars", "is", 1), condition("rating", "below", 0.2)]
        narrow = protocol(name="Narrow", criteria={"any": either})
        other = protocol(name="Other", criteria={"any": [*either, condition("score", "below", 20)]})

        assert len(said(wide, narrow)) == 1
        assert said(wide, other) == []

    def test_what_may_be_unknown_is_not_taken_for_granted(self):
        assert said(one("Wide", ("brand", "is_not", "b")), one("Narrow", ("score", "below", 9))) == []

    def test_causes_apart_cast_no_shadow(self):
        wide = one("Wide", ("score", "below", 60), cause="billing")

        assert said(wide, one("Narrow", ("score", "below", 40), cause="platform")) == []

    def test_after_a_protocol_that_acts_once_it_is_only_noted(self):
        wide = one("Wide", ("score", "below", 60), guardrails={"rearm": "never"})

        (line,) = said(wide, one("Narrow", ("score", "below", 40)))

        assert line.startswith("note: Narrow: criteria: hold only where")
        assert line.endswith("before that one has had its case")


class TestFights:
    LOW = ("score", "below", 50)
    RATED = ("rating_stars", "below", 3)

    def test_two_that_may_meet_and_set_a_field_differently_are_named(self):
        up = one("Up", self.LOW, actions=[{"do": "priority", "to": "urgent"}])
        down = one("Down", self.RATED, actions=[{"do": "priority", "to": "low", "may_lower": True}])

        assert said(up, down) == [
            'warning: Down: actions[0]: sets the priority too, otherwise than "Up"; both may act on one ticket'
        ]

    def test_one_that_takes_away_the_tag_of_another_is_named(self):
        adds, takes = one("A", self.LOW, **tagging(add="x")), one("B", self.RATED, **tagging(remove="x"))

        (line,) = said(adds, takes)

        assert 'B: actions[0]: takes away or sets again the tag x, otherwise than "A"' in line

    def test_two_that_never_meet_do_not_fight(self):
        up = one("Up", ("score", "below", 20), actions=[{"do": "priority", "to": "urgent"}])
        down = one("Down", ("score", "above", 20), actions=[{"do": "priority", "to": "low", "may_lower": True}])

        assert said(up, down) == []

    def test_two_that_set_a_field_of_the_desks_differently_fight(self):
        red, blue = (
            one(word, row, actions=[{"do": "field", "field": "colour", "value": word}])
            for word, row in (("red", self.LOW), ("blue", self.RATED))
        )

        (line,) = said(red, blue)

        assert line.startswith("warning: blue: actions[0]: sets the field colour too")

    def test_two_that_only_raise_do_not_fight(self):
        high = one("High", self.LOW, actions=[{"do": "priority", "to": "high"}])
        urgent = one("Urgent", self.RATED, actions=[{"do": "priority", "to": "urgent"}])

        assert said(high, urgent) == []

    def test_groups_are_a_matter_of_order(self):
        first = one("A", self.LOW, actions=[{"do": "assign", "group": "One"}])

        assert said(first, one("B", self.RATED, actions=[{"do": "assign", "group": "Two"}])) == []


@pytest.mark.capability("CRI-02")
class TestLoops:
    def test_a_pair_that_sets_off_each_other_is_an_error(self):
        sets = one("Sets", ("tags", "excludes", "x"), **tagging(add="x"))
        takes = one("Takes", ("tags", "includes", "x"), **tagging(remove="x"))

        assert said(sets, takes) == [
            'error: Sets: actions: loop with "Takes": the steps of each make the criteria of the next hold again',
            'error: Takes: actions: loop with "Sets": the steps of each make the criteria of the next hold again',
        ]

    def test_a_pair_over_the_priority_and_one_over_the_group_loop(self):
        up = one("Up", ("priority", "is", "low"), actions=[{"do": "priority", "to": "high"}])
        down = one("Down", ("priority", "is", "high"), actions=[{"do": "priority", "to": "low", "may_lower": True}])
        there = one("There", ("group", "is", "A"), ("score", "below", 9), actions=[{"do": "assign", "group": "B"}])
        back = one("Back", ("group", "is", "B"), ("score", "below", 8), actions=[{"do": "assign", "group": "A"}])

        assert [line.split(":")[1:4] for line in loops(up, down)] == [
            [" Up", " actions", ' loop with "Down"'],
            [" Down", " actions", ' loop with "Up"'],
        ]
        assert len(loops(there, back)) == 2

    def test_each_of_three_in_a_circle_is_told(self):
        names = {"A": ("x", "y"), "B": ("y", "z"), "C": ("z", "x")}
        circle = [
            one(name, ("tags", "includes", has), **tagging(add=adds, remove=has)) for name, (has, adds) in names.items()
        ]

        assert [line.partition(": the steps")[0] for line in loops(*circle)] == [
            'error: A: actions: loop with "B", "C"',
            'error: B: actions: loop with "C", "A"',
            'error: C: actions: loop with "A", "B"',
        ]

    def test_ways_that_meet_again_are_followed_once(self):
        start = one("Start", ("tags", "includes", "a"), **tagging(add=["b", "c"], remove="a"))
        left = one("Left", ("tags", "includes", "b"), **tagging(add="d", remove="b"))
        right = one("Right", ("tags", "includes", "c"), **tagging(add="d", remove="c"))
        end = one("End", ("tags", "includes", "d"), ("tags", "excludes", "e"), **tagging(add="e"))

        assert loops(start, left, right, end) == []

    def test_what_breaks_a_condition_of_the_other_sets_nothing_off(self):
        sets = one("Sets", ("tags", "excludes", "x"), ("tags", "excludes", "y"), **tagging(add=["x", "y"]))
        takes = one("Takes", ("tags", "includes", "x"), ("tags", "excludes", "y"), **tagging(remove="x"))
        either = protocol(
            name="Either",
            criteria={"any": [condition("tags", "excludes", word) for word in "xy"]},
            **tagging(remove="x"),
        )

        assert loops(sets, takes) == []
        assert loops(sets, either) == []

    def test_notes_never_feed_another_protocol(self):
        note = {"do": "note", "text": "Look at this"}
        first = one("A", ("agent_messages", "at_least", 1), actions=[note])

        assert said(first, one("B", ("agent_messages", "at_least", 2), ("score", "below", 9), actions=[note])) == [
            'warning: B: criteria: hold only where those of "A" hold too, which comes first: this one is never reached'
        ]

    def test_a_chain_that_ends_is_no_loop(self):
        first = one("A", ("score", "below", 40), **tagging(add="bad"))
        then = one("B", ("tags", "includes", "bad"), actions=[{"do": "priority", "to": "urgent"}])

        assert loops(first, then) == []

    def test_whoever_acts_once_per_ticket_ends_the_loop(self):
        sets = one("Sets", ("tags", "excludes", "x"), guardrails={"rearm": "never"}, **tagging(add="x"))
        takes = one("Takes", ("tags", "includes", "x"), **tagging(remove="x"))

        assert said(sets, takes) == []

    def test_facts_that_keep_two_apart_keep_them_from_looping(self):
        sets = one("Sets", ("tags", "excludes", "x"), ("channel", "is", "web"), **tagging(add="x"))
        takes = one("Takes", ("tags", "includes", "x"), ("channel", "is", "chat"), **tagging(remove="x"))

        assert said(sets, takes) == []

    def test_a_priority_that_cannot_rise_sets_nothing_off(self):
        up = one("Up", ("priority", "is", "urgent"), actions=[{"do": "priority", "to": "high"}])
        down = one("Down", ("priority", "is", "high"), actions=[{"do": "priority", "to": "urgent"}])

        assert said(up, down) == []
