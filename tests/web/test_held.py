"""A session that ends while somebody types: the form comes back, and goes through after signing in anew."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.store import accounts, sign_ins
from app.store.database import Database, Purpose
from app.store.models import Role
from tests.web.people import ORIGIN, SignedIn

TYPED = 'a "quoted" line\r\n\r\n<script>alert(1)</script> ü \u202e'


def end_sessions(database: Database) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_by_email(session, "lena@example.com")
        assert account is not None
        sign_ins.close_sessions_of(session, account.id)


def held_in(page: str) -> dict[str, str]:
    """The fields of the form as a browser would send them again."""
    areas = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    hidden = re.findall(r'type="hidden" name="(csrf)" value="([^"]+)"', page[page.index("<main") :])
    return {name: html.unescape(value) for name, value in (*areas, *hidden)}


def send(who: SignedIn, **fields: str) -> TestResponse:
    return who.post("/people?from=menu", **{"email": TYPED, "role": "lead", **fields})


def test_nothing_typed_is_lost_when_the_session_has_ended(admin: SignedIn, database: Database) -> None:
    end_sessions(database)

    answer = send(admin)

    assert answer.status_code == 401
    assert held_in(answer.text) == {"email": TYPED, "role": "lead"}
    assert 'action="/people?from=menu"' in answer.text
    assert "<script>alert" not in answer.text


def test_after_signing_in_again_it_goes_through(
    admin: SignedIn, person: Callable[..., SignedIn], database: Database, desk_id: int
) -> None:
    end_sessions(database)
    fields = held_in(send(admin, email="otto@example.com").text)
    anew = person(Role.ADMIN)

    asked = anew.client.post("/people", data=fields, headers=ORIGIN)
    done = anew.client.post("/people", data=held_in(asked.text), headers=ORIGIN)

    assert asked.status_code == 403
    assert "You are lena@example.com on Example shop." in asked.text
    assert done.status_code == 200
    with database.system(Purpose.SIGN_IN, read=True) as session:
        assert accounts.find_by_email(session, "otto@example.com") is not None


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_what_another_site_sent_is_not_shown_back(web_app: Flask, headers: dict[str, str]) -> None:
    answer = web_app.test_client().post("/people", data={"email": "evil words"}, headers=headers)

    assert answer.status_code == 401
    assert "evil words" not in answer.text


def test_secrets_are_asked_for_again_and_never_written_into_the_page(admin: SignedIn, database: Database) -> None:
    end_sessions(database)

    answer = admin.post("/account/password", old_password="made-up old one", new_password="made-up new one")

    assert answer.status_code == 401
    assert "made-up" not in answer.text
    assert 'name="new_password" type="password"' in answer.text


@pytest.mark.parametrize("header", [{"X-CSRF-Token": "old"}, {"Sec-Fetch-Mode": "cors"}])
def test_a_script_is_answered_by_the_code_alone(admin: SignedIn, header: dict[str, str]) -> None:
    answer = admin.client.post("/people", data={"email": "otto@example.com"}, headers={**ORIGIN, **header})

    assert answer.status_code == 403
    assert "otto@example.com" not in answer.text


def test_a_button_without_anything_typed_is_simply_refused(admin: SignedIn, database: Database, desk_id: int) -> None:
    end_sessions(database)

    answer = admin.post(f"/desks/{desk_id}/pause")

    assert answer.status_code == 401
    assert "Send again" not in answer.text


def test_a_webhooks_address_and_a_key_are_secrets_too(admin: SignedIn, database: Database, desk_id: int) -> None:
    end_sessions(database)

    answer = admin.post(
        f"/desks/{desk_id}/settings",
        webhooks="a=https://hooks.example/made-up\nb=https://hooks.example/other",
        api_key="s",
    )

    assert answer.status_code == 401
    assert "hooks.example" not in answer.text
    assert '<textarea id="held-1" name="webhooks" rows="3"' in answer.text
    assert '<input id="held-2" name="api_key" type="password"' in answer.text


def test_a_secret_that_was_left_empty_is_not_asked_for(admin: SignedIn, database: Database, desk_id: int) -> None:
    end_sessions(database)

    answer = admin.post(f"/desks/{desk_id}/settings", webhooks="", name="Typed")

    assert held_in(answer.text) == {"webhooks": "", "name": "Typed"}
