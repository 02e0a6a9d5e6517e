"""The pages without a browser: what they show, that their forms work, and that they let nothing foreign in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from connectors.sandbox import Sandbox
from connectors.sandbox.pages import linked
from tests.connectors.sandbox.parts import Api, Play

SIDEBAR = "http://127.0.0.1:8123/zendesk/sidebar?desk=7"


class Found(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def get(play: Play, path: str) -> requests.Response:
    return play.get(play.url + path, timeout=5)


def send(play: Play, path: str, **form: str) -> requests.Response:
    return play.post(play.url + path, data=form, headers={"Origin": play.url}, timeout=5)


def test_the_inbox_lists_tickets_with_what_matters(play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket(subject="A lamp", tags=["sat_poor_worsening"])
    play(f"tickets/{ticket_id}/update", group_id=sandbox.account.group_ids["Recovery"])

    html = get(play, "/").text

    assert all(word in html for word in ("A lamp", "sat_poor_worsening", "Recovery", "nobody", "status-new"))


def test_an_empty_inbox_says_so(play: Play) -> None:
    assert "No ticket yet" in get(play, "/").text


def test_writing_as_a_new_customer_leads_to_the_ticket(play: Play) -> None:
    answer = send(play, "/tickets", name="Somebody", email="some@example.com", subject="Lamp", text="It broke")

    assert answer.url == f"{play.url}/agent/tickets/1"
    assert play.state(1)["requester"]["name"] == "Somebody"


def test_the_thread_keeps_internal_notes_apart(play: Play) -> None:
    ticket_id = play.ticket("Customer's words")
    play(f"tickets/{ticket_id}/comments", **{"as": "agent", "text": "Internal words", "public": False})

    classes = [item["class"] for item in Found(get(play, f"/tickets/{ticket_id}").text).all("li") if "class" in item]

    assert classes[:2] == ["comment from-customer", "comment from-agent note"]


@pytest.mark.parametrize(
    ("form", "role", "public"),
    [
        ({"as": "customer"}, "customer", True),
        ({"as": "agent"}, "agent", True),
        ({"as": "agent", "kind": "note"}, "agent", False),
    ],
)
def test_replying(play: Play, form: dict[str, str], role: str, public: bool) -> None:
    ticket_id = play.ticket()

    send(play, f"/agent/tickets/{ticket_id}/reply", text="So be it", **form)

    last = play.state(ticket_id)["comments"][-1]
    assert (last["text"], last["role"], last["public"]) == ("So be it", role, public)


def test_the_buttons(play: Play) -> None:
    ticket_id = play.ticket()
    seen = []
    for name in ("pending", "solve", "reopen"):
        send(play, f"/agent/tickets/{ticket_id}/act", act=name)
        seen.append(play.state(ticket_id)["status"])

    assert seen == ["pending", "solved", "open"]


@pytest.mark.parametrize(("system", "scores"), [("survey", [5, 1]), ("legacy", ["bad"])])
def test_rating_good_and_bad_in_both_systems(play: Play, system: str, scores: list[Any]) -> None:
    play("settings", csat=system)
    ticket_id = play.ticket()
    for name in ("rate_good", "rate_bad"):
        send(play, f"/agent/tickets/{ticket_id}/act", act=name)

    assert [rating["score"] for rating in play.state(ticket_id)["ratings"]] == scores


def test_deleting_leads_back_to_the_inbox(play: Play) -> None:
    ticket_id = play.ticket()

    answer = send(play, f"/agent/tickets/{ticket_id}/act", act="delete")

    assert (answer.url, play.state(ticket_id)["status"]) == (f"{play.url}/", "deleted")


def test_properties_left_empty_stay(play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket(tags=["old", "kept"])
    group_id = str(sandbox.account.group_ids["Recovery"])

    send(
        play,
        f"/agent/tickets/{ticket_id}/properties",
        group_id=group_id,
        assignee_id="",
        priority="high",
        add_tags="New",
        remove_tags="old",
    )

    state = play.state(ticket_id)
    assert (state["group_id"], state["assignee"], state["priority"]) == (group_id, None, "high")
    assert state["tags"] == ["kept", "new"]


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/agent/tickets/1/reply", {"text": ""}, 422),
        ("/agent/tickets/1/act", {"act": "explode"}, 422),
        ("/agent/tickets/9/act", {"act": "solve"}, 404),
        ("/tickets", {"email": "x", "text": "y"}, 422),
    ],
)
def test_a_form_that_cannot_be_is_answered_with_a_page(
    play: Play, path: str, form: dict[str, str], status: int
) -> None:
    play.ticket()

    answer = send(play, path, **form)

    assert (answer.status_code, "That did not work" in answer.text) == (status, True)


def test_a_form_from_another_site_is_refused(play: Play) -> None:
    form = {"email": "a@example.com", "text": "x"}

    answer = play.post(f"{play.url}/tickets", data=form, headers={"Origin": "https://example.org"}, timeout=5)

    assert (answer.status_code, play.read("tickets")["tickets"]) == (403, [])


@pytest.mark.parametrize("path", ["/", "/mail", "/agent/tickets/1", "/agent/tickets/404"])
def test_every_page_has_a_strict_policy_and_nothing_inline(play: Play, path: str) -> None:
    play.ticket()

    answer = get(play, path)

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    found = Found(answer.text)
    assert all(script.get("src") for script in found.all("script"))
    assert not found.all("style")
    assert not [
        tag for tag, attributes in found.tags if "style" in attributes or any(n.startswith("on") for n in attributes)
    ]


def test_every_field_has_a_label_and_every_page_a_heading(play: Play) -> None:
    play.ticket()
    html = get(play, "/agent/tickets/1").text

    fields = [item for tag in ("input", "textarea", "select") for item in Found(html).all(tag)]
    visible = [item for item in fields if item.get("type") != "hidden"]

    assert html.count("<label") == len(visible)
    assert html.count("<h1") == 1


def test_customers_words_are_text_and_links_are_links(play: Play) -> None:
    play.ticket('<script>alert(1)</script> see https://example.com/a?b=1&c="2".')

    html = get(play, "/agent/tickets/1").text

    assert "<script>alert" not in html
    assert '<a href="https://example.com/a?b=1&amp;c=" rel="noreferrer">' in html


def test_a_full_stop_is_no_part_of_a_link() -> None:
    assert str(linked("See https://example.com/x.")) == (
        'See <a href="https://example.com/x" rel="noreferrer">https://example.com/x</a>.'
    )


class TestSidebar:
    def launch(self, play: Play, sandbox: Sandbox) -> tuple[str, str, requests.Response]:
        """Where the form goes, its token, and the page."""
        sandbox.connect(sidebar_url=SIDEBAR)
        play.ticket()
        answer = get(play, "/agent/tickets/1")
        found = Found(answer.text)
        form = next(item for item in found.all("form") if item.get("id") == "launch")
        token = next(item for item in found.all("input") if item.get("name") == "token")
        return str(form["action"]), str(token["value"]), answer

    def test_the_launch_posts_a_signed_token_of_the_agent(self, play: Play, sandbox: Sandbox) -> None:
        account = sandbox.account
        audience = f"https://sandbox.zendesk.com/api/v2/apps/installations/{account.installation_id}.json"

        _, token, _ = self.launch(play, sandbox)

        claims = jwt.decode(
            token, account.public_key, algorithms=["RS256"], audience=audience, issuer="sandbox.zendesk.com"
        )
        assert claims["sub"] == f"https://sandbox.zendesk.com/api/v2/users/{account.agent_ids[0]}.json"
        assert claims["exp"] - claims["iat"] == 120
        assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 60
        assert claims["context"] == {"product": "support", "location": "ticket_sidebar"}

    def test_the_address_has_origin_and_guid_but_not_the_ticket(self, play: Play, sandbox: Sandbox) -> None:
        action, _, _ = self.launch(play, sandbox)

        query = parse_qs(urlsplit(action).query)
        assert query == {"desk": ["7"], "origin": [play.url], "app_guid": [sandbox.account.app_guid]}

    def test_the_policy_lets_in_the_app_and_nobody_else(self, play: Play, sandbox: Sandbox) -> None:
        _, _, answer = self.launch(play, sandbox)

        policy = answer.headers["Content-Security-Policy"]
        assert "frame-src http://127.0.0.1:8123;" in policy
        assert "form-action 'self' http://127.0.0.1:8123;" in policy

    def test_every_launch_has_a_token_of_its_own(self, play: Play, sandbox: Sandbox) -> None:
        _, first, _ = self.launch(play, sandbox)
        _, second, _ = self.launch(play, sandbox)

        assert first != second

    def test_without_an_app_there_is_no_frame(self, play: Play) -> None:
        play.ticket()

        answer = get(play, "/agent/tickets/1")

        assert Found(answer.text).all("iframe") == []
        assert "frame-src 'none'" in answer.headers["Content-Security-Policy"]

    def test_the_framework_client_is_served(self, play: Play) -> None:
        answer = get(play, "/sandbox/zaf_sdk.js")

        assert (answer.status_code, "ZAFClient" in answer.text) == (200, True)


class TestSurvey:
    def link(self, api: Api, play: Play, sandbox: Sandbox) -> str:
        play.ticket()
        wanted = {
            "responder_id": api.read("tickets/1")["ticket"]["requester_id"],
            "survey_id": sandbox.account.survey_id,
            "subject_zrns": ["zen:ticket:1"],
        }
        made = api("POST", "guide/survey_responses", survey_response=wanted).json()["survey_response"]
        return str(made["links"]["rating_links"][1]["url_path"])

    def test_looking_at_the_link_answers_nothing(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        link = self.link(api, play, sandbox)

        answer = get(play, link)

        assert re.search(r'value="2" required checked', answer.text)
        assert play.state(1)["ratings"] == []

    def test_sending_the_form_answers(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        link = self.link(api, play, sandbox)

        send(play, link, rating="4", comment="Better now")

        assert play.state(1)["ratings"] == [{"score": 4, "comment": "Better now"}]

    def test_a_wrong_token_or_rating_answers_nothing(self, api: Api, play: Play, sandbox: Sandbox) -> None:
        link = self.link(api, play, sandbox)
        stranger = link.replace("access_token=", "access_token=x")

        statuses = [
            get(play, stranger).status_code,
            send(play, stranger, rating="4").status_code,
            send(play, link, rating="9").status_code,
            get(play, "/hc/en-us/survey_responses/none?access_token=x").status_code,
        ]

        assert (statuses, play.state(1)["ratings"]) == ([404, 404, 422, 404], [])
