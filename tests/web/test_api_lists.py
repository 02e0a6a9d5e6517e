"""What programs read over the API: lists in pages, one thing at a time, each only on its own desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.store import people
from app.store.database import Database
from app.store.models import Person, RecoveryCase, Role
from tests import seeds
from tests.seeds import Seeded
from tests.web.conftest import OPERATOR_TOKEN
from tests.web.people import ORIGIN, SignedIn

OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
LISTS = {
    "audit": "entries",
    "cases": "cases",
    "customers": "customers",
    "deliveries": "deliveries",
    "tickets": "tickets",
    "tickets/4711/scores": "scores",
}


def read(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"/api/v1/{path}", headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer.json


def person_of(database: Database, story: Seeded) -> int:
    with database.desk(story.desk_id, read=True) as session:
        case = session.get(RecoveryCase, story.case_id)
        assert case is not None
        assert case.person_id is not None
        return case.person_id


def give_address(database: Database, story: Seeded, email: str) -> int:
    """Let the helpdesk describe the story's customer once more."""
    person_id = person_of(database, story)
    with database.desk(story.desk_id) as session:
        person = session.get(Person, person_id)
        assert person is not None
        known = people.Known(
            helpdesk_id=person.helpdesk_id, name="Mira Muster", email=email, locale="de", suspended=False
        )
        people.record(session, story.desk_id, known)
    return person_id


def test_the_pages_of_a_list_hold_each_row_once(stranger: FlaskClient, story: Seeded) -> None:
    whole = {path: read(stranger, path)[rows] for path, rows in LISTS.items()}

    paged = {path: list(row_by_row(stranger, path)) for path in LISTS}

    assert paged == whole


def row_by_row(client: FlaskClient, path: str) -> Iterator[Any]:
    cursor: str | None = ""
    while cursor is not None:
        page = read(client, f"{path}?limit=1{cursor and f'&cursor={cursor}'}")
        yield from page[LISTS[path]]
        cursor = page["next"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=YWZ0ZXIgMA==", "nonsense=1"])
def test_what_is_no_page_is_told_at_its_field(stranger: FlaskClient, story: Seeded, query: str) -> None:
    answers = [stranger.get(f"/api/v1/{path}?{query}", headers=OPERATOR) for path in LISTS]

    assert {answer.status_code for answer in answers} == {422}
    assert {answer.content_type for answer in answers} == {"application/problem+json"}
    assert {error["path"] for answer in answers for error in (answer.json or {})["errors"]} == {query.split("=")[0]}


def test_a_case_is_told_with_what_it_is_about(stranger: FlaskClient, story: Seeded) -> None:
    told = read(stranger, f"cases/{story.case_id}")

    assert (told["ticket_id"], told["protocol"], told["version"]) == (story.ticket_id, "Late parcel", 1)
    assert (told["stage"], told["arm"], told["cause"]) == ("assigned", "treatment", "shipping_delay")
    assert (told["opening_score"], told["score"], told["state"]) == (31, 31, "poor_worsening")
    assert [step["do"] for step in told["steps"]] == ["assign", "tag", "note", "alert"]
    assert told["steps"][3]["state"] == "needs_review"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("open=true", 1),
        ("open=false", 0),
        ("stage=assigned", 1),
        ("stage=lost", 0),
        ("state=poor_worsening", 1),
        ("state=good_improving", 0),
        ("ticket=4711", 1),
        ("ticket=4712", 0),
    ],
)
def test_cases_are_found_by_what_is_asked_of_them(stranger: FlaskClient, story: Seeded, query: str, found: int) -> None:
    assert len(read(stranger, f"cases?{query}")["cases"]) == found


def test_a_customers_cases_and_tickets_are_theirs(stranger: FlaskClient, story: Seeded, database: Database) -> None:
    person_id = person_of(database, story)

    assert [case["id"] for case in read(stranger, f"cases?customer={person_id}")["cases"]] == [story.case_id]
    assert len(read(stranger, f"tickets?customer={person_id}")["tickets"]) == 3
    assert read(stranger, f"tickets?customer={person_id + 1}")["tickets"] == []


