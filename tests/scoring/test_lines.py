"""The documents of `kintsugi score`."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from app.scoring.lines import score_line
from tests.scoring.conversations import PRIOR, says, scores, talk

TURNS = [
    {"role": "customer", "text": "Where is my order?"},
    {"role": "agent", "text": "Sorry, it is late."},
    {"role": "customer", "text": "This is ridiculous, I want a manager!"},
]
FIELDS = {
    "index", "p_satisfied", "p_satisfied_now", "trend", "score", "level", "direction", "state", "provisional",
    "calibrated", "base_logit", "p_uncalibrated", "contributions", "abstained", "explanation", "change",
    "base_points", "factors", "correction_points", "cause", "cause_class", "fault_side", "turning_index", "churn_risk",
    "language",
}  # fmt: skip


def line(**changes: Any) -> dict[str, Any]:
    return {"id": "c1", "turns": TURNS, **changes}


def test_there_is_an_entry_per_customer_turn_with_every_field() -> None:
    found = score_line(line(), PRIOR)

    assert (found["id"], found["model"]) == ("c1", PRIOR.name)
    assert [turn["index"] for turn in found["turns"]] == [0, 2]
    assert all(set(turn) == FIELDS for turn in found["turns"])
    assert json.loads(json.dumps(found)) == found


def test_the_figures_are_those_of_the_engine() -> None:
    found = score_line(line(), PRIOR)["turns"]

    expected = scores(*talk("Where is my order?", "A: Sorry, it is late.", "This is ridiculous, I want a manager!"))
    assert [turn["p_satisfied"] for turn in found] == [expected[0].p_satisfied, expected[2].p_satisfied]
    assert found[-1]["state"] == "poor_worsening"


def test_contributions_name_signal_logit_and_evidence_and_add_up() -> None:
    turn = score_line(line(), PRIOR)["turns"][-1]

    assert {"signal", "logit", "evidence"} == set(turn["contributions"][0])
    total = turn["base_logit"] + sum(part["logit"] for part in turn["contributions"])
    assert total == pytest.approx(math.log(turn["p_uncalibrated"] / (1 - turn["p_uncalibrated"])), abs=1e-9)


def test_an_empty_text_has_numbers_too() -> None:
    turn = score_line(line(turns=[{"role": "customer", "text": ""}]), PRIOR)["turns"][0]

    assert all(isinstance(turn[name], float) for name in ("p_satisfied", "p_satisfied_now", "trend"))
    assert turn["abstained"] == ["tone: no text"]


def test_a_conversation_without_customer_turns_has_no_entries() -> None:
    assert score_line(line(turns=TURNS[1:2]), PRIOR)["turns"] == []


def test_times_are_used_where_they_are_given() -> None:
    slow = [
        {**turn, "at": at}
        for turn, at in zip(
            TURNS, ["2026-03-02T09:00:00Z", "2026-03-03T09:00:00", "2026-03-03T11:00:00+01:00"], strict=True
        )
    ]

    found = score_line(line(turns=slow), PRIOR)["turns"][-1]

    assert "the first reply took 24 h" in {part["evidence"] for part in found["contributions"]}


def test_a_turn_without_a_time_comes_ten_minutes_after_the_one_before() -> None:
    turns = [{**TURNS[0], "at": "2026-03-02T09:00:00Z"}, *TURNS[1:]]

    found = score_line(line(turns=turns), PRIOR)["turns"][-1]

    assert "the first reply took 10 min" in {part["evidence"] for part in found["contributions"]}


def test_facts_from_the_start_count_everywhere_and_the_ending_only_at_the_end() -> None:
    ticket = {"priority": "urgent", "channel": "email", "earlier_ratings": [0, 0.5], "reopens": 2, "solved": True}

    first, last = score_line(line(ticket={**ticket, "solved_at": "2026-03-02T10:00:00Z"}), PRIOR)["turns"]

    always = {"ending.urgent", "ending.earlier_low"}
    assert always <= {part["signal"] for part in first["contributions"]}
    assert always | {"ending.reopened"} <= {part["signal"] for part in last["contributions"]}
    assert "ending.reopened" not in {part["signal"] for part in first["contributions"]}


def test_a_rating_in_the_facts_counts_at_the_end() -> None:
    first, last = score_line(line(ticket={"rating": 1.0}), PRIOR)["turns"]

    assert "ending.rated_high" not in {part["signal"] for part in first["contributions"]}
    assert "ending.rated_high" in {part["signal"] for part in last["contributions"]}


def test_an_entry_uses_nothing_after_its_turn() -> None:
    whole = score_line(line(), PRIOR)["turns"]

    assert score_line(line(turns=TURNS[:1]), PRIOR)["turns"] == whole[:1]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "line: not an object: []"),
        (line(id=7), "id: not a string: 7"),
        ({"id": "c1"}, "turns: not a list: None"),
        (line(turns="hello"), "turns: not a list: 'hello'"),
        (line(turns=["hello"]), "turns[0]: not an object: 'hello'"),
        (
            line(turns=[*TURNS, {"role": "boss", "text": "x"}]),
            "turns[3].role: not one of customer, agent: 'boss'",
        ),
        (line(turns=[{"role": ["x"], "text": "x"}]), "turns[0].role: not one of customer, agent: ['x']"),
        (line(turns=[{"role": "agent", "text": 5}]), "turns[0].text: not a string: 5"),
        (
            line(turns=[{"role": "agent", "text": "x", "at": "noon"}]),
            "turns[0].at: not an ISO 8601 time: 'noon'",
        ),
        (line(ticket=[1]), "ticket: not an object: [1]"),
        (
            line(ticket={"colour": "red"}),
            "ticket.colour: not one of calendar, channel, earlier_failures, earlier_ratings, failed, hold_minutes, "
            "mild_around, mild_tickets, priority, rating, reassignments, reopens, same_topic_days, segment_rating, "
            "segment_ratings, solved, solved_at, vendor: 'red'",
        ),
        (line(ticket={"solved": "yes"}), "ticket.solved: not a fitting bool: 'yes'"),
        (line(ticket={"reopens": -1}), "ticket.reopens: not a fitting int: -1"),
        (line(ticket={"reopens": True}), "ticket.reopens: not a fitting int: True"),
        (line(ticket={"solved_at": 5}), "ticket.solved_at: not an ISO 8601 time: 5"),
        (
            line(ticket={"solved_at": "0001-01-01T00:00:00+14:00"}),
            "ticket.solved_at: not an ISO 8601 time: '0001-01-01T00:00:00+14:00'",
        ),
        (line(ticket={"hold_minutes": -1}), "ticket.hold_minutes: not a number from 0: -1"),
        (line(ticket={"segment_rating": 5}), "ticket.segment_rating: not a number from 0 to 1: 5"),
        (line(ticket={"vendor": 5}), "ticket.vendor: not a fitting str: 5"),
        (
            line(ticket={"calendar": {"zone": "UTC", "week": {}}}),
            "ticket.calendar.week: no hours on any day: {}",
        ),
        (line(ticket={"rating": 2}), "ticket.rating: not a number from 0 to 1: 2"),
        (line(ticket={"rating": "good"}), "ticket.rating: not a number from 0 to 1: 'good'"),
        (line(ticket={"earlier_ratings": [1, True]}), "ticket.earlier_ratings[1]: not a number from 0 to 1: True"),
    ],
)
def test_bad_input_names_the_field_and_quotes_the_value(document: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        score_line(document, PRIOR)

    assert str(caught.value) == message


def test_the_role_other_is_not_part_of_the_format() -> None:
    assert says("x", "other").role == "other"
    with pytest.raises(ValueError):
        score_line(line(turns=[{"role": "other", "text": "x"}]), PRIOR)
