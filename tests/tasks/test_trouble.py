"""Helpdesks that are down, busy or refuse us, and work that fails: what waits, what counts, what comes to an end."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import real_now
from app.store import desks
from app.store.models import DeliveryState, DeskState
from app.words import CaseStage
from connectors.ticket import TicketStatus
from connectors.zendesk.client import ZendeskConnector
from tasks import scoring
from tests.tasks.stage import NOTE, Stage, protocol


def test_a_helpdesk_that_is_down_costs_no_attempts(stage: Stage) -> None:
    ticket = stage.opens()
    stage.fault("status", times=20)
    for _ in range(8):
        stage.turn()
        stage.pass_time(minutes=10)
    waiting = stage.tracked(ticket)
    stage.heal()

    stage.drain()

    assert waiting.dead_at is None
    assert waiting.attempts == 0
    assert waiting.last_error == f"ticket {ticket}: the helpdesk answered 503"
    assert stage.tracked(ticket).score is not None
    assert stage.deliveries(ticket)[0].state is DeliveryState.SETTLED


def test_a_helpdesk_that_says_how_long_it_is_down_is_left_alone_that_long(stage: Stage) -> None:
    ticket = stage.opens()
    stage.fault("status", headers={"Retry-After": "120"})

    stage.turn()

    due_at = stage.tracked(ticket).due_at
    assert due_at is not None
    assert timedelta(seconds=110) < due_at - real_now() < timedelta(seconds=121)


@pytest.mark.parametrize(("kind", "more"), [("drop", {"times": 2}), ("slow", {"seconds": 2.5}), ("garbage", {})])
def test_a_read_without_a_sound_answer_is_tried_again(stage: Stage, kind: str, more: dict[str, float]) -> None:
    ticket = stage.opens()
    stage.fault(kind, method="GET", **more)
    stage.turn()
    failed = stage.tracked(ticket)

    stage.pass_time(minutes=1)
    stage.drain()

    assert failed.attempts == 0
    assert failed.last_error
    assert stage.tracked(ticket).score is not None


def test_a_busy_helpdesk_is_left_alone_by_every_worker(stage: Stage) -> None:
    first = stage.opens()
    stage.fault("status", status=429, headers={"Retry-After": "40"})
    began = time.monotonic()
    stage.turn()
    took = time.monotonic() - began
    second = stage.opens(email="other@example.com")

    with stage.counting() as calls:
        worked = stage.turn()

    blocked = stage.desk().blocked_until
    assert took < 1
    assert blocked is not None
    assert timedelta(seconds=30) < blocked - real_now() <= timedelta(seconds=40)
    assert (worked, calls.reads) == (0, 0)
    assert stage.tracked(first).attempts == stage.tracked(second).attempts == 0


def test_a_busy_helpdesk_is_asked_again_after_its_time(stage: Stage) -> None:
    ticket = stage.opens()
    stage.fault("status", status=429, headers={"Retry-After": "40"})
    stage.turn()

    stage.pass_time(seconds=41)
    stage.drain()

    assert stage.tracked(ticket).score is not None


def test_refused_credentials_pause_the_desk_once_and_keep_everything(stage: Stage) -> None:
    tickets = [stage.opens(email=f"customer-{number}@example.com") for number in range(3)]
    stage.fault("status", status=401, times=10)

    with stage.counting() as calls:
        stage.turn()
        stage.pass_time(minutes=10)
        paused = stage.turn()

    desk = stage.desk()
    assert desk.state is DeskState.PAUSED
    assert "refused our credentials" in (desk.reason or "")
    assert paused == 0
    assert calls.reads == 3 * 2  # each once more with new tokens
    assert {row.state for ticket in tickets for row in stage.deliveries(ticket)} == {DeliveryState.RECEIVED}


def test_access_that_ended_early_is_renewed_in_the_middle_of_the_work(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.fault("status", status=401, path_prefix="/api/v2/tickets/", method="PUT")

    stage.turn()

    assert stage.desk().state is DeskState.ACTIVE
    assert set(stage.states(ticket).values()) == {"done"}
    assert stage.comments(ticket, public=False).count(NOTE["text"]) == 1


def test_a_desk_that_is_resumed_goes_on_where_it_stopped(stage: Stage) -> None:
    ticket = stage.opens()
    stage.fault("status", status=401, times=2)
    stage.turn()
    stage.heal()
    assert stage.desk().state is DeskState.PAUSED
    stage.pass_time(minutes=1)

    with stage.parts.database.desk(stage.desk_id) as session:
        desks.resume(session, stage.desk_id)
    stage.drain()

    assert stage.tracked(ticket).score is not None
    assert stage.deliveries(ticket)[0].state is DeliveryState.SETTLED


def test_work_that_fails_every_time_is_given_up_and_holds_up_nobody(stage: Stage) -> None:
    bad, good = stage.opens(), stage.opens(email="other@example.com")
    record = scoring.record

    def failing(claim, ticket, *rest) -> None:
        if ticket.id == bad:
            raise ValueError("a customer's words stand here")
        record(claim, ticket, *rest)

    stage.patch.setattr(scoring, "record", failing)
    for _ in range(stage.parts.settings.max_attempts + 1):
        stage.turn()
        stage.pass_time(minutes=10)

    row, last = stage.tracked(bad), stage.deliveries(bad)[-1]
    assert row.dead_at is not None
    assert row.attempts == stage.parts.settings.max_attempts
    assert row.last_error == "ValueError"
    assert (last.state, last.reason) == (DeliveryState.DEAD, "its ticket could not be handled")
    assert stage.tracked(good).score is not None


def test_a_ticket_that_was_given_up_is_revived_by_its_next_event(stage: Stage) -> None:
    ticket = stage.opens()
    stage.patch.setattr(scoring, "record", None)
    for _ in range(stage.parts.settings.max_attempts + 1):
        stage.turn()
        stage.pass_time(minutes=10)
    dead = stage.tracked(ticket).dead_at
    stage.patch.undo()

    stage.says(ticket, "Hello?")
    stage.drain()

    assert dead is not None
    assert stage.tracked(ticket).dead_at is None
    assert len(stage.messages(ticket)) == 2


def test_each_failure_waits_longer_than_the_one_before(stage: Stage) -> None:
    ticket = stage.opens()
    stage.patch.setattr(scoring, "record", None)
    waits = []
    for _ in range(3):
        stage.turn()
        due_at = stage.tracked(ticket).due_at
        assert due_at is not None
        waits.append(due_at - real_now())
        stage.pass_time(minutes=10)

    assert waits == sorted(waits)
    assert waits[2] > 2 * waits[0]


def test_a_deleted_ticket_ends_its_case_and_everything_left_to_do(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.fault("drop", method="PUT")
    stage.turn()
    stage.act(f"tickets/{ticket}/delete")
    stage.pass_time(seconds=30)
    stage.happened(ticket, "ticket.changed")

    stage.drain()

    assert set(stage.states(ticket).values()) == {"skipped"}
    assert stage.case(ticket).closed_at is not None
    assert stage.tracked(ticket).rescore_at is None


@pytest.mark.parametrize("status", [TicketStatus.DELETED, TicketStatus.SPAM])
def test_a_ticket_that_is_shown_as_gone_ends_its_case_too(stage: Stage, status: TicketStatus) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.drain()
    read = ZendeskConnector.read_ticket
    stage.patch.setattr(ZendeskConnector, "read_ticket", lambda *a, **k: replace(read(*a, **k), status=status))
    stage.happened(ticket, "ticket.changed")

    with stage.counting() as calls:
        stage.drain()

    case = stage.case(ticket)
    assert (case.stage, case.reason) == (CaseStage.EXPIRED, f"the ticket is {status}")
    assert stage.tracked(ticket).unscored_reason == f"the ticket is {status}"
    assert stage.tracked(ticket).dead_at is None
    assert calls.writes == 0


@pytest.mark.parametrize("path", ["/api/v2/macros", "/api/v2/tickets/"])
def test_credentials_refused_in_the_middle_pause_the_desk_and_leave_the_steps_planned(stage: Stage, path: str) -> None:
    stage.publish(protocol("Rescue", NOTE, {"do": "macro", "macro": "Recovery: note for the next agent"}))
    ticket = stage.opens()
    method = "PUT" if path.endswith("/tickets/") else "GET"
    stage.fault("status", status=401, path_prefix=path, method=method, times=2)

    stage.turn()

    assert stage.desk().state is DeskState.PAUSED
    assert set(stage.states(ticket).values()) == {"planned"}
    assert stage.steps(ticket)["1-note"].attempts == 0
