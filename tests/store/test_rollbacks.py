"""Rollbacks and the history of what was in force, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.protocols import changes
from app.protocols.changes import Kept, Reverted, TakeBack
from app.protocols.difference import Change
from app.store import cases, erasure, protocol_events, protocols, removal, rollbacks, steps, tracked_tickets
from app.store.database import Database, Purpose
from app.store.desks import NotFound
from app.store.models import ProtocolVersion, RollbackRow, RollbackTicket, StepRow, StepState
from app.store.protocol_events import Happened, Kind
from connectors.ticket import Write
from tests.store.factories import (
    NOW,
    add_case,
    add_step,
    add_ticket,
    add_version,
    all_rows,
    change,
)

HIGH = {"before": {"priority": "low"}, "after": {"priority": "high"}}


def publish(database: Database, desk_id: int, version_id: int, *, reason: str = "agreed", **reach) -> None:
    with database.desk(desk_id) as session:
        version = protocols.version(session, version_id)
        wanted = protocols.Reach(**reach)
        protocols.publish(session, version, by="lena@example.com", reason=reason, now=NOW, reach=wanted)


def history(database: Database, desk_id: int, version_id: int) -> Sequence[Happened]:
    with database.desk(desk_id, read=True) as session:
        return protocol_events.of_protocol(session, protocols.version(session, version_id).protocol_id)


def begin(session: Session, version_id: int) -> RollbackRow:
    version = protocols.version(session, version_id)
    row = RollbackRow(
        desk_id=version.desk_id,
        protocol_id=version.protocol_id,
        to_version_id=None,
        withdrawn=[version_id],
        undo=True,
        by="lena@example.com",
        reason="wrong",
        warnings=[],
        at=NOW,
    )
    return rollbacks.add(session, row)


def take_back(session: Session, *version_ids: int) -> StepRow:
    """Roll these versions back, and have that done on the only ticket."""
    (newest,) = rollbacks.to_take_back(session, version_ids).values()
    begun = begin(session, version_ids[0])
    begun.withdrawn = list(version_ids)
    step = rollbacks.plan(session, begun, newest, NOW)
    steps.finish([step], StepState.DONE, NOW)
    return step


def made(database: Database, desk_id: int, case_id: int, **columns) -> int:
    """A step that is done and changed something."""
    step_id = add_step(database, desk_id, case_id, action=columns.pop("action", "1-priority"), do="priority")
    values = {"state": StepState.DONE, "change": HIGH, "receipt": "7"} | columns
    change(database, desk_id, StepRow, step_id, **values)
    return step_id


class TestHistory:
    def test_tells_who_why_and_what_differs(self, database: Database, desk_id: int):
        first = add_version(database, desk_id, document="name: x\ntags: [a]\n")
        second = add_version(database, desk_id, document="name: x\ntags: [b]\n")
        publish(database, desk_id, first)
        publish(database, desk_id, second, reason="b is better")

        newest, oldest = history(database, desk_id, first)

        assert (newest.kind, newest.number, newest.previous) == (Kind.PUBLISHED, 2, 1)
        assert (newest.by, newest.reason, newest.at) == ("lena@example.com", "b is better", NOW)
        changed = {line.change for line in newest.diff}
        assert {Change.ADDED, Change.REMOVED} <= changed
        assert (oldest.number, oldest.previous) == (1, None)

    def test_tells_a_trial_with_its_share(self, database: Database, desk_id: int):
        whole = add_version(database, desk_id, document="name: x\ntags: [a]\n")
        trial = add_version(database, desk_id, document="name: x\ntags: [b]\n")
        publish(database, desk_id, whole)
        publish(database, desk_id, trial, share=0.25)

        newest, *_ = history(database, desk_id, whole)

        assert (newest.kind, newest.share, newest.number, newest.previous) == (Kind.CANARY, 0.25, 2, 1)

    def test_calls_an_earlier_version_that_comes_again_a_rollback(self, database: Database, desk_id: int):
        first = add_version(database, desk_id, document="a: 1")
        second = add_version(database, desk_id, document="a: 2")
        for version_id in (first, second, first):
            publish(database, desk_id, version_id)

        assert [one.kind for one in history(database, desk_id, first)] == [
            Kind.ROLLED_BACK,
            Kind.PUBLISHED,
            Kind.PUBLISHED,
        ]

    def test_calls_a_trial_that_comes_into_force_later_published(self, database: Database, desk_id: int):
        first, trial, third = (add_version(database, desk_id, document=f"a: {number}") for number in range(3))
        publish(database, desk_id, first)
        publish(database, desk_id, trial, share=0.5)
        publish(database, desk_id, third)
        publish(database, desk_id, trial)

        newest, *_ = history(database, desk_id, first)

        assert (newest.kind, newest.number, newest.previous) == (Kind.PUBLISHED, 2, 3)

    def test_knows_which_versions_were_once_in_force(self, database: Database, desk_id: int):
        ids = [add_version(database, desk_id, document=f"a: {number}") for number in range(5)]
        publish(database, desk_id, ids[0])
        publish(database, desk_id, ids[1], shadow=True)
        publish(database, desk_id, ids[2])
        # Of a release that kept no history yet.
        change(database, desk_id, ProtocolVersion, ids[3], state="retired", published_at=NOW)

        with database.desk(desk_id, read=True) as session:
            stood = protocol_events.once_in_force(session, protocols.version(session, ids[0]).protocol_id)

        assert stood == {ids[0], ids[2], ids[3]}


class TestWhatIsTakenBack:
    def test_is_what_was_done_since_it_was_taken_back_last(self, database: Database, desk_id: int):
        version_id = add_version(database, desk_id)
        case_id = add_case(database, desk_id, version_id=version_id)
        made(database, desk_id, case_id)
        with database.desk(desk_id) as session:
            (newest,) = rollbacks.to_take_back(session, [version_id]).values()
            step = rollbacks.plan(session, begin(session, version_id), newest, NOW)
            steps.finish([step], StepState.DONE, NOW)
        with database.desk(desk_id, read=True) as session:
            assert rollbacks.to_take_back(session, [version_id]) == {}
        later = made(database, desk_id, case_id, action="2-priority")

        with database.desk(desk_id) as session:
            (newest,) = rollbacks.to_take_back(session, [version_id]).values()
            step = rollbacks.plan(session, begin(session, version_id), newest, NOW)

            assert [row.id for row in rollbacks.steps_behind(session, step)] == [later]

    def test_is_also_what_an_earlier_version_did_that_stood_when_a_later_one_went(
        self, database: Database, desk_id: int
    ):
        second, third = (add_version(database, desk_id, document=f"a: {number}") for number in (2, 3))
        case_id = add_case(database, desk_id, version_id=second)
        of_second = made(database, desk_id, case_id)
        of_third = made(database, desk_id, case_id, action="2-priority", version_id=third)

        with database.desk(desk_id) as session:
            first_step = take_back(session, third)
            second_step = take_back(session, third, second)

            assert [row.id for row in rollbacks.steps_behind(session, second_step)] == [of_second]
            assert of_third not in [row.id for row in rollbacks.steps_behind(session, first_step)]

    def test_is_nothing_that_was_taken_back_with_a_later_version(self, database: Database, desk_id: int):
        second, third = (add_version(database, desk_id, document=f"a: {number}") for number in (2, 3))
        case_id = add_case(database, desk_id, version_id=second)
        made(database, desk_id, case_id)
        made(database, desk_id, case_id, action="2-priority", version_id=third)

        with database.desk(desk_id) as session:
            take_back(session, third, second)

            assert rollbacks.to_take_back(session, [second]) == {}

    def test_leaves_out_what_changed_nothing_or_was_never_sent(self, database: Database, desk_id: int):
        version_id = add_version(database, desk_id)
        case_id = add_case(database, desk_id, version_id=version_id)
        add_step(database, desk_id, case_id, action="1-tag")
        made(database, desk_id, case_id, action="2-note", change=None, receipt=None)
        made(database, desk_id, case_id, action="3-assign", state=StepState.REFUSED)

        with database.desk(desk_id, read=True) as session:
            assert rollbacks.to_take_back(session, [version_id]) == {}

    def test_stays_with_the_ticket_that_was_changed(self, database: Database, desk_id: int):
        version_id = add_version(database, desk_id)
        case_id = add_case(database, desk_id, version_id=version_id)
        step_id = made(database, desk_id, case_id)
        moved = add_ticket(database, desk_id)

        with database.desk(desk_id) as session:
            case, done = cases.get(session, case_id), steps.get(session, step_id)
            case.tracked_id = case.open_key = moved
            (newest,) = rollbacks.to_take_back(session, [version_id]).values()
            step = rollbacks.plan(session, begin(session, version_id), newest, NOW)

            assert (step.tracked_id, step.case_id) == (done.tracked_id, case_id)
            assert set(rollbacks.lock_touched(session, [version_id])) == {done.tracked_id, moved}

    def test_is_listed_ticket_by_ticket(self, database: Database, desk_id: int):
        version_id = add_version(database, desk_id)
        case_id = add_case(database, desk_id, version_id=version_id)
        made(database, desk_id, case_id)
        outcome = TakeBack(
            write=Write(),
            reverted=(Reverted(field="priority", ours="high", back_to="low"),),
            kept=(Kept(field="words", ours="note", found="note", reason=changes.WORDS),),
        )

        with database.desk(desk_id) as session:
            (newest,) = rollbacks.to_take_back(session, [version_id]).values()
            begun = begin(session, version_id)
            step = rollbacks.plan(session, begun, newest, NOW)
            rollbacks.note(session, step, outcome)
            (told,) = rollbacks.tickets(session, begun.id)

        assert (told.state, told.given_up) == (StepState.PLANNED, False)
        assert told.reverted == [{"field": "priority", "key": "", "ours": "high", "back_to": "low"}]
        assert [one["reason"] for one in told.kept] == [changes.WORDS]

    def test_counts_as_set_back_by_us_where_the_call_was_cut_off(self, database: Database, desk_id: int):
        version_id = add_version(database, desk_id)
        made(database, desk_id, add_case(database, desk_id, version_id=version_id))
        planned = TakeBack(write=Write(), reverted=(Reverted(field="priority", ours="high", back_to="low"),))
        found = TakeBack(
            write=Write(), kept=(Kept(field="priority", ours="high", found="low", reason=changes.PUT_BACK),)
        )

        with database.desk(desk_id) as session:
            (newest,) = rollbacks.to_take_back(session, [version_id]).values()
            begun = begin(session, version_id)
            step = rollbacks.plan(session, begun, newest, NOW)
            rollbacks.note(session, step, planned)
            rollbacks.note(session, step, found)
            (told,) = rollbacks.tickets(session, begun.id)

        assert ([one["field"] for one in told.reverted], told.kept) == (["priority"], [])


def test_a_rollback_that_there_is_not_is_not_found(database: Database, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session, pytest.raises(NotFound):
        rollbacks.get(session, 99)


def test_rollbacks_and_history_go_with_their_desk(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)
    publish(database, desk_id, version_id)
    made(database, desk_id, add_case(database, desk_id, version_id=version_id))
    with database.desk(desk_id) as session:
        (newest,) = rollbacks.to_take_back(session, [version_id]).values()
        rollbacks.plan(session, begin(session, version_id), newest, NOW + timedelta(hours=1))

    with database.system(Purpose.OPERATE) as session:
        removal.remove(session, desk_id)

    assert all_rows(database, RollbackTicket) == []
    assert all_rows(database, StepRow) == []


def test_what_stood_in_an_erased_tickets_fields_is_forgotten(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)
    fields = {
        "before": {"custom_fields": {"7": "12 Elm Street"}},
        "after": {"custom_fields": {"7": "x"}, "tags": ["a"]},
    }
    step_id = made(database, desk_id, add_case(database, desk_id, version_id=version_id), change=fields)
    with database.desk(desk_id) as session:
        (newest,) = rollbacks.to_take_back(session, [version_id]).values()
        begun = begin(session, version_id)
        step = rollbacks.plan(session, begun, newest, NOW)
        address = Reverted(field="custom_fields", key="7", ours="x", back_to="12 Elm Street")
        rollbacks.note(session, step, TakeBack(write=Write(), reverted=(address,)))

    with database.desk(desk_id) as session:
        done = steps.get(session, step_id)
        erasure.forget_ticket(session, tracked_tickets.get(session, done.tracked_id))
        (told,) = rollbacks.tickets(session, begun.id)

        assert done.change == {"before": {}, "after": {"tags": ["a"]}}
        assert (told.reverted, told.kept) == ([], [])
