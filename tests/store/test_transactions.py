"""Transactions: nothing is lost, nothing is half done, and a database that is away is one typed error."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from app.store.database import Database, DatabaseUnavailable, Purpose, vault_of
from app.store.models import Slot, TrackedTicket
from app.vault import Vault
from tests.servers import PostgresServer, free_port
from tests.store.factories import NOW, add_desk, add_ticket, all_rows, ticket, together

THREADS = 4
TURNS = 12


def bump(session: Session, tracked_id: int) -> None:
    """Read, think, write: what every task does."""
    row = session.scalars(select(TrackedTicket).where(TrackedTicket.id == tracked_id).with_for_update()).one()
    row.dirty += 1


def test_sqlalchemy_as_it_comes_loses_updates_on_sqlite(on_sqlite: Database) -> None:
    tracked_id = add_ticket(on_sqlite, add_desk(on_sqlite), dirty=0)
    engine = create_engine(on_sqlite.url)

    refused = sum(together(THREADS, lambda _: turns_as_it_comes(engine, tracked_id)))

    engine.dispose()
    assert ticket(on_sqlite, tracked_id).dirty < THREADS * TURNS - refused


def turns_as_it_comes(engine: Engine, tracked_id: int) -> int:
    refused = 0
    for _ in range(TURNS):
        try:
            with Session(engine) as session, session.begin():
                bump(session, tracked_id)
        except OperationalError:
            refused += 1
    return refused


def test_our_transactions_lose_no_update(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, dirty=0)

    def run(_: int) -> None:
        for _ in range(TURNS):
            with database.desk(desk_id) as session:
                bump(session, tracked_id)

    together(THREADS, run)

    assert ticket(database, tracked_id).dirty == THREADS * TURNS


def test_two_processes_of_ours_lose_no_update_on_sqlite(on_sqlite: Database, vault: Vault) -> None:
    desk_id = add_desk(on_sqlite)
    tracked_id = add_ticket(on_sqlite, desk_id, dirty=0)
    # Its own lock and its own connections, as another process would have them.
    other = Database(on_sqlite.url.render_as_string(), vault=vault)

    def run(index: int) -> None:
        for _ in range(TURNS):
            with (on_sqlite, other)[index].desk(desk_id) as session:
                bump(session, tracked_id)

    together(2, run)

    other.close()
    assert ticket(on_sqlite, tracked_id).dirty == 2 * TURNS


def test_what_raises_stores_nothing(database: Database, desk_id: int) -> None:
    def half_done() -> None:
        with database.desk(desk_id) as session:
            session.add(TrackedTicket(desk_id=desk_id, ticket_id="7"))
            session.flush()
            raise KeyError("7")

    with pytest.raises(KeyError):
        half_done()

    assert all_rows(database, TrackedTicket) == []


def test_a_reader_sees_the_state_before_a_write_under_way(database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        session.add(TrackedTicket(desk_id=desk_id, ticket_id="7"))
        session.flush()

        with database.desk(desk_id, read=True) as reader:
            seen = reader.scalars(select(TrackedTicket)).all()

    assert seen == []


def test_a_row_of_no_desk_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.system(Purpose.OPERATE) as session:
        session.add(TrackedTicket(desk_id=4711, ticket_id="7"))


def test_sqlite_is_opened_for_safety_before_speed(on_sqlite: Database) -> None:
    with on_sqlite.engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    given = datetime(2026, 3, 2, 10, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    with database.system(Purpose.OPERATE) as session:
        session.add(Slot(job="sweep", slot_at=given, taken_at=NOW))

    (slot,) = all_rows(database, Slot)
    assert slot.slot_at == given
    assert slot.slot_at.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"), database.system(Purpose.OPERATE) as session:
        session.add(Slot(job="sweep", slot_at=NOW.replace(tzinfo=None), taken_at=NOW))


def test_a_session_brings_its_vault(database: Database, vault: Vault) -> None:
    with database.system(Purpose.OPERATE, read=True) as session:
        assert vault_of(session) is vault


def test_a_postgresql_that_is_away_is_one_typed_error(vault: Vault) -> None:
    database = Database(f"postgresql+psycopg://kintsugi@127.0.0.1:{free_port()}/none", vault=vault)

    with pytest.raises(DatabaseUnavailable):
        database.ping()
    with pytest.raises(DatabaseUnavailable), database.system(Purpose.OPERATE):
        pass


def test_an_sqlite_file_that_somebody_holds_is_one_typed_error(on_sqlite: Database) -> None:
    holder = sqlite3.connect(str(on_sqlite.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    impatient = on_sqlite.engine.raw_connection()
    impatient.cursor().execute("PRAGMA busy_timeout=10")
    impatient.close()

    with pytest.raises(DatabaseUnavailable), on_sqlite.system(Purpose.OPERATE) as session:
        session.scalar(select(TrackedTicket.id))

    holder.close()


def test_no_connection_to_be_had_is_one_typed_error(on_postgres: Database) -> None:
    on_postgres.engine = create_engine(on_postgres.url, pool_size=1, max_overflow=0, pool_timeout=0.05)

    with on_postgres.engine.connect(), pytest.raises(DatabaseUnavailable), on_postgres.system(Purpose.OPERATE):
        pass


def test_a_connection_that_the_server_ended_is_replaced(on_postgres: Database, postgres_server: PostgresServer) -> None:
    on_postgres.ping()
    name = on_postgres.url.database
    postgres_server.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    on_postgres.ping()
