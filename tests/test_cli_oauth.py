"""Desks that are connected by OAuth at a terminal: by a consent's refresh token, or by the client's own credentials."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from click.testing import CliRunner, Result

from app.cli import main
from app.clock import real_now
from app.factory import build
from app.settings import load
from app.store import access, desks, schema
from app.store.database import Purpose
from app.store.models import DeskState
from connectors.sandbox.server import Sandbox
from tasks.parts import Parts


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path_factory.mktemp("helpdesk") / "sandbox.sqlite", now=real_now, smtp_port=None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """An empty house, looked at from outside the commands."""
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    built = build(load({}, data_dir=tmp_path / "house"))
    schema.migrate(built.database)
    yield built
    built.database.close()


@pytest.fixture
def run(parts: Parts) -> Iterator[Callable[..., Result]]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def secrets(sandbox: Sandbox) -> dict[str, str]:
    """A client's own credentials."""
    account = sandbox.account
    return {
        "client_id": account.oauth_client_id,
        "client_secret": account.oauth_client_secret,
        "webhook_secret": "made-up-webhook-secret",
    }


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[..., Path]:
    def write(**given: Any) -> Path:
        file = tmp_path / "secrets.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        return file

    return write


@pytest.fixture
def add(run: Callable[..., Result], sandbox: Sandbox, write_file: Callable[..., Path]) -> Callable[..., Result]:
    """Adds the desk `Shop` with these secrets."""
    start = ("desk", "add", "zendesk", "--name", "Shop", "--subdomain", "sandbox", "--base-url", sandbox.url)
    return lambda **given: run(*start, "--secret-file", write_file(**given))


def refresh_token(sandbox: Sandbox) -> str:
    pair = requests.post(f"{sandbox.url}/sandbox/oauth/pairs", json={}, timeout=5).json()
    return str(pair["refresh_token"])


def calls_work(parts: Parts) -> bool:
    with parts.connections.open(1) as connector:
        return bool(connector.me().id)


def test_a_client_is_added_by_its_own_credentials_without_a_warning(
    add: Callable[..., Result], secrets: dict[str, str], parts: Parts
) -> None:
    said = add(**secrets)

    assert said.exit_code == 0
    assert "warning" not in said.stderr
    assert calls_work(parts)


def test_a_refresh_token_is_used_once_and_what_it_gave_is_kept(
    add: Callable[..., Result], secrets: dict[str, str], parts: Parts, sandbox: Sandbox
) -> None:
    token = refresh_token(sandbox)

    said = add(**secrets, refresh_token=token)

    assert said.exit_code == 0, said.output
    with parts.database.desk(1, read=True) as session:
        held = access.find(session)
    assert held is not None
    assert held.refresh not in (None, token)
    assert calls_work(parts)


def test_a_refused_refresh_token_is_not_stored_nor_shown(
    add: Callable[..., Result], secrets: dict[str, str], parts: Parts
) -> None:
    said = add(**secrets, refresh_token="made-up-token")

    assert said.exit_code == 1
    assert "the helpdesk refused these credentials" in said.stderr
    assert "made-up-token" not in said.output
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        assert desks.all_of(session) == []


def test_a_name_that_is_taken_costs_no_refresh_token(
    add: Callable[..., Result], secrets: dict[str, str], sandbox: Sandbox
) -> None:
    add(**secrets)
    token = refresh_token(sandbox)

    said = add(**secrets, refresh_token=token)

    assert "--name: there is a desk called 'Shop' already" in said.stderr
    body = {name: secrets[name] for name in ("client_id", "client_secret")}
    grant = body | {"grant_type": "refresh_token", "refresh_token": token}
    assert requests.post(f"{sandbox.url}/oauth/tokens", json=grant, timeout=5).ok


def test_a_desk_without_access_gets_it_back_by_a_new_refresh_token(
    add: Callable[..., Result],
    run: Callable[..., Result],
    write_file: Callable[..., Path],
    secrets: dict[str, str],
    parts: Parts,
    sandbox: Sandbox,
) -> None:
    add(**secrets, refresh_token=refresh_token(sandbox))
    requests.post(f"{sandbox.url}/sandbox/oauth/revoke", timeout=5)
    with parts.database.desk(1) as session:
        desks.pause(session, 1, "the helpdesk refused our credentials")
    told = run("doctor")

    said = run("desk", "change", "--secret-file", write_file(**secrets, refresh_token=refresh_token(sandbox)))

    assert "the helpdesk refused our credentials" in told.output
    assert said.stderr == "Changed: credentials.\n"
    with parts.database.desk(1, read=True) as session:
        assert desks.get(session, 1).state is DeskState.ACTIVE
    assert calls_work(parts)


def test_the_file_that_a_desk_was_added_with_can_be_given_again(
    add: Callable[..., Result],
    run: Callable[..., Result],
    write_file: Callable[..., Path],
    secrets: dict[str, str],
    parts: Parts,
    sandbox: Sandbox,
) -> None:
    given = {**secrets, "refresh_token": refresh_token(sandbox)}
    add(**given)

    said = run("desk", "change", "--secret-file", write_file(**given | {"webhook_secret": "another-secret"}))

    assert (said.exit_code, said.stderr) == (0, "Changed: webhook secret.\n")
    assert calls_work(parts)


def test_api_tokens_are_warned_of_when_added_checked_and_examined(
    add: Callable[..., Result], run: Callable[..., Result], sandbox: Sandbox
) -> None:
    legacy = {"email": sandbox.account.email, "api_token": sandbox.account.api_token, "webhook_secret": "x"}

    added, checked, examined = add(**legacy), run("desk", "check"), run("doctor")

    assert "warning: Zendesk's API tokens stop working on 2027-04-30" in added.stderr
    assert "2027-04-30" in checked.stdout
    assert "Zendesk's API tokens stop working on 2027-04-30" in examined.stdout


def test_a_check_tells_what_oauth_allows(
    add: Callable[..., Result], run: Callable[..., Result], secrets: dict[str, str]
) -> None:
    add(**secrets)

    said = run("desk", "check")

    assert "access: OAuth, scopes read write" in said.stdout
    assert "API token" not in said.stdout
