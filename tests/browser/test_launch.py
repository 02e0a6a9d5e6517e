"""The helpdesk's ticket page launches the sidebar in a real browser: a real token opens it, forged ones do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import pytest
import requests
from playwright.sync_api import Page, Response, Route, expect
from sqlalchemy import update

from app.clock import real_now
from app.store.database import Purpose
from app.store.models import Desk
from connectors.sandbox import Sandbox
from connectors.sandbox import account as accounts
from connectors.sandbox.account import SandboxAccount
from connectors.sandbox.launch import make_token
from connectors.sandbox.store import File
from tests import seeds
from tests.browser.conftest import Site

Forge = Callable[[SandboxAccount], str]


@contextmanager
def desk_with_sandbox(site: Site, file: Path, name: str = "Example shop") -> Iterator[Sandbox]:
    """A sandbox whose ticket page launches the site's sidebar, and its desk."""
    sandbox = Sandbox(file=file, now=real_now, smtp_port=None)
    sandbox.start()
    sandbox.connect(sidebar_url=f"{site.url}/sidebar/zendesk")
    known = sandbox.account
    desk_id = seeds.add_desk(
        site.database,
        name,
        app_id=str(known.app_id),
        installation_id=str(known.installation_id),
        public_key=known.public_key,
    )
    with site.database.system(Purpose.OPERATE) as session:
        where = {"base_url": sandbox.url, "subdomain": known.subdomain}
        session.execute(update(Desk).where(Desk.id == desk_id).values(**where))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def helpdesk(tmp_path: Path, site: Site) -> Iterator[Sandbox]:
    with desk_with_sandbox(site, tmp_path / "sandbox.sqlite") as sandbox:
        yield sandbox


@pytest.fixture
def ticket(helpdesk: Sandbox) -> str:
    """The address of a ticket's page."""
    return open_ticket(helpdesk)


def open_ticket(helpdesk: Sandbox) -> str:
    body = {"name": "A Customer", "email": "customer@example.org", "subject": "Lamp", "text": "It is broken."}
    made = requests.post(f"{helpdesk.url}/sandbox/tickets", json=body, timeout=5)
    return f"{helpdesk.url}/agent/tickets/{made.json()['id']}"


def launch(page: Page, ticket: str, token: str | None = None) -> Response:
    """Open the ticket's page and wait for its launch; with a token, that one goes in place of the real one."""
    if token is not None:
        swapped = urlencode({"token": token})
        page.unroute("**/sidebar/zendesk?*")
        page.route("**/sidebar/zendesk?*", lambda route: route.continue_(post_data=swapped))
    with page.expect_response(lambda answer: "/sidebar/zendesk?" in answer.url) as answered:
        page.goto(ticket)
    return answered.value


def test_a_real_token_opens_the_sidebar_in_its_frame(page: Page, helpdesk: Sandbox, ticket: str) -> None:
    answer = launch(page, ticket)

    expect(page.frame_locator("iframe").get_by_text("The first reading is on its way.")).to_be_visible()
    assert answer.status == 200
    ancestors = [part for part in answer.headers["content-security-policy"].split(";") if "frame-ancestors" in part]
    assert [part.split() for part in ancestors] == [["frame-ancestors", helpdesk.url]]
    assert page.context.cookies() == []


def claims(account: SandboxAccount, **changed: Any) -> dict[str, Any]:
    real: dict[str, Any] = jwt.decode(make_token(account, account.agent_ids[0]), options={"verify_signature": False})
    return {**real, **changed}


def resigned(account: SandboxAccount, **changed: Any) -> str:
    """A token by the helpdesk's own key, with other claims."""
    return jwt.encode(claims(account, **changed), account.private_key, algorithm="RS256")


def confused(account: SandboxAccount) -> str:
    """Signed by everybody's knowledge: the public key, taken for a shared secret."""

    def coded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    head = coded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    signing = f"{head}.{coded(json.dumps(claims(account)).encode())}"
    return f"{signing}.{coded(hmac.digest(account.public_key.encode(), signing.encode(), hashlib.sha256))}"


def unsigned(account: SandboxAccount) -> str:
    return jwt.encode(claims(account), "", algorithm="none")


def for_another(account: SandboxAccount) -> str:
    audience = claims(account)["aud"].replace(str(account.installation_id), str(account.installation_id + 1))
    return resigned(account, aud=audience)


def for_several(account: SandboxAccount) -> str:
    return resigned(account, aud=[claims(account)["aud"], "https://elsewhere.example.com"])


def by_another_issuer(account: SandboxAccount) -> str:
    return resigned(account, iss="elsewhere.zendesk.com")


def expired(account: SandboxAccount) -> str:
    return resigned(account, iat=int(time.time()) - 400, exp=int(time.time()) - 100)


def test_tokens_that_are_not_the_real_one_open_nothing(page: Page, helpdesk: Sandbox, ticket: str) -> None:
    forges: tuple[Forge, ...] = (confused, unsigned, for_another, for_several, by_another_issuer, expired)

    found = {}
    for forge in forges:
        answer = launch(page, ticket, forge(helpdesk.account))
        found[forge.__name__] = (answer.status, "kintsugi-bearer" in answer.text())

    assert found == dict.fromkeys(found, (401, False))


def test_a_token_that_was_used_opens_nothing_again(page: Page, helpdesk: Sandbox, ticket: str) -> None:
    seen: list[str] = []

    def watch(route: Route) -> None:
        seen.append(parse_qs(route.request.post_data or "")["token"][0])
        route.continue_()

    page.route("**/sidebar/zendesk?*", watch)
    assert launch(page, ticket).status == 200
    page.unroute("**/sidebar/zendesk?*")

    again = launch(page, ticket, seen[0])

    assert again.status == 401
    expect(page.frame_locator("iframe").get_by_text("could not be opened")).to_be_visible()


def elsewhere(path: Path) -> None:
    """A helpdesk's file whose account has an address of its own."""
    Sandbox(file=path, now=real_now, smtp_port=None).stop()
    file = File(path)
    with file.writing() as db:
        known = accounts.find(db)
        assert known is not None
        accounts.keep(db, replace(known, subdomain="other"))
    file.close()


_ASK = """async ([ticket, bearer]) => {
  const asked = await fetch(`/sidebar/zendesk/ticket/${ticket}`, { headers: { Authorization: `Bearer ${bearer}` } });
  return asked.status;
}"""
_BEARER = "() => document.querySelector('meta[name=\"kintsugi-bearer\"]').content"


def test_a_session_of_one_desk_is_of_no_use_at_another(
    page: Page, site: Site, helpdesk: Sandbox, tmp_path: Path
) -> None:
    elsewhere(tmp_path / "other.sqlite")
    with desk_with_sandbox(site, tmp_path / "other.sqlite", "Other shop") as other:
        theirs = [open_ticket(other) for _ in range(2)][-1]  # there is no second one at ours
        bearers = {}
        for name, address in (("ours", open_ticket(helpdesk)), ("theirs", theirs)):
            launch(page, address)
            expect(page.frame_locator("iframe").get_by_text("The first reading is on its way.")).to_be_visible()
            frame = page.frames[-1]
            bearers[name] = frame.evaluate(_BEARER)
        number = theirs.rpartition("/")[2]

        answers = {name: frame.evaluate(_ASK, [number, bearer]) for name, bearer in bearers.items()}

    assert answers == {"ours": 404, "theirs": 200}
