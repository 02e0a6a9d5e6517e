"""What the Freshworks app is told: by its desk's key alone, of that desk's tickets alone."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.store.database import Database, Purpose
from app.store.models import Desk
from app.store.sign_ins import hashed
from tests import seeds
from tests.seeds import Seeded

KEY = "a-key-made-by-a-machine-0123456789"


@pytest.fixture
def desk_id(database: Database) -> int:
    return freshdesk(database, "Example shop", KEY)


def freshdesk(database: Database, name: str, key: str) -> int:
    desk_id = seeds.add_desk(database, name, key_hash=hashed(key))
    with database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).where(Desk.id == desk_id).values(kind="freshdesk"))
    return desk_id


def ask(client: FlaskClient, ticket_id: object, key: str = KEY) -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"}
    return client.post("/sidebar/freshdesk", json={"ticket_id": ticket_id}, headers=headers)


def test_the_app_is_told_score_reasons_and_what_is_being_done(stranger: FlaskClient, story: Seeded) -> None:
    told = ask(stranger, story.ticket_id).get_json()

    assert (told["state"], told["mood"], told["score"], told["change"]) == (
        "Poor, worsening",
        "poor_worsening",
        31,
        -27,
    )
    assert told["reasons"][0]["lowers"]
    assert any(step["text"].startswith("Assign to the least loaded") for step in told["case"]["steps"])


def test_no_word_of_the_customer_is_told(stranger: FlaskClient, story: Seeded) -> None:
    told = ask(stranger, story.ticket_id)

    assert "third time" not in told.text


@pytest.mark.parametrize("key", ["", "wrong", KEY + "x", hashed(KEY), "é" * 40])
def test_without_the_desks_key_nothing_is_told(stranger: FlaskClient, story: Seeded, key: str) -> None:
    answer = ask(stranger, story.ticket_id, key)

    assert answer.status_code == 401
    assert set(answer.get_json()) == {"error"}


def test_another_desks_key_opens_none_of_this_desks_tickets(
    stranger: FlaskClient, database: Database, story: Seeded
) -> None:
    freshdesk(database, "Other shop", "another-key-made-by-a-machine-98765")

    assert ask(stranger, story.ticket_id, "another-key-made-by-a-machine-98765").status_code == 404


def test_a_desk_without_a_key_is_opened_by_none(stranger: FlaskClient, database: Database) -> None:
    with database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).values(sidebar={}, kind="freshdesk"))

    assert ask(stranger, 1, "None").status_code == 401


def test_who_the_browser_says_is_asking_changes_nothing(stranger: FlaskClient, story: Seeded) -> None:
    said = {"ticket_id": story.ticket_id, "agent_id": "1", "desk_id": 999, "role": "admin"}
    headers = {"Authorization": f"Bearer {KEY}", "X-Freshdesk-User": "1"}

    answer = stranger.post("/sidebar/freshdesk", json=said, headers=headers)

    assert answer.get_json() == ask(stranger, story.ticket_id).get_json()


@pytest.mark.parametrize("ticket_id", ["", "1/../2", None, [1], "9" * 20, "-1"])
def test_what_is_no_ticket_is_said_to_be_none(stranger: FlaskClient, desk_id: int, ticket_id: object) -> None:
    assert ask(stranger, ticket_id).status_code == 400


def test_an_unknown_ticket_is_not_under_watch(stranger: FlaskClient, desk_id: int) -> None:
    answer = ask(stranger, 424242)

    assert (answer.status_code, answer.get_json()["error"]) == (404, "not under watch yet")


def test_a_body_that_is_no_object_is_turned_away(stranger: FlaskClient, desk_id: int) -> None:
    answer = stranger.post("/sidebar/freshdesk", data="{", headers={"Authorization": f"Bearer {KEY}"})

    assert answer.status_code == 400
