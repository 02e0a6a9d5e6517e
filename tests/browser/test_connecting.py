"""A person connects a desk again in a real browser, by the sandbox's own page of consent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.clock import real_now
from app.store import desks
from app.store.database import Purpose
from app.store.models import DeskState
from connectors.sandbox import Sandbox
from tests.browser.conftest import Site
from tests.browser.test_pages import enter, visit


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path / "sandbox.sqlite", now=real_now, smtp_port=None)
    server.start()
    yield server
    server.stop()


def add_paused_desk(site: Site, sandbox: Sandbox) -> int:
    """A desk of the sandbox whose access is gone."""
    new = desks.NewDesk(
        kind="zendesk",
        name="Old shop",
        subdomain=sandbox.account.subdomain,
        base_url=sandbox.url,
        credentials={
            "client_id": sandbox.account.oauth_client_id,
            "client_secret": sandbox.account.oauth_client_secret,
            "refresh_token": "long-gone",
        },
        webhook_secret="made-up-secret",
        sidebar={},
        settings={},
    )
    with site.database.system(Purpose.OPERATE) as session:
        desk_id = desks.add(session, new, real_now(), integration_user_id=None).id
        desks.pause(session, desk_id, "the helpdesk refused our credentials")
    return desk_id


def test_a_person_is_led_to_the_helpdesk_and_back(page: Page, site: Site, sandbox: Sandbox) -> None:
    desk_id = add_paused_desk(site, sandbox)
    enter(page, site)
    problems = visit(page, site, ["/desks", "/desks/connect", f"/desks/{desk_id}/connect"], "connecting")

    page.goto(f"{site.url}/desks")
    page.get_by_role("link", name="Reconnect").click()
    page.get_by_role("button", name="Go to the helpdesk").click()
    page.wait_for_url(f"{sandbox.url}/oauth/authorizations/new?**")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site.url}/desks/connected?**")

    assert problems == []
    assert page.get_by_role("heading", name="Old shop is connected").is_visible()
    with site.database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
    assert (desk.state, desk.integration_user_id) == (DeskState.ACTIVE, str(sandbox.account.integration_id))
