"""`kintsugi desk install` and `uninstall` on a desk of the sandbox: a plan, one of each thing, nothing left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from app import desk_install
from app.cli import main
from app.factory import build
from app.settings import load
from app.store import desks, schema
from app.store.database import Purpose
from app.store.desks import NewDesk
from connectors.sandbox import Sandbox
from tasks.parts import Parts
from tests.store.factories import NOW

LISTS = ("webhooks", "triggers", "ticket_fields", "views", "macros")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox's file and a migrated data directory; making them takes longer than most tests."""
    folder = tmp_path_factory.mktemp("seeded")
    Sandbox(file=folder / "sandbox.sqlite", now=lambda: NOW, smtp_port=None).stop()
    built = build(load(data_dir=folder / "data"))
    schema.migrate(built.database)
    built.database.close()
    return folder


@pytest.fixture
def sandbox(seeded: Path, tmp_path: Path) -> Iterator[Sandbox]:
    file = Path(shutil.copy(seeded / "sandbox.sqlite", tmp_path))
    running = Sandbox(file=file, now=lambda: NOW, smtp_port=None)
    running.start()
    requests.post(f"{running.url}/sandbox/limits", json={"unlimited": True}, timeout=5)
    yield running
    running.stop()


@pytest.fixture
def parts(seeded: Path, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """A data directory with one desk, connected to the sandbox."""
    folder = Path(shutil.copytree(seeded / "data", tmp_path / "data"))
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(folder))
    built = build(load(data_dir=folder))
    account = sandbox.account
    new = NewDesk(
        kind="zendesk",
        name="Sandbox",
        subdomain=account.subdomain,
        base_url=sandbox.url,
        credentials={"email": account.email, "api_token": account.api_token},
        webhook_secret="the-first-secret",
        sidebar={},
        settings={},
    )
    with built.database.system(Purpose.OPERATE) as session:
        desks.add(session, new, NOW, integration_user_id=str(account.integration_id))
    yield built
    built.database.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["desk", *arguments], catch_exceptions=False)


def account(sandbox: Sandbox) -> dict[str, Any]:
    found = {}
    for name in LISTS:
        answer = requests.get(
            f"{sandbox.url}/api/v2/{name}?page[size]=100",
            headers={"Authorization": f"Bearer {sandbox.account.oauth_token}"},
            timeout=5,
        )
        found[name] = answer.json()[name]
    return found


def stored(parts: Parts) -> tuple[list[str], dict[str, Any]]:
    """The desk's webhook secrets and settings."""
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        (desk,) = desks.all_of(session)
        return desks.webhook_secrets(session, desk), dict(desk.settings)


def test_a_dry_run_shows_the_plan_and_changes_nothing(parts: Parts, sandbox: Sandbox) -> None:
    before = account(sandbox)

    result = run("install", "--dry-run", "--json")

    document = json.loads(result.stdout)
    assert document["done"] is False
    assert {change["does"] for change in document["changes"]} == {"make"}
    assert "makes  view: Recovery queue" in result.stderr
    assert account(sandbox) == before
    assert stored(parts)[1] == {}


def test_two_installations_leave_one_of_each_thing(parts: Parts, sandbox: Sandbox) -> None:
    before = account(sandbox)
    assert run("install").exit_code == 0
    after_first = account(sandbox)

    result = run("install", "--json")

    assert {change["does"] for change in json.loads(result.stdout)["changes"]} == {"keep"}
    assert account(sandbox) == after_first
    more = {name: len(after_first[name]) - len(before[name]) for name in LISTS}
    assert more == {"webhooks": 1, "triggers": 0, "ticket_fields": 3, "views": 2, "macros": 3}


def test_the_webhooks_secret_becomes_the_desks(parts: Parts, sandbox: Sandbox) -> None:
    run("install")
    run("install")

    secrets, settings = stored(parts)

    webhook = account(sandbox)["webhooks"][-1]
    answer = requests.get(
        f"{sandbox.url}/api/v2/webhooks/{webhook['id']}/signing_secret",
        headers={"Authorization": f"Bearer {sandbox.account.oauth_token}"},
        timeout=5,
    )
    assert secrets == [answer.json()["signing_secret"]["secret"], "the-first-secret"]
    assert set(settings["shown_fields"]) == {"score", "state", "cause"}


@pytest.mark.parametrize("webhook", ["events", "trigger"])
def test_what_was_installed_is_taken_away_again(parts: Parts, sandbox: Sandbox, webhook: str) -> None:
    before = account(sandbox)
    run("install", "--webhook", webhook)

    result = run("uninstall")

    assert result.exit_code == 0
    assert account(sandbox) == before
    assert stored(parts)[1] == {}
    assert "nothing of ours" in run("uninstall").stdout


def test_what_others_changed_stays_and_is_said(parts: Parts, sandbox: Sandbox) -> None:
    run("install")
    macro = next(one for one in account(sandbox)["macros"] if one["title"] == "Recovery: put right")
    requests.put(
        f"{sandbox.url}/api/v2/macros/{macro['id']}",
        json={"macro": {"title": "Ours now"}},
        headers={"Authorization": f"Bearer {sandbox.account.oauth_token}"},
        timeout=5,
    )

    result = run("uninstall")

    assert result.exit_code == 1
    assert "left  macro: Recovery: put right somebody has changed it" in result.stdout
    assert "Ours now" in {one["title"] for one in account(sandbox)["macros"]}


