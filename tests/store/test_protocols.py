"""Protocols: imported as drafts, one version in force, the one before it retired."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import protocols
from app.store.database import Database
from app.store.desks import NotFound
from app.store.models import ProtocolEvent, ProtocolVersion, VersionState
from tests.store.factories import NOW, add_desk, add_version, all_rows, change, version


def publish(database: Database, desk_id: int, version_id: int, reason: str = "agreed") -> None:
    with database.desk(desk_id) as session:
        row = protocols.version(session, version_id)
        protocols.publish(session, row, by="lena@example.com", reason=reason, now=NOW)


def before(database: Database, desk_id: int, version_id: int) -> int | None:
    with database.desk(desk_id, read=True) as session:
        found = protocols.before(session, protocols.version(session, version_id))
        return found.id if found else None


def in_force(database: Database, desk_id: int) -> list[int]:
    with database.desk(desk_id, read=True) as session:
        return [found.version_id for found in protocols.in_force(session)]


def test_an_imported_document_is_a_draft(database: Database, desk_id: int) -> None:
    row = version(database, add_version(database, desk_id, document="name: Late parcel"))

    assert (row.number, row.state, row.document) == (1, VersionState.DRAFT, "name: Late parcel")
    assert in_force(database, desk_id) == []


def test_importing_the_same_again_is_harmless(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        first, added = protocols.import_document(session, desk_id, "Late parcel", "name: x", NOW)
        again, added_again = protocols.import_document(session, desk_id, "Late parcel", "name: x", NOW)

    assert (added, added_again, again.id) == (True, False, first.id)


def test_importing_a_change_is_the_next_version(database: Database, desk_id: int) -> None:
    first = version(database, add_version(database, desk_id, document="name: x"))

    second = version(database, add_version(database, desk_id, document="name: y"))

    assert (second.protocol_id, second.number) == (first.protocol_id, 2)


def test_publishing_puts_a_version_in_force_and_says_who_and_why(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)

    publish(database, desk_id, version_id, "agreed " * 100)

    row = version(database, version_id)
    assert (row.state, row.published_by, row.published_at) == (VersionState.PUBLISHED, "lena@example.com", NOW)
    assert len(row.reason or "") == 500
    assert in_force(database, desk_id) == [version_id]


def test_publishing_retires_the_version_before(database: Database, desk_id: int) -> None:
    old = add_version(database, desk_id, document="name: x")
    publish(database, desk_id, old)
    new = add_version(database, desk_id, document="name: y")

    publish(database, desk_id, new)

    assert version(database, old).state is VersionState.RETIRED
    assert in_force(database, desk_id) == [new]


def test_an_old_version_can_be_put_in_force_again(database: Database, desk_id: int) -> None:
    old, new = add_version(database, desk_id, document="name: x"), add_version(database, desk_id, document="name: y")

    for version_id in (old, new, old, old):
        publish(database, desk_id, version_id)

    assert in_force(database, desk_id) == [old]


class TestTheVersionBefore:
    def test_is_the_one_that_was_in_force_then(self, database: Database, desk_id: int):
        first, second, third = (add_version(database, desk_id, document=f"a: {number}") for number in range(3))
        for version_id in (first, second, first, third):
            publish(database, desk_id, version_id)

        assert before(database, desk_id, third) == first
        assert before(database, desk_id, first) is None

    def test_counts_from_the_last_time_that_it_was_published(self, database: Database, desk_id: int):
        first, second, third = (add_version(database, desk_id, document=f"a: {number}") for number in range(3))
        for version_id in (first, third, second, third):
            publish(database, desk_id, version_id)

        assert before(database, desk_id, third) == second

    def test_is_none_where_none_stood_though_others_had_been_withdrawn(self, database: Database, desk_id: int):
        first, second = (add_version(database, desk_id, document=f"a: {number}") for number in range(2))
        publish(database, desk_id, first)
        with database.desk(desk_id) as session:
            protocols.withdraw(session, protocols.version(session, first))
        publish(database, desk_id, second)

        assert before(database, desk_id, second) is None

    def test_is_the_highest_lower_one_that_stood_where_no_history_was_kept(self, database: Database, desk_id: int):
        ids = [add_version(database, desk_id, document=f"a: {number}") for number in range(3)]
        change(database, desk_id, ProtocolVersion, ids[0], state="retired", published_at=NOW)
        change(database, desk_id, ProtocolVersion, ids[2], state="published", published_at=NOW)

        assert before(database, desk_id, ids[2]) == ids[0]


def test_what_is_in_force_already_is_not_recorded_again(database: Database, desk_id: int) -> None:
    first, second = (add_version(database, desk_id, document=f"a: {number}") for number in range(2))

    for version_id in (first, second, second):
        publish(database, desk_id, version_id)

    assert before(database, desk_id, second) == first


def test_of_two_who_publish_the_same_at_once_only_one_does(on_postgres: Database) -> None:
    desk_id = add_desk(on_postgres)
    version_id = add_version(on_postgres, desk_id)

    with on_postgres.desk(desk_id) as session:
        row = protocols.version(session, version_id)
        publish(on_postgres, desk_id, version_id, "mine")
        protocols.publish(session, row, by="otto@example.com", reason="his", now=NOW)

    assert [event.by for event in all_rows(on_postgres, ProtocolEvent)] == ["lena@example.com"]
    assert version(on_postgres, version_id).reason == "mine"


def test_protocols_decide_in_the_order_of_their_coming(database: Database, desk_id: int) -> None:
    versions = [add_version(database, desk_id, name=name) for name in ("Late parcel", "A wrong item")]
    for version_id in reversed(versions):
        publish(database, desk_id, version_id)

    assert in_force(database, desk_id) == versions


def test_a_protocol_of_another_desk_decides_nothing_here(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other shop")
    publish(database, other, add_version(database, other))
    ours = add_version(database, desk_id)

    publish(database, desk_id, ours)

    assert in_force(database, desk_id) == [ours]
    assert len(in_force(database, other)) == 1


def test_the_list_shows_what_is_in_force_or_else_the_newest(database: Database, desk_id: int) -> None:
    published = add_version(database, desk_id, document="name: x")
    publish(database, desk_id, published)
    newer = add_version(database, desk_id, document="name: y")
    draft = add_version(database, desk_id, name="Wrong item")

    with database.desk(desk_id, read=True) as session:
        shown = [(row.name, found.id) for row, found in protocols.all_of(session)]
        history = [row.id for row in protocols.versions_of(session, version(database, newer).protocol_id)]

    assert shown == [("Late parcel", published), ("Wrong item", draft)]
    assert history == [newer, published]


def test_a_version_knows_its_name_and_one_that_is_not_there_raises(database: Database, desk_id: int) -> None:
    version_id = add_version(database, desk_id)

    with database.desk(desk_id, read=True) as session:
        assert protocols.name_of(session, version_id) == "Late parcel"
        assert protocols.name_of(session, 4711) == ""
        with pytest.raises(NotFound, match="protocol version 4711"):
            protocols.version(session, 4711)


def put(database: Database, desk_id: int, version_id: int, **reach: Any) -> None:
    """Put a version in force as far as it should reach."""
    with database.desk(desk_id) as session:
        row = protocols.version(session, version_id)
        wanted = protocols.Reach(**reach)
        protocols.publish(session, row, by="lena@example.com", reason="a trial", now=NOW, reach=wanted)


def states(database: Database, *version_ids: int) -> list[VersionState]:
    return [version(database, version_id).state for version_id in version_ids]


def test_a_canary_is_in_force_beside_the_published_version(database: Database, desk_id: int) -> None:
    old, new = (add_version(database, desk_id, document=f"name: {name}") for name in "xy")
    publish(database, desk_id, old)

    put(database, desk_id, new, share=0.2)

    assert in_force(database, desk_id) == [old, new]
    with database.desk(desk_id, read=True) as session:
        assert [found.share for found in protocols.in_force(session)] == [None, 0.2]


def test_another_canary_takes_the_place_of_the_one_before(database: Database, desk_id: int) -> None:
    first, second = (add_version(database, desk_id, document=f"name: {name}") for name in "xy")
    put(database, desk_id, first, share=0.2)

    put(database, desk_id, second, share=0.1)

    assert states(database, first, second) == [VersionState.RETIRED, VersionState.CANARY]


def test_a_shadow_watches_and_is_not_in_force(database: Database, desk_id: int) -> None:
    old, new = (add_version(database, desk_id, document=f"name: {name}") for name in "xy")
    publish(database, desk_id, old)

    put(database, desk_id, new, shadow=True)

    assert in_force(database, desk_id) == [old]
    with database.desk(desk_id, read=True) as session:
        assert [(found.version_id, found.shadow) for found in protocols.shadows(session)] == [(new, True)]
        assert [found.version_id for found in protocols.counting(session)] == [old, new]


def test_a_canary_that_is_published_whole_ends_every_trial(database: Database, desk_id: int) -> None:
    old, trial, shadow = (add_version(database, desk_id, document=f"name: {name}") for name in "xyz")
    publish(database, desk_id, old)
    put(database, desk_id, trial, share=0.5)
    put(database, desk_id, shadow, shadow=True)

    put(database, desk_id, trial)

    assert states(database, old, trial, shadow) == [
        VersionState.RETIRED, VersionState.PUBLISHED, VersionState.RETIRED,
    ]  # fmt: skip
    assert version(database, trial).share is None


def test_a_trial_that_is_withdrawn_leaves_what_was_published(database: Database, desk_id: int) -> None:
    old, trial = (add_version(database, desk_id, document=f"name: {name}") for name in "xy")
    publish(database, desk_id, old)
    put(database, desk_id, trial, share=0.5)

    with database.desk(desk_id) as session:
        protocols.withdraw(session, protocols.version(session, trial))

    assert in_force(database, desk_id) == [old]
