"""The database's schema: brought to the newest version, and compared with it. The versions are in `migrations/`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.store.database import Database, DatabaseUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"

#: One migration at a time, whichever process comes first; an arbitrary number, ours alone.
_LOCK = 7_114_105


def newest() -> str:
    """The newest version there is in the code."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None
    return head


def current(database: Database) -> str | None:
    """The version the database is at; None for an empty one. Raises DatabaseUnavailable."""
    database.ping()
    with database.engine.execution_options(kintsugi_read=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def behind(database: Database) -> str | None:
    """What is wrong with the schema, in words; None when it is the newest."""
    try:
        version = current(database)
    except DatabaseUnavailable:
        return "the database does not answer"
    if version == newest():
        return None
    return (
        "the database is empty: run `kintsugi migrate`"
        if version is None
        else f"the schema is at {version}, not {newest()}"
    )


def migrate(database: Database, to: str = "head") -> str:
    """Bring the database to the newest version (or to `to`); returns the version. Repeating it is harmless.

    Raises DatabaseUnavailable.
    """
    database.ping()
    with database.writing(), database.engine.begin() as connection:
        if not database.is_sqlite:
            # Whoever comes second waits for the first, however long that takes, and so may a large table.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _upgrade(connection, to)
    return current(database) or ""


def _upgrade(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
