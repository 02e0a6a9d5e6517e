"""What versions did: their cases with the steps they began with, who else would have acted, who had to wait."""

from __future__ import annotations

from datetime import timedelta

from app.store import cases, decisions, doings, steps
from app.store.database import Database
from app.store.models import RecoveryCase, TrackedTicket
from app.words import CaseStage, Outcome
from tests.store.factories import (
    NOW,
    add_case,
    add_person,
    add_step,
    add_ticket,
    add_version,
    case,
    change,
    decision,
    planned_step,
)

HOUR = timedelta(hours=1)
SPAN = (NOW - HOUR, NOW + HOUR)


def say(database: Database, desk_id: int, tracked_id: int, version_id: int, outcome: Outcome) -> None:
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        decisions.record(session, tracked, decision(version_id, outcome=outcome), case_id=None, at=NOW)


def test_cases_of_the_span_come_with_the_steps_they_began_with(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    add_step(database, desk_id, case_id, action="1-tag")
    with database.desk(desk_id) as session:
        row = session.get_one(RecoveryCase, case_id)
        row.round = 2
        steps.plan(session, row, [planned_step(action="outcome", do="outcome")], NOW)

    with database.desk(desk_id, read=True) as session:
        (deed,) = doings.deeds(session, [case(database, case_id).version_id], *SPAN)

    assert (deed.case.id, [step.action for step in deed.steps]) == (case_id, ["1-tag"])


def test_other_versions_and_other_times_are_left_out(database: Database, desk_id: int) -> None:
    ours, other = add_case(database, desk_id), add_version(database, desk_id, name="Other")
    add_case(database, desk_id, version_id=other)
    late = add_case(database, desk_id, version_id=case(database, ours).version_id)
    change(database, desk_id, RecoveryCase, late, opened_at=NOW + HOUR)

    with database.desk(desk_id, read=True) as session:
        found = doings.deeds(session, [case(database, ours).version_id], *SPAN)

    assert [deed.case.id for deed in found] == [ours]


def test_the_lives_of_cases_are_told_by_ticket(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    with database.desk(desk_id) as session:
        cases.move(session.get_one(RecoveryCase, case_id), CaseStage.LOST, NOW + HOUR)

    with database.desk(desk_id, read=True) as session:
        lives = doings.lives(session)

    (life,) = lives[case(database, case_id).tracked_id]
    assert (life.past.protocol, life.past.opened_at, life.past.closed_at) == ("Late parcel", NOW, NOW + HOUR)
    assert life.answered
    assert life.spans(NOW)
    assert not life.spans(NOW + HOUR)


def test_a_recovery_that_failed_counts_on_its_ticket_and_on_others_of_the_same_person(
    database: Database, desk_id: int
) -> None:
    lost, fine = add_case(database, desk_id), add_case(database, desk_id)
    person = add_person(database, desk_id)
    same, other = add_ticket(database, desk_id), add_ticket(database, desk_id)
    change(database, desk_id, RecoveryCase, lost, stage=CaseStage.LOST, closed_at=NOW, person_id=person)
    change(database, desk_id, RecoveryCase, fine, stage=CaseStage.RECOVERED, closed_at=NOW, person_id=person)
    change(database, desk_id, TrackedTicket, same, person_id=person)

    with database.desk(desk_id, read=True) as session:
        losses = doings.losses(session)

    assert losses == {case(database, lost).tracked_id: [NOW], same: [NOW]}
    assert other not in losses


def test_an_overlap_is_a_ticket_on_which_both_held_when_one_opened(database: Database, desk_id: int) -> None:
    ours, theirs = (add_version(database, desk_id, name=name) for name in ("Ours", "Theirs"))
    both, also, alone = (add_ticket(database, desk_id) for _ in range(3))
    say(database, desk_id, both, ours, Outcome.OPEN)
    say(database, desk_id, both, theirs, Outcome.OTHER_PROTOCOL)
    say(database, desk_id, also, theirs, Outcome.OPEN)
    say(database, desk_id, also, ours, Outcome.OTHER_PROTOCOL)
    say(database, desk_id, alone, ours, Outcome.OPEN)
    say(database, desk_id, alone, theirs, Outcome.NOT_ELIGIBLE)

    with database.desk(desk_id, read=True) as session:
        assert doings.overlap(session, [ours], *SPAN) == {"Theirs": 2}


def test_an_overlap_is_told_also_where_the_other_had_said_the_same_before(database: Database, desk_id: int) -> None:
    ours, theirs = (add_version(database, desk_id, name=name) for name in ("Ours", "Theirs"))
    tracked_id = add_ticket(database, desk_id)
    said = ((ours, Outcome.NO_CAPACITY, -2), (theirs, Outcome.OTHER_PROTOCOL, -2), (ours, Outcome.OPEN, 0))
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        for version_id, outcome, hours in said:
            then = NOW + hours * HOUR
            decisions.record(session, tracked, decision(version_id, outcome=outcome), case_id=None, at=then)

    with database.desk(desk_id, read=True) as session:
        found = [doings.overlap(session, [one], *SPAN) for one in (ours, theirs)]
        before = doings.overlap(session, [ours], NOW - 3 * HOUR, NOW - HOUR)

    assert found == [{"Theirs": 1}, {"Ours": 1}]
    assert before == {}


def test_tickets_that_had_to_wait_are_counted_once(database: Database, desk_id: int) -> None:
    version_id, tracked_id = add_version(database, desk_id), add_ticket(database, desk_id)
    for outcome in (Outcome.NO_CAPACITY, Outcome.NOT_ELIGIBLE, Outcome.NO_CAPACITY):
        say(database, desk_id, tracked_id, version_id, outcome)

    with database.desk(desk_id, read=True) as session:
        assert doings.deferred(session, [version_id], *SPAN) == 1
