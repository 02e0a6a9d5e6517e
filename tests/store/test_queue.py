"""The queue: order, filters, counts, and how much of a desk is scored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.store import queue
from app.store.database import Database
from app.store.models import Message, RecoveryCase, TrackedTicket
from app.words import CaseStage, SatState
from tests import seeds
from tests.seeds import NOW, Seeded


@pytest.fixture
def story(database: Database, desk_id: int) -> Seeded:
    return seeds.add_story(database, desk_id)


def test_open_cases_come_first_and_the_worst_of_them_before_all(database: Database, desk_id: int) -> None:
    stories = [seeds.add_story(database, desk_id, words=f"shop {n}", prefix=str(n)) for n in range(3)]
    with database.desk(desk_id) as session:
        cases = [session.get_one(RecoveryCase, story.case_id) for story in stories]
        cases[0].stage, cases[0].open_key, cases[0].closed_at = CaseStage.LOST, None, NOW
        session.execute(
            update(TrackedTicket).where(TrackedTicket.id == cases[1].tracked_id).values(state=SatState.GOOD_IMPROVING)
        )

    with database.desk(desk_id, read=True) as session:
        page = queue.cases(session, queue.Wanted())

    assert [item.case_id for item in page.items] == [stories[2].case_id, stories[1].case_id, stories[0].case_id]


def test_pages_hold_so_many_cases_and_no_case_twice(
    database: Database, desk_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        seeds.add_story(database, desk_id, words=f"shop {number}", prefix=str(number))
    monkeypatch.setattr(queue, "PAGE", 2)

    with database.desk(desk_id, read=True) as session:
        first, second, past = (queue.cases(session, queue.Wanted(page=page)) for page in (1, 2, 99))

    assert [len(page.items) for page in (first, second, past)] == [2, 1, 1]
    assert (first.total, first.pages, past.page) == (3, 2, 2)
    assert not {item.case_id for item in first.items} & {item.case_id for item in second.items}


def test_a_case_waits_since_the_first_unanswered_message(database: Database, desk_id: int, story: Seeded) -> None:
    with database.desk(desk_id, read=True) as session:
        (item,) = queue.cases(session, queue.Wanted()).items

    assert item.waiting_since == NOW - timedelta(hours=16)


def test_an_answered_case_does_not_wait(database: Database, desk_id: int, story: Seeded) -> None:
    with database.desk(desk_id) as session:
        last = session.query(Message).filter_by(message_id=f"{story.ticket_id}-2").one()
        last.author = "agent"

    with database.desk(desk_id, read=True) as session:
        (item,) = queue.cases(session, queue.Wanted()).items

    assert item.waiting_since is None


def test_an_internal_note_is_no_answer(database: Database, desk_id: int, story: Seeded) -> None:
    with database.desk(desk_id) as session:
        note = session.query(Message).filter_by(message_id=f"{story.ticket_id}-1").one()
        note.public = False

    with database.desk(desk_id, read=True) as session:
        (item,) = queue.cases(session, queue.Wanted()).items

    assert item.waiting_since == NOW - timedelta(hours=26)


def test_tickets_at_risk_have_no_case_and_are_not_solved(database: Database, desk_id: int, story: Seeded) -> None:
    with database.desk(desk_id, read=True) as session:
        before = [item.ticket_id for item in queue.at_risk(session)]
    with database.desk(desk_id) as session:
        session.execute(update(TrackedTicket).values(status="solved"))

    with database.desk(desk_id, read=True) as session:
        after = queue.at_risk(session)

    assert before == [story.quiet_ticket_id]
    assert after == []


@pytest.mark.capability("SCO-01")
def test_coverage_counts_every_ticket_or_its_reason(database: Database, desk_id: int, story: Seeded) -> None:
    with database.desk(desk_id) as session:
        session.add(TrackedTicket(desk_id=desk_id, ticket_id="1"))
        session.add(TrackedTicket(desk_id=desk_id, ticket_id="2", dead_at=NOW))

    with database.desk(desk_id, read=True) as session:
        coverage = queue.coverage(session)

    assert coverage.reasons == {
        "given up after repeated errors": 1,
        "the customer has not written anything": 1,
        "waiting to be read": 1,
    }
    assert coverage.eligible == coverage.scored + sum(coverage.reasons.values()) == 5


def test_an_empty_desk_has_no_share(database: Database, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session:
        assert queue.coverage(session).share is None
        assert queue.attention(session).total == 0
        assert set(queue.count_by_stage(session).values()) == {0}


def test_what_waits_for_a_person_is_counted(database: Database, desk_id: int, story: Seeded) -> None:
    with database.desk(desk_id, read=True) as session:
        attention = queue.attention(session)
        stuck = queue.stuck_cases(session)

    assert (attention.steps, attention.invitations, attention.total) == (1, 1, 2)
    assert [item.case_id for item in stuck] == [story.case_id]


def test_nothing_of_another_desk_is_seen_or_counted(database: Database, desk_id: int, story: Seeded) -> None:
    other = seeds.add_desk(database, "Second shop")

    with database.desk(other, read=True) as session:
        assert queue.cases(session, queue.Wanted()).total == 0
        assert queue.at_risk(session) == []
        assert queue.stuck_cases(session) == []
        assert queue.attention(session).total == 0
        assert queue.coverage(session).eligible == 0
        assert set(queue.count_by_state(session).values()) == {0}
        assert set(queue.count_by_stage(session).values()) == {0}
