"""What the doctor says of webhooks that did not come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app import doctor
from app.clock import real_now
from app.settings import Settings, load
from app.store import desks, gaps, schema
from app.store.database import Database, Purpose
from app.store.models import Desk, Reconcile
from app.vault import Vault
from connectors.ticket import Finding
from tests import seeds


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({}, data_dir=tmp_path)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database_url, vault=Vault(settings.secret_keys))
    schema.migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def desk_id(database: Database) -> int:
    added = seeds.add_desk(database)
    with database.system(Purpose.OPERATE) as session:
        session.get_one(Desk, added).created_at = real_now()
    return added


def findings(settings: Settings) -> dict[str, Finding]:
    return {one.name.partition(" of ")[0]: one for one in doctor.examine(settings)}


def walked(database: Database, desk_id: int, arrived_at: datetime, error: str | None = None) -> None:
    with database.desk(desk_id) as session:
        session.add(
            Reconcile(
                desk_id=desk_id, began_at=arrived_at, due_at=arrived_at, arrived_at=arrived_at, error=error, fence=1
            )
        )


def test_nothing_missed_is_fine(settings: Settings, database: Database, desk_id: int):
    walked(database, desk_id, real_now())

    found = findings(settings)

    assert (found["webhooks"].ok, found["webhooks"].detail) == (True, "none missed since yesterday")
    assert (found["reconcile"].ok, found["reconcile"].detail) == (True, "last compared 0 min ago")


@pytest.mark.parametrize(("missed", "ok"), [(9, True), (10, False)])
def test_many_missed_ones_ask_for_a_look_at_the_webhook(
    settings: Settings, database: Database, desk_id: int, missed: int, ok: bool
):
    with database.desk(desk_id) as session:
        gaps.count(session, desk_id, real_now(), tickets=missed - 1, ratings=1)
        gaps.count(session, desk_id, real_now() - timedelta(days=5), tickets=100)

    webhooks = findings(settings)["webhooks"]

    assert webhooks.ok is ok
    assert str(missed) in webhooks.detail
    assert ("desk check" in webhooks.remedy) is not ok


def test_a_desk_that_nobody_compares_is_a_finding(settings: Settings, database: Database, desk_id: int):
    walked(database, desk_id, real_now() - timedelta(hours=3), error="ticket export: it needs an admin")

    reconcile = findings(settings)["reconcile"]

    assert not reconcile.ok
    assert "180 min ago; ticket export: it needs an admin" in reconcile.detail
    assert "an admin's" in reconcile.remedy


def test_a_paused_desk_says_so_once(settings: Settings, database: Database, desk_id: int):
    with database.desk(desk_id) as session:
        desks.pause(session, desk_id, "a test")

    assert {"webhooks", "reconcile"}.isdisjoint(findings(settings))
