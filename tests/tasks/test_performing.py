"""Performing steps at the helpdesk: one write where it can be one, each refusal by itself, agents' edits kept."""

from __future__ import annotations

import pytest

from app.store.models import DeliveryState, StepState
from app.words import CaseStage
from tests.tasks.stage import ASSIGN, CALM, NOTE, PRIORITY, TAG, Stage, protocol

NOWHERE = {"do": "assign", "group": "Nobody's group", "to": "group"}
UNKNOWN_MACRO = {"do": "macro", "macro": "Recovery: sing"}
COURIER = {"do": "macro", "macro": "Recovery: ask the courier"}
HANDLE = {"do": "macro", "macro": "Recovery: note for the next agent"}
TAKE_OVER = {"do": "macro", "macro": "Recovery: acknowledge and take over"}
LEAST = {"do": "assign", "group": "Recovery", "to": "least_loaded"}


def test_note_priority_assignment_and_tags_are_one_write(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, PRIORITY, ASSIGN, TAG, tags=["fragile"]))
    ticket = stage.opens()

    with stage.counting() as calls:
        stage.drain()

    shown = stage.shown(ticket)
    assert calls.writes == 1
    assert set(stage.states(ticket).values()) == {"done"}
    assert (shown["priority"], shown["group"]) == ("high", "Recovery")
    assert {"fragile", "recovery_open"} <= set(shown["tags"])
    assert stage.comments(ticket, public=False) == ["Please call this customer."]
    assert stage.case(ticket).stage is CaseStage.ASSIGNED


@pytest.mark.capability("PRO-02")
def test_a_tag_that_is_there_already_is_not_added_again(stage: Stage) -> None:
    stage.publish(protocol("Rescue", TAG, tags=["fragile"]))
    ticket = stage.opens(CALM, tags=["fragile", "recovery_open", "sat_good_improving"])

    with stage.counting() as calls:
        stage.drain()

    step = stage.steps(ticket)["1-tag"]
    assert calls.writes == 0
    assert (step.state, step.reason) == (StepState.DONE, "the ticket had it already")
    assert stage.tags(ticket) == {"fragile", "recovery_open", "sat_good_improving"}


@pytest.mark.capability("PRO-02")
def test_a_tag_is_exchanged_in_one_write(stage: Stage) -> None:
    stage.publish(
        protocol("Rescue", {"do": "tag", "add": ["fragile"], "remove": ["sturdy"]}, tags=["fragile", "sturdy"])
    )
    ticket = stage.opens(tags=["sturdy", "vip"])

    with stage.counting() as calls:
        stage.drain()

    assert calls.writes == 1
    assert {"fragile", "vip"} <= stage.tags(ticket)
    assert "sturdy" not in stage.tags(ticket)


@pytest.mark.parametrize(
    ("action", "key", "named"),
    [
        (NOWHERE, "2-assign", "Nobody's group"),
        (UNKNOWN_MACRO, "2-macro", "Recovery: sing"),
        (COURIER, "2-macro", "side conversation"),
    ],
)
def test_what_the_desk_does_not_have_refuses_its_step_alone(stage: Stage, action, key: str, named: str) -> None:
    stage.publish(protocol("Rescue", NOTE, action, PRIORITY))
    ticket = stage.opens()

    stage.drain()

    states, refused = stage.states(ticket), stage.steps(ticket)[key]
    assert states == {"0-flag": "done", "1-note": "done", key: "refused", "3-priority": "done"}
    assert named in (refused.reason or "")


def test_a_private_macro_goes_with_the_others_and_a_public_one_apart(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, HANDLE, TAKE_OVER))
    ticket = stage.opens()

    with stage.counting() as calls:
        stage.drain()

    assert calls.writes == 2
    assert set(stage.states(ticket).values()) == {"done"}
    assert len(stage.comments(ticket, public=False)) == 1
    assert len(stage.comments(ticket, public=True)) == 2
    assert {"handle_with_care", "recovery_acknowledged"} <= stage.tags(ticket)


