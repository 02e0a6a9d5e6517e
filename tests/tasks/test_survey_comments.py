"""Surveys as public comments, where there is no mail: posted once, called off in time, and no agent's reply."""

from __future__ import annotations

from app.store.models import InvitationState, StepState
from app.words import CaseStage
from tests.tasks.closing import LINK, solved, surveyed
from tests.tasks.conftest import MakeStage
from tests.tasks.stage import CUSTOMER, FOLLOW_UP, NOTE, Stage, protocol


def test_without_a_mail_server_the_survey_is_a_public_comment(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL="")
    ticket = surveyed(stage)

    asked = stage.comments(ticket, public=True)[-1]
    assert LINK.findall(asked) == [stage.token(ticket)]
    assert stage.surveys(ticket)[0].state is InvitationState.SENT
    assert stage.case(ticket).stage is CaseStage.RESURVEYED
    assert stage.shown(ticket)["status"] == "solved"


def test_a_survey_comment_is_posted_once_also_when_its_answer_is_lost(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL="")
    ticket = solved(stage)
    stage.step(hours=25)
    stage.fault("drop_after_write", method="PUT")
    stage.turn()
    stage.turn()
    stage.pass_time(minutes=1)

    stage.drain()

    asked = [text for text in stage.comments(ticket, public=True) if LINK.search(text)]
    assert len(asked) == 1
    assert stage.surveys(ticket)[0].state is InvitationState.SENT


def test_a_survey_comment_never_counts_as_an_agents_reply(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL="")
    stage.publish(protocol("Rescue", NOTE, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()

    stage.happened(ticket)
    stage.drain()

    assert stage.messages(ticket)[-1].author == "system"
    assert stage.case(ticket).contacted_at is None


def test_a_survey_comment_on_a_closed_ticket_is_not_sent(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL="")
    ticket = solved(stage)
    stage.act(f"tickets/{ticket}/close")

    stage.step(hours=25)
    stage.drain()

    (survey,) = stage.surveys(ticket)
    assert (survey.state, survey.reason) == (InvitationState.NOT_SENT, "the ticket is closed for good")


def test_a_survey_comment_is_called_off_when_the_ticket_is_opened_before_it_is_posted(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL="")
    ticket = solved(stage)
    stage.step(hours=25)
    stage.turn()
    stage.says(ticket, "It is broken again.")

    stage.drain()

    (survey,) = stage.surveys(ticket)
    assert (survey.state, survey.reason) == (InvitationState.CANCELLED, "the ticket was opened again")
    assert stage.steps(ticket)["survey-1"].state is StepState.SKIPPED
    assert not [text for text in stage.comments(ticket, public=True) if LINK.search(text)]


def test_a_person_without_an_address_is_asked_by_comment(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("UPDATE person SET email = NULL WHERE email = ?", (CUSTOMER,))
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)

    stage.drain()

    assert stage.surveys(ticket)[0].channel == "comment"
    assert LINK.search(stage.comments(ticket, public=True)[-1])
