"""Connecting a helpdesk by consent: a form, the sandbox's own page of consent, and every way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import update

from app.clock import Clock, real_now
from app.connecting import Wish, begin_consent
from app.store import access, accounts, desks, removal
from app.store.database import Database, Purpose
from app.store.models import ConsentRow, Desk, DeskState, Role
from connectors.base import Tokens
from connectors.sandbox import Sandbox
from tasks.parts import Parts
from tests import seeds
from tests.web.people import SignedIn, sign_in

FORM = {"name": "New shop", "subdomain": "newshop", "client_id": "kintsugi", "client_secret": "made-up-secret"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(file=tmp_path_factory.mktemp("helpdesk") / "sandbox.sqlite", now=real_now, smtp_port=None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def old_desk(database: Database, sandbox: Sandbox) -> int:
    """A desk of the sandbox that stands still, since its old credentials were refused."""
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
    with database.system(Purpose.OPERATE) as session:
        desk_id = desks.add(session, new, real_now(), integration_user_id=None).id
        desks.pause(session, desk_id, "the helpdesk refused our credentials")
    with database.desk(desk_id) as session:
        access.put(session, desk_id, Tokens(access="dead", refresh="dead", expires_at=None), real_now())
    return desk_id


@pytest.fixture
def boss(web_app: Flask, database: Database, old_desk: int) -> SignedIn:
    """An admin of every desk."""
    return sign_in(web_app, seeds.add_link(database, Role.ADMIN, email="boss@example.com"))


def where_to(page: str) -> str:
    """Where the page leads the browser on to."""
    return unescape(page.split('content="0;url=')[1].split('"')[0])


def consent(url: str, decision: str = "allow") -> str:
    """Decide at the helpdesk; the path and query that the browser comes back with."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    site = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    answer = requests.post(
        f"{site}/oauth/authorizations", data=query | {"decision": decision}, allow_redirects=False, timeout=5
    )
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def desk_of(database: Database, desk_id: int) -> tuple[DeskState, str | None, dict[str, str]]:
    with database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
        return desk.state, desk.integration_user_id, desks.credentials(session, desk)


def session_of(person: SignedIn) -> str:
    cookie = person.client.get_cookie("kintsugi")
    assert cookie is not None
    return cookie.value


def test_a_paused_desk_is_connected_again_and_works_on(
    boss: SignedIn, old_desk: int, database: Database, joined: Parts, sandbox: Sandbox
) -> None:
    leaving = boss.post(f"/desks/{old_desk}/connect", client_id=sandbox.account.oauth_client_id)

    arrived = boss.get(consent(where_to(leaving.text)))

    assert arrived.status_code == 200
    assert "Old shop is connected" in arrived.text
    state, own_id, credentials = desk_of(database, old_desk)
    assert (state, own_id) == (DeskState.ACTIVE, str(sandbox.account.integration_id))
    assert credentials["refresh_token"] != "long-gone"
    with joined.connections.open(old_desk) as connector:
        assert connector.me().id == own_id
    assert seeds.on_record(database, old_desk) == [("account:1", "desk.connected_again", f"desk:{old_desk}")]


def test_a_desk_that_an_admin_paused_stays_so(boss: SignedIn, old_desk: int, database: Database) -> None:
    with database.system(Purpose.OPERATE) as session:
        desks.resume(session, old_desk)
    boss.post(f"/desks/{old_desk}/pause")

    boss.get(consent(where_to(boss.post(f"/desks/{old_desk}/connect").text)))

    assert desk_of(database, old_desk)[0] is DeskState.PAUSED


def test_a_new_desk_is_stored_with_its_tokens_and_told_what_it_still_needs(
    boss: SignedIn, database: Database, joined: Parts, sandbox: Sandbox
) -> None:
    wish = Wish(
        kind="zendesk",
        name="New shop",
        subdomain="sandbox",
        base_url=sandbox.url,
        client_id=sandbox.account.oauth_client_id,
        client_secret=sandbox.account.oauth_client_secret,
    )
    url = begin_consent(joined, wish, account_id=1, session_token=session_of(boss))

    arrived = boss.get(consent(url))

    assert "New shop is connected" in arrived.text
    with database.system(Purpose.OPERATE, read=True) as session:
        desk = desks.find_by_name(session, "New shop")
    assert desk is not None
    assert f"/hooks/{desk.key}" in arrived.text
    with joined.connections.open(desk.id) as connector:
        assert connector.me().id == desk.integration_user_id
    assert seeds.on_record(database, desk.id) == [("account:1", "desk.connected", f"desk:{desk.id}")]


