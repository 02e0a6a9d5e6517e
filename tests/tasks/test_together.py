"""The pipeline on PostgreSQL and with real webhooks: workers side by side, and our own changes coming back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from werkzeug.serving import make_server

from app import factory
from app.store.models import DeliveryState
from tests.connectors.sandbox.parts import wait_until
from tests.tasks.stage import ASSIGN, NOTE, PRIORITY, Killed, Stage, die, protocol


@contextmanager
def connected(stage: Stage) -> Iterator[None]:
    """The sandbox sends its signed webhooks to our web application."""
    app = factory.create_app(stage.parts.settings, stage.parts)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stage.sandbox.connect(endpoint=f"http://127.0.0.1:{server.server_port}/hooks/{stage.desk().key}")
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def delivered(stage: Stage) -> bool:
    return bool(stage.look_up("outbox")["pending"] == 0)


def test_our_own_changes_come_back_as_echoes_and_start_nothing(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, PRIORITY, ASSIGN))
    with connected(stage):
        ticket = str(stage.act("tickets", email="customer@example.com", subject="Lamp", text="It is broken.")["id"])
        wait_until(lambda: delivered(stage))
        stage.pass_time(minutes=1)
        stage.drain()
        wait_until(lambda: delivered(stage))
        stage.pass_time(minutes=1)
        with stage.counting() as calls:
            stage.drain()

    states = [row.state for row in stage.deliveries(ticket)]
    assert states.count(DeliveryState.ECHO) >= 3
    assert set(states) == {DeliveryState.ECHO, DeliveryState.SETTLED}
    assert (calls.reads, calls.writes) == (0, 0)
    assert len(stage.cases(ticket)) == 1


def test_one_message_of_a_customer_costs_two_reads_and_one_write(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    with connected(stage):
        ticket = str(stage.act("tickets", email="customer@example.com", subject="Lamp", text="It is broken.")["id"])
        wait_until(lambda: delivered(stage))
        stage.pass_time(minutes=1)

        with stage.counting() as calls:
            stage.drain()

    assert calls.reads <= 3  # the ratings are read at first sight
    assert calls.writes == 1
    assert stage.tracked(ticket).read_at is not None


def test_workers_side_by_side_on_postgresql_each_do_their_own(postgres_stage: Stage) -> None:
    stage = postgres_stage
    stage.publish(protocol("Rescue", NOTE, ASSIGN))
    tickets = [stage.opens(email=f"customer-{number}@example.com") for number in range(6)]
    claims = stage.claim()
    threads = [threading.Thread(target=stage.work, args=[claim]) for claim in claims for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Until the first answers have told the account's allowance, most of them had to wait.
    stage.pass_time(minutes=1)
    stage.drain()

    assert [stage.comments(ticket, public=False) for ticket in tickets] == [["Please call this customer."]] * 6
    assert {state for ticket in tickets for state in stage.states(ticket).values()} == {"done"}


@pytest.mark.parametrize(("before", "after"), [(die, None), (None, die)])
def test_a_worker_that_dies_on_postgresql_says_its_words_once(postgres_stage: Stage, before, after) -> None:
    stage = postgres_stage
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.on_write(before=before, after=after)
    with pytest.raises(Killed):
        stage.turn()

    stage.pass_time(minutes=10)
    stage.drain()

    assert stage.comments(ticket, public=False) == ["Please call this customer."]
    assert set(stage.states(ticket).values()) == {"done"}


def test_an_event_during_a_look_is_looked_at_afterwards(postgres_stage: Stage) -> None:
    stage = postgres_stage
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.on_write(before=lambda: stage.says(ticket, "And the shade is missing."))

    stage.drain()

    assert len([row for row in stage.scores(ticket) if row.message_id]) == 2
    assert {row.state for row in stage.deliveries(ticket)} == {DeliveryState.SETTLED}
    assert stage.tracked(ticket).done == stage.tracked(ticket).dirty


def test_the_whole_loop_closes_on_postgresql(postgres_stage: Stage) -> None:
    stage = postgres_stage
    ticket = stage.opens("This is the third time I write! It is still broken. I want a refund now!")
    stage.rates(ticket, 1)
    stage.drain()
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()

    stage.answer_survey(ticket, 5)
    stage.drain()

    assert stage.case(ticket).stage == "recovered"
    assert "recovery_recovered" in stage.tags(ticket)
