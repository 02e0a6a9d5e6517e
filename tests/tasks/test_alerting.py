"""Alerts of a ticket's steps: to the lead by mail, to other systems by webhook; one that fails holds up nothing."""

from __future__ import annotations

import json
import smtplib
import socket
from datetime import timedelta

import pytest

from app.clock import real_now
from app.protocols.routing import Member, Team
from app.store import teams
from app.store.models import StepState
from tests.outbound.loopback import Listener, answering, listening
from tests.tasks.conftest import MakeStage
from tests.tasks.stage import ASSIGN, NOTE, Killed, Stage, die, protocol

MAIL = {
    "do": "alert",
    "email": "lead",
    "subject": "Look at {{ ticket_id }}",
    "text": "From {{ previous_group | nobody }}.",
}
SENT, BUSY, NEVER = (
    f"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n".encode() for line in ("200 OK", "503 Busy", "410 Gone")
)
LEAD = "lead@localhost"


def hook(name: str = "pager") -> dict[str, str]:
    return {"do": "alert", "webhook": name, "subject": "Look", "text": "Now."}


def test_the_lead_is_told_which_group_had_the_ticket(stage: Stage) -> None:
    stage.publish(protocol("Rescue", ASSIGN, MAIL))
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/update", group_id=stage.account.group_ids["Support"])

    stage.drain()

    (mail,) = stage.mails(LEAD)
    assert "From Support." in mail["text"]
    assert f"Look at {ticket}" in mail["subject"]
    assert stage.steps(ticket)["2-alert"].state is StepState.DONE


def test_without_a_lead_s_address_the_step_says_so(stage: Stage) -> None:
    stage.settings(lead_emails=[])
    stage.publish(protocol("Rescue", NOTE, MAIL))
    ticket = stage.opens()

    stage.drain()

    alert = stage.steps(ticket)["2-alert"]
    assert alert.state is StepState.REFUSED
    assert "lead_emails" in (alert.reason or "")
    assert stage.states(ticket)["1-note"] == "done"


def test_every_lead_is_told(stage: Stage) -> None:
    stage.settings(lead_emails=["one@example.com", "two@example.com"])
    stage.publish(protocol("Rescue", MAIL))
    stage.opens()

    stage.drain()

    assert len(stage.mails("one@example.com")) == len(stage.mails("two@example.com")) == 1


ONE, TWO = "one@example.com", "two@example.com"


def refuse(patch: pytest.MonkeyPatch, answers: dict[str, int], times: int = 1) -> None:
    """Have the mail server turn away these addresses, each so often."""
    take, left = smtplib.SMTP.rcpt, dict.fromkeys(answers, times)

    def answer(smtp: smtplib.SMTP, to: str) -> tuple[int, bytes]:
        if left.get(to):
            left[to] -= 1
            return answers[to], b"No."
        return take(smtp, to)

    patch.setattr(smtplib.SMTP, "rcpt", answer)


@pytest.mark.parametrize("code", [550, 450])
@pytest.mark.parametrize(("bad", "good"), [(ONE, TWO), (TWO, ONE)])
def test_one_address_that_is_refused_keeps_the_words_from_no_other(
    stage: Stage, bad: str, good: str, code: int
) -> None:
    refuse(stage.patch, {bad: code})
    stage.settings(lead_emails=[ONE, TWO])
    stage.publish(protocol("Rescue", MAIL))
    ticket = stage.opens()
    stage.drain()

    stage.pass_time(hours=1)
    stage.drain()

    alert = stage.steps(ticket)["1-alert"]
    assert (len(stage.mails(bad)), len(stage.mails(good))) == (0, 1)
    assert (alert.state, alert.reason) == (
        StepState.DONE,
        f"not reached: 1 of 2 (the mail server answered {code})",
    )


def test_words_that_reached_nobody_are_tried_again_where_one_may_still_take_them(stage: Stage) -> None:
    refuse(stage.patch, {ONE: 450, TWO: 550})
    stage.settings(lead_emails=[ONE, TWO])
    stage.publish(protocol("Rescue", MAIL))
    ticket = stage.opens()
    stage.drain()
    before = stage.states(ticket)["1-alert"]

    stage.pass_time(hours=1)
    stage.drain()

    assert (before, stage.states(ticket)["1-alert"]) == ("planned", "done")
    assert len(stage.mails(ONE)) == 1


def test_words_that_nobody_will_ever_take_are_given_up(stage: Stage) -> None:
    refuse(stage.patch, {ONE: 550, TWO: 551})
    stage.settings(lead_emails=[ONE, TWO])
    stage.publish(protocol("Rescue", MAIL))
    ticket = stage.opens()

    stage.drain()

    alert = stage.steps(ticket)["1-alert"]
    assert (alert.state, alert.reason) == (
        StepState.REFUSED,
        "the mail server answered 550; the mail server answered 551",
    )