def test_the_form_leads_to_the_vendor_with_pkce_and_without_the_secret(boss: SignedIn) -> None:
    leaving = boss.post("/desks/connect", **FORM | {"subdomain": "NewShop.zendesk.com"})

    url = urlsplit(where_to(leaving.text))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.scheme, url.netloc, url.path) == ("https", "newshop.zendesk.com", "/oauth/authorizations/new")
    assert (query["client_id"], query["scope"], query["response_type"]) == ("kintsugi", "read write", "code")
    assert query["redirect_uri"] == "http://127.0.0.1:8000/desks/connected"
    assert (query["code_challenge_method"], len(query["code_challenge"])) == ("S256", 43)
    assert "made-up-secret" not in leaving.text


def test_what_is_kept_for_the_way_back_is_sealed(boss: SignedIn, database: Database) -> None:
    boss.post("/desks/connect", **FORM)

    with database.system(Purpose.SIGN_IN, read=True) as session:
        (row,) = session.query(ConsentRow).all()
        assert b"made-up-secret" not in row.sealed_plan
        assert b"verifier" not in row.sealed_plan


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"subdomain": "evil.com#"}, "subdomain:"),
        ({"subdomain": "a.b"}, "subdomain:"),
        ({"client_id": ""}, "credentials.client_id:"),
        ({"client_secret": ""}, "credentials.client_secret:"),
        ({"name": ""}, "name:"),
        ({"name": "Old shop"}, "there is a desk called"),
    ],
)
def test_a_slip_in_the_form_is_said_and_the_rest_kept(boss: SignedIn, changes: dict[str, str], said: str) -> None:
    answer = boss.post("/desks/connect", **FORM | changes)

    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert "made-up-secret" not in answer.text


def test_a_denial_is_said_in_words_and_changes_nothing(boss: SignedIn, old_desk: int, database: Database) -> None:
    leaving = boss.post(f"/desks/{old_desk}/connect")

    answer = boss.get(consent(where_to(leaving.text), "deny"))

    assert answer.status_code == 422
    assert "Access was not allowed there" in answer.text
    assert desk_of(database, old_desk)[0] is DeskState.PAUSED


def test_an_answer_works_once(boss: SignedIn, old_desk: int) -> None:
    back = consent(where_to(boss.post(f"/desks/{old_desk}/connect").text))
    boss.get(back)

    again = boss.get(back)

    assert again.status_code == 400
    assert "used already" in again.text


def test_an_answer_is_good_in_the_browser_it_was_begun_in_alone(
    boss: SignedIn, web_app: Flask, database: Database, old_desk: int
) -> None:
    back = consent(where_to(boss.post(f"/desks/{old_desk}/connect").text))
    other = sign_in(web_app, seeds.add_link(database, Role.ADMIN, email="boss@example.com"))

    assert other.get(back).status_code == 400
    assert boss.get(back).status_code == 200


def test_an_answer_that_took_too_long_is_not_taken(boss: SignedIn, old_desk: int, database: Database) -> None:
    back = consent(where_to(boss.post(f"/desks/{old_desk}/connect").text))
    with database.system(Purpose.SIGN_IN) as session:
        session.execute(update(ConsentRow).values(expires_at=real_now() - timedelta(seconds=1)))

    assert boss.get(back).status_code == 400


@pytest.mark.parametrize(
    "query", ["", "?state=made-up&code=x", "?state=" + "A" * 44 + "&code=x", "?error=access_denied"]
)
def test_an_answer_nobody_asked_for_is_turned_away(boss: SignedIn, query: str) -> None:
    answer = boss.get(f"/desks/connected{query}")

    assert answer.status_code == 400
    assert "Begin again" in answer.text


