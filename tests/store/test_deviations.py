"""Deviations, overrides and deferrals as stored: sealed, told in order, and gone with their ticket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.store import chores, deferrals, deviations, erasure, protocols, steps, tagging, teams
from app.store.database import Database
from app.store.deviations import DeviationKind, Given, ReasonMissing
from app.store.models import Deferral, Deviation, HumanOverride, RecoveryCase, StepRow, StepState, TrackedTicket
from tests.store.conftest import NOW
from tests.store.factories import add_case, add_desk, add_step, add_ticket, add_version, all_rows, step

REASON = "She wants a call, not a voucher."


def given(**values: object) -> Given:
    return Given(**{"kind": DeviationKind.OTHER_REMEDY, "reason": REASON, "by": "lena@example.com"} | values)  # type: ignore[arg-type]


def test_a_reason_is_sealed_and_told_again(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    with database.desk(desk_id) as session:
        deviations.record(session, session.get_one(RecoveryCase, case_id), given(), NOW)

    with database.desk(desk_id, read=True) as session:
        (told,) = deviations.of_case(session, case_id)

    (row,) = all_rows(database, Deviation)
    assert (told.reason, told.protocol, told.by) == (REASON, "Late parcel", "lena@example.com")
    assert REASON.encode() not in (row.sealed_reason or b"")


def test_a_deviation_without_words_is_refused(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)

    with database.desk(desk_id) as session, pytest.raises(ReasonMissing):
        deviations.record(session, session.get_one(RecoveryCase, case_id), given(reason=" \n"), NOW)


def test_an_override_is_noted_once_per_step_and_field(database: Database, desk_id: int) -> None:
    step_id = add_step(database, desk_id)
    with database.desk(desk_id) as session:
        row = session.get_one(StepRow, step_id)
        noted = [deviations.note_override(session, row, "priority", ("high", "low"), NOW) for _ in range(2)]
        told = deviations.all_of(session)

    assert noted == [True, False]
    assert [(one.kind, one.field, one.ours, one.theirs) for one in told] == [("override", "priority", "high", "low")]


def test_reasons_go_with_their_ticket(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    case_id = add_case(database, desk_id, tracked_id)
    step_id = add_step(database, desk_id, case_id)
    with database.desk(desk_id) as session:
        deviations.record(session, session.get_one(RecoveryCase, case_id), given(), NOW)
        deviations.note_override(session, session.get_one(StepRow, step_id), "tag:vip", ("set", "not set"), NOW)
        tracked = session.get_one(TrackedTicket, tracked_id)
        version = session.get_one(RecoveryCase, case_id).version_id
        deferrals.put_off(session, tracked, protocols.version(session, version).protocol_id, 0.5, NOW)

        erasure.forget_ticket(session, tracked)

    assert [row.sealed_reason for row in all_rows(database, Deviation)] == [None]
    assert [(row.ours, row.theirs) for row in all_rows(database, HumanOverride)] == [(None, None)]
    assert all_rows(database, Deferral) == []


def test_reasons_go_after_their_time(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    with database.desk(desk_id) as session:
        deviations.record(session, session.get_one(RecoveryCase, case_id), given(), NOW - timedelta(days=91))

        erased = erasure.erase_comments(session, NOW - timedelta(days=90))

    assert erased == 1
    assert [row.sealed_reason for row in all_rows(database, Deviation)] == [None]


def wait(database: Database, desk_id: int, version_id: int, *benefits: float) -> list[int]:
    """Tickets that wait with so much to gain; their ids."""
    tracked_ids = [add_ticket(database, desk_id) for _ in benefits]
    with database.desk(desk_id) as session:
        protocol_id = protocols.version(session, version_id).protocol_id
        for tracked_id, benefit in zip(tracked_ids, benefits, strict=True):
            deferrals.put_off(session, session.get_one(TrackedTicket, tracked_id), protocol_id, benefit, NOW)
    return tracked_ids


@pytest.mark.capability("CRI-05")
def test_the_one_with_the_most_to_gain_is_let_in_first(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)
    little, much, as_much = wait(database, desk_id, version_id, 0.2, 0.9, 0.9)

    with database.desk(desk_id, read=True) as session:
        (protocol_id,) = deferrals.protocol_ids(session)
        order = [row.tracked_id for row in deferrals.best(session, protocol_id, None)]
        ahead = [deferrals.ahead(session, protocol_id, benefit, one) for one, benefit in
                 ((little, 0.2), (much, 0.9), (as_much, 0.9))]  # fmt: skip

    assert order == [much, as_much, little]
    assert ahead == [2, 0, 1]


def test_a_ticket_that_was_given_up_holds_nobody_up(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)
    dead, alive = wait(database, desk_id, version_id, 0.9, 0.2)
    with database.desk(desk_id) as session:
        session.get_one(TrackedTicket, dead).dead_at = NOW

    with database.desk(desk_id, read=True) as session:
        (protocol_id,) = deferrals.protocol_ids(session)
        assert [row.tracked_id for row in deferrals.best(session, protocol_id, None)] == [alive]
        assert deferrals.ahead(session, protocol_id, 0.2, alive) == 0


def test_a_ticket_waits_once_and_keeps_its_place_in_time(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)
    (tracked_id,) = wait(database, desk_id, version_id, 0.2)
    with database.desk(desk_id) as session:
        tracked, protocol_id = session.get_one(TrackedTicket, tracked_id), deferrals.protocol_ids(session)[0]
        deferrals.put_off(session, tracked, protocol_id, 0.7, NOW + timedelta(hours=1))

    (row,) = all_rows(database, Deferral)
    assert (row.benefit, row.since) == (0.7, NOW)


def test_of_two_who_tick_one_decides(database: Database, desk_id: int) -> None:
    step_id = add_step(database, desk_id, waits=True, owner="agent")
    with database.desk(desk_id) as session:
        first = chores.tick(session, step_id, "lena@example.com", NOW)
        second = chores.leave_out(session, step_id, "otto@example.com", NOW)

    row = step(database, step_id)
    assert (first, second) == (row.case_id, None)
    assert (row.state, row.done_by) == (StepState.DONE, "lena@example.com")


def test_tags_that_another_open_case_has_set_do_not_expire(database: Database, desk_id: int) -> None:
    tracked_id, version_id = add_ticket(database, desk_id), add_version(database, desk_id)
    old = add_case(database, desk_id, tracked_id, version_id=version_id)
    _tagged(database, desk_id, old, ["late", "vip"])
    with database.desk(desk_id) as session:
        session.get_one(RecoveryCase, old).open_key = None
    new = add_case(database, desk_id, tracked_id, version_id=version_id)
    _tagged(database, desk_id, new, ["vip"])

    with database.desk(desk_id) as session:
        case = session.get_one(RecoveryCase, old)
        untag = steps.plan(session, case, [steps.Planned(action="expire", do="expire_tags", params={})], NOW)[0]
        expired = tagging.expired(session, untag)

    assert expired == {"late"}


def _tagged(database: Database, desk_id: int, case_id: int, tags: list[str]) -> None:
    """A step of the case that has set these tags."""
    step_id = add_step(database, desk_id, case_id)
    with database.desk(desk_id) as session:
        row = session.get_one(StepRow, step_id)
        row.change = {"before": {}, "after": {"tags": tags}}
        steps.finish([row], StepState.DONE, NOW)


def searched(database: Database, call: Callable[[], object]) -> str:
    """How SQLite goes about the statements of a call."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    call()
    event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", given).all() for one, given in said]
    return " ".join(row[-1] for plan in plans for row in plan)


def test_what_was_opened_or_closed_is_found_without_looking_through_all_there_was(on_sqlite: Database) -> None:
    desk_id = add_desk(on_sqlite)
    version_id = add_version(on_sqlite, desk_id)

    with on_sqlite.desk(desk_id, read=True) as session:
        found = searched(on_sqlite, lambda: deferrals.opened_since(session, 1, NOW))
        closed = searched(on_sqlite, lambda: tagging.to_untag(session, version_id, NOW, "untag"))
        turns = searched(on_sqlite, lambda: teams.roster(session, desk_id, NOW))

    assert "ix_recovery_case_opened (desk_id=? AND version_id=? AND opened_at>?)" in found
    assert "ix_recovery_case_closed (desk_id=? AND version_id=? AND closed_at<?)" in closed
    assert "SCAN assignment" not in turns
    assert turns.count("ix_assignment_at (desk_id=? AND at>?)") == 2