def test_a_mail_server_that_is_away_holds_up_no_other_step(make_stage: MakeStage) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        stage = make_stage(KINTSUGI_SMTP_URL=f"smtp://127.0.0.1:{closed.getsockname()[1]}")
        stage.publish(protocol("Rescue", MAIL, NOTE))
        ticket = stage.opens()
        stage.drain()
    waiting = stage.states(ticket)

    for _ in range(6):
        stage.pass_time(hours=1)
        stage.drain()

    alert = stage.steps(ticket)["1-alert"]
    assert waiting == {"0-flag": "done", "1-alert": "planned", "2-note": "done"}
    assert alert.state is StepState.DEAD
    assert alert.reason == "tried 6 times: no connection to the mail server"


def test_an_alert_of_unknown_fate_goes_out_again_under_the_same_id(stage: Stage) -> None:
    stage.publish(protocol("Rescue", MAIL))
    ticket = stage.opens()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.outbound.mail.Handover.send", lambda _: die())
        with pytest.raises(Killed):
            stage.turn()

    stage.pass_time(minutes=10)
    stage.drain()

    (mail,) = stage.mails(LEAD)
    assert stage.steps(ticket)["1-alert"].marker in mail["headers"]


def test_a_webhook_gets_ids_and_is_signed(stage: Stage) -> None:
    with listening(answering(SENT)) as server:
        stage.settings(webhooks={"pager": f"http://127.0.0.1:{server.port}/alerts"})
        stage.publish(protocol("Rescue", hook()))
        ticket = stage.opens("My secret is 4711.")
        stage.drain()

    (heard,) = server.heard
    head, _, body = heard.partition(b"\r\n\r\n")
    document = json.loads(body)
    assert stage.steps(ticket)["1-alert"].state is StepState.DONE
    assert document["type"] == "recovery.alert"
    assert document["data"]["ticket_id"] == ticket
    assert b"webhook-signature: v1," in head.lower()
    assert b"4711" not in heard


@pytest.mark.parametrize(
    ("heard", "state", "reason"), [(NEVER, StepState.REFUSED, "410"), (BUSY, StepState.PLANNED, None)]
)
def test_a_webhook_s_answer_says_whether_to_try_again(stage: Stage, heard: bytes, state: StepState, reason) -> None:
    with listening(answering(heard)) as server:
        stage.settings(webhooks={"pager": f"http://127.0.0.1:{server.port}/alerts"})
        stage.publish(protocol("Rescue", hook()))
        ticket = stage.opens()
        stage.turn()

    alert = stage.steps(ticket)["1-alert"]
    assert alert.state is state
    assert reason is None or reason in (alert.reason or "")


def test_a_webhook_that_hangs_up_is_called_again_under_the_same_id(stage: Stage) -> None:
    def mute_once(listener: Listener, connection: socket.socket) -> None:
        listener.read_request(connection)
        if len(listener.heard) > 1:
            connection.sendall(SENT)

    with listening(mute_once) as server:
        stage.settings(webhooks={"pager": f"http://127.0.0.1:{server.port}/alerts"})
        stage.publish(protocol("Rescue", hook()))
        ticket = stage.opens()
        stage.drain()
        stage.pass_time(hours=1)
        stage.drain()

    ids = [line for heard in server.heard for line in heard.lower().split(b"\r\n") if line.startswith(b"webhook-id")]
    assert stage.steps(ticket)["1-alert"].state is StepState.DONE
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_an_unknown_webhook_is_named(stage: Stage) -> None:
    stage.publish(protocol("Rescue", hook("nobody")))
    ticket = stage.opens()

    stage.drain()

    alert = stage.steps(ticket)["1-alert"]
    assert (alert.state, alert.reason) == (
        StepState.REFUSED,
        'the desk has no webhook called "nobody" (desk setting webhooks)',
    )


def with_team(stage: Stage, *, away: bool = False) -> None:
    """The group that new tickets come to has a lead of its own."""
    group_id = str(stage.account.group_ids["Support"])
    lead = Member(
        agent_id="77",
        name="Lena Lead",
        email="lena@example.com",
        away_from=stage.now - timedelta(days=1) if away else None,
        away_until=stage.now + timedelta(days=30) if away else None,
    )
    team = Team(group_id=group_id, name="Support", leads=("77",))
    with stage.parts.database.desk(stage.desk_id) as session:
        teams.replace_all(session, stage.desk_id, [team], [lead], real_now())


@pytest.mark.capability("TEA-01")
@pytest.mark.parametrize(("away", "told"), [(False, "lena@example.com"), (True, LEAD)])
def test_the_leads_of_the_agents_own_group_are_told_while_they_are_there(stage: Stage, away: bool, told: str) -> None:
    with_team(stage, away=away)
    stage.publish(protocol("Rescue", MAIL))
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/update", group_id=stage.account.group_ids["Support"])

    stage.drain()

    assert [len(stage.mails(one)) for one in ("lena@example.com", LEAD)] == [told != LEAD, told == LEAD]
