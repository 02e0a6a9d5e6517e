"""The Freshworks app's own files: what they name is there, and nothing of a secret or of a stranger's HTML gets in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

APP = Path(__file__).parents[3] / "connectors" / "freshdesk" / "app"
PAGE, SCRIPT, SERVER = (APP / name for name in ("app/index.html", "app/scripts/app.js", "server/server.js"))


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((APP / name).read_text())
    return found


def test_every_event_has_its_handler_in_the_server_script() -> None:
    events = document("manifest.json")["modules"]["support_ticket"]["events"]

    handlers = {event["handler"] for event in events.values()}

    assert {"onTicketCreate", "onTicketUpdate", "onTicketDelete", "onConversationCreate"} <= set(events)
    assert all(re.search(rf"\b{handler}: function", SERVER.read_text()) for handler in handlers)


def test_the_app_hears_of_everything_that_takes_words_away() -> None:
    events = document("manifest.json")["modules"]["support_ticket"]["events"]

    told = {name: events[name]["handler"] for name in events if name.startswith("onConversation")}

    assert told == dict.fromkeys(
        ["onConversationCreate", "onConversationUpdate", "onConversationDelete"], "tellOfConversation"
    )


def test_request_templates_are_declared_written_and_used() -> None:
    declared = set(document("manifest.json")["modules"]["common"]["requests"])
    used = set(re.findall(r'invokeTemplate\("(\w+)"', SCRIPT.read_text() + SERVER.read_text()))

    assert declared == set(document("config/requests.json")) == used


def test_templates_take_only_settings_that_are_asked_for() -> None:
    taken = set(re.findall(r"iparam\.(\w+)", (APP / "config/requests.json").read_text()))

    assert taken == set(document("config/iparams.json"))


@pytest.mark.parametrize("name", ["webhook_secret", "sidebar_key"])
def test_secrets_stay_with_freshworks(name: str) -> None:
    assert document("config/iparams.json")[name]["secure"] is True
    assert name not in PAGE.read_text() + SCRIPT.read_text() + SERVER.read_text()


def test_the_page_writes_text_and_never_html() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", SCRIPT.read_text())


def test_nobodys_word_for_who_is_looking_goes_along() -> None:
    assert "loggedInUser" not in SCRIPT.read_text()
    assert re.findall(r"JSON\.stringify\((\{.*?\})\)", SCRIPT.read_text()) == [
        '{ reply: byId("reply").value }',
        "{ ticket_id: data.ticket.id }",
    ]


def test_every_place_that_the_script_writes_to_is_on_the_page() -> None:
    named = set(re.findall(r'(?:byId|write)\("([\w-]+)"', SCRIPT.read_text()))

    assert named <= set(re.findall(r'id="([\w-]+)"', PAGE.read_text()))


def test_what_page_and_manifest_point_to_is_there() -> None:
    location = document("manifest.json")["modules"]["support_ticket"]["location"]["ticket_sidebar"]
    named = re.findall(r'(?:href|src)="((?:styles|scripts)/[^"]+)"', PAGE.read_text())

    assert all((APP / "app" / name).is_file() for name in [location["url"], location["icon"], *named])
