"""`desk export` and `desk erase`: what an operator does when one customer asks for it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import delete, select

from app.cli import main
from app.clock import real_now
from app.factory import build
from app.settings import load
from app.store import desks, people, schema
from app.store.database import Purpose
from app.store.models import Person
from tasks.parts import Parts

EMAIL = "someone@example.com"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parts, int]]:
    """Everything with one desk; setting it up takes longer than the tests."""
    built = build(load({}, data_dir=tmp_path_factory.mktemp("house")))
    schema.migrate(built.database)
    new = desks.NewDesk(
        kind="zendesk",
        name="Desk",
        subdomain="example",
        base_url=None,
        credentials={"email": "a@example.com", "api_token": "t"},
        webhook_secret="s",
        sidebar={},
        settings={},
    )
    with built.database.system(Purpose.OPERATE) as session:
        desk_id = desks.add(session, new, real_now(), integration_user_id="1").id
    yield built, desk_id
    built.database.close()


@pytest.fixture
def parts(house: tuple[Parts, int], monkeypatch: pytest.MonkeyPatch) -> Parts:
    """The house with one customer in it."""
    built, desk_id = house
    monkeypatch.setenv("KINTSUGI_DATA_DIR", str(built.settings.data_dir))
    with built.database.desk(desk_id) as session:
        session.execute(delete(Person))
        known = people.Known(helpdesk_id="77", name="Some One", email=EMAIL, locale="en", suspended=False)
        people.record(session, desk_id, known)
    return built


@pytest.fixture
def run(parts: Parts) -> Iterator[Callable[..., Result]]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield lambda *words: CliRunner().invoke(main, list(words))
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def names(parts: Parts) -> list[bytes | None]:
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        return [person.sealed_name for person in session.scalars(select(Person))]


def test_an_export_is_one_json_document(run: Callable[..., Result]) -> None:
    result = run("desk", "export", EMAIL)

    document = json.loads(result.stdout)
    assert document["person"] == EMAIL
    assert document["tables"]["person"][0]["name"] == "Some One"


def test_the_helpdesk_s_id_names_the_same_person(run: Callable[..., Result]) -> None:
    by_id, by_email = (json.loads(run("desk", "export", who).stdout) for who in ("77", EMAIL.upper()))

    assert by_id["tables"] == by_email["tables"]


def test_nothing_is_erased_without_a_yes(run: Callable[..., Result], parts: Parts) -> None:
    result = run("desk", "erase", EMAIL)

    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert names(parts) != [None]


def test_erasing_tells_what_there_was_and_may_be_repeated(run: Callable[..., Result], parts: Parts) -> None:
    first = run("desk", "erase", EMAIL, "--yes", "--json")
    second = run("desk", "erase", EMAIL, "--yes")

    assert json.loads(first.stdout) == {"people": 1, "tickets": 0, "messages": 0, "deliveries": 0}
    assert second.stdout.strip() == "Erased: 0 people, 0 tickets, 0 messages, 0 deliveries."
    assert (first.exit_code, second.exit_code, names(parts)) == (0, 0, [None])
