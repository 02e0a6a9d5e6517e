"""The audit log: written with the change, found again, never another desk's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.store import audit
from app.store.database import Database, Purpose
from tests import seeds
from tests.seeds import NOW


def record(database: Database, desk_id: int, did: str, *, what: str = "case:1", by: str = "account:7") -> None:
    with database.desk(desk_id) as session:
        audit.record(session, by=by, did=did, what=what, detail={"to": "x" * 500}, at=NOW)


def found(database: Database, desk_id: int, **wanted: object) -> list[str]:
    with database.desk(desk_id, read=True) as session:
        return [one.did for one in audit.page(session, audit.Wanted(**wanted)).entries]  # type: ignore[arg-type]


def test_entries_come_newest_first_and_only_from_their_desk(database: Database) -> None:
    desk_id, other = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    for did in ("case.claimed", "case.snoozed"):
        record(database, desk_id, did)
    record(database, other, "case.closed")

    assert found(database, desk_id) == ["case.snoozed", "case.claimed"]


def test_a_noun_finds_all_of_its_verbs_and_nothing_that_begins_like_it(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    for did in ("case.claimed", "casework.done", "case_claimed", "member.invited"):
        record(database, desk_id, did)

    assert found(database, desk_id, did="case") == ["case.claimed"]


def test_entries_are_found_by_who_what_and_when(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    record(database, desk_id, "case.claimed", by="token:5", what="case:2")
    record(database, desk_id, "case.closed")

    assert found(database, desk_id, by="token:5") == ["case.claimed"]
    assert found(database, desk_id, what="case:1") == ["case.closed"]
    assert found(database, desk_id, until=NOW) == []
    assert len(found(database, desk_id, since=NOW, until=NOW + timedelta(seconds=1))) == 2


def test_pages_follow_each_other_without_gap_or_repeat(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    for number in range(5):
        record(database, desk_id, f"case.n{number}")

    with database.desk(desk_id, read=True) as session:
        first = audit.page(session, audit.Wanted(), limit=3)
        second = audit.page(session, audit.Wanted(), limit=3, older_than=first.older_than)

    assert [one.did for one in (*first.entries, *second.entries)] == [f"case.n{n}" for n in (4, 3, 2, 1, 0)]
    assert second.older_than is None


def test_long_texts_of_the_detail_are_cut(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    record(database, desk_id, "case.claimed")

    with database.desk(desk_id, read=True) as session:
        (entry,) = audit.page(session, audit.Wanted()).entries

    assert entry.detail == {"to": "x" * audit.LONGEST_TEXT}


def test_an_entry_without_a_desk_is_refused(database: Database) -> None:
    with database.system(Purpose.OPERATE) as session, pytest.raises(ValueError, match="desk"):
        audit.record(session, by="operator", did="case.claimed", what="case:1", at=NOW)
