"""History is brought in whole and once, learned from, and acted on by nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.clock import real_now
from app.store import examples, gaps
from app.store.database import Purpose
from app.store.models import Backfill, ExampleRow, RatingRow, Reconcile, RecoveryCase, StepRow, TrackedTicket
from connectors.errors import Unavailable
from connectors.ticket import Ticket
from connectors.zendesk.client import ZendeskConnector
from tasks import backfill, reconcile, scoring
from tasks import examples as kept
from tasks.backfill import Busy, Standing
from tests.tasks.stage import ANGRY, CALM, CUSTOMER, Killed, Stage, die, protocol


@pytest.fixture
def old(stage: Stage) -> Stage:
    """A helpdesk with a past: three tickets, one of them rated, one still open. Then the desk is connected."""
    stage.publish(protocol())
    stage.allow(unlimited=True, incremental=1000)
    first = opens(stage, ANGRY)
    stage.act(f"tickets/{first}/comments", **{"text": "We have sent you a new lamp.", "as": "agent"})
    stage.act(f"tickets/{first}/update", status="solved")
    stage.act(f"tickets/{first}/rating", score=1)
    opens(stage, CALM)
    opens(stage, ANGRY, email="other@example.com")
    stage.step(days=2)
    reconcile.turn(stage.parts, stage.desk_id)
    stage.step(minutes=20)
    return stage


def opens(stage: Stage, text: str, *, email: str = CUSTOMER) -> str:
    """A ticket that nobody told us of."""
    return str(stage.act("tickets", email=email, name="A Customer", subject="Lamp", text=text)["id"])


def bring_in(stage: Stage, *, days: float = 30, tell: Callable[[Standing], None] | None = None) -> Standing:
    def nap(_seconds: float) -> None:
        stage.pass_time(minutes=2)

    since = stage.now - timedelta(days=days)
    return backfill.run(stage.parts, stage.desk_id, since=since, tell=tell or (lambda _: None), sleep=nap)


def test_tickets_messages_and_ratings_come_in(old: Stage):
    found = bring_in(old)

    assert [row.ticket_id for row in old.rows(TrackedTicket)] == ["1", "2", "3"]
    assert [row.author for row in old.messages("1")] == ["customer", "agent"]
    assert (found.imported, found.ratings, found.failed, found.share) == (3, 1, 0, 1.0)
    assert found.finished_at is not None


def test_messages_are_scored_at_their_own_time(old: Stage):
    bring_in(old)

    (message, *_) = old.messages("1")
    assert [row.at for row in old.scores("1") if row.because == "message"] == [message.at]
    row = old.tracked("1")
    assert row.scored_at is not None
    assert row.scored_at < old.now - timedelta(days=1)


def test_nothing_is_acted_upon(old: Stage):
    with old.counting() as calls:
        bring_in(old)
        old.step(days=3)
        old.drain()

    assert calls.writes == 0
    assert old.rows(RecoveryCase) == []
    assert old.rows(StepRow) == []
    assert {row.rescore_at for row in old.rows(TrackedTicket)} == {None}


def test_ratings_are_learned_from_with_the_score_of_their_time(old: Stage):
    bring_in(old)

    (example,) = old.rows(ExampleRow)
    (rating,) = old.rows(RatingRow)
    assert (example.at, example.value, example.customer_turns) == (rating.at, 0.0, 1)
    assert example.score is not None
    with old.parts.database.desk(old.desk_id, read=True) as session:
        assert sum(examples.rated_by_score(session)) == 1


def test_a_ticket_that_changes_afterwards_is_the_live_pipelines(old: Stage):
    bring_in(old)

    old.says("3", ANGRY)
    old.drain()

    assert old.case("3").closed_at is None
    assert old.cases("2") == []


def test_what_changed_since_the_desk_was_connected_is_left_to_the_live_pipeline(old: Stage):
    new = opens(old, ANGRY)
    old.step(minutes=11)

    bring_in(old)
    reconcile_now(old)

    assert old.tracked(new).imported_at is None
    assert len(old.cases(new)) == 1
    with old.parts.database.system(Purpose.OPERATE, read=True) as session:
        assert gaps.totals(session) == {old.desk_id: (1, 0)}


def reconcile_now(stage: Stage) -> None:
    with stage.parts.database.desk(stage.desk_id) as session:
        for row in session.query(Reconcile):
            row.due_at = real_now()
    assert reconcile.turn(stage.parts, stage.desk_id)
    stage.drain()


def test_history_is_no_gap(old: Stage):
    bring_in(old)

    reconcile_now(old)

    with old.parts.database.system(Purpose.OPERATE, read=True) as session:
        assert gaps.totals(session) == {}


def test_only_the_span_that_was_asked_for_comes_in(old: Stage):
    bring_in(old, days=1)

    assert old.rows(TrackedTicket) == []


def test_a_longer_span_later_brings_in_what_is_missing(old: Stage):
    bring_in(old, days=1)

    found = bring_in(old, days=30)

    assert found.imported == 3


def test_a_second_run_reads_nothing(old: Stage):
    bring_in(old)

    with old.counting() as calls:
        found = bring_in(old, days=20)

    assert (calls.reads, found.imported) == (0, 3)


def test_an_interrupted_run_goes_on_where_it_was(old: Stage):
    def stop(standing: Standing) -> None:
        if standing.imported == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_in(old, tell=stop)
    between = backfill.standing(old.parts, old.desk_id)
    assert between is not None
    assert (between.imported, between.running, between.finished_at) == (2, False, None)

    with old.counting() as calls:
        found = bring_in(old)

    assert found.imported == 3
    assert calls.reads <= 1 + backfill.CALLS


def test_a_run_killed_amid_a_ticket_ends_it_whole(old: Stage, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(kept, "keep", lambda *_: die())
        with pytest.raises(Killed):
            bring_in(old)
    old.pass_time(hours=1)

    found = bring_in(old)

    assert (found.imported, found.ratings) == (3, 1)
    assert len(old.messages("1")) == 2
    assert len(old.rows(ExampleRow)) == 1


def test_two_runs_do_not_work_at_once(old: Stage):
    def again(_: Standing) -> None:
        with pytest.raises(Busy):
            bring_in(old)

    bring_in(old, tell=again)

    (row,) = old.rows(Backfill)
    assert row.imported == 3


def test_a_ticket_that_cannot_be_taken_in_stops_no_other(old: Stage, monkeypatch: pytest.MonkeyPatch):
    read = ZendeskConnector.read_ticket

    def odd(connector: ZendeskConnector, ticket_id: str, **more: object) -> Ticket:
        if ticket_id == "2":
            raise LookupError("odd")
        return read(connector, ticket_id, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ZendeskConnector, "read_ticket", odd)

    found = bring_in(old)

    assert (found.imported, found.failed) == (2, 1)


def test_a_helpdesk_that_is_away_is_waited_for(old: Stage, monkeypatch: pytest.MonkeyPatch):
    read, answers = ZendeskConnector.read_changes, iter([False, False, True])

    def away(connector: ZendeskConnector, cursor: str | None, since: datetime) -> object:
        if next(answers, True):
            return read(connector, cursor, since)
        raise Unavailable("away", retry_after=timedelta(milliseconds=1))

    monkeypatch.setattr(ZendeskConnector, "read_changes", away)
    waits: list[Standing] = []

    found = bring_in(old, tell=waits.append)

    assert found.imported == 3
    assert any(one.waiting_until is not None for one in waits)


def test_what_is_left_is_told_by_the_budget_of_calls(old: Stage):
    seen: list[Standing] = []

    bring_in(old, tell=seen.append)

    known = [one.left for one in seen if one.left is not None]
    assert known
    assert known[-1] == timedelta(0)
    assert all(left >= timedelta(0) for left in known)


def test_a_webhook_during_the_import_is_not_lost(old: Stage, monkeypatch: pytest.MonkeyPatch):
    record = scoring.record_history

    def told(claim: object, ticket: Ticket) -> int:
        old.happened(ticket.id)
        return record(claim, ticket)  # type: ignore[arg-type]

    monkeypatch.setattr(scoring, "record_history", told)

    bring_in(old)
    old.drain()

    assert {row.dirty - row.done for row in old.rows(TrackedTicket)} == {0}
    assert len(old.messages("1")) == 2
