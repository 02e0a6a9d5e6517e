"""Fixtures of the pipeline's tests: a stage on SQLite, and one on PostgreSQL where locking matters."""

from __future__ import annotations

import shutil
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Dialect

from app import factory, setting_up, settings
from app.clock import Clock
from app.settings import Settings, new_key
from app.store import desks, schema
from app.store.database import Database, Purpose
from app.vault import Vault
from connectors.sandbox import Sandbox
from tasks import parts as tasks_parts
from tests.servers import PostgresServer
from tests.tasks.stage import START, Stage

#: Short enough that a test may wait for it, long enough for a machine that is busy.
TIMEOUT = "2"

MakeStage = Callable[..., Stage]


def make_tables(url: str) -> None:
    """Bring an empty database to the newest schema."""
    database = Database(url, vault=Vault([new_key()]))
    schema.migrate(database)
    database.close()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which sandbox, keys, database and desk were set up once; that takes longer than most tests."""
    folder = tmp_path_factory.mktemp("stage")
    sandbox = Sandbox(file=folder / "sandbox.sqlite", now=lambda: START)
    parts = factory.build(settings.load({}, data_dir=folder))
    schema.migrate(parts.database)
    setting_up.sandbox_desk(parts, url="http://127.0.0.1:9", account=sandbox.account)
    parts.database.close()
    sandbox.stop()
    return folder


def _environment(folder: Path, sandbox: Sandbox, given: dict[str, str]) -> dict[str, str]:
    return {
        "KINTSUGI_CLOCK_FILE": str(folder / "clock"),
        "KINTSUGI_SMTP_URL": f"smtp://127.0.0.1:{sandbox.smtp_port}",
        "KINTSUGI_HTTP_TIMEOUT_SECONDS": TIMEOUT,
        "KINTSUGI_LEASE_SECONDS": "60",
        **given,
    }


_dialects: dict[str, Dialect] = {}
_compiled: dict[Any, Any] = {}


def _share_statements(database: Database) -> None:
    """Have stages share compiled statements: compiling them afresh takes longer than most tests."""
    engine = database.engine
    engine.dialect = _dialects.setdefault(engine.dialect.name, engine.dialect)
    database.engine = engine.execution_options(compiled_cache=_compiled)


def _furnish(planned: Settings, sandbox: Sandbox, patch: pytest.MonkeyPatch) -> Stage:
    parts = factory.build(planned)
    _share_statements(parts.database)
    key = setting_up.sandbox_desk(parts, url=sandbox.url, account=sandbox.account)
    with parts.database.system(Purpose.ROUTE, read=True) as session:
        desk = desks.find_by_key(session, key)
    assert desk is not None
    return Stage(parts, sandbox, desk.id, patch)


def _watch_mail(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    """A mail server is a network too."""
    send = smtplib.SMTP.send

    def sent(smtp: smtplib.SMTP, words: Any) -> None:
        stage.guard.call("SMTP")
        send(smtp, words)

    patch.setattr(smtplib.SMTP, "send", sent)


@pytest.fixture
def make_stage(tmp_path: Path, templates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeStage]:
    """Builds a stage with settings of the test's own; at the end no connection may have been held during a call."""
    clock = tmp_path / "clock"
    clock.write_text(START.isoformat(), encoding="utf-8")
    for name in ("sandbox.sqlite", "kintsugi.sqlite", settings.KEY_FILE):
        shutil.copy(templates / name, tmp_path / name)
    sandbox = Sandbox(file=tmp_path / "sandbox.sqlite", now=Clock(clock).now)
    sandbox.start()
    stages: list[Stage] = []

    def make(**given: str) -> Stage:
        planned = settings.load(_environment(tmp_path, sandbox, given), data_dir=tmp_path)
        stage = _furnish(planned, sandbox, monkeypatch)
        _watch_mail(stage, monkeypatch)
        tasks_parts.bind(stage.parts)
        stages.append(stage)
        return stage

    yield make
    sandbox.stop()
    for stage in stages:
        stage.close()
        stage.parts.database.close()
        assert stage.guard.found == [], "a connection was held during these calls"


@pytest.fixture
def stage(make_stage: MakeStage) -> Stage:
    """Everything, on SQLite."""
    return make_stage()


@pytest.fixture
def postgres_stage(make_stage: MakeStage, postgres_server: PostgresServer) -> Stage:
    """Everything, on PostgreSQL."""
    return make_stage(
        KINTSUGI_DATABASE_URL=postgres_server.new_database(make_tables),
        KINTSUGI_SECRET_KEYS=new_key(),
        KINTSUGI_BROKER_URL="redis://127.0.0.1:1/0",
    )
