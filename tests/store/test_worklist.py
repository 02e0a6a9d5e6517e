"""The queue as people work on it: what presses most first, page by page, under filters."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import handling, worklist
from app.store.database import Database
from app.store.handling import Snooze
from app.store.models import RecoveryCase, StepRow, StepState, TrackedTicket
from app.store.worklist import NOBODY, Page, Wanted
from app.words import Arm, CaseStage, Cause, SatState
from tests.store.factories import (
    DAY,
    HOUR,
    NOW,
    add_case,
    add_desk,
    add_invitation,
    add_step,
    add_ticket,
    add_version,
    change,
)


def add_open(database: Database, desk_id: int, *, case: dict[str, Any] | None = None, **columns: Any) -> int:
    """An open case on a poor ticket; columns of the ticket by name."""
    defaults: dict[str, Any] = {"status": "open", "state": SatState.POOR_IMPROVING, "p_satisfied": 0.4, "score": 40}
    case_id = add_case(database, desk_id, add_ticket(database, desk_id, **defaults | columns))
    change(database, desk_id, RecoveryCase, case_id, **(case or {}))
    return case_id


def page(database: Database, desk_id: int, **wanted: Any) -> Page:
    with database.desk(desk_id, read=True) as session:
        return worklist.page(session, Wanted(**wanted), NOW)


def listed(database: Database, desk_id: int, **wanted: Any) -> list[int]:
    return [item.case_id for item in page(database, desk_id, **wanted).items]


def test_what_presses_most_comes_first(database: Database, desk_id: int) -> None:
    calm = add_open(database, desk_id)
    late = add_open(database, desk_id, case={"touch_due_at": NOW - HOUR})
    losing = add_open(database, desk_id, state=SatState.POOR_WORSENING, p_satisfied=0.1)

    assert listed(database, desk_id) == [losing, late, calm]


def test_of_equal_cases_the_older_comes_first(database: Database, desk_id: int) -> None:
    cases = [add_open(database, desk_id) for _ in range(3)]

    assert listed(database, desk_id) == cases


def test_a_row_says_who_has_it_and_why_it_is_there(database: Database, desk_id: int) -> None:
    case_id = add_open(database, desk_id, sealed_subject=database.vault.seal("My lamp"))
    with database.desk(desk_id) as session:
        handling.claim(session, case_id, "account:7", NOW)

    (item,) = page(database, desk_id).items

    assert (item.subject, item.protocol, item.holding.holder) == ("My lamp", "Late parcel", "account:7")
    assert item.why == ("poor, but improving", "60% likely to end unsatisfied")


@pytest.mark.parametrize(
    "case",
    [{"open_key": None, "stage": CaseStage.EXPIRED}, {"arm": Arm.HOLDOUT}],
    ids=["closed", "held out"],
)
def test_what_is_nobodys_to_see_to_is_not_there(database: Database, desk_id: int, case: dict[str, Any]) -> None:
    add_open(database, desk_id, case=case)

    assert listed(database, desk_id) == []


def test_filters_narrow_the_queue(database: Database, desk_id: int) -> None:
    one = add_open(database, desk_id, group_id="7", case={"cause": Cause.BILLING, "stage": CaseStage.ASSIGNED})
    other = add_open(database, desk_id, state=SatState.POOR_WORSENING, case={"holder": "account:7"})

    assert listed(database, desk_id, group_id="7") == [one]
    assert listed(database, desk_id, cause=Cause.BILLING) == [one]
    assert listed(database, desk_id, stage=CaseStage.ASSIGNED) == [one]
    assert listed(database, desk_id, holder=NOBODY) == [one]
    assert listed(database, desk_id, holder="account:7") == [other]
    assert listed(database, desk_id, state=SatState.POOR_WORSENING) == [other]


def test_cases_of_one_protocol_alone(database: Database, desk_id: int) -> None:
    add_open(database, desk_id)
    version_id = add_version(database, desk_id, name="Wrong item")
    case_id = add_case(database, desk_id, version_id=version_id)

    with database.desk(desk_id, read=True) as session:
        offered = dict(worklist.choices(session).protocols)

    wanted = next(id_ for id_, name in offered.items() if name == "Wrong item")
    assert listed(database, desk_id, protocol_id=wanted) == [case_id]


def test_what_waits_for_a_decision_is_found(database: Database, desk_id: int) -> None:
    add_open(database, desk_id)
    step, survey = add_open(database, desk_id), add_open(database, desk_id)
    change(database, desk_id, StepRow, add_step(database, desk_id, step), state=StepState.NEEDS_REVIEW)
    add_invitation(database, desk_id, survey, columns={"state": "dead"})

    assert set(listed(database, desk_id, stuck=True)) == {step, survey}


def test_a_case_that_is_put_off_is_out_of_sight(database: Database, desk_id: int) -> None:
    case_id = add_open(database, desk_id)
    with database.desk(desk_id) as session:
        wanted = Snooze(until=NOW + DAY, reason="waits for the courier", by="account:7")
        handling.snooze(session, case_id, wanted, version=0, now=NOW)

    assert listed(database, desk_id) == []
    assert listed(database, desk_id, snoozed=True) == [case_id]
    with database.desk(desk_id, read=True) as session:
        assert (worklist.count_asleep(session, NOW), worklist.count_asleep(session, NOW + DAY)) == (1, 0)


def test_a_held_out_case_is_not_counted_among_those_put_off(database: Database, desk_id: int) -> None:
    add_open(database, desk_id, case={"snoozed_at": NOW, "snoozed_until": NOW + HOUR, "arm": Arm.HOLDOUT})

    with database.desk(desk_id, read=True) as session:
        assert worklist.count_asleep(session, NOW) == 0


def test_the_queue_comes_in_pages(database: Database, desk_id: int) -> None:
    cases = [add_open(database, desk_id) for _ in range(worklist.PAGE + 2)]

    second = page(database, desk_id, page=99)

    assert (second.total, second.page, second.pages) == (len(cases), 2, 2)
    assert [item.case_id for item in second.items] == cases[worklist.PAGE :]


def test_the_stamp_changes_with_what_is_shown_and_only_then(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, status="open", score=40)
    add_case(database, desk_id, tracked_id)

    before, again = page(database, desk_id).stamp, page(database, desk_id).stamp
    change(database, desk_id, TrackedTicket, tracked_id, score=39)

    assert before == again
    assert page(database, desk_id).stamp != before


def test_another_desk_sees_nothing_of_it(database: Database, desk_id: int) -> None:
    add_open(database, desk_id)

    assert listed(database, add_desk(database, "Second shop")) == []
