"""Fixtures of the store: every test that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import new_key
from app.store import schema
from app.store.database import Database
from app.vault import Vault
from tests.servers import PostgresServer
from tests.store.factories import NOW, add_desk

__all__ = ["NOW", "add_desk", "make_tables"]


def make_tables(url: str) -> None:
    """Bring an empty database to the newest schema, by the migrations."""
    database = Database(url, vault=Vault([new_key()]))
    schema.migrate(database)
    database.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at the newest schema, to copy."""
    file = tmp_path_factory.mktemp("schema") / "kintsugi.sqlite"
    make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kintsugi.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind at the newest schema, without any row."""
    if request.param == "sqlite":
        file = tmp_path / "kintsugi.sqlite"
        file.write_bytes(request.getfixturevalue("migrated_file").read_bytes())
        yield f"sqlite:///{file}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.new_database(make_tables)
    yield url
    # Some hundreds of them would fill a small disk.
    server.drop_database(url)


@pytest.fixture
def vault() -> Vault:
    """A vault with a key of its own."""
    return Vault([new_key()])


@pytest.fixture
def database(database_url: str, vault: Vault) -> Iterator[Database]:
    """A database without any row."""
    database = Database(database_url, vault=vault)
    yield database
    database.close()


@pytest.fixture
def on_sqlite(migrated_file: Path, tmp_path: Path, vault: Vault) -> Iterator[Database]:
    """For what is SQLite's alone."""
    file = tmp_path / "alone.sqlite"
    file.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{file}", vault=vault)
    yield database
    database.close()


@pytest.fixture
def on_postgres(postgres_server: PostgresServer, vault: Vault) -> Iterator[Database]:
    """For what only PostgreSQL can promise."""
    url = postgres_server.new_database(make_tables)
    database = Database(url, vault=vault)
    yield database
    database.close()
    postgres_server.drop_database(url)


@pytest.fixture
def desk_id(database: Database) -> int:
    """A desk that is ready for work."""
    return add_desk(database)