def test_a_code_that_the_helpdesk_does_not_know_is_said_in_words(boss: SignedIn, old_desk: int) -> None:
    url = where_to(boss.post(f"/desks/{old_desk}/connect").text)
    state = parse_qs(urlsplit(url).query)["state"][0]

    answer = boss.get(f"/desks/connected?state={state}&code=made-up-code")

    assert answer.status_code == 422
    assert "the helpdesk gave no access" in answer.text
    assert "made-up-code" not in answer.text


def test_a_helpdesk_that_does_not_answer_is_said_in_words(
    boss: SignedIn, old_desk: int, sandbox: Sandbox, database: Database
) -> None:
    back = consent(where_to(boss.post(f"/desks/{old_desk}/connect").text))
    requests.post(f"{sandbox.url}/sandbox/faults", json={"fault": "status", "path_prefix": "/oauth/tokens"}, timeout=5)

    answer = boss.get(back)

    assert answer.status_code == 422
    assert "503" in answer.text
    assert desk_of(database, old_desk)[0] is DeskState.PAUSED


def test_another_client_needs_a_secret_of_its_own(boss: SignedIn, old_desk: int) -> None:
    answer = boss.post(f"/desks/{old_desk}/connect", client_id="another")

    assert answer.status_code == 422
    assert "credentials.client_secret:" in answer.text


def test_an_admin_of_one_desk_connects_it_again_but_no_new_one(person: Callable[..., SignedIn], old_desk: int) -> None:
    admin = person(Role.ADMIN, on=old_desk)

    assert admin.get(f"/desks/{old_desk}/connect").status_code == 200
    assert admin.get("/desks/connect").status_code == 403
    assert admin.post("/desks/connect", **FORM).status_code == 403


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD])
def test_others_connect_nothing(person: Callable[..., SignedIn], old_desk: int, role: Role) -> None:
    colleague = person(role, on=old_desk)

    assert colleague.get("/desks/connect").status_code == 403
    assert colleague.get(f"/desks/{old_desk}/connect").status_code == 403
    assert colleague.post(f"/desks/{old_desk}/connect").status_code == 403


def test_a_role_taken_away_meanwhile_ends_it(boss: SignedIn, old_desk: int, database: Database) -> None:
    back = consent(where_to(boss.post(f"/desks/{old_desk}/connect").text))
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_by_email(session, "boss@example.com")
        assert account is not None
        accounts.grant(session, account.id, Role.AGENT)

    assert boss.get(back).status_code == 404


def test_the_address_of_a_stored_desk_cannot_be_changed_from_here(
    boss: SignedIn, old_desk: int, sandbox: Sandbox
) -> None:
    leaving = boss.post(f"/desks/{old_desk}/connect", base_url="https://evil.example.com", subdomain="evil")

    assert where_to(leaving.text).startswith(f"{sandbox.url}/oauth/authorizations/new?")


def test_without_any_desk_an_admin_is_led_to_the_form(web_app: Flask, database: Database, tmp_path: Path) -> None:
    boss = sign_in(web_app, seeds.add_link(database, Role.ADMIN, email="boss@example.com"))

    assert 'href="/desks/connect"' in boss.get("/desks").text
    assert boss.get("/desks/connect").status_code == 200


def test_the_desks_page_warns_of_api_tokens_and_offers_oauth(boss: SignedIn, database: Database, old_desk: int) -> None:
    seeds.add_desk(database, "Legacy shop")

    page = boss.get("/desks").text

    assert "stop working on 2027-04-30" in page
    assert "Connect by OAuth" in page
    assert "Reconnect" in page


def test_stepped_time_connects_sandboxes_alone(joined: Parts, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("2026-01-05T09:00:00+00:00")
    wish = Wish(kind="zendesk", name="x", subdomain="x", base_url=None, client_id="x", client_secret="y")

    with pytest.raises(ValueError, match="KINTSUGI_CLOCK_FILE"):
        begin_consent(replace(joined, clock=Clock(file)), wish, account_id=1, session_token="x")


def test_a_desk_that_is_removed_takes_its_access_along(boss: SignedIn, old_desk: int, database: Database) -> None:
    boss.post(f"/desks/{old_desk}/connect")
    with database.system(Purpose.OPERATE) as session:
        removal.remove(session, old_desk)

    with database.system(Purpose.OPERATE, read=True) as session:
        assert session.query(ConsentRow).count() == 0
        assert session.query(Desk).filter(Desk.id == old_desk).count() == 0
