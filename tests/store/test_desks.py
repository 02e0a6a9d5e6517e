"""Desks: sealed credentials, rotating webhook secrets, health, and requests that were turned away."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from app.store import desks
from app.store.database import Database, Purpose
from app.store.desks import NotFound
from app.store.models import Desk, DeskState, Refusal
from app.vault import Vault, VaultError
from tests.servers import PostgresServer
from tests.store.factories import HOUR, MINUTE, NOW, add_desk, all_rows, new_desk, together

CREDENTIALS = {"email": "robot@example.com", "api_token": "canary-api-token"}


def desk(database: Database, desk_id: int) -> Desk:
    with database.system(Purpose.OPERATE, read=True) as session:
        return desks.get(session, desk_id)


def add_canary(database: Database) -> int:
    new = new_desk(credentials=CREDENTIALS, webhook_secret="canary-webhook-secret")
    with database.system(Purpose.OPERATE) as session:
        return desks.add(session, new, NOW, integration_user_id=None).id


def test_a_desk_is_stored_under_an_unguessable_key(database: Database) -> None:
    first, second = desk(database, add_desk(database)), desk(database, add_desk(database, "Other shop"))

    assert first.key != second.key
    assert len(first.key) == 32
    assert (first.state, first.created_at, first.integration_user_id) == (DeskState.ACTIVE, NOW, "900")


def test_a_name_is_taken_once(database: Database, desk_id: int) -> None:
    with pytest.raises(IntegrityError):
        add_desk(database)


def test_credentials_come_back_as_they_were_given(database: Database) -> None:
    desk_id = add_canary(database)

    with database.desk(desk_id, read=True) as session:
        row = desks.get(session, desk_id)
        assert desks.credentials(session, row) == CREDENTIALS
        assert desks.webhook_secrets(session, row) == ["canary-webhook-secret"]


def test_the_database_file_holds_no_secret_in_plain(on_sqlite: Database) -> None:
    add_canary(on_sqlite)
    on_sqlite.close()

    files = Path(on_sqlite.url.database or "").parent.glob("alone.sqlite*")
    stored = b"".join(file.read_bytes() for file in files)

    assert b"Example shop" in stored
    assert b"canary" not in stored


def test_a_dump_of_postgresql_holds_no_secret_in_plain(on_postgres: Database, postgres_server: PostgresServer) -> None:
    add_canary(on_postgres)
    sealed = ", ".join(f"encode({name}, 'escape')" for name in ("sealed_credentials", "sealed_webhook_secrets"))

    (row,) = postgres_server.admin(f"SELECT desk::text, {sealed} FROM desk", str(on_postgres.url.database))

    assert "Example shop" in str(row)
    assert "canary" not in str(row)


def test_another_vault_opens_nothing(database: Database) -> None:
    row = desk(database, add_canary(database))

    with pytest.raises(VaultError):
        Vault(["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]).open(row.sealed_credentials)


def test_a_rotation_keeps_two_secrets(database: Database, desk_id: int) -> None:
    seen = []
    for secret in ("second", "third"):
        with database.desk(desk_id) as session:
            row = desks.get(session, desk_id)
            desks.rotate_webhook_secret(session, row, secret)
            seen.append(desks.webhook_secrets(session, row))

    assert seen == [["second", "made-up-secret"], ["third", "second"]]


def test_a_desk_is_found_by_key_and_by_name(database: Database, desk_id: int) -> None:
    key = desk(database, desk_id).key

    with database.system(Purpose.ROUTE, read=True) as session:
        by_key, by_name = desks.find_by_key(session, key), desks.find_by_name(session, "Example shop")
        assert by_key is by_name is not None
        assert desks.find_by_key(session, key[:-1]) is None
        assert desks.find_by_name(session, "No shop") is None


def test_a_desk_is_found_by_its_installation(database: Database, desk_id: int) -> None:
    new = new_desk("With sidebar", sidebar={"installation_id": "42"})
    with database.system(Purpose.OPERATE) as session:
        installed = desks.add(session, new, NOW, integration_user_id=None).id

    with database.system(Purpose.SIGN_IN, read=True) as session:
        found = desks.find_by_installation(session, "42", "example")
        assert found is not None
        assert found.id == installed
        assert desks.find_by_installation(session, "42", "elsewhere") is None
        assert desks.find_by_installation(session, "43", "example") is None


def test_desks_are_listed_and_counted(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Other shop")

    with database.system(Purpose.OPERATE, read=True) as session:
        assert [row.id for row in desks.all_of(session)] == [desk_id, other]
        assert desks.count(session) == 2
        with pytest.raises(NotFound, match="desk 4711"):
            desks.get(session, 4711)


@pytest.mark.parametrize(
    ("second", "kept"),
    [(NOW + MINUTE, NOW + HOUR), (NOW + 2 * HOUR, NOW + 2 * HOUR)],
    ids=["shorter", "longer"],
)
def test_a_shorter_wait_never_shortens_a_longer_one(
    database: Database, desk_id: int, second: datetime, kept: datetime
) -> None:
    for until in (NOW + HOUR, second):
        with database.desk(desk_id) as session:
            desks.block(session, desk_id, until)

    assert desk(database, desk_id).blocked_until == kept


def test_of_workers_that_pause_a_desk_at_once_one_is_told(database: Database, desk_id: int) -> None:
    def run(_: int) -> bool:
        with database.desk(desk_id) as session:
            return desks.pause(session, desk_id, "credentials were refused " * 50)

    assert sorted(together(4, run)) == [False, False, False, True]
    assert (desk(database, desk_id).state, len(desk(database, desk_id).reason or "")) == (DeskState.PAUSED, 500)


def test_resuming_clears_what_stood_in_the_way(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        desks.pause(session, desk_id, "refused")
        desks.block(session, desk_id, NOW + HOUR)

    with database.desk(desk_id) as session:
        desks.resume(session, desk_id)

    row = desk(database, desk_id)
    assert (row.state, row.reason, row.blocked_until) == (DeskState.ACTIVE, None, None)


def test_the_last_reading_is_noted(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        desks.note_read(session, desk_id, NOW)

    assert desk(database, desk_id).last_read_at == NOW


def test_who_we_are_at_the_helpdesk_is_remembered(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        desks.know_ourselves(session, desk_id, "901")

    assert desk(database, desk_id).integration_user_id == "901"


def test_a_changed_setting_leaves_the_others_and_none_takes_one_away(database: Database, desk_id: int) -> None:
    for changes in ({"lead": "lena@example.com", "cooldown": 3}, {"cooldown": None, "prefix": "sat_"}):
        with database.desk(desk_id) as session:
            desks.change_settings(desks.get(session, desk_id), changes)

    assert desk(database, desk_id).settings == {"lead": "lena@example.com", "prefix": "sat_"}


def test_changed_credentials_replace_the_old_ones(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        desks.change_credentials(session, desks.get(session, desk_id), CREDENTIALS)

    row = desk(database, desk_id)
    with database.desk(desk_id, read=True) as session:
        assert desks.credentials(session, row) == CREDENTIALS
    assert b"canary" not in bytes(row.sealed_credentials)


def refuse(database: Database, desk_id: int, reason: str, now: datetime = NOW) -> None:
    with database.system(Purpose.ROUTE) as session:
        desks.refuse(session, desk_id, reason, now)


def test_refusals_are_counted_by_reason(database: Database, desk_id: int) -> None:
    for reason, now in (("bad signature", NOW), ("too large", NOW + MINUTE), ("bad signature", NOW + HOUR)):
        refuse(database, desk_id, reason, now)

    with database.desk(desk_id, read=True) as session:
        found = [(row.reason, row.count, row.first_at, row.last_at) for row in desks.refusals(session, desk_id)]
    assert found == [("bad signature", 2, NOW, NOW + HOUR), ("too large", 1, NOW + MINUTE, NOW + MINUTE)]


def test_a_reason_of_any_length_is_counted(database: Database, desk_id: int) -> None:
    for _ in range(2):
        refuse(database, desk_id, "x" * 300)

    assert [(row.reason, row.count) for row in all_rows(database, Refusal)] == [("x" * 200, 2)]


def test_refusals_at_once_are_all_counted(database: Database, desk_id: int) -> None:
    together(6, lambda _: refuse(database, desk_id, "bad signature"))

    assert [row.count for row in all_rows(database, Refusal)] == [6]
