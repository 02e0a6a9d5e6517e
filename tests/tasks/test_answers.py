"""What a survey's answer leads to: recovered and returned, or lost, opened again and told to the lead."""

from __future__ import annotations

import pytest

from app.store.invitations import AnswerOutcome
from app.words import CaseStage
from tests.tasks.closing import killed_while_mailing, solved, surveyed
from tests.tasks.stage import ASSIGN, FOLLOW_UP, Stage, protocol


@pytest.mark.capability("FOL-04")
def test_a_link_takes_one_answer(stage: Stage) -> None:
    ticket = surveyed(stage)

    first, second = stage.answer_survey(ticket, 5), stage.answer_survey(ticket, 1)
    stage.drain()

    assert (first, second) == (AnswerOutcome.RECORDED, AnswerOutcome.ALREADY)
    assert stage.case(ticket).stage is CaseStage.RECOVERED


@pytest.mark.capability("TEA-03")
def test_a_good_answer_recovers_the_case_and_returns_the_ticket(stage: Stage) -> None:
    agent, support = stage.account.agent_ids[0], stage.account.group_ids["Support"]
    stage.publish(protocol("Rescue", ASSIGN, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/update", group_id=support, assignee_id=agent)
    stage.drain()
    moved = stage.shown(ticket)["group"]
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()

    stage.answer_survey(ticket, 5)
    stage.drain()

    shown = stage.shown(ticket)
    assert moved == "Recovery"
    assert (shown["group"], shown["assignee_id"]) == ("Support", str(agent))
    assert "recovery_recovered" in shown["tags"]
    assert "recovery_open" not in shown["tags"]
    assert stage.case(ticket).stage is CaseStage.RECOVERED


@pytest.mark.capability("TEA-03")
def test_a_recovered_ticket_stays_where_the_rule_says_so(stage: Stage) -> None:
    ticket = surveyed(stage, ASSIGN, return_to="stay")

    stage.answer_survey(ticket, 5)
    stage.drain()

    assert stage.shown(ticket)["group"] == "Recovery"
    assert "recovery_recovered" in stage.tags(ticket)


def test_a_bad_answer_opens_the_ticket_again_and_tells_the_lead(stage: Stage) -> None:
    ticket = surveyed(stage)
    before = len(stage.mails("lead@localhost"))

    stage.answer_survey(ticket, 1)
    stage.drain()

    shown, row = stage.shown(ticket), stage.tracked(ticket)
    assert stage.case(ticket).stage is CaseStage.LOST
    assert shown["status"] == "open"
    assert "recovery_lost" in shown["tags"]
    assert "recovery_open" not in shown["tags"]
    assert len(stage.mails("lead@localhost")) == before + 1
    assert (row.status, row.solved_at) == ("open", None)


def test_an_answer_by_somebody_whose_mail_we_had_given_up_still_counts(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)
    killed_while_mailing(stage)
    stage.pass_time(hours=1)
    stage.drain()

    stage.answer_survey(ticket, 5)
    stage.drain()

    assert stage.case(ticket).stage is CaseStage.RECOVERED
