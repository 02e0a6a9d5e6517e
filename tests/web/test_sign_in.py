"""Signing in and out: one-time links, passwords, sessions that end, and the slow-down after failures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.store import accounts, sign_ins
from app.store.database import Database, Purpose
from app.store.models import Account, Role, SignInFailure, WebSession
from app.web.passwords import hash_password, matches
from tests import seeds
from tests.web.people import ORIGIN, SignedIn, sign_in

PASSWORD = "a long made-up password"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def known(database: Database, desk_id: int, password_hash: str) -> str:
    """The address of an account with a password."""
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, "lena@example.com", datetime.now(UTC))
        accounts.grant(session, account.id, Role.LEAD, desk_id=desk_id)
        accounts.set_password(session, account.id, password_hash)
    return "lena@example.com"


def try_password(client: FlaskClient, email: str, password: str, **fields: str) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password, **fields}, headers=ORIGIN)


def test_looking_at_a_link_does_not_use_it_up(stranger: FlaskClient, database: Database) -> None:
    token = seeds.add_link(database, Role.ADMIN)

    answers = [stranger.get(f"/sign-in/{token}").status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert stranger.post(f"/sign-in/{token}", headers=ORIGIN).status_code == 303


def test_a_link_signs_in_once(web_app: Flask, database: Database) -> None:
    token = seeds.add_link(database, Role.ADMIN)
    sign_in(web_app, token)

    again = web_app.test_client().post(f"/sign-in/{token}", headers=ORIGIN)

    assert again.status_code == 404
    assert "does not work any more" in again.text


def test_an_old_link_does_not_work(stranger: FlaskClient, database: Database) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        past = datetime.now(UTC) - timedelta(hours=2)
        token = sign_ins.new_link(session, "lena@example.com", Role.LEAD, past, valid=timedelta(hours=1))

    assert stranger.get(f"/sign-in/{token}").status_code == 404
    assert stranger.post(f"/sign-in/{token}", headers=ORIGIN).status_code == 404


def test_a_link_that_another_site_posts_is_refused(stranger: FlaskClient, database: Database) -> None:
    token = seeds.add_link(database, Role.ADMIN)

    answer = stranger.post(f"/sign-in/{token}", headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403


def test_a_new_person_chooses_a_password_with_the_link(web_app: Flask, database: Database, desk_id: int) -> None:
    token = seeds.add_link(database, Role.LEAD, desk_id=desk_id)

    web_app.test_client().post(f"/sign-in/{token}", data={"password": PASSWORD}, headers=ORIGIN)

    answer = try_password(web_app.test_client(), "LENA@example.com ", PASSWORD)
    assert answer.status_code == 303


def test_a_short_password_is_refused_and_the_link_stays_good(stranger: FlaskClient, database: Database) -> None:
    token = seeds.add_link(database, Role.LEAD)

    answer = stranger.post(f"/sign-in/{token}", data={"password": "short"}, headers=ORIGIN)

    assert answer.status_code == 422
    assert "at least 12 characters" in answer.text
    assert stranger.post(f"/sign-in/{token}", headers=ORIGIN).status_code == 303


def test_a_short_password_on_a_dead_link_is_not_found(stranger: FlaskClient) -> None:
    assert stranger.post("/sign-in/unknown", data={"password": "short"}, headers=ORIGIN).status_code == 404


def test_a_link_does_not_replace_a_password(web_app: Flask, database: Database, known: str, desk_id: int) -> None:
    token = seeds.add_link(database, Role.LEAD, email=known, desk_id=desk_id)

    web_app.test_client().post(f"/sign-in/{token}", data={"password": "another long password"}, headers=ORIGIN)

    assert try_password(web_app.test_client(), known, PASSWORD).status_code == 303


def test_the_right_password_leads_where_one_wanted_to_go(stranger: FlaskClient, known: str) -> None:
    answer = try_password(stranger, known, PASSWORD, next="/cases?stage=closed")

    assert (answer.status_code, answer.location) == (303, "/cases?stage=closed")


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\nb", ""])
def test_signing_in_never_leads_to_another_site(stranger: FlaskClient, known: str, where: str) -> None:
    answer = try_password(stranger, known, PASSWORD, next=where)

    assert answer.location == "/"


def test_wrong_password_and_unknown_account_get_the_same_answer(stranger: FlaskClient, known: str) -> None:
    wrong = try_password(stranger, known, "not the password")
    unknown = try_password(stranger, "nobody@example.com", "not the password")

    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert wrong.text.replace(known, "") == unknown.text.replace("nobody@example.com", "")


def test_an_account_without_a_password_cannot_be_guessed(stranger: FlaskClient, database: Database) -> None:
    seeds.add_link(database, Role.ADMIN, email="lena@example.com")

    assert try_password(stranger, "lena@example.com", "").status_code == 401


def test_a_deactivated_account_is_out_at_once(
    web_app: Flask, person: Callable[..., SignedIn], database: Database
) -> None:
    agent = person(Role.AGENT)
    token = seeds.add_link(database, Role.AGENT)
    with database.system(Purpose.SIGN_IN) as session:
        session.execute(update(Account).values(active=False))

    assert agent.get("/cases").status_code == 303
    assert web_app.test_client().post(f"/sign-in/{token}", headers=ORIGIN).status_code == 404


def test_guessing_slows_down_even_for_the_right_password(stranger: FlaskClient, known: str) -> None:
    codes = [try_password(stranger, known, "wrong password").status_code for _ in range(6)]

    slowed = try_password(stranger, known, PASSWORD)

    assert codes == [401] * 5 + [429]
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) >= 1


def test_who_waited_long_enough_may_try_again(stranger: FlaskClient, known: str, database: Database) -> None:
    for _ in range(6):
        try_password(stranger, known, "wrong password")
    with database.system(Purpose.SIGN_IN) as session:
        session.execute(update(SignInFailure).values(last_at=datetime.now(UTC) - timedelta(minutes=20)))

    assert try_password(stranger, known, PASSWORD).status_code == 303


def test_one_address_that_tries_many_accounts_is_slowed_down(stranger: FlaskClient, database: Database) -> None:
    limits = {"address": 20}
    with database.system(Purpose.SIGN_IN) as session:
        waits = [sign_ins.register_attempt(session, limits, seeds.NOW) for _ in range(21)]

    assert waits[:20] == [timedelta(0)] * 20
    assert waits[20] == timedelta(seconds=2)


def test_waiting_doubles_up_to_a_quarter_of_an_hour(database: Database) -> None:
    now, waits = seeds.NOW, []
    with database.system(Purpose.SIGN_IN) as session:
        for _ in range(14):
            sign_ins.register_attempt(session, {"pair": 1}, now)
            waits.append(sign_ins.register_attempt(session, {"pair": 1}, now).total_seconds())
            now += timedelta(seconds=waits[-1])

    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 900


def test_signing_out_ends_the_session_itself(admin: SignedIn) -> None:
    cookie = admin.client.get_cookie("kintsugi")
    assert cookie is not None

    answer = admin.post("/sign-out")

    admin.client.set_cookie("kintsugi", cookie.value)
    assert answer.location == "/sign-in"
    assert admin.get("/cases").status_code == 303


def test_signing_in_never_takes_over_a_session_id_that_was_there(web_app: Flask, database: Database) -> None:
    client = web_app.test_client()
    client.set_cookie("kintsugi", "planted")

    client.post(f"/sign-in/{seeds.add_link(database, Role.ADMIN)}", headers=ORIGIN)

    cookie = client.get_cookie("kintsugi")
    assert cookie is not None
    assert cookie.value != "planted"


def test_signing_in_again_ends_the_session_before(web_app: Flask, database: Database, admin: SignedIn) -> None:
    before = admin.client.get_cookie("kintsugi")
    assert before is not None
    admin.client.post(f"/sign-in/{seeds.add_link(database, Role.ADMIN)}", headers=ORIGIN)

    thief = web_app.test_client()
    thief.set_cookie("kintsugi", before.value)

    assert thief.get("/cases").status_code == 303


@pytest.mark.parametrize("column", ["expires_at", "seen_at"])
def test_a_session_ends_by_age_and_by_idleness(admin: SignedIn, database: Database, column: str) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with database.system(Purpose.SIGN_IN) as session:
        session.execute(update(WebSession).values({column: long_ago}))

    assert admin.get("/cases").status_code == 303


def test_use_keeps_a_session_awake(admin: SignedIn, database: Database) -> None:
    earlier = datetime.now(UTC) - timedelta(minutes=10)
    with database.system(Purpose.SIGN_IN) as session:
        session.execute(update(WebSession).values(seen_at=earlier))

    admin.get("/cases")

    with database.system(Purpose.SIGN_IN, read=True) as session:
        assert session.query(WebSession).one().seen_at > earlier


def test_only_hashes_of_tokens_are_stored(admin: SignedIn, database: Database) -> None:
    cookie = admin.client.get_cookie("kintsugi")
    assert cookie is not None

    with database.system(Purpose.SIGN_IN, read=True) as session:
        stored = session.query(WebSession).one().token_hash

    assert stored == sign_ins.hashed(cookie.value)
    assert cookie.value not in stored


def test_the_cookie_is_closed_to_scripts_and_other_sites(web_app: Flask, database: Database) -> None:
    answer = web_app.test_client().post(f"/sign-in/{seeds.add_link(database, Role.ADMIN)}", headers=ORIGIN)

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_who_is_signed_in_needs_no_form(admin: SignedIn) -> None:
    answer = admin.get("/sign-in?next=/cases")

    assert (answer.status_code, answer.location) == (303, "/cases")


@pytest.mark.parametrize("password", ["elevenchars", "x" * 1025])
def test_passwords_are_neither_short_nor_endless(password: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        hash_password(password)


def test_a_broken_hash_matches_nothing() -> None:
    assert not matches("not a hash", PASSWORD)
