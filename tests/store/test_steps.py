"""Steps: planned once, intended before anything is sent, ended with their fate."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.store import steps
from app.store.database import Database
from app.store.desks import NotFound
from app.store.models import RecoveryCase, StepRow, StepState
from tests.store.factories import (
    HOUR,
    MINUTE,
    NOW,
    add_case,
    add_step,
    add_version,
    all_rows,
    change,
    planned_step,
    step,
)


def plan(database: Database, desk_id: int, case_id: int, *actions: str) -> list[str]:
    """Plan these actions; returns those that were added."""
    with database.desk(desk_id) as session:
        case = session.get_one(RecoveryCase, case_id)
        added = steps.plan(session, case, [planned_step(action=action) for action in actions], NOW)
        return [row.action for row in added]


def test_a_planned_step_says_what_is_to_be_done(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)

    row = step(database, add_step(database, desk_id, case_id, action="2:note", do="note", params={"text": "Call."}))

    assert (row.case_id, row.action, row.do, row.params) == (case_id, "2:note", "note", {"text": "Call."})
    assert (row.state, row.round, row.attempts, row.planned_at) == (StepState.PLANNED, 1, 0, NOW)


def test_planning_again_adds_only_what_is_new(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    plan(database, desk_id, case_id, "1:tag", "2:note")

    again = plan(database, desk_id, case_id, "1:tag", "2:note", "3:assign")

    assert again == ["3:assign"]
    assert len(all_rows(database, StepRow)) == 3


def test_what_was_done_is_not_planned_again(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    plan(database, desk_id, case_id, "1:tag")
    change(database, desk_id, StepRow, all_rows(database, StepRow)[0].id, state=StepState.DONE)

    assert plan(database, desk_id, case_id, "1:tag") == []


def test_a_new_round_is_planned_afresh(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    plan(database, desk_id, case_id, "1:tag")
    change(database, desk_id, RecoveryCase, case_id, round=2)

    assert plan(database, desk_id, case_id, "1:tag") == ["1:tag"]


def test_another_version_is_planned_by_itself(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    plan(database, desk_id, case_id, "1:tag")
    change(database, desk_id, RecoveryCase, case_id, version_id=add_version(database, desk_id, document="name: y"))

    assert plan(database, desk_id, case_id, "1:tag") == ["1:tag"]


def test_the_database_refuses_a_second_step_of_one_key(database: Database, desk_id: int) -> None:
    first = step(database, add_step(database, desk_id))
    columns = ("desk_id", "case_id", "tracked_id", "version_id", "action", "do", "round", "params", "planned_at")

    with pytest.raises(IntegrityError), database.desk(desk_id) as session:
        session.add(StepRow(marker="kintsugi-other", **{name: getattr(first, name) for name in columns}))


def test_markers_are_unguessable_and_differ(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    plan(database, desk_id, case_id, *(f"{n}:tag" for n in range(5)))

    markers = {row.marker for row in all_rows(database, StepRow)}

    assert len(markers) == 5
    assert all(len(marker) == len("kintsugi-") + 24 for marker in markers)


def test_an_intent_is_counted_and_timed(database: Database, desk_id: int) -> None:
    step_id = add_step(database, desk_id)

    with database.desk(desk_id) as session:
        steps.intend([steps.get(session, step_id)], NOW + MINUTE)

    row = step(database, step_id)
    assert (row.state, row.attempts, row.sent_at) == (StepState.SENDING, 1, NOW + MINUTE)


def test_a_call_that_took_no_effect_may_be_made_again(database: Database, desk_id: int) -> None:
    step_id = add_step(database, desk_id)

    with database.desk(desk_id) as session:
        steps.intend([steps.get(session, step_id)], NOW)
        steps.take_back([steps.get(session, step_id)])

    row = step(database, step_id)
    assert (row.state, row.attempts) == (StepState.PLANNED, 1)


def test_a_call_that_was_refused_counts_as_never_made(database: Database, desk_id: int) -> None:
    step_id = add_step(database, desk_id)

    with database.desk(desk_id) as session:
        steps.intend([steps.get(session, step_id)], NOW)
        steps.not_sent([steps.get(session, step_id)])

    row = step(database, step_id)
    assert (row.state, row.attempts) == (StepState.PLANNED, 0)


def test_steps_of_unknown_outcome_are_listed(database: Database, desk_id: int) -> None:
    add_step(database, desk_id)
    unsure = add_step(database, desk_id)
    change(database, desk_id, StepRow, unsure, state=StepState.NEEDS_REVIEW)

    with database.desk(desk_id, read=True) as session:
        assert [row.id for row in steps.unsure(session)] == [unsure]


def test_an_end_keeps_its_reason_and_receipt(database: Database, desk_id: int) -> None:
    step_id = add_step(database, desk_id)

    with database.desk(desk_id) as session:
        row = steps.get(session, step_id)
        steps.finish([row], StepState.NEEDS_REVIEW, NOW, reason="unknown " * 100)
        steps.finish([row], StepState.DONE, NOW + HOUR, receipt="audit 9")

    ended = step(database, step_id)
    assert (ended.state, ended.settled_at, ended.receipt) == (StepState.DONE, NOW + HOUR, "audit 9")
    assert len(ended.reason or "") == 500


def test_open_steps_are_listed_in_the_order_of_planning(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    plan(database, desk_id, case_id, "1:tag", "2:note", "3:assign")
    rows = {row.action: row for row in all_rows(database, StepRow)}
    change(database, desk_id, StepRow, rows["1:tag"].id, state=StepState.DONE)
    change(database, desk_id, StepRow, rows["3:assign"].id, state=StepState.SENDING)

    with database.desk(desk_id, read=True) as session:
        still_open = [row.action for row in steps.open_of(session, rows["1:tag"].tracked_id)]
        all_of_it = [row.action for row in steps.of_case(session, case_id)]
        named = [row.action for row in steps.with_ids(session, (rows["3:assign"].id, rows["1:tag"].id))]
        none = steps.with_ids(session, ())

    assert still_open == ["2:note", "3:assign"]
    assert all_of_it == ["1:tag", "2:note", "3:assign"]
    assert (named, none) == (["1:tag", "3:assign"], [])


def test_skipping_ends_what_is_planned_and_nothing_else(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    plan(database, desk_id, case_id, "1:tag", "2:note")
    sending = next(row.id for row in all_rows(database, StepRow) if row.action == "1:tag")
    change(database, desk_id, StepRow, sending, state=StepState.SENDING)

    with database.desk(desk_id) as session:
        steps.skip_open(session, case_id, NOW, "the case has ended")

    fates = {row.action: (row.state, row.reason) for row in all_rows(database, StepRow)}
    assert fates == {"1:tag": (StepState.SENDING, None), "2:note": (StepState.SKIPPED, "the case has ended")}


def test_a_step_that_is_not_there_raises(database: Database, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session, pytest.raises(NotFound, match="step 4711"):
        steps.get(session, 4711)
