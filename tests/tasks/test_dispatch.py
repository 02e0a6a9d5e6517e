"""Dispatchers: any number of them, on one database, with a broker that may be away. Turns are taken by hand here."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from app.clock import real_now
from app.store.database import Purpose
from app.store.models import Desk, DeskState, Slot, TrackedTicket
from tasks import inbox, schedule, scoring, surveys, sweeping
from tasks.celery_app import make_celery
from tasks.dispatch import PER_DESK, Dispatcher
from tasks.parts import Parts
from tests.tasks.conftest import MakeStage
from tests.tasks.stage import FOLLOW_UP, NOTE, Stage, protocol

Hint = tuple[str, Any]


class Broker:
    """Takes the hints that a dispatcher publishes, or refuses them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.hints: list[Hint] = []
        self.away = False
        tasks = {"look": inbox.look, "rescore": scoring.rescore, "send": surveys.send, "sweep": sweeping.sweep}
        for name, task in tasks.items():
            patch.setattr(task, "apply_async", self._taking(name), raising=False)
        patch.setattr(schedule, "current_app", self)

    def _taking(self, name: str) -> Callable[..., None]:
        def take(args: Any, *, retry: bool) -> None:
            assert retry is False
            self._publish((name, args))

        return take

    def send_task(self, name: str, *, retry: bool, expires: float) -> None:
        assert retry is False
        assert expires > 0
        self._publish((name, ()))

    def _publish(self, hint: Hint) -> None:
        if self.away:
            raise OperationalError("nobody there")
        self.hints.append(hint)

    def of(self, *names: str) -> list[Any]:
        return [args for name, args in self.hints if name in names]


@pytest.fixture
def broker(stage: Stage) -> Broker:
    return Broker(stage.patch)


def test_a_turn_hints_what_is_due(stage: Stage, broker: Broker) -> None:
    ticket = stage.opens()

    Dispatcher(stage.parts).turn()

    row = stage.tracked(ticket)
    assert broker.of("look") == [(stage.desk_id, row.id, row.fence)]
    assert row.lease_until is not None
    assert row.attempts == 0


def test_two_dispatchers_never_hand_out_a_ticket_twice(stage: Stage, broker: Broker) -> None:
    for number in range(12):
        stage.opens(email=f"customer-{number}@example.com")
    dispatchers = [Dispatcher(stage.parts) for _ in range(2)]

    _at_once([dispatcher.turn for dispatcher in dispatchers])

    handed_out = Counter(tracked_id for _, tracked_id, _ in broker.of("look"))
    assert len(handed_out) == 12
    assert set(handed_out.values()) == {1}


def test_two_dispatchers_on_postgresql_never_hand_out_a_ticket_twice(postgres_stage: Stage) -> None:
    broker = Broker(postgres_stage.patch)
    tickets = sweeping.CROWD - 1  # so many are read one by one, and no single turn takes them all
    for number in range(tickets):
        postgres_stage.happened(f"{number + 1}")
    dispatchers = [Dispatcher(postgres_stage.parts) for _ in range(4)]

    _at_once([dispatcher.turn for dispatcher in dispatchers])
    for dispatcher in dispatchers:
        dispatcher.turn()

    handed_out = Counter(tracked_id for _, tracked_id, _ in broker.of("look"))
    assert len(handed_out) == tickets > PER_DESK
    assert set(handed_out.values()) == {1}


def _at_once(calls: list[Callable[[], object]]) -> None:
    barrier, errors = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait(5)
            call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_broker_that_is_away_gives_tickets_back_and_no_attempt_is_spent(stage: Stage, broker: Broker) -> None:
    ticket = stage.opens()
    broker.away = True
    for _ in range(stage.parts.settings.max_attempts + 2):
        Dispatcher(stage.parts).turn()
        stage.pass_time(seconds=5)
    waiting = stage.tracked(ticket)
    broker.away = False

    Dispatcher(stage.parts).turn()

    assert waiting.dead_at is None
    assert waiting.attempts == 0
    assert waiting.last_error == "the broker is away"
    assert len(broker.of("look")) == 1


def test_a_broker_that_is_away_forgives_no_attempt_either(stage: Stage, broker: Broker) -> None:
    ticket = stage.opens()
    stage.patch.setattr(scoring, "record", None)
    stage.turn()
    stage.pass_time(minutes=1)
    broker.away = True

    Dispatcher(stage.parts).turn()

    assert stage.tracked(ticket).attempts == 1


