"""What the Freshworks app is told: by its desk's key alone, of that desk's tickets alone."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.store.database import Database, Purpose
from app.store.models import Desk, Message, RecoveryCase, TrackedTicket
from app.store.sign_ins import hashed
from app.words import Arm
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


def test_a_customer_who_is_held_out_has_no_case(stranger: FlaskClient, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(RecoveryCase).values(arm=Arm.HOLDOUT))

    told = ask(stranger, story.ticket_id)

    assert told.get_json()["case"] is None
    assert "Late parcel" not in told.text


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


def test_a_ticket_nobody_told_us_of_is_read_because_somebody_looks_at_it(
    stranger: FlaskClient, desk_id: int, database: Database
) -> None:
    ask(stranger, 424242)
    ask(stranger, 424242)

    with database.desk(desk_id, read=True) as session:
        row = session.scalars(select(TrackedTicket)).one()
        assert (row.ticket_id, row.dirty) == ("424242", 1)


@pytest.mark.capability("GUI-01")
def test_the_app_is_told_what_to_do_next_and_how_to_say_it(stranger: FlaskClient, story: Seeded) -> None:
    told = ask(stranger, story.quiet_ticket_id).get_json()

    assert told["next"][0] == {
        "text": "Follow “Late parcel”",
        "reason": "it is the protocol for shipping delay; no case is open",
        "effect": "too few cases have ended to tell what it brings (0 of 20)",
    }
    assert told["hints"][-1].startswith("Confirm what has been put right")
    assert told["guide"]["name"] == "Late parcel"
    assert told["contacts"] == [{"ticket_id": "4711", "state": "Poor, worsening", "score": 31}]
    assert told["ratings"] == [{"ticket_id": "4711", "rating": "bad"}]


@pytest.mark.capability("GUI-07")
def test_the_app_is_told_the_change_since_our_last_reply(stranger: FlaskClient, story: Seeded) -> None:
    assert ask(stranger, story.ticket_id).get_json()["since_reply"] == -27


def test_promises_are_told_by_their_time_and_without_words(
    stranger: FlaskClient, story: Seeded, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        sealed = database.vault.seal("Dear Mira, I will call you within two days.")
        session.execute(update(Message).where(Message.author == "agent").values(sealed_text=sealed))

    told = ask(stranger, story.ticket_id)

    assert [one["ticket_id"] for one in told.get_json()["promises"]] == [story.ticket_id]
    assert "Mira" not in told.text


def draft(client: FlaskClient, reply: object, key: str = KEY) -> TestResponse:
    return client.post("/sidebar/freshdesk/check", json={"reply": reply}, headers={"Authorization": f"Bearer {key}"})


@pytest.mark.capability("GUI-03")
def test_a_draft_is_checked(stranger: FlaskClient, desk_id: int) -> None:
    told = draft(stranger, "You should have read our terms and conditions.").get_json()

    assert told["passed"] is False
    assert [one["text"] for one in told["points"] if one["passed"]] == []
    assert told["points"][-1]["quote"] == "You should have read our terms and conditions."


def test_a_draft_that_is_no_text_has_too_little_of_it(stranger: FlaskClient, desk_id: int) -> None:
    assert "too little" in draft(stranger, None).get_json()["unread"]


def test_without_the_desks_key_nothing_is_checked(stranger: FlaskClient, desk_id: int) -> None:
    assert draft(stranger, "Hello there, you.", key="wrong").status_code == 401


def test_a_body_that_is_no_object_is_turned_away(stranger: FlaskClient, desk_id: int) -> None:
    answer = stranger.post("/sidebar/freshdesk", data="{", headers={"Authorization": f"Bearer {KEY}"})

    assert answer.status_code == 400
