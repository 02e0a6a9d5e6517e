"""OAuth of the sandbox: consent with PKCE, pairs that die when they are renewed, and what a token may do."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.parts import VENDOR, Api, Play

BACK = "http://127.0.0.1:9/desks/connected"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-of-course"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Desk:
    """A client of the sandbox's OAuth, and the person who consents."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        account = sandbox.account
        self.client = {"client_id": account.oauth_client_id, "client_secret": account.oauth_client_secret}

    def ask(self, **changes: str) -> requests.Response:
        return requests.get(f"{self.url}/oauth/authorizations/new", params=self.wanted(**changes), timeout=5)

    def decide(self, decision: str = "allow", **changes: str) -> dict[str, str]:
        """What the browser is sent back with."""
        form = self.wanted(**changes) | {"decision": decision}
        answer = requests.post(f"{self.url}/oauth/authorizations", data=form, allow_redirects=False, timeout=5)
        assert answer.status_code == 303, answer.text
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
        return {name: values[0] for name, values in parse_qs(back.query).items()}

    def trade(self, **grant: Any) -> requests.Response:
        body = {name: value for name, value in (self.client | grant).items() if value is not None}
        return requests.post(f"{self.url}/oauth/tokens", json=body, timeout=5)

    def redeem(self, code: str, **changes: Any) -> requests.Response:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.trade(**grant | changes)

    def refresh(self, token: str) -> requests.Response:
        return self.trade(grant_type="refresh_token", refresh_token=token)

    def wanted(self, **changes: str) -> dict[str, str]:
        asked = {
            "client_id": self.client["client_id"],
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "read write",
            "state": "made-up-state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return asked | changes


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox)


def bearing(api: Api, token: str, path: str = "users/me", method: str = "GET", **body: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.Session.request(
        api, method, f"{VENDOR}/api/v2/{path}.json", json=body or None, headers=headers, auth=lambda r: r, timeout=5
    )


def test_the_page_says_who_wants_what_and_carries_it_on(desk: Desk) -> None:
    page = desk.ask()

    assert page.status_code == 200
    assert "Allow Kintsugi in?" in page.text
    assert 'value="made-up-state"' in page.text
    assert "form-action 'self' http://127.0.0.1:9;" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "https://example.com/stolen"},
        {"response_type": "token"},
        {"scope": ""},
        {"scope": "everything"},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_request_in_doubt_sends_nobody_anywhere(desk: Desk, changes: dict[str, str]) -> None:
    assert desk.ask(**changes).status_code == 400
    form = desk.wanted(**changes) | {"decision": "allow"}
    answer = requests.post(f"{desk.url}/oauth/authorizations", data=form, allow_redirects=False, timeout=5)
    assert answer.status_code == 400


def test_a_form_of_another_site_gives_no_consent(desk: Desk) -> None:
    answer = requests.post(
        f"{desk.url}/oauth/authorizations",
        data=desk.wanted() | {"decision": "allow"},
        headers={"Origin": "https://example.com"},
        allow_redirects=False,
        timeout=5,
    )

    assert answer.status_code == 400


def test_consent_becomes_a_code_and_that_a_pair(desk: Desk, api: Api, sandbox: Sandbox) -> None:
    back = desk.decide()

    answer = desk.redeem(back["code"]).json()

    assert back["state"] == "made-up-state"
    assert (answer["token_type"], answer["scope"], answer["expires_in"]) == ("bearer", "read write", 1800)
    assert bearing(api, answer["access_token"]).json()["user"]["id"] == sandbox.account.integration_id


def test_a_denial_says_so(desk: Desk) -> None:
    back = desk.decide("deny")

    assert (back["error"], back["state"]) == ("access_denied", "made-up-state")
    assert "code" not in back


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:9/elsewhere"}, "invalid_grant"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": None}, "invalid_client"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"code": 4711}, "invalid_request"),
    ],
)
def test_a_code_is_worth_nothing_without_all_that_belongs_to_it(
    desk: Desk, changes: dict[str, Any], error: str
) -> None:
    answer = desk.redeem(**{"code": desk.decide()["code"], **changes})

    assert answer.status_code == (401 if error == "invalid_client" else 400)
    assert answer.json()["error"] == error


def test_a_code_works_once(desk: Desk) -> None:
    code = desk.decide()["code"]
    desk.redeem(code)

    assert desk.redeem(code).json()["error"] == "invalid_grant"


