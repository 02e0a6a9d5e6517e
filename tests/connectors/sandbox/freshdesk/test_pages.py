"""The pages and the choice of a vendor, at a Freshdesk account."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.freshdesk.parts import Api
from tests.connectors.sandbox.parts import Clock, Play


def html(play: Play, path: str) -> str:
    answer = play.get(play.url + path, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_ticket_stands_under_the_vendors_own_path(play: Play) -> None:
    ticket_id = play.ticket(subject="A lamp")

    assert "A lamp" in html(play, f"/a/tickets/{ticket_id}")


def test_statuses_are_shown_in_the_vendors_words(api: Api, play: Play) -> None:
    resolved, waiting = play.ticket(), play.ticket()
    api("PUT", f"tickets/{resolved}", status=4)
    api("PUT", f"tickets/{waiting}", status=7)

    page = html(play, "/")

    assert ">Resolved<" in page
    assert ">Waiting on Third Party<" in page
    assert ">Resolved<" in html(play, f"/agent/tickets/{resolved}")


def test_the_buttons_of_a_ticket_work(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    for act in ("rate_bad", "solve"):
        play.post(f"{play.url}/agent/tickets/{ticket_id}/act", data={"act": act}, timeout=5)

    assert api.read(f"tickets/{ticket_id}")["status"] == 4
    assert "Extremely unhappy" in html(play, f"/agent/tickets/{ticket_id}")


def test_a_closed_ticket_can_be_reopened_by_its_button(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play(f"tickets/{ticket_id}/close")

    page = html(play, f"/agent/tickets/{ticket_id}")
    play.post(f"{play.url}/agent/tickets/{ticket_id}/act", data={"act": "reopen"}, timeout=5)

    assert "disabled" not in page
    assert api.read(f"tickets/{ticket_id}")["status"] == 2


def test_a_file_keeps_its_vendor(file: Path, clock: Clock) -> None:
    again = Sandbox(file=file, now=clock, smtp_port=None)

    vendor = again.account.vendor
    again.stop()

    assert vendor == "freshdesk"


@pytest.mark.parametrize("vendor", ["zendesk", "phone"])
def test_a_file_is_not_opened_as_another_vendors_and_stays_free(file: Path, clock: Clock, vendor: str) -> None:
    with pytest.raises(ValueError, match="vendor"):
        Sandbox(file=file, now=clock, smtp_port=None, vendor=vendor)

    Sandbox(file=file, now=clock, smtp_port=None, vendor="freshdesk").stop()


def test_a_host_of_another_vendor_is_turned_away(api: Api) -> None:
    answers = [
        api.get(f"{api.root}/agents/me", headers={"Host": f"sandbox.{domain}"}, timeout=5).status_code
        for domain in ("freshdesk.com", "zendesk.com")
    ]

    assert answers == [200, 421]
