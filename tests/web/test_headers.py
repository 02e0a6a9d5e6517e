"""Headers of every answer: nothing may be framed, run or loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app.factory import create_app
from app.settings import Settings
from app.store.models import Role
from app.web.headers import script_source
from tasks.parts import Parts
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import ORIGIN, SignedIn

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def example_path(rule: str) -> str:
    """Any path that the rule matches."""
    path = rule
    for part in ("case_id", "step_id", "invitation_id", "delivery_id", "protocol_id", "desk_id"):
        path = path.replace(f"<id:{part}>", "1")
    for part in ("ticket_id", "token", "key"):
        path = path.replace(f"<{part}>", "x")
    return path.replace("<path:filename>", "kintsugi.css")


def test_every_route_answers_with_the_same_strict_headers(web_app: Flask, admin: SignedIn, story: Seeded) -> None:
    answers = [
        (rule.rule, method, admin.client.open(example_path(rule.rule), method=method, headers=ORIGIN, buffered=True))
        for rule in web_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
    ]

    for rule, method, answer in answers:
        assert answer.headers["Content-Security-Policy"] == STRICT, (rule, method)
        assert answer.headers["X-Frame-Options"] == "DENY", (rule, method)
        assert answer.headers["X-Content-Type-Options"] == "nosniff", (rule, method)
        assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, (rule, method)
        assert answer.headers["X-Request-Id"], (rule, method)
        assert "Strict-Transport-Security" not in answer.headers, (rule, method)


@pytest.mark.parametrize("path", ["/nowhere", "/sidebar/zendesk/nowhere", "/api/v1/nowhere"])
def test_answers_without_a_route_have_the_headers_too(stranger: FlaskClient, path: str) -> None:
    answer = stranger.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Security-Policy"] == STRICT


def test_pages_are_never_kept_by_the_browser(admin: SignedIn) -> None:
    assert admin.get("/cases").headers["Cache-Control"] == "no-store"


def test_https_brings_its_own_headers_and_cookie(settings: Settings, joined: Parts) -> None:
    behind = replace(settings, public_url="https://kintsugi.example.com")
    client = create_app(behind, replace(joined, settings=behind)).test_client()
    token = seeds.add_link(joined.database, Role.ADMIN)

    answer = client.post(
        f"/sign-in/{token}",
        base_url="https://kintsugi.example.com",
        headers={"Origin": "https://kintsugi.example.com"},
    )

    cookie = answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert cookie.startswith("__Host-kintsugi=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie


@pytest.mark.parametrize("host", ["evil.example", "kintsugi.example.com.evil.example", "evil.example:8000"])
def test_a_host_that_is_not_ours_is_refused(web_app: Flask, host: str) -> None:
    answer = web_app.test_client().get("/sign-in", headers={"Host": host})

    assert answer.status_code == 400


def test_forwarded_headers_are_not_believed_without_a_proxy(web_app: Flask, admin: SignedIn, desk_id: int) -> None:
    answer = admin.client.post(
        f"/desks/{desk_id}/pause",
        data={"csrf": admin.csrf},
        headers={"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
    )

    assert answer.status_code == 403


def test_one_proxy_is_believed_about_the_clients_address(settings: Settings, joined: Parts) -> None:
    behind = replace(settings, proxy_hops=1)
    app = create_app(behind, replace(joined, settings=behind))
    seen: list[str | None] = []
    app.before_request(lambda: seen.append(_remote()))

    app.test_client().get("/sign-in", headers={"X-Forwarded-For": "192.0.2.1, 192.0.2.7"})

    assert seen == ["192.0.2.7"]


def _remote() -> str | None:
    return request.remote_addr


def test_a_script_source_cannot_end_its_directive() -> None:
    assert script_source("https://cdn.example.com/a;b c.js?x=1") == "https://cdn.example.com/a%3Bb%20c.js"


def test_every_request_has_a_number_of_its_own(person: Callable[..., SignedIn]) -> None:
    agent = person(Role.AGENT)

    numbers = {agent.get("/cases").headers["X-Request-Id"] for _ in range(3)}

    assert len(numbers) == 3
