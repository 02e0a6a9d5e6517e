"""Fixtures of the store: every test that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from app.settings import new_key
from app.store import desks
from app.store.database import Database, Purpose
from app.store.models import Base
from app.vault import Vault
from tests.servers import PostgresServer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def make_tables(url: str) -> None:
    """An empty database at the newest schema."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind, at the newest schema."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'kintsugi.sqlite'}"
        make_tables(url)
        return url
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database(make_tables)


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
def desk_id(database: Database) -> int:
    """A desk that is ready for work."""
    return add_desk(database)


def add_desk(database: Database, name: str = "Example shop", *, integration_user_id: str | None = "900") -> int:
    """Store a desk and return its id."""
    new = desks.NewDesk(
        kind="zendesk",
        name=name,
        subdomain="example",
        base_url="http://127.0.0.1:9",
        credentials={"email": "robot@example.com", "api_token": "made-up-token"},
        webhook_secret="made-up-secret",
        sidebar={},
        settings={},
    )
    with database.system(Purpose.OPERATE) as session:
        return desks.add(session, new, NOW, integration_user_id=integration_user_id).id
