"""Decisions: what a protocol said on a ticket, stored once until it says something else."""

from __future__ import annotations

from app.store import decisions
from app.store.database import Database
from app.store.models import DecisionRow, TrackedTicket
from app.words import ConditionResult, Level, Outcome
from tests.store.factories import NOW, add_case, add_decision, add_ticket, add_version, all_rows, case, decision


def test_a_decision_keeps_why_and_on_what(database: Database, desk_id: int) -> None:
    tracked_id, version_id = add_ticket(database, desk_id), add_version(database, desk_id)
    condition = ConditionResult(
        field="tags", operator="any_of", expected=("vip",), actual=frozenset({"vip", "late"}), passed=True
    )
    facts = {"level": Level.POOR, "tags": frozenset({"vip", "late"}), "score": 31, "rating": None}

    add_decision(database, desk_id, tracked_id, version_id, conditions=(condition,), facts=facts)

    (row,) = all_rows(database, DecisionRow)
    assert (row.outcome, row.reason, row.at) == (Outcome.NOT_ELIGIBLE, "the score is above 40", NOW)
    assert row.facts == {"level": "poor", "tags": ["late", "vip"], "score": 31, "rating": None}
    assert row.conditions == [
        {"field": "tags", "operator": "any_of", "expected": ["vip"], "actual": ["late", "vip"], "passed": True}
    ]


def test_the_same_word_again_is_not_stored(database: Database, desk_id: int) -> None:
    tracked_id, version_id = add_ticket(database, desk_id), add_version(database, desk_id)

    add_decision(database, desk_id, tracked_id, version_id, facts={"score": 55}, reason="above 40" * 100)
    add_decision(database, desk_id, tracked_id, version_id, facts={"score": 60}, reason="above 40" * 100)

    assert [row.facts for row in all_rows(database, DecisionRow)] == [{"score": 55}]


def test_a_changed_word_is_stored_and_so_is_the_change_back(database: Database, desk_id: int) -> None:
    tracked_id, version_id = add_ticket(database, desk_id), add_version(database, desk_id)

    for outcome in (Outcome.NOT_ELIGIBLE, Outcome.COOLDOWN, Outcome.NOT_ELIGIBLE):
        add_decision(database, desk_id, tracked_id, version_id, outcome=outcome)

    with database.desk(desk_id, read=True) as session:
        said = [row.outcome for row in decisions.of_ticket(session, tracked_id)]
    assert said == [Outcome.NOT_ELIGIBLE, Outcome.COOLDOWN, Outcome.NOT_ELIGIBLE]


def test_another_version_and_another_ticket_speak_for_themselves(database: Database, desk_id: int) -> None:
    first, second = add_ticket(database, desk_id), add_ticket(database, desk_id)
    old, new = add_version(database, desk_id), add_version(database, desk_id, document="name: y")

    for tracked_id, version_id in ((first, old), (first, new), (second, old)):
        add_decision(database, desk_id, tracked_id, version_id)

    assert len(all_rows(database, DecisionRow)) == 3


def test_a_decision_that_opened_a_case_is_always_stored(database: Database, desk_id: int) -> None:
    case_id = add_case(database, desk_id)
    opened = case(database, case_id)

    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, opened.tracked_id)
        for _ in range(2):
            said = decision(opened.version_id, outcome=Outcome.OPEN)
            decisions.record(session, tracked, said, case_id=case_id, at=NOW)

    assert [row.case_id for row in all_rows(database, DecisionRow)] == [case_id, case_id]


def test_what_a_shadow_said_is_told_apart_from_what_was_decided(database: Database, desk_id: int) -> None:
    tracked_id, version_id = add_ticket(database, desk_id), add_version(database, desk_id)

    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        for shadow in (True, True, False):
            decisions.record(session, tracked, decision(version_id), case_id=None, at=NOW, shadow=shadow)

    assert [row.shadow for row in all_rows(database, DecisionRow)] == [True, False]
