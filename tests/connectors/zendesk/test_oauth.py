"""Calls that carry tokens, over HTTP against the sandbox: fetched, renewed before their end, repeated after a 401."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.base import Line, Tokens
from connectors.errors import Refused, Unavailable
from connectors.granting import ConsentRequest, HeldTokens
from connectors.ticket import Author, Comment, Write
from connectors.zendesk import AUTHORIZER, ZENDESK
from connectors.zendesk.client import ZendeskConnector
from connectors.zendesk.oauth import machine_now, oauth_refusal, read_tokens
from tests.connectors.stage import ZendeskStage

BACK = "http://127.0.0.1:9/desks/connected"
ASKED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskStage]:
    stage = ZendeskStage(tmp_path_factory.mktemp("helpdesk"))
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture
def stage(running: ZendeskStage) -> ZendeskStage:
    """The running helpdesk without faults, with tokens of the usual life."""
    running.sandbox.helpdesk.faults.clear()
    running.calls.clear()
    running.act("oauth", access_seconds=1800)
    return running


@pytest.fixture
def store(stage: ZendeskStage) -> HeldTokens:
    return HeldTokens()


@pytest.fixture
def client(stage: ZendeskStage) -> dict[str, str]:
    return {"client_id": stage.account.oauth_client_id, "client_secret": stage.account.oauth_client_secret}


@pytest.fixture
def user(stage: ZendeskStage, client: dict[str, str]) -> dict[str, str]:
    """A client with the refresh token of a consent."""
    return client | {"refresh_token": str(stage.act("oauth/pairs")["refresh_token"])}


@pytest.fixture
def open_desk(stage: ZendeskStage, store: HeldTokens) -> Iterator[Callable[..., ZendeskConnector]]:
    opened: list[ZendeskConnector] = []

    def make(credentials: dict[str, str], **line: Any) -> ZendeskConnector:
        def observe(method: str, path: str, status: int, _limits: Any) -> None:
            stage.calls.append((method, path, status))

        desk = ZENDESK.open(
            subdomain=stage.account.subdomain,
            base_url=stage.sandbox.url,
            credentials=credentials,
            line=Line(**{"now": lambda: ASKED, "observe": observe, "tokens": store, "timeout": 3.0, **line}),
        )
        assert isinstance(desk, ZendeskConnector)
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        desk.close()


def statuses(stage: ZendeskStage) -> list[tuple[str, int]]:
    return [(path.removeprefix("/api/v2/"), status) for _, path, status in stage.calls]


def test_a_refresh_token_becomes_a_pair_that_calls_carry(
    stage: ZendeskStage, user: dict[str, str], store: HeldTokens, open_desk: Callable[..., ZendeskConnector]
) -> None:
    desk = open_desk(user)

    assert desk.me().id == desk.me().id == str(stage.account.integration_id)

    assert statuses(stage) == [("/oauth/tokens", 200), ("users/me.json", 200), ("users/me.json", 200)]
    assert store.held is not None
    assert store.held.refresh not in (None, user["refresh_token"])


def test_a_clients_own_credentials_are_good_for_ever_new_tokens(
    client: dict[str, str], store: HeldTokens, open_desk: Callable[..., ZendeskConnector]
) -> None:
    desk = open_desk(client)
    desk.me()
    first = store.held
    assert first is not None
    assert first.refresh is None

    store.held = Tokens(access=first.access, refresh=None, expires_at=machine_now())
    open_desk(client).me()

    assert store.held.access != first.access


def test_tokens_are_renewed_before_their_end(
    stage: ZendeskStage, user: dict[str, str], store: HeldTokens, open_desk: Callable[..., ZendeskConnector]
) -> None:
    open_desk(user).me()
    assert store.held is not None
    store.held = Tokens(access=store.held.access, refresh=store.held.refresh, expires_at=machine_now())
    stage.calls.clear()

    open_desk(user).me()

    assert statuses(stage) == [("/oauth/tokens", 200), ("users/me.json", 200)]


def test_a_read_turned_away_is_repeated_once_with_newer_tokens(
    stage: ZendeskStage, user: dict[str, str], store: HeldTokens, open_desk: Callable[..., ZendeskConnector]
) -> None:
    desk = open_desk(user)
    desk.me()
    stage.act("faults", fault="status", status=401, path_prefix="/api/v2/users/me")
    stage.calls.clear()

    desk.me()

    assert statuses(stage) == [("users/me.json", 401), ("/oauth/tokens", 200), ("users/me.json", 200)]


def test_a_write_turned_away_is_repeated_too_since_it_had_no_effect(
    stage: ZendeskStage, user: dict[str, str], open_desk: Callable[..., ZendeskConnector]
) -> None:
    desk = open_desk(user)
    ticket = desk.read_ticket(stage.new_ticket())
    stage.act("faults", fault="status", status=401, method="PUT")

    desk.write(ticket, Write(comment=Comment(text="A note"), markers=("made-up-marker",)))

    said = [comment["text"] for comment in stage.shown(ticket.id)["comments"]]
    assert said.count("A note") == 1


def test_tokens_that_another_process_renewed_are_taken_after_a_401(
    stage: ZendeskStage, user: dict[str, str], store: HeldTokens, open_desk: Callable[..., ZendeskConnector]
) -> None:
    ours, theirs = open_desk(user), open_desk(user)
    ours.me()
    theirs.me()
    before = store.held
    store.renew(before, lambda _: _renew_elsewhere(stage, client_of(user), before))
    stage.calls.clear()

    ours.me()

    assert statuses(stage) == [("users/me.json", 401), ("users/me.json", 200)]


def client_of(user: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in user.items() if name != "refresh_token"}


def _renew_elsewhere(stage: ZendeskStage, client: dict[str, str], held: Tokens | None) -> Tokens:
    assert held is not None
    body = client | {"grant_type": "refresh_token", "refresh_token": held.refresh}
    return read_tokens(requests.post(f"{stage.sandbox.url}/oauth/tokens", json=body, timeout=5).json(), asked_at=ASKED)


def test_a_401_with_new_tokens_is_final(
    stage: ZendeskStage, user: dict[str, str], open_desk: Callable[..., ZendeskConnector]
) -> None:
    desk = open_desk(user)
    desk.me()
    stage.act("faults", fault="status", status=401, path_prefix="/api/v2/users/me", times=2)

    with pytest.raises(Refused) as caught:
        desk.me()

    assert caught.value.auth


def test_a_pair_that_is_gone_is_a_matter_for_a_person(
    stage: ZendeskStage, user: dict[str, str], open_desk: Callable[..., ZendeskConnector]
) -> None:
    stage.act("oauth/revoke")

    with pytest.raises(Refused, match="invalid_grant") as caught:
        open_desk(user).me()

    assert caught.value.auth
    assert user["refresh_token"] not in str(caught.value)


def test_a_wrong_secret_is_named_and_not_quoted(
    client: dict[str, str], open_desk: Callable[..., ZendeskConnector]
) -> None:
    with pytest.raises(Refused, match="invalid_client") as caught:
        open_desk(client | {"client_secret": "made-up-secret"}).me()

    assert "made-up-secret" not in str(caught.value)


@pytest.mark.parametrize(("fault", "sent"), [("drop_after_write", True), ("garbage", True)])
def test_an_unknown_outcome_is_told_as_one(
    stage: ZendeskStage, user: dict[str, str], open_desk: Callable[..., ZendeskConnector], fault: str, sent: bool
) -> None:
    stage.act("faults", fault=fault, path_prefix="/oauth/tokens")

    with pytest.raises(Unavailable) as caught:
        open_desk(user).me()

    assert caught.value.sent is sent


def test_our_own_words_are_known_without_an_address_to_know_them_by(
    stage: ZendeskStage, client: dict[str, str], open_desk: Callable[..., ZendeskConnector]
) -> None:
    desk = open_desk(client)
    ticket_id = stage.new_ticket()
    desk.write(desk.read_ticket(ticket_id), Write(comment=Comment(text="A note"), markers=("made-up-marker",)))

    unknowing, told = open_desk(client), open_desk(client, own_id=str(stage.account.integration_id))

    for one in (unknowing, told):
        assert [message.author for message in one.read_ticket(ticket_id).messages] == [Author.CUSTOMER, Author.SYSTEM]


def test_a_desk_that_knows_itself_asks_nobody_who_it_is(
    stage: ZendeskStage, client: dict[str, str], open_desk: Callable[..., ZendeskConnector]
) -> None:
    ticket_id = stage.new_ticket()

    open_desk(client, own_id=str(stage.account.integration_id)).read_ticket(ticket_id)

    assert "users/me.json" not in [path for path, _ in statuses(stage)]


def test_the_check_tells_of_scopes_and_expiry_instead_of_api_tokens(
    client: dict[str, str], open_desk: Callable[..., ZendeskConnector]
) -> None:
    found = {finding.name: finding for finding in open_desk(client).check()}

    assert "api token" not in found
    assert found["access"].ok
    assert "scopes read write" in found["access"].detail


def test_a_consent_leads_to_tokens(stage: ZendeskStage, client: dict[str, str]) -> None:
    asked = _asked(stage, client)
    url = AUTHORIZER.url(asked, challenge=_CHALLENGE, state="made-up-state")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    answer = requests.post(
        f"{stage.sandbox.url}/oauth/authorizations",
        data=query | {"decision": "allow"},
        allow_redirects=False,
        timeout=5,
    )
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    tokens = AUTHORIZER.redeem(asked, code=code, verifier=_VERIFIER, line=Line(now=lambda: ASKED))

    assert url.startswith(f"{stage.sandbox.url}/oauth/authorizations/new?")
    assert query["state"] == "made-up-state"
    assert client["client_secret"] not in url
    assert tokens.refresh
    assert tokens.expires_at is not None
    assert tokens.expires_at > machine_now()


def test_a_code_that_is_none_is_refused_in_words(stage: ZendeskStage, client: dict[str, str]) -> None:
    with pytest.raises(Refused, match="invalid_grant"):
        AUTHORIZER.redeem(_asked(stage, client), code="made-up", verifier=_VERIFIER, line=Line(now=lambda: ASKED))


def test_a_real_accounts_consent_is_asked_at_the_vendor() -> None:
    asked = ConsentRequest(subdomain="desk", base_url=None, client_id="x", client_secret="y", redirect_uri=BACK)

    url = AUTHORIZER.url(asked, challenge=_CHALLENGE, state="made-up-state")

    assert url.startswith("https://desk.zendesk.com/oauth/authorizations/new?response_type=code&")


_VERIFIER = "made-up-verifier-made-up-verifier-made-up-verifier"
_CHALLENGE = "fd0YO9zjBY98NtwfpPmQYQG4625276NqCuG313YE8ug"


def _asked(stage: ZendeskStage, client: dict[str, str]) -> ConsentRequest:
    return ConsentRequest(subdomain=stage.account.subdomain, base_url=stage.sandbox.url, redirect_uri=BACK, **client)


@pytest.mark.parametrize(("seconds", "margin"), [(1800, 60), (600, 60), (300, 30), (5, 0.5)])
def test_tokens_are_given_up_a_minute_or_a_tenth_of_their_life_early(seconds: float, margin: float) -> None:
    tokens = read_tokens({"access_token": "x", "expires_in": seconds}, asked_at=ASKED)

    assert tokens.expires_at == ASKED + timedelta(seconds=seconds - margin)


@pytest.mark.parametrize("life", [None, 0, -5, "1800", True, 10**12])
def test_a_life_that_makes_no_sense_is_unknown(life: Any) -> None:
    assert read_tokens({"access_token": "x", "expires_in": life}, asked_at=ASKED).expires_at is None


def test_a_refresh_token_stays_where_no_new_one_is_given() -> None:
    assert read_tokens({"access_token": "x"}, asked_at=ASKED, keep="old").refresh == "old"
    assert read_tokens({"access_token": "x", "refresh_token": "new"}, asked_at=ASKED, keep="old").refresh == "new"


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 4711}])
def test_an_answer_without_a_token_leaves_the_outcome_unknown(body: dict[str, Any]) -> None:
    with pytest.raises(Unavailable) as caught:
        read_tokens(body, asked_at=ASKED)

    assert caught.value.sent


def test_an_unknown_refusal_quotes_nothing() -> None:
    error = oauth_refusal(400, {"error": "new_word", "error_description": "canary"})

    assert isinstance(error, Refused)
    assert "canary" not in str(error)


def test_a_page_that_is_no_helpdesk_may_be_tried_again() -> None:
    assert isinstance(oauth_refusal(404, None), Unavailable)
