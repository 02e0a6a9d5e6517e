"""The agents' sidebar: opened once by a signed token, then by a bearer of its own desk; no cookie anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update
from werkzeug.test import TestResponse

from app.store.database import Database, Purpose
from app.store.models import DecisionRow, Desk, Launch, RecoveryCase, Role, TrackedTicket
from tests import seeds
from tests.seeds import Seeded
from tests.web.launching import Claims, sidebar_settings, signed
from tests.web.people import SignedIn


@pytest.fixture
def desk_id(database: Database) -> int:
    return seeds.add_desk(database, **sidebar_settings())


def launch(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/sidebar/zendesk?origin=https%3A%2F%2Fexample.zendesk.com&app_guid=g1", data={"token": token})


def bearer_of(answer: TestResponse) -> str:
    found = re.search(r'name="kintsugi-bearer" content="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def look(client: FlaskClient, bearer: str, ticket_id: str) -> TestResponse:
    return client.get(f"/sidebar/zendesk/ticket/{ticket_id}", headers={"Authorization": f"Bearer {bearer}"})


@pytest.fixture
def bearer(stranger: FlaskClient, desk_id: int) -> str:
    return bearer_of(launch(stranger, signed()))


@pytest.mark.capability("SCO-04")
def test_the_sidebar_shows_state_score_trend_reasons_and_steps(
    stranger: FlaskClient, story: Seeded, bearer: str
) -> None:
    page = look(stranger, bearer, story.ticket_id).text

    for said in ("Poor, worsening", ">31<", "\u221227", "since the last message", "Not the first contact about this"):
        assert said in page
    assert "<polyline" in page
    assert "This is the third time I write</span>" in page
    assert "Assign to the least loaded member" in page
    assert "Needs a decision" in page


def test_a_ticket_without_a_case_says_why_nothing_is_done(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    page = look(stranger, bearer, story.quiet_ticket_id).text

    assert "Why nothing is done" in page
    assert "Not eligible: it wants satisfaction state is “Poor, worsening”" in page
    assert "The first message so far" in page


@pytest.mark.capability("PRO-03")
def test_the_protocol_for_the_cause_is_there_with_its_steps(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    page = look(stranger, bearer, story.ticket_id).text

    guide = page[page.index("What the protocols say to do") :]
    assert "Late parcel" in guide[: guide.index("</summary>")]
    assert "<li>Assign to" in guide


def test_a_ticket_that_was_not_scored_says_why(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    page = look(stranger, bearer, "4713").text

    assert "Not scored yet" in page
    assert "the customer has not written anything" in page


def test_a_ticket_that_was_given_up_says_so(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(
            update(TrackedTicket)
            .where(TrackedTicket.ticket_id == "4713")
            .values(dead_at=seeds.NOW, unscored_reason=None)
        )

    assert "Given up after repeated errors" in look(stranger, bearer, "4713").text


def test_a_desk_without_protocols_says_that(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(RecoveryCase).values(open_key=None))
        session.execute(delete(DecisionRow))

    assert "No protocol is in force" in look(stranger, bearer, story.ticket_id).text


def test_an_unknown_ticket_is_not_found(stranger: FlaskClient, bearer: str) -> None:
    assert look(stranger, bearer, "999").status_code == 404


def test_a_token_opens_the_sidebar_once(stranger: FlaskClient, desk_id: int) -> None:
    token = signed()

    answers = [launch(stranger, token).status_code for _ in range(3)]

    assert answers == [200, 401, 401]


def test_a_token_without_an_id_opens_the_sidebar_once(stranger: FlaskClient, desk_id: int) -> None:
    token = signed(Claims(jti=None))

    assert [launch(stranger, token).status_code for _ in range(2)] == [200, 401]


@pytest.mark.parametrize(
    "make",
    [
        lambda: "",
        lambda: "nonsense",
        lambda: signed(by="stranger"),
        lambda: signed(Claims(lifetime=timedelta(hours=1))),
        lambda: signed(Claims(subdomain="other")),
    ],
    ids=["none", "nonsense", "another key", "too long", "another desk"],
)
def test_a_token_that_proves_nothing_opens_nothing(
    stranger: FlaskClient, desk_id: int, make: Callable[[], str]
) -> None:
    answer = launch(stranger, make())

    assert answer.status_code == 401
    assert "kintsugi-bearer" not in answer.text


def test_only_the_desks_own_helpdesk_may_frame_the_sidebar(stranger: FlaskClient, desk_id: int) -> None:
    answer = launch(stranger, signed())

    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://example.zendesk.com")
    assert "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js;" in policy
    assert "X-Frame-Options" not in answer.headers


def test_a_sandbox_frames_from_where_it_listens(stranger: FlaskClient, desk_id: int, database: Database) -> None:
    with database.system(Purpose.OPERATE) as session:
        session.get_one(Desk, desk_id).base_url = "http://127.0.0.1:8001"

    answer = launch(stranger, signed())

    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors http://127.0.0.1:8001")
    assert "script-src 'self' http://127.0.0.1:8001/sandbox/zaf_sdk.js;" in policy
    assert '<script src="http://127.0.0.1:8001/sandbox/zaf_sdk.js">' in answer.text
    assert 'name="kintsugi-every" content="3"' in answer.text


def test_a_refused_token_of_nobody_may_be_framed_by_nobody(stranger: FlaskClient, desk_id: int) -> None:
    answer = launch(stranger, signed(Claims(subdomain="evil")))

    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


def test_no_cookie_is_ever_set(stranger: FlaskClient, story: Seeded) -> None:
    opened = launch(stranger, signed())

    fragment = look(stranger, bearer_of(opened), story.ticket_id)

    assert "Set-Cookie" not in opened.headers
    assert "Set-Cookie" not in fragment.headers


def test_a_signed_in_browser_is_not_enough(person: Callable[..., SignedIn], story: Seeded) -> None:
    answer = person(Role.ADMIN).get(f"/sidebar/zendesk/ticket/{story.ticket_id}")

    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic eDp5", "bearer\u00a0x"])
def test_without_its_bearer_nothing_is_shown(stranger: FlaskClient, story: Seeded, header: str) -> None:
    answer = stranger.get(f"/sidebar/zendesk/ticket/{story.ticket_id}", headers={"Authorization": header})

    assert answer.status_code == 401


def test_a_bearer_ends_after_half_an_hour(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        (launched,) = session.query(Launch).all()
        assert launched.expires_at - launched.created_at == timedelta(minutes=30)
        launched.expires_at = datetime.now(UTC)

    assert look(stranger, bearer, story.ticket_id).status_code == 401


def test_a_bearer_of_one_desk_is_useless_at_another(
    web_app: Flask, stranger: FlaskClient, story: Seeded, database: Database
) -> None:
    second = seeds.add_desk(database, "Second shop", **sidebar_settings("second", "360002"))
    other = seeds.add_story(database, second, prefix="9")
    claims = Claims(subdomain="second", installation="360002")
    theirs = bearer_of(launch(stranger, signed(claims, by="second")))

    assert look(stranger, theirs, other.ticket_id).status_code == 200
    assert look(stranger, theirs, story.ticket_id).status_code == 404


def test_one_desks_key_opens_no_other_desk(stranger: FlaskClient, desk_id: int, database: Database) -> None:
    seeds.add_desk(database, "Second shop", **sidebar_settings("second", "360002"))

    answer = launch(stranger, signed(Claims(subdomain="second", installation="360002"), by="helpdesk"))

    assert answer.status_code == 401


def test_hostile_words_stay_words_in_the_sidebar(stranger: FlaskClient, desk_id: int, database: Database) -> None:
    story = seeds.add_story(database, desk_id, words="<img src=x onerror=alert(1)>")

    page = look(stranger, bearer_of(launch(stranger, signed())), story.ticket_id).text

    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_opened_by_hand_it_explains_itself(stranger: FlaskClient) -> None:
    assert "lives inside your helpdesk" in stranger.get("/sidebar/zendesk").text
