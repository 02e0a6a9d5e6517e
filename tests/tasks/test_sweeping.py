"""Sweeps: many due tickets of a desk are read in bulk, and what follows is what single looks would have done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.clock import real_now
from app.store import sweeps
from app.store.database import Purpose
from app.store.models import Desk, DeskState, RatingRow, TrackedTicket
from connectors.base import CallLimits
from connectors.zendesk.client import ZendeskConnector
from tasks import claims, sweeping
from tasks.dispatch import Dispatcher
from tests.tasks.stage import ANGRY, ASSIGN, CALM, FOLLOW_UP, NOTE, Stage, protocol
from tests.tasks.test_dispatch import Broker

POOR_ONLY = {"criteria": {"all": [{"field": "level", "operator": "is", "value": "poor"}]}}
STATES = {"sat_good_improving", "sat_good_worsening", "sat_poor_improving", "sat_poor_worsening"}


@pytest.fixture(autouse=True)
def _a_few_are_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "CROWD", 1)


def sweep(stage: Stage) -> None:
    """One sweep of the desk, as the dispatcher would hint it."""
    now = real_now()
    with stage.parts.database.system(Purpose.DISPATCH) as session:
        fence = sweeps.claim(session, stage.desk_id, now, now + timedelta(minutes=1))
    assert fence is not None
    sweeping.sweep(stage.desk_id, fence)


def open_many(stage: Stage, texts: list[str]) -> list[str]:
    """Tickets whose messages are old enough for bulk reads."""
    stage.publish(protocol("Rescue", NOTE, ASSIGN, **POOR_ONLY, follow_up=FOLLOW_UP))
    opened = [stage.opens(text, email=f"customer-{number}@example.com") for number, text in enumerate(texts)]
    stage.step(minutes=2)
    learn(stage)
    backdate(stage, minutes=len(texts) + 3)
    return opened


def learn(stage: Stage) -> None:
    """The desk knows which user we are there, as it does once it was connected."""
    with stage.parts.database.desk(stage.desk_id) as session:
        session.get_one(Desk, stage.desk_id).integration_user_id = str(stage.account.integration_id)


def backdate(stage: Stage, **span: float) -> None:
    """The webhooks came as much earlier as business time was stepped since."""
    with stage.parts.database.desk(stage.desk_id) as session:
        for row in session.query(TrackedTicket):
            if row.first_dirty_at is not None:
                row.first_dirty_at -= timedelta(**span)


def calls(stage: Stage) -> dict[str, int]:
    found: dict[str, int] = stage.look_up("stats")["by_call"]
    return found


def made(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


def test_calm_tickets_cost_a_handful_of_calls_however_many_they_are(stage: Stage) -> None:
    opened = open_many(stage, [CALM] * 12)
    before = calls(stage)

    sweep(stage)

    assert made(before, calls(stage)) == {
        "GET tickets/show_many": 1,
        "GET incremental/ticket_events": 1,
        "PUT tickets/update_many": 1,
    }
    assert all(len(stage.tags(ticket_id) & STATES) == 1 for ticket_id in opened)
    assert all(len(stage.messages(ticket_id)) == 1 for ticket_id in opened)


def test_what_follows_is_what_single_looks_would_have_done(stage: Stage) -> None:
    texts = [CALM, ANGRY, CALM, ANGRY]
    swept = open_many(stage, texts)
    sweep(stage)
    alone = [stage.opens(text, email=f"other-{number}@example.com") for number, text in enumerate(texts)]

    stage.drain()

    def outcome(ticket_id: str) -> tuple[Any, ...]:
        said = [(one.author, one.public) for one in stage.messages(ticket_id)]
        return stage.tracked(ticket_id).score, said[:1], stage.states(ticket_id), stage.tags(ticket_id) - {"lamp"}

    assert [outcome(ticket_id) for ticket_id in swept] == [outcome(ticket_id) for ticket_id in alone]


def test_cases_are_opened_and_their_steps_done_at_once(stage: Stage) -> None:
    calm, angry = open_many(stage, [CALM, ANGRY])

    sweep(stage)

    assert stage.case(angry).assigned_at is not None
    assert set(stage.states(angry).values()) == {"done"}
    assert stage.cases(calm) == []


def test_only_new_messages_are_heard_in_a_second_sweep(stage: Stage) -> None:
    opened = open_many(stage, [CALM] * 3)
    sweep(stage)
    for ticket_id in opened:
        stage.answers(ticket_id)
        stage.says(ticket_id, CALM)
    stage.step(minutes=2)
    backdate(stage, minutes=9)

    sweep(stage)

    for ticket_id in opened:
        heard = [(one.author, one.public) for one in stage.messages(ticket_id)]
        assert heard == [("customer", True), ("agent", True), ("customer", True)]


def test_what_is_younger_than_a_minute_waits(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, **POOR_ONLY))
    young = stage.opens(CALM)
    learn(stage)

    sweep(stage)

    row = stage.tracked(young)
    assert row.read_at is None
    assert row.due_at is not None
    assert timedelta(seconds=1) < row.due_at - real_now() <= sweeping.YOUNG


def test_a_message_that_the_export_left_out_is_read_with_its_ticket(stage: Stage) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    with stage.sandbox.helpdesk.file.writing() as db:
        db.execute("DELETE FROM audit WHERE ticket_id = ?", (int(ticket_id),))
    before = calls(stage)

    sweep(stage)

    assert len(stage.messages(ticket_id)) == 1
    assert made(before, calls(stage))["GET tickets/<int:ticket_id>/comments"] == 1


def test_a_ticket_that_is_gone_ends_as_after_a_single_look(stage: Stage) -> None:
    kept, gone = open_many(stage, [CALM, CALM])
    stage.act(f"tickets/{gone}/delete")

    sweep(stage)

    assert stage.tracked(kept).scored_at is not None
    assert stage.tracked(gone).scored_at is None
    assert stage.tracked(gone).unscored_reason is not None


def test_a_rating_is_read_though_bulk_reads_bring_none(stage: Stage) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    sweep(stage)
    stage.solves(ticket_id)
    stage.rates(ticket_id, 2)
    stage.step(minutes=2)
    stage.pass_time(minutes=5)

    sweep(stage)

    assert [row.original for row in stage.rows(RatingRow)] == ["2"]


def test_tags_are_verified_by_the_next_bulk_read(stage: Stage) -> None:
    opened = open_many(stage, [CALM] * 3)
    sweep(stage)
    stage.edits(opened[0], remove_tags=sorted(STATES))
    with stage.parts.database.desk(stage.desk_id) as session:
        session.execute(update(TrackedTicket).values(due_at=real_now(), dirty=TrackedTicket.done))
    before = calls(stage)

    sweep(stage)

    assert len(stage.tags(opened[0]) & STATES) == 1
    assert made(before, calls(stage)) == {"GET tickets/show_many": 1, "PUT tickets/update_many": 1}
    assert [stage.tracked(ticket_id).due_at is None for ticket_id in opened] == [False, True, True]


def test_tags_that_could_not_be_sent_are_sent_after_the_next_look(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    stage.fault("status", status=503, method="PUT", path_prefix="/api/v2/tickets/update_many")
    sweep(stage)
    before = stage.tags(ticket_id) & STATES
    stage.pass_time(minutes=3)

    sweep(stage)

    assert before == set()
    assert len(stage.tags(ticket_id) & STATES) == 1


def test_nothing_is_settled_that_happened_after_the_bulk_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    read = ZendeskConnector.read_said

    def meanwhile(self: ZendeskConnector, *what: Any) -> Any:
        found = read(self, *what)
        stage.says(ticket_id, ANGRY)
        return found

    monkeypatch.setattr(ZendeskConnector, "read_said", meanwhile)

    sweep(stage)

    row = stage.tracked(ticket_id)
    assert (row.read_at, row.dirty - row.done) == (None, 2)


def test_what_came_between_the_take_and_the_work_is_read_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    begin = claims.ticket

    def meanwhile(*what: int) -> Any:
        stage.says(ticket_id, ANGRY)
        return begin(*what)

    monkeypatch.setattr(claims, "ticket", meanwhile)

    sweep(stage)

    row = stage.tracked(ticket_id)
    assert row.dirty == row.done
    assert row.level == "poor"


@pytest.mark.parametrize("path", ["/api/v2/incremental", "/api/v2/tickets/show_many"])
def test_where_bulk_reads_are_refused_tickets_are_read_alone(stage: Stage, path: str) -> None:
    opened = open_many(stage, [CALM] * 2)
    stage.fault("status", status=403, path_prefix=path)

    sweep(stage)

    assert [stage.tracked(ticket_id).scored_at is not None for ticket_id in opened] == [True, True]


def test_refused_credentials_pause_the_desk(stage: Stage) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    stage.fault("status", status=401, path_prefix="/api/v2/", times=9)

    sweep(stage)

    assert (stage.desk().state, stage.tracked(ticket_id).read_at) == (DeskState.PAUSED, None)


def test_a_late_hint_sweeps_nothing(stage: Stage) -> None:
    (ticket_id,) = open_many(stage, [CALM])

    sweeping.sweep(stage.desk_id, 99)

    assert stage.tracked(ticket_id).read_at is None


def test_a_sweep_without_budget_gives_everything_back(stage: Stage) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    nothing = CallLimits(bucket="account", total=200, remaining=0, resets_in=timedelta(seconds=40))
    stage.parts.connections.governor.observer(stage.desk_id)("GET", "/api/v2/users/me", 200, [nothing])

    sweep(stage)

    row, desk = stage.tracked(ticket_id), stage.desk()
    assert (row.read_at, row.attempts, row.lease_until) == (None, 0, None)
    assert desk.sweep_until is not None
    assert desk.sweep_until > real_now() + timedelta(seconds=20)
    assert desk.blocked_until is None


def test_one_tickets_trouble_is_its_own(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = open_many(stage, [ANGRY, CALM])
    stage.fault("status", status=503, method="PUT", path_prefix=f"/api/v2/tickets/{first}")

    sweep(stage)

    assert stage.tracked(first).last_error is not None
    assert stage.tracked(second).scored_at is not None
    assert len(stage.tags(second) & STATES) == 1


def test_what_time_changed_is_decided_on_though_tags_are_to_be_verified(stage: Stage) -> None:
    opened = open_many(stage, [CALM] * 2)
    sweep(stage)
    waiting = {"all": [{"field": "waiting_hours", "operator": "at_least", "value": 24}]}
    stage.publish(protocol("Forgotten", NOTE, criteria=waiting))
    stage.step(days=3)
    stage.drain()
    stage.pass_time(minutes=3)

    sweep(stage)
    stage.drain()

    assert [len(stage.cases(ticket_id)) for ticket_id in opened] == [1, 1]


def test_a_few_new_messages_are_left_to_single_looks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (ticket_id,) = open_many(stage, [CALM])
    monkeypatch.setattr(sweeping, "CROWD", 2)
    before = calls(stage)

    sweep(stage)

    assert stage.tracked(ticket_id).read_at is None
    assert made(before, calls(stage)) == {}


@pytest.mark.parametrize(("number", "hints"), [(19, {"look": 16}), (20, {"sweep": 1})])
def test_a_crowd_is_swept(stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int, hints: dict[str, int]) -> None:
    monkeypatch.setattr(sweeping, "CROWD", 20)
    broker = Broker(stage.patch)
    for place in range(number):
        stage.happened(str(place + 1))
    governor = stage.parts.connections.governor
    little = CallLimits(bucket="account", total=200, remaining=180, resets_in=timedelta(seconds=40))
    governor.observer(stage.desk_id)("GET", "/api/v2/users/me", 200, [little])

    Dispatcher(stage.parts).turn()

    assert {name: len(broker.of(name)) for name in ("look", "sweep") if broker.of(name)} == hints


def test_tags_on_two_tickets_are_verified_together(stage: Stage) -> None:
    open_many(stage, [CALM] * 2)
    sweep(stage)
    broker = Broker(stage.patch)
    stage.pass_time(minutes=3)

    Dispatcher(stage.parts).turn()

    assert (len(broker.of("sweep")), broker.of("look")) == (1, [])


def test_tickets_with_a_case_are_looked_at_alone_during_a_sweep(stage: Stage) -> None:
    with_case, without = open_many(stage, [ANGRY, CALM])
    sweep(stage)
    for ticket_id in (with_case, without):
        stage.says(ticket_id, CALM)
    now = real_now()
    with stage.parts.database.system(Purpose.DISPATCH) as session:
        sweeps.claim(session, stage.desk_id, now, now + timedelta(minutes=1))
    broker = Broker(stage.patch)

    Dispatcher(stage.parts).turn()

    assert [args[1] for args in broker.of("look")] == [stage.tracked(with_case).id]
