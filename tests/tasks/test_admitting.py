"""Letting cases in: without room they wait, the ones with the most to gain first; and nothing feeds itself."""

from __future__ import annotations

from typing import Any

import pytest

from app.protocols.routing import Team
from app.store import cases, teams
from app.store.models import Deferral
from app.words import CaseStage, Outcome
from tasks import targets, upkeep
from tests.tasks.stage import ANGRY, CALM, NOTE, Stage, protocol

MANY = {"cooldown_hours": 0, "rearm": "after_hours", "rearm_hours": 0, "max_cases": 100}


def opens_many(stage: Stage, texts: list[str]) -> list[str]:
    """A ticket of another customer for each text, looked at in this order."""
    tickets = []
    for number, text in enumerate(texts):
        tickets.append(stage.opens(text, email=f"customer-{number}@example.com"))
        stage.drain()
    return tickets


def outcomes(stage: Stage, tickets: list[str]) -> list[Outcome]:
    return [stage.decisions(ticket)[-1].outcome for ticket in tickets]


@pytest.mark.capability("CRI-05")
def test_with_room_for_five_of_nine_four_are_put_off_visibly(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, guardrails={"max_cases_per_day": 5}))

    tickets = opens_many(stage, [CALM] * 9)

    found = outcomes(stage, tickets)
    assert (found.count(Outcome.OPEN), found.count(Outcome.NO_CAPACITY)) == (5, 4)
    assert stage.decisions(tickets[-1])[-1].reason == (
        "Deferred: capacity. The criteria hold; all 5 cases a day of this protocol are taken."
    )
    assert len(stage.rows(Deferral)) == 4


@pytest.mark.capability("CRI-05")
def test_a_place_that_becomes_free_goes_to_the_ticket_with_the_most_to_gain(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, guardrails={"max_cases_per_day": 1}))
    first, calm, angry, also_calm = opens_many(stage, [CALM, CALM, ANGRY, CALM])
    stage.step(days=1)

    targets.sweep()
    stage.drain()

    assert [len(stage.cases(one)) for one in (first, calm, angry, also_calm)] == [1, 0, 1, 0]
    assert stage.decisions(angry)[-1].outcome is Outcome.OPEN
    assert {row.tracked_id for row in stage.rows(Deferral)} == {
        stage.tracked(calm).id, stage.tracked(also_calm).id
    }  # fmt: skip


def test_a_newcomer_with_less_to_gain_does_not_take_the_place_of_one_who_waits(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, guardrails={"max_cases_per_day": 1}))
    _, angry = opens_many(stage, [CALM, ANGRY])
    stage.step(days=1)

    late = stage.opens(CALM, email="late@example.com")
    stage.drain()

    decision = stage.decisions(late)[-1]
    assert decision.outcome is Outcome.NO_CAPACITY
    assert decision.reason.endswith("goes to tickets with more to gain.")
    assert stage.cases(angry) == []


def test_a_team_has_room_for_so_many_open_cases(stage: Stage) -> None:
    with stage.parts.database.desk(stage.desk_id) as session:
        team = Team(group_id="1", name="Recovery", capacity=1)
        teams.replace_all(session, stage.desk_id, [team], [], stage.now)
    stage.publish(protocol("Rescue", NOTE))

    tickets = opens_many(stage, [CALM, CALM])

    assert outcomes(stage, tickets) == [Outcome.OPEN, Outcome.NO_CAPACITY]
    assert "open cases of the team" in stage.decisions(tickets[1])[-1].reason


def one_team(stage: Stage, **guardrails: dict[str, int]) -> None:
    """Protocols of one team, which has room for one case, by the priority that they are for."""
    with stage.parts.database.desk(stage.desk_id) as session:
        team = Team(group_id="1", name="Recovery", capacity=1)
        teams.replace_all(session, stage.desk_id, [team], [], stage.now)
    asks = {"operator": "is", "field": "priority"}
    stage.publish(
        *(
            protocol(word, NOTE, criteria={"all": [{**asks, "value": word}]}, guardrails=guardrails.get(word, {}))
            for word in ("low", "high", "urgent")
        )
    )