@pytest.mark.parametrize("query", ["stage=nonsense", "state=1", "open=1", "open=maybe", "ticket=", "customer=0"])
def test_a_filter_that_cannot_be_meant_is_told(stranger: FlaskClient, story: Seeded, query: str) -> None:
    assert stranger.get(f"/api/v1/cases?{query}", headers=OPERATOR).status_code == 422


def test_tickets_come_without_the_customers_words(stranger: FlaskClient, story: Seeded) -> None:
    answer = stranger.get("/api/v1/tickets?state=poor_worsening", headers=OPERATOR)

    assert answer.json is not None
    (ticket,) = answer.json["tickets"]
    assert (ticket["ticket_id"], ticket["score"], ticket["cause"]) == ("4711", 31, "shipping_delay")
    assert "parcel" not in answer.text.lower().replace("late parcel", "")


def test_scores_over_time_add_up(stranger: FlaskClient, story: Seeded) -> None:
    newest, first = read(stranger, f"tickets/{story.ticket_id}/scores")["scores"]

    assert (first["score"], newest["score"], newest["because"]) == (58, 31, "message")
    assert newest["factors"] == seeds.REASONS


@pytest.mark.parametrize("ticket_id", ["999", "x" * 65, "%ff", "a%0ab"])
def test_a_ticket_that_nobody_watches_is_not_found(stranger: FlaskClient, story: Seeded, ticket_id: str) -> None:
    answers = {stranger.get(f"/api/v1/tickets/{ticket_id}/{what}", headers=OPERATOR).status_code for what in KINDS}

    assert answers == {404}


KINDS = ("score", "scores", "why")


class TestCustomers:
    def test_are_told_with_their_ratings(self, stranger: FlaskClient, story: Seeded, database: Database) -> None:
        person_id = give_address(database, story, "mira@example.org")

        told = read(stranger, f"customers/{person_id}")

        assert (told["name"], told["email"], told["locale"]) == ("Mira Muster", "mira@example.org", "de")
        assert [(one["ticket_id"], one["value"], one["original"]) for one in told["ratings"]] == [("4711", 0.0, "bad")]

    def test_are_found_by_their_address_whatever_its_capitals(
        self, stranger: FlaskClient, story: Seeded, database: Database
    ) -> None:
        person_id = give_address(database, story, "mira@example.org")

        found = ask(stranger, email=" Mira@Example.org ")
        nobody = ask(stranger, email="mira@example.com")

        assert [one["id"] for one in found["customers"]] == [person_id]
        assert nobody["customers"] == []

    @pytest.mark.parametrize("email", ["", "a" * 255, 7, None, "a\0b", "a\ud800b"])
    def test_no_address_is_told_at_its_field(self, stranger: FlaskClient, story: Seeded, email: object) -> None:
        answer = stranger.post("/api/v1/customers/find", json={"email": email}, headers=OPERATOR)

        assert answer.status_code == 422
        assert answer.json is not None
        assert {error["path"] for error in answer.json["errors"]} == {"email"}

    def test_that_are_not_there_are_not_found(self, stranger: FlaskClient, story: Seeded) -> None:
        assert stranger.get("/api/v1/customers/999", headers=OPERATOR).status_code == 404


