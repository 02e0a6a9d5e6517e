"""The description of the API: whole, and readable without anything from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from app.web.api.base import PROBLEMS, PROBLEMS_OF_BODIES
from tests.web.people import SignedIn


@pytest.fixture
def document(web_app: Flask) -> dict[str, Any]:
    answer = web_app.test_client().get("/api/openapi.json").json
    assert answer is not None
    return dict(answer)


def test_every_operation_names_all_its_answers(document: dict[str, Any]) -> None:
    named = {
        (method, path): set(told["responses"])
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if method != "parameters"
    }

    assert named == {
        (method, path): {"200", *map(str, PROBLEMS if method == "get" else PROBLEMS_OF_BODIES)}
        for method, path in named
    }


def test_every_change_takes_an_idempotency_key_and_no_question_does(document: dict[str, Any]) -> None:
    keyed = {
        path
        for path, methods in document["paths"].items()
        if any(one["name"] == "Idempotency-Key" for one in methods.get("post", {}).get("parameters", ()))
    }
    posts = {path for path, methods in document["paths"].items() if "post" in methods}

    questions = {"customers/find", "protocols/check", "protocols/try", "protocols/backtest"}
    assert posts - keyed == {f"/api/v1/{name}" for name in questions}


def test_every_operation_and_every_schema_is_referenced_where_it_is(document: dict[str, Any]) -> None:
    told = str(document)

    references = set(re.findall(r"#/components/(\w+)/(\w+)", told))
    assert {(kind, name) for kind, name in references if name not in document["components"][kind]} == set()


def test_the_page_shows_every_operation(web_app: Flask, document: dict[str, Any]) -> None:
    page = web_app.test_client().get("/api/docs").text

    shown = set(re.findall(r"<code>((?:GET|POST) [^<]+)</code></h3>", page))
    assert shown == {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }


def test_the_page_takes_nothing_from_elsewhere(web_app: Flask) -> None:
    page = web_app.test_client().get("/api/docs")

    addresses = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert {one for one in addresses if not one.startswith("/")} == set()
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert " style=" not in page.text


def test_the_page_tells_a_nested_answer_below_its_field(web_app: Flask) -> None:
    page = web_app.test_client().get("/api/docs").text

    assert re.search(r"<code>cases</code>.*?list of object.*?<code>· ticket_id</code>", page, re.DOTALL)
    assert re.search(r"<code>limit</code></th><td>integer</td><td>Rows on a page; from 1; to 200", page)


@pytest.mark.parametrize("path", ["/account", "/people"])
def test_it_is_found_where_tokens_are(admin: SignedIn, path: str) -> None:
    assert '<a href="/api/docs">the API</a>' in admin.get(path).text
