"""Alerts that wait to be acknowledged: the next one is told when nobody takes it, and nobody once somebody does."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from app import links
from app.clock import real_now
from app.store import alert_chains
from app.store.database import Purpose
from app.store.models import AlertCall, StepState
from tasks import escalating
from tests.outbound.loopback import answering, listening
from tests.tasks.stage import NOTE, Stage, protocol

FIRST, SECOND, LAST = "first@example.com", "second@example.com", "head@example.com"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CHAIN = {
    "do": "alert",
    "email": FIRST,
    "acknowledge_minutes": 15,
    "then": [{"email": SECOND, "acknowledge_minutes": 10}, {"email": LAST}],
    "subject": "Take {{ ticket_id }}",
    "text": "It got worse.",
}


def opened(stage: Stage, alert=CHAIN, **values) -> str:
    """A ticket whose case has told the first of the chain."""
    stage.settings(lead_emails=["lead@example.com"])
    stage.publish(protocol("Rescue", alert, **values))
    ticket = stage.opens()
    stage.drain()
    return ticket


def wait(stage: Stage, **span: float) -> None:
    """Business time passes, the sweep runs, and whatever is due is done."""
    stage.step(**span)
    escalating.sweep()
    stage.drain()


def told(stage: Stage) -> list[int]:
    """How many mails each of the chain has."""
    return [len(stage.mails(address)) for address in (FIRST, SECOND, LAST)]


def token_in(stage: Stage, address: str) -> str:
    """The token of the link in the newest mail to them."""
    found = re.search(r"/a/([\w-]{44})", stage.mails(address)[-1]["text"])
    assert found is not None
    return found[1]


def press(stage: Stage, address: str) -> bool:
    """The button of the page behind their link."""
    token_hash = links.read_token(stage.parts.database.vault, token_in(stage, address), links.ACKNOWLEDGE)
    assert token_hash is not None
    with stage.parts.database.system(Purpose.ROUTE) as session:
        return alert_chains.acknowledge(session, token_hash, now=stage.now, woken_at=real_now())


@pytest.mark.capability("TEA-01")
def test_the_next_one_is_told_when_nobody_takes_it_in_time(stage: Stage) -> None:
    ticket = opened(stage)
    wait(stage, minutes=14)
    early = told(stage)

    wait(stage, minutes=1)

    assert (early, told(stage)) == ([1, 0, 0], [1, 1, 0])
    assert "nobody has taken it so far" in " ".join(stage.mails(SECOND)[0]["text"].split())
    assert stage.states(ticket)["1-alert-1"] == "done"


@pytest.mark.capability("TEA-01")
def test_an_acknowledgement_stops_the_chain(stage: Stage) -> None:
    ticket = opened(stage)
    wait(stage, minutes=15)

    press(stage, SECOND)
    wait(stage, hours=2)

    assert told(stage) == [1, 1, 0]
    taken = [call.acknowledged_by for call in stage.rows(AlertCall)]
    assert taken == [None, "link"]
    assert "1-alert-2" not in stage.steps(ticket)


def test_the_first_can_still_take_it_after_the_second_was_told(stage: Stage) -> None:
    opened(stage)
    wait(stage, minutes=15)

    press(stage, FIRST)
    wait(stage, hours=2)

    assert told(stage) == [1, 1, 0]


def test_an_acknowledgement_between_deadline_and_sending_still_counts(stage: Stage) -> None:
    ticket = opened(stage)
    stage.step(minutes=15)
    escalating.sweep()

    press(stage, FIRST)
    stage.drain()

    assert told(stage) == [1, 0, 0]
    step = stage.steps(ticket)["1-alert-1"]
    assert (step.state, step.reason) == (StepState.SKIPPED, alert_chains.TAKEN)


def test_two_sweeps_of_one_deadline_tell_the_next_one_once(stage: Stage) -> None:
    opened(stage)
    stage.step(minutes=20)

    escalating.sweep()
    escalating.sweep()
    stage.drain()

    assert told(stage) == [1, 1, 0]


def test_a_long_outage_is_caught_up_one_after_the_other(stage: Stage) -> None:
    opened(stage)

    wait(stage, days=2)
    after_outage = told(stage)
    wait(stage, minutes=10)

    assert (after_outage, told(stage)) == ([1, 1, 0], [1, 1, 1])


def test_the_last_without_a_deadline_is_waited_for_by_nobody(stage: Stage) -> None:
    opened(stage)
    for minutes in (15, 10, 600):
        wait(stage, minutes=minutes)

    assert told(stage) == [1, 1, 1]
    assert stage.mails("lead@example.com") == []


def test_the_leads_hear_of_a_chain_that_nobody_took(stage: Stage) -> None:
    ticket = opened(stage, {**CHAIN, "then": []})

    wait(stage, minutes=15)
    wait(stage, hours=3)

    (mail,) = stage.mails("lead@example.com")
    assert mail["subject"] == f"Nobody has taken ticket {ticket}"


def test_one_who_cannot_be_told_keeps_nobody_waiting(stage: Stage) -> None:
    opened(stage, {**CHAIN, "then": [{"webhook": "gone", "acknowledge_minutes": 10}, {"email": LAST}]})
    wait(stage, minutes=15)

    wait(stage, minutes=1)

    assert told(stage) == [1, 0, 1]


def test_a_solved_ticket_escalates_no_further(stage: Stage) -> None:
    ticket = opened(stage)
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()

    wait(stage, hours=1)

    assert told(stage) == [1, 0, 0]


def test_the_links_of_a_chain_differ_and_only_their_hashes_are_stored(stage: Stage) -> None:
    opened(stage)
    wait(stage, minutes=15)

    tokens = {token_in(stage, FIRST), token_in(stage, SECOND)}

    assert len(tokens) == 2
    stored = [call.token_hash for call in stage.rows(AlertCall)]
    assert not tokens & set(stored)
    assert all(token not in repr(call.sealed_token) for token in tokens for call in stage.rows(AlertCall))


def test_an_alert_that_is_sent_again_has_the_same_link(stage: Stage) -> None:
    with listening(answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")) as server:
        stage.settings(webhooks={"pager": f"http://127.0.0.1:{server.port}/"})
        stage.publish(protocol("Rescue", {"do": "alert", "webhook": "pager", "acknowledge_minutes": 5}))
        stage.opens()
        stage.turn()
        stage.pass_time(minutes=10)
        stage.turn()

    bodies = [json.loads(heard.partition(b"\r\n\r\n")[2]) for heard in server.heard]
    assert len(bodies) == 2
    assert bodies[0]["data"]["acknowledge_url"] == bodies[1]["data"]["acknowledge_url"]
    assert bodies[0]["data"]["acknowledge_minutes"] == 5


def test_slack_gets_a_message_in_its_own_form(stage: Stage) -> None:
    alert = {"do": "alert", "slack": "night shift", "acknowledge_minutes": 5, "text": "<!channel> & co"}
    with listening(answering(OK)) as server:
        stage.settings(webhooks={"night shift": f"http://127.0.0.1:{server.port}/services/made-up"})
        stage.publish(protocol("Rescue", alert))
        ticket = stage.opens()
        stage.drain()

    (heard,) = server.heard
    message = json.loads(heard.partition(b"\r\n\r\n")[2])
    assert list(message) == ["text"]
    assert "&lt;!channel&gt; &amp; co" in message["text"]
    assert re.search(r"<http\S+/a/[\w-]{44}\|I take it> \(within 5 minutes\)", message["text"])
    assert stage.states(ticket)["1-alert"] == "done"


def test_an_alert_without_a_deadline_waits_for_nobody(stage: Stage) -> None:
    opened(stage, {"do": "alert", "email": FIRST})

    assert stage.rows(AlertCall) == []
    assert "/a/" not in stage.mails(FIRST)[0]["text"]


def test_the_case_knows_when_its_alert_was_acknowledged(stage: Stage) -> None:
    ticket = opened(stage)
    stage.step(minutes=3)

    press(stage, FIRST)

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        at = alert_chains.acknowledged_at(session, stage.case(ticket).id)
    assert at == stage.now


def take(stage: Stage, ticket: str) -> int:
    """The button on the case's page; how many chains that took."""
    case_id = stage.case(ticket).id
    with stage.parts.database.desk(stage.desk_id) as session:
        return alert_chains.acknowledge_case(session, case_id, "lena@example.com", now=stage.now, woken_at=real_now())