def ask(client: FlaskClient, **body: str) -> Any:
    answer = client.post("/api/v1/customers/find", json=body, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer.json


class TestDeliveries:
    def test_dead_letters_are_found_and_replayed(self, stranger: FlaskClient, story: Seeded) -> None:
        path = f"/api/v1/deliveries/{story.dead_delivery_id}/replay"

        (dead,) = read(stranger, "deliveries?state=dead")["deliveries"]
        would = stranger.post(path, json={"dry_run": True}, headers=OPERATOR).json
        done = stranger.post(path, json={}, headers=OPERATOR).json
        after = read(stranger, "deliveries")

        assert (dead["id"], dead["ticket_id"]) == (story.dead_delivery_id, "4711")
        assert would == done == {
            "delivery_id": dead["id"], "ticket_id": "4711", "queued": True, "outcome": "its ticket is read again",
        }  # fmt: skip
        assert (after["counts"]["dead"], after["counts"]["received"]) == (0, 1)

    def test_a_replay_is_on_record_and_a_dry_run_is_not(self, stranger: FlaskClient, story: Seeded) -> None:
        path = f"/api/v1/deliveries/{story.dead_delivery_id}/replay"
        stranger.post(path, json={"dry_run": True}, headers=OPERATOR)
        stranger.post(path, json={}, headers=OPERATOR)

        (entry,) = read(stranger, "audit?did=delivery")["entries"]

        assert (entry["by"], entry["did"]) == ("operator", "delivery.replayed")
        assert entry["what"] == f"delivery:{story.dead_delivery_id}"

    def test_that_are_not_there_cannot_be_replayed(self, stranger: FlaskClient, story: Seeded) -> None:
        assert stranger.post("/api/v1/deliveries/999/replay", json={}, headers=OPERATOR).status_code == 404


class TestDesks:
    def test_a_desk_tells_how_it_stands_and_nothing_secret(self, stranger: FlaskClient, story: Seeded) -> None:
        told = read(stranger, f"desks/{story.desk_id}")

        assert (told["name"], told["kind"], told["state"]) == ("Example shop", "zendesk", "active")
        assert (told["tickets"], told["scored"], told["deliveries"]["dead"]) == (3, 2, 1)
        assert told["unscored"] == {"the customer has not written anything": 1}
        assert "made-up" not in str(told)

    def test_everybody_sees_their_own_and_the_operator_all(
        self, stranger: FlaskClient, story: Seeded, database: Database, person: Callable[..., SignedIn]
    ) -> None:
        second = seeds.add_desk(database, "Second shop")

        agents = person(Role.AGENT).get("/api/v1/desks").json
        everybody = read(stranger, "desks")

        assert agents == {"desks": [{"id": story.desk_id, "name": "Example shop", "kind": "zendesk"}]}
        assert [desk["id"] for desk in everybody["desks"]] == [story.desk_id, second]


def test_a_ticket_about_to_turn_is_warned_of_without_words(stranger: FlaskClient, story: Seeded) -> None:
    told = read(stranger, "warnings")

    assert told["total"] == len(told["warnings"])
    assert told["next"] is None
    assert "subject" not in str(told)


def test_the_people_of_a_desk_are_told_with_their_roles(
    stranger: FlaskClient, story: Seeded, person: Callable[..., SignedIn]
) -> None:
    person(Role.AUDITOR, email="ada@example.com")

    (told,) = read(stranger, "people")["people"]

    assert (told["email"], told["role"], told["everywhere"]) == ("ada@example.com", "auditor", False)


def test_what_belongs_to_another_desk_is_not_found(admin: SignedIn, story: Seeded, database: Database) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"), prefix="9")
    paths = [
        f"cases/{other.case_id}",
        f"customers/{person_of(database, other)}",
        f"desks/{other.desk_id}",
        f"tickets/{other.ticket_id}/scores",
        f"cases?desk={other.desk_id}",
        f"audit?desk={other.desk_id}",
        f"teams?desk={other.desk_id}",
    ]

    assert {admin.get(f"/api/v1/{path}").status_code for path in paths} == {404}
    replay = f"/api/v1/deliveries/{other.dead_delivery_id}/replay"
    headers = {**ORIGIN, "X-CSRF-Token": admin.csrf}
    assert admin.client.post(replay, json={}, headers=headers).status_code == 404
    own = admin.get("/api/v1/cases").json
    assert own is not None
    assert [case["id"] for case in own["cases"]] == [story.case_id]
