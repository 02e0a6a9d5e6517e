"""Looks are kept, tickets wake when a clock turns a condition, canaries act on their share and shadows watch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.protocol_setup import Publication, publish
from app.protocols.evaluation import Evaluation
from app.protocols.rollout import in_canary
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.store import evaluations
from app.store.models import DecisionRow, ProtocolVersion, RecoveryCase
from app.store.protocols import Reach
from app.words import Outcome
from tests.tasks.stage import ANGRY, CALM, NOTE, Stage, protocol

WAITS = {"all": [{"field": "waiting_hours", "operator": "at_least", "value": 5}]}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
CALENDAR = {"zone": "UTC", "week": {day: ["09:00-17:00"] for day in WEEK}}


def looks(stage: Stage, ticket: str) -> list[Evaluation]:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return list(evaluations.of_ticket(session, stage.tracked(ticket).id))


def put(stage: Stage, document: dict[str, Any], **reach: Any) -> None:
    """Store another version and put it in force as far as it should reach."""
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, [write_yaml(document)])
    publish(stage.parts, stage.desk_id, document["name"], Publication(by="a test", reach=Reach(**reach)))


def until_due(stage: Stage, ticket: str) -> timedelta:
    """Step to the moment at which the ticket is due by time alone, and do what is due; how long that was."""
    before, due = stage.now, stage.tracked(ticket).rescore_at
    assert due is not None
    stage.parts.clock.step(due)
    stage.drain()
    return due - before


def wait_for_case(stage: Stage, ticket: str) -> timedelta:
    """Let time pass until a case opens; how long the customer has waited by then."""
    began = stage.now
    for _ in range(30):
        if stage.cases(ticket):
            return stage.now - began
        until_due(stage, ticket)
    raise AssertionError("no case opened")


def test_a_look_is_kept_with_all_facts_and_the_ticket_as_it_was(stage: Stage) -> None:
    stage.publish(protocol())

    ticket = stage.opens(ANGRY, tags=["vip"])
    stage.drain()

    (kept,) = looks(stage, ticket)
    assert (kept.facts["customer_messages"], kept.facts["has_open_case"]) == (1, False)
    assert kept.ticket.waiting
    assert kept.ticket.status == "new"
    assert kept.decided
    assert [version for version, _ in kept.in_force] == [stage.case(ticket).version_id]


def test_facts_that_no_protocol_asks_for_are_kept_as_well(stage: Stage) -> None:
    stage.publish()

    ticket = stage.opens(CALM)
    stage.drain()

    (kept,) = looks(stage, ticket)
    assert kept.facts["score"] == stage.tracked(ticket).score
    assert kept.in_force == ()


def test_a_look_at_which_nothing_is_new_is_not_kept(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens(CALM)
    stage.drain()
    stage.happened(ticket)  # our own state tag is new at this one
    stage.drain()
    before = len(looks(stage, ticket))

    stage.happened(ticket)
    stage.drain()

    assert len(looks(stage, ticket)) == before == 2


def test_a_change_that_nobody_decides_on_is_kept_as_undecided(stage: Stage) -> None:
    stage.publish(protocol())
    ticket = stage.opens(CALM)
    stage.drain()
    stage.happened(ticket)  # decides once more: now there is a case
    stage.drain()

    stage.edits(ticket, priority="low")
    stage.drain()

    newest = looks(stage, ticket)[-1]
    assert (newest.decided, newest.ticket.priority, newest.facts["priority"]) == (False, "low", "low")


@pytest.mark.capability("CRI-02")
def test_a_case_opens_at_the_moment_at_which_the_wait_is_long_enough(stage: Stage) -> None:
    stage.publish(protocol(criteria=WAITS))
    ticket = stage.opens("My lamp flickers.")
    said_at = stage.now
    stage.drain()

    wait_for_case(stage, ticket)

    assert timedelta(hours=5) <= stage.case(ticket).opened_at - said_at < timedelta(hours=5, seconds=2)


def test_the_wait_counts_the_desks_hours_alone(stage: Stage) -> None:
    stage.settings(calendar=CALENDAR)
    stage.publish(protocol(criteria={"all": [{"field": "waiting_hours", "operator": "at_least", "value": 10}]}))
    ticket = stage.opens("My lamp flickers.")  # on a Monday at nine
    said_at = stage.now
    stage.drain()

    wait_for_case(stage, ticket)

    opened = stage.case(ticket).opened_at - said_at
    assert timedelta(hours=26) <= opened < timedelta(hours=26, seconds=2)


def test_an_answer_in_time_keeps_the_case_from_opening(stage: Stage) -> None:
    stage.publish(protocol(criteria=WAITS))
    ticket = stage.opens("My lamp flickers.")
    stage.drain()

    stage.answers(ticket)
    stage.drain()
    stage.step(hours=9)
    stage.drain()

    assert stage.cases(ticket) == []


def test_a_version_published_later_watches_the_clock_on_tickets_that_are_waiting(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens("My lamp flickers.")
    said_at = stage.now
    stage.drain()
    stage.step(hours=3)
    stage.drain()

    stage.publish(protocol("Everything else", cause="unknown", criteria={"all": [
        {"field": "reopens", "operator": "at_least", "value": 9}]}))  # fmt: skip
    put(stage, protocol(criteria=WAITS))
    stage.drain()
    wait_for_case(stage, ticket)

    assert timedelta(hours=5) <= stage.case(ticket).opened_at - said_at < timedelta(hours=5, seconds=2)


def test_when_a_cooldown_is_over_the_protocol_is_asked_again(stage: Stage) -> None:
    rails = {"cooldown_hours": 6, "rearm": "after_hours", "rearm_hours": 1}
    stage.publish(protocol("Rescue", NOTE, guardrails=rails, follow_up={"resurvey": {"after_hours": 1}}))
    ticket = stage.opens(ANGRY)
    stage.drain()
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=1)
    stage.drain()
    stage.answer_survey(ticket, 5)
    stage.drain()
    closed_at = stage.cases(ticket)[0].closed_at
    assert closed_at is not None

    stage.parts.clock.step(closed_at + timedelta(hours=6) - timedelta(seconds=1))
    stage.drain()
    before = len(stage.cases(ticket))
    stage.parts.clock.step(closed_at + timedelta(hours=6, seconds=1))
    stage.drain()

    assert (before, len(stage.cases(ticket))) == (1, 2)


@pytest.mark.capability("N5")
def test_a_canary_acts_on_its_share_and_the_published_version_on_the_rest(stage: Stage) -> None:
    first = protocol("Rescue", NOTE, cause="unknown")
    stage.publish(first)
    put(stage, protocol("Rescue", {"do": "tag", "add": ["canary"]}, cause="unknown", tags=["canary"]), share=0.5)
    canary = stage.rows(ProtocolVersion)[-1]

    tickets = [stage.opens(CALM, email=f"customer{number}@example.com") for number in range(8)]
    stage.drain()

    chosen = {ticket for ticket in tickets if in_canary(canary.protocol_id, ticket, 0.5)}
    assert 0 < len(chosen) < len(tickets)
    assert {ticket for ticket in tickets if "canary" in stage.tags(ticket)} == chosen
    assert {ticket for ticket in tickets if stage.case(ticket).version_id == canary.id} == chosen


@pytest.mark.capability("CRI-04")
def test_a_case_keeps_the_version_it_began_under(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, cause="unknown"))
    ticket = stage.opens(CALM)
    stage.drain()
    began_under = stage.case(ticket).version_id

    put(stage, protocol("Rescue", {"do": "tag", "add": ["later"]}, cause="unknown", tags=["later"]))
    stage.says(ticket, ANGRY)
    stage.drain()

    assert stage.case(ticket).version_id == began_under
    assert "later" not in stage.tags(ticket)


@pytest.mark.capability("N5")
def test_a_shadow_says_what_it_would_do_and_nothing_follows(stage: Stage) -> None:
    stage.publish()
    put(stage, protocol("Rescue", NOTE), shadow=True)

    ticket = stage.opens(ANGRY)
    stage.drain()

    (said,) = stage.rows(DecisionRow)
    assert (said.shadow, said.outcome, said.case_id) == (True, Outcome.OPEN, None)
    assert stage.rows(RecoveryCase) == []
    assert stage.comments(ticket, public=False) == []


def test_a_shadow_is_held_against_the_case_that_the_version_in_force_opened(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, cause="unknown"))
    put(stage, protocol("Rescue", {"do": "tag", "add": ["x"]}, cause="unknown", tags=["x"]), shadow=True)

    ticket = stage.opens(ANGRY)
    stage.drain()
    stage.says(ticket, ANGRY)
    stage.drain()

    said = [row.outcome for row in stage.decisions(ticket) if row.shadow]
    assert said[0] is Outcome.OPEN
    assert len(stage.cases(ticket)) == 1