def opens_of(stage: Stage, priority: str, text: str) -> str:
    ticket = stage.opens(text, email=f"{priority}-{text[:4].strip()}@example.com")
    stage.edits(ticket, priority=priority)
    stage.drain()
    return ticket


def becomes_free(stage: Stage, ticket: str) -> None:
    with stage.parts.database.desk(stage.desk_id) as session:
        cases.move(cases.get(session, stage.case(ticket).id), CaseStage.EXPIRED, stage.now)


def test_a_place_of_a_team_goes_to_the_most_to_gain_under_any_of_its_protocols(stage: Stage) -> None:
    one_team(stage)
    first, calm, angry = (
        opens_of(stage, *one) for one in (("urgent", CALM), ("low", CALM), ("high", ANGRY))
    )  # fmt: skip
    becomes_free(stage, first)

    targets.sweep()
    stage.drain()

    assert [len(stage.cases(one)) for one in (calm, angry)] == [0, 1]


def test_who_has_no_place_today_keeps_none_of_the_teams(stage: Stage) -> None:
    one_team(stage, high={"max_cases_per_day": 1})
    first, angry = opens_of(stage, "high", CALM), opens_of(stage, "high", ANGRY)
    becomes_free(stage, first)

    calm = opens_of(stage, "low", CALM)

    assert [len(stage.cases(one)) for one in (angry, calm)] == [0, 1]


def test_who_is_not_eligible_any_more_waits_no_longer(stage: Stage) -> None:
    asks = {"all": [{"field": "agent_messages", "operator": "is", "value": 0}]}
    stage.publish(protocol("Rescue", NOTE, criteria=asks, guardrails={"max_cases_per_day": 1}))
    _, second = opens_many(stage, [CALM, CALM])
    before = len(stage.rows(Deferral))

    stage.answers(second)
    stage.drain()

    assert before == 1
    assert stage.rows(Deferral) == []


def looping(name: str, has: bool) -> dict[str, Any]:
    """One of two protocols that call each other: it wants the tag that the other one sets, and takes it away."""
    operator, action = ("includes", "remove") if has else ("excludes", "add")
    note = {"do": "note", "text": f"From {name}."}
    return protocol(
        name,
        note,
        {"do": "tag", action: ["ping"]},
        tags=["ping"],
        criteria={"all": [{"field": "tags", "operator": operator, "value": "ping"}]},
        guardrails={**MANY, "max_rounds": 3},
    )


def test_two_protocols_with_notes_never_feed_each_other(stage: Stage) -> None:
    stage.publish(looping("Ping", has=False), looping("Pong", has=True))
    ticket = stage.opens()
    stage.drain()
    with stage.counting() as calls:
        for _ in range(5):
            stage.happened(ticket)
            stage.drain()

    assert calls.writes == 0
    assert len(stage.cases(ticket)) == 1
    assert stage.comments(ticket, public=False) == ["From Ping."]


def test_a_looping_pair_that_is_forced_is_stopped_by_the_cap_on_rounds(stage: Stage) -> None:
    stage.publish(looping("Ping", has=False), looping("Pong", has=True))
    ticket = stage.opens()
    stage.drain()
    for _ in range(6):
        # Each round is forced: its case comes to an end without a word of the customer.
        stage.answers(ticket)
        stage.solves(ticket)
        stage.drain()
        stage.step(days=60)
        upkeep.sweep()
        stage.drain()

    cases = stage.cases(ticket)
    assert [case.round for case in cases] == [1, 2, 3]
    assert {case.stage for case in cases} == {CaseStage.EXPIRED}
    assert sorted(stage.comments(ticket, public=False)) == ["From Ping.", "From Ping.", "From Pong."]
    reasons = [decision.reason for decision in stage.decisions(ticket)]
    assert any("3 rounds of cases have followed one another" in reason for reason in reasons)


def test_a_word_of_the_customer_begins_the_count_anew(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, guardrails=MANY))
    ticket = stage.opens()
    stage.drain()
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()
    stage.step(days=60)
    upkeep.sweep()

    stage.says(ticket, "It is broken again.")
    stage.drain()

    assert [case.round for case in stage.cases(ticket)] == [1, 1]
