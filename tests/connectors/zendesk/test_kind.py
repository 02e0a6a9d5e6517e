"""What can be said about a Zendesk desk before it is opened."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Connector, Line
from connectors.zendesk import ZENDESK
from tests.connectors.zendesk.bodies import LOGIN, NOW


def open_desk(*, subdomain: str = "desk", base_url: str | None = None, **credentials: Any) -> Connector:
    given = {"email": LOGIN, "api_token": "token-of-ours", **credentials}
    kept = {name: value for name, value in given.items() if value is not None}
    return ZENDESK.open(subdomain=subdomain, base_url=base_url, credentials=kept, line=Line(now=lambda: NOW))


@pytest.mark.parametrize("subdomain", ["desk", "a", "0", "my-desk", "x" * 63])
def test_a_subdomain_of_the_vendors_form_opens(subdomain: str) -> None:
    open_desk(subdomain=subdomain).close()


@pytest.mark.parametrize(
    "subdomain", ["", "-desk", "Desk", "a.b", "desk.example.com#", "desk\n", "dësk", "x" * 64, "a/b", "user@desk"]
)
def test_any_other_subdomain_is_named(subdomain: str) -> None:
    with pytest.raises(ValueError, match="subdomain: "):
        open_desk(subdomain=subdomain)


@pytest.mark.parametrize("base_url", ["http://192.0.2.1:80", "https://example.com", "file:///etc", ""])
def test_a_base_address_beyond_this_machine_is_named(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url: "):
        open_desk(base_url=base_url)


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({"email": None}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a:b@example.com"}, "email"),
        ({"api_token": None}, "api_token"),
        ({"api_token": "  "}, "api_token"),
        ({"api_token": "söcret"}, "api_token"),
        ({"api_token": "a\nb"}, "api_token"),
        ({"access_token": "x"}, "access_token"),
        ({"client_id": "x", "client_secret": "y"}, "client_id"),
        ({"refresh_token": "x"}, "refresh_token"),
    ],
)
def test_credentials_that_cannot_be_right_are_named_with_what_is_taken(credentials: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"credentials.{field}: .*email and api_token") as caught:
        open_desk(**credentials)

    assert "söcret" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client_id": None}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_secret": None}, "client_secret"),
        ({"client_secret": ""}, "client_secret"),
        ({"refresh_token": "söcret"}, "refresh_token"),
        ({"access_token": "x"}, "access_token"),
    ],
)
def test_an_oauth_client_that_cannot_be_right_is_named(changes: dict[str, Any], field: str) -> None:
    given = {"client_id": "kintsugi", "client_secret": "secret-of-ours", "refresh_token": "refresh-of-ours"}

    with pytest.raises(ValueError, match=f"credentials.{field}: .*client_id, client_secret and") as caught:
        open_desk(email=None, api_token=None, **given | changes)

    assert "of-ours" not in str(caught.value)
    assert "söcret" not in str(caught.value)


@pytest.mark.parametrize("refresh", [None, "refresh-of-ours"])
def test_an_oauth_client_opens_with_and_without_a_refresh_token(refresh: str | None) -> None:
    open_desk(email=None, api_token=None, client_id="kintsugi", client_secret="x", refresh_token=refresh).close()


def test_api_tokens_are_warned_of_by_the_day_they_end() -> None:
    legacy = {"email": LOGIN, "api_token": "token-of-ours"}

    before = ZENDESK.warnings(legacy, datetime(2027, 4, 29, tzinfo=UTC))
    after = ZENDESK.warnings(legacy, datetime(2027, 4, 30, tzinfo=UTC))

    assert "stop working on 2027-04-30" in before[0]
    assert "stopped working on 2027-04-30" in after[0]
    assert "token-of-ours" not in before[0] + after[0]


def test_oauth_needs_no_warning() -> None:
    assert ZENDESK.warnings({"client_id": "kintsugi", "client_secret": "x"}, NOW) == ()


def test_an_address_may_carry_the_vendors_own_suffix() -> None:
    open_desk(email=f"{LOGIN}/token").close()


def test_people_open_a_ticket_at_the_vendor_or_at_the_base_address() -> None:
    assert (
        ZENDESK.ticket_url(subdomain="desk", base_url=None, ticket_id="35")
        == "https://desk.zendesk.com/agent/tickets/35"
    )
    assert ZENDESK.ticket_url(subdomain="desk", base_url="http://127.0.0.1:81/", ticket_id="35") == (
        "http://127.0.0.1:81/agent/tickets/35"
    )


def test_zenpy_does_not_log_bodies() -> None:
    open_desk().close()

    assert not logging.getLogger("zenpy.lib.api").isEnabledFor(logging.INFO)


def test_a_process_that_only_receives_webhooks_does_not_load_zenpy() -> None:
    code = "import sys, connectors.zendesk; sys.exit('zenpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
