"""What no webhook told is found, looked at once, and counted; what was seen, or is on its way, is left alone.

A webhook is lost by acting at the helpdesk without telling the stage.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from app.clock import real_now
from app.store import desks, gaps, tracked_tickets
from app.store.database import Purpose
from app.store.models import DeskState, RatingRow, Reconcile, TrackedTicket
from connectors.ticket import Changes, Ticket
from connectors.zendesk.client import ZendeskConnector
from tasks import inbox, reconcile
from tests.tasks.stage import ANGRY, CALM, CUSTOMER, Killed, Stage, die, protocol


@pytest.fixture
def walked(stage: Stage) -> Stage:
    """A desk that reconcile has been to once already."""
    stage.publish(protocol())
    # Minutes pass here in no time, which no allowance per minute was made for.
    stage.allow(incremental=1000)
    turn(stage)
    return stage


def turn(stage: Stage) -> bool:
    """A turn of the desk, whether or not it is due."""
    with stage.parts.database.desk(stage.desk_id) as session:
        for row in session.query(Reconcile):
            row.due_at = real_now()
    return reconcile.turn(stage.parts, stage.desk_id)


def reconciled(stage: Stage) -> None:
    """Grace has passed, and everything that was missed is looked at."""
    stage.step(minutes=11)
    assert turn(stage)
    stage.drain()


def opens_unheard(stage: Stage, text: str = ANGRY) -> str:
    """A ticket whose webhook is lost."""
    return str(stage.act("tickets", email=CUSTOMER, name="A Customer", subject="Lamp", text=text)["id"])


def found(stage: Stage) -> tuple[int, int]:
    """Tickets and ratings that were counted as missed."""
    with stage.parts.database.system(Purpose.OPERATE, read=True) as session:
        return gaps.totals(session).get(stage.desk_id, (0, 0))


@pytest.mark.capability("TEA-09")
def test_a_ticket_that_nobody_told_of_gets_its_case(walked: Stage):
    ticket_id = opens_unheard(walked)

    reconciled(walked)

    assert walked.case(ticket_id).closed_at is None
    assert walked.states(ticket_id)["1-note"] == "done"
    assert found(walked) == (1, 0)


def test_a_message_that_nobody_told_of_is_scored_at_its_own_time(walked: Stage):
    ticket_id = walked.opens(CALM)
    walked.drain()
    walked.act(f"tickets/{ticket_id}/comments", **{"text": ANGRY, "as": "customer"})
    at = walked.now

    reconciled(walked)

    assert [row.at for row in walked.scores(ticket_id) if row.because == "message"][-1] == at
    assert found(walked) == (1, 0)


def test_what_webhooks_told_is_no_gap(walked: Stage):
    ticket_id = walked.opens(ANGRY)
    walked.drain()
    walked.answers(ticket_id)
    walked.drain()
    read_before = walked.tracked(ticket_id).read_at

    reconciled(walked)

    assert found(walked) == (0, 0)
    assert walked.tracked(ticket_id).read_at == read_before


def test_our_own_tags_are_no_gap(walked: Stage):
    walked.publish(protocol("Tagger", {"do": "tag", "add": ["fragile"]}))
    ticket_id = walked.opens(ANGRY)
    walked.step(seconds=30)
    walked.drain()
    assert "fragile" in walked.tags(ticket_id)

    reconciled(walked)

    assert found(walked) == (0, 0)


def test_a_change_is_given_time_for_its_webhook(walked: Stage):
    ticket_id = opens_unheard(walked)
    assert turn(walked)
    assert walked.rows(TrackedTicket) == []

    walked.happened(ticket_id, "ticket.created")
    walked.drain()
    reconciled(walked)

    assert found(walked) == (0, 0)


def test_a_page_with_a_young_change_is_walked_again_and_counts_nothing_twice(walked: Stage):
    first = opens_unheard(walked)
    walked.step(minutes=11)
    second = opens_unheard(walked, CALM)

    turn(walked)
    turn(walked)

    assert [row.ticket_id for row in walked.rows(TrackedTicket)] == [first]
    assert found(walked) == (1, 0)
    reconciled(walked)
    assert [row.ticket_id for row in walked.rows(TrackedTicket)] == [first, second]
    assert found(walked) == (2, 0)


def test_behind_a_young_change_the_walk_goes_on(walked: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connectors.zendesk.incremental.TICKETS", 1)
    young, old = opens_unheard(walked), opens_unheard(walked)
    judged: list[str] = []
    judge = reconcile.judge

    def young_first(ticket: Ticket, *more: object) -> reconcile.Verdict:
        judged.append(ticket.id)
        return reconcile.Verdict.YOUNG if ticket.id == young else judge(ticket, *more)  # type: ignore[arg-type]

    walked.step(minutes=11)
    with monkeypatch.context() as patch:
        patch.setattr(reconcile, "judge", young_first)
        turn(walked)
        turn(walked)

    assert judged == [young, old, young, old]
    assert [row.ticket_id for row in walked.rows(TrackedTicket)] == [old]
    assert found(walked) == (1, 0)


def test_a_look_that_is_still_to_come_will_see_the_change(walked: Stage):
    ticket_id = walked.opens(CALM)
    walked.drain()
    walked.says(ticket_id, CALM)
    walked.act(f"tickets/{ticket_id}/comments", **{"text": ANGRY, "as": "customer"})

    reconciled(walked)

    assert len(walked.messages(ticket_id)) >= 3
    assert found(walked) == (0, 0)


def test_a_change_during_a_look_is_looked_at_again(walked: Stage):
    ticket_id = walked.opens(CALM)
    walked.drain()
    walked.happened(ticket_id)
    (claim,) = walked.claim()
    walked.act(f"tickets/{ticket_id}/comments", **{"text": ANGRY, "as": "customer"})
    walked.step(minutes=11)

    turn(walked)

    assert walked.tracked(ticket_id).dirty == 3
    walked.work(claim)
    walked.drain()
    assert len([row for row in walked.messages(ticket_id) if row.author == "customer"]) == 2


def test_a_rating_that_nobody_told_of_is_found(walked: Stage):
    ticket_id = walked.opens(CALM)
    walked.drain()
    walked.act(f"tickets/{ticket_id}/rating", score=1)

    reconciled(walked)

    (rating,) = walked.rows(RatingRow)
    assert rating.original == "1"
    assert sum(found(walked)) == 1


def test_a_rating_is_found_also_where_the_ticket_was_read_since(walked: Stage):
    ticket_id = walked.opens(CALM)
    walked.drain()
    walked.act(f"tickets/{ticket_id}/rating", score=1)
    walked.says(ticket_id, CALM)
    walked.drain()
    assert walked.rows(RatingRow) == []

    reconciled(walked)

    assert [row.original for row in walked.rows(RatingRow)] == ["1"]
    assert found(walked) == (0, 1)


def test_ratings_that_are_known_are_asked_for_once(walked: Stage):
    ticket_id = walked.opens(CALM)
    walked.rates(ticket_id, 2)
    walked.drain()
    reconciled(walked)

    with walked.counting() as calls:
        reconciled(walked)

    assert found(walked) == (0, 0)
    assert calls.reads == 3  # one page each of changes, surveys and legacy ratings
    assert calls.writes == 0


def test_a_ticket_deleted_unheard_ends_its_case(walked: Stage):
    ticket_id = walked.opens(ANGRY)
    walked.drain()
    walked.act(f"tickets/{ticket_id}/delete")

    reconciled(walked)

    assert walked.case(ticket_id).closed_at is not None
    reconciled(walked)
    assert found(walked) == (1, 0)


def test_a_deletion_that_was_told_is_no_gap(walked: Stage):
    ticket_id = walked.opens(ANGRY)
    walked.drain()
    walked.act(f"tickets/{ticket_id}/delete")
    walked.happened(ticket_id, "ticket.deleted")
    walked.drain()

    reconciled(walked)

    assert found(walked) == (0, 0)


def test_tickets_from_before_the_desk_are_history(stage: Stage):
    opens_unheard(stage)
    stage.step(minutes=30)
    turn(stage)

    reconciled(stage)

    assert stage.rows(TrackedTicket) == []


def test_a_worker_killed_between_page_and_record_loses_nothing(walked: Stage, monkeypatch: pytest.MonkeyPatch):
    ticket_id = opens_unheard(walked)
    walked.step(minutes=11)
    with monkeypatch.context() as patch:
        patch.setattr(gaps, "count", lambda *_, **__: die())
        with pytest.raises(Killed):
            turn(walked)
    assert walked.rows(TrackedTicket) == []
    assert turn(walked) is False  # the dead worker's turn is not over yet

    with walked.parts.database.desk(walked.desk_id) as session:
        for row in session.query(Reconcile):
            row.lease_until = real_now() - timedelta(seconds=1)
    reconciled(walked)

    assert walked.case(ticket_id).closed_at is None
    assert found(walked) == (1, 0)


def test_a_turn_that_was_taken_over_stores_nothing(walked: Stage, monkeypatch: pytest.MonkeyPatch):
    opens_unheard(walked)
    walked.step(minutes=11)
    read = ZendeskConnector.read_changes

    def slowly(connector: ZendeskConnector, cursor: str | None, since: datetime) -> Changes:
        with walked.parts.database.desk(walked.desk_id) as session:
            session.execute(update(Reconcile).values(fence=Reconcile.fence + 1))
        return read(connector, cursor, since)

    monkeypatch.setattr(ZendeskConnector, "read_changes", slowly)

    assert turn(walked) is False
    assert walked.rows(TrackedTicket) == []


def test_a_helpdesk_in_trouble_is_asked_again_later(walked: Stage):
    walked.fault("status", status=503, path_prefix="/api/v2/incremental")

    assert turn(walked) is False

    (row,) = walked.rows(Reconcile)
    assert row.lease_until is None
    assert row.due_at > real_now() + timedelta(minutes=1)
    assert row.error


def test_refused_credentials_pause_the_desk(walked: Stage):
    walked.fault("status", status=401, path_prefix="/api/v2/", times=5)

    turn(walked)

    assert walked.desk().state is DeskState.PAUSED


def test_only_desks_that_are_due_have_a_turn(walked: Stage):
    opens_unheard(walked)
    walked.step(minutes=11)

    reconcile.walk()
    assert walked.rows(TrackedTicket) == []

    with walked.parts.database.desk(walked.desk_id) as session:
        for row in session.query(Reconcile):
            row.due_at = real_now()
    reconcile.walk()
    assert len(walked.rows(TrackedTicket)) == 1


def test_a_paused_desk_has_no_turn(walked: Stage):
    with walked.parts.database.desk(walked.desk_id) as session:
        desks.pause(session, walked.desk_id, "a test")
        for row in session.query(Reconcile):
            row.due_at = real_now()

    with walked.counting() as calls:
        reconcile.walk()

    assert calls.reads == 0


def test_a_long_way_takes_several_turns(walked: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connectors.zendesk.incremental.TICKETS", 1)
    monkeypatch.setattr(reconcile, "PAGES", 2)
    opened = [opens_unheard(walked, CALM) for _ in range(3)]
    walked.step(minutes=11)

    arrived = [turn(walked), turn(walked)]

    assert arrived == [False, True]
    assert [row.ticket_id for row in walked.rows(TrackedTicket)] == opened
    assert found(walked) == (3, 0)


def test_looks_for_missed_ratings_survive_other_looks(walked: Stage):
    ticket_id = walked.opens(CALM)
    walked.drain()
    row = walked.tracked(ticket_id)
    with walked.parts.database.desk(walked.desk_id) as session:
        tracked_tickets.wake(session, row.id, real_now())
        gaps.look_at(session, walked.desk_id, ticket_id, "a rating", real_now())
    walked.act(f"tickets/{ticket_id}/rating", score=2)

    (claim,) = walked.claim()
    inbox.look(claim.desk_id, claim.tracked_id, claim.fence)

    assert [row.original for row in walked.rows(RatingRow)] == ["2"]
