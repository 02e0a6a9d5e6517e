"""Replies, drafts, statuses and fields at the helpdesk: what reaches the customer, and what never does."""

from __future__ import annotations

import pytest

from app import desk_install
from app.protocols.actions.draft import HEAD
from app.protocols.actions.reply import MAY_NOT_SPEAK
from app.store.models import StepState
from connectors.ticket import Receipt, Ticket, Write
from connectors.zendesk.client import ZendeskConnector
from tests.tasks.stage import CUSTOMER, NOTE, Killed, Stage, protocol

REPLY = {"do": "reply", "text": "Dear {{ customer | customer }}, we have your message and look into it."}
LOUD = {"automation_may_speak": True}


def opened(stage: Stage, *actions, speaks: bool = True, **values) -> str:
    stage.settings(automation_may_speak=speaks)
    stage.publish(protocol("Rescue", *actions, **values))
    return stage.opens()


def by_somebody_called(name: str, stage: Stage) -> str:
    """A ticket whose customer has nothing better than this for a name."""
    made = stage.act("tickets", email="nobody@example.com", name=name, subject="Lamp", text="It arrived broken.")
    stage.happened(made["id"])
    return str(made["id"])


def ours(stage: Stage, ticket: str) -> list[str]:
    """The public words that the customer did not write."""
    return [text for text in stage.comments(ticket, public=True) if "we have your message" in text]


def test_a_reply_reaches_the_customer_where_both_allow_it(stage: Stage) -> None:
    ticket = opened(stage, REPLY, guardrails=LOUD)

    stage.drain()

    assert len(ours(stage, ticket)) == 1
    assert stage.states(ticket)["1-reply"] == "done"


@pytest.mark.parametrize(("desk", "protocols"), [(False, True), (True, False), (False, False)])
def test_one_of_them_is_not_enough(stage: Stage, desk: bool, protocols: bool) -> None:
    ticket = opened(stage, REPLY, NOTE, speaks=desk, guardrails={"automation_may_speak": protocols})

    stage.drain()

    step = stage.steps(ticket)["1-reply"]
    assert (step.state, step.reason) == (StepState.REFUSED, MAY_NOT_SPEAK)
    assert ours(stage, ticket) == []
    assert stage.states(ticket)["2-note"] == "done"


@pytest.mark.parametrize("landed", [True, False])
def test_a_reply_that_was_cut_off_is_said_once(stage: Stage, landed: bool) -> None:
    ticket = opened(stage, REPLY, guardrails=LOUD)
    write, left = ZendeskConnector.write, iter([True])

    def cut_off(connector: ZendeskConnector, on: Ticket, wanted: Write) -> Receipt:
        if next(left, False):
            if landed:
                write(connector, on, wanted)
            raise Killed
        return write(connector, on, wanted)

    stage.patch.setattr(ZendeskConnector, "write", cut_off)
    with pytest.raises(Killed):
        stage.turn()
    stage.pass_time(minutes=10)
    stage.drain()

    assert len(ours(stage, ticket)) == 1
    assert stage.states(ticket)["1-reply"] == "done"


def test_a_reply_whose_fate_stays_unknown_is_left_to_a_person(stage: Stage) -> None:
    ticket = opened(stage, REPLY, guardrails=LOUD)

    def lost(connector: ZendeskConnector, on: Ticket, wanted: Write) -> Receipt:
        raise Killed

    stage.patch.setattr(ZendeskConnector, "write", lost)
    for _ in range(2):
        with pytest.raises(Killed):
            stage.turn()
        stage.pass_time(minutes=10)
    stage.patch.undo()
    stage.drain()

    assert stage.states(ticket)["1-reply"] == "needs_review"
    assert ours(stage, ticket) == []


@pytest.mark.capability("ACT-09")
def test_a_customer_without_a_name_is_greeted_by_the_fallback(stage: Stage) -> None:
    stage.settings(automation_may_speak=True)
    stage.publish(protocol("Rescue", REPLY, guardrails=LOUD))
    ticket = by_somebody_called(CUSTOMER, stage)

    stage.drain()

    (said,) = ours(stage, ticket)
    assert said.startswith("Dear customer,")


@pytest.mark.capability("ACT-09")
def test_without_a_fallback_nothing_is_said_at_all(stage: Stage) -> None:
    stage.publish(protocol("Rescue", {"do": "draft", "text": "Hi {{ customer }}."}))
    ticket = by_somebody_called("+49 30 0000000", stage)

    stage.drain()

    step = stage.steps(ticket)["1-draft"]
    assert step.state is StepState.REFUSED
    assert '"customer", which is not known here' in (step.reason or "")
    assert stage.comments(ticket, public=False) == []


def test_a_draft_is_a_note_that_the_customer_does_not_see(stage: Stage) -> None:
    ticket = opened(stage, {"do": "draft", "text": "We are sorry, {{ customer | customer }}."})

    stage.drain()

    (note,) = stage.comments(ticket, public=False)
    assert note.startswith(HEAD)
    assert "We are sorry" in note
    assert not any("We are sorry" in text for text in stage.comments(ticket, public=True))


def test_a_status_is_set_at_the_helpdesk(stage: Stage) -> None:
    ticket = opened(stage, {"do": "status", "to": "hold"})

    stage.drain()

    assert stage.shown(ticket)["status"] == "hold"


def test_a_field_of_the_desk_is_set(stage: Stage) -> None:
    desk_install.install(stage.parts, stage.desk_id, by_rule=False)
    field_id = stage.desk().settings["shown_fields"]["cause"]
    stage.settings(shown_fields={})  # a field like any other of the desk's
    ticket = opened(stage, {"do": "field", "field": field_id, "value": "late parcel"})

    stage.drain()

    assert stage.states(ticket)["1-field"] == "done"
    assert stage.shown(ticket)["custom_fields"][field_id] == "late parcel"


def test_a_field_that_the_desk_does_not_have_is_refused_with_its_name(stage: Stage) -> None:
    ticket = opened(stage, {"do": "field", "field": "999", "value": "late"}, NOTE)

    stage.drain()

    step = stage.steps(ticket)["1-field"]
    assert (step.state, step.reason) == (StepState.REFUSED, 'the ticket has no field "999"')
    assert stage.states(ticket)["2-note"] == "done"


def test_a_task_sends_nothing_and_waits(stage: Stage) -> None:
    ticket = opened(stage, {"do": "task", "text": "Call them about {{ cause }}.", "owner": "lead", "within_hours": 4})

    stage.drain()

    step = stage.steps(ticket)["1-task"]
    assert (step.state, step.owner) == (StepState.WAITING, "lead")
    assert step.due_at is not None
    assert stage.comments(ticket, public=False) == []