def test_the_least_loaded_member_gets_the_ticket(stage: Stage) -> None:
    first, second, _ = stage.account.agent_ids
    busy = stage.opens(email="other@example.com")
    stage.edits(busy, assignee_id=first)
    stage.drain()
    stage.publish(protocol("Rescue", LEAST))
    ticket = stage.opens()

    stage.drain()

    assert stage.shown(ticket)["assignee_id"] == str(second)
    assert stage.steps(ticket)["1-assign"].state is StepState.DONE


def test_an_agents_edit_between_our_read_and_our_write_is_kept(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, PRIORITY))
    ticket = stage.opens(tags=["vip"])
    change = {"tags": ["vip", "called_back"], "assignee_id": stage.account.agent_ids[2]}
    stage.on_write(before=lambda: stage.edits(ticket, **change))

    with stage.counting() as calls:
        stage.turn()

    shown = stage.shown(ticket)
    assert set(stage.states(ticket).values()) == {"done"}
    assert {"vip", "called_back", "recovery_open"} <= set(shown["tags"])
    assert shown["assignee_id"] == str(stage.account.agent_ids[2])
    assert stage.comments(ticket, public=False) == ["Please call this customer."]
    assert calls.writes == 2


def test_an_agent_who_never_stops_makes_us_wait_and_not_overwrite(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.on_write(before=lambda: stage.act(f"tickets/{ticket}/update", tags=[f"edit_{stage.now:%M}"]), times=3)
    stage.turn()
    waiting = stage.tracked(ticket)

    stage.pass_time(minutes=1)
    stage.drain()

    assert waiting.dead_at is None
    assert waiting.attempts == 1
    assert set(stage.states(ticket).values()) == {"done"}
    assert [tag for tag in stage.tags(ticket) if tag.startswith("edit_")]
    assert stage.comments(ticket, public=False) == ["Please call this customer."]
    assert stage.steps(ticket)["1-note"].attempts == 1


def test_a_part_that_the_helpdesk_refuses_holds_up_no_other(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, ASSIGN, PRIORITY))
    stage.opens(email="other@example.com")
    stage.drain()
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("DELETE FROM team WHERE name = 'Recovery'")
    ticket = stage.opens()

    stage.drain()

    refused = stage.steps(ticket)["2-assign"]
    assert stage.states(ticket) == {"0-flag": "done", "1-note": "done", "2-assign": "refused", "3-priority": "done"}
    assert "group" in (refused.reason or "").lower()
    assert stage.comments(ticket, public=False) == ["Please call this customer."]


def test_our_own_change_is_stored_as_an_echo_and_nothing_is_read_for_it(stage: Stage) -> None:
    stage.publish(protocol())
    ticket = stage.opens()
    stage.drain()
    stage.happened(ticket, "ticket.changed", echo=True)

    with stage.counting() as calls:
        worked = stage.turn()

    assert worked == 0
    assert calls.reads == 0
    assert stage.deliveries(ticket)[-1].state is DeliveryState.ECHO


def test_no_connection_is_held_while_anybody_is_called(stage: Stage) -> None:
    ticket = stage.opens("I hate this! Still broken, third time, I want a refund!")
    stage.rates(ticket, 1)

    stage.drain()

    assert stage.mails("lead@localhost")
    assert stage.guard.seen > 8
    assert stage.guard.found == []


@pytest.mark.capability("N6")
def test_a_step_remembers_what_it_changed_and_what_was_there_before(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, PRIORITY, ASSIGN, TAG, tags=["fragile"]))
    groups = stage.account.group_ids
    ticket = stage.opens()
    stage.edits(ticket, priority="low", group_id=groups["Support"])

    stage.drain()

    steps = stage.steps(ticket)
    assert steps["1-note"].change == {"before": {}, "after": {}, "said": "note"}
    assert steps["2-priority"].change == {"before": {"priority": "low"}, "after": {"priority": "high"}}
    assert steps["3-assign"].change == {
        "before": {"group_id": str(groups["Support"]), "assignee_id": None},
        "after": {"group_id": str(groups["Recovery"]), "assignee_id": None},
    }
    assert steps["4-tag"].change == {"before": {}, "after": {"tags": ["fragile"]}}
