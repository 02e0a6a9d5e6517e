"""Scores: one per customer message, with sealed reasons; the standing one is on the ticket."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.store import scores
from app.store.database import Database, Purpose
from app.store.models import TrackedTicket
from app.words import Direction, Level, SatState
from tests.store.factories import HOUR, NOW, add_score, add_ticket, score, score_row, ticket


def test_a_score_keeps_its_numbers_open_and_its_evidence_sealed(database: Database, desk_id: int) -> None:
    row = score_row(database, add_score(database, desk_id, add_ticket(database, desk_id), "1"))

    assert (row.message_id, row.because, row.score, row.state) == ("1", "message", 31, SatState.POOR_WORSENING)
    assert (row.base_logit, row.p_uncalibrated, row.factors) == (0.4, 0.3, {"tone": -1.2})
    assert b"third time" not in bytes(row.sealed_reasons or b"")


def test_reasons_are_opened_with_their_evidence(database: Database, desk_id: int) -> None:
    row = score_row(database, add_score(database, desk_id, add_ticket(database, desk_id)))

    with database.desk(desk_id, read=True) as session:
        assert scores.reasons(session, row) == score().contributions


def test_a_message_has_one_score(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_score(database, desk_id, tracked_id, "1")

    with pytest.raises(IntegrityError):
        add_score(database, desk_id, tracked_id, "1")


def test_time_may_change_a_score_any_number_of_times(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_score(database, desk_id, tracked_id, "1")
    for _ in range(2):
        add_score(database, desk_id, tracked_id)

    with database.system(Purpose.OPERATE, read=True) as session:
        assert len(scores.of_ticket(session, tracked_id)) == 3
        assert scores.count_messages(session) == 1


def test_the_newest_scores_are_listed_oldest_first(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    for hours in (2, 0, 1):
        add_score(database, desk_id, tracked_id, str(hours), at=NOW + hours * HOUR)

    with database.desk(desk_id, read=True) as session:
        assert [row.message_id for row in scores.of_ticket(session, tracked_id, limit=2)] == ["1", "2"]


def test_the_score_before_a_moment_is_found(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_score(database, desk_id, tracked_id, "0", at=NOW)
    add_score(database, desk_id, tracked_id, "1", at=NOW + HOUR)

    with database.desk(desk_id, read=True) as session:
        before = scores.previous_before(session, tracked_id, NOW + HOUR)
        nothing = scores.previous_before(session, tracked_id, NOW)

    assert before is not None
    assert (before.message_id, nothing) == ("0", None)


def test_the_standing_score_is_on_the_ticket(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, unscored_reason="no words")

    with database.desk(desk_id) as session:
        scores.current(session, session.get_one(TrackedTicket, tracked_id), score())

    row = ticket(database, tracked_id)
    assert (row.state, row.level, row.direction) == (SatState.POOR_WORSENING, Level.POOR, Direction.WORSENING)
    assert (row.score, row.p_satisfied, row.scored_at, row.unscored_reason) == (31, 0.31, NOW, None)


def test_a_state_is_dated_from_when_it_began(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    improving = score(at=NOW + 2 * HOUR, state=SatState.POOR_IMPROVING)

    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        since = []
        for one in (score(), score(at=NOW + HOUR), improving):
            scores.current(session, tracked, one)
            since.append(tracked.state_since)

    assert since == [NOW, NOW, NOW + 2 * HOUR]
