"""Versions of a desk's model, and the one place for training."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.store import learned_models, trainings
from app.store.database import Database
from app.store.desks import NotFound
from app.store.models import ModelState
from tests.store.factories import NOW, add_desk, together

WORDS = {"name": "m", "bias": 0.0, "weights": "AAAA"}


def new(**values: Any) -> learned_models.NewModel:
    defaults: dict[str, Any] = {
        "rung": "adapter",
        "prior": "uss-2",
        "document": {"name": "m", "text": WORDS},
        "ratings": 120,
        "report": {},
        "reason": "because",
    }
    return learned_models.NewModel(**defaults | values)


def add(database: Database, desk_id: int, **values: Any) -> int:
    with database.desk(desk_id) as session:
        return learned_models.add(session, desk_id, new(**values), ModelState.CHALLENGER, NOW).version


def states(database: Database, desk_id: int) -> dict[int, str]:
    with database.desk(desk_id, read=True) as session:
        return {row.version: row.state.value for row in learned_models.newest_first(session)}


def test_versions_count_per_desk(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other shop")

    assert [add(database, desk_id), add(database, other), add(database, desk_id)] == [1, 1, 2]


def test_learned_words_are_stored_sealed(database: Database, desk_id: int) -> None:
    add(database, desk_id)

    with database.desk(desk_id, read=True) as session:
        row = learned_models.get(session, 1)
        assert row.document == {"name": "m", "text": None}
        assert b"weights" not in (row.sealed_text or b"weights")
        assert learned_models.document_of(session, row)["text"] == WORDS


def test_one_model_is_in_force_at_a_time(database: Database, desk_id: int) -> None:
    add(database, desk_id)
    with database.desk(desk_id) as session:
        learned_models.promote(session, learned_models.get(session, 1), NOW, by=None)
    add(database, desk_id)

    with database.desk(desk_id) as session:
        learned_models.promote(session, learned_models.get(session, 2), NOW, by="lena@example.com")

    assert states(database, desk_id) == {1: "retired", 2: "champion"}
    with database.desk(desk_id, read=True) as session:
        assert learned_models.champion_version(session) == 2


def test_a_newer_model_overtakes_one_that_waits(database: Database, desk_id: int) -> None:
    add(database, desk_id)

    add(database, desk_id)

    assert states(database, desk_id) == {1: "refused", 2: "challenger"}


@pytest.mark.parametrize(("version", "held"), [(None, True), (1, True), (2, False)])
def test_a_person_who_goes_back_is_not_overruled(
    database: Database, desk_id: int, version: int | None, held: bool
) -> None:
    add(database, desk_id)
    add(database, desk_id)

    with database.desk(desk_id) as session:
        learned_models.choose(session, desk_id, version, NOW, "lena@example.com")
        row = trainings.find(session)
        assert row is not None
        assert row.held is held
        assert learned_models.champion_version(session) == version


def test_there_is_no_such_version(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session, pytest.raises(NotFound):
        learned_models.choose(session, desk_id, 7, NOW, "lena@example.com")


def test_a_version_of_another_desk_is_none_of_ours(database: Database, desk_id: int) -> None:
    add(database, add_desk(database, "Other shop"))

    with database.desk(desk_id, read=True) as session, pytest.raises(NotFound):
        learned_models.get(session, 1)


def test_one_of_many_gets_the_place(database: Database, desk_id: int) -> None:
    def begin(_: int) -> int | None:
        with database.desk(desk_id) as session:
            return trainings.begin(session, desk_id, NOW)

    fences = together(4, begin)

    assert sorted(fences, key=str) == [1, None, None, None]


def test_a_place_is_taken_over_when_its_training_died(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        first = trainings.begin(session, desk_id, NOW)
        second = trainings.begin(session, desk_id, NOW + trainings.LEASE)

        assert (first, second) == (1, 2)
        assert not trainings.progress(session, 1, NOW, 0.5, "late")
        assert not trainings.finish(session, 1, NOW, ratings=9)


def test_progress_keeps_the_place(database: Database, desk_id: int) -> None:
    later = NOW + trainings.LEASE - timedelta(seconds=1)
    with database.desk(desk_id) as session:
        fence = trainings.begin(session, desk_id, NOW)
        assert fence is not None

        assert trainings.progress(session, fence, later, 0.5, "measuring")

        assert trainings.begin(session, desk_id, NOW + trainings.LEASE) is None


def test_a_training_that_ends_leaves_its_figures(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        trainings.ask(session, desk_id, NOW)
        fence = trainings.begin(session, desk_id, NOW)
        assert fence is not None

        assert trainings.finish(session, fence, NOW, ratings=40, error="MemoryError" * 100)

        row = trainings.find(session)
        assert row is not None
        session.refresh(row)
        assert (row.ratings, row.asked_at, row.lease_until, len(row.error or "")) == (40, None, None, 500)
