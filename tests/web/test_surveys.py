"""The survey page records an answer once, a visit never, and tells nothing about anybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import links
from app.store.database import Database, Purpose
from app.store.models import Answer, Invitation, InvitationState, Person, TrackedTicket
from app.web import surveys
from app.web.surveys import Limiter
from tests.seeds import Seeded


@dataclass(frozen=True)
class Asked:
    """A survey that was sent, and its links."""

    invitation_id: int
    token: str
    way_out: str

    @property
    def page(self) -> str:
        return f"/s/{self.token}"


@pytest.fixture
def asked(database: Database, story: Seeded) -> Asked:
    token, token_hash = links.make_token(database.vault)
    change(database, story.stuck_invitation_id, token_hash=token_hash, state=InvitationState.SENT)
    change(database, story.stuck_invitation_id, expires_at=datetime.now(UTC) + timedelta(days=3))
    return Asked(
        invitation_id=story.stuck_invitation_id, token=token, way_out=links.opt_out_token(database.vault, token)
    )


def change(database: Database, invitation_id: int, **values: object) -> None:
    with database.system(Purpose.OPERATE) as session:
        row = session.get_one(Invitation, invitation_id)
        for name, value in values.items():
            setattr(row, name, value)


def answers(database: Database, asked: Asked) -> list[tuple[float, str, str | None]]:
    with database.system(Purpose.OPERATE, read=True) as session:
        rows = session.scalars(select(Answer).where(Answer.invitation_id == asked.invitation_id))
        return [
            (row.value, row.original, database.vault.open(row.sealed_comment) if row.sealed_comment else None)
            for row in rows
        ]


def test_page_asks_with_five_stars_and_free_text(stranger: FlaskClient, asked: Asked) -> None:
    page = stranger.get(asked.page)

    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert re.findall(r'type="radio" name="rating" value="(\d)"', text) == ["1", "2", "3", "4", "5"]
    assert '<textarea id="comment"' in text
    assert "checked" not in text


def test_page_has_a_way_out(stranger: FlaskClient, asked: Asked) -> None:
    assert f'href="/s/{asked.way_out}/stop"' in stranger.get(asked.page).get_data(as_text=True)


@pytest.mark.parametrize("method", ["get", "head"])
def test_hundred_visits_are_no_answer(database: Database, stranger: FlaskClient, asked: Asked, method: str) -> None:
    for number in range(100):
        assert getattr(stranger, method)(f"{asked.page}?rating={number % 6}").status_code == 200
        assert getattr(stranger, method)(f"/s/{asked.way_out}/stop").status_code == 200

    assert answers(database, asked) == []
    with database.system(Purpose.OPERATE, read=True) as session:
        assert all(person.opted_out_at is None for person in session.scalars(select(Person)))


@pytest.mark.capability("FOL-04")
def test_answer_is_recorded_with_its_words(database: Database, stranger: FlaskClient, asked: Asked) -> None:
    answer = stranger.post(asked.page, data={"rating": "4", "comment": "Thank you,\r\nit works.  "})

    assert (answer.status_code, answer.headers["Location"]) == (303, asked.page)
    assert answers(database, asked) == [(0.75, "4", "Thank you,\nit works.")]
    assert "Thank you" in stranger.get(asked.page).get_data(as_text=True)


@pytest.mark.capability("FOL-04")
def test_second_answer_changes_nothing(database: Database, stranger: FlaskClient, asked: Asked) -> None:
    stranger.post(asked.page, data={"rating": "5"})

    again = stranger.post(asked.page, data={"rating": "1", "comment": "changed my mind"})

    assert again.status_code == 303
    assert answers(database, asked) == [(1.0, "5", None)]


def test_answer_wakes_its_ticket(database: Database, stranger: FlaskClient, asked: Asked, story: Seeded) -> None:
    stranger.post(asked.page, data={"rating": "1"})

    with database.desk(story.desk_id, read=True) as session:
        ticket = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == story.ticket_id)).one()
    assert ticket.due_at is not None
    assert ticket.dirty > ticket.done


@pytest.mark.parametrize("rating", ["1", "3", "5"])
def test_link_may_choose_beforehand_but_not_answer(stranger: FlaskClient, asked: Asked, rating: str) -> None:
    text = stranger.get(f"{asked.page}?rating={rating}").get_data(as_text=True)

    assert re.findall(r'value="(\d)" required checked', text) == [rating]


@pytest.mark.parametrize("rating", ["", "0", "6", "45", "five", "-1", "1.5", "²", "<script>"])
def test_answer_without_a_choice_is_asked_again_and_keeps_the_words(
    database: Database, stranger: FlaskClient, asked: Asked, rating: str
) -> None:
    page = stranger.post(asked.page, data={"rating": rating, "comment": "some <b>words</b>"})

    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert "Please choose one of the five answers." in text
    assert "some &lt;b&gt;words&lt;/b&gt;</textarea>" in text
    assert answers(database, asked) == []


def test_words_have_a_limit_and_are_not_lost_by_it(database: Database, stranger: FlaskClient, asked: Asked) -> None:
    page = stranger.post(asked.page, data={"rating": "2", "comment": "x" * 2001})

    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert "That is 2001 characters; please keep to 2000." in text
    assert "x" * 2001 in text
    assert re.findall(r'value="(\d)" required checked', text) == ["2"]
    assert answers(database, asked) == []


def test_line_breaks_count_once(database: Database, stranger: FlaskClient, asked: Asked) -> None:
    words = "\r\n".join(["x"] * 1000) + "y"

    assert stranger.post(asked.page, data={"rating": "2", "comment": words}).status_code == 303
    assert len(answers(database, asked)) == 1


@pytest.mark.parametrize("comment", ["\x00", "שלום \u202e", "😀" * 2000, "%s {{ 7 * 7 }}"])
def test_odd_words_are_kept_as_words(database: Database, stranger: FlaskClient, asked: Asked, comment: str) -> None:
    assert stranger.post(asked.page, data={"rating": "2", "comment": comment}).status_code == 303

    assert answers(database, asked)[0][2] == (comment.replace("\x00", "").strip() or None)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("spoil", ["cut", "changed", "longer", "made up", "way out", "foreign"])
def test_link_that_is_not_ours_gets_the_same_friendly_page(
    stranger: FlaskClient, asked: Asked, method: str, spoil: str
) -> None:
    foreign = "A" * 44
    token = {
        "cut": asked.token[:-1],
        "changed": ("A" if asked.token[0] != "A" else "B") + asked.token[1:],
        "longer": asked.token + "A",
        "made up": "hello",
        "way out": asked.way_out,
        "foreign": foreign,
    }[spoil]

    page = getattr(stranger, method)(f"/s/{token}", data={"rating": "5"})

    assert page.status_code == 404
    assert page.get_data() == stranger.get(f"/s/{foreign}").get_data()
    assert "We do not know this link" in page.get_data(as_text=True)


def test_signed_link_of_an_erased_invitation_is_unknown(
    database: Database, stranger: FlaskClient, desk_id: int
) -> None:
    token, _ = links.make_token(database.vault)

    assert stranger.get(f"/s/{token}").status_code == 404
    assert stranger.post(f"/s/{token}", data={"rating": "5"}).status_code == 404


@pytest.mark.parametrize(
    "values",
    [{"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"state": InvitationState.CANCELLED}],
    ids=["expired", "cancelled"],
)
@pytest.mark.parametrize("rating", ["5", ""])
def test_closed_question_says_so_and_records_nothing(
    database: Database, stranger: FlaskClient, asked: Asked, values: dict[str, object], rating: str
) -> None:
    change(database, asked.invitation_id, **values)

    page = stranger.post(asked.page, data={"rating": rating}, follow_redirects=True)

    assert page.status_code == 410
    assert "closed" in page.get_data(as_text=True)
    assert answers(database, asked) == []


def test_person_can_stop_all_questions(database: Database, stranger: FlaskClient, asked: Asked) -> None:
    page = stranger.post(f"/s/{asked.way_out}/stop")

    assert page.status_code == 200
    assert "not get questions like this one again" in page.get_data(as_text=True)
    with database.system(Purpose.OPERATE, read=True) as session:
        row = session.get_one(Invitation, asked.invitation_id)
        assert row.person_id is not None
        assert session.get_one(Person, row.person_id).opted_out_at is not None


def test_mail_programs_stop_button_works(stranger: FlaskClient, asked: Asked) -> None:
    page = stranger.post(f"/s/{asked.way_out}/stop", data={"List-Unsubscribe": "One-Click"})

    assert page.status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_survey_link_itself_stops_nothing(stranger: FlaskClient, asked: Asked, method: str) -> None:
    assert getattr(stranger, method)(f"{asked.page}/stop").status_code == 404


def test_way_out_of_an_erased_invitation_is_unknown(database: Database, stranger: FlaskClient) -> None:
    token, _ = links.make_token(database.vault)

    page = stranger.post(f"/s/{links.opt_out_token(database.vault, token)}/stop")

    assert page.status_code == 404


def test_link_is_kept_from_everybody_else(stranger: FlaskClient, asked: Asked) -> None:
    for path in (asked.page, "/s/unknown", f"/s/{asked.way_out}/stop"):
        headers = stranger.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers


def test_page_needs_no_script_and_nothing_from_elsewhere(stranger: FlaskClient, asked: Asked) -> None:
    text = stranger.get(asked.page).get_data(as_text=True)

    assert "<script" not in text
    assert " style=" not in text
    assert all(address.startswith("/") for address in re.findall(r'(?:href|src|action)="([^"]*)"', text))


def test_page_tells_nothing_about_the_person(stranger: FlaskClient, asked: Asked, story: Seeded) -> None:
    text = stranger.get(asked.page).get_data(as_text=True)

    assert not [word for word in ("Mira", "mira@", "parcel", story.ticket_id) if word in text]


def test_page_reads_in_both_directions(stranger: FlaskClient, asked: Asked, web_app: Flask) -> None:
    text = stranger.get(asked.page).get_data(as_text=True)
    assert web_app.static_folder is not None
    with open(f"{web_app.static_folder}/survey.css", encoding="utf-8") as file:
        css = file.read()

    assert 'dir="auto"' in text
    assert re.search(r"(margin|padding|border)-(left|right)|text-align:\s*(left|right)|float:", css) is None


def test_fifth_answer_in_a_minute_is_the_last_for_a_link(stranger: FlaskClient, asked: Asked) -> None:
    codes = [stranger.post(asked.page, data={"rating": ""}).status_code for _ in range(6)]

    assert codes == [422] * 5 + [429]


def test_tenth_answer_in_a_minute_is_the_last_for_an_address(
    database: Database, stranger: FlaskClient, asked: Asked
) -> None:
    codes = [stranger.post(f"/s/{asked.way_out}/stop").status_code for _ in range(5)]
    codes += [stranger.post(asked.page, data={"rating": ""}).status_code for _ in range(5)]
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}

    assert 429 in codes
    slow = stranger.post(asked.page, data={"rating": "5"})
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "60")
    assert answers(database, asked) == []
    assert stranger.post("/s/unknown", environ_overrides=elsewhere).status_code == 404


class FakeTimer:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_limit_slides() -> None:
    timer = FakeTimer()
    limiter = Limiter(2, 60.0, timer)
    limiter.allows("a")
    timer.now = 30.0
    limiter.allows("a")

    timer.now = 59.0
    early = limiter.allows("a")
    timer.now = 60.0
    later = limiter.allows("a")

    assert (early, later, limiter.allows("a"), limiter.allows("b")) == (False, True, False, True)


def test_limit_forgets_strangers() -> None:
    timer = FakeTimer()
    limiter = Limiter(1, 60.0, timer)
    for number in range(10_001):
        limiter.allows(str(number))
    timer.now = 61.0

    limiter.allows("again")

    assert len(limiter._seen) == 1


def test_values_reach_from_nought_to_one() -> None:
    assert [(number - 1) / 4 for number, _ in surveys.STARS] == [0, 0.25, 0.5, 0.75, 1]