def test_a_refresh_gives_a_new_pair_and_ends_the_old_one_at_once(desk: Desk, api: Api, play: Play) -> None:
    old = play("oauth/pairs")

    new = desk.refresh(old["refresh_token"]).json()

    assert bearing(api, new["access_token"]).status_code == 200
    refused = bearing(api, old["access_token"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    assert desk.refresh(old["refresh_token"]).json()["error"] == "invalid_grant"
    assert desk.refresh(new["refresh_token"]).status_code == 200


def test_a_client_gets_in_by_its_own_credentials_without_a_refresh_token(desk: Desk, api: Api) -> None:
    answer = desk.trade(grant_type="client_credentials", scope="read write").json()

    assert "refresh_token" not in answer
    assert bearing(api, answer["access_token"]).status_code == 200


def test_a_public_client_has_no_credentials_of_its_own(desk: Desk, play: Play) -> None:
    public = play("oauth/clients", identifier="app", public=True, redirect_uris=[BACK])
    grant = {"grant_type": "client_credentials", "scope": "read"}

    answer = desk.trade(**grant, client_id="app", client_secret=None)

    assert public["client_secret"] == ""
    assert answer.json()["error"] == "unauthorized_client"


def test_a_public_client_needs_the_challenge(desk: Desk, play: Play) -> None:
    play("oauth/clients", identifier="app", public=True, redirect_uris=[BACK])

    assert desk.ask(client_id="app").status_code == 200
    assert desk.ask(client_id="app", code_challenge="", code_challenge_method="").status_code == 400


def test_a_client_with_addresses_has_people_return_to_those_alone(desk: Desk, play: Play) -> None:
    play("oauth/clients", identifier="app", redirect_uris=["https://example.com/back"])

    assert desk.ask(client_id="app", redirect_uri="https://example.com/back").status_code == 200
    assert desk.ask(client_id="app").status_code == 400


def test_tokens_live_as_long_as_they_were_told(desk: Desk, api: Api, play: Play) -> None:
    play("oauth", access_seconds=0.2, refresh_seconds=0.2)
    pair = play("oauth/pairs")

    time.sleep(0.25)

    assert bearing(api, pair["access_token"]).status_code == 401
    assert desk.refresh(pair["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_token_tells_of_itself(api: Api, play: Play) -> None:
    pair = play("oauth/pairs")

    shown = bearing(api, pair["access_token"], "oauth/tokens/current").json()["token"]

    assert shown["scopes"] == ["read", "write"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["expires_at"])
    assert pair["access_token"] not in str(shown)


def test_other_credentials_have_no_current_token(api: Api) -> None:
    assert api("GET", "oauth/tokens/current.json").status_code == 404


def test_a_token_to_read_does_not_write(desk: Desk, api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    token = desk.trade(grant_type="client_credentials", scope="read").json()["access_token"]

    refused = bearing(api, token, f"tickets/{ticket_id}", "PUT", ticket={"priority": "high"})

    assert bearing(api, token, f"tickets/{ticket_id}").status_code == 200
    assert (refused.status_code, refused.json()["error"]) == (403, "Forbidden")


def test_revoking_ends_every_token(api: Api, play: Play) -> None:
    pair = play("oauth/pairs")

    assert play("oauth/revoke") == {"revoked": 1}

    assert bearing(api, pair["access_token"]).status_code == 401


def test_the_control_surface_counts_what_was_given_and_refused(desk: Desk, play: Play) -> None:
    desk.refresh(play("oauth/pairs")["refresh_token"])
    desk.refresh("made-up")

    shown = play.read("oauth")

    assert (shown["issued"], shown["refused"], shown["access_seconds"]) == (1, 1, 1800)


@pytest.mark.parametrize(
    "body", [{"access_seconds": 0}, {"access_seconds": True}, {"access_seconds": "5"}, {"unknown": 5}]
)
def test_lives_that_make_no_sense_are_refused(play: Play, body: dict[str, Any]) -> None:
    assert play.try_to("oauth", **body).status_code == 422


def test_an_answer_can_be_lost_after_the_pair_was_renewed(desk: Desk, play: Play) -> None:
    pair = play("oauth/pairs")
    play("faults", fault="drop_after_write", path_prefix="/oauth/tokens")

    with pytest.raises(requests.ConnectionError):
        desk.refresh(pair["refresh_token"])

    assert desk.refresh(pair["refresh_token"]).json()["error"] == "invalid_grant"


def test_an_answer_can_fail_before_anything_happened(desk: Desk, play: Play) -> None:
    pair = play("oauth/pairs")
    play("faults", fault="status", status=503, path_prefix="/oauth/tokens")

    assert desk.refresh(pair["refresh_token"]).status_code == 503
    assert desk.refresh(pair["refresh_token"]).status_code == 200


def test_the_file_holds_no_token_in_clear(sandbox: Sandbox, play: Play) -> None:
    pair = play("oauth/pairs")

    with sandbox.helpdesk.file.reading() as db:
        stored = [str(tuple(row)) for row in db.execute("SELECT * FROM oauth_token")]

    assert len(stored) == 1
    assert pair["access_token"] not in stored[0]
    assert pair["refresh_token"] not in stored[0]
