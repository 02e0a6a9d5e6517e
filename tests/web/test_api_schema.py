"""Calls made up from the OpenAPI document: none breaks anything, and each is answered as the document says.

The short form is part of the suite; `--long` makes many more calls, with three seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as tried
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.factory import create_app
from app.settings import Settings
from app.store import desks
from app.store.database import Database
from tasks.parts import Parts
from tests.seeds import Seeded
from tests.web.conftest import OPERATOR_TOKEN

load_all_checks()
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
HEADERS = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}


@pytest.fixture
def tireless(settings: Settings, joined: Parts, database: Database, story: Seeded) -> Flask:
    """A house that counts no calls, and whose helpdesk answers nobody."""
    with database.desk(story.desk_id) as session:
        desks.get(session, story.desk_id).base_url = "http://127.0.0.1:9"
    without_limit = replace(settings, api_per_minute=1_000_000)
    return create_app(without_limit, replace(joined, settings=without_limit))


def call_all(app: Flask, *, calls: int, number: int, every: bool = True) -> int:
    """So many sound and so many unsound calls of each operation, or only the one or the other in turns, since making
    them up takes longer than answering them; how many there were."""
    made = 0

    def call(case: Case[Any]) -> None:
        nonlocal made
        made += 1
        case.call_and_validate(headers=HEADERS, checks=CHECKS)

    modes = list(GenerationMode)
    for turn, operation in enumerate(operations(app)):
        for mode in modes if every else [modes[turn % len(modes)]]:
            made_up = tried(
                max_examples=calls,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            seed(number)(made_up(given(case=operation.as_strategy(generation_mode=mode))(call)))()
    return made


def operations(app: Flask) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for result in schemathesis.openapi.from_wsgi("/api/openapi.json", app).get_all_operations():
        assert isinstance(result, Ok), result
        yield result.ok()


def test_no_made_up_call_is_answered_otherwise_than_the_document_says(tireless: Flask) -> None:
    made = call_all(tireless, calls=1, number=1, every=False)

    assert made > 30


@pytest.mark.long
@pytest.mark.parametrize("number", [1, 2, 3])
def test_nor_is_any_of_many_calls(tireless: Flask, number: int) -> None:
    made = call_all(tireless, calls=15, number=number)

    assert made > 300