def test_a_broker_that_is_away_stops_no_turn_and_keeps_the_jobs_slots(stage: Stage, broker: Broker) -> None:
    broker.away = True
    Dispatcher(stage.parts).turn()
    with stage.parts.database.system(Purpose.OPERATE, read=True) as session:
        taken = session.query(Slot).count()
    broker.away = False

    schedule.tick()

    assert taken == 0
    assert {name for name, _ in broker.hints} == {job.task for job in schedule.JOBS}


def test_a_slot_is_run_once_whoever_looks(stage: Stage, broker: Broker) -> None:
    other = _second(stage)

    for parts in (stage.parts, other, stage.parts):
        schedule.tick_due(parts, real_now())
    schedule.tick()

    assert Counter(name for name, _ in broker.hints) == {job.task: 1 for job in schedule.JOBS}
    other.database.close()


def test_the_next_turn_of_a_job_is_run_again(stage: Stage, broker: Broker) -> None:
    now = real_now().replace(second=10)  # two seconds later it is the same minute
    for later in (timedelta(0), timedelta(seconds=2), timedelta(minutes=2)):
        schedule.tick_due(stage.parts, now + later)

    assert len([name for name, _ in broker.hints if name == "upkeep.sweep"]) == 2


def _second(stage: Stage) -> Parts:
    """The parts of another process on the same database."""
    from app import factory

    return factory.build(stage.parts.settings)


def test_a_paused_desk_gets_no_turn(stage: Stage, broker: Broker) -> None:
    stage.opens()
    with stage.parts.database.desk(stage.desk_id) as session:
        desk = session.get(Desk, stage.desk_id)
        assert desk is not None
        desk.state = DeskState.PAUSED

    Dispatcher(stage.parts).turn()

    assert broker.of("look", "rescore") == []


def test_no_more_is_handed_out_than_may_be_under_way(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_IN_FLIGHT="5")
    broker = Broker(stage.patch)
    for number in range(8):
        stage.happened(f"{number + 1}")

    busy = [Dispatcher(stage.parts).turn() for _ in range(3)]

    assert len(broker.of("look")) == 5
    assert busy == [True, False, False]


def test_a_due_survey_is_hinted_once(stage: Stage, broker: Broker) -> None:
    stage.publish(protocol("Rescue", NOTE, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)

    for _ in range(2):
        Dispatcher(stage.parts).turn()

    (survey,) = stage.surveys(ticket)
    assert broker.of("send") == [(stage.desk_id, survey.id, survey.fence)]


def test_a_survey_that_could_not_be_hinted_waits_for_its_lease(stage: Stage, broker: Broker) -> None:
    stage.publish(protocol("Rescue", NOTE, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    broker.away = True
    Dispatcher(stage.parts).turn()
    broker.away = False

    stage.pass_time(minutes=5)
    Dispatcher(stage.parts).turn()

    assert [args[1] for args in broker.of("send")] == [stage.surveys(ticket)[0].id]


def test_a_ticket_tried_too_often_is_given_up_in_a_turn(stage: Stage, broker: Broker) -> None:
    ticket = stage.opens()
    with stage.parts.database.desk(stage.desk_id) as session:
        row = session.get(TrackedTicket, stage.tracked(ticket).id)
        assert row is not None
        row.attempts = stage.parts.settings.max_attempts

    Dispatcher(stage.parts).turn()

    assert stage.tracked(ticket).dead_at is not None
    assert broker.of("look") == []


def test_the_thread_goes_on_after_a_turn_that_failed(stage: Stage, broker: Broker) -> None:
    turned = threading.Event()
    failures = iter((RuntimeError("once"),))

    def on_turn(_now: object) -> None:
        for failure in failures:
            raise failure
        turned.set()

    dispatcher = Dispatcher(stage.parts, on_turn=on_turn)
    dispatcher.start()

    assert turned.wait(5)
    dispatcher.stop()


def test_a_stopped_dispatcher_claims_nothing_more(stage: Stage, broker: Broker) -> None:
    dispatcher = Dispatcher(stage.parts)
    dispatcher.start()
    dispatcher.stop()

    stage.opens()

    assert broker.of("look") == []


@pytest.fixture
def refused() -> Iterator[Celery]:
    """An application whose broker is a port that nobody listens on."""
    app = make_celery("redis://127.0.0.1:1/0")
    yield app
    app.close()


def test_a_real_broker_that_refuses_is_a_broker_that_is_away(stage: Stage, refused: Celery) -> None:
    ticket = stage.opens()

    Dispatcher(stage.parts).turn()

    assert stage.tracked(ticket).last_error == "the broker is away"
