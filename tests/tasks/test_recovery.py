"""Cases: opened once, moved along by what the ticket shows, decided with reasons that are stored once."""

from __future__ import annotations

import pytest

from app.store.models import StepState
from app.words import CaseStage, Outcome
from tests.tasks.stage import ANGRY, ASSIGN, CALM, FOLLOW_UP, NOTE, TAG, Stage, protocol

BADLY_RATED = {"all": [{"field": "rating_stars", "operator": "at_most", "value": 2}]}


@pytest.mark.capability("DET-07")
def test_one_rating_delivered_three_times_opens_one_case(stage: Stage) -> None:
    ticket = stage.opens(CALM)
    stage.drain()
    stage.act(f"tickets/{ticket}/rating", score=1)

    stored = [stage.happened(ticket, "rating.received", event_id="the-very-same") for _ in range(3)]
    stage.drain()

    assert stored == [True, False, False]
    assert len(stage.cases(ticket)) == 1


@pytest.mark.capability("DET-07")
def test_one_rating_under_three_event_ids_opens_one_case(stage: Stage) -> None:
    stage.publish(protocol("Bad rating", NOTE, criteria=BADLY_RATED))
    ticket = stage.opens(CALM)
    stage.drain()
    stage.act(f"tickets/{ticket}/rating", score=1)

    for number in range(3):
        stage.happened(ticket, "rating.received", event_id=f"copy-{number}")
        stage.drain()

    case = stage.case(ticket)
    assert case.opened_by == "rating"
    assert case.opening_rating_id is not None
    assert [row.outcome for row in stage.decisions(ticket)].count(Outcome.OPEN) == 1


def test_a_good_rating_opens_none(stage: Stage) -> None:
    ticket = stage.opens(CALM)
    stage.rates(ticket, 5)

    stage.drain()

    assert stage.cases(ticket) == []


def test_of_two_protocols_one_opens_the_case_and_the_other_says_why_not(stage: Stage) -> None:
    stage.publish(protocol("First", NOTE), protocol("Second", TAG, tags=["fragile"]))
    ticket = stage.opens()

    stage.drain()

    first, second = stage.decisions(ticket)
    assert (first.outcome, second.outcome) == (Outcome.OPEN, Outcome.OTHER_PROTOCOL)
    assert '"First" comes first' in second.reason
    assert stage.case(ticket).version_id == first.version_id
    assert stage.states(ticket) == {"0-flag": "done", "1-note": "done"}


def test_a_reason_is_stored_once_and_not_on_every_look(stage: Stage) -> None:
    ticket = stage.opens(CALM)
    for _ in range(3):
        stage.happened(ticket)
        stage.drain()

    decisions = stage.decisions(ticket)
    assert [row.outcome for row in decisions] == [Outcome.NOT_ELIGIBLE] * 2
    assert len({row.version_id for row in decisions}) == 2


def test_a_reason_is_stored_again_when_it_is_another_one(stage: Stage) -> None:
    stage.publish(protocol("First", NOTE))
    ticket = stage.opens(CALM)
    stage.drain()

    stage.says(ticket, "And when does the shade arrive?")
    stage.drain()
    stage.says(ticket, "And the bulb?")
    stage.drain()

    assert [row.outcome for row in stage.decisions(ticket)] == [Outcome.OPEN, Outcome.ALREADY_OPEN]


def test_a_case_keeps_the_version_it_began_under(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    stage.drain()
    stage.publish(protocol("Rescue", TAG, tags=["fragile"]))

    stage.solves(ticket)
    stage.drain()

    assert stage.states(ticket) == {"0-flag": "done", "1-note": "done"}
    assert len(stage.surveys(ticket)) == 1


def test_a_case_moves_along_with_what_the_ticket_shows(stage: Stage) -> None:
    stage.publish(protocol("Rescue", ASSIGN, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    stage.drain()
    seen = [stage.case(ticket).stage]
    for act in (stage.answers, stage.solves, lambda ticket: stage.says(ticket, "No, it is not!")):
        act(ticket)
        stage.drain()
        seen.append(stage.case(ticket).stage)

    assert seen == [CaseStage.ASSIGNED, CaseStage.CONTACTED, CaseStage.RESOLVED, CaseStage.CONTACTED]


def test_our_own_words_are_no_contact_with_the_customer(stage: Stage) -> None:
    stage.publish(protocol("Rescue", {"do": "macro", "macro": "Recovery: acknowledge and take over"}))
    ticket = stage.opens()
    stage.drain()

    stage.happened(ticket)
    stage.drain()

    assert len(stage.comments(ticket, public=True)) == 2
    assert stage.case(ticket).stage is CaseStage.FLAGGED
    assert stage.case(ticket).contacted_at is None


def test_a_case_on_a_ticket_that_was_solved_before_waits_for_somebody(stage: Stage) -> None:
    ticket = stage.opens(CALM)
    stage.solves(ticket)
    stage.drain()
    stage.rates(ticket, 1)
    stage.drain()
    before = stage.case(ticket).stage

    stage.answers(ticket)
    stage.drain()

    assert before is CaseStage.ASSIGNED
    assert stage.case(ticket).stage is CaseStage.RESOLVED


def test_a_case_opens_on_what_time_alone_has_done(stage: Stage) -> None:
    waiting = {"all": [{"field": "waiting_hours", "operator": "at_least", "value": 3}]}
    stage.publish(protocol("Patience", NOTE, criteria=waiting))
    ticket = stage.opens("The lamp arrived broken. When will you send a new one?")
    stage.drain()
    before = stage.cases(ticket)

    stage.step(hours=20)
    stage.drain()

    assert before == []
    assert stage.steps(ticket)["1-note"].state is StepState.DONE


def test_a_protocol_may_ask_for_the_ticket_s_group(stage: Stage) -> None:
    in_retention = {"all": [{"field": "group", "operator": "is", "value": "Retention"}]}
    stage.publish(protocol("Only theirs", NOTE, criteria=in_retention))
    ticket = stage.opens(ANGRY)
    stage.drain()
    before = stage.cases(ticket)

    stage.edits(ticket, group_id=stage.account.group_ids["Retention"])
    stage.drain()

    assert before == []
    assert len(stage.cases(ticket)) == 1
