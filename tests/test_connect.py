"""Connections: stored desks become connectors of their kind, and a secret file's slips are named, never quoted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clock import real_now
from app.connect import KINDS, Connections, read_credentials
from app.governor import Governor
from app.settings import new_key
from app.store import schema
from app.store.database import Database
from app.store.desks import NotFound
from app.vault import Vault
from connectors.base import Connector
from tests.store.factories import add_desk


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'kintsugi.sqlite'}", vault=Vault([new_key()]))
    schema.migrate(database)
    yield database
    database.close()


@pytest.fixture
def connections(database: Database) -> Connections:
    return Connections(database=database, governor=Governor(database), now=real_now, timeout=1.0)


def test_the_registry_knows_kinds_by_their_names() -> None:
    assert "zendesk" in KINDS
    assert all(kind.name == name for name, kind in KINDS.items())
    assert "sandbox" not in KINDS


def test_a_stored_desk_becomes_a_connector(database: Database, connections: Connections) -> None:
    with connections.open(add_desk(database)) as connector:
        assert isinstance(connector, Connector)


def test_a_connector_is_closed_also_when_its_work_fails(
    database: Database, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_id = add_desk(database)
    closed = []

    def fail() -> None:
        with connections.open(desk_id) as connector:
            monkeypatch.setattr(connector, "close", lambda: closed.append(True))
            raise KeyError("7")

    with pytest.raises(KeyError):
        fail()

    assert closed == [True]


def test_a_desk_that_is_gone_is_said_to_be(connections: Connections) -> None:
    with pytest.raises(NotFound, match="desk 4711"), connections.open(4711):
        pass


def test_credentials_are_an_object_of_strings() -> None:
    given = {"email": "robot@example.com", "api_token": "made-up"}

    assert read_credentials(json.dumps(given)) == given


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON (line 1, column 1)"),
        ('{"api_token": "canary"', "not JSON (line 1, column 23)"),
        ('["canary"]', "must be a JSON object"),
        ('"canary"', "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('{"api_token": 4711}', "api_token: must be a non-empty string"),
        ('{"api_token": ""}', "api_token: must be a non-empty string"),
        ('{"api_token": ["canary"]}', "api_token: must be a non-empty string"),
        ('{"email": "canary", "api_token": null}', "api_token: must be a non-empty string"),
    ],
)
def test_a_slip_in_a_secret_file_is_named_and_no_value_quoted(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="secret file") as caught:
        read_credentials(text)

    assert message in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "4711" not in str(caught.value)
