"""The web application over a real SQLite file, and people who are signed in to it."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from app.factory import build, create_app
from app.settings import Settings, load
from app.store import schema
from app.store.database import Database
from app.store.models import Role
from app.web.context import EXTENSION
from app.web.health import Heartbeats
from app.web.surveys import new_limits
from app.web.webhooks import Directory
from tasks.parts import Parts
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn, sign_in

OPERATOR_TOKEN = "made-up-operator-token-0123456789"


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with keys and an empty database at the newest schema, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("house")
    parts = build(load({}, data_dir=folder))
    schema.migrate(parts.database)
    parts.database.close()
    return folder


@pytest.fixture
def settings(tmp_path: Path, empty_house: Path) -> Settings:
    """The embedded default in a folder of its own."""
    folder = tmp_path / "house"
    shutil.copytree(empty_house, folder)
    return replace(load({}, data_dir=folder), operator_token=OPERATOR_TOKEN)


@pytest.fixture
def joined(settings: Settings) -> Iterator[Parts]:
    parts = build(settings)
    yield parts
    parts.database.close()


@pytest.fixture
def database(joined: Parts) -> Database:
    return joined.database


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates are compiled once, not once for every test's application."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def own_app(settings: Settings, joined: Parts, compiled: FileSystemBytecodeCache) -> Flask:
    """An application of this test's own, for whoever changes it."""
    app = create_app(settings, joined)
    app.jinja_env.bytecode_cache = compiled
    return app


@dataclass(slots=True)
class Drawn:
    """Applications whose addresses and views are drawn up already, by the settings that these depend on: to do it for
    every test took half of its time."""

    compiled: FileSystemBytecodeCache
    _known: dict[tuple[object, ...], tuple[Flask, dict[str, Any]]] = field(default_factory=dict)

    def of(self, settings: Settings, joined: Parts) -> Flask:
        """As `create_app` makes it: with parts of its own, and nothing remembered of any other."""
        key = (settings.public_url, settings.oidc)
        if key not in self._known:
            app = create_app(settings, joined)
            app.jinja_env.bytecode_cache = self.compiled
            self._known[key] = app, dict(app.extensions)
        drawn, extensions = self._known[key]
        app = copy.copy(drawn)
        app.extensions = {
            **extensions,
            EXTENSION: joined,
            "heartbeats": Heartbeats(),
            "kintsugi.surveys": new_limits(),
            "kintsugi.webhooks": Directory(),
        }
        return app


@pytest.fixture(scope="session")
def drawn(compiled: FileSystemBytecodeCache) -> Drawn:
    return Drawn(compiled)


@pytest.fixture
def web_app(settings: Settings, joined: Parts, drawn: Drawn) -> Flask:
    return drawn.of(settings, joined)


@pytest.fixture
def stranger(web_app: Flask) -> FlaskClient:
    """A browser that nobody is signed in to."""
    return web_app.test_client()


@pytest.fixture
def desk_id(database: Database) -> int:
    return seeds.add_desk(database)


@pytest.fixture
def story(database: Database, desk_id: int) -> Seeded:
    return seeds.add_story(database, desk_id)


@pytest.fixture
def person(web_app: Flask, database: Database, desk_id: int) -> Callable[..., SignedIn]:
    """Signs somebody in: `person(Role.LEAD)`."""

    def make(role: Role, *, email: str = "lena@example.com", on: int | None = None) -> SignedIn:
        return sign_in(web_app, seeds.add_link(database, role, email=email, desk_id=on or desk_id))

    return make


@pytest.fixture
def admin(person: Callable[..., SignedIn]) -> SignedIn:
    return person(Role.ADMIN)
