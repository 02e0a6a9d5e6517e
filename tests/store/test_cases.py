"""Recovery cases: one open case per ticket, stages remembered, a closed case frees its ticket."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.exc import IntegrityError

from app.store import cases
from app.store.database import Database
from app.store.desks import NotFound
from app.store.models import Answer, InvitationState, RecoveryCase, TrackedTicket
from app.words import CLOSED_STAGES, CaseStage, SatState
from tests.store.factories import (
    DAY,
    HOUR,
    NOW,
    add_case,
    add_invitation,
    add_person,
    add_ticket,
    add_version,
    all_rows,
    case,
    change,
    opening,
    together,
)


def move(database: Database, case_id: int, stage: CaseStage, now: datetime, reason: str | None = None) -> None:
    row = case(database, case_id)
    with database.desk(row.desk_id) as session:
        cases.move(session.get_one(RecoveryCase, case_id), stage, now, reason)


def answer(database: Database, desk_id: int, case_id: int, round_: int, at: datetime, value: float) -> None:
    change(database, desk_id, RecoveryCase, case_id, round=round_)
    invitation_id = add_invitation(database, desk_id, case_id)
    with database.desk(desk_id) as session:
        row = Answer(desk_id=desk_id, invitation_id=invitation_id, case_id=case_id, value=value, original="x", at=at)
        session.add(row)


def test_a_case_remembers_how_its_ticket_stood(database: Database, desk_id: int) -> None:
    person_id = add_person(database, desk_id)
    tracked_id = add_ticket(
        database,
        desk_id,
        person_id=person_id,
        score=31,
        state=SatState.POOR_WORSENING,
        group_id="12",
        assignee_id="34",
    )

    row = case(database, add_case(database, desk_id, tracked_id))

    assert (row.desk_id, row.tracked_id, row.person_id, row.episode) == (desk_id, tracked_id, person_id, 1)
    assert (row.opening_score, row.opening_state) == (31, SatState.POOR_WORSENING)
    assert (row.previous_group_id, row.previous_assignee_id) == ("12", "34")
    assert (row.stage, row.opened_at, row.round) == (CaseStage.ELIGIBLE, NOW, 1)


def test_a_second_open_case_is_refused_by_the_database(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_case(database, desk_id, tracked_id)

    with pytest.raises(IntegrityError):
        add_case(database, desk_id, tracked_id)


def test_of_two_that_open_at_once_one_wins(database: Database, desk_id: int) -> None:
    tracked_id, version_id = add_ticket(database, desk_id), add_version(database, desk_id)

    def run(_: int) -> bool:
        try:
            with database.desk(desk_id) as session:
                cases.open_case(session, session.get_one(TrackedTicket, tracked_id), opening(version_id), NOW)
        except IntegrityError:
            return False
        return True

    opened = together(4, run)

    assert sorted(opened) == [False, False, False, True]
    assert len(all_rows(database, RecoveryCase)) == 1


def test_the_first_time_of_each_stage_is_kept(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)

    move(database, case_id, CaseStage.FLAGGED, NOW + HOUR)
    move(database, case_id, CaseStage.RESOLVED, NOW + 2 * HOUR)
    move(database, case_id, CaseStage.CONTACTED, NOW + 3 * HOUR)
    move(database, case_id, CaseStage.RESOLVED, NOW + 4 * HOUR)

    row = case(database, case_id)
    assert (row.flagged_at, row.resolved_at, row.contacted_at) == (NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert (row.stage, row.closed_at, row.assigned_at) == (CaseStage.RESOLVED, None, None)


def test_moving_to_where_it_is_changes_nothing(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)

    move(database, case_id, CaseStage.ELIGIBLE, NOW + HOUR, "again")

    assert case(database, case_id).reason is None


@pytest.mark.parametrize("stage", sorted(CLOSED_STAGES))
def test_a_final_stage_closes_the_case_and_frees_the_ticket(database: Database, desk_id: int, stage: CaseStage) -> None:
    tracked_id = add_ticket(database, desk_id)
    first = add_case(database, desk_id, tracked_id)

    move(database, first, stage, NOW + DAY, "because " * 100)
    second = add_case(database, desk_id, tracked_id)

    row = case(database, first)
    assert (row.stage, row.closed_at, row.open_key) == (stage, NOW + DAY, None)
    assert len(row.reason or "") == 500
    assert case(database, second).episode == 2


def test_the_open_case_of_a_ticket_is_found(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    closed = add_case(database, desk_id, tracked_id)
    move(database, closed, CaseStage.LOST, NOW)
    still_open = add_case(database, desk_id, tracked_id)

    with database.desk(desk_id, read=True) as session:
        found = cases.find_open(session, tracked_id)
        assert found is not None
        assert found.id == still_open
        assert [row.id for row in cases.of_ticket(session, tracked_id)] == [closed, still_open]
        assert cases.find_open(session, 4711) is None


def test_a_case_is_got_by_its_id_or_raises(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)

    with database.desk(desk_id, read=True) as session:
        assert cases.get(session, case_id).id == case_id
        assert cases.find_by_opening_rating(session, 4711) is None
        with pytest.raises(NotFound, match="case 4711"):
            cases.get(session, 4711)


def test_the_newest_answer_is_the_one_that_counts(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    answer(database, desk_id, case_id, 1, NOW, 0.0)
    answer(database, desk_id, case_id, 2, NOW + DAY, 1.0)

    with database.desk(desk_id, read=True) as session:
        newest = cases.answer_of(session, case_id)
        assert newest is not None
        assert (newest[0].round, newest[1].value) == (2, 1.0)
        assert cases.answered_at(session) == {case_id: NOW}


def test_a_case_without_an_answer_has_none(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)

    with database.desk(desk_id, read=True) as session:
        assert cases.answer_of(session, case_id) is None
        assert cases.answered_at(session) == {}


@pytest.mark.parametrize(
    ("survey", "found"),
    [
        (None, True),
        (InvitationState.NOT_SENT, True),
        (InvitationState.CANCELLED, True),
        (InvitationState.DEAD, True),
        (InvitationState.SCHEDULED, False),
        (InvitationState.ANSWERED, False),
        (InvitationState.NEEDS_REVIEW, False),
    ],
)
def test_a_resolved_case_that_nobody_is_asked_about_is_found(
    database: Database, desk_id: int, survey: InvitationState | None, found: bool
) -> None:
    case_id = add_case(database, desk_id)
    move(database, case_id, CaseStage.RESOLVED, NOW)
    if survey is not None:
        add_invitation(database, desk_id, case_id, columns={"state": survey})

    with database.desk(desk_id, read=True) as session:
        assert [row.id for row in cases.unasked(session, NOW)] == ([case_id] if found else [])
        assert cases.unasked(session, NOW - HOUR) == []


def test_cases_come_with_the_name_of_their_protocol(database: Database, desk_id: int) -> None:
    first = add_case(database, desk_id)
    second = add_case(database, desk_id, version_id=add_version(database, desk_id, name="Wrong item"))

    with database.desk(desk_id, read=True) as session:
        named = [(row.id, name) for row, name in cases.with_protocol(session)]

    assert named == [(first, "Late parcel"), (second, "Wrong item")]