def test_an_installation_that_is_cut_off_goes_on_where_it_stopped(parts: Parts, sandbox: Sandbox) -> None:
    fault = {"fault": "status", "status": 503, "method": "POST", "path_prefix": "/api/v2/views", "times": 1}
    requests.post(f"{sandbox.url}/sandbox/faults", json=fault, timeout=5)
    assert run("install").exit_code == 1

    result = run("install", "--json")

    does = [change["does"] for change in json.loads(result.stdout)["changes"]]
    assert does == ["keep"] * 4 + ["make"] * 5


def refuse(sandbox: Sandbox, path: str, status: int = 403) -> None:
    fault = {"fault": "status", "status": status, "method": "POST", "path_prefix": f"/api/v2/{path}", "times": 1}
    requests.post(f"{sandbox.url}/sandbox/faults", json=fault, timeout=5)


def test_what_is_refused_is_left_to_a_person_and_the_rest_is_made(parts: Parts, sandbox: Sandbox) -> None:
    refuse(sandbox, "views")

    result = run("install", "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [(one["does"], one["thing"]) for one in document["refused"]] == [("by hand", "view")]
    assert "403" in document["refused"][0]["note"]
    assert {change["does"] for change in json.loads(run("install", "--json").stdout)["changes"]} == {"keep", "make"}
    assert set(stored(parts)[1]["shown_fields"]) == {"score", "state", "cause"}


def test_what_is_refused_is_said_with_its_reason(parts: Parts, sandbox: Sandbox) -> None:
    refuse(sandbox, "ticket_fields")

    result = run("install")

    assert result.exit_code == 1
    assert "left   field: Satisfaction score. " in result.stdout
    assert "Sandbox is installed, but for what was refused." in result.stdout
    assert set(stored(parts)[1]["shown_fields"]) == {"state", "cause"}


def test_credentials_that_are_refused_end_the_installation(parts: Parts, sandbox: Sandbox) -> None:
    refuse(sandbox, "views", 401)

    result = run("install")

    assert result.exit_code == 1
    assert "is installed" not in result.stdout
    assert {one["title"] for one in account(sandbox)["macros"]}.isdisjoint(desk_install.MACROS)


def test_fields_are_filled_although_the_installation_was_cut_off(parts: Parts, sandbox: Sandbox) -> None:
    refuse(sandbox, "views", 503)

    result = run("install")

    assert result.exit_code == 1
    assert set(stored(parts)[1]["shown_fields"]) == {"score", "state", "cause"}


def test_an_address_nobody_can_reach_is_refused(parts: Parts) -> None:
    with parts.database.system(Purpose.OPERATE) as session:
        desks.all_of(session)[0].base_url = None

    with pytest.raises(ValueError, match="KINTSUGI_PUBLIC_URL"):
        desk_install.plan(parts, 1, by_rule=False)


def test_a_removed_desk_leaves_nothing_at_the_helpdesk(parts: Parts, sandbox: Sandbox) -> None:
    before = account(sandbox)
    run("install")

    result = run("remove", "--yes")

    assert result.exit_code == 0
    assert account(sandbox) == before


def test_a_desk_whose_helpdesk_is_away_is_removed_with_a_word(parts: Parts, sandbox: Sandbox) -> None:
    run("install")
    sandbox.stop()

    result = run("remove", "--yes")

    assert result.exit_code == 0
    assert "still at the helpdesk" in result.stderr


FRESHDESK_LISTS = ("automations/1/rules", "automations/4/rules", "ticket_fields", "canned_response_folders")


@pytest.fixture
def freshdesk(tmp_path: Path) -> Iterator[Sandbox]:
    running = Sandbox(file=tmp_path / "freshdesk.sqlite", now=lambda: NOW, smtp_port=None, vendor="freshdesk")
    running.start()
    requests.post(f"{running.url}/sandbox/limits", json={"unlimited": True}, timeout=5)
    yield running
    running.stop()


def freshdesk_account(sandbox: Sandbox) -> dict[str, Any]:
    auth = (sandbox.account.api_token, "X")
    return {name: requests.get(f"{sandbox.url}/api/v2/{name}", auth=auth, timeout=5).json() for name in FRESHDESK_LISTS}


def test_freshdesk_is_installed_once_and_left_as_it_was(
    seeded: Path, tmp_path: Path, freshdesk: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(seeded / "data", tmp_path / "data"))
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(folder))
    (tmp_path / "secret.json").write_text(json.dumps({"api_key": freshdesk.account.api_token}), encoding="utf-8")
    options = ("--name", "F", "--subdomain", "sandbox", "--base-url", freshdesk.url)
    assert run("add", "freshdesk", *options, "--secret-file", str(tmp_path / "secret.json")).exit_code == 0
    before = freshdesk_account(freshdesk)

    first, after_first = run("install", "--json"), freshdesk_account(freshdesk)
    second, after_second = run("install", "--json"), freshdesk_account(freshdesk)
    gone = run("uninstall")

    assert first.exit_code == 0, first.output
    # Views and the app's own events are a person's to make there.
    assert {change["does"] for change in json.loads(second.stdout)["changes"]} == {"keep", "by hand"}
    assert after_second == after_first != before
    assert gone.exit_code == 0, gone.output
    assert freshdesk_account(freshdesk) == before
