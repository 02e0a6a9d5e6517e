"""Error answers: friendly, in the caller's form, without any detail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from app.factory import create_app
from app.settings import Settings
from app.store.database import Database, DatabaseUnavailable
from app.web.access import public
from tasks.parts import Parts
from tests.web.people import SignedIn

CODES = [400, 401, 403, 404, 405, 413, 429, 500, 503]


@pytest.fixture
def failing(own_app: Flask) -> FlaskClient:
    """Pages that fail in every way, one of them with a secret on its lips."""

    @public
    def fail(code: int) -> str:
        abort(code, "secret-detail")

    @public
    def crash() -> str:
        raise RuntimeError("secret-detail")

    for prefix in ("", "/api"):
        own_app.add_url_rule(f"{prefix}/fail/<int:code>", f"fail{prefix}", fail)
        own_app.add_url_rule(f"{prefix}/crash", f"crash{prefix}", crash)
    return own_app.test_client()


@pytest.mark.parametrize("code", CODES)
def test_pages_fail_in_friendly_words_with_a_number(failing: FlaskClient, code: int) -> None:
    answer = failing.get(f"/fail/{code}")

    assert answer.status_code == code
    assert answer.mimetype == "text/html"
    assert answer.headers["X-Request-Id"] in answer.text
    assert "secret-detail" not in answer.text


@pytest.mark.parametrize("code", CODES)
def test_the_api_fails_as_a_problem(failing: FlaskClient, code: int) -> None:
    answer = failing.get(f"/api/fail/{code}")

    assert answer.status_code == code
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == code
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert "secret-detail" not in answer.text


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_crash_tells_nothing_but_its_number(failing: FlaskClient, prefix: str) -> None:
    answer = failing.get(f"{prefix}/crash")

    assert answer.status_code == 500
    assert "secret-detail" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_wrong_method_names_the_right_ones(stranger: FlaskClient) -> None:
    answer = stranger.delete("/sign-in")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_form_that_is_too_large_is_refused(stranger: FlaskClient) -> None:
    answer = stranger.post(
        "/sign-in", data={"email": "x" * 300_000, "password": "x"}, headers={"Origin": "http://localhost"}
    )

    assert answer.status_code == 413


class AwayDatabase:
    """A database that does not answer."""

    def __init__(self, behind: Database) -> None:
        self.vault = behind.vault

    @contextmanager
    def system(self, *_: object, **__: object) -> Iterator[None]:
        raise DatabaseUnavailable("OperationalError")
        yield

    desk = system


@pytest.mark.parametrize("path", ["/", "/cases", "/desks", "/api/v1/tickets/1/score", "/sidebar/zendesk/ticket/1"])
def test_without_its_database_every_page_says_so(
    settings: Settings, joined: Parts, person: Callable[..., SignedIn], path: str
) -> None:
    away = replace(joined, database=cast(Database, AwayDatabase(joined.database)))
    client = create_app(settings, away).test_client()
    client.set_cookie("kintsugi", "anything")

    headers = {"Authorization": "Bearer x"} if "sidebar" in path else {}
    answer = client.get(path, headers=headers)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "OperationalError" not in answer.text
