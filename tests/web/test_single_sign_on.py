"""Signing in by OpenID Connect: only who was invited, by a token that is sound, in the browser in which it began."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from app.settings import OpenIdSettings, Settings, SettingsError, load
from app.store import accounts
from app.store.database import Database, Purpose
from app.store.models import Account, Role
from tests import seeds
from tests.web.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from tests.web.people import sign_in


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    provider = OpenIdProvider()
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def provider(running: OpenIdProvider) -> OpenIdProvider:
    """As it is when nobody has changed what it says."""
    running.claims, running.says, running.signing_key = {}, {}, None
    return running


@pytest.fixture
def settings(settings: Settings, provider: OpenIdProvider) -> Settings:
    known = OpenIdSettings(
        issuer=provider.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, name="Example directory"
    )
    return replace(settings, oidc=known)


@pytest.fixture
def lena(database: Database, desk_id: int) -> None:
    """She was invited and has not been here."""
    seeds.add_link(database, Role.LEAD, desk_id=desk_id)


def go(browser: FlaskClient, provider: OpenIdProvider, **brought: str) -> TestResponse:
    left = browser.get("/sign-in/openid?next=/cases")
    assert left.status_code == 303
    return browser.get("/sign-in/openid/back", query_string={**provider.consent(left.location), **brought})


@pytest.mark.usefixtures("lena")
def test_who_was_invited_comes_in_and_where_they_wanted_to(stranger: FlaskClient, provider: OpenIdProvider) -> None:
    answer = go(stranger, provider)

    assert (answer.status_code, answer.location) == (303, "/cases")
    assert stranger.get("/cases").status_code == 200


def test_who_was_not_invited_stays_out_and_gets_no_account(
    stranger: FlaskClient, provider: OpenIdProvider, database: Database
) -> None:
    answer = go(stranger, provider)

    assert answer.status_code == 403
    assert "You were not invited" in answer.text
    with database.system(Purpose.SIGN_IN, read=True) as session:
        assert accounts.find_by_email(session, "lena@example.com") is None


@pytest.mark.usefixtures("lena")
@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": None}, {"email": ["lena@example.com"]}]
)
def test_an_address_that_was_not_verified_opens_nothing(
    stranger: FlaskClient, provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims

    assert go(stranger, provider).status_code == 403


@pytest.mark.usefixtures("lena")
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"iss": "http://127.0.0.1:1"},
        {"aud": "another client"},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
    ],
)
def test_a_token_that_is_not_for_us_now_is_refused(
    stranger: FlaskClient, provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims

    assert go(stranger, provider).status_code == 502
    assert stranger.get("/cases").status_code == 303


@pytest.mark.usefixtures("lena")
def test_a_token_that_another_key_signed_is_refused(stranger: FlaskClient, provider: OpenIdProvider) -> None:
    provider.signing_key = RSAKey.generate_key(2048, parameters={"kid": "one"})

    assert go(stranger, provider).status_code == 502


@pytest.mark.usefixtures("lena")
def test_another_state_is_refused(stranger: FlaskClient, provider: OpenIdProvider) -> None:
    assert go(stranger, provider, state="of somebody else").status_code == 400


@pytest.mark.usefixtures("lena")
def test_coming_back_works_once_and_only_in_the_browser_that_left(
    stranger: FlaskClient, provider: OpenIdProvider
) -> None:
    other = stranger.application.test_client()
    brought = provider.consent(stranger.get("/sign-in/openid").location)

    elsewhere = other.get("/sign-in/openid/back", query_string=brought)
    here = stranger.get("/sign-in/openid/back", query_string=brought)
    again = stranger.get("/sign-in/openid/back", query_string=brought)

    assert [one.status_code for one in (elsewhere, here, again)] == [400, 303, 400]


@pytest.mark.usefixtures("lena")
def test_somebody_who_says_no_at_the_provider_is_told_so(stranger: FlaskClient, provider: OpenIdProvider) -> None:
    state = provider.consent(stranger.get("/sign-in/openid").location)["state"]

    answer = stranger.get("/sign-in/openid/back", query_string={"state": state, "error": "access_denied"})

    assert answer.status_code == 401


@pytest.mark.usefixtures("lena")
def test_after_the_first_time_the_providers_id_counts_and_not_the_address(
    stranger: FlaskClient, provider: OpenIdProvider
) -> None:
    go(stranger, provider)

    provider.claims = {"email": "renamed@example.com"}
    renamed = go(stranger, provider)
    provider.claims = {"sub": "u-2"}
    reused = go(stranger, provider)

    assert (renamed.status_code, reused.status_code) == (303, 403)


def test_what_was_planted_before_the_first_time_ends_with_it(
    stranger: FlaskClient, provider: OpenIdProvider, database: Database, desk_id: int
) -> None:
    planted = sign_in(stranger.application, seeds.add_link(database, Role.LEAD, desk_id=desk_id))
    with database.system(Purpose.SIGN_IN) as session:
        session.query(Account).update({"password_hash": "a hash"})

    go(stranger, provider)

    assert stranger.get("/cases").status_code == 200
    assert planted.get("/cases").status_code == 303
    with database.system(Purpose.SIGN_IN, read=True) as session:
        assert session.query(Account).one().password_hash is None


@pytest.mark.usefixtures("lena")
def test_an_account_that_was_closed_stays_closed(
    stranger: FlaskClient, provider: OpenIdProvider, database: Database
) -> None:
    go(stranger, provider)
    with database.system(Purpose.SIGN_IN) as session:
        session.query(Account).update({"active": False})

    assert go(stranger, provider).status_code == 403


@pytest.mark.parametrize(
    "says", [{"issuer": "http://127.0.0.1:1"}, {"authorization_endpoint": "http://example.com/in"}]
)
def test_a_provider_that_is_another_than_was_set_is_not_gone_to(
    stranger: FlaskClient, provider: OpenIdProvider, says: dict[str, Any]
) -> None:
    provider.says = says

    assert stranger.get("/sign-in/openid").status_code == 502


def test_the_form_offers_it_by_its_name(stranger: FlaskClient) -> None:
    page = stranger.get("/sign-in?next=/cases").text

    assert '<a class="button second" href="/sign-in/openid?next=/cases">Sign in with Example directory</a>' in page


@pytest.mark.parametrize(
    "environ",
    [
        {"KINTSUGI_OIDC_ISSUER": "http://login.example.com"},
        {"KINTSUGI_OIDC_ISSUER": "https://login.example.com"},
        {"KINTSUGI_OIDC_ISSUER": "https://login.example.com", "KINTSUGI_OIDC_CLIENT_ID": "one"},
        {"KINTSUGI_OIDC_ISSUER": "https://u:p@login.example.com"},
    ],
)
def test_half_a_setting_is_refused(environ: dict[str, str], settings: Settings) -> None:
    with pytest.raises(SettingsError, match="KINTSUGI_OIDC"):
        load(environ, data_dir=settings.data_dir)
