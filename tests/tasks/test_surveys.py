"""Closing the loop: the survey goes out once, when it is due, to whom it may; and what its answer leads to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.outbound import Handover, Mail, Outbound
from app.store import people, reviews
from app.store.models import InvitationState
from app.words import CaseStage
from tasks import surveys
from tests.outbound.loopback import Listener, listening
from tests.servers import free_port
from tests.tasks.closing import LINK, killed_while_mailing, solved, surveyed
from tests.tasks.conftest import MakeStage
from tests.tasks.stage import CUSTOMER, NOTE, Killed, Stage, die, protocol


def test_a_survey_is_due_after_the_protocol_s_hours(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=23)
    stage.drain()
    early = stage.mails()

    stage.step(hours=2)
    stage.drain()

    (mail,) = stage.mails()
    (survey,) = stage.surveys(ticket)
    assert early == []
    assert survey.state is InvitationState.SENT
    assert survey.sent_at == stage.now
    assert LINK.findall(mail["text"]) == [stage.token(ticket)]
    assert survey.marker in mail["headers"]
    assert stage.case(ticket).stage is CaseStage.RESURVEYED


@pytest.mark.capability("FOL-04")
def test_a_case_is_surveyed_once_also_when_it_is_solved_again(stage: Stage) -> None:
    ticket = surveyed(stage)
    stage.says(ticket, "One more thing: where is the bulb?")
    stage.drain()
    stage.solves(ticket)
    stage.drain()

    stage.step(hours=48)
    stage.drain()

    assert len(stage.mails()) == 1
    assert len(stage.surveys(ticket)) == 1


def test_a_ticket_that_is_opened_again_is_asked_about_after_its_next_solution_only(stage: Stage) -> None:
    ticket = solved(stage)
    stage.says(ticket, "It is broken again.")
    stage.drain()
    cancelled = stage.surveys(ticket)
    stage.step(hours=25)
    stage.drain()
    meanwhile = stage.mails()

    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()

    assert [(row.state, row.reason) for row in cancelled] == [
        (InvitationState.CANCELLED, "the ticket was opened again"),
    ]
    assert meanwhile == []
    assert [row.state for row in stage.surveys(ticket)] == [InvitationState.CANCELLED, InvitationState.SENT]
    assert len(stage.mails()) == 1


@pytest.mark.capability("FOL-04")
def test_a_person_is_asked_once_in_the_cooldown_over_all_their_tickets(stage: Stage) -> None:
    surveyed(stage)
    other = surveyed(stage)
    (survey,) = stage.surveys(other)

    assert len(stage.mails()) == 1
    assert survey.state is InvitationState.NOT_SENT
    assert survey.reason == "the customer was asked less than 7 days ago"


@pytest.mark.capability("FOL-04")
def test_a_person_who_wants_no_surveys_gets_none(stage: Stage) -> None:
    ticket = solved(stage)
    with stage.parts.database.desk(stage.desk_id) as session:
        person_id = stage.tracked(ticket).person_id
        assert person_id is not None
        people.opt_out(session, person_id, stage.now)

    stage.step(hours=25)
    stage.drain()

    (survey,) = stage.surveys(ticket)
    assert stage.mails() == []
    assert (survey.state, survey.reason) == (InvitationState.NOT_SENT, "the customer wants no surveys")


def test_a_suspended_person_is_not_asked(stage: Stage) -> None:
    ticket = solved(stage)
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("UPDATE person SET suspended = 1 WHERE email = ?", (CUSTOMER,))
    stage.happened(ticket)
    stage.drain()

    stage.step(hours=25)
    stage.drain()

    assert stage.surveys(ticket)[0].reason == "the customer is suspended at the helpdesk"


def test_a_mail_server_that_is_away_gets_the_mail_once_it_is_back(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)
    connect = socket.create_connection
    stage.patch.setattr(socket, "create_connection", _refusing(stage.sandbox.smtp_port, connect))
    stage.turn()
    (waiting,) = stage.surveys(ticket)
    stage.patch.setattr(socket, "create_connection", connect)

    stage.turn()
    too_early = stage.mails()
    stage.pass_time(hours=1)
    stage.drain()

    assert waiting.state is InvitationState.SCHEDULED
    assert waiting.reason == "no connection to the mail server"
    assert too_early == []
    assert len(stage.mails()) == 1


def _refusing(port: int | None, connect):
    def refuse(address, *args, **kwargs):
        if address[1] == port:
            raise ConnectionRefusedError
        return connect(address, *args, **kwargs)

    return refuse


def _losing(listener: Listener, connection: socket.socket) -> None:
    """A mail server that takes the whole message and is gone without a word."""
    connection.sendall(b"220 here\r\n")
    for answer in (b"250 hello\r\n", b"250 sender\r\n", b"250 recipient\r\n", b"354 go on\r\n"):
        connection.recv(4096)
        connection.sendall(answer)
    data = b""
    while not data.endswith(b"\r\n.\r\n"):
        data += connection.recv(65536)
    listener.heard.append(data)


def test_a_mail_of_unknown_fate_is_never_sent_again_by_itself(make_stage: MakeStage) -> None:
    with listening(_losing) as server:
        stage = make_stage(KINTSUGI_SMTP_URL=f"smtp://127.0.0.1:{server.port}")
        ticket = surveyed(stage)
        stage.pass_time(hours=1)
        stage.drain()

    (survey,) = stage.surveys(ticket)
    assert survey.state is InvitationState.NEEDS_REVIEW
    assert "may or may not have been sent" in (survey.reason or "")
    assert len(server.heard) == 1


def test_a_sender_that_dies_with_the_mail_in_its_hands_leaves_it_to_a_person(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)
    killed_while_mailing(stage)

    stage.pass_time(hours=1)
    stage.drain()

    assert stage.mails() == []
    assert stage.surveys(ticket)[0].state is InvitationState.NEEDS_REVIEW


def test_a_survey_that_a_person_found_missing_is_sent_again(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)
    killed_while_mailing(stage)
    stage.pass_time(hours=1)
    stage.drain()

    with stage.parts.database.desk(stage.desk_id) as session:
        reviews.repeat_invitation(session, stage.surveys(ticket)[0].id)
    stage.drain()

    assert len(stage.mails()) == 1
    assert stage.surveys(ticket)[0].state is InvitationState.SENT


def test_a_survey_whose_sender_dies_every_time_comes_to_an_end(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)
    stage.patch.setattr("tasks.surveys._hindrance", lambda *_: die())
    for _ in range(12):
        with pytest.raises(Killed):
            stage.turn()
        stage.pass_time(hours=1)

    stage.drain()

    (survey,) = stage.surveys(ticket)
    assert (survey.state, survey.reason) == (InvitationState.DEAD, "its sender failed every time")


def test_a_refused_mail_is_not_tried_again(make_stage: MakeStage) -> None:
    def refusing(_: Listener, connection: socket.socket) -> None:
        connection.sendall(b"220 here\r\n")
        for answer in (b"250 hello\r\n", b"250 sender\r\n", b"550 no such person\r\n"):
            connection.recv(4096)
            connection.sendall(answer)
        connection.recv(4096)

    with listening(refusing) as server:
        stage = make_stage(KINTSUGI_SMTP_URL=f"smtp://127.0.0.1:{server.port}")
        ticket = surveyed(stage)

    (survey,) = stage.surveys(ticket)
    assert (survey.state, survey.reason) == (InvitationState.NOT_SENT, "the mail server answered 550")


def test_a_stale_hint_sends_nothing(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)
    (claim,) = stage.claim_surveys()

    surveys.send(claim.desk_id, claim.invitation_id, claim.fence - 1)
    surveys.send(claim.desk_id, 999, 1)

    assert stage.mails() == []
    assert stage.surveys(ticket)[0].state is InvitationState.SCHEDULED


def test_a_survey_by_mail_that_nobody_can_receive_says_so(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, follow_up={"resurvey": {"after_hours": 1, "channel": "email"}}))
    ticket = stage.opens()
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("UPDATE person SET email = NULL WHERE email = ?", (CUSTOMER,))
    stage.drain()
    stage.solves(ticket)
    stage.drain()

    stage.step(hours=2)
    stage.drain()

    assert stage.surveys(ticket)[0].reason == "the customer has no e-mail address"


def test_a_deleted_ticket_s_survey_is_cancelled(stage: Stage) -> None:
    ticket = solved(stage)
    stage.act(f"tickets/{ticket}/spam")
    stage.happened(ticket, "ticket.changed")
    stage.drain()

    stage.step(hours=25)
    stage.drain()

    assert stage.mails() == []
    assert stage.surveys(ticket)[0].state is InvitationState.CANCELLED
    assert stage.case(ticket).stage is CaseStage.EXPIRED


def before_handing_over(stage: Stage, act: Callable[[], object]) -> None:
    """Something happens while the mail server is already listening."""
    hand_over = Outbound.hand_over

    @contextmanager
    def played(outbound: Outbound, mail: Mail) -> Iterator[Handover]:
        with hand_over(outbound, mail) as handover:
            act()
            yield handover

    stage.patch.setattr(Outbound, "hand_over", played)


def test_a_survey_that_is_called_off_at_the_last_moment_does_not_leave(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)

    def reopen() -> None:
        stage.says(ticket, "It is broken again.")
        for claim in stage.claim():
            stage.work(claim)

    before_handing_over(stage, reopen)

    stage.drain()

    assert stage.mails() == []
    assert stage.surveys(ticket)[0].reason == "the ticket was opened again"


def test_a_survey_answered_before_we_knew_that_it_left_stays_answered(stage: Stage) -> None:
    ticket = solved(stage)
    stage.step(hours=25)
    send = Handover.send

    def sent(handover: Handover) -> None:
        send(handover)
        stage.answer_survey(ticket, 5)

    stage.patch.setattr(Handover, "send", sent)

    stage.drain()

    assert stage.surveys(ticket)[0].state is InvitationState.ANSWERED
    assert stage.case(ticket).stage is CaseStage.RECOVERED


def test_a_mail_server_that_stays_away_is_given_up_in_the_end(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL=f"smtp://127.0.0.1:{free_port()}")
    ticket = surveyed(stage)
    for _ in range(6):
        stage.pass_time(hours=6)
        stage.drain()

    (survey,) = stage.surveys(ticket)
    assert survey.state is InvitationState.DEAD
    assert survey.reason == "tried 6 times: no connection to the mail server"
