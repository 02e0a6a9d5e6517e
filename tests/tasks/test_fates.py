"""What becomes of tickets beside their conversation: rules, closing for good, merges, deletion, redaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.scoring import engine
from app.store import scores
from app.store.models import InvitationState, Message, Person, TrackedTicket
from app.words import CaseStage
from connectors.errors import Unavailable
from connectors.ticket import NewTicket
from connectors.zendesk.client import ZendeskConnector
from tests.tasks.stage import ANGRY, CALM, CUSTOMER, FOLLOW_UP, NOTE, Stage, protocol

RESCUE = protocol("Rescue", NOTE, follow_up=FOLLOW_UP)


def automate(stage: Stage, ticket: str, status: str, title: str = "Solve what is pending") -> None:
    """A rule of the account sets the status, and we are told."""
    stage.act(f"tickets/{ticket}/automation", status=status, title=title)
    stage.happened(ticket, "ticket.status_changed")


def rescued(stage: Stage, **more: Any) -> str:
    """A ticket with an open case."""
    stage.publish(protocol("Rescue", NOTE, follow_up=FOLLOW_UP))
    ticket = stage.opens(ANGRY, **more)
    stage.drain()
    return ticket


@pytest.mark.capability("PRO-09")
def test_a_ticket_that_a_rule_solves_under_its_case_is_opened_again_with_a_note(stage: Stage) -> None:
    ticket = rescued(stage)

    automate(stage, ticket, "solved")
    stage.drain()

    assert stage.shown(ticket)["status"] == "open"
    (note,) = [text for text in stage.comments(ticket, public=False) if "automation" in text]
    assert '"Solve what is pending"' in note
    assert stage.case(ticket).stage is CaseStage.FLAGGED
    assert stage.surveys(ticket) == []
    assert stage.tracked(ticket).reopens == 0


@pytest.mark.capability("PRO-09")
def test_an_agent_who_solves_it_is_left_alone(stage: Stage) -> None:
    ticket = rescued(stage)

    stage.solves(ticket)
    stage.drain()

    assert stage.shown(ticket)["status"] == "solved"
    assert stage.case(ticket).stage is CaseStage.RESOLVED


@pytest.mark.capability("PRO-09")
def test_closing_what_an_agent_solved_is_no_rule_s_doing(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.solves(ticket)
    stage.drain()

    automate(stage, ticket, "closed")
    stage.drain()

    assert stage.case(ticket).stage is CaseStage.RESOLVED
    assert stage.case(ticket).follow_up_ticket_id is None


@pytest.mark.capability("PRO-09")
def test_solved_by_an_agent_and_closed_by_a_rule_before_we_looked_is_the_agent_s_doing(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.act(f"tickets/{ticket}/update", status="solved")

    automate(stage, ticket, "closed")
    stage.drain()

    assert stage.case(ticket).stage is CaseStage.RESOLVED


@pytest.mark.capability("PRO-09")
def test_a_rule_that_insists_wins_and_the_lead_is_told(stage: Stage) -> None:
    stage.settings(lead_emails=["lead@example.com"])
    ticket = rescued(stage)

    for _ in range(3):
        automate(stage, ticket, "solved")
        stage.drain()

    assert stage.shown(ticket)["status"] == "solved"
    assert stage.states(ticket)["undo_solved-1"] == stage.states(ticket)["undo_solved-2"] == "done"
    assert stage.states(ticket)["tell_of_rule"] == "done"
    (mail,) = stage.mails("lead@example.com")
    assert "automation" in mail["subject"]
    assert stage.case(ticket).stage is CaseStage.RESOLVED


@pytest.mark.capability("PRO-09")
def test_a_ticket_that_a_rule_closes_for_good_goes_on_in_a_follow_up_with_its_case(stage: Stage) -> None:
    ticket = rescued(stage)

    automate(stage, ticket, "closed")
    stage.drain()

    (case,) = stage.rows_of_cases()
    follow_up = case.follow_up_ticket_id
    assert follow_up is not None
    assert case.open_key == case.tracked_id == stage.tracked(follow_up).id
    assert case.moved_from == ticket
    assert "recovery_open" in stage.tags(follow_up)
    assert stage.tracked(follow_up).follow_up_of == ticket
    assert stage.shown(follow_up)["requester"]["email"] == CUSTOMER


def test_a_ticket_without_a_case_may_be_solved_by_any_rule(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens(CALM)
    stage.drain()

    with stage.counting() as calls:
        automate(stage, ticket, "solved")
        stage.drain()

    assert stage.shown(ticket)["status"] == "solved"
    assert calls.reads == 2  # nobody asked for its audits


def closed_and_surveyed(stage: Stage) -> str:
    """A ticket that was recovered, then closed for good, and whose customer is asked after that."""
    ticket = rescued(stage)
    stage.solves(ticket)
    stage.drain()
    stage.act(f"tickets/{ticket}/close")
    stage.happened(ticket, "ticket.status_changed")
    stage.drain()
    stage.step(hours=25)
    stage.drain()
    return ticket


@pytest.mark.capability("FOL-05")
def test_a_closed_ticket_still_takes_our_survey(stage: Stage) -> None:
    ticket = closed_and_surveyed(stage)

    stage.answer_survey(ticket, 5)
    stage.drain()

    assert len(stage.mails()) == 1
    assert stage.case(ticket).stage is CaseStage.RECOVERED
    assert stage.shown(ticket)["status"] == "closed"


@pytest.mark.capability("FOL-05")
def test_a_survey_that_was_to_be_a_comment_goes_by_mail_once_the_ticket_is_closed(stage: Stage) -> None:
    resurvey = {"after_hours": 24, "channel": "comment", "good_from": 0.6}
    stage.publish(protocol("Rescue", NOTE, follow_up={"resurvey": resurvey}))
    ticket = stage.opens(ANGRY)
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.act(f"tickets/{ticket}/close")
    stage.happened(ticket)
    stage.drain()

    stage.step(hours=25)
    stage.drain()

    (survey,) = stage.surveys(ticket)
    assert (survey.channel, survey.state) == ("email", InvitationState.SENT)


@pytest.mark.capability("FOL-05")
def test_a_bad_answer_about_a_closed_ticket_opens_one_that_goes_on_from_it(stage: Stage) -> None:
    ticket = closed_and_surveyed(stage)

    stage.answer_survey(ticket, 1)
    stage.drain()

    case = stage.case(ticket)
    assert case.stage is CaseStage.LOST
    follow_up = case.follow_up_ticket_id
    assert follow_up is not None
    assert stage.tags(follow_up) >= {"recovery_lost"}
    assert stage.comments(follow_up, public=True) == []
    (note,) = stage.comments(follow_up, public=False)
    assert f"ticket {ticket}" in note
    assert stage.states(ticket)["follow_up"] == "done"


def lose_the_answer(stage: Stage, *, before: bool, times: int = 1) -> None:
    """The creation of a ticket ends without an answer, before or after it took effect."""
    create, left = ZendeskConnector.create_ticket, iter(range(times))

    def cut_off(connector: ZendeskConnector, new: NewTicket) -> str:
        lost = next(left, None) is not None
        made = "" if lost and before else create(connector, new)
        if lost:
            raise Unavailable("the answer was lost", sent=True)
        return made

    stage.patch.setattr(ZendeskConnector, "create_ticket", cut_off)


@pytest.mark.capability("FOL-05")
@pytest.mark.parametrize("before", [True, False])
def test_a_follow_up_of_unknown_outcome_is_looked_up_and_made_once(stage: Stage, before: bool) -> None:
    ticket = closed_and_surveyed(stage)
    lose_the_answer(stage, before=before)

    stage.answer_survey(ticket, 1)
    for _ in range(4):
        stage.drain()
        stage.pass_time(seconds=60)

    follow_ups = [one for one in stage.look_up("tickets")["tickets"] if one["subject"].startswith("Follow-up")]
    assert len(follow_ups) == 1
    assert stage.case(ticket).follow_up_ticket_id == str(follow_ups[0]["id"])


@pytest.mark.capability("FOL-05")
def test_a_follow_up_that_got_no_answer_twice_is_left_to_a_person(stage: Stage) -> None:
    ticket = closed_and_surveyed(stage)
    lose_the_answer(stage, before=True, times=9)

    stage.answer_survey(ticket, 1)
    for _ in range(5):
        stage.drain()
        stage.pass_time(seconds=60)

    assert stage.states(ticket)["follow_up"] == "needs_review"


class TestMerging:
    def test_the_case_goes_on_on_the_target(self, stage: Stage) -> None:
        ticket = rescued(stage)
        stage.publish()
        target = stage.opens(CALM)
        stage.drain()

        stage.act(f"tickets/{ticket}/merge", into=int(target))
        stage.happened(ticket, "ticket.merged")
        stage.drain()

        (case,) = stage.rows_of_cases()
        assert (case.tracked_id, case.moved_from) == (stage.tracked(target).id, ticket)
        assert case.open_key == case.tracked_id
        assert "recovery_open" in stage.tags(target)
        assert stage.tracked(ticket).merged_into == target
        assert stage.scores(ticket)
        assert stage.scores(target)

    def test_its_survey_waits_for_the_target(self, stage: Stage) -> None:
        ticket = rescued(stage)
        target = stage.opens(CALM, email="other@example.com")
        stage.publish()
        stage.solves(ticket)
        stage.drain()

        stage.act(f"tickets/{ticket}/merge", into=int(target))
        stage.happened(ticket, "ticket.merged")
        stage.drain()

        (survey,) = stage.surveys(target)
        assert survey.state is InvitationState.CANCELLED  # the target is not solved

    def test_where_the_target_has_a_case_of_its_own_the_other_one_ends(self, stage: Stage) -> None:
        ticket = rescued(stage)
        target = stage.opens(ANGRY)
        stage.drain()

        stage.act(f"tickets/{ticket}/merge", into=int(target))
        stage.happened(ticket, "ticket.merged")
        stage.drain()

        assert stage.case(ticket).stage is CaseStage.EXPIRED
        assert target in (stage.case(ticket).reason or "")
        assert stage.case(target).open_key is not None

    def test_on_postgresql_a_case_goes_on_in_a_follow_up_too(self, postgres_stage: Stage) -> None:
        ticket = rescued(postgres_stage)
        postgres_stage.publish()

        postgres_stage.act(f"tickets/{ticket}/automation", status="closed")
        postgres_stage.happened(ticket)
        postgres_stage.drain()

        (case,) = postgres_stage.rows_of_cases()
        assert case.follow_up_ticket_id is not None
        assert case.tracked_id == postgres_stage.tracked(case.follow_up_ticket_id).id

    def test_heard_of_twice_it_moves_once(self, stage: Stage) -> None:
        ticket = rescued(stage)
        stage.publish()
        target = stage.opens(CALM)
        stage.act(f"tickets/{ticket}/merge", into=int(target))
        for _ in range(2):
            stage.happened(ticket, "ticket.merged")
            stage.drain()

        assert len(stage.rows_of_cases()) == 1
        flags = [action for action in stage.states(target) if action.startswith("flag-")]
        assert flags == [f"flag-{target}"]


def warned(stage: Stage) -> str:
    """A calm ticket that waiting alone is going to turn."""
    turns = stage.now + timedelta(days=3)
    stage.patch.setattr(engine, "turns_poor_at", lambda *_: turns)
    stage.publish()
    ticket = stage.opens(CALM)
    stage.drain()
    assert stage.tracked(ticket).turns_poor_at == turns
    return ticket


def test_a_merged_ticket_turns_poor_no_more(stage: Stage) -> None:
    ticket, target = warned(stage), stage.opens(CALM)

    stage.act(f"tickets/{ticket}/merge", into=int(target))
    stage.happened(ticket, "ticket.merged")
    stage.drain()

    assert stage.tracked(ticket).turns_poor_at is None


def test_a_deleted_ticket_turns_poor_no_more(stage: Stage) -> None:
    ticket = warned(stage)

    stage.act(f"tickets/{ticket}/delete")
    stage.happened(ticket, "ticket.deleted")
    stage.drain()

    assert stage.tracked(ticket).turns_poor_at is None


def test_a_ticket_that_is_scored_no_more_turns_poor_no_more(stage: Stage) -> None:
    ticket = warned(stage)
    (said,) = stage.messages(ticket)

    stage.act(f"tickets/{ticket}/comments/{said.message_id}/hide")
    stage.happened(ticket, "message.hidden")
    stage.drain()

    row = stage.tracked(ticket)
    assert row.unscored_reason is not None
    assert row.turns_poor_at is None


class TestGone:
    @pytest.mark.parametrize("how", ["delete", "spam"])
    def test_nothing_personal_is_kept_and_nobody_is_asked(self, stage: Stage, how: str) -> None:
        ticket = rescued(stage)
        stage.solves(ticket)
        stage.drain()

        stage.act(f"tickets/{ticket}/{how}")
        stage.happened(ticket, "ticket.deleted")
        stage.drain()
        stage.step(hours=48)
        stage.drain()

        row = stage.tracked(ticket)
        assert (row.sealed_subject, row.sealed_running, stage.messages(ticket)) == (None, None, [])
        (person,) = stage.rows(Person, Person.id == row.person_id)
        assert (person.sealed_name, person.sealed_email) == (None, None)
        assert stage.case(ticket).stage is CaseStage.EXPIRED
        assert stage.mails() == []
        assert stage.scores(ticket)

    def test_a_person_with_another_ticket_keeps_their_name(self, stage: Stage) -> None:
        ticket = rescued(stage)
        stage.opens(CALM)
        stage.drain()

        stage.act(f"tickets/{ticket}/delete")
        stage.happened(ticket, "ticket.deleted")
        stage.drain()

        (person,) = stage.rows(Person)
        assert person.sealed_name is not None

    def test_restored_it_is_read_and_scored_again(self, stage: Stage) -> None:
        stage.publish()
        ticket = stage.opens(ANGRY)
        stage.drain()
        before = [(row.message_id, row.score) for row in stage.scores(ticket)]
        stage.act(f"tickets/{ticket}/delete")
        stage.happened(ticket, "ticket.deleted")
        stage.drain()

        stage.act(f"tickets/{ticket}/restore")
        stage.happened(ticket, "ticket.restored")
        stage.drain()

        assert [(row.message_id, row.score) for row in stage.scores(ticket)] == before
        row = stage.tracked(ticket)
        assert (row.gone_at, row.dead_at, row.unscored_reason) == (None, None, None)
        assert len(stage.messages(ticket)) == 1


class TestRewriting:
    def test_redacted_words_go_with_their_readings_and_the_ticket_is_scored_again(self, stage: Stage) -> None:
        stage.publish()
        ticket = stage.opens(CALM)
        said = stage.says(ticket, ANGRY)
        stage.says(ticket, "My number is the one above.")
        stage.drain()
        low = stage.tracked(ticket).score

        stage.act(f"tickets/{ticket}/comments/{said}/redact", text=ANGRY)
        stage.happened(ticket, "message.redacted")
        stage.drain()

        opened = stage.opened(Message, "sealed_text", "sealed_readings")
        assert "third time" not in opened
        assert "third time" not in stage.opened(TrackedTicket, "sealed_running", "sealed_reasons", "sealed_insight")
        score = stage.tracked(ticket).score
        assert score is not None
        assert low is not None
        assert score > low
        assert [row.message_id for row in stage.scores(ticket) if row.message_id] == [
            row.message_id for row in stage.messages(ticket)
        ]

    def test_a_message_made_private_counts_no_more(self, stage: Stage) -> None:
        stage.publish()
        ticket = stage.opens(CALM)
        said = stage.says(ticket, ANGRY)
        stage.drain()

        stage.act(f"tickets/{ticket}/comments/{said}/hide")
        stage.happened(ticket, "message.hidden")
        stage.drain()

        assert [row.public for row in stage.messages(ticket)] == [True, False]
        assert said not in [row.message_id for row in stage.scores(ticket)]

    def test_a_look_that_dies_on_the_way_is_made_again_whole(self, stage: Stage) -> None:
        stage.publish()
        ticket = stage.opens(CALM)
        said = stage.says(ticket, ANGRY)
        stage.drain()
        stage.act(f"tickets/{ticket}/comments/{said}/redact", text=ANGRY)
        stage.happened(ticket, "message.redacted")
        drop, left = scores.drop_unsaid, iter([1])

        def fail_once(session: Session, tracked_id: int) -> None:
            if next(left, None) is not None:
                raise RuntimeError
            drop(session, tracked_id)

        stage.patch.setattr(scores, "drop_unsaid", fail_once)

        stage.drain()
        stage.pass_time(seconds=60)
        stage.drain()

        assert "third time" not in stage.opened(Message, "sealed_text")
        assert len(stage.messages(ticket)) == 2


class TestOthers:
    def test_somebody_in_copy_is_scored_apart(self, stage: Stage) -> None:
        stage.publish()
        ticket, alone = stage.opens(CALM), stage.opens(CALM, email="second@example.com")
        stage.says(ticket, ANGRY, author_email="boss@example.com")
        stage.says(ticket, "Nobody helps. This is a disaster!", author_email="boss@example.com")
        stage.drain()

        (copied,) = stage.participants(ticket)
        assert copied.messages == 2
        assert copied.score is not None
        mine, other = stage.tracked(ticket), stage.tracked(alone)
        assert mine.p_uncalibrated == pytest.approx(other.p_uncalibrated, abs=0.005)  # it waits a minute longer
        assert mine.state is other.state
        assert copied.score < (mine.score or 0)

    def test_a_side_conversation_is_not_scored(self, stage: Stage) -> None:
        ticket = stage.opens(ANGRY)
        with stage.sandbox.helpdesk.file.writing() as db:
            db.execute("UPDATE ticket SET channel = 'side_conversation' WHERE id = ?", (int(ticket),))

        stage.drain()

        assert stage.tracked(ticket).unscored_reason == "a side conversation with somebody else"
        assert stage.cases(ticket) == []

    def test_the_brand_is_a_fact_also_while_only_time_passes(self, stage: Stage) -> None:
        brand = str(stage.account.brand_id)
        criteria = {"all": [{"field": "brand", "operator": "is", "value": brand}]}
        stage.publish(protocol("Brand", NOTE, criteria=criteria))
        ticket = stage.opens(CALM)
        stage.drain()

        with stage.counting() as calls:
            stage.step(days=2)
            stage.drain()

        assert stage.tracked(ticket).brand_id == brand
        assert len(stage.cases(ticket)) == 1
        assert calls.reads == 0 or stage.tracked(ticket).due_at is None

    def test_a_suspended_customer_is_not_asked_and_it_is_told_why(self, stage: Stage) -> None:
        ticket = rescued(stage)
        with stage.sandbox.helpdesk.file.writing() as db:
            db.execute("UPDATE person SET suspended = 1 WHERE email = ?", (CUSTOMER,))
        stage.solves(ticket)
        stage.drain()

        stage.step(hours=25)
        stage.drain()

        (survey,) = stage.surveys(ticket)
        assert (survey.state, survey.reason) == (InvitationState.NOT_SENT, "the customer is suspended at the helpdesk")


def test_the_case_of_a_follow_up_is_surveyed_like_any_other(stage: Stage) -> None:
    ticket = rescued(stage)
    automate(stage, ticket, "closed")
    stage.drain()
    (case,) = stage.rows_of_cases()
    assert case.follow_up_ticket_id is not None
    stage.answers(case.follow_up_ticket_id)
    stage.solves(case.follow_up_ticket_id)
    stage.drain()

    stage.step(hours=25)
    stage.drain()

    assert len(stage.mails()) == 1
    assert stage.now - stage.rows_of_cases()[0].opened_at > timedelta(hours=24)
