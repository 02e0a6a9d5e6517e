"""Evaluations: stored when something is decided or changed, found by ticket and by time, and forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.protocols.evaluation import Evaluation, Snapshot
from app.store import erasure, evaluations, personal
from app.store.database import Database
from app.store.models import EvaluationRow, TrackedTicket
from tests.store.factories import NOW, add_desk, add_person, add_ticket, all_rows

HOUR = timedelta(hours=1)
FACTS: dict[str, Any] = {"score": 31, "tags": frozenset({"vip"}), "waiting_hours": 2.0}


def keep(database: Database, desk_id: int, tracked_id: int, **values: Any) -> bool:
    with database.desk(desk_id) as session:
        tracked = session.get_one(TrackedTicket, tracked_id)
        whole: dict[str, Any] = {
            "tracked_id": tracked_id,
            "ticket_id": tracked.ticket_id,
            "at": NOW,
            "as_of": NOW,
            "facts": FACTS,
            "ticket": Snapshot(group_id="10", tags=frozenset({"vip"})),
            "in_force": ((4, 10),),
        }
        return evaluations.record(session, tracked, Evaluation(**whole | values))


def newest(database: Database, desk_id: int, tracked_id: int, **asked: bool) -> Evaluation | None:
    with database.desk(desk_id, read=True) as session:
        return evaluations.newest(session, tracked_id, **asked)


def test_what_was_known_comes_back_whole(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, ticket_id="4711")

    keep(database, desk_id, tracked_id, as_of=NOW - HOUR)

    assert newest(database, desk_id, tracked_id) == Evaluation(
        tracked_id=tracked_id,
        ticket_id="4711",
        at=NOW,
        as_of=NOW - HOUR,
        facts=FACTS,
        ticket=Snapshot(group_id="10", tags=frozenset({"vip"})),
        in_force=((4, 10),),
    )


def test_nothing_is_known_of_a_ticket_that_was_never_looked_at(database: Database, desk_id: int) -> None:
    assert newest(database, desk_id, add_ticket(database, desk_id)) is None


def test_where_only_time_has_passed_nothing_is_stored(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    keep(database, desk_id, tracked_id)

    stored = keep(database, desk_id, tracked_id, facts=FACTS | {"waiting_hours": 5.0}, decided=False)

    assert not stored
    assert len(all_rows(database, EvaluationRow)) == 1


def test_a_change_is_stored_also_where_nothing_was_decided(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    keep(database, desk_id, tracked_id)

    assert keep(database, desk_id, tracked_id, facts=FACTS | {"score": 12}, decided=False)
    newest_of_all = newest(database, desk_id, tracked_id)
    last_decided = newest(database, desk_id, tracked_id, decided=True)
    assert newest_of_all is not None
    assert last_decided is not None
    assert (newest_of_all.facts["score"], last_decided.facts["score"]) == (12, 31)


def test_what_is_decided_is_stored_also_where_nothing_changed(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)

    assert keep(database, desk_id, tracked_id)
    assert keep(database, desk_id, tracked_id)


def test_those_of_a_span_come_in_the_order_of_time_up_to_before_its_end(database: Database, desk_id: int) -> None:
    first, second = add_ticket(database, desk_id), add_ticket(database, desk_id)
    for tracked_id, after in ((first, 2), (second, 1), (first, 3), (second, 0)):
        keep(database, desk_id, tracked_id, at=NOW + after * HOUR)

    with database.desk(desk_id, read=True) as session:
        found = list(evaluations.between(session, NOW + HOUR, NOW + 3 * HOUR))
        oldest = evaluations.first_at(session)

    assert [(one.tracked_id, one.at) for one in found] == [(second, NOW + HOUR), (first, NOW + 2 * HOUR)]
    assert oldest == NOW


def test_another_desk_sees_none_of_them(database: Database, desk_id: int) -> None:
    keep(database, desk_id, add_ticket(database, desk_id))

    with database.desk(add_desk(database, "Other shop"), read=True) as session:
        assert list(evaluations.between(session, NOW - HOUR, NOW + HOUR)) == []


def test_old_ones_are_forgotten(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    for days in (100, 91, 1):
        keep(database, desk_id, tracked_id, at=NOW - timedelta(days=days))

    with database.desk(desk_id) as session:
        assert evaluations.forget(session, NOW - timedelta(days=90)) == 2

    assert [row.at for row in all_rows(database, EvaluationRow)] == [NOW - timedelta(days=1)]


def test_a_ticket_that_is_erased_takes_what_was_known_of_it_along(database: Database, desk_id: int) -> None:
    gone, kept = add_ticket(database, desk_id), add_ticket(database, desk_id)
    for tracked_id in (gone, kept):
        keep(database, desk_id, tracked_id)

    with database.desk(desk_id) as session:
        erasure.forget_ticket(session, session.get_one(TrackedTicket, gone))

    assert [row.tracked_id for row in all_rows(database, EvaluationRow)] == [kept]


def test_a_persons_export_tells_what_was_known_of_their_tickets(database: Database, desk_id: int) -> None:
    person_id = add_person(database, desk_id, helpdesk_id="77")
    keep(database, desk_id, add_ticket(database, desk_id, person_id=person_id))

    with database.desk(desk_id, read=True) as session:
        told = personal.export(session, personal.find(session, "77"))

    (row,) = told["tables"]["evaluation"]
    assert row["facts"]["tags"] == ["vip"]
