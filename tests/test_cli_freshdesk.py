"""A Freshdesk account from a terminal: connecting it, checking it, and what is kept of its secrets."""

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
from app.store import desks
from app.store.database import Purpose
from app.store.models import Desk
from connectors.freshdesk import FRESHDESK, webhook
from connectors.sandbox.server import Sandbox

SIDEBAR_KEY = "a-key-made-by-a-machine-0123456789"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    file = tmp_path_factory.mktemp("helpdesk") / "sandbox.sqlite"
    server = Sandbox(file=file, now=real_now, smtp_port=None, vendor="freshdesk")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(tmp_path / "house"))
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def add(run: Callable[..., Result], sandbox: Sandbox, tmp_path: Path) -> Callable[..., Result]:
    """`desk add freshdesk` with the sandbox's secrets, or with what the test says."""

    def command(**changed: str) -> Result:
        secrets = {
            "api_key": sandbox.account.api_token,
            "webhook_secret": "hush",
            "sidebar_key": SIDEBAR_KEY,
            **changed,
        }
        file = tmp_path / "freshdesk.json"
        file.write_text(json.dumps(secrets))
        run("migrate")
        words = ["--name", "Shop", "--subdomain", "sandbox", "--base-url", sandbox.url, "--secret-file", str(file)]
        return run("desk", "add", "freshdesk", *words, "--json")

    return command


def stored(tmp_path: Path) -> Desk:
    built = build(load({}, data_dir=tmp_path / "house"))
    with built.database.system(Purpose.OPERATE, read=True) as session:
        (desk,) = desks.all_of(session)
        session.expunge(desk)
    built.database.close()
    return desk


def test_a_desk_is_connected_with_a_key_and_knows_itself(
    add: Callable[..., Result], sandbox: Sandbox, tmp_path: Path
) -> None:
    said = add()

    desk = stored(tmp_path)
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["webhook_path"] == f"/hooks/{desk.key}"
    assert (desk.kind, desk.integration_user_id) == (FRESHDESK.name, str(sandbox.account.integration_id))
    assert desk.settings[desks.OWN_NAMES] == [webhook.actor_by_email(sandbox.account.email)]


def test_of_the_sidebars_key_only_a_hash_is_kept(add: Callable[..., Result], tmp_path: Path) -> None:
    add()

    desk = stored(tmp_path)
    assert set(desk.sidebar) == {"key_hash"}
    assert SIDEBAR_KEY not in repr((desk.sidebar, desk.settings))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"api_key": "wrong"}, "refused these credentials"),
        ({"sidebar_key": "short"}, "sidebar_key"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(
    add: Callable[..., Result], changed: dict[str, str], said: str
) -> None:
    answer = add(**changed)

    assert answer.exit_code == 1
    assert said in answer.output
    assert not any(value in answer.output for value in changed.values())


def test_a_connected_desk_is_checked_by_asking_it(add: Callable[..., Result], run: Callable[..., Result]) -> None:
    add()

    checked = run("desk", "check", "--json")

    assert checked.exit_code == 0, checked.output
    assert {"credentials", "tickets", "macros", "statuses", "webhooks"} <= {
        finding["name"] for finding in json.loads(checked.stdout)
    }


def test_a_field_is_named_as_tickets_name_it(
    add: Callable[..., Result], run: Callable[..., Result], tmp_path: Path
) -> None:
    add()

    changed = run("desk", "change", "--field", "vendor=cf_vendor")

    assert changed.exit_code == 0, changed.output
    assert stored(tmp_path).settings["fields"] == {"vendor": "cf_vendor"}


def test_a_kind_that_is_none_names_those_there_are(run: Callable[..., Result]) -> None:
    said = run("desk", "add", "phone", "--name", "x", "--subdomain", "y")

    assert said.exit_code == 2
    assert "freshdesk, zendesk" in said.output


def things(sandbox: Sandbox) -> dict[str, list[str]]:
    """What is made by hand or by us in the account, by the names that people see."""
    paths = {"automations/1/rules": "name", "automations/4/rules": "name", "admin/ticket_fields": "label"}
    found = {path: [row[name] for row in ask(sandbox, path)] for path, name in paths.items()}
    folders = ask(sandbox, "canned_response_folders")
    found["folders"] = [folder["name"] for folder in folders]
    for folder in folders:
        rows = ask(sandbox, f"canned_response_folders/{folder['id']}/responses")
        found[folder["name"]] = [row["title"] for row in rows]
    return found


def ask(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{sandbox.url}/api/v2/{path}", auth=(sandbox.account.api_token, "X"), timeout=5)
    rows: list[dict[str, Any]] = answer.json()
    return rows


def test_installing_twice_leaves_one_of_each_and_uninstalling_leaves_nothing(
    add: Callable[..., Result], run: Callable[..., Result], sandbox: Sandbox
) -> None:
    add()
    before = things(sandbox)

    first, second = run("desk", "install", "--json"), run("desk", "install", "--json")
    installed = things(sandbox)
    gone = run("desk", "uninstall", "--json")

    assert [answer.exit_code for answer in (first, second, gone)] == [0, 0, 0], first.output + gone.output
    assert {change["does"] for change in json.loads(second.stdout)["changes"]} == {"keep", "by hand"}
    assert len(installed["automations/4/rules"]) == len(before["automations/4/rules"]) + 1
    assert all(len(names) == len(set(names)) for names in installed.values())
    assert things(sandbox) == before


def test_what_the_helpdesk_does_not_list_is_said_to_be_unchecked(
    add: Callable[..., Result], run: Callable[..., Result], tmp_path: Path
) -> None:
    add()
    file = tmp_path / "late.yaml"
    rare = "{field: tags, operator: includes, value: never_seen}"
    file.write_text(f"name: Late\ncriteria: {{all: [{rare}]}}\nactions: [{{do: macro, macro: Nothing}}]\n")

    said = run("protocol", "check", file, "--desk", "Shop")

    assert said.stdout.splitlines() == [
        'actions[0].macro: the desk has no macro "Nothing"',
        "note: tags were not checked, since the helpdesk does not tell them",
    ]
