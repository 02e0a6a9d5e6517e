"""Rules that solve, redactions, notes out of replies, and follow-ups of closed tickets, as the vendor shows them."""

from __future__ import annotations

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.fates import BLOCK
from tests.connectors.sandbox.parts import Api, Play


def test_what_a_rule_changes_carries_the_rule_in_its_audit(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    play(f"tickets/{ticket_id}/automation", status="solved", title="Solve what is pending")

    audit = api.read(f"tickets/{ticket_id}/audits")["audits"][-1]
    assert (audit["author_id"], audit["via"]["channel"]) == (-1, "rule")
    (event,) = audit["events"]
    assert (event["field_name"], event["value"]) == ("status", "solved")
    assert event["via"]["source"]["from"]["title"] == "Solve what is pending"
    assert "rule" not in event


@pytest.mark.parametrize("body", [{"status": 5}, {"status": "solved", "title": 5}, {"status": "nonsense"}])
def test_a_rule_needs_a_status_and_a_title(play: Play, body: dict[str, object]) -> None:
    assert play.try_to(f"tickets/{play.ticket()}/automation", **body).status_code in (400, 422)


def test_redacted_words_are_gone_from_comment_and_audit(api: Api, play: Play) -> None:
    ticket_id = play.ticket("My number is 4711, please call.")
    comment = api.read(f"tickets/{ticket_id}/comments")["comments"][0]

    play(f"tickets/{ticket_id}/comments/{comment['id']}/redact", text="4711")

    shown = api.read(f"tickets/{ticket_id}/comments")["comments"][0]
    assert shown["plain_body"] == f"My number is {BLOCK * 4}, please call."
    assert "4711" not in str(api.read(f"tickets/{ticket_id}/audits"))


def test_words_that_are_not_there_cannot_be_redacted(api: Api, play: Play) -> None:
    ticket_id = play.ticket("Hello")
    comment = api.read(f"tickets/{ticket_id}/comments")["comments"][0]

    assert play.try_to(f"tickets/{ticket_id}/comments/{comment['id']}/redact", text="x4711").status_code == 422
    assert play.try_to(f"tickets/{ticket_id}/comments/999/redact", text="").status_code == 404


def test_a_hidden_comment_is_an_internal_note(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    comment = api.read(f"tickets/{ticket_id}/comments")["comments"][0]

    play(f"tickets/{ticket_id}/comments/{comment['id']}/hide", sure=True)

    assert api.read(f"tickets/{ticket_id}/comments")["comments"][0]["public"] is False


def test_a_closed_ticket_can_be_followed_up(api: Api, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/close")
    requester = api.read(f"tickets/{ticket_id}")["ticket"]["requester_id"]
    ticket = {"subject": "On", "requester_id": requester, "comment": {"body": "It goes on."}}

    made = api("POST", "tickets", ticket={**ticket, "via_followup_source_id": ticket_id}).json()["ticket"]

    assert made["via"]["source"] == {"from": {"ticket_id": ticket_id}, "rel": "follow_up"}
    assert api.read(f"tickets/{ticket_id}")["ticket"]["followup_ids"] == [made["id"]]
    assert api.read(f"tickets/{made['id']}")["ticket"]["followup_ids"] == []


def test_an_open_ticket_cannot(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    ticket = {"subject": "On", "comment": {"body": "It goes on."}, "via_followup_source_id": ticket_id}

    answer = api("POST", "tickets", ticket=ticket)

    assert answer.status_code == 422
    assert "closed" in answer.text


def test_a_form_of_another_site_plays_nothing(play: Play) -> None:
    answer = play.post(f"{play.url}/sandbox/tickets/{play.ticket()}/automation", data={"status": "solved"}, timeout=5)

    assert answer.status_code == 400