def test_a_case_can_be_taken_between_a_deadline_and_the_next_alert(stage: Stage) -> None:
    ticket = opened(stage)
    stage.step(minutes=15)
    escalating.sweep()

    found = take(stage, ticket)
    stage.drain()

    step = stage.steps(ticket)["1-alert-1"]
    assert (found, told(stage)) == (1, [1, 0, 0])
    assert (step.state, step.reason) == (StepState.SKIPPED, alert_chains.TAKEN)


def test_a_chain_is_taken_by_its_newest_call_and_once(stage: Stage) -> None:
    ticket = opened(stage)
    wait(stage, minutes=15)
    wait(stage, minutes=10)

    found = take(stage, ticket), take(stage, ticket)

    assert found == (1, 0)
    assert [call.acknowledged_by for call in stage.rows(AlertCall)] == [None, None, "lena@example.com"]


@pytest.mark.parametrize("swept", [True, False])
def test_a_case_can_be_taken_after_the_end_of_its_chain(stage: Stage, swept: bool) -> None:
    ticket = opened(stage, {**CHAIN, "then": []})
    stage.step(minutes=15)
    escalating.sweep()
    if swept:
        stage.drain()

    found = take(stage, ticket)
    stage.drain()

    assert found == 1
    assert len(stage.mails("lead@example.com")) == swept
    assert stage.rows(AlertCall)[0].acknowledged_at == stage.now


@pytest.mark.capability("TEA-01")
def test_a_signed_in_person_takes_every_chain_of_a_case_at_once(stage: Stage) -> None:
    stage.settings(lead_emails=["lead@example.com"])
    stage.publish(protocol("Rescue", CHAIN, NOTE, CHAIN))
    ticket = stage.opens()
    stage.drain()

    with stage.parts.database.desk(stage.desk_id) as session:
        found = alert_chains.acknowledge_case(
            session, stage.case(ticket).id, "account:1", now=stage.now, woken_at=real_now()
        )
    wait(stage, hours=2)

    assert found == 2
    assert told(stage) == [2, 0, 0]
    assert all(call.settled_at is not None for call in stage.rows(AlertCall))
    first = stage.rows(AlertCall)[0]
    assert first.told_at is not None
    assert first.due_at == first.told_at + timedelta(minutes=15)
