"""Evaluations go into JSON and come back as they were."""

from __future__ import annotations

import json
from typing import Any

from app.protocols.evaluation import (
    Evaluation,
    Snapshot,
    changed,
    plain_facts,
    plain_snapshot,
    read_facts,
    read_snapshot,
)
from connectors.ticket import Priority, TicketStatus
from tests.protocols.make import NOW

FACTS: dict[str, Any] = {
    "score": 31,
    "state": "poor_worsening",
    "tags": frozenset({"vip", "eu"}),
    "signals": frozenset(),
    "assigned": False,
    "vendor": None,
    "waiting_hours": 4.5,
}


def evaluation(**values: Any) -> Evaluation:
    whole: dict[str, Any] = {
        "tracked_id": 1,
        "ticket_id": "7",
        "at": NOW,
        "as_of": NOW,
        "facts": FACTS,
        "ticket": Snapshot(group_id="10"),
        "in_force": ((3, 10),),
    }
    return Evaluation(**whole | values)


def test_facts_come_back_from_json_as_they_were() -> None:
    assert read_facts(json.loads(json.dumps(plain_facts(FACTS)))) == FACTS


def test_a_name_that_is_no_fact_any_more_is_left_out() -> None:
    assert read_facts({"score": 3, "moon": "full"}) == {"score": 3}


def test_a_snapshot_comes_back_from_json_as_it_was() -> None:
    seen = Snapshot(
        group_id="10",
        assignee_id="31",
        priority="high",
        status="open",
        channel="web",
        tags=frozenset({"b", "a"}),
        custom_fields={"55": "x", "56": None},
        waiting=True,
        named=False,
        reasoned=False,
    )

    assert read_snapshot(json.loads(json.dumps(plain_snapshot(seen)))) == seen


def test_a_snapshot_of_another_release_is_read_as_far_as_it_is_known() -> None:
    assert read_snapshot({"group_id": "10", "tags": ["a"], "mood": "sour"}) == Snapshot(
        group_id="10", tags=frozenset({"a"})
    )


def test_a_snapshot_is_a_ticket_to_plan_on() -> None:
    seen = Snapshot(group_id="10", priority="high", status="pending", tags=frozenset({"a"}), named=False)

    ticket = seen.as_ticket("7", NOW)

    assert (ticket.id, ticket.group_id, ticket.priority, ticket.status) == (
        "7", "10", Priority.HIGH, TicketStatus.PENDING,
    )  # fmt: skip
    assert ticket.requester.name == ""
    assert ticket.tags == {"a"}


def test_time_alone_changes_nothing() -> None:
    assert not changed(evaluation(), FACTS | {"waiting_hours": 9.0}, Snapshot(group_id="10"))


def test_another_fact_or_another_group_is_a_change() -> None:
    assert changed(evaluation(), FACTS | {"score": 30}, Snapshot(group_id="10"))
    assert changed(evaluation(), FACTS, Snapshot(group_id="20"))


def test_a_fact_that_was_never_known_is_none_that_went() -> None:
    assert not changed(evaluation(), FACTS | {"channel": None}, Snapshot(group_id="10"))


def test_an_evaluation_knows_what_was_in_force() -> None:
    assert evaluation().was_in_force(3)
    assert not evaluation().was_in_force(10)
