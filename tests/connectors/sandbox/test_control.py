"""The control surface: playing people, and what it says about the state of things."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.parts import Api, Clock, Play, wait_until


def test_a_ticket_is_opened_with_what_the_customer_brings(play: Play) -> None:
    ticket_id = play.ticket("Broken", external_id="shop-7", tags=["VIP "])

    state = play.state(ticket_id)

    assert (state["external_id"], state["subject"], state["tags"]) == ("shop-7", "Parcel", ["vip"])
    assert state["requester"]["email"] == "customer@example.com"
    assert [ticket["id"] for ticket in play.read("tickets?external_id=shop-7")["tickets"]] == [ticket_id]
    assert play.read("tickets?external_id=other")["tickets"] == []


def test_a_ticket_without_a_subject_takes_its_first_words(play: Play) -> None:
    ticket_id = play.ticket("The lamp does not light up.", subject="")

    assert play.state(ticket_id)["subject"] == "The lamp does not light up."


def test_the_same_address_is_the_same_customer(play: Play) -> None:
    first, second = play.ticket(email="A@example.com"), play.ticket(email="a@example.com")

    assert play.state(first)["requester"] == play.state(second)["requester"]


def test_everybody_can_write(play: Play, sandbox: Sandbox) -> None:
    ticket_id, agent = play.ticket(), sandbox.account.agent_ids[2]
    say = f"tickets/{ticket_id}/comments"

    play(say, text="as the customer")
    play(say, text="in copy", author_email="friend@example.com")
    play(say, **{"as": "agent", "text": "as an agent", "agent_id": agent})
    play(say, **{"as": "agent", "text": "among us", "public": False})
    play(say, **{"as": "bot", "text": "automatic"})

    comments = play.state(ticket_id)["comments"][1:]
    assert [(comment["role"], comment["author"], comment["public"]) for comment in comments] == [
        ("customer", "A customer", True),
        ("copied", "friend", True),
        ("agent", "Agent Three", True),
        ("agent", "Agent One", False),
        ("bot", "System", True),
    ]


def test_a_person_in_copy_is_in_the_tickets_copies(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    play(f"tickets/{ticket_id}/comments", text="Hi", author_email="friend@example.com")

    ticket = api.read(f"tickets/{ticket_id}")["ticket"]
    assert [api.read(f"users/{person}")["user"]["email"] for person in ticket["email_cc_ids"]] == ["friend@example.com"]


def test_the_bot_has_no_user_behind_it(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/comments", **{"as": "bot", "text": "automatic"})

    page = api.read(f"tickets/{ticket_id}/comments?include=users&page[size]=10")

    assert (page["comments"][-1]["author_id"], page["comments"][-1]["via"]["channel"]) == (-1, "rule")
    assert [user["name"] for user in page["users"]] == ["A customer"]


def test_an_agent_changes_what_a_ticket_is(play: Play, sandbox: Sandbox) -> None:
    ticket_id, account = play.ticket(), sandbox.account

    play(f"tickets/{ticket_id}/update", group_id=account.group_ids["Recovery"], assignee_id=account.agent_ids[0])
    play(f"tickets/{ticket_id}/update", status="solved", additional_tags=["done"], agent_id=str(account.agent_ids[0]))

    state = play.state(ticket_id)
    assert (state["group"], state["assignee"], state["status"]) == ("Recovery", "Agent One", "solved")
    assert (state["tags"], state["assignee_id"]) == (["done"], str(account.agent_ids[0]))


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("tickets", {}, 400),
        ("tickets", {"email": "nobody", "text": "x"}, 400),
        ("tickets", {"email": "a@example.com", "text": "x", "tags": "y"}, 400),
        ("tickets/1/comments", {"text": " "}, 400),
        ("tickets/1/comments", {"text": "x", "as": "ghost"}, 400),
        ("tickets/1/comments", {"text": "x", "public": 1}, 400),
        ("tickets/1/comments", {"text": "x", "as": "agent", "agent_id": 12}, 404),
        ("tickets/1/comments", {"text": "x", "as": "agent", "agent_id": "x"}, 400),
        ("tickets/9/comments", {"text": "x"}, 404),
        ("tickets/1/update", {"status": "lost"}, 422),
        ("tickets/1/rating", {"score": 6}, 400),
        ("tickets/1/rating", {"score": True}, 400),
        ("tickets/1/rating", {"score": "bad"}, 422),
        ("tickets/1/merge", {"into": 1}, 400),
        ("tickets/1/merge", {"into": 9}, 404),
        ("tickets/9/close", {}, 404),
        ("settings", {"csat": "stars"}, 422),
        ("settings", {"moon": 1}, 422),
        ("settings", {"sidebar_url": "javascript:alert(1)"}, 422),
    ],
)
def test_what_cannot_be_is_refused(play: Play, path: str, body: dict[str, Any], status: int) -> None:
    play.ticket()

    assert play.try_to(path, **body).status_code == status


def test_a_form_is_not_json(play: Play) -> None:
    answer = play.post(f"{play.url}/sandbox/tickets", data={"email": "a@example.com", "text": "x"}, timeout=5)

    assert (answer.status_code, play.read("tickets")["tickets"]) == (400, [])


def test_a_body_that_is_too_large(play: Play) -> None:
    answer = play.post(f"{play.url}/sandbox/tickets", json={"text": "x" * 5_000_000}, timeout=10)

    assert answer.status_code == 413


def test_deleted_tickets_can_still_be_looked_at(play: Play) -> None:
    ticket_id = play.ticket()

    play(f"tickets/{ticket_id}/delete")

    assert play.state(ticket_id)["status"] == "deleted"


def test_the_tickets_that_changed_last(play: Play) -> None:
    first, second, third = (play.ticket() for _ in range(3))
    play(f"tickets/{first}/comments", text="Again")

    newest = [ticket["id"] for ticket in play.read("tickets?newest=2")["tickets"]]

    assert (newest, second < third) == ([first, third], True)


def test_ratings_are_part_of_the_state(play: Play) -> None:
    ticket_id = play.ticket()

    play(f"tickets/{ticket_id}/rating", score=2, comment="Meh")

    assert play.state(ticket_id)["ratings"] == [{"score": 2, "comment": "Meh"}]


def test_playing_is_not_counted_but_calls_are(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    api("GET", f"tickets/{ticket_id}.json")
    api("GET", "no/such/thing")

    stats = play.read("stats")

    assert (stats["reads"], stats["writes"], stats["deliveries"]) == (2, 0, 0)
    assert stats["by_call"] == {"GET <path:unknown>": 1, "GET tickets/<int:ticket_id>": 1}


def test_an_unknown_ticket(play: Play) -> None:
    answer = play.get(f"{play.url}/sandbox/tickets/404.json", timeout=5)

    assert (answer.status_code, answer.json()["error"]) == (404, "RecordNotFound")


class TestMail:
    @pytest.fixture
    def mailing(self, file: Path, clock: Clock) -> Iterator[Sandbox]:
        running = Sandbox(file=file, now=clock)
        running.start()
        yield running
        running.stop()

    def send(self, sandbox: Sandbox, *to: str, text: str = "Hello", subtype: str = "plain") -> None:
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = "Wie war's? ✓", "desk@example.com", ", ".join(to)
        message.set_content(text, subtype=subtype)
        assert sandbox.smtp_port is not None
        with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
            smtp.send_message(message)

    def test_a_mail_is_kept_for_each_who_got_it(self, mailing: Sandbox) -> None:
        self.send(mailing, "one@example.com", "two@example.com", text="Größe: https://example.com/s/1\n")

        with Play(mailing) as play:
            found = play.read("mail?to=TWO@example.com")["mail"]

        assert [(mail["subject"], mail["sender"]) for mail in found] == [("Wie war's? ✓", "desk@example.com")]
        assert found[0]["text"] == "Größe: https://example.com/s/1\n"

    def test_the_newest_mail_is_first(self, mailing: Sandbox) -> None:
        for number in range(2):
            self.send(mailing, "one@example.com", text=f"{number}")

        with Play(mailing) as play:
            texts = [mail["text"] for mail in play.read("mail.json")["mail"]]

        assert texts == ["1\n", "0\n"]

    def test_a_mail_of_html_only_is_kept_as_it_is(self, mailing: Sandbox) -> None:
        self.send(mailing, "one@example.com", text="<p>Hi</p>", subtype="html")

        with Play(mailing) as play:
            assert play.read("mail")["mail"][0]["text"] == "<p>Hi</p>\n"

    def test_an_open_connection_does_not_hold_up_the_stop(self, mailing: Sandbox) -> None:
        assert mailing.smtp_port is not None
        with smtplib.SMTP("127.0.0.1", mailing.smtp_port, timeout=5) as smtp:
            smtp.ehlo()
            mailing.stop()
            wait_until(lambda: not mailing.smtp_port or smtp.sock is not None)
            smtp.close()
